// Command mutants plays small mistakes into packages, one after the other, and
// reports those that the package's own tests do not notice: conditions negated,
// boundaries moved, operands and statements dropped, results changed.
//
//	go run -C tools ./mutants internal/policy internal/lifecycle
//
// All mistakes of a package are compiled into one test binary, each behind a
// number, and the tests run once for each number. The tree is not touched: the
// compiler reads the changed files through an overlay. When it is interrupted, it
// reports the mistakes that it has tried so far. A mistake that cannot make a
// difference is listed in equivalent.txt, with the reason; it is an error if that
// lists one that does not exist, or that a test notices. It is a program of our
// own, because those that exist (gremlins, go-mutesting) drop no statements and
// change no results, copy or change the tree, and compile each mutant anew.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	root := flag.String("root", "..", "the tree whose packages are meant")
	parallel := flag.Int("p", 2, "how many tests run at once")
	least := flag.Int("least", 0, "fail if less than this percentage dies in a package")
	skip := flag.String("skip", "Alloc", "the tests that are left out: the numbers cost allocations")
	files := flag.String("files", "", "the files to change, by their names and separated by commas; all unless given")
	tests := flag.String("tests", "", "the package whose tests are run; the changed one unless given")
	only := flag.String("run", "", "the tests that are run, as a regular expression; all unless given")
	sample := flag.Int("sample", 0, "play no more than this many mutants of a package, always the same ones; all unless given")
	listed := flag.Bool("listed", false, "play only the mutants that equivalent.txt lists")
	list := flag.Bool("list", false, "list the mutants instead of running them")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, options{root: *root, parallel: *parallel, least: *least, skip: *skip, files: *files, tests: *tests, only: *only, sample: *sample, listed: *listed, list: *list}, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

type options struct {
	root, skip      string
	files           string
	tests, only     string
	parallel, least int
	sample          int
	listed, list    bool
}

func run(ctx context.Context, o options, packages []string) error {
	root, err := filepath.Abs(o.root)
	if err != nil {
		return err
	}
	if len(packages) == 0 {
		return fmt.Errorf("name packages, such as internal/policy")
	}
	known, err := readEquivalents("mutants/equivalent.txt", root)
	if err != nil {
		return err
	}
	var weak, stale, noticed []string
	for _, p := range packages {
		p = strings.TrimPrefix(filepath.ToSlash(p), "./")
		r, err := testPackage(ctx, o, root, p, known)
		if r != nil {
			r.print(os.Stdout) // what was played, also when it was interrupted
		}
		if err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		stale = append(stale, known.stale(r, o.files)...)
		noticed = append(noticed, known.noticed(r)...)
		if r.share() < o.least {
			weak = append(weak, p)
		}
	}
	if len(stale) > 0 {
		return fmt.Errorf("equivalent.txt lists mutants that do not exist:\n%s", strings.Join(stale, "\n"))
	}
	if len(noticed) > 0 {
		return fmt.Errorf("equivalent.txt lists mutants that the tests notice:\n%s", strings.Join(noticed, "\n"))
	}
	if len(weak) > 0 && !o.list && !o.listed {
		return fmt.Errorf("less than %d %% die in %s", o.least, strings.Join(weak, ", "))
	}
	return nil
}
