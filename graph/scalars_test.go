package graph

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/internal/gqlhttp"
)

// coercions returns what each scalar accepts and refuses, by the specification's
// rules of input coercion and those of our own scalars. JSON and GraphQL spell
// all of it alike.
func coercions() map[string]struct{ good, bad []string } {
	return map[string]struct{ good, bad []string }{
		"Int":     {[]string{`0`, `-1`, `2147483647`, `-2147483648`}, []string{`2147483648`, `-2147483649`, `9223372036854775808`, `1.0`, `1.5`, `1e3`, `"1"`, `""`, `true`, `{}`}},
		"Float":   {[]string{`0`, `1`, `1.5`, `1e3`, `-1.5E-3`}, []string{`"1"`, `"1.5"`, `true`, `1e999`, `99999999999999999999`, `{}`}},
		"String":  {[]string{`""`, `"1"`, `"true"`, `"null"`}, []string{`1`, `1.5`, `true`, `{}`}},
		"Boolean": {[]string{`true`, `false`}, []string{`"true"`, `"false"`, `1`, `0`, `""`, `{}`}},
		"ID":      {[]string{`"a"`, `""`, `1`, `-1`, `9223372036854775807`}, []string{`1.5`, `1.0`, `1e3`, `9223372036854775808`, `true`, `{}`}},
		"BigInt":  {[]string{`0`, `-1`, `2147483648`, `9007199254740991`, `-9007199254740991`}, []string{`9007199254740992`, `99999999999999999999`, `"1"`, `1.0`, `1e3`, `true`, `{}`}},
		"Decimal": {[]string{`"19.90"`, `"-1"`, `"0.000001"`}, []string{`19.9`, `19`, `"1e3"`, `"abc"`, `""`, `".5"`, `true`, `{}`}},
		"Time":    {[]string{`"2026-03-01T09:30:00.5Z"`, `"2026-03-01T09:30:00+02:00"`}, []string{`"2026-03-01"`, `"now"`, `""`, `0`, `1.5`, `true`, `{}`}},
		"UUID":    {[]string{`"018f3c1e-7b1a-7c3e-9f00-0123456789ab"`, `"to be corrected"`}, []string{`1`, `1.5`, `true`, `{}`}},
	}
}

// scalarPlace is a request that passes a value to a field of the test's schema.
type scalarPlace struct{ document, variables string }

// places returns all the ways to pass a value X of a scalar S.
func places() map[string]scalarPlace {
	return map[string]scalarPlace{
		"literal":                          {`{ S(v: X) }`, `{}`},
		"variable":                         {`query($v: S) { S(v: $v) }`, `{"v": X}`},
		"variable that must be given":      {`query($v: S!) { S(v: $v) }`, `{"v": X}`},
		"default of a variable":            {`query($v: S = X) { S(v: $v) }`, `{}`},
		"literal in an object":             {`{ S(in: {v: X}) }`, `{}`},
		"variable in an object":            {`query($v: S) { S(in: {v: $v}) }`, `{"v": X}`},
		"object in a variable":             {`query($in: SInput) { S(in: $in) }`, `{"in": {"v": X}}`},
		"object in a default":              {`query($in: SInput = {v: X}) { S(in: $in) }`, `{}`},
		"object in an object":              {`{ S(in: {in: {in: {v: X}}}) }`, `{}`},
		"object in an object, in variable": {`query($in: SInput) { S(in: $in) }`, `{"in": {"in": {"in": {"v": X}}}}`},
		"literal in a list":                {`{ S(list: [X, X]) }`, `{}`},
		"list in a variable":               {`query($l: [S!]) { S(list: $l) }`, `{"l": [X, X]}`},
		"variable in a list":               {`query($v: S!) { S(list: [$v]) }`, `{"v": X}`},
		"list in a default":                {`query($l: [S!] = [X]) { S(list: $l) }`, `{}`},
		"one for a list":                   {`{ S(list: X) }`, `{}`},
		"one for a list, in a variable":    {`query($l: [S!]) { S(list: $l) }`, `{"l": X}`},
		"lists in lists":                   {`{ S(in: {lists: [[X], null, [X, null]]}) }`, `{}`},
		"lists in lists, in a variable":    {`query($in: SInput) { S(in: $in) }`, `{"in": {"lists": [[X], null, [X, null]]}}`},
		"argument of a directive":          {`{ S @on(s: {S: X}) }`, `{}`},
		"variable in a directive":          {`query($s: All) { S @on(s: $s) }`, `{"s": {"S": X}}`},
	}
}

// everyScalar returns a schema with a field and an input for each scalar.
func everyScalar(t *testing.T) *ast.Schema {
	t.Helper()
	fields, all, own := "", "", ""
	for name := range coercions() {
		fields += replaceScalar("S(v: S, in: SInput, list: [S!]): Boolean\n", name, "")
		all += name + ": " + name + "\n"
		own += replaceScalar("input SInput { v: S, in: SInput, lists: [[S]] }\n", name, "")
	}
	for name := range scalars() {
		own += "scalar " + name + "\n"
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Input: "type Query {\n" + fields + "}\ninput All {\n" + all + "}\ndirective @on(s: All) on FIELD\n" + own})
	require.NoError(t, err)
	return schema
}

func TestScalarsTakeTheSameEverywhere(t *testing.T) {
	ran, schema := false, everyScalar(t)
	h := gqlhttp.New(&graphql.ExecutableSchemaMock{
		SchemaFunc: func() *ast.Schema { return schema },
		ExecFunc: func(context.Context) graphql.ResponseHandler {
			ran = true
			return graphql.OneShot(&graphql.Response{Data: []byte("{}")})
		},
	}, gqlhttp.Options{Scalars: scalars()})
	play := func(scalar, place, value string, good bool) {
		t.Helper()
		a := places()[place]
		ran = false
		body, err := json.Marshal(map[string]any{
			"query":     replaceScalar(a.document, scalar, value),
			"variables": json.RawMessage(replaceScalar(a.variables, scalar, value)),
		})
		require.NoError(t, err)
		r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(string(body)))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Equal(t, good, ran, "%s %s, %s: %s", scalar, value, place, w.Body)
		if !good {
			require.Contains(t, w.Body.String(), `"reason":"INVALID_VALUE"`, "%s %s, %s", scalar, value, place)
			require.NotContains(t, w.Body.String(), "%!", "%s %s, %s", scalar, value, place)
		}
	}
	for scalar, c := range coercions() {
		for place := range places() {
			for _, value := range c.good {
				play(scalar, place, value, true)
			}
			for _, value := range c.bad {
				play(scalar, place, value, false)
			}
			if !strings.Contains(place, "variable") {
				play(scalar, place, "WORD", false)
			}
		}
	}
}

// replaceScalar replaces S by a scalar and X by a value.
func replaceScalar(text, scalar, value string) string {
	return strings.NewReplacer("SInput", scalar+"Input", "S", scalar, "X", value).Replace(text)
}

func TestEveryScalarHasItsRules(t *testing.T) {
	whole, err := wholeSchema()
	require.NoError(t, err)
	own := scalars()
	for name, d := range whole.Types {
		if d.Kind == ast.Scalar {
			require.NotEmpty(t, coercions()[name].good, "%s has no line in coercions", name)
			require.Equal(t, !d.BuiltIn, own[name] != nil, "%s is not in scalars", name)
		}
	}
}
