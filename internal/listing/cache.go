package listing

import (
	lru "github.com/hashicorp/golang-lru/v2"

	"portico/internal/viewer"
)

// maxStatements is the number of statements that are kept: a few hundred come of
// what front ends ask for, the rest leaves room for filters with changing texts.
const maxStatements = 2048

// maxUnions is the number of unions that are kept, of at most 8 KiB.
const maxUnions = 256

// maxFilter is the greatest length of a filter whose statement is kept, in bytes.
const maxFilter = 1024

// Statements caches the statements of a database. A nil one caches nothing.
type Statements struct {
	all *lru.Cache[shape, any]
	// unions are the texts that are sent for several of all; empty for those that were
	// met once.
	unions *lru.Cache[together, string]
	marks  viewer.Marks
}

func (s *Statements) viewerMarks() viewer.Marks {
	if s == nil {
		return viewer.NewMarks()
	}
	return s.marks
}

// NewStatements returns an empty cache.
func NewStatements() *Statements {
	all, _ := lru.New[shape, any](maxStatements) // fails for sizes below one only
	unions, _ := lru.New[together, string](maxUnions)
	return &Statements{all, unions, viewer.NewMarks()}
}

func (s *Statements) cached(of shape) any {
	if s == nil {
		return nil
	}
	one, _ := s.all.Get(of)
	return one
}

// Purge empties the cache, for tests that change the row policies.
func (s *Statements) Purge() {
	s.all.Purge()
	s.unions.Purge()
}

func (s *Statements) add(of shape, one any) {
	if s != nil {
		s.all.Add(of, one)
	}
}
