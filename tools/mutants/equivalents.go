package main

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// equivalents are the mutants that make no difference: their keys, and why.
type equivalents map[string]string

// readEquivalents reads a file with three lines for each mutant: its key in two (the
// line's file, function and text, and what becomes of it), as a report prints it, and
// the reason behind "#". Empty lines are skipped. It is an error if a mutant is there
// twice, or if its file is not in the tree.
func readEquivalents(name, root string) (equivalents, error) {
	f, err := os.Open(name)
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
			if err := out.add(strings.Join(key, "\n"), strings.TrimSpace(line[1:]), root); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
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

func (e equivalents) add(key, reason, root string) error {
	if _, twice := e[key]; twice {
		return fmt.Errorf("it lists a mutant twice:\n%s", key)
	}
	if _, err := os.Stat(filepath.Join(root, fileOf(key))); err != nil {
		return errors.Join(fmt.Errorf("it lists a mutant that does not exist:\n%s", key), err)
	}
	e[key] = reason
	return nil
}

// fileOf returns the file in a mutant's key.
func fileOf(key string) string {
	file, _, _ := strings.Cut(key, ": ")
	return file
}

// stale returns the keys of a package's mutants that the package does not have: their
// lines were changed, and the reasons have to be thought about again. If files is not
// empty, only those files were changed.
func (e equivalents) stale(r *report, files string) (out []string) {
	exist := map[string]bool{}
	for _, m := range r.all {
		exist[m.key()] = true
	}
	for _, key := range slices.Sorted(maps.Keys(e)) {
		file := fileOf(key)
		if path.Dir(file) == r.path && changed(files, file) && !exist[key] {
			out = append(out, key)
		}
	}
	return out
}

// changed reports whether a file is among those of the flag -files.
func changed(files, name string) bool {
	return files == "" || slices.Contains(strings.Split(files, ","), path.Base(name))
}

// among returns the mutants that are listed.
func (e equivalents) among(all []*mutant) (out []*mutant) {
	for _, m := range all {
		if _, listed := e[m.key()]; listed {
			out = append(out, m)
		}
	}
	return out
}

// noticed returns the keys of listed mutants that were killed: their reasons are wrong.
func (e equivalents) noticed(r *report) (out []string) {
	for _, m := range e.among(r.mutants) {
		if r.fate[m.number] == killed && !slices.Contains(out, m.key()) {
			out = append(out, m.key())
		}
	}
	return out
}
