package graph_test

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/graph"
)

// unjudged is a field without a line, and where one belongs.
type unjudged struct {
	file, owner, field string
	at                 int
}

// sketch adds lines for the fields that have none to the policy's files in a folder:
// unknown to everybody, which fails until somebody has judged them. A line is written
// to the file that is called like that of the field's declaration.
func sketch(folder string, schema *ast.Schema, lines []line) error {
	texts := map[string]string{}
	before := unjudged{}
	for _, u := range missing(schema, lines) {
		if u.file != before.file || u.owner != before.owner {
			texts[u.file] += fmt.Sprintf("\n%-31s%s\n", "["+u.owner+"]", strings.TrimSpace(strings.Repeat("unknown    ", len(columnNames()))))
		}
		texts[u.file] += u.field + "\n"
		before = u
	}
	for name, text := range texts {
		path := filepath.Join(folder, name)
		old, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if err := os.WriteFile(path, append(old, text...), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// missing returns the fields without a line, in the order of their declarations.
func missing(schema *ast.Schema, lines []line) (out []unjudged) {
	for _, key := range requiredLines(schema) {
		owner, field, _ := strings.Cut(key, ".")
		if slices.ContainsFunc(lines, func(l line) bool { return l.owner == owner && l.field == field }) {
			continue
		}
		if owner == rows {
			for i, attempt := range []string{"read", "change", "make"} {
				out = append(out, unjudged{file: "rows.txt", owner: rows + ": " + attempt, field: field, at: i})
			}
			continue
		}
		name, _, _ := strings.Cut(field, "(")
		at := schema.Types[owner].Fields.ForName(name).Position
		out = append(out, unjudged{strings.TrimSuffix(filepath.Base(at.Src.Name), ".graphql") + ".txt", owner, field, at.Line})
	}
	slices.SortStableFunc(out, func(a, b unjudged) int { return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.at, b.at)) })
	return out
}

// What is sketched is what was missing, and it waits to be judged.
func TestSketchedLinesAreUnknownToEverybody(t *testing.T) {
	whole, err := graph.WholeSchema()
	require.NoError(t, err)
	folder := t.TempDir()
	policy := readPolicy(t)
	without := slices.DeleteFunc(slices.Clone(policy), func(l line) bool { return l.owner == "Endpoint" || l.field == "service_tokens" })
	require.NoError(t, sketch(folder, whole, without))
	text, err := os.ReadFile(filepath.Join(folder, "endpoint.txt"))
	require.NoError(t, err)
	require.Equal(t, `
[Endpoint]                     unknown    unknown    unknown    unknown    unknown    unknown
id
product
method
path
description
createdAt
version
viewerCan
`, string(text))
	rowsText, err := os.ReadFile(filepath.Join(folder, "rows.txt"))
	require.NoError(t, err)
	sketched, err := parsePolicy("sketch", string(text)+string(rowsText))
	require.NoError(t, err)
	require.Len(t, sketched, 8+3)
	left, err := gaps(whole, append(without, sketched...))
	require.NoError(t, err)
	require.Contains(t, left, "Endpoint.path is never given to anybody")
	require.NotContains(t, strings.Join(left, "\n"), "has no line")
}
