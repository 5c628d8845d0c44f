package address_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"portico/internal/address"
	"portico/internal/fault"
)

func TestParseEmail(t *testing.T) {
	for text, want := range map[string]string{
		"developer@demo.example":               "developer@demo.example",
		"Developer@Demo.EXAMPLE":               "developer@demo.example",
		"  developer@demo.example\r\n":         "developer@demo.example",
		"\u3000developer@demo.example\u00a0":   "developer@demo.example",
		"\u2003developer@demo.example\u200b":   "developer@demo.example",
		"\u3164developer@demo.example\u2800":   "developer@demo.example",
		"\ufeffdeveloper@demo.example\u2060":   "developer@demo.example",
		"\u202adeveloper@demo.example\u00ad":   "developer@demo.example",
		"ali@demo.example":                     "ali@demo.example",
		"ALİ@demo.example":                     "ali@demo.example",
		"ALI@demo.example":                     "ali@demo.example",
		"alı@demo.example":                     "ali@demo.example",
		"ALI\u0307@demo.example":               "ali@demo.example",
		"ŞÜKRÜ@demo.example":                   "şükrü@demo.example",
		"s\u0327u\u0308kru\u0308@demo.example": "şükrü@demo.example",
		"ΣΊΣΥΦΟΣ@demo.example":                 "σίσυφοσ@demo.example",
		"ｕｓｅｒ@demo.example":                    "user@demo.example",
		"user＠demo.example":                    "user@demo.example",
		"user@BÜCHER.example":                  "user@bücher.example",
		"user@bu\u0308cher.example":            "user@bücher.example",
		"user@XN--BCHER-KVA.example":           "user@bücher.example",
		"user@bücher。example":                  "user@bücher.example",
		"user@DEMO.İSTANBUL":                   "user@demo.istanbul",
		"user@demo.ıstanbul":                   "user@demo.ıstanbul",
		"first.last+tag@demo.example":          "first.last+tag@demo.example",
		"user@localhost":                       "user@localhost",
	} {
		e := address.ParseEmail(text)
		require.NoError(t, e.Check("email"), "%+q", text)
		require.Equal(t, want, e.String(), "%+q", text)
	}
	shown := address.ParseEmail(" \tOrhan@Bu\u0308cher.Example\r\n")
	require.Equal(t, "Orhan@Bücher.Example", shown.Typed(), "the case stays, what is around it goes")
}

func TestParseEmailRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "blank": " \u3000 ", "unseen alone": "\u200b\u3164", "no at": "developer", "no domain": "developer@", "no name": "@demo.example",
		"display name": "Dev <developer@demo.example>", "angle": "<developer@demo.example>",
		"two": "a@demo.example, b@demo.example", "two ats": "a@b@demo.example", "quoted": `"a b"@demo.example`,
		"quoted plain": `"ab"@demo.example`, "space": "a b@demo.example", "line": "a\r\nBcc: b@demo.example",
		"line in the domain": "a@demo\r\n.example", "tab": "a\t@demo.example", "comment": "a(x)@demo.example", "literal": "a@[127.0.0.1]",
		"zero": "a\x00@demo.example", "zero at the end": "a@demo.example\x00", "zero width": "a\u200b@demo.example",
		"zero width in the domain": "a@de\u200bmo.example", "soft hyphen": "a@de\u00admo.example", "filler": "a\u3164@demo.example",
		"braille blank": "a\u2800@demo.example", "selector": "a\ufe0f@demo.example", "tag": "a\U000e0061@demo.example", "joiner": "a\u034f@demo.example",
		"right to left": "a\u202e@demo.example", "no utf-8": "a\xff@demo.example", "private": "a\ue000@demo.example",
		"wide at": "a＠b@demo.example", "long": strings.Repeat("a", 242) + "@demo.example", "dots": "a..b@demo.example",
		"dot first": ".a@demo.example", "dot last": "a@demo.example.", "dots in the domain": "a@demo..example", "underscore": "a@de_mo.example",
		"broken punycode": "a@xn--a.example", "punycode of ASCII": "a@xn--demo-.example", "punycode of a dotted i": "a@xn--i-9bb.example",
		"hyphen": "a@-demo.example", "very long": strings.Repeat("ü", 5000) + "@demo.example",
	} {
		e := address.ParseEmail(text)
		require.False(t, e.Valid(), name)
		require.Empty(t, e.String()+e.Typed(), name)
		problems := fault.Problems(e.Check("input.email"))
		require.Len(t, problems, 1, name)
		require.Equal(t, []string{"input", "email"}, problems[0].Field)
	}
	require.Equal(t, fault.Required, fault.Problems(address.ParseEmail("\u200b").Check("email"))[0].Code)
	require.Equal(t, fault.TooLong, fault.Problems(address.ParseEmail(strings.Repeat("a", 242) + "@demo.example").Check("email"))[0].Code)
	require.NoError(t, address.ParseEmail(strings.Repeat("a", 241)+"@demo.example").Check("email"), "254 is allowed")
	require.Error(t, address.Email{}.Check("email"), "the zero value is no address")
}

