package openapi

import (
	"net/url"
	"slices"
	"strings"

	"portico/clients/go/gate/access"
	"portico/internal/domain"
)

// MaxCurl is how long a call may be, in characters: of a longer one, the body is left out,
// and the parameters if that is not enough.
const MaxCurl = 8000

// Call is what a ready call needs beside the operation.
type Call struct {
	// Server is the address of the API; "" stands for a variable of the shell.
	Server string
	// AuthTypes are the ways to show a key; none: no key is shown.
	AuthTypes []access.AuthType
	// Username is that of the key, for Basic; "" stands for a variable of the shell.
	Username string
	// App is the id of the app that makes the call; "" if none is named.
	App string
}

// Curl returns a call of an operation for a POSIX shell. Everything out of the document is
// quoted, so that the shell reads it as it is; the key is a variable, which is never known
// here.
func Curl(o domain.ProductOperation, c Call) string {
	for _, left := range []domain.ProductOperation{o, {Method: o.Method, Path: o.Path, BodyType: o.BodyType, Parameters: o.Parameters}} {
		if text := curl(left, c); len(text) <= MaxCurl {
			return text
		}
	}
	return curl(domain.ProductOperation{Method: o.Method, Path: o.Path}, c)
}

func curl(o domain.ProductOperation, c Call) string {
	// Without --globoff curl would read braces and brackets as sets of addresses.
	lines := []string{"curl --globoff --request " + quote(o.Method), address(o, c.Server)}
	lines = append(lines, shown(c)...)
	if c.App != "" {
		lines = append(lines, "--header "+quote("X-Portico-App: "+c.App))
	}
	for _, p := range o.Parameters {
		if p.In == "header" && isToken(p.Name) && !slices.Contains([]string{"accept", "content-type", "authorization", "x-api-key", "x-portico-app"}, strings.ToLower(p.Name)) {
			lines = append(lines, "--header "+quote(p.Name+": "+value(p)))
		}
	}
	if o.BodyType != "" {
		body := o.Body
		if body == "" {
			body = "{}"
		}
		lines = append(lines, "--header "+quote("Content-Type: "+printable(o.BodyType)), "--data-raw "+quote(strings.ReplaceAll(body, "\x00", "")))
	}
	return strings.Join(lines, " \\\n  ")
}

// shown is how the key is shown: the first way of X-API-Key and Basic that is taken.
func shown(c Call) []string {
	switch {
	case slices.Contains(c.AuthTypes, access.APIKey):
		return []string{`--header "X-API-Key: $API_KEY"`}
	case slices.Contains(c.AuthTypes, access.Basic) && c.Username != "":
		return []string{"--user " + quote(c.Username+":") + `"$API_PASSWORD"`}
	case slices.Contains(c.AuthTypes, access.Basic):
		return []string{`--user "$API_USERNAME:$API_PASSWORD"`}
	}
	return nil
}

// address returns the quoted address, with the parameters in the path and the query.
func address(o domain.ProductOperation, server string) string {
	path, query := o.Path, []string{}
	for _, p := range o.Parameters {
		switch {
		case p.In == "path" && p.Example != "":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", url.PathEscape(p.Example))
		case p.In == "query":
			query = append(query, url.QueryEscape(p.Name)+"="+url.QueryEscape(value(p)))
		}
	}
	path = escaped(path)
	if len(query) > 0 {
		path += "?" + strings.Join(query, "&")
	}
	if server == "" {
		return `"$BASE_URL"` + quote(path)
	}
	return quote(server + path)
}

// escaped escapes what no address has: spaces, control characters, marks of queries and
// fragments, and what is not ASCII. Braces stay, as a sign of what is to be filled in.
func escaped(path string) string {
	var b strings.Builder
	for i := range len(path) {
		c := path[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte("?#\\\"<>^`|", c) >= 0 {
			b.WriteString(url.PathEscape(string([]byte{c})))
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// value returns the example of a parameter, or its name in capital letters.
func value(p domain.OperationParameter) string {
	if p.Example != "" {
		return printable(p.Example)
	}
	return strings.ToUpper(printable(p.Name))
}

// printable leaves out control characters.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}

// isToken reports whether s can be the name of a header.
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune("()<>@,;:\\\"/[]?={}", r)
	})
}

// quote quotes for a POSIX shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
