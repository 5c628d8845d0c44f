package main

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// mutant is one mistake: the text from start to end of a file becomes another.
type mutant struct {
	number     int
	file       string // relative to the tree
	function   string // or variable in which it is
	nth        int    // among the function's lines with the same diff, from 1
	line       int
	what       string
	start, end int // offsets
	instead    string
	source     []byte
}

// diff returns the changed lines as they were and as they are, trimmed, each
// joined by a space.
func (m *mutant) diff() (before, after string) {
	from := m.lineStart()
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
	where := m.file + ": " + m.function
	if m.nth > 1 {
		where += "#" + strconv.Itoa(m.nth)
	}
	return where + ": " + before + "\n" + strings.TrimSpace("=> "+after)
}

// lineStart returns the offset of the line on which the mistake begins.
func (m *mutant) lineStart() int { return bytes.LastIndexByte(m.source[:m.start], '\n') + 1 }

// countLines sets nth of the mutants of a file.
func countLines(mutants []*mutant) {
	lines := map[string][]int{}
	inOrder := slices.SortedFunc(slices.Values(mutants), func(a, b *mutant) int { return a.start - b.start })
	for _, m := range inOrder {
		m.nth = 1 // the key's, while lines are counted
		key, start := m.key(), m.lineStart()
		if !slices.Contains(lines[key], start) {
			lines[key] = append(lines[key], start)
		}
		m.nth += slices.Index(lines[key], start)
	}
}
