package pathmatch_test

import (
	"strings"
	"testing"

	"portico/clients/go/gate/pathmatch"
)

func parse(t testing.TB, text string) pathmatch.Template {
	t.Helper()
	out, err := pathmatch.Parse(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return out
}

func TestTemplates(t *testing.T) {
	for _, text := range []string{
		"/", "/orders", "/orders/", "/orders/{id}", "/{a}/{b}", "/files/{path...}", "/{all...}", "/v1.2/a-b_c~d", "/...",
		"/" + strings.Repeat("a", pathmatch.MaxLength-1), strings.Repeat("/a", pathmatch.MaxSegments), "/{order-id}/{Order_ID}", "/azAZ09", "/{azAZ09}",
	} {
		if got := parse(t, text); got.String() != text {
			t.Errorf("%q reads back as %q", text, got)
		}
	}
}

func TestBadTemplates(t *testing.T) {
	for text, want := range map[string]string{
		"":            "a path is needed",
		"orders":      "begin with a slash",
		"//":          "two slashes",
		"/a//b":       "two slashes",
		"/a/../b":     "servers resolve",
		"/.":          "servers resolve",
		"/a b":        "may hold",
		"/@":          "may hold",
		"/[":          "may hold",
		"/`":          "may hold",
		"/:":          "may hold",
		"/{a~b}":      "a name in braces",
		"/{a.b}":      "a name in braces",
		"/a%20b":      "may hold",
		"/é":          "may hold",
		"/a?b":        "may hold",
		"/a;b":        "may hold",
		"/\x00":       "may hold",
		"/\xff":       "may hold",
		"/*":          "may hold",
		"/{}":         "name in braces",
		"/{...}":      "name in braces",
		"/{a b}":      "name in braces",
		"/{a":         "whole segment",
		"/a}":         "whole segment",
		"/v{n}":       "whole segment",
		"/{id}.json":  "whole segment",
		"/{{id}}":     "name in braces",
		"/{a}/{a}":    "comes twice",
		"/{a}/{a...}": "comes twice",
		"/{a...}/b":   "must be the last",
		"/{a...}/":    "must be the last",
		strings.Repeat("/a", pathmatch.MaxSegments+1):  "segments",
		"/" + strings.Repeat("a", pathmatch.MaxLength): "longer than",
	} {
		if got, err := pathmatch.Parse(text); err == nil || !strings.Contains(err.Error(), want) || got != (pathmatch.Template{}) {
			t.Errorf("%.60q returns %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		template string
		yes, no  string
	}{
		{"/", "/", "/a // ? /."},
		{"/orders", "/orders", "/ /orders/ /Orders /order /orders/1 orders /orders? /%6frders"},
		{"/orders/", "/orders/", "/orders /orders//"},
		{"/orders/{id}", "/orders/1 /orders/%2C /orders/é /orders/{id} /orders/...", "/orders /orders/ /orders/1/ /orders/1/x /orders/.. /orders/a;b /orders/%2F"},
		{"/{a}/x/{b}", "/1/x/2", "/1/y/2 //x/2 /1/x/"},
		{"/files/{path...}", "/files/ /files/a /files/a/b/ /files/a/b", "/files /filesa /files/a//b /files/../x"},
		{"/{all...}", "/ /a /a/b", " a //"},
	} {
		template := parse(t, c.template)
		for path := range strings.SplitSeq(c.yes, " ") {
			if !template.Matches(path) {
				t.Errorf("%s does not mean %q", template, path)
			}
		}
		for path := range strings.SplitSeq(c.no, " ") {
			if template.Matches(path) {
				t.Errorf("%s means %q", template, path)
			}
		}
	}
	if (pathmatch.Template{}).Matches("/") || (pathmatch.Template{}).Matches("") {
		t.Error("the zero template means something")
	}
}

// Templates have one shape if they differ at most in the names in braces.
func TestShape(t *testing.T) {
	for text, want := range map[string]string{
		"/": "/", "/a": "/a", "/a/": "/a/", "/A": "/A", "/{id}": "/{}", "/a/{x}/b": "/a/{}/b", "/{a...}": "/{...}", "/{a}/{b...}": "/{}/{...}", "/a/id": "/a/id",
	} {
		if got := parse(t, text).Shape(); got != want {
			t.Errorf("the shape of %s is %s, not %s", text, got, want)
		}
	}
}

// What Clean does not return matches nothing, whatever the template.
func TestUncleanPathsMatchNothing(t *testing.T) {
	for _, path := range []string{"", "a", "/a?b", "/a#b", "/a;b", "/a b", "/a\\b", "/a\x7f", "/%41", "/%2c", "/%2e", "/..", "/a//b", "/\xff"} {
		for _, text := range []string{"/{id}", "/{all...}"} {
			if parse(t, text).Matches(path) {
				t.Errorf("%s matches %q", text, path)
			}
		}
	}
	for _, path := range []string{"/a", "/%2C", "/é"} {
		if !parse(t, "/{id}").Matches(path) {
			t.Errorf("%q is not matched", path)
		}
	}
}
