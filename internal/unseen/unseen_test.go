package unseen_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"portico/internal/unseen"
)

func TestNothingToSeeIsBlank(t *testing.T) {
	for _, s := range []string{
		"", " ", "\t\n", "\u00a0", "\u2003", "\u3000", "\u1680", "\u2028", "\u200b", "\u200c\u200d", "\u2060", "\u00ad", "\u034f", "\u061c",
		"\u115f", "\u1160", "\u17b4", "\u17b5", "\u180b", "\u180d", "\u180e", "\u180f", "\u3164", "\uffa0", "\u2800", "\ufeff", "\ufe00", "\ufe0f",
		"\u2061\u2062\u2063\u2064", "\u2065", "\u206a", "\u202e", "\u2066\u2069", "\u0301", "\u20dd", "\u0903", "\ufff0", "\ufff9", "\ufffb", "\ufffc", "\ufffe",
		"\U0001d159", "\U0001d173", "\U000e0001", "\U000e0041\U000e007f", "\U000e0100", "\U000e0fff", "\ue000", "\U0010fffd", "\x00", "\xff", "\ufffd",
		" \u200b\u3164\u2800\u2060\u00ad\u0301 ",
	} {
		if !unseen.All(s) {
			t.Errorf("something is seen of %+q", s)
		}
	}
}

func TestWhatIsSeenIsNotBlank(t *testing.T) {
	for _, s := range []string{
		"a", "0", "-", ".", "ş", "İ", "e\u0301", "日本語", "عربي", "नमस्ते", "한국어", "ᄀ", "👍", "👩‍💻", "❤️", "🏴\U000e0067\U000e0062\U000e007f",
		"\u200ba\u200b", "⠁", "∑", "€", "©",
	} {
		if unseen.All(s) {
			t.Errorf("nothing is seen of %q", s)
		}
	}
}

// Whatever Unicode says a font leaves out is blank, and no letter or digit is,
// but for the fillers.
func TestBlankFollowsUnicode(t *testing.T) {
	fillers := "\u115f\u1160\u3164\uffa0"
	for r := range unicode.MaxRune + 1 {
		blank := unseen.All(string(r))
		for name, table := range map[string]*unicode.RangeTable{
			"white space": unicode.White_Space, "variation selectors": unicode.Variation_Selector, "marks": unicode.M,
			"ignorable ones": unicode.Other_Default_Ignorable_Code_Point, "bidirectional controls": unicode.Bidi_Control, "noncharacters": unicode.Noncharacter_Code_Point,
		} {
			if unicode.Is(table, r) && !blank {
				t.Errorf("%U of the %s is seen", r, name)
			}
		}
		if !unicode.IsMark(r) && blank != unseen.Rune(r) {
			t.Errorf("%U is no mark, and seen alone otherwise than beside others", r)
		}
		if blank && (unicode.IsLetter(r) || unicode.IsNumber(r)) && !strings.ContainsRune(fillers, r) {
			t.Errorf("%U is a letter and not seen", r)
		}
	}
}

// Upon others, marks are seen that a font does not leave out.
func TestMarksAreSeenOnOthers(t *testing.T) {
	for _, r := range "\u034f\ufe0f\U000e0100\u180b" {
		if !unseen.Rune(r) {
			t.Errorf("%U is seen on others", r)
		}
	}
	for _, r := range "\u0301\u20dd\u0903" {
		if unseen.Rune(r) {
			t.Errorf("%U is not seen on others", r)
		}
	}
}

func TestTrim(t *testing.T) {
	for _, around := range []string{" ", "\t\n\r\v\f", "\u0085", "\u00a0", "\u1680", "\u2003", "\u2028\u2029", "\u202f", "\u3000",
		"\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u034f", "\u115f", "\u3164", "\uffa0", "\u2800", "\ufffc", "\ufe0f", "\U000e0041\U000e007f", "\U000e0100", " \u200b\u3000\ufe0f "} {
		for _, text := range []string{"a", "a b", "a\u00a0b", "é", "Ж"} {
			if got := unseen.Trim(around + text + around); got != text {
				t.Errorf("%+q around %+q: %+q", around, text, got)
			}
		}
	}
	for _, same := range []string{"", " ", "\u200b\u3164", "\u0301", // nothing to see
		"❤\ufe0f", "\u260e\ufe0e", "葛\U000e0100", "\u1820\u180b", "\u0d28\u0d4d\u200d", "\u0915\u094d\u200c", "🏴\U000e0067\U000e0062\U000e007f", "👩\u200d💻",
		"a\u202e", "\u202ea", "\x00a\x00", "a\u0301", "\xff"} {
		if got := unseen.Trim(same); got != same {
			t.Errorf("%+q became %+q", same, got)
		}
	}
	for text, want := range map[string]string{
		"a\ufe0f": "a", "é\ufe0f": "é", "❤\ufe0f\ufe0f": "❤\ufe0f", "❤\ufe0f ": "❤\ufe0f", "a\u0301\u200d ": "a\u0301\u200d", "a\U000e0067\U000e007f": "a", "🏴\U000e007f": "🏴",
	} {
		if got := unseen.Trim(text); got != want {
			t.Errorf("%+q became %+q, not %+q", text, got, want)
		}
	}
}

// There is no second definition.
func TestNobodyElseSaysWhatIsUnseen(t *testing.T) {
	err := filepath.WalkDir("../..", func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && d.Name() != "..") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || path == "../../internal/unseen/unseen.go" {
			return nil
		}
		text, err := os.ReadFile(path)
		for _, table := range []string{"Default_Ignorable", "Variation_Selector", "unicode.IsGraphic", "unicode.IsPrint"} {
			if strings.Contains(string(text), table) {
				t.Errorf("%s asks for %s: ask package unseen", path, table)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
