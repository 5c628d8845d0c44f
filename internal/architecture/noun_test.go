package architecture_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// mostForANoun is the greatest number of files that are written by hand for a noun.
const mostForANoun = 29

// A made-up noun, notes about apps, is added to a copy of the tree: testdata/noun/new
// has the files that are new, edits.txt what is inserted into others. They are few, and
// those that the recipe of CONTRIBUTING.md names.
func TestANewNounTakesFewFiles(t *testing.T) {
	_, touched := withNotes(t)
	if len(touched) > mostForANoun {
		t.Errorf("a noun takes %d files, at most %d: %s", len(touched), mostForANoun, strings.Join(touched, " "))
	}
	requireRecipe(t, touched)
}

// The copy with the made-up noun generates its code and migrations, builds and passes
// the tests of everything that the noun touches, so that the recipe leaves nothing out.
// It takes minutes: only `make noun` runs it, which is a step of CI.
func TestANewNounWorks(t *testing.T) {
	if os.Getenv("PORTICO_NOUN") == "" {
		requireStep(t)
		t.Skip("make noun runs it")
	}
	c, _ := withNotes(t)
	c.run("make", "generate")
	c.run("go", "run", "./internal/testdb/withpg", "go", "run", "./migrate/diff", "add_notes")
	c.run("go", "build", "./...")
	c.run("go", "test", "-skip", "TestANewNoun", "./ent/rowpolicy", "./graph", "./internal/apps", "./internal/architecture", "./internal/eventlog",
		"./internal/nodeid", "./internal/playground", "./internal/policy", "./internal/portal", "./internal/seed", "./migrate/...")
	c.run("go", "-C", "e2e", "test", "-run", "TestNotes|TestPlayground", ".")
}

// requireStep requires that CI runs what is skipped here.
func requireStep(t *testing.T) {
	text, err := os.ReadFile("../../.ci/run")
	if err != nil || !strings.Contains(string(text), "make noun") {
		t.Errorf(".ci/run does not run `make noun` (%v)", err)
	}
}

// withNotes returns a copy of the tree with the made-up noun, and the names of the files
// that it took.
func withNotes(t *testing.T) (c treeCopy, touched []string) {
	c = copyOfTheTree(t)
	touched = append(c.add("testdata/noun/new"), c.edit("testdata/noun/edits.txt")...)
	slices.Sort(touched)
	if t.Failed() {
		t.FailNow()
	}
	return c, touched
}

// requireRecipe requires that the files are those of the recipe for a noun: each is
// named by a row, and each row names one, but for those that begin with "If".
func requireRecipe(t *testing.T, touched []string) {
	text, err := os.ReadFile("../../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	noun := recipe{noun: "note"}
	named := map[string]bool{}
	for _, row := range rows(string(text), "**A new noun**") {
		found := false
		for _, file := range touched {
			if slices.ContainsFunc(row.files, func(pattern string) bool { return matches(file)(noun.pattern(pattern)) }) {
				found, named[file] = true, true
			}
		}
		if !found && !strings.HasPrefix(row.what, "If ") {
			t.Errorf("the recipe names %v, which the noun does not need", row.files)
		}
	}
	for _, file := range touched {
		if !named[file] {
			t.Errorf("the noun needs %s, which the recipe does not name", file)
		}
	}
}

// treeCopy is a copy of the tree that may be changed.
type treeCopy struct {
	t   *testing.T
	dir string
}

// copyOfTheTree copies the tree without what is built or downloaded.
func copyOfTheTree(t *testing.T) treeCopy {
	c := treeCopy{t, filepath.Join(t.TempDir(), "portico")}
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", "bin", "node_modules"}, d.Name()):
			return fs.SkipDir
		case d.Type().IsRegular():
			c.copy(path, strings.TrimPrefix(filepath.ToSlash(path), "../../"))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// copy copies one file.
func (c treeCopy) copy(from, to string) {
	info, err := os.Stat(from)
	if err != nil {
		c.t.Fatal(err)
	}
	text, err := os.ReadFile(from)
	if err != nil {
		c.t.Fatal(err)
	}
	to = filepath.Join(c.dir, to)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(to, text, info.Mode().Perm()); err != nil {
		c.t.Fatal(err)
	}
}

// add copies new files into the tree and returns their names. The number NN of a
// playground's tab becomes the next one.
func (c treeCopy) add(folder string) (touched []string) {
	tabs, err := filepath.Glob(filepath.Join(c.dir, "internal/playground/tabs/*.graphql"))
	if err != nil {
		c.t.Fatal(err)
	}
	err = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		name = strings.Replace(filepath.ToSlash(name), "/NN_", fmt.Sprintf("/%02d_", len(tabs)+1), 1)
		if _, exists := os.Stat(filepath.Join(c.dir, name)); exists == nil {
			c.t.Errorf("%s is in the tree already: give the made-up one another name", name)
		}
		c.copy(path, name)
		touched = append(touched, name)
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return touched
}

// edit makes the insertions of a file and returns the names of the edited files.
func (c treeCopy) edit(file string) (touched []string) {
	text, err := os.ReadFile(file)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, part := range strings.Split(string(text), "\n== ")[1:] {
		name, edits, _ := strings.Cut(part, "\n")
		if err := insert(filepath.Join(c.dir, name), edits); err != nil {
			c.t.Errorf("%s: %v; update %s", name, err, file)
		}
		touched = append(touched, name)
	}
	return touched
}

// insert makes the insertions in one file: the lines that begin with +, after or
// before the line that the one above them describes.
func insert(file, edits string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	lines, at := strings.Split(string(text), "\n"), -1
	for edit := range strings.SplitSeq(edits, "\n") {
		where, anchor, _ := strings.Cut(edit, " ")
		switch inserted, ok := strings.CutPrefix(edit, "+"); {
		case ok:
			lines = slices.Insert(lines, at, inserted)
			at++
		case edit == "":
		case where == "after" || where == "before":
			if at, err = only(lines, anchor); err != nil {
				return err
			}
			if where == "after" {
				at++
			}
		default:
			return fmt.Errorf("it is not understood: %q", edit)
		}
	}
	return os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o644)
}

// only returns the index of the one line that contains the anchor.
func only(lines []string, anchor string) (int, error) {
	plain := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	found := -1
	for i, l := range lines {
		if !strings.Contains(plain(l), plain(anchor)) {
			continue
		}
		if found >= 0 {
			return 0, fmt.Errorf("lines %d and %d contain %q, which is to be in one", found+1, i+1, anchor)
		}
		found = i
	}
	if found < 0 {
		return 0, fmt.Errorf("no line contains %q any more", anchor)
	}
	return found, nil
}

// run runs a command in the copy.
func (c treeCopy) run(name string, args ...string) {
	c.t.Helper()
	started := time.Now()
	cmd := exec.Command(name, args...)
	cmd.Dir = c.dir
	// The copy makes no copy, and SQLite is enough for its tests, in CI too.
	cmd.Env = append(os.Environ(), "PORTICO_NOUN=", "CI=")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		c.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out.String())
	}
	c.t.Logf("%v: %s %s", time.Since(started).Round(time.Second), name, strings.Join(args, " "))
}
