package servertest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// Client sends GraphQL requests to a server as one user, or anonymously.
type Client struct {
	URL string
	// Token is sent as a bearer token unless it is empty.
	Token string
	// Header is sent in addition.
	Header http.Header
}

// Vars are a request's variables.
type Vars = map[string]any

// Answer is a response.
type Answer struct {
	Status int
	Header http.Header
	// Raw is the unparsed body.
	Raw    string
	Data   map[string]any
	Errors []Error
}

// Error is a top-level error.
type Error struct {
	Message    string
	Path       []any
	Extensions map[string]any
}

// Code is the error's code.
func (e Error) Code() string { c, _ := e.Extensions["code"].(string); return c }

// Codes lists the codes of the errors.
func (a *Answer) Codes() []string {
	out := []string{}
	for _, e := range a.Errors {
		out = append(out, e.Code())
	}
	return out
}

// Anonymous returns a client that has not signed in.
func (s *Server) Anonymous() *Client { return &Client{URL: s.URL} }

// SignIn returns a client that has signed in as a demo user.
func (s *Server) SignIn(t testing.TB, email string) *Client {
	t.Helper()
	return s.SignInWith(t, email, Password)
}

// SignInWith returns a client that has signed in with a password.
func (s *Server) SignInWith(t testing.TB, email, password string) *Client {
	t.Helper()
	c := s.Anonymous()
	a := c.Must(t, `mutation($e: String!, $p: String!) { signIn(input: {email: $e, password: $p}) { accessToken userErrors { message } } }`,
		Vars{"e": email, "p": password})
	c.Token = a.Text("signIn", "accessToken")
	return c
}

// Try sends a document; it returns errors of the network, not of GraphQL.
func (c *Client) Try(document string, vars Vars) (*Answer, error) {
	body, err := json.Marshal(map[string]any{"query": document, "variables": vars})
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequest(http.MethodPost, c.URL+"/graphql", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for k, v := range c.Header {
		r.Header[k] = v
	}
	r.Header.Set("Content-Type", "application/json")
	if c.Token != "" {
		r.Header.Set("Authorization", "Bearer "+c.Token)
	}
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer w.Body.Close()
	return answer(w)
}

// answer reads a response.
func answer(w *http.Response) (*Answer, error) {
	raw, err := io.ReadAll(w.Body)
	if err != nil {
		return nil, err
	}
	a := &Answer{Status: w.StatusCode, Header: w.Header, Raw: string(raw)}
	return a, json.Unmarshal(raw, a)
}

// Read reads the response to a request that was sent without a Client.
func Read(t testing.TB, w *http.Response) *Answer {
	t.Helper()
	a, err := answer(w)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Send is Try for tests in which the network does not fail.
func (c *Client) Send(t testing.TB, document string, vars Vars) *Answer {
	t.Helper()
	a, err := c.Try(document, vars)
	if err != nil {
		t.Fatalf("%v\n%s", err, document)
	}
	return a
}

// Must is Send for requests that must succeed, without errors and userErrors.
func (c *Client) Must(t testing.TB, document string, vars Vars) *Answer {
	t.Helper()
	a := c.Send(t, document, vars)
	if len(a.Errors) > 0 {
		t.Fatalf("%s\n%s", document, a.Raw)
	}
	for name, v := range a.Data {
		if m, ok := v.(map[string]any); ok {
			if list, ok := m["userErrors"].([]any); ok && len(list) > 0 {
				t.Fatalf("%s: %s\n%s", name, document, a.Raw)
			}
		}
	}
	return a
}

// At returns the value at a path of the data; nil if there is none. Numbers in the path
// are indices of lists.
func (a *Answer) At(path ...any) any {
	var v any = a.Data
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

// Text returns the text at a path; "" if there is none.
func (a *Answer) Text(path ...any) string { s, _ := a.At(path...).(string); return s }

// Number returns the number at a path; 0 if there is none.
func (a *Answer) Number(path ...any) int { f, _ := a.At(path...).(float64); return int(f) }

// List returns the list at a path.
func (a *Answer) List(path ...any) []any { l, _ := a.At(path...).([]any); return l }

// UserErrors returns the codes of a payload's userErrors.
func (a *Answer) UserErrors(mutation string) []string {
	out := []string{}
	for _, e := range a.List(mutation, "userErrors") {
		m, _ := e.(map[string]any)
		code, _ := m["code"].(string)
		out = append(out, code)
	}
	return out
}

// Leaks returns words in a response that reveal internals: SQL, stacks, Go types.
func (a *Answer) Leaks() []string {
	var out []string
	low := strings.ToLower(a.Raw)
	for _, w := range []string{"select ", "insert into", "update \"", "pq:", "sqlite", "goroutine", ".go:", "ent:", "runtime error", "constraint failed", "*db.", "portico/"} {
		if strings.Contains(low, w) {
			out = append(out, w)
		}
	}
	return out
}
