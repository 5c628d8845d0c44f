package pathmatch

import (
	"cmp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
)

// Route is an endpoint: a method and a template.
type Route struct {
	ID     uuid.UUID
	Method access.Method
	Path   Template
}

// Set is the endpoints of a product, and finds the one that a call is for. It is
// immutable; a nil Set is empty.
//
// Of several templates that match a path, the one with the most literal segments
// wins, then one without a rest, then the one with a literal at the first difference.
// Of the methods, an exact match is preferred to GET for HEAD, and both to ANY.
// Templates that differ only in their parameters' names are equal; the first one
// passed to NewSet wins.
type Set struct{ root *node }

// node is the state after the first segments of some templates, and what may follow.
type node struct {
	literals map[string]*node
	one      *node
	here     *ending // the templates that end here
	rest     *ending // the templates whose rest begins here
}

// ending is the end of all templates of one shape.
type ending struct {
	literals int    // the number of literal segments
	open     bool   // whether the last segment is a rest
	shape    string // a letter for each segment; that of literals sorts first
	routes   []Route
}

// NewSet returns a set of routes, or nil if there are none. Routes with a zero Path
// are left out.
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

// Match returns the endpoint of a call. clean is a path returned by Clean; any other
// path matches no endpoint. A call with an unknown method ("") can only match an
// endpoint of ANY method. Match does not allocate.
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

// MatchAmong is like Match, but only the endpoints of among are allowed, and the
// call's endpoint must be one of them: a caller that may use /orders/{id} may not
// use /orders/export by that, if it is another endpoint.
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

// find returns the ending of the best templates for a call, or nil if none match.
func (s *Set) find(method, clean string) *ending {
	if s == nil || classify(clean) != plain {
		return nil
	}
	return s.root.find(method, clean[1:], nil)
}

// find returns the better of best and the best ending below n, which stands before
// the path's first segment. It visits each node at most once.
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

// better returns the better one of two endings. other may be nil or not match the
// method.
func better(best, other *ending, method string) *ending {
	switch {
	case other == nil || other.best(method) == 0:
		return best
	case best == nil:
		return other
	}
	order := cmp.Or(-cmp.Compare(best.literals, other.literals), boolToInt(best.open)-boolToInt(other.open), strings.Compare(best.shape, other.shape))
	if order <= 0 {
		return best
	}
	return other
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// best returns the highest grade of the ending's routes.
func (e *ending) best(method string) int {
	best := 0
	for _, r := range e.routes {
		best = max(best, grade(r.Method, method))
	}
	return best
}

// grade returns how well an endpoint's method matches a call's; 0: it does not.
func grade(of access.Method, method string) int {
	switch {
	case string(of) == method:
		return 3
	case of == access.MethodGet && method == string(access.MethodHead):
		return 2
	case of == access.MethodAny:
		return 1
	}
	return 0
}

// add adds a route below n, which stands before the template's first segment.
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
