package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
)

// equivalents are the mutants that make no difference: their keys, and why.
type equivalents map[string]string

// readEquivalents reads a file with three lines for each mutant: its key in two
// (the file with the line, and what becomes of it), and the reason behind "#".
// Empty lines are skipped.
func readEquivalents(name string) (equivalents, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return equivalents{}, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out := equivalents{}
	var key []string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		switch {
		case line == "":
		case strings.HasPrefix(line, "#") && len(key) == 2:
			out[strings.Join(key, "\n")] = strings.TrimSpace(line[1:])
			key = nil
		case strings.HasPrefix(line, "#") && len(key) == 0:
		default:
			key = append(key, line)
		}
	}
	if len(key) > 0 {
		return nil, fmt.Errorf("%s: there is no reason behind %q", name, key)
	}
	return out, lines.Err()
}

// stale returns the keys of a package's mutants that the package does not have: their
// lines were changed, and the reasons have to be thought about again.
func (e equivalents) stale(r *report) (out []string) {
	exist := map[string]bool{}
	for _, m := range r.mutants {
		exist[m.key()] = true
	}
	for _, key := range slices.Sorted(maps.Keys(e)) {
		file, _, _ := strings.Cut(key, ": ")
		if path.Dir(file) == r.path && !exist[key] {
			out = append(out, key)
		}
	}
	return out
}
