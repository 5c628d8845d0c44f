// Package tricks is the table of request targets that servers read differently.
// Every test of paths uses it: the matcher's, the Go middleware's and
// those that play calls through real gateways. It also holds the two patterns
// by which the configurations of deploy/gateways recognize such targets.
package tricks

import "strings"

// Trick is what may come after a path that is guarded.
type Trick struct {
	Name  string
	After string
}

// Unclear are tricks that every guard must refuse.
func Unclear() []Trick {
	return []Trick{
		{"fragment", "/7#/raw"}, {"fragment at the end", "#"}, {"fragment before a query", "/7#?a=b"}, {"fragment before dots", "#/../places/x"},
		{"parent", "/../places"}, {"parent at the end", "/.."}, {"self", "/./x"}, {"self at the end", "/."}, {"parent before a query", "/..?a"},
		{"parent with a parameter", "/..;/places/x"}, {"parent with a named parameter", "/..;a=b/places"}, {"self with a parameter", "/.;/x"},
		{"parameter", "/x;y"}, {"only a parameter", "/;/x"}, {"session", "/x;jsessionid=1/y"}, {"escaped semicolon", "/..%3b/places"}, {"escaped semicolon, capitals", "/x%3By"},
		{"escaped parent", "/%2e%2e/places"}, {"half escaped parent", "/.%2E/places"}, {"half escaped parent, first", "/%2e./places"}, {"escaped dot", "/x%2ejson"},
		{"escaped slash", "/x%2fy"}, {"escaped slash, capitals", "/..%2Fplaces"}, {"escaped backslash", "/..%5cplaces"}, {"escaped backslash, capitals", "/x%5Cy"},
		{"backslash", `/..\places`}, {"backslash inside", `/x\y`}, {"two slashes", "//x"}, {"two slashes before dots", "//../places"}, {"two slashes at the end", "/x//"},
		{"escaped twice", "/%252e%252e/places"}, {"escape made of escapes", "/%25%32%65"}, {"escape half made of escapes", "/%252%65"}, {"escaped blank, twice", "/x%2520y"},
		{"NUL", "/x%00y"}, {"line feed", "/x%0ay"}, {"carriage return and line feed", "/x%0d%0aX-A:%20b"}, {"last control character", "/%1f"}, {"delete", "/x%7Fy"}, {"C1", "/x%C2%85y"},
		{"bad escape", "/%zz"}, {"bad second digit", "/%4g"}, {"cut escape", "/%2"}, {"cut escape before a slash", "/%2/admin"}, {"cut escape before a semicolon", "/%2;x"},
		{"percent sign alone", "/x%"}, {"wide escape", "/%u002e%u002e/places"}, {"comma and then dots", "/%2C/../admin"},
		{"overlong dot", "/%c0%ae%c0%ae/places"}, {"overlong slash", "/..%c0%afplaces"}, {"overlong slash of three", "/%e0%80%af"}, {"overlong slash of four", "/%f0%80%80%af"},
		{"overlong slash of five", "/%F8%88%80%80%AF"}, {"byte that begins nothing", "/%80"}, {"byte of no text", "/%ff"}, {"cut letter", "/%C3"}, {"cut letter of three", "/%e2%82"},
		{"surrogate", "/%ED%A0%80"}, {"beyond Unicode", "/%f4%90%80%80"}, {"raw byte that begins nothing", "/\x80"}, {"raw byte of no text", "/\xff"},
		{"U+FFFD", "/%EF%BF%BD"}, {"U+FFFD, small letters", "/x%ef%bf%bdy"}, {"U+FFFD as it is", "/\ufffd"}, {"U+FFFD, escaped in part", "/\xef%BF%BD"},
	}
}

// Whole are request targets, not paths that are guarded, that every guard must
// refuse.
func Whole() []string {
	return []string{"*", "rates", "//rates/x", "/./rates/x", "/x/../rates", `\rates`, "/%2frates", "/%72ates/../places", "http://h/rates/../places", "http://h/rates#x", "http://h/rates/..;/x", "http://h//rates"}
}

// Clear are what every guard must let through, after a path that is guarded.
func Clear() []string {
	return []string{
		"", "/", "/x", "/x/", "/x.json", "/...", "/.x/..y/z.", "/a%20b%2c", "/caf%C3%A9/%e2%82%ac/%F0%9F%98%80", "/%EF%BF%BC/%ef%be%bd/%EF%BD%BF/%ee%bf%bd/%ef%80%80", "/%41%7a", "/100%25", "/100%25/x", "/a%3Fb%23c",
		"/a:b@c,d=e&f+g!$'()*~_-", "?a=/../b", "/x?y=%2e%2e//;%00\\",
	}
}

// Allowed and Denied identify an unclear target by its text up to the query, in the
// words that RE2 and PCRE share, whatever the case of the letters: it is one that
// Allowed does not match or that Denied matches. They hold no backslash, no
// braces and no quotes, so that each configuration can have them as they are.
// Allowed knows what RFC 3986 lets a path hold, and escapes that are UTF-8 and
// not U+FFFD, which encoders put in the place of what is none.
const (
	Allowed = "^/([a-z0-9/._~!$&-,:=@-]|%(" + ascii + "|" + two + "|" + three + "|" + four + "))*([?]|$)"
	Denied  = "^[^?]*(//|/[.][.]?([/?]|$)|%25[0-9a-f%])"

	ascii = "2[0-9a-d]|3[0-9ac-f]|[46][0-9a-f]|5[0-9abd-f]|7[0-9a-e]"
	more  = "%[89ab][0-9a-f]"
	two   = "c2%[ab][0-9a-f]|(c[3-9a-f]|d[0-9a-f])" + more
	three = "e0%[ab][0-9a-f]" + more + "|e[1-9a-ce]" + more + more + "|ed%[89][0-9a-f]" + more +
		"|ef%([89a][0-9a-f]|b[0-9a-e])" + more + "|ef%bf%([89a][0-9a-f]|b[0-9abcef])"
	four = "f0%[9ab][0-9a-f]" + more + more + "|f[1-3]" + more + more + more + "|f4%8[0-9a-f]" + more + more
)

// Targets are the tricks after a path, and the whole ones.
func Targets(path string) []string {
	out := Whole()
	for _, t := range Unclear() {
		out = append(out, strings.TrimSuffix(path, "/")+t.After)
	}
	return out
}
