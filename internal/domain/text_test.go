package domain_test

import (
	"strings"
	"testing"
	"unicode"

	"portico/clients/go/gate/access"
	"portico/internal/domain"
)

func TestFoldFindsWhatPeopleMean(t *testing.T) {
	for _, same := range [][]string{
		{"istanbul", "İSTANBUL", "ISTANBUL", "ıstanbul", "İstanbul", "i̇stanbul"},
		{"ırmak", "IRMAK", "irmak", "İRMAK"},
		{"strasse", "STRASSE", "Straße", "STRAẞE"},
		{"σίσυφος", "ΣΊΣΥΦΟΣ", "Σίσυφοσ"},
		{"é", "É", "e\u0301", "E\u0301"},
		{"file", "ﬁle", "ＦＩＬＥ"},
		{"", ""},
	} {
		for _, s := range same[1:] {
			if a, b := domain.Fold(same[0]), domain.Fold(s); a != b {
				t.Errorf("%q and %q do not find each other: %q, %q", same[0], s, a, b)
			}
		}
	}
	for _, pair := range [][2]string{{"ada", "adá"}, {"o", "ö"}, {"s", "ş"}, {"g", "ğ"}, {"a b", "ab"}} {
		if domain.Fold(pair[0]) == domain.Fold(pair[1]) {
			t.Errorf("%q and %q are taken for the same", pair[0], pair[1])
		}
	}
}

func TestFoldingTwiceChangesNothing(t *testing.T) {
	for r := range unicode.MaxRune + 1 {
		if !unicode.IsLetter(r) {
			continue
		}
		if once := domain.Fold(string(r)); domain.Fold(once) != once {
			t.Errorf("%U folds to %q and then to %q", r, once, domain.Fold(once))
		}
	}
}

func TestRunes(t *testing.T) {
	for s, want := range map[string]int{"": 0, "abc": 3, "şğı": 3, "日本語": 3, "👍": 1, strings.Repeat("ğ", 255): 255} {
		if got := domain.Runes(s); got != want {
			t.Errorf("%q has %d characters, want %d", s, got, want)
		}
	}
}

func TestPrintable(t *testing.T) {
	for _, s := range []string{"", "plain", "Şirket İğne", "日本語", "👩‍💻", "عربي", "a\u00a0b", "zero\u200djoiner"} {
		if !domain.Printable(s, false) || !domain.Printable(s, true) {
			t.Errorf("%q cannot be shown", s)
		}
	}
	for _, s := range []string{"a\nb", "a\tb", "a\r\nb"} {
		if domain.Printable(s, false) || !domain.Printable(s, true) {
			t.Errorf("%q on one line, or not on several", s)
		}
	}
	for _, s := range []string{
		"\x00", "a\x1bb", "\x7f", "\u0085", "\u202e", "\u2066", "\u200e", "\u2028", "\u2029", "\ufeff", "\xff", "a\xc3", "\xed\xa0\x80",
	} {
		if domain.Printable(s, false) || domain.Printable(s, true) {
			t.Errorf("%q can be shown", s)
		}
	}
}

func TestKeyLife(t *testing.T) {
	life := domain.KeyLife{Development: new(1), Staging: new(2)}
	for e, want := range map[access.Environment]int{access.Development: 1, access.Staging: 2} {
		if got := life.In(e); got == nil || *got != want {
			t.Errorf("keys of %s live %v days", e, got)
		}
	}
	if life.In(access.Production) != nil {
		t.Error("keys of production are limited")
	}
}

func TestTidy(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "a": "a", " a\u00a0": "a", "\u3000Jos\u0065\u0301\u2003": "Jos\u00e9", "\r\n a\n\nb \n": "a\n\nb", "\u212b": "\u00c5",
		" \u200b": " \u200b", "\xff ": "\xff ", "a  b": "a  b",
	} {
		if got := domain.Tidy(text); got != want {
			t.Errorf("%+q became %+q, not %+q", text, got, want)
		}
		if got := domain.Tidy(want); got != want {
			t.Errorf("%+q is not tidy", want)
		}
	}
}

// Each number has one form.
func TestNormalDecimal(t *testing.T) {
	for digits, forms := range []map[string]string{
		{"0": "0", "000": "0", "0.0": "0", "007": "7", "100": "100", "7.00": "7", "7.10": "7.1", "000000000000": "0"},
		{},
		{"0": "0.00", "00.5": "0.50", "0005": "5.00", "0.50": "0.50", "0.500000": "0.50", "19.9": "19.90", "19.90": "19.90", "0.0005": "0.0005", "0.000500": "0.0005", "100": "100.00", "999999999999.999999": "999999999999.999999"},
		{"1": "1.000", "1.0000": "1.000"},
	} {
		for text, want := range forms {
			if got := domain.NormalDecimal(text, digits); got != want {
				t.Errorf("%s with %d digits: %s, not %s", text, digits, got, want)
			}
			if got := domain.NormalDecimal(want, digits); got != want {
				t.Errorf("%s with %d digits became %s", want, digits, got)
			}
		}
	}
}
