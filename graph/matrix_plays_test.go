package graph_test

import "portico/internal/viewer"

// play is how a mutation is tried: each time on an object created anew, so that
// one viewer's success does not make another one fail.
type play struct {
	// input returns the input that a viewer sends.
	input func(w *world, who string) arguments
	// target is the input's field with the id of somebody's object; with an id
	// that does not exist, the answer to a viewer who may not see the object
	// must be the same. "" if there is none.
	target string
	// event is the event that records it; "" for a change that none records.
	event string
	// later is true if nothing changes before the answer, because the answer must
	// not depend on it.
	later bool
	// enter returns the token to send it with and who then acts, if that is not
	// the viewer's usual token.
	enter func(w *world, who string) (token string, actor viewer.Viewer)
}

// on returns a play whose only inputs are the object at stake and the reason.
func on(target, event string, fresh func(w *world) string) play {
	return play{target: target, event: event, input: func(w *world, _ string) arguments {
		return arguments{target: fresh(w)}
	}}
}

// with adds to a play's input.
func (p play) with(more arguments) play {
	first := p.input
	p.input = func(w *world, who string) arguments {
		in := first(w, who)
		for k, v := range more {
			in[k] = v
		}
		return in
	}
	return p
}

// named is the input of a new object of which only the name matters.
func named(w *world, _ string) arguments { return arguments{"name": w.name("made")} }
