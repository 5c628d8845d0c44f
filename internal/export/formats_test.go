package export

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// No spreadsheet finds a formula, whatever separates its cells, and other texts stay.
func TestHarmless(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "a": "a", "a=b": "a=b", "a - b": "a - b", "a;b": "a;b", "a; b=c": "a; b=c", "Ünal": "Ünal", "[1]": "[1]",
		"=1": "'=1", "+1": "'+1", "-1": "-1", "-12.50": "-12.50", "-1-1": "'-1-1", "-1.": "'-1.", "-1E5": "'-1E5", "-": "'-", "@a": "'@a", "  =1": "  '=1", "==": "'==",
		"＝1": "'＝1", "＋1": "'＋1", "－1": "'－1", "＠1": "'＠1",
		"\ta": "'\ta", "\r": "'\r", "\n=1": "'\n'=1", ";a": ";a",
		"a;=1": "a;'=1", "a; =1": "a; '=1", "a\t=1": "a\t'=1", "a\r\n-1": "a\r\n'-1", "a;=1;=2": "a;'=1;'=2", `["a;=1"]`: `["a;'=1"]`,
	} {
		require.Equal(t, want, harmless(text), "%q", text)
	}
}
