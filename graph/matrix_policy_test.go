package graph_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// viewers returns those who try each line.
func viewers() []string {
	return append(columnNames(), "member")
}

// columnNames returns the columns of the policy files, in order. A member of the
// developer's account gets what the developer does, who owns it, unless the line ends
// with "member:" and another outcome.
func columnNames() []string {
	return []string{"anonymous", "developer", "other", "admin", "foreign", "gateway"}
}

// outcome is how an attempt ends. testdata/matrix/README.md explains the words
// that a policy file may use; any other outcome is a sentence that no file can
// expect.
type outcome string

const (
	yes      outcome = "yes"
	none     outcome = "none"
	null     outcome = "null"
	hidden   outcome = "hidden"
	unknown  outcome = "unknown"
	done     outcome = "done"
	notFound outcome = "not-found"
	refused  outcome = "refused"
	denied   outcome = "forbidden"
	nobody   outcome = "nobody"
)

func outcomes() []outcome {
	return []outcome{yes, none, null, hidden, unknown, done, notFound, refused, denied, nobody}
}

// line is one line of a policy file: the outcome for each viewer of a field.
type line struct {
	place string // file and number
	// owner is the type, specimen the object that the section is about ("" is
	// the usual one).
	owner, specimen, field string
	want                   map[string]outcome
}

// section returns the line's section as the file writes it.
func (l line) section() string {
	if l.specimen == "" {
		return l.owner
	}
	return l.owner + ": " + l.specimen
}

func (l line) String() string { return l.section() + "." + l.field }

// readPolicy reads all policy files.
func readPolicy(t testing.TB) []line {
	t.Helper()
	files, err := filepath.Glob("testdata/matrix/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var all []line
	seen := map[string]string{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		require.NoError(t, err)
		some, err := parsePolicy(filepath.Base(f), string(text))
		require.NoError(t, err)
		for _, l := range some {
			require.Empty(t, seen[l.String()], "%s: %s stands in %s too", l.place, l, seen[l.String()])
			seen[l.String()] = l.place
		}
		all = append(all, some...)
	}
	return all
}

// parsePolicy parses one policy file.
func parsePolicy(file, text string) ([]line, error) {
	var out []line
	var section line
	for i, raw := range strings.Split(text, "\n") {
		place := fmt.Sprintf("%s:%d", file, i+1)
		raw, _, _ = strings.Cut(raw, "#")
		raw = strings.TrimSpace(raw)
		if raw == "" {
			continue
		}
		if strings.HasPrefix(raw, "[") {
			head, rest, ok := strings.Cut(raw[1:], "]")
			if !ok {
				return nil, fmt.Errorf("%s: no closing bracket", place)
			}
			owner, specimen, _ := strings.Cut(head, ": ")
			section = line{owner: owner, specimen: specimen}
			if words := strings.Fields(rest); len(words) > 0 {
				want, err := columns(place, words, nil)
				if err != nil {
					return nil, err
				}
				section.want = want
			}
			continue
		}
		words := strings.Fields(raw)
		l := section
		l.place, l.field = place, words[0]
		if l.owner == "" {
			return nil, fmt.Errorf("%s: a field before the first section", place)
		}
		if len(words) > 1 {
			want, err := columns(place, words[1:], section.want)
			if err != nil {
				return nil, err
			}
			l.want = want
		}
		if l.want == nil {
			return nil, fmt.Errorf("%s: no outcomes", place)
		}
		out = append(out, l)
	}
	return out, nil
}

// columns parses six outcomes, and that of a member if it differs; "." is the
// section's own.
func columns(place string, words []string, section map[string]outcome) (map[string]outcome, error) {
	names := columnNames()
	if last := len(words) - 1; strings.HasPrefix(words[last], "member:") {
		words, names = append(slices.Clone(words[:last]), strings.TrimPrefix(words[last], "member:")), viewers()
	}
	if len(words) != len(names) {
		return nil, fmt.Errorf("%s: want %d columns, got %d", place, len(names), len(words))
	}
	out := map[string]outcome{}
	for i, v := range names {
		o := outcome(words[i])
		if o == "." && section != nil {
			o = section[v]
		}
		if !slices.Contains(outcomes(), o) {
			return nil, fmt.Errorf("%s: %q is no outcome", place, o)
		}
		out[v] = o
	}
	switch {
	case len(names) == len(viewers()):
	case section != nil && words[slices.Index(names, "developer")] == ".":
		out["member"] = section["member"]
	default:
		out["member"] = out["developer"]
	}
	return out, nil
}
