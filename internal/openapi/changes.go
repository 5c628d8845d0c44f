package openapi

import (
	"maps"
	"slices"

	"portico/internal/domain"
)

// Change is an operation that came, went, or has other parts.
type Change struct {
	Method, Path string
	// Before and After are whether the documents have it.
	Before, After bool
	// Parts are the names of those that differ, sorted, if both have it.
	Parts []string
}

// Changes returns what differs between two documents, by path and method.
func Changes(before, after []domain.ProductOperation) []Change {
	type key struct{ path, method string }
	old := make(map[key]domain.ProductOperation, len(before))
	for _, x := range before {
		old[key{x.Path, x.Method}] = x
	}
	var out []Change
	for _, x := range after {
		k := key{x.Path, x.Method}
		was, had := old[k]
		delete(old, k)
		if !had {
			out = append(out, Change{Method: x.Method, Path: x.Path, After: true})
		} else if parts := differing(was.Parts, x.Parts); len(parts) > 0 {
			out = append(out, Change{Method: x.Method, Path: x.Path, Before: true, After: true, Parts: parts})
		}
	}
	for k := range old {
		out = append(out, Change{Method: k.method, Path: k.path, Before: true})
	}
	slices.SortFunc(out, func(a, b Change) int {
		return slices.Compare([]string{a.Path, a.Method}, []string{b.Path, b.Method})
	})
	return out
}

func differing(a, b map[string]string) []string {
	names := maps.Clone(a)
	if names == nil {
		names = map[string]string{}
	}
	maps.Copy(names, b)
	var out []string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if a[name] != b[name] {
			out = append(out, name)
		}
	}
	return out
}
