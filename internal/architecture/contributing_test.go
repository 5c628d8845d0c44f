package architecture_test

import (
	"flag"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of imports in CONTRIBUTING.md anew")

// CONTRIBUTING.md shows the table of allowedImports(): what the tests hold is what people read.
func TestContributingShowsWhoMayImportWhom(t *testing.T) {
	const file, begin, end = "../../CONTRIBUTING.md", "<!-- imports: printed by make generate -->\n", "<!-- end of imports -->\n"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begin)
	old, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s has no place for the table: %q … %q", file, begin, end)
	}
	table := importTable()
	if *update {
		if err := os.WriteFile(file, []byte(before+begin+table+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if old != table {
		t.Errorf("%s does not show allowedImports(); run: go test ./internal/architecture -run ShowsWhoMayImportWhom -update", file)
	}
}

// importTable returns allowedImports() as a table in Markdown. The kernels are one row, and
// one word in the others.
func importTable() string {
	var out strings.Builder
	out.WriteString("| package | may import |\n|---|---|\n")
	all := allowedImports()
	out.WriteString("| *kernels*: " + quoted(kernels()) + " | each other, downwards |\n")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if slices.Contains(kernels(), name) && slices.Equal(all[name], kernels()) {
			continue
		}
		shown := name
		if name == "." {
			shown = "main"
		}
		out.WriteString("| `" + shown + "` | " + allowance(all[name]) + " |\n")
	}
	return out.String()
}

// allowance returns a line of allowedImports() in words.
func allowance(line []string) string {
	k := kernels()
	if len(line) == 0 {
		return "nothing of the program"
	}
	if slices.Equal(line, []string{"..."}) {
		return "everything"
	}
	if len(line) < len(k) || !slices.Equal(line[:len(k)], k) {
		return quoted(line)
	}
	if len(line) == len(k) {
		return "*kernels*"
	}
	return "*kernels*, " + quoted(line[len(k):])
}

func quoted(names []string) string {
	sorted := slices.Sorted(slices.Values(names))
	return "`" + strings.Join(sorted, "`, `") + "`"
}
