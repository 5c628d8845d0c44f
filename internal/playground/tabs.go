package playground

import (
	"embed"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

//go:embed tabs
var scenarios embed.FS

// Tab is a prepared document: one operation, whose name is the tab's title.
//
// It is read from a file `tabs/NN_name.graphql`; NN determines the order. The first
// line is a comment `# Group: what it does`, which the list of scenarios shows. A file
// of the same name ending in .json contains the variables. A variable "{{app.id}}" is
// replaced by the id of the app seen last, "{{now-29d}}" by a midnight; see ui/ids.js.
type Tab struct {
	Group     string `json:"group"`
	Label     string `json:"label"`
	Query     string `json:"query"`
	Variables string `json:"variables"`
}

// Tabs are the prepared documents in order.
func Tabs() []Tab {
	type numbered struct {
		n int
		Tab
	}
	var tabs []numbered
	variables := map[string]string{}
	each(scenarios, "tabs", func(name string, content []byte) {
		if base, ok := strings.CutSuffix(name, ".json"); ok {
			if !json.Valid(content) {
				must(fmt.Errorf("%s is no JSON", name))
			}
			variables[base] = strings.TrimSpace(string(content))
		}
	})
	each(scenarios, "tabs", func(name string, content []byte) {
		base, ok := strings.CutSuffix(name, ".graphql")
		if !ok {
			return
		}
		first, _, _ := strings.Cut(string(content), "\n")
		group, label, ok := strings.Cut(strings.TrimPrefix(first, "# "), ": ")
		if !ok {
			must(fmt.Errorf("%s does not begin with a comment `# Group: label`", name))
		}
		number, _, _ := strings.Cut(base, "_")
		n, err := strconv.Atoi(number)
		must(err)
		tabs = append(tabs, numbered{n, Tab{Group: group, Label: label, Query: string(content), Variables: variables[base]}})
	})
	slices.SortStableFunc(tabs, func(a, b numbered) int { return a.n - b.n })
	out := make([]Tab, len(tabs))
	for i, t := range tabs {
		out[i] = t.Tab
	}
	return out
}

var operation = regexp.MustCompile(`(?m)^(?:query|mutation)\s+(\w+)`)

// Finders returns for each kind of object the scenarios that find one and need no id for
// that: the first of each group, such as "CreateApp (Developer) or ApprovalQueue
// (Administrator)", because nobody may run those of every group. Where one group has all,
// it is its first two. The very first scenario does not count: it shows the viewer.
func Finders(kinds []string) map[string]string {
	out := make(map[string]string, len(kinds))
	for _, kind := range kinds {
		found := findersOf(kind)
		seen := map[string]bool{}
		var names, more []string
		for _, t := range found {
			name := operation.FindStringSubmatch(t.Query)[1] + " (" + t.Group + ")"
			if seen[t.Group] {
				more = append(more, name)
				continue
			}
			seen[t.Group] = true
			names = append(names, name)
		}
		if len(names) == 1 {
			names = append(names, more[:min(1, len(more))]...)
		}
		out[kind] = strings.Join(names, " or ")
	}
	return out
}

// findersOf returns the scenarios that find an object of a kind, in order.
func findersOf(kind string) (out []Tab) {
	names := kind + "s?"
	if kind == "membership" {
		names += "|members" // as the list is called
	}
	selects := regexp.MustCompile(`\b(?:` + names + `)\s*(\([^)]*\)\s*)?\{[\w\s]*(\bnodes\s*\{[\w\s]*)?\bid\b`)
	for _, t := range Tabs()[1:] {
		if selects.MatchString(t.Query) && !strings.Contains(t.Variables, ".id}}") {
			out = append(out, t)
		}
	}
	return out
}
