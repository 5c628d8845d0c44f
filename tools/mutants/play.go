package main

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"go/ast"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/tools/go/packages"
)

//go:embed support.txt
var support string

// testPackage plays the mutants of one package.
func testPackage(ctx context.Context, o options, root, path string, known equivalents) (*report, error) {
	folder, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	mutants, overlay, err := instrument(ctx, o.files, root, path, folder)
	if err != nil {
		return nil, err
	}
	chosen := mutants
	if o.listed {
		chosen = known.among(mutants)
	}
	r := &report{path: path, mutants: sampled(chosen, o.sample), all: mutants, fate: map[int]fate{}}
	if o.list {
		return r, nil
	}
	binary, tests := filepath.Join(folder, "tests"), cmp.Or(o.tests, path)
	build := exec.CommandContext(ctx, "go", "test", "-overlay", overlay, "-c", "-o", binary, ".")
	build.Dir = filepath.Join(root, tests) // it may be in a module of its own
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("the mutants do not compile: %w\n%s", err, out)
	}
	p := &player{binary: binary, dir: filepath.Join(root, tests), folder: folder, flags: []string{"-test.failfast", "-test.skip=" + o.skip, "-test.run=" + o.only}}
	// Package rapid would look for the smallest failing example, and write it into a
	// file beside the tests.
	if out, _ := exec.CommandContext(ctx, binary, "-h").CombinedOutput(); strings.Contains(string(out), "rapid.nofailfile") {
		p.flags = append(p.flags, "-rapid.nofailfile", "-rapid.shrinktime=1ms")
	}
	if err := p.baseline(ctx); err != nil {
		return nil, err
	}
	return r, p.all(ctx, o.parallel, r, known)
}

// sampled returns n of the mutants, which differ only when the package does; all of
// them if n is 0.
func sampled(all []*mutant, n int) []*mutant {
	if n <= 0 || n >= len(all) {
		return all
	}
	chosen := slices.Clone(all)
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(chosen), func(i, j int) { chosen[i], chosen[j] = chosen[j], chosen[i] })
	chosen = chosen[:n]
	slices.SortFunc(chosen, func(a, b *mutant) int { return a.number - b.number })
	return chosen
}

// instrument writes the files of a package with all mutants, and the overlay.
func instrument(ctx context.Context, files, root, path, folder string) ([]*mutant, string, error) {
	loaded, err := packages.Load(&packages.Config{Context: ctx, Dir: filepath.Join(root, path),
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports | packages.NeedDeps}, ".")
	if err != nil {
		return nil, "", err
	}
	if len(loaded) != 1 || len(loaded[0].Errors) > 0 {
		return nil, "", fmt.Errorf("it cannot be loaded: %v", loaded[0].Errors)
	}
	p := loaded[0]
	replace := map[string]string{}
	put := func(name, text string) error {
		to := filepath.Join(folder, strconv.Itoa(len(replace))+".go")
		replace[name] = to
		return os.WriteFile(to, []byte(text), 0o600)
	}
	var mutants []*mutant
	next := 0
	for _, f := range p.Syntax {
		name := p.Fset.Position(f.Pos()).Filename
		if ast.IsGenerated(f) || !changed(files, filepath.ToSlash(name)) {
			continue
		}
		source, err := os.ReadFile(name)
		if err != nil {
			return nil, "", err
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return nil, "", err
		}
		w := &instrumenter{fset: p.Fset, info: p.TypesInfo, source: source, name: filepath.ToSlash(relative), next: &next}
		var b strings.Builder
		at := 0
		for _, d := range f.Decls {
			b.Write(source[at:w.offset(d.Pos())])
			b.WriteString(w.declaration(d))
			at = w.offset(d.End())
		}
		b.Write(source[at:])
		countLines(w.mutants)
		mutants = append(mutants, w.mutants...)
		if err := put(name, b.String()); err != nil {
			return nil, "", err
		}
	}
	if err := put(filepath.Join(root, path, "mutants_support.go"), fmt.Sprintf(support, p.Name)); err != nil {
		return nil, "", err
	}
	overlay := filepath.Join(folder, "overlay.json")
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return nil, "", err
	}
	return mutants, overlay, os.WriteFile(overlay, text, 0o600)
}

// player runs the tests with one mutant after the other.
type player struct {
	binary, dir, folder string
	flags               []string
	limit               time.Duration
	seen                map[int]bool
}

// baseline runs the tests without a mutant, and notes which ones are reached.
func (p *player) baseline(ctx context.Context) error {
	notes := filepath.Join(p.folder, "seen")
	start := time.Now()
	if out, err := p.test(ctx, 10*time.Minute, "MUTANTS_SEEN="+notes); err != nil {
		return fmt.Errorf("the tests fail without a mutant: %w\n%s", err, out)
	}
	p.limit = 5*time.Second + 4*time.Since(start)
	text, err := os.ReadFile(notes)
	if err != nil {
		return err
	}
	p.seen = map[int]bool{}
	for _, line := range strings.Fields(string(text)) {
		n, err := strconv.Atoi(line)
		if err != nil {
			return err
		}
		p.seen[n] = true
	}
	return nil
}

func (p *player) test(ctx context.Context, limit time.Duration, setting string) ([]byte, error) {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	c := exec.CommandContext(limited, p.binary, p.flags...)
	c.Dir, c.Env = p.dir, append(os.Environ(), setting)
	c.WaitDelay = time.Second
	return c.CombinedOutput()
}

// all plays the mutants of a report. Those that are known to be equivalent are so
// if they survive. When ctx ends before the last one, only the mutants that were
// played remain in the report.
func (p *player) all(ctx context.Context, parallel int, r *report, known equivalents) error {
	var mu sync.Mutex
	var wg sync.WaitGroup
	todo := make(chan *mutant)
	for range parallel {
		wg.Go(func() {
			for m := range todo {
				f := survived
				if _, is := known[m.key()]; is {
					f = equivalent // unless a test proves otherwise
				}
				if !p.seen[m.number] {
					f = max(f, unreached)
				} else if _, err := p.test(ctx, p.limit, "MUTANT="+strconv.Itoa(m.number)); err != nil {
					f = killed
				}
				if ctx.Err() != nil {
					continue // the interruption ended the test
				}
				mu.Lock()
				r.fate[m.number] = f
				mu.Unlock()
			}
		})
	}
	for _, m := range r.mutants {
		if ctx.Err() == nil {
			todo <- m
		}
	}
	close(todo)
	wg.Wait()
	if ctx.Err() != nil {
		r.keepPlayed()
	}
	return ctx.Err()
}
