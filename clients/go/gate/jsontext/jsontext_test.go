package jsontext_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/jsontext"
)

func TestWhatDecodersChange(t *testing.T) {
	for _, good := range []string{
		``, `{}`, `"\ud83d\ude00"`, `"\uD83D\uDE00\ud83d\ude00x"`, `"\\ud800"`, `"\\\\ud800"`, `"\u00e9\n\""`, `"é😀"`, `"\ufffd"`, "\"\uFFFD\"", `"\`, `"\u`, `"\uzzzz"`, `"\u12`, `"\ud7ff\ue000"`,
	} {
		require.True(t, jsontext.Exact([]byte(good)), good)
	}
	for _, bad := range []string{
		`"\ud800"`, `"\uDFFF"`, `"\udc00\ud800"`, `"\ud800\ud800\udc00"`, `"\ud83dx\ude00"`, `"\ud83d\\ude00"`, `"\\\ud800"`, `{"\ud800":1}`, `"\ud800\u0041"`, `"\ud800`, `"\ud800\`,
		"\"\xff\"", "\"\xed\xa0\x80\"", "\"\xc3\"",
	} {
		require.False(t, jsontext.Exact([]byte(bad)), bad)
	}
}

// An exact text decodes to one with as many U+FFFD as were written.
func FuzzExact(f *testing.F) {
	f.Add(`"a\ud83d\ude00\\ud800\ufffd"`)
	f.Add(`{"\ud800":"\udc00"}`)
	f.Fuzz(func(t *testing.T, text string) {
		var v string
		if json.Unmarshal([]byte(text), &v) != nil {
			return
		}
		written := strings.Count(text, "\uFFFD") + strings.Count(strings.ToLower(strings.ReplaceAll(text, `\\`, "")), `\ufffd`)
		if exact := jsontext.Exact([]byte(text)); exact != (strings.Count(v, "\uFFFD") == written) {
			t.Fatalf("%q is exact: %v; it decodes to %q", text, exact, v)
		}
		if !utf8.ValidString(v) {
			t.Fatalf("%q decodes to %q", text, v)
		}
	})
}
