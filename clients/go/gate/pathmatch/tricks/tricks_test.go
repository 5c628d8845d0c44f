package tricks_test

import (
	"regexp"
	"strings"
	"testing"

	"portico/clients/go/gate/pathmatch"
	"portico/clients/go/gate/pathmatch/tricks"
)

var (
	allowed = regexp.MustCompile("(?i)" + tricks.Allowed)
	denied  = regexp.MustCompile("(?i)" + tricks.Denied)
)

func TestThePatternsAgreeWithTheTable(t *testing.T) {
	for _, target := range tricks.Targets("/rates") {
		if allowed.MatchString(target) && !denied.MatchString(target) {
			t.Errorf("the patterns let %q through", target)
		}
	}
	for _, after := range tricks.Clear() {
		if target := "/rates" + after; !allowed.MatchString(target) || denied.MatchString(target) {
			t.Errorf("the patterns refuse %q", target)
		}
	}
}

// What the patterns let through the matcher reads, whatever the text.
func FuzzThePatternsAreNoLooserThanTheMatcher(f *testing.F) {
	for _, target := range tricks.Targets("/rates") {
		f.Add(target)
	}
	for _, after := range tricks.Clear() {
		f.Add("/rates" + after)
	}
	for a := range 256 { // every escape of one byte, and of two
		f.Add("/" + escape(a))
		for b := range 256 {
			if _, ok := pathmatch.Clean("/" + escape(a) + escape(b)); !ok && allowed.MatchString("/"+escape(a)+escape(b)) && !denied.MatchString("/"+escape(a)+escape(b)) {
				f.Errorf("the patterns let %%%02x%%%02x through", a, b)
			}
		}
	}
	f.Fuzz(func(t *testing.T, target string) {
		if _, ok := pathmatch.Clean(target); !ok && !strings.ContainsAny(target, "\n") && allowed.MatchString(target) && !denied.MatchString(target) {
			t.Fatalf("the patterns let %q through", target)
		}
	})
}

// The patterns and the matcher agree on every letter of several bytes, as far as
// the edges of what is UTF-8 go.
func TestThePatternsAgreeOnEveryLetter(t *testing.T) {
	edges := []int{0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xaf, 0xb0, 0xbb, 0xbc, 0xbd, 0xbe, 0xbf, 0xc0}
	try := func(bytes ...int) {
		target := "/"
		for _, b := range bytes {
			target += escape(b)
		}
		_, clear := pathmatch.Clean(target)
		if passes := allowed.MatchString(target) && !denied.MatchString(target); passes != clear {
			t.Errorf("%s: the patterns let it pass: %v; the matcher: %v", target, passes, clear)
		}
	}
	for first := 0xbf; first <= 0xff; first++ {
		for _, second := range edges {
			try(first, second)
			for _, third := range edges {
				try(first, second, third)
				for _, fourth := range []int{0x80, 0xbd, 0xbf, 0xc0} {
					try(first, second, third, fourth)
				}
			}
		}
	}
}

func escape(b int) string {
	const digits = "0123456789abcdef"
	return "%" + string(digits[b>>4]) + string(digits[b&15])
}
