package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"

	"portico/clients/go/gate/verdict"
)

// printVerdicts writes the table of verdict codes of package verdict into the schema
// and into the documentation.
func printVerdicts() error {
	var values, rows strings.Builder
	for _, c := range verdict.Codes() {
		fmt.Fprintf(&values, "  %q\n  %s\n", c.Meaning(), c)
		remedy := c.Remedy()
		if remedy == "" {
			remedy = "–"
		}
		fmt.Fprintf(&rows, "| `%s` | %d | %s | %s |\n", c, c.Status(), c.Meaning(), remedy)
	}
	if err := between("graph/schema/access.graphql", "enum VerdictCode {\n", "}\n", values.String()); err != nil {
		return err
	}
	return between("docs/gateways-reference.md", "| code | status | meaning | what to do |\n|---|---|---|---|\n", "\n", rows.String())
}

// between replaces the part of a file from after the only occurrence of begin to the
// next line that starts with end. It returns an error if the file has no such part.
func between(file, begin, end, text string) error {
	old, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, found := bytes.Cut(old, []byte(begin))
	length := bytes.Index(rest, []byte("\n"+end))
	if !found || length < 0 || bytes.Contains(rest, []byte(begin)) {
		return fmt.Errorf("%s has no place for the table that follows %q", file, begin)
	}
	return os.WriteFile(file, bytes.Join([][]byte{before, []byte(begin), []byte(text), rest[length+1:]}, nil), 0o644)
}
