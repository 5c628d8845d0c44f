package keyimport

// SetWindow changes how many lines are remembered.
func (svc *Service) SetWindow(lines int) { svc.window = lines }

// Remember returns a function that reports whether a key was remembered, and remembers it.
func Remember() func(digest [32]byte) bool {
	r := newRecent(window)
	return func(d [32]byte) bool { return r.twice(identityOf(&Key{Digest: d})) }
}
