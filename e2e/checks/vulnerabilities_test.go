// Package checks proves that the checks of the code can fail.
package checks

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// report is a vulnerability of a module that the program uses.
const report = `{
	"schema_version": "1.3.1", "id": "GO-2026-99999", "modified": "2026-01-01T00:00:00Z", "published": "2026-01-01T00:00:00Z",
	"summary": "Made up for a test", "details": "Made up for a test", "database_specific": {"url": "https://pkg.go.dev/vuln/GO-2026-99999"},
	"affected": [{
		"package": {"name": "github.com/google/uuid", "ecosystem": "Go"},
		"ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}],
		"ecosystem_specific": {"imports": [{"path": "github.com/google/uuid", "symbols": ["NewV7"]}]}
	}]
}`

// vulnerabilities runs tools/vuln.sh with a database that contains only files, and
// returns its exit code.
func vulnerabilities(t *testing.T, modules string, files map[string]string) (code int, out string) {
	t.Helper()
	folder := t.TempDir()
	put := func(name, text string) {
		path := filepath.Join(folder, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	put("index/db.json", `{"modified": "2026-01-01T00:00:00Z"}`)
	put("index/modules.json", modules)
	for name, text := range files {
		put(name, text)
	}
	// Whether the program calls vulnerable code takes long to determine.
	text, err := exec.Command("../../tools/vuln.sh", "-db", "file://"+folder, "-scan", "package").CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), string(text)
	}
	require.NoError(t, err, string(text))
	return 0, string(text)
}

func TestAKnownVulnerabilityFails(t *testing.T) {
	code, out := vulnerabilities(t, `[{"path": "github.com/google/uuid", "vulns": [{"id": "GO-2026-99999", "modified": "2026-01-01T00:00:00Z"}]}]`,
		map[string]string{"ID/GO-2026-99999.json": report})
	require.Equal(t, 1, code, out)
	require.Contains(t, out, "GO-2026-99999")
	code, out = vulnerabilities(t, `[]`, nil)
	require.Equal(t, 0, code, out)
	require.Contains(t, out, "== module .\n")
	require.Contains(t, out, "== module e2e\n")
}

// A database that cannot be reached is neither a pass nor a failure.
func TestUnreachableVulnerabilityDatabaseIsReported(t *testing.T) {
	check := exec.Command("../../tools/vuln.sh", "-scan", "package")
	check.Env = append(os.Environ(), "HTTPS_PROXY=http://127.0.0.1:1", "NO_PROXY=")
	text, err := check.CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 75, exit.ExitCode(), string(text))
	require.Regexp(t, `(?m)^NOT CHECKED: .*\n\z`, string(text), "it is the last line")
}
