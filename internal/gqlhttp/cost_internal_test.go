package gqlhttp

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"
)

// A value that contains a variable, at whatever depth, has a price that depends on
// the variables.
func TestMentionsVariable(t *testing.T) {
	variable, number := &ast.Value{Kind: ast.Variable, Raw: "x"}, &ast.Value{Kind: ast.IntValue, Raw: "1"}
	list := func(all ...*ast.Value) *ast.Value {
		v := &ast.Value{Kind: ast.ListValue}
		for _, one := range all {
			v.Children = append(v.Children, &ast.ChildValue{Value: one})
		}
		return v
	}
	for _, v := range []*ast.Value{variable, list(variable), list(number, variable), list(variable, number), list(list(number), list(number, variable))} {
		require.True(t, mentionsVariable(v), v.String())
	}
	for _, v := range []*ast.Value{number, list(), list(number, number), list(list(number))} {
		require.False(t, mentionsVariable(v), v.String())
	}
}

// An argument that has no readable number counts as the largest page.
func TestArgumentOfUnusualKinds(t *testing.T) {
	variable := &ast.Value{Kind: ast.Variable, Raw: "n"}
	for name, c := range map[string]struct {
		value *ast.Value
		given any
		want  int
	}{
		"OK number":      {variable, json.Number("7"), 7},
		"OK null":        {variable, nil, 0},
		"OK empty list":  {variable, []any{}, 1},
		"ErrFraction":    {variable, json.Number("7.5"), largestPage},
		"ErrText":        {variable, "7", largestPage},
		"ErrTooManyBits": {&ast.Value{Kind: ast.IntValue, Raw: "99999999999999999999"}, nil, largestPage},
	} {
		t.Run(name, func(t *testing.T) {
			p := &pricer{variables: map[string]any{"n": c.given}}
			require.Equal(t, c.want, p.argument("first", c.value))
		})
	}
}
