package graph

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/internal/fault"
	"portico/internal/viewer"
)

// The lists of codes and reasons in Go, in the schema and in docs/errors.md are
// the same, in the same order; the last two in the same words. Every view has
// them.
func TestCodesAndReasonsAreOneList(t *testing.T) {
	whole, err := wholeSchema()
	require.NoError(t, err)
	var codes, reasons []string
	for _, k := range fault.Kinds() {
		if len(codes) == 0 || codes[len(codes)-1] != string(k.Code) {
			codes = append(codes, string(k.Code))
		}
		reasons = append(reasons, string(k.Reason))
		described := whole.Types["ErrorReason"].EnumValues.ForName(string(k.Reason))
		require.NotNil(t, described, k.Reason)
		require.True(t, strings.HasPrefix(described.Description, string(k.Code)+": "), "%s does not say its code", k.Reason)
	}
	require.Equal(t, codes, names(whole.Types["ErrorCode"]))
	require.Equal(t, reasons, names(whole.Types["ErrorReason"]))

	text, err := os.ReadFile("../docs/errors.md")
	require.NoError(t, err)
	for _, enum := range []string{"ErrorCode", "ErrorReason", "UserErrorCode"} {
		var written []string
		_, section, found := strings.Cut(string(text), "`"+enum+"`\n")
		require.True(t, found, enum)
		section, _, _ = strings.Cut(section, "\n#")
		for _, row := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\| (.+) \\|$").FindAllStringSubmatch(section, -1) {
			written = append(written, row[1]+": "+row[2])
		}
		var reported []string
		for _, v := range whole.Types[enum].EnumValues {
			reported = append(reported, v.Name+": "+v.Description)
		}
		require.Equal(t, reported, written, "docs/errors.md and %s differ", enum)
	}
	for _, role := range []viewer.Role{viewer.Anonymous, viewer.Portal, viewer.Approver, viewer.Admin} {
		cut, err := view(whole, audience{role: role})
		require.NoError(t, err)
		require.Equal(t, reasons, names(cut.Types["ErrorReason"]), role)
		require.Equal(t, codes, names(cut.Types["ErrorCode"]), role)
	}
}

func names(d *ast.Definition) (out []string) {
	for _, v := range d.EnumValues {
		out = append(out, v.Name)
	}
	return out
}
