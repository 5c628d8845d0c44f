package pathmatch_test

import (
	"strings"
	"testing"

	"portico/clients/go/gate/pathmatch"
)

func FuzzClean(f *testing.F) {
	for _, seed := range []string{
		"", "/", "/orders/1?x#y", "/a/../b", "/%2e%2e/%2f", "//h/a", "/%252e", "/%25%32%65", "/caf%c3%a9", "/a%20b", "/a;b/..;/", `/a\b`, "http://h:80/a", "http://u@h/a",
		"https://[::1]/%41", "/\xff", "/%c0%ae", "/%", "*", "/a\r\nX: y", "/100%25",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, target string) { checkClean(t, target) })
}

func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{"/", "/orders/{id}", "/files/{path...}", "/{a}/{a}", "/{", "/{}", "/a//b", "/..", "/%41", "/é", "/{...}", "/a/", "orders"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		template, err := pathmatch.Parse(text)
		if err != nil {
			if template != (pathmatch.Template{}) || err.Error() == "" {
				t.Fatalf("%q is refused and still returns %q", text, template)
			}
			return
		}
		if template.String() != text {
			t.Fatalf("%q reads back as %q", text, template)
		}
		path := example(text)
		if clean, ok := pathmatch.Clean(path); !ok || clean != path || !template.Matches(path) {
			t.Fatalf("%q does not mean %q", text, path)
		}
		if _, ok := pathmatch.NewSet([]pathmatch.Route{{ID: id(0), Method: "GET", Path: template}}).Match("GET", path); !ok {
			t.Fatalf("a set of %q alone does not find it for %q", text, path)
		}
	})
}

// example returns a path that matches a valid template.
func example(template string) string {
	segments := strings.Split(template, "/")
	for i, s := range segments {
		if strings.HasSuffix(s, "...}") {
			segments[i] = "x/y"
		} else if strings.HasPrefix(s, "{") {
			segments[i] = "x"
		}
	}
	return strings.Join(segments, "/")
}

// A path that is not clean matches no endpoint, and the set agrees with the template.
func FuzzMatch(f *testing.F) {
	for _, seed := range [][3]string{
		{"/orders/{id}", "GET", "/orders/1"}, {"/{all...}", "GET", "/a/../b"}, {"/{all...}", "HEAD", "//"}, {"/{a}/{b}", "", "/%2e/x"}, {"/a/{b...}", "ANY", "/a/"},
		{"/a", "get", "/%61"}, {"/{a}", "POST", "/\xff"}, {"/{a}", "GET", "/a;b"}, {"/{a}", "GET", "/%C3%A9"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, text, method, path string) {
		template, err := pathmatch.Parse(text)
		if err != nil {
			return
		}
		means := template.Matches(path)
		if clean, ok := pathmatch.Clean(path); means && (!ok || clean != path) {
			t.Fatalf("%q means %q, which is not clean", text, path)
		}
		alone := pathmatch.NewSet([]pathmatch.Route{{ID: id(0), Method: "ANY", Path: template}})
		if _, ok := alone.Match(method, path); ok != means {
			t.Fatalf("%q: the set says %v of %q", text, ok, path)
		}
		among := pathmatch.NewSet(routes(t, "ANY /{all...}", "GET /orders/{id}", "ANY /{a}"))
		if _, ok := among.Match(method, path); means && !ok {
			t.Fatalf("%q means %q, and /{all...} does not", text, path)
		}
	})
}
