package pathmatch_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/pathmatch"
)

// routes parses lines such as "GET /orders/{id}"; the nth has the nth id.
func routes(t testing.TB, lines ...string) []pathmatch.Route {
	t.Helper()
	var out []pathmatch.Route
	for i, line := range lines {
		method, path, _ := strings.Cut(line, " ")
		out = append(out, pathmatch.Route{ID: id(i), Method: access.Method(method), Path: parse(t, path)})
	}
	return out
}

func id(i int) uuid.UUID { return uuid.UUID{14: byte(i >> 8), 15: byte(i + 1)} }

func TestMostLiteralEndpointWins(t *testing.T) {
	lines := []string{
		"GET /orders/{id}", "GET /orders/export", "ANY /orders/{id}", "ANY /orders/{id...}", "POST /orders",
		"GET /a/{x}/{y}", "GET /{w}/b/c", "GET /a/{x}/c", "GET /a/b/{y}", "HEAD /orders/export", "ANY /orders/export/", "GET /",
		"GET /{x}/{y...}", "GET /{x}/{y}",
	}
	set := pathmatch.NewSet(routes(t, lines...))
	for call, want := range map[string]string{
		"GET /orders/1":         "GET /orders/{id}",
		"HEAD /orders/1":        "GET /orders/{id}",
		"DELETE /orders/1":      "ANY /orders/{id}",
		" /orders/1":            "ANY /orders/{id}",
		"GET /orders/1/2":       "ANY /orders/{id...}",
		"GET /orders/":          "ANY /orders/{id...}",
		"GET /orders/export":    "GET /orders/export",
		"HEAD /orders/export":   "HEAD /orders/export",
		"DELETE /orders/export": "ANY /orders/{id}",
		"GET /orders/export/":   "ANY /orders/export/",
		"POST /orders":          "POST /orders",
		"GET /orders":           "",
		"get /orders/export":    "ANY /orders/{id}",
		"GET /a/b/c":            "GET /a/b/{y}", // two literals each: the left one decides
		"GET /a/z/c":            "GET /a/{x}/c",
		"GET /z/b/c":            "GET /{w}/b/c",
		"GET /a/z/z":            "GET /a/{x}/{y}",
		"GET /z/z":              "GET /{x}/{y}",
		"GET /z/z/z/z":          "GET /{x}/{y...}",
		"GET /z/":               "GET /{x}/{y...}",
		"GET /":                 "GET /",
		"POST /":                "",
		"GET /orders/../orders": "",
		"GET //":                "",
		"GET ":                  "",
		"GET /orders/%31":       "",
	} {
		method, path, _ := strings.Cut(call, " ")
		got, ok := set.Match(method, path)
		if found := slices.Index(lines, want); ok != (found >= 0) || ok && got != id(found) || !ok && got != uuid.Nil {
			t.Errorf("%s is for %v, %v; want %q", call, got, ok, want)
		}
	}
}

