package main

import (
	"fmt"
	"io"
	"slices"
)

// fate is what became of a mutant.
type fate uint8

const (
	listed     fate = iota // it was not played
	killed                 // a test noticed it
	survived               // no test noticed it
	unreached              // no test comes to it
	equivalent             // it makes no difference
)

func (f fate) String() string {
	return [...]string{"listed", "killed", "survived", "never reached", "equivalent"}[f]
}

// report is what became of a package's mutants.
type report struct {
	path    string
	mutants []*mutant
	all     []*mutant // of which mutants may be a sample
	fate    map[int]fate
}

func (r *report) count(f fate) (n int) {
	for _, m := range r.mutants {
		if r.fate[m.number] == f {
			n++
		}
	}
	return n
}

// keepPlayed drops the mutants that were not played.
func (r *report) keepPlayed() {
	r.mutants = slices.DeleteFunc(r.mutants, func(m *mutant) bool { return r.fate[m.number] == listed })
}

// share returns the percentage of those that are not equivalent that were killed.
func (r *report) share() int {
	real := len(r.mutants) - r.count(equivalent)
	if real == 0 {
		return 100
	}
	return 100 * r.count(killed) / real
}

// print writes the survivors, and the share.
func (r *report) print(to io.Writer) {
	for _, m := range r.mutants {
		f := r.fate[m.number]
		if f == killed || f == equivalent {
			continue
		}
		fmt.Fprintf(to, "%s:%d: %s: %s\n%s\n", m.file, m.line, f, m.what, m.key())
	}
	fmt.Fprintf(to, "%s: %d of %d mutants, %d killed, %d survived, %d never reached, %d equivalent: %d %%\n",
		r.path, len(r.mutants), len(r.all), r.count(killed), r.count(survived), r.count(unreached), r.count(equivalent), r.share())
}
