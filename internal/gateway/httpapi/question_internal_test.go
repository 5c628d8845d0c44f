package httpapi

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"portico/internal/gateway"
	"portico/internal/jsonbody"
)

func FuzzQuestion(f *testing.F) {
	f.Add(`{"key":"a\u00e9\ud83d\ude00\n","cost":12,"ip":"::1"}`)
	f.Add(`{ "username" : "u" , "password":null,"path":"\/a" }`)
	f.Add(`{"key":"\ud800"}`)
	f.Add(`{"cost":-0}`)
	f.Add(`{"key":"a",}`)
	f.Add(`{"":null}`)
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return // refused before it is scanned
		}
		var q gateway.Request
		s := questionReader{new(jsonbody.Reader)}
		s.Reset(text)
		s.question(&q)
		s.End()
		if s.Mistake() != nil {
			if len(s.Mistake().Field) > 64 {
				t.Fatalf("the mistake names %q", s.Mistake().Field)
			}
			return
		}
		var want struct {
			Key, Username, Password, Product, App, Method, Path, IP string
			Cost                                                    int64
		}
		d := json.NewDecoder(strings.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(&want); err != nil {
			t.Fatalf("taken, and the standard library refuses %q: %v", text, err)
		}
		if q.RawKey != want.Key || q.Username != want.Username || q.Password != want.Password || q.Product != want.Product ||
			q.App != want.App || q.Method != want.Method || q.Path != want.Path || q.Cost != want.Cost {
			t.Fatalf("%q was read as %+v", text, q)
		}
	})
}
