package jsonbody_test

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"portico/internal/jsonbody"
)

// call is what the tests read: an object with a text, a number and a list of numbers.
type call struct {
	text  string
	n     int64
	inner []int64
}

func read(text string) (c call, bad *jsonbody.Mistake) {
	var r jsonbody.Reader
	r.Reset(text)
	if !r.Open('{', "", jsonbody.NotObject) {
		return c, r.Mistake()
	}
	var seen jsonbody.Fields
	for r.More('}') {
		switch name := r.Name(); name {
		case "text":
			seen.Once(&r, 0, name)
			c.text = r.Text(name)
		case "n":
			seen.Once(&r, 1, name)
			c.n = r.Integer(name, 1, 9)
		case "inner":
			seen.Once(&r, 2, name)
			for r.Open('[', name, "must be a list."); r.More(']'); {
				c.inner = append(c.inner, r.Integer("n", 1, 9))
				r.FailIn(name, len(c.inner)-1)
			}
		default:
			r.FailUnknownField(name)
		}
	}
	r.End()
	return c, r.Mistake()
}

func TestReaderReadsWhatItIsAskedFor(t *testing.T) {
	for text, want := range map[string]call{
		`{}`:                                 {},
		` { "text" : "a" , "n" : 9 } `:       {text: "a", n: 9},
		`{"text":null,"n":null}`:             {},
		`{"te\u0078t":"\u00e9\ud83d\ude00"}`: {text: "é😀"},
	} {
		if got, bad := read(text); bad != nil || got.text != want.text || got.n != want.n {
			t.Errorf("%s was read as %+v: %v", text, got, bad)
		}
	}
	if got, bad := read(`{"inner":[1,2]}`); bad != nil || len(got.inner) != 2 || got.inner[1] != 2 {
		t.Errorf("the list was read as %+v: %v", got, bad)
	}
}

func TestReaderNamesTheFirstMistake(t *testing.T) {
	const malformed, bounds = "The body is not well-formed JSON.", " must be a whole number from 1 to 9."
	for text, want := range map[string]string{
		``:                           "The body must be a JSON object.",
		`[]`:                         "The body must be a JSON object.",
		`{`:                          malformed,
		`{"text":"a",}`:              malformed,
		`{"text":"a"} x`:             malformed,
		`{"text":"a"}{}`:             malformed,
		`{"text":1}`:                 "The field text must be a string.",
		`{"text":"\ud800"}`:          "The field text holds half a character.",
		`{"text":"\x"}`:              malformed,
		`{"text":"a","text":"b"}`:    "The field text is there twice.",
		`{"n":0}`:                    "The field n" + bounds,
		`{"n":10}`:                   "The field n" + bounds,
		`{"n":1.5}`:                  "The field n" + bounds,
		`{"n":"1"}`:                  "The field n" + bounds,
		`{"n":99999999999999999999}`: "The field n" + bounds,
		`{"inner":[1,0]}`:            "The field inner.1.n" + bounds,
		`{"inner":1}`:                "The field inner must be a list.",
		`{"some_name":1}`:            "The field some_name is not known.",
		`{"pk_0123":1}`:              "A field is not known.",
		`{"` + longName() + `":1}`:   "A field is not known.",
	} {
		if _, bad := read(text); bad == nil || bad.String() != want {
			t.Errorf("%s is answered %v, not %q", text, bad, want)
		}
	}
}

// longName returns a name that is one letter too long to be repeated.
func longName() string {
	return strings.Repeat("a", 33)
}

// A Reader that is used again keeps nothing of the text before.
func TestResetForgets(t *testing.T) {
	var r jsonbody.Reader
	r.Reset(`[`)
	r.Open('{', "", jsonbody.NotObject)
	r.Reset(`{"text":"b"}`)
	if r.Mistake() != nil || r.Next() != jsontext.Kind('{') {
		t.Errorf("something is left: %v", r.Mistake())
	}
}
