package change

// ErrReplay exports errReplay: the key's row exists already.
var ErrReplay = errReplay

// RevealsState exports revealsState.
func RevealsState(err error) bool { return revealsState(err) }
