package gqlhttp

import (
	"context"
	"errors"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"
)

// The rows of a list have the arguments of their field parsed once; another type's
// field, another field and another request have their own. An error is reported
// for each.
func TestArgumentsAreParsedOnce(t *testing.T) {
	parsed, failing := 0, errors.New("an invalid argument")
	var failure error
	parse := func(context.Context, map[string]any) (map[string]any, error) {
		parsed++
		return map[string]any{"n": parsed}, failure
	}
	request := func() context.Context { return context.WithValue(t.Context(), meterKey{}, &meter{}) }
	field := graphql.CollectedField{Field: &ast.Field{Name: "keys", Definition: &ast.FieldDefinition{}}}
	other := graphql.CollectedField{Field: &ast.Field{Name: "keys", Definition: &ast.FieldDefinition{}}}
	ctx := request()
	for i, c := range []struct {
		ctx    context.Context
		object string
		field  graphql.CollectedField
		want   int
	}{
		{ctx, "App", field, 1}, {ctx, "App", field, 1}, {ctx, "Account", field, 2}, {ctx, "App", other, 3},
		{request(), "App", field, 4}, {ctx, "App", field, 1}, {t.Context(), "App", field, 5}, {t.Context(), "App", field, 6},
	} {
		args, err := Arguments(c.ctx, c.object, c.field, nil, parse)
		require.NoError(t, err)
		require.Equal(t, c.want, args["n"], "%d", i)
	}
	ctx, failure = request(), failing
	for range 2 {
		_, err := Arguments(ctx, "App", field, nil, parse)
		require.Equal(t, failing, err)
	}
	failure = nil
	args, err := Arguments(ctx, "App", field, nil, parse)
	require.NoError(t, err)
	require.Equal(t, 9, args["n"])
}

// Arguments without variables are the document's; those with one are the request's.
func TestArgumentsWithoutVariablesAreTheDocuments(t *testing.T) {
	constant := &ast.Value{Kind: ast.IntValue, Raw: "5"}
	for value, each := range map[*ast.Value]bool{
		constant:                       false,
		{Kind: ast.Variable, Raw: "n"}: true,
		{Kind: ast.ObjectValue, Children: ast.ChildValueList{{Name: "a", Value: constant}}}:                                 false,
		{Kind: ast.ObjectValue, Children: ast.ChildValueList{{Name: "a", Value: &ast.Value{Kind: ast.Variable, Raw: "n"}}}}: true,
	} {
		field := graphql.CollectedField{Field: &ast.Field{
			Definition: &ast.FieldDefinition{Arguments: ast.ArgumentDefinitionList{{Name: "first"}}},
			Arguments:  ast.ArgumentList{{Name: "first", Value: value}},
		}}
		parsed, document := 0, &collected{}
		for range 3 {
			ctx := context.WithValue(t.Context(), meterKey{}, &meter{collected: document})
			_, err := Arguments(ctx, "App", field, map[string]any{"n": 5}, func(_ context.Context, values map[string]any) (map[string]any, error) {
				parsed++
				require.Len(t, values, 1)
				return values, nil
			})
			require.NoError(t, err)
		}
		require.Equal(t, map[bool]int{false: 1, true: 3}[each], parsed, "%v", value)
	}
}
