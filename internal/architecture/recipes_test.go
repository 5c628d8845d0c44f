package architecture_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// recipe is a list of files in CONTRIBUTING.md, and an example of it that the
// program has.
type recipe struct {
	heading string
	// most is the greatest number of files.
	most int
	// noun is what stands for NOUN; mention is what a file of the recipe mentions
	// of the example, own what only such a file mentions.
	noun         string
	mention, own *regexp.Regexp
	// codeOnly is true if tests and other files than Go's may mention the example.
	codeOnly bool
	// others are files that mention the example although no new one would be
	// there, and why.
	others map[string]string
}

func recipes() []recipe {
	return []recipe{
		{
			heading: "**A new verb**", most: 18, noun: "credential",
			mention: regexp.MustCompile(`(?i)disable|revokeKey`),
			own:     regexp.MustCompile(`\b(disableKey|DisableKey\w*|eventlog\.CredentialDisabled|CredentialDisabled +Type|CREDENTIAL_DISABLED)\b`),
			others: map[string]string{
				"graph/produced_story_test.go":          "it produces the status DISABLED",
				"internal/gateway/*_test.go":            "tests of the gate in which some key is refused",
				"internal/seed/*.go":                    "demo data",
				"internal/playground/tabs/*":            "an example to run",
				"internal/gateway/clienttest/*_test.go": "some key that is refused",
				"e2e/*_test.go":                         "stories in which some key is disabled",
			},
		},
		{
			heading: "**A new noun**", most: 29, noun: "endpoint",
			mention: regexp.MustCompile(`(?i)endpoint`),
			own:     regexp.MustCompile(`(?i)\b(createEndpoint\w*|endpoint_?created?|endpointPermissions)\b|"endpoints": \[`),
			others: map[string]string{
				"graph/schema/product.graphql":           "products have a field viewerCan.createEndpoint",
				"graph/product.resolvers.go":             "their list on a product",
				"graph/testdata/matrix/product.txt":      "the field viewerCan.createEndpoint",
				"graph/matrix_world_test.go":             "endpoints are part of every test's world",
				"e2e/gate_further_limits_test.go":        "endpoints have limits there",
				"graph/statements_endpoint_test.go":      "what lists through two tables cost",
				"internal/gateway/*_test.go":             "tests of the gate that call endpoints",
				"internal/gateway/httpapi/*_test.go":     "tests of the gate that call endpoints",
				"internal/portal/portaltest/shop.go":     "endpoints are part of many tests' world",
				"internal/seed/demo_test.go":             "that all of the demo data have events",
				"internal/seed/outline_internal_test.go": "what the files of demo data must not contain",
			},
		},
		{
			heading: "**A filter**", most: 8, noun: "app",
			mention: regexp.MustCompile(`(?i)label|accountIds`),
			own:     regexp.MustCompile(`\b(LabelFilter|hasLabel|appMatches)\b`),
			others: map[string]string{
				"graph/matrix_account_test.go":             "an account's list of apps, which has the same filter",
				"graph/schema/credential.graphql":          "keys have labels as apps do",
				"internal/apps/credentials_list*.go":       "their lists have the same filter",
				"graph/schema/subscription.graphql":        "subscriptions are found by the labels of their apps",
				"internal/apps/subscription*_list.go":      "their list has a filter by these",
				"internal/apps/subscription_predicates.go": "the same",
				"internal/apps/apps_plans_test.go":         "how the filter is served",
			},
		},
		{
			heading: "**A role.**", most: 22, noun: "app",
			mention:  regexp.MustCompile(`(?i)\b(role)?(admin|approver|portal)\b`),
			own:      regexp.MustCompile(`\bviewer\.(Admin|Approver|Portal)\b|\bdomain\.Role(Admin|Approver|Portal)\b|\bRole (Admin|Portal)\b|\.Staff\(\)`),
			codeOnly: true,
			others: map[string]string{
				"internal/seed/*.go":         "the users of the demo data",
				"internal/server/welcome.go": "the users of the demo data",

				"internal/portal/portaltest/*.go": "people of every role",
			},
		},
	}
}

// row is a row of a recipe: files, of which one suffices, and what goes there.
type row struct {
	files []string
	what  string
}

// rows returns the rows of the table behind a heading.
func rows(text, heading string) (out []row) {
	_, text, _ = strings.Cut(text, heading)
	for line := range strings.Lines(text) {
		cells := strings.Split(line, "|")
		if len(cells) < 3 {
			if len(out) > 0 {
				break
			}
			continue
		}
		var files []string
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[1], -1) {
			files = append(files, m[1])
		}
		if files != nil {
			out = append(out, row{files, strings.TrimSpace(cells[2])})
		}
	}
	return out
}

// pattern returns the files of an entry of a recipe. Services are among the
// packages of internal.
func (r recipe) pattern(file string) string {
	return strings.NewReplacer("SERVICE", "*", "NOUN", r.noun).Replace(file)
}

// TestRecipesAreThoseOfTheProgram: the files that CONTRIBUTING.md names in each
// recipe exist for an example and mention it, no other file that is written by hand
// does, and they are few. So a new place that asks for a role fails until the recipe
// for a role names it.
func TestRecipesAreThoseOfTheProgram(t *testing.T) {
	text, err := os.ReadFile("../../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range recipes() {
		n, patterns := 0, []string{}
		for _, row := range rows(string(text), r.heading) {
			for _, f := range row.files {
				n++
				patterns = append(patterns, r.pattern(f))
			}
			if !slices.ContainsFunc(row.files, r.mentions(t)) {
				t.Errorf("%s: none of %v exists and mentions the example", r.heading, row.files)
			}
		}
		if n == 0 || n > r.most {
			t.Errorf("%s has %d files, at most %d", r.heading, n, r.most)
		}
		for _, f := range r.owners(t) {
			if !slices.ContainsFunc(patterns, matches(f)) && !r.other(f) {
				t.Errorf("%s: %s mentions the example, and the recipe does not name it", r.heading, f)
			}
		}
	}
}

// mentions returns a func that reports whether a file of the recipe mentions the
// example.
func (r recipe) mentions(t *testing.T) func(file string) bool {
	return func(file string) bool {
		found, err := filepath.Glob(filepath.Join("../..", r.pattern(file)))
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(found, func(f string) bool {
			text, err := os.ReadFile(f)
			return err == nil && r.mention.Match(text)
		})
	}
}

func matches(file string) func(pattern string) bool {
	return func(pattern string) bool {
		ok, err := filepath.Match(pattern, file)
		return ok && err == nil
	}
}

func (r recipe) other(file string) bool {
	for pattern := range r.others {
		if matches(file)(pattern) {
			return true
		}
	}
	return false
}

// owners lists the files written by hand that mention what is the example's own,
// but for the tests from outside, prose and examples.
func (r recipe) owners(t *testing.T) (out []string) {
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(filepath.ToSlash(path), "../../")
		if d.IsDir() {
			if slices.Contains([]string{".git", "ent/db", "graph/generated", "docs", "bench", "internal/architecture", "tools/contract/released"}, name) || d.Name() == "node_modules" {
				return fs.SkipDir
			}
			return nil
		}
		switch filepath.Ext(name) {
		case ".go", ".graphql", ".txt", ".js", ".json":
		default:
			return nil
		}
		text, err := os.ReadFile(path)
		if r.codeOnly && (strings.HasSuffix(name, "_test.go") || filepath.Ext(name) != ".go") {
			return err
		}
		if err == nil && r.own.Match(text) && !strings.HasSuffix(name, "_gen.go") && strings.Contains(name, "/") {
			out = append(out, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
