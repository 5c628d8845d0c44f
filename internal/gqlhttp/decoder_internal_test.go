package gqlhttp

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/jsontext"
)

// This is a second implementation of the decoder, by the tokens of encoding/json.

func slowRequest(body []byte) (*request, error) {
	d := newSlowDecoder(body)
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, errors.Join(err, errWrongKind)
	}
	req, seen := &request{}, map[string]bool{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		text, _ := name.(string)
		if known := memberNamed(text); known != "" {
			if seen[known] {
				return nil, errDuplicateMember
			}
			seen[known] = true
		}
		if err := d.member(req, text); err != nil {
			return nil, err
		}
	}
	return req, d.end()
}

type slowDecoder struct{ *json.Decoder }

func newSlowDecoder(text []byte) slowDecoder {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return slowDecoder{d}
}

func (d slowDecoder) member(req *request, name string) (err error) {
	switch name {
	case "query":
		return d.Decode(&req.Query)
	case "operationName":
		return d.Decode(&req.OperationName)
	case "variables":
		req.Variables, err = d.object()
		return err
	case "extensions":
		req.Extensions, err = d.object()
		return err
	}
	var ignored json.RawMessage
	return d.Decode(&ignored)
}

func (d slowDecoder) end() error {
	if _, err := d.Token(); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errTrailing
	}
	return nil
}

func slowObject(text []byte) (map[string]any, error) {
	d := newSlowDecoder(text)
	m, err := d.object()
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errTrailing
	}
	return m, nil
}

func (d slowDecoder) object() (map[string]any, error) {
	v, err := d.value()
	if err != nil || v == nil {
		return nil, err
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, errWrongKind
	}
	return m, nil
}

func (d slowDecoder) value() (any, error) {
	token, err := d.Token()
	switch {
	case err != nil:
		return nil, err
	case token == json.Delim('{'):
		return d.members()
	case token == json.Delim('['):
		return d.elements()
	}
	return token, nil
}

func (d slowDecoder) members() (map[string]any, error) {
	m := map[string]any{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string)
		if _, twice := m[name]; twice {
			return nil, errDuplicateMember
		}
		if m[name], err = d.value(); err != nil {
			return nil, err
		}
	}
	_, err := d.Token()
	return m, err
}

func (d slowDecoder) elements() ([]any, error) {
	list := []any{}
	for d.More() {
		v, err := d.value()
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := d.Token()
	return list, err
}

// class returns what clients learn of an error.
func class(err error) string {
	switch err {
	case nil:
		return "good"
	case errDuplicateMember:
		return "twice"
	}
	return "bad"
}

func compareDecoders(t *testing.T, body []byte) {
	if checkShape(body, DefaultLimits()) != nil || !jsontext.Exact(body) {
		return // it is refused before it is decoded
	}
	want, wantErr := slowRequest(body)
	got, err := decodeRequest(body)
	require.Equal(t, class(wantErr), class(err), "%q: %v, %v", body, wantErr, err)
	if err == nil {
		require.Equal(t, want, got, "%q", body)
	}
	object, objectErr := slowObject(body)
	again, err := decodeObject(body)
	require.Equal(t, class(objectErr), class(err), "%q: %v, %v", body, objectErr, err)
	if err == nil {
		require.Equal(t, object, again, "%q", body)
	}
}

// FuzzDecode compares the decoder with encoding/json's.
func FuzzDecode(f *testing.F) {
	values := []string{
		"", "null", "true", "false", "nul", "truex", "0", "-0", "01", "-", "1.", "1.5", ".5", "1e9", "1E+7", "1e-", "1e999", "123456789012345678901234567890",
		`""`, `"text"`, `"a\"b\\\/\b\f\n\r\t"`, `"\u00e9\uD83D\ude00\u0000"`, `"\u00g0"`, `"\x"`, `"\'"`, `"open`, `"\`, "\"\n\"", "\"\x7f\"", `"Grüße 🙂"`, "'a'",
		"{}", "[]", "[1, [2, {}], null]", "[1,]", "[,1]", "[1 2]", `{"a":1}`, `{"a":1,}`, `{,"a":1}`, `{"a" 1}`, `{a:1}`, `{1:1}`, `{"a":1,"a":2}`, `{"a":1,"a"`, `{"a":1,"\u0061":2}`, `{"a":{"b":1,"b":2}}`, `{"a":[{"b":1,"b":2}]}`, "[", "{", "}", "\x00", "/* */ 1", " \t\r\n1 ", "\v1", "1 1",
	}
	for _, v := range values {
		f.Add(v)
		for _, name := range []string{"query", "Query", "operationName", "variables", "extensions", "other"} {
			f.Add(`{"` + name + `":` + v + `}`)
			f.Add(` { "query" : "{ a }" , "` + name + `" : ` + v + ` , "variables" : { "id" : ` + v + ` } } `)
			f.Add(`{"` + name + `":` + v + `}` + v)
		}
	}
	f.Fuzz(func(t *testing.T, text string) { compareDecoders(t, []byte(text)) })
}

func BenchmarkDecode(b *testing.B) {
	body, err := json.Marshal(map[string]any{"operationName": "Page", "variables": map[string]any{"id": "app_0123456789abcdefghijkl"},
		"query": "query Page($id: ID!) {\n" + strings.Repeat("  app(id: $id) {\n    id name\n  }\n", 20) + "}"})
	require.NoError(b, err)
	for name, decode := range map[string]func([]byte) (*request, error){"decoder": decodeRequest, "encoding/json": slowRequest} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := decode(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
