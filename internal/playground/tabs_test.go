package playground_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"portico/internal/playground"
)

// loadSchema reads the hand-written schema.
func loadSchema(t *testing.T) *ast.Schema {
	t.Helper()
	paths, err := filepath.Glob("../../graph/schema/*.graphql")
	require.NoError(t, err)
	require.NotEmpty(t, paths, "no schema files")
	var sources []*ast.Source
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		sources = append(sources, &ast.Source{Name: path, Input: string(text)})
	}
	schema, err := gqlparser.LoadSchema(sources...)
	require.NoError(t, err)
	return schema
}

func TestTabsAreValid(t *testing.T) {
	schema := loadSchema(t)
	titles := map[string]bool{}
	for _, tab := range playground.Tabs() {
		t.Run(tab.Label, func(t *testing.T) {
			doc, errs := gqlparser.LoadQueryWithRules(schema, tab.Query, rules.NewDefaultRules())
			require.Empty(t, errs)
			require.Len(t, doc.Operations, 1, "one operation a tab")
			title := doc.Operations[0].Name
			require.NotEmpty(t, title, "the operation's name is the tab's title")
			require.False(t, titles[title], "two tabs are called %s", title)
			titles[title] = true

			variables := map[string]any{}
			if tab.Variables != "" {
				require.NoError(t, json.Unmarshal([]byte(tab.Variables), &variables))
			}
			_, err := validator.VariableValues(schema, doc.Operations[0], variables)
			require.NoError(t, err, "the default variables fit")
		})
	}
}

// The tabs are numbered without gaps and duplicates, and each file of variables belongs to
// a tab.
func TestTabsAreNumberedInOrder(t *testing.T) {
	tabs, err := filepath.Glob("tabs/*.graphql")
	require.NoError(t, err)
	require.Len(t, tabs, len(playground.Tabs()))
	slices.SortFunc(tabs, func(a, b string) int {
		return cmp.Or(cmp.Compare(strings.Index(a, "_"), strings.Index(b, "_")), strings.Compare(a, b))
	}) // 100 is after 99
	for i, path := range tabs {
		require.Regexp(t, fmt.Sprintf(`^%02d_[a-z_]+\.graphql$`, i+1), filepath.Base(path))
	}
	variables, err := filepath.Glob("tabs/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, variables)
	for _, path := range variables {
		require.Contains(t, tabs, strings.TrimSuffix(path, ".json")+".graphql")
	}
}

// nodes returns the types of objects with an id, as fields are named after them.
func nodes(t *testing.T) (out []string) {
	t.Helper()
	schema := loadSchema(t)
	for _, d := range schema.GetPossibleTypes(schema.Types["Node"]) {
		out = append(out, strings.ToLower(d.Name[:1])+d.Name[1:])
	}
	return out
}

// A placeholder that ui/ids.js does not support would never be replaced.
func TestPlaceholdersAreKnown(t *testing.T) {
	kinds, some := playground.Finders(nodes(t)), false
	for _, tab := range playground.Tabs() {
		for _, m := range regexp.MustCompile(`\{\{(\w+)(\.previous)?\.id\}\}`).FindAllStringSubmatch(tab.Variables, -1) {
			some = true
			require.NotEmpty(t, kinds[m[1]], "%s: no scenario finds a %s", tab.Label, m[1])
		}
		for _, m := range regexp.MustCompile(`\{\{[^}]*\}\}`).FindAllString(tab.Variables, -1) {
			require.Regexp(t, `^\{\{(\w+(\.previous)?\.id|now[+-]\d{1,4}d)\}\}$`, m, tab.Label)
		}
	}
	require.True(t, some)
}

// For an id that is not known yet, the page names the scenarios that find one.
func TestFinders(t *testing.T) {
	require.Equal(t, map[string]string{
		"app": "CreateApp (Developer) or ApprovalQueue (Administrator) or Decisions (Approver)", "plan": "Products (Developer) or ApprovalQueue (Administrator) or Decisions (Approver)",
		"user": "Users (Administrator) or Members (Administrator)", "productSubscription": "ApprovalQueue (Administrator) or Decisions (Approver) or PlansToChoose (Developer)",
		"membership": "Members (Administrator)", "endpoint": "Products (Developer)", "credential.x": "",
	}, playground.Finders([]string{"app", "plan", "user", "productSubscription", "membership", "endpoint", "credential.x"}))
}
