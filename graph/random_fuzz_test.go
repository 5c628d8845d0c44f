package graph_test

import (
	"maps"
	"slices"
	"testing"

	"portico/internal/testdb"
)

// FuzzDocuments is TestDocumentsAreAnsweredLikeTheReference for any seeds, on
// both databases where there is a Postgres.
func FuzzDocuments(f *testing.F) {
	all := []*comparison{newComparison(f, testdb.SQLite(f))}
	if url, ok := testdb.Postgres(f); ok {
		all = append(all, newComparison(f, url))
	}
	viewers := slices.Sorted(maps.Keys(all[0].asking))
	for i := range viewers {
		f.Add(uint64(1_000_000 + i))
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		for _, c := range all {
			c.check(t, viewers[seed%uint64(len(viewers))], seed)
		}
	})
}
