package main

import (
	"fmt"
	"strings"
)

// mutant is one mistake: the text from start to end of a file becomes another.
type mutant struct {
	number     int
	file       string // relative to the tree
	line       int
	what       string
	start, end int // offsets
	instead    string
	source     []byte
}

// diff returns the changed lines as they were and as they are, trimmed, each
// joined by a space.
func (m *mutant) diff() (before, after string) {
	from := strings.LastIndexByte(string(m.source[:m.start]), '\n') + 1
	to := len(m.source)
	if i := strings.IndexByte(string(m.source[m.end:]), '\n'); i >= 0 {
		to = m.end + i
	}
	old := string(m.source[from:to])
	now := string(m.source[from:m.start]) + m.instead + string(m.source[m.end:to])
	return flat(old), flat(now)
}

// flat returns a text on one line.
func flat(s string) string { return strings.Join(strings.Fields(s), " ") }

// key returns what identifies a mutant although lines move: two lines.
func (m *mutant) key() string {
	before, after := m.diff()
	return fmt.Sprintf("%s: %s\n%s", m.file, before, strings.TrimSpace("=> "+after))
}