// Each rule of precedence decides although the later rules prefer the other template,
// in either order of the templates.
func TestPrecedenceOfRules(t *testing.T) {
	for _, c := range []struct{ rule, call, want, other string }{
		{"most literals, before the first difference", "GET /a/b/c", "GET /{x}/b/c", "GET /a/{x}/{y}"},
		{"most literals, before no rest", "GET /a/b/c", "GET /a/b/{rest...}", "GET /a/{x}/{y}"},
		{"most literals, before the exact method", "GET /a/b", "ANY /{x}/b", "GET /{x}/{y}"},
		{"no rest, before the first difference", "GET /a/b", "GET /{x}/b", "GET /a/{rest...}"},
		{"no rest, before the exact method", "GET /a/b", "ANY /{x}/b", "GET /a/{rest...}"},
		{"no rest, of the same beginning", "GET /a/b", "GET /a/{x}", "GET /a/{rest...}"},
		{"no rest, at the end", "GET /a/", "GET /a/", "GET /a/{rest...}"},
		{"first difference, before the exact method", "GET /a/b", "ANY /a/{x}", "GET /{x}/b"},
		{"first difference, of two with a rest", "GET /a/b/c", "GET /a/{x}/{rest...}", "GET /{x}/b/{rest...}"},
		{"first difference, though the rest is longer", "GET /a/b/c", "GET /a/{x}/{rest...}", "GET /a/{rest...}"},
		{"exact method, before GET for HEAD", "HEAD /a/b", "HEAD /a/{x}", "GET /a/{y}"},
		{"exact method, before any", "HEAD /a/b", "HEAD /a/{x}", "ANY /a/{y}"},
		{"GET for HEAD, before any", "HEAD /a/b", "GET /a/{x}", "ANY /a/{y}"},
		{"GET is for HEAD alone", "POST /a/b", "ANY /a/{x}", "GET /a/{y}"},
		{"HEAD is not for GET", "GET /a/b", "ANY /a/{x}", "HEAD /a/{y}"},
		{"a method that does not fit has no literals", "POST /a/b", "ANY /{x}/{y}", "GET /a/b"},
	} {
		method, path, _ := strings.Cut(c.call, " ")
		for want, lines := range [][]string{{c.want, c.other}, {c.other, c.want}} {
			set := pathmatch.NewSet(routes(t, lines...))
			if got, ok := set.Match(method, path); !ok || got != id(want) {
				t.Errorf("%s: of %q, %s is not for %s", c.rule, lines, c.call, c.want)
			}
			if _, ok := set.MatchAmong(method, path, []uuid.UUID{id(1 - want)}); ok {
				t.Errorf("%s: of %q, %s is for %s, where that alone is allowed", c.rule, lines, c.call, c.other)
			}
		}
	}
}

func TestMatchAmong(t *testing.T) {
	set := pathmatch.NewSet(routes(t, "GET /orders/{id}", "GET /orders/export", "GET /orders/{number}", "ANY /orders/{id}"))
	for _, c := range []struct {
		name, method, path string
		among              []int
		want               int // -1: none
	}{
		{"the call's endpoint", "GET", "/orders/1", []int{0}, 0},
		{"not /orders/{id} for /orders/export", "GET", "/orders/export", []int{0, 2, 3}, -1},
		{"another name of the same template", "GET", "/orders/1", []int{2}, 2},
		{"a less exact method", "GET", "/orders/1", []int{3}, -1},
		{"any method", "PUT", "/orders/export", []int{3}, 3},
		{"none", "GET", "/orders/1", nil, -1},
		{"an endpoint that is gone", "GET", "/orders/1", []int{99}, -1},
		{"an unclean path", "GET", "/orders/x/../1", []int{0, 1, 2, 3}, -1},
		{"no path", "GET", "", []int{0, 1, 2, 3}, -1},
	} {
		var among []uuid.UUID
		for _, i := range c.among {
			among = append(among, id(i))
		}
		got, ok := set.MatchAmong(c.method, c.path, among)
		if ok != (c.want >= 0) || ok && got != id(c.want) || !ok && got != uuid.Nil {
			t.Errorf("%s: %v, %v", c.name, got, ok)
		}
	}
}

func TestNoSet(t *testing.T) {
	for _, set := range []*pathmatch.Set{nil, pathmatch.NewSet(nil), pathmatch.NewSet([]pathmatch.Route{{ID: id(0), Method: access.MethodAny}})} {
		if _, ok := set.Match("GET", "/"); ok {
			t.Error("an empty set matches")
		}
		if _, ok := set.MatchAmong("GET", "/", []uuid.UUID{id(0)}); ok {
			t.Error("an empty set matches among some")
		}
	}
}

func templates() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		var b strings.Builder
		for i := range rapid.IntRange(1, 4).Draw(t, "segments") {
			s := rapid.SampledFrom([]string{"a", "b", "c", "{}"}).Draw(t, "segment")
			b.WriteString("/" + strings.Replace(s, "{}", fmt.Sprintf("{p%d}", i), 1))
		}
		return b.String() + rapid.SampledFrom([]string{"", "", "/", "/{rest...}"}).Draw(t, "end")
	})
}

