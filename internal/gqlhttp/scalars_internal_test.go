package gqlhttp

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/fault"
)

// The specification's rules of input coercion, for values of variables.
func TestBuiltInScalars(t *testing.T) {
	all := Scalars{"Odd": func(any) error { return fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, "Odd, please.") }}.withBuiltIn()
	n := func(s string) any { return json.Number(s) }
	for name, c := range map[string]struct{ good, bad []any }{
		"Int":     {[]any{n("0"), n("-2147483648"), n("2147483647")}, []any{n("2147483648"), n("1.0"), n("1e3"), "1", true, nil}},
		"Float":   {[]any{n("0"), n("1.5"), n("1e3"), n("-1E-3"), n("9007199254740993")}, []any{n("1e999"), n("-1e999"), n("99999999999999999999"), "1.5", false}},
		"String":  {[]any{"", "text"}, []any{n("1"), true, []any{}}},
		"Boolean": {[]any{true, false}, []any{"true", n("1")}},
		"ID":      {[]any{"", "app_1", n("1"), n("9223372036854775807")}, []any{n("1.5"), n("9223372036854775808"), true}},
		"Time":    {[]any{"anything: it has no rule"}, nil},
		"Odd":     {nil, []any{"even"}},
	} {
		for _, v := range c.good {
			require.Empty(t, all.reject(name, v), "%s of %#v", name, v)
		}
		for _, v := range c.bad {
			require.NotEmpty(t, all.reject(name, v), "%s of %#v", name, v)
		}
	}
	require.Equal(t, "Odd, please.", all.reject("Odd", "even"))
	require.Equal(t, "An Int is a whole number of 32 bits.", all.reject("Int", "1"))
	require.Equal(t, "A Float is a number.", all.reject("Float", "1"))
	require.Equal(t, "A Boolean is true or false.", all.reject("Boolean", "1"))
	messages := map[string]bool{}
	for _, name := range []string{"Int", "Float", "String", "Boolean", "ID"} {
		messages[all.reject(name, []any{})] = true
	}
	require.Len(t, messages, 5, "each says what it is")
}
