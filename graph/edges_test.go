package graph_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/entity"
)

// Objects that were read with a row are shown without their resolver, so that it must
// do nothing but read them: a rule of its own would not be asked.
func TestResolversOfEdgesOnlyRead(t *testing.T) {
	files, err := filepath.Glob("*.resolvers.go")
	require.NoError(t, err)
	var all strings.Builder
	for _, f := range files {
		text, err := os.ReadFile(f)
		require.NoError(t, err)
		all.Write(text)
	}
	const reads = `(\tif obj\.\w+ == nil \{\n\t\treturn nil, nil\n\t\}\n)?\treturn one\(ctx, nodeid\.\w+, \*?obj\.\w+, r\.Entities\.\w+\)\n`
	n := 0
	for kind, fields := range entity.Edges() {
		for field := range fields {
			name := strings.ToUpper(field[:1]) + field[1:]
			resolver := strings.ToLower(string(kind)[:1]) + string(kind)[1:] + "Resolver"
			require.Regexp(t, regexp.MustCompile(`func \(r \*`+resolver+`\) `+name+`\(ctx context\.Context, obj \*db\.\w+\) \(\*db\.\w+, error\) \{\n`+reads+`\}`),
				all.String(), "%s.%s", kind, field)
			n++
		}
	}
	require.Greater(t, n, 5)
}
