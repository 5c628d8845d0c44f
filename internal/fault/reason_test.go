package fault_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/fault"
)

// Each reason goes with one code, and each code has one at least.
func TestEachReasonHasOneCode(t *testing.T) {
	seen := map[fault.Reason]fault.Code{}
	for _, k := range fault.Kinds() {
		require.Empty(t, seen[k.Reason], "%s has two codes", k.Reason)
		seen[k.Reason] = k.Code
	}
	codes, reasons := constants(t, "fault.go", "Code"), constants(t, "reason.go", "Reason")
	for _, reason := range reasons {
		require.NotEmpty(t, seen[fault.Reason(reason)], "%s has no code", reason)
	}
	require.Len(t, reasons, len(seen))
	for name, code := range codes {
		require.True(t, slices.ContainsFunc(fault.Kinds(), func(k fault.Kind) bool { return k.Code == fault.Code(code) }), "%s has no reason", name)
	}
}

// Whatever makes an error says a reason of its code, every reason is given by
// something, and nothing goes around the constructors.
func TestErrorsAreMadeWithAReasonOfTheirCode(t *testing.T) {
	codes, reasons := constants(t, "fault.go", "Code"), constants(t, "reason.go", "Reason")
	call := regexp.MustCompile(`fault\.(?:New|Wrap|Later)\(\s*fault\.(\w+), fault\.(\w+),`)
	named := regexp.MustCompile(`fault\.(Reason\w+)`)
	used := map[string]bool{}
	for path, text := range sources(t) {
		require.NotContains(t, text, "fault.Error{", path)
		for _, m := range call.FindAllStringSubmatch(text, -1) {
			require.Contains(t, fault.Kinds(), fault.Kind{Code: fault.Code(codes[m[1]]), Reason: fault.Reason(reasons[m[2]])}, "%s: %s", path, m[0])
		}
		for _, m := range named.FindAllStringSubmatch(text, -1) {
			used[m[1]] = true
		}
	}
	own, err := os.ReadFile("fault.go") // NotFound, Stale, Lost and From
	require.NoError(t, err)
	for name := range reasons {
		require.True(t, used[name] || strings.Contains(string(own), name), "nothing returns %s", name)
	}
}

// constants reads the constants of a type from a file of this package.
func constants(t *testing.T, file, kind string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	found := map[string]string{}
	for _, m := range regexp.MustCompile(`(\w+)\s+`+kind+`\s+= "(\w+)"`).FindAllStringSubmatch(string(text), -1) {
		found[m[1]] = m[2]
	}
	require.NotEmpty(t, found)
	return found
}

// sources reads the program's hand-written files outside this package.
func sources(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "db" || d.Name() == "generated" || d.Name() == "fault" || d.Name() == ".git" || d.Name() == "node_modules"):
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		files[path] = string(text)
		return err
	}))
	require.Greater(t, len(files), 100)
	return files
}