// Spellings draws the ways to write one address.
func spellings(t *rapid.T) string {
	around := rapid.SampledFrom([]rune(" \t\r\n\v\f\u0085\u00a0\u1680\u2000\u2003\u2028\u202f\u205f\u3000\u200b\u2060\u3164\u2800\u00ad\ufeff\u202e\U000e0061\ufe0f\u034f"))
	pad := rapid.SliceOfN(around, 0, 4)
	domain := rapid.SampledFrom([]string{"bücher.example", "bu\u0308cher.example", "xn--bcher-kva.example", "bücher。example", "ｂücher．example"}).Draw(t, "domain")
	text := "şükrü.ali" + rapid.SampledFrom([]string{"@", "＠"}).Draw(t, "at") + domain
	if rapid.Bool().Draw(t, "decomposed") {
		text = strings.NewReplacer("ü", "u\u0308", "ş", "s\u0327").Replace(text)
	}
	turkish := rapid.Bool().Draw(t, "turkish")
	letters := []rune(text)
	for i, r := range letters {
		if rapid.Bool().Draw(t, "capital") {
			letters[i] = unicode.ToUpper(r)
			if turkish && i < 9 { // before the @
				letters[i] = unicode.TurkishCase.ToUpper(r)
			}
		}
	}
	return string(pad.Draw(t, "before")) + string(letters) + string(pad.Draw(t, "after"))
}

func TestSpellingsFoldToOneAddress(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := spellings(t)
		e := address.ParseEmail(text)
		if e.String() != "şükrü.ali@bücher.example" {
			t.Fatalf("%+q became %+q", text, e.String())
		}
		if strings.ContainsFunc(e.Typed(), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
			t.Fatalf("%+q is shown as %+q", text, e.Typed())
		}
	})
}

func FuzzParseEmail(f *testing.F) {
	for _, text := range []string{"a@b", " Ａ@ＢÜCHER.example\r\n", "a@xn--bcher-kva.example", "İ@İ", "ß@ß.ẞ", "a@xn--i-9bb", "\u3164a@b\u2800", "a\r\n@b", "a@b\x00", "Ꮿ@ꮿ", "ǅ@ǆ", "ﬀ@ﬀ", "ſ@K"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e := address.ParseEmail(text)
		if !e.Valid() {
			if e.String() != "" || e.Typed() != "" || e.Check("email") == nil {
				t.Fatalf("%+q is half an address: %+q", text, e.Typed())
			}
			return
		}
		for _, form := range []string{e.String(), e.Typed(), "\u00a0" + e.Typed() + "\r\n"} {
			if again := address.ParseEmail(form); again.String() != e.String() {
				t.Fatalf("%+q is %+q, and again %+q", text, e.String(), again.String())
			}
		}
		if strings.ContainsFunc(e.String()+e.Typed(), func(r rune) bool { return unicode.In(r, unicode.C, unicode.Z) }) {
			t.Fatalf("%+q holds what cannot be seen", e.Typed())
		}
		if local, domain, ok := strings.Cut(e.String(), "@"); !ok || local == "" || domain == "" || strings.Contains(domain, "@") || local != e.Local() {
			t.Fatalf("%+q is in two parts", e.String())
		}
	})
}
