package main

import (
	"strings"
	"testing"
)

// A reason for one line excuses no other line of the same text.
func TestKeysDifferBetweenEqualLines(t *testing.T) {
	const source = "if a == b {\n}\nif a == b {\n}\nif a == b {\n}\n"
	at := func(function string, nth int) *mutant {
		start := 0
		for range nth {
			start += strings.Index(source[start+1:], "==") + 1
		}
		return &mutant{file: "p/f.go", function: function, start: start, end: start + len("=="), instead: "!=", source: []byte(source)}
	}
	mutants := []*mutant{at("T.second", 3), at("first", 2), at("first", 1)} // in the order of no text
	countLines(mutants)
	for i, want := range []string{"p/f.go: T.second: if a == b {\n=> if a != b {", "p/f.go: first#2: if a == b {\n=> if a != b {", "p/f.go: first: if a == b {\n=> if a != b {"} {
		if got := mutants[i].key(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	known := equivalents{mutants[2].key(): "", "p/f.go: gone: x\n=>": "", "q/f.go: first: x\n=>": ""}
	r := &report{path: "p", mutants: mutants, all: mutants, fate: map[int]fate{}}
	if stale := known.stale(r, ""); len(stale) != 1 || stale[0] != "p/f.go: gone: x\n=>" {
		t.Errorf("stale: %q", stale)
	}
	if among := known.among(mutants); len(among) != 1 || among[0] != mutants[2] {
		t.Errorf("listed: %d mutants", len(among))
	}
}