// The tree finds the same as a check of each template in turn: an endpoint that
// matches the path, and none with more literals.
func TestSetAgreesWithItsTemplates(t *testing.T) {
	matched := 0
	rapid.Check(t, func(t *rapid.T) {
		var all []pathmatch.Route
		for i, text := range rapid.SliceOfN(templates(), 1, 12).Draw(t, "templates") {
			parsed, err := pathmatch.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			method := rapid.SampledFrom([]access.Method{access.MethodAny, access.MethodGet, access.MethodHead, access.MethodPost}).Draw(t, "method")
			all = append(all, pathmatch.Route{ID: id(i), Method: method, Path: parsed})
		}
		path := "/" + strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "z"}), 0, 5).Draw(t, "path"), "/") + rapid.SampledFrom([]string{"", "/"}).Draw(t, "end")
		if len(all) > 0 && rapid.IntRange(0, 9).Draw(t, "of a template") > 0 {
			path = example(rapid.SampledFrom(all).Draw(t, "meant").Path.String())
		}
		method := rapid.SampledFrom([]string{"GET", "HEAD", "POST", "PUT", ""}).Draw(t, "called")
		got, ok := pathmatch.NewSet(all).Match(method, path)

		literals := func(r pathmatch.Route) int {
			return strings.Count(r.Path.String(), "/") - strings.Count(r.Path.String(), "{")
		}
		most := -1
		for _, r := range all {
			if fits(r.Method, method) && r.Path.Matches(path) {
				most = max(most, literals(r))
			}
		}
		if ok != (most >= 0) {
			t.Fatalf("%s %s: %v, but the templates say %d", method, path, ok, most)
		}
		if !ok {
			return
		}
		matched++
		found := all[slices.IndexFunc(all, func(r pathmatch.Route) bool { return r.ID == got })]
		for _, r := range all {
			if r.Path.Matches(path) && fits(r.Method, method) && literals(r) == most && strings.HasSuffix(found.Path.String(), "...}") && !strings.HasSuffix(r.Path.String(), "...}") {
				t.Fatalf("%s %s is for %s, not for %s", method, path, found.Path, r.Path)
			}
		}
		if !found.Path.Matches(path) || !fits(found.Method, method) || literals(found) != most {
			t.Fatalf("%s %s is for %s %s", method, path, found.Method, found.Path)
		}
		if among, ok := pathmatch.NewSet(all).MatchAmong(method, path, []uuid.UUID{got}); !ok || among != got {
			t.Fatalf("%s %s is for %s, but not when that is allowed", method, path, found.Path)
		}
	})
	if matched == 0 {
		t.Error("nothing matched: the test tests nothing")
	}
}

func fits(of access.Method, method string) bool {
	return of == access.MethodAny || string(of) == method || of == access.MethodGet && method == "HEAD"
}

func hundred(t testing.TB) *pathmatch.Set {
	var lines []string
	for i := range 25 {
		lines = append(lines, fmt.Sprintf("GET /v1/things%d", i), fmt.Sprintf("GET /v1/things%d/{id}", i), fmt.Sprintf("ANY /v1/things%d/{id}/parts/{part}", i), fmt.Sprintf("ANY /v1/{kind}/x%d/{path...}", i))
	}
	return pathmatch.NewSet(routes(t, lines...))
}

func TestMatchAllocatesNothing(t *testing.T) {
	set := hundred(t)
	among := []uuid.UUID{id(42)}
	if n := testing.AllocsPerRun(1000, func() {
		set.Match("GET", "/v1/things7/42/parts/x")
		set.Match("HEAD", "/v1/things7/caf\u00e9")
		set.Match("GET", "/v1/none/../x")
		set.MatchAmong("GET", "/v1/things10/42/parts/x", among)
	}); n != 0 {
		t.Errorf("matching takes %v allocations", n)
	}
}

func BenchmarkMatch(b *testing.B) {
	set := hundred(b)
	for name, path := range map[string]string{"literal": "/v1/things7", "parts": "/v1/things7/42/parts/x", "none": "/v2/things7/42/parts/x"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := set.Match("GET", path); ok == (name == "none") {
					b.Fatal(ok)
				}
			}
		})
	}
}
