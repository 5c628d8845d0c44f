package auth

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"portico/internal/fault"
)

func TestFoldEmail(t *testing.T) {
	for address, want := range map[string]string{
		"developer@demo.example":               "developer@demo.example",
		"Developer@Demo.EXAMPLE":               "developer@demo.example",
		"  developer@demo.example\n":           "developer@demo.example",
		"ali@demo.example":                     "ali@demo.example",
		"ALİ@demo.example":                     "ali@demo.example",
		"ALI@demo.example":                     "ali@demo.example",
		"alı@demo.example":                     "ali@demo.example",
		"ALI\u0307@demo.example":               "ali@demo.example",
		"ŞÜKRÜ@demo.example":                   "şükrü@demo.example",
		"s\u0327u\u0308kru\u0308@demo.example": "şükrü@demo.example",
		"ΣΊΣΥΦΟΣ@demo.example":                 "σίσυφοσ@demo.example",
		"ｕｓｅｒ@demo.example":                    "user@demo.example",
		"user@BÜCHER.example":                  "user@bücher.example",
		"user@XN--BCHER-KVA.example":           "user@xn--bcher-kva.example",
		"first.last+tag@demo.example":          "first.last+tag@demo.example",
		"user@localhost":                       "user@localhost",
	} {
		folded, err := FoldEmail(address)
		require.NoError(t, err, address)
		require.Equal(t, want, folded)
	}
}

func TestFoldEmailRefuses(t *testing.T) {
	for name, address := range map[string]string{
		"empty": "", "blank": "  ", "no at": "developer", "no domain": "developer@", "no name": "@demo.example",
		"display name": "Dev <developer@demo.example>", "angle": "<developer@demo.example>",
		"two": "a@demo.example, b@demo.example", "two ats": "a@b@demo.example", "quoted": `"a b"@demo.example`,
		"quoted plain": `"ab"@demo.example`, "space": "a b@demo.example", "line": "a\r\nBcc: b@demo.example",
		"comment": "a(x)@demo.example", "literal": "a@[127.0.0.1]", "zero": "a\x00@demo.example",
		"zero width": "a\u200b@demo.example", "right to left": "a\u202e@demo.example", "no utf-8": "a\xff@demo.example",
		"wide at": "a＠b@demo.example", "long": strings.Repeat("a", 242) + "@demo.example", "dots": "a..b@demo.example",
	} {
		_, err := FoldEmail(address)
		require.Len(t, fault.Problems(err), 1, name)
		require.Equal(t, []string{"email"}, fault.Problems(err)[0].Field)
	}
	_, err := FoldEmail(strings.Repeat("a", 241) + "@demo.example")
	require.NoError(t, err, "254 is allowed")
}

func TestFoldingTwiceChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		once := fold(rapid.String().Draw(t, "s"))
		if twice := fold(once); twice != once {
			t.Fatalf("%+q became %+q", once, twice)
		}
	})
}
