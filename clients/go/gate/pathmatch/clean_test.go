package pathmatch_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"portico/clients/go/gate/pathmatch"
	"portico/clients/go/gate/pathmatch/tricks"
)

func TestClean(t *testing.T) {
	for target, want := range map[string]string{
		"/":                               "/",
		"/orders/1":                       "/orders/1",
		"/orders/":                        "/orders/",
		"/orders?a=/../b":                 "/orders",
		"/orders?x#y":                     "/orders",
		"/?":                              "/",
		"/a.b/..c/.d/...":                 "/a.b/..c/.d/...",
		"/%41%7a%2D":                      "/Az-",
		"/caf%C3%A9/%c3%a9":               "/café/é",
		"/café":                           "/café",
		"/a%20b%2c":                       "/a%20b%2C",
		"/a%3Fb%23c":                      "/a%3Fb%23c",
		"/100%25":                         "/100%25",
		"/100%25x":                        "/100%25x",
		"/%25g4/%254g":                    "/%25g4/%254g",
		"/a:b@c,d=e&f+g!$'()*":            "/a:b@c,d=e&f+g!$'()*",
		"https://api.example.com/a/b?c":   "/a/b",
		"HTTP://127.0.0.1:80/a":           "/a",
		"http://[::1]:8080/a":             "/a",
		"http://example.com":              "/",
		"http://example.com?a=/b":         "/",
		"/" + strings.Repeat("a/", 1<<16): "/" + strings.Repeat("a/", 1<<16),
		"/a?\xff\x00":                     "/a",
	} {
		if got, ok := pathmatch.Clean(target); got != want || !ok {
			t.Errorf("%.60q is %.60q, %v; want %.60q", target, got, ok, want)
		}
	}
}

func TestCleanAcceptsUnambiguousPaths(t *testing.T) {
	for _, after := range tricks.Clear() {
		if got, ok := pathmatch.Clean("/orders" + after); !ok {
			t.Errorf("%q is refused: %q", after, got)
		}
	}
}

func TestCleanRefusesAmbiguousPaths(t *testing.T) {
	for _, target := range []string{
		"", "?", "#", "*", "orders", "orders/1", " /a", "/a b", "/a\tb", "/a\r\nX: y", "/\x00", "/\x7f", "/a\u0085",
		"//", "//evil.example/a", "/a//b", "/a//", "/.", "/..", "/./a", "/../a", "/a/.", "/a/..", "/a/../b", "/a/./b",
		"/%2e%2e", "/%2E", "/a/%2e%2e/b", "/a/.%2e/b", "/file%2ejson", "/a%2fb", "/a%2Fb", "/a%5cb", `/a\b`, `/..\b`,
		"/a%00b", "/a%0ab", "/a%7Fb", "/a%C2%85", "/a;b", "/..;/b", "/a%3bb", "/%252e%252e/b", "/%25%32%65", "/%252%65", "/a%2520b",
		"/%", "/%2", "/%zz", "/%4", "/%u002e", "/a%", "/\xff", "/%ff", "/%C3", "/%c0%ae", "/%c0%af", "/%ED%A0%80", "/%F8%88%80%80%AF",
		"http:///a", "http://u:p@example.com/a", `http://example.com\@evil/a`, "http://a b/c", "ftp://example.com/a", "://a/b", "http:/a",
		"javascript:alert(1)", "example.com:443", "http://example.com//a", "http://example.com/../a",
		"/orders#x", "/a#?b", "http://example.com#/a", "http://example.com/a#b", "/\x80", "/%80", "/%1f",
		"/%2C/../admin", "/%2/admin", "/%4g", "/%4G", "/%4`", "/%4@", "/%4:", "/%g4", "/%2;x", "/%/0%9F%98%80", "/a\ufffd", "/%EF%BF%BD", "/%ef%bf%bd/x", "/%EF\xbf\xbd",
	} {
		if got, ok := pathmatch.Clean(target); ok || got != "" {
			t.Errorf("%q is taken for %q", target, got)
		}
	}
	for _, target := range tricks.Targets("/orders") {
		if got, ok := pathmatch.Clean(target); ok || got != "" {
			t.Errorf("%q is taken for %q", target, got)
		}
	}
}

// targets generates request targets that are likely to be ambiguous.
func targets() *rapid.Generator[string] {
	pieces := rapid.SampledFrom([]string{
		"/", "a", "orders", "Z", ".", "..", "%", "%2e", "%2E", "%2f", "%5C", "%41", "%c3%a9", "%C3", "%25", "%32", "%65", "25", "2e", "é", "\xff", "?", "#",
		";", "\\", " ", "\x00", "%00", "%20", "%2c", "http://h", "https://h:1/", "{id}", "%3f", "~",
	})
	return rapid.Custom(func(t *rapid.T) string {
		return rapid.SampledFrom([]string{"", "/", "/", "/", "/"}).Draw(t, "start") + strings.Join(rapid.SliceOfN(pieces, 0, 8).Draw(t, "pieces"), "")
	})
}

// checkClean checks the properties that Clean has for every target.
func checkClean(t interface{ Fatalf(string, ...any) }, target string) {
	path, ok := pathmatch.Clean(target)
	if !ok {
		if path != "" {
			t.Fatalf("%q is refused and still returns %q", target, path)
		}
		return
	}
	if again, ok := pathmatch.Clean(path); !ok || again != path {
		t.Fatalf("%q is %q, and that is %q, %v", target, path, again, ok)
	}
	if path[0] != '/' || strings.ContainsAny(path, "\\;?# \x00\r\n") || strings.Contains(path, "//") || strings.Contains(path+"/", "/../") || strings.Contains(path+"/", "/./") {
		t.Fatalf("%q is %q", target, path)
	}
	if upper := strings.ToUpper(path); strings.Contains(upper, "%2E") || strings.Contains(upper, "%2F") || strings.Contains(upper, "%5C") || strings.Contains(upper, "%0") {
		t.Fatalf("%q is %q", target, path)
	}
}

func TestCleanIsIdempotent(t *testing.T) {
	cleaned := 0
	rapid.Check(t, func(t *rapid.T) {
		target := targets().Draw(t, "target")
		checkClean(t, target)
		if _, ok := pathmatch.Clean(target); ok {
			cleaned++
		}
	})
	if cleaned == 0 {
		t.Error("no target was clean: the test tests nothing")
	}
}

func TestCleanAllocatesNothing(t *testing.T) {
	for _, target := range []string{"/orders/1", "https://api.example.com/orders/1?x=y", "/caf\u00e9", "/a%20b", "/a/../b", "/%2e"} {
		if n := testing.AllocsPerRun(100, func() { pathmatch.Clean(target) }); n != 0 {
			t.Errorf("%q takes %v allocations", target, n)
		}
	}
}

func BenchmarkClean(b *testing.B) {
	for _, target := range []string{"/orders/0b7c2d1e/items/42", "/orders/0b7c2d1e/items/42?expand=all", "/caf%C3%A9/%41"} {
		b.Run(target, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := pathmatch.Clean(target); !ok {
					b.Fatal("refused")
				}
			}
		})
	}
}
