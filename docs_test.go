package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/verdict"
	"portico/internal/config"
)

// The documentation names only existing settings, and the README has a row for
// each.
func TestDocsNameExistingSettings(t *testing.T) {
	known := map[string]bool{"PORTICO_GATEWAY_TOKEN": true} // of the gateways' own files
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	for _, s := range new(config.Config).Settings() {
		known[s.Name] = true
		require.Regexp(t, "(?m)^\\|[^|]*`"+s.Name+"`", string(readme), "the README has no row for %s", s.Name)
	}
	name := regexp.MustCompile(`\b(PORTICO_[A-Z_]*[A-Z]|DATABASE_URL|REDIS_URL)\b`)
	for path, text := range pages(t) {
		for _, found := range name.FindAllString(text, -1) {
			require.True(t, known[found], "%s names %s, which nothing reads", path, found)
		}
	}
}

// The documentation names only header fields that the program uses.
func TestDocsNameExistingHeaders(t *testing.T) {
	var code strings.Builder
	for path, text := range files(t, ".", ".go") {
		if !strings.HasSuffix(path, "_test.go") {
			code.WriteString(strings.ToLower(text))
		}
	}
	name := regexp.MustCompile(`\bX-[A-Z][A-Za-z]*(-[A-Z][A-Za-z]*)*\b`)
	for path, text := range pages(t) {
		for _, found := range name.FindAllString(text, -1) {
			require.True(t, strings.Contains(code.String(), `"`+strings.ToLower(found)), "%s names %s, which nothing reads or writes", path, found)
		}
	}
}

// The reference for gateways has every verdict, in the order of the
// decision.
func TestDocsHaveEveryVerdict(t *testing.T) {
	page, err := os.ReadFile("docs/gateways-reference.md")
	require.NoError(t, err)
	_, table, ok := strings.Cut(string(page), "## Verdict codes")
	require.True(t, ok)
	table, _, _ = strings.Cut(table, "\n## ")
	var reported, decided []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Z_]+)` \\|").FindAllStringSubmatch(table, -1) {
		reported = append(reported, row[1])
	}
	for _, code := range verdict.Codes() {
		decided = append(decided, code.String())
	}
	require.Equal(t, decided, reported)
}

// pages returns the documentation for users, except the changelog.
func pages(t *testing.T) map[string]string {
	all := files(t, "docs", ".md")
	for path, text := range files(t, "deploy", ".md") {
		all[path] = text
	}
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	all["README.md"] = string(text)
	return all
}

func files(t *testing.T, folder, ending string) map[string]string {
	t.Helper()
	out := map[string]string{}
	require.NoError(t, filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git" || d.Name() == "e2e") {
			return filepath.SkipDir
		}
		if !d.IsDir() && strings.HasSuffix(path, ending) {
			text, err := os.ReadFile(path)
			out[path] = string(text)
			return err
		}
		return nil
	}))
	require.NotEmpty(t, out)
	return out
}

// Every relative link in a Markdown file of the tree leads to a file that exists, and
// every anchor to a heading of it.
func TestDocsLinksLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s:]*?)(#[^)\s]*)?\)`)
	for path, text := range files(t, ".", ".md") {
		for _, found := range link.FindAllStringSubmatch(text, -1) {
			target := path
			if found[1] != "" {
				target = filepath.Join(filepath.Dir(path), found[1])
			}
			_, err := os.Stat(target)
			require.NoError(t, err, "%s links to %s", path, found[0])
			if found[2] != "" && strings.HasSuffix(target, ".md") {
				page, err := os.ReadFile(target)
				require.NoError(t, err)
				require.Contains(t, anchors(string(page)), found[2], "%s links to %s", path, found[0])
			}
		}
	}
}

// The code on a page that stands below a link to its file is the file, which tests run.
func TestDocsShowTheFilesThatAreTested(t *testing.T) {
	block := regexp.MustCompile("(?s)\n\\[([^\\]]+)\\]\\((frontends/[^)]+)\\):\n\n```[a-z]+\n(.*?)```\n")
	page, err := os.ReadFile("docs/frontends.md")
	require.NoError(t, err)
	var shown []string
	for _, found := range block.FindAllStringSubmatch(string(page), -1) {
		content, err := os.ReadFile(filepath.Join("docs", found[2]))
		require.NoError(t, err)
		require.Equal(t, string(content), found[3], "docs/frontends.md shows another %s", found[1])
		shown = append(shown, found[1])
	}
	var there []string
	files, err := os.ReadDir("docs/frontends")
	require.NoError(t, err)
	for _, f := range files {
		if filepath.Ext(f.Name()) != ".go" {
			there = append(there, f.Name())
		}
	}
	require.ElementsMatch(t, there, shown)
}

// anchors returns what links to the headings of a page end in, as GitHub makes it.
func anchors(page string) (out []string) {
	dropped := regexp.MustCompile(`[^\p{L}\p{N}\s_-]`)
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(page, -1) {
		out = append(out, "#"+strings.ReplaceAll(dropped.ReplaceAllString(strings.ToLower(heading[1]), ""), " ", "-"))
	}
	return out
}

// The README's tree has every folder of internal, and no other.
func TestTheTreeOfTheREADMEIsTrue(t *testing.T) {
	page, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, tree, ok := strings.Cut(string(page), "\ninternal/\n")
	require.True(t, ok)
	tree, _, _ = strings.Cut(tree, "\nclients/")
	var shown, there []string
	for _, line := range regexp.MustCompile(`(?m)^  ([a-z].*)$`).FindAllString(tree, -1) {
		for _, name := range strings.Fields(line) {
			folder, ok := strings.CutSuffix(name, "/")
			if !ok {
				break
			}
			shown = append(shown, folder)
		}
	}
	folders, err := os.ReadDir("internal")
	require.NoError(t, err)
	for _, f := range folders {
		there = append(there, f.Name())
	}
	require.ElementsMatch(t, there, shown)
}

// Every owner in the vocabulary is a package of the program or of the Go client.
func TestTheVocabularyNamesPackages(t *testing.T) {
	page, err := os.ReadFile("docs/vocabulary.md")
	require.NoError(t, err)
	words := regexp.MustCompile(`(?m)^\| [^|]+ \| [^|]+ \| ([^|]+) \|$`).FindAllStringSubmatch(string(page), -1)
	require.Greater(t, len(words), 30)
	for _, word := range words {
		if word[1] == "Owner" || word[1] == "–" {
			continue
		}
		for _, owner := range strings.Split(word[1], ", ") {
			_, program := os.Stat("internal/" + owner)
			_, client := os.Stat("clients/go/gate/" + owner)
			require.True(t, program == nil || client == nil, "%s: there is no package %s", word[0], owner)
		}
	}
}
