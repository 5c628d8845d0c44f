package command

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/testdb"
)

// The lines come from a file or from standard input; what cannot be read says so and
// imports nothing.
func TestImport(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		flags := gatewayFlags(t, url)
		do := func(stdin string, args ...string) (string, string, error) {
			var out, words strings.Builder
			err := run(context.Background(), append(append([]string{"import"}, args...), flags...), noVariables, strings.NewReader(stdin), &out, &words)
			return out.String(), words.String(), err
		}
		file := filepath.Join(t.TempDir(), "keys.jsonl")
		require.NoError(t, os.WriteFile(file, []byte("\n"+`{"app":"Rain"}`+"\n"), 0o600))

		out, words, err := do("", "--organization=demo", file)
		require.ErrorIs(t, err, errRefused)
		require.JSONEq(t, `{"line":2,"field":"app","code":"INVALID","message":"This is not a UUID: apps are named by their reference ids."}`, out)
		require.Contains(t, words, "2 lines: 0 keys imported, 0 there already, 1 refused.")
		require.Contains(t, words, "importedKeys is off", "refused lines hide nothing")
		_, words, err = do(`{"app":"Rain"}`, "--organization=demo", "-")
		require.ErrorIs(t, err, errRefused)
		require.Contains(t, words, "1 line: 0 keys imported, 0 there already, 1 refused.")

		out, words, err = do("\n\n", "--organization=demo", "-")
		require.NoError(t, err)
		require.Empty(t, out)
		require.Contains(t, words, "2 lines: 0 keys imported")
		require.Contains(t, words, "importedKeys is off")

		_, words, err = do("\xff\xfe{", "--organization=demo", "-")
		require.ErrorContains(t, err, "after line 0")
		require.ErrorContains(t, err, "UTF-16")
		require.NotContains(t, words, "importedKeys")
		for want, args := range map[string][]string{
			"no such file":  {"--organization=demo", filepath.Join(t.TempDir(), "none")},
			"organization":  {"--organization=nobody", file},
			"--environment": {"--organization=demo", "--environment=TEST", file},
		} {
			_, _, err := do("", args...)
			require.ErrorContains(t, err, want)
		}
	})
}
