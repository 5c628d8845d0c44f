package pathmatch

import (
	"cmp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"portico/internal/domain"
)

// Route is an endpoint: a method and a template.
type Route struct {
	ID     uuid.UUID
	Method domain.Method
	Path   Template
}

// Set finds the endpoint that a call is for, among those of a product. It is
// immutable; a nil Set holds none.
//
// Of several templates that mean a path the one with the most literal segments
// is the call's, then one without a rest, then the one whose first difference is
// a literal. Of the methods the exact one is before GET for HEAD, and both are
// before ANY. Templates that differ in their names only are equal, and the one
// that was given first is told.
type Set struct{ root *node }

// node is where the templates stand after some segments, and what may follow.
type node struct {
	literals map[string]*node
	one      *node
	here     *ending // of the templates that end here
	rest     *ending // of those that end with a rest from here
}

// ending is where the templates of one shape end.
type ending struct {
	literals int    // how many segments are literal
	open     bool   // the last one is a rest
	shape    string // a letter a segment, the literal ones first in the alphabet
	routes   []Route
}

// NewSet returns a set of routes; nil of none. Those with a zero Path are left out.
func NewSet(routes []Route) *Set {
	var s *Set
	for _, r := range routes {
		if r.Path.text == "" {
			continue
		}
		if s == nil {
			s = &Set{root: &node{}}
		}
		s.root.add(r)
	}
	return s
}

// Match finds the endpoint of a call. clean is a path that Clean gave; any
// other is for no endpoint. A call whose method is not known ("") can be for an
// endpoint of ANY method only. Nothing is allocated.
func (s *Set) Match(method, clean string) (id uuid.UUID, ok bool) {
	e := s.find(method, clean)
	if e == nil {
		return uuid.Nil, false
	}
	best := e.best(method)
	for _, r := range e.routes {
		if grade(r.Method, method) == best {
			return r.ID, true
		}
	}
	return uuid.Nil, false
}

// MatchAmong is Match where only some endpoints are allowed. The call's endpoint
// must be one of them: who may use /orders/{id} may not therefore use
// /orders/export, if that is another endpoint.
func (s *Set) MatchAmong(method, clean string, among []uuid.UUID) (id uuid.UUID, ok bool) {
	e := s.find(method, clean)
	if e == nil {
		return uuid.Nil, false
	}
	best := e.best(method)
	for _, r := range e.routes {
		if grade(r.Method, method) == best && slices.Contains(among, r.ID) {
			return r.ID, true
		}
	}
	return uuid.Nil, false
}

// find returns where the best templates for a call end; nil if there are none.
func (s *Set) find(method, clean string) *ending {
	if s == nil || look(clean) != plain {
		return nil
	}
	return s.root.find(method, clean[1:], nil)
}

// find looks below a node, which is before the path's first segment, for
// something better. Each node is visited once at most.
func (n *node) find(method, path string, best *ending) *ending {
	best = better(best, n.rest, method)
	segment, after, longer := strings.Cut(path, "/")
	if next := n.literals[segment]; next != nil {
		best = next.follow(method, after, longer, best)
	}
	if n.one != nil && segment != "" {
		best = n.one.follow(method, after, longer, best)
	}
	return best
}

func (n *node) follow(method, after string, longer bool, best *ending) *ending {
	if longer {
		return n.find(method, after, best)
	}
	return better(best, n.here, method)
}

// better returns the better one of two endings, of which other may be nil or not
// be for the method.
func better(best, other *ending, method string) *ending {
	switch {
	case other == nil || other.best(method) == 0:
		return best
	case best == nil:
		return other
	}
	order := cmp.Or(-cmp.Compare(best.literals, other.literals), yes(best.open)-yes(other.open), strings.Compare(best.shape, other.shape))
	if order <= 0 {
		return best
	}
	return other
}

func yes(b bool) int {
	if b {
		return 1
	}
	return 0
}

// best returns the highest grade of the routes that end here.
func (e *ending) best(method string) int {
	best := 0
	for _, r := range e.routes {
		best = max(best, grade(r.Method, method))
	}
	return best
}

// grade returns how well an endpoint's method fits a call's; 0 is not at all.
func grade(of domain.Method, method string) int {
	switch {
	case string(of) == method:
		return 3
	case of == domain.MethodGet && method == string(domain.MethodHead):
		return 2
	case of == domain.MethodAny:
		return 1
	}
	return 0
}

// add puts a route below a node, which is before the template's first segment.
func (n *node) add(r Route) {
	e := ending{}
	for s := range strings.SplitSeq(r.Path.text[1:], "/") {
		switch _, k := segment(s); k {
		case literal:
			e.literals++
			e.shape += "a"
			n = n.literal(s)
		case one:
			e.shape += "b"
			if n.one == nil {
				n.one = &node{}
			}
			n = n.one
		case rest:
			e.open = true
			e.shape += "c"
		}
	}
	at := &n.here
	if e.open {
		at = &n.rest
	}
	if *at == nil {
		*at = &e
	}
	(*at).routes = append((*at).routes, r)
}

func (n *node) literal(s string) *node {
	if n.literals == nil {
		n.literals = map[string]*node{}
	}
	if n.literals[s] == nil {
		n.literals[s] = &node{}
	}
	return n.literals[s]
}
