package servertest

import (
	"fmt"
	"strings"
	"testing"
)

// Ask sends one mutation with its input and the selection of its payload;
// userErrors are always selected.
func (c *Client) Ask(t testing.TB, mutation string, input Vars, selection string) *Answer {
	t.Helper()
	return c.Send(t, mutate(mutation, selection), Vars{"input": input})
}

// TryAsk is Ask for requests that are sent at the same time as others; it returns errors of
// the network, not of GraphQL.
func (c *Client) TryAsk(mutation string, input Vars, selection string) (*Answer, error) {
	return c.Try(mutate(mutation, selection), Vars{"input": input})
}

// Do is Ask for mutations that must succeed.
func (c *Client) Do(t testing.TB, mutation string, input Vars, selection string) *Answer {
	t.Helper()
	return c.Must(t, mutate(mutation, selection), Vars{"input": input})
}

// mutate returns the document of a mutation, whose input type is named after it.
func mutate(mutation, selection string) string {
	input := strings.ToUpper(mutation[:1]) + mutation[1:] + "Input"
	return fmt.Sprintf(`mutation($input: %s!) { %s(input: $input) { %s userErrors { code field message params { name value } } } }`,
		input, mutation, selection)
}

// As returns the same client with another header.
func (c *Client) As(header, value string) *Client {
	other := *c
	other.Header = c.Header.Clone()
	if other.Header == nil {
		other.Header = map[string][]string{}
	}
	other.Header.Set(header, value)
	return &other
}
