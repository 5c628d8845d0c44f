package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// printErrors writes the schema's lists of error codes and reasons, with their
// descriptions, into docs/errors.md.
func printErrors() error {
	for _, table := range []struct{ file, enum, head string }{
		{"errors.graphql", "ErrorCode", "| code | what to do |"},
		{"errors.graphql", "ErrorReason", "| reason | why |"},
		{"common.graphql", "UserErrorCode", "| code | what is wrong |"},
	} {
		text, err := os.ReadFile("graph/schema/" + table.file)
		if err != nil {
			return err
		}
		doc, err := parser.ParseSchema(&ast.Source{Name: table.file, Input: string(text)})
		if err != nil {
			return err
		}
		enum := doc.Definitions.ForName(table.enum)
		if enum == nil {
			return fmt.Errorf("%s has no enum %s", table.file, table.enum)
		}
		var rows strings.Builder
		for _, v := range enum.EnumValues {
			fmt.Fprintf(&rows, "| `%s` | %s |\n", v.Name, v.Description)
		}
		if err := between("docs/errors.md", table.head+"\n|---|---|\n", "\n", rows.String()); err != nil {
			return err
		}
	}
	return nil
}
