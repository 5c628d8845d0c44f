package gqlhttp

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"

	"portico/clients/go/gate/jsontext"
	"portico/internal/fault"
)

// scan counts tokens and refuses overlong names, before the parser allocates
// anything. Names matter because validation compares each unknown name with
// every known one. The parser reports what is not GraphQL.
func scan(text string, limits Limits) (tokens int, err *gqlerror.Error) {
	if len(text) > limits.TextBytes {
		return 0, tooMany(Excess{LimitDocumentBytes, len(text), limits.TextBytes}, "is too long", "bytes")
	}
	l, written := lexer.New(&ast.Source{Input: text}), surrogates{text: text}
	for ; tokens <= limits.Tokens; tokens++ {
		token, err := l.ReadToken()
		if err != nil || token.Kind == lexer.EOF {
			return tokens, nil
		}
		if token.Kind == lexer.Name && len(token.Value) > limits.Name {
			return tokens, tooMany(Excess{LimitNameBytes, len(token.Value), limits.Name}, "has too long a name", "bytes in each")
		}
		if token.Kind == lexer.String && written.unpaired(token) {
			return tokens, badInput(fault.ReasonInvalidDocument, "A text of the document holds half a character: one escape of a surrogate pair without the other.", &token.Pos)
		}
	}
	return tokens, tooMany(Excess{Limit: LimitTokens, Allowed: limits.Tokens}, "is too long", "tokens")
}

// surrogates finds unpaired surrogates, which the lexer replaces by U+FFFD.
type surrogates struct {
	text  string
	runes []rune // of text, converted when first needed
}

// unpaired reports whether a string contains half of a surrogate pair in the
// source text. The lexer's positions are in runes.
func (h *surrogates) unpaired(token lexer.Token) bool {
	if !strings.ContainsRune(token.Value, utf8.RuneError) {
		return false
	}
	if h.runes == nil {
		h.runes = []rune(h.text)
	}
	return !jsontext.Exact([]byte(string(h.runes[token.Pos.Start:token.Pos.End])))
}

// extent is the size of a selection set after its spreads are expanded.
type extent struct{ nodes, depth, fields int }

// guard measures a parsed document. It visits each selection of the text once
// and remembers the extent of each fragment.
type guard struct {
	limits    Limits
	fragments map[string]*ast.FragmentDefinition
	known     map[*ast.FragmentDefinition]*extent // nil while being computed
	names     map[string]int

	aliases, directives int
	// inline is the number of inline fragments that directly enclose the current
	// selection: each makes validation compare the field with its neighbours
	// again.
	inline int
	worst  *gqlerror.Error
}

// measure returns a guard that has measured the whole document.
func measure(doc *ast.QueryDocument, limits Limits) *guard {
	g := &guard{
		limits:    limits,
		fragments: make(map[string]*ast.FragmentDefinition, len(doc.Fragments)),
		known:     make(map[*ast.FragmentDefinition]*extent, len(doc.Fragments)),
		names:     map[string]int{},
	}
	g.atMost(LimitOperations, len(doc.Operations), limits.Operations, "operations")
	g.atMost(LimitFragments, len(doc.Fragments), limits.Fragments, "fragments")
	for _, f := range doc.Fragments {
		if g.fragments[f.Name] == nil {
			g.fragments[f.Name] = f
		}
	}
	var all extent
	for _, f := range doc.Fragments {
		all = g.widest(all, g.fragment(f))
	}
	for _, op := range doc.Operations {
		g.directivesOf(op.Directives)
		for _, v := range op.VariableDefinitions {
			g.value(v.DefaultValue, 1)
			g.directivesOf(v.Directives)
		}
		e := g.selections(op.SelectionSet)
		g.atMost(LimitRootFields, e.fields, limits.RootFields, "fields at the root")
		all = g.widest(all, e)
	}
	g.checkTotals(all)
	return g
}

// checkTotals checks the sums over the whole document.
func (g *guard) checkTotals(all extent) {
	g.atMost(LimitDepth, all.depth, g.limits.Depth, "levels of selections")
	g.atMost(LimitSelections, all.nodes, g.limits.Nodes, "selections with all fragments spread")
	g.atMost(LimitAliases, g.aliases, g.limits.Aliases, "aliases")
	g.atMost(LimitDirectives, g.directives, g.limits.Directives, "directives")
	if pairs := g.pairs(); pairs > g.limits.Pairs {
		g.fail(exceeds(Excess{LimitRepetitions, pairs, g.limits.Pairs}, "The document repeats the same fields too often."))
	}
}

// pairs returns the sum that Limits.Pairs bounds.
func (g *guard) pairs() int {
	sum := 0
	for _, n := range g.names {
		sum += n * n
	}
	return sum
}

func (g *guard) fail(err *gqlerror.Error) {
	if g.worst == nil {
		g.worst = err
	}
}

func (g *guard) atMost(name LimitName, n, limit int, unit string) {
	if n > limit {
		g.fail(tooMany(Excess{name, n, limit}, "asks for too much", unit))
	}
}

func (g *guard) widest(a, b extent) extent {
	return extent{nodes: max(a.nodes, b.nodes), depth: max(a.depth, b.depth), fields: max(a.fields, b.fields)}
}

func (g *guard) selections(set ast.SelectionSet) extent {
	var sum extent
	for _, selection := range set {
		var e extent
		switch s := selection.(type) {
		case *ast.Field:
			e = g.field(s)
		case *ast.InlineFragment:
			g.directivesOf(s.Directives)
			g.inline++
			e = g.selections(s.SelectionSet)
			g.inline--
		case *ast.FragmentSpread:
			g.directivesOf(s.Directives)
			// The validator reports unknown fragments.
			if f := g.fragments[s.Name]; f != nil {
				e = g.fragment(f)
			}
		}
		// Fragments that spread one another twice would overflow these sums
		// without saturation.
		sum.nodes = saturated(sum.nodes + 1 + e.nodes)
		sum.fields = saturated(sum.fields + e.fields)
		sum.depth = max(sum.depth, 1+e.depth)
	}
	return sum
}

// nested measures a selection set outside of any inline fragment.
func (g *guard) nested(set ast.SelectionSet) extent {
	outer := g.inline
	g.inline = 0
	e := g.selections(set)
	g.inline = outer
	return e
}

// field measures a field and what is below it; the extent counts as one field.
func (g *guard) field(f *ast.Field) extent {
	g.directivesOf(f.Directives)
	g.arguments(f.Arguments)
	name := f.Name
	if f.Alias != "" && f.Alias != f.Name {
		g.aliases++
		name = f.Alias
	}
	g.names[name] += 1 + g.inline
	e := g.nested(f.SelectionSet)
	e.fields = 1
	return e
}

// fragment measures a fragment once. It refuses one that contains itself, so
// that no later stage meets a cycle.
func (g *guard) fragment(f *ast.FragmentDefinition) extent {
	if e, seen := g.known[f]; seen {
		if e == nil {
			g.fail(badInput(fault.ReasonInvalidDocument, fmt.Sprintf("Cannot spread fragment %q within itself.", f.Name), f.Position))
			return extent{}
		}
		return *e
	}
	g.known[f] = nil
	g.directivesOf(f.Directives)
	e := g.nested(f.SelectionSet)
	g.known[f] = &e
	return e
}

func (g *guard) directivesOf(list ast.DirectiveList) {
	g.directives += len(list)
	for _, d := range list {
		g.arguments(d.Arguments)
		if d.Name == "defer" || d.Name == "stream" {
			g.fail(badInput(fault.ReasonInvalidDocument, "Answers are sent in one piece: @"+d.Name+" is not supported.", d.Position))
		}
	}
}

func (g *guard) arguments(list ast.ArgumentList) {
	for _, a := range list {
		g.value(a.Value, 1)
	}
}

func (g *guard) value(v *ast.Value, depth int) {
	if v == nil || len(v.Children) == 0 {
		return
	}
	if depth > g.limits.Nesting {
		g.fail(tooMany(Excess{Limit: LimitValueDepth, Allowed: g.limits.Nesting}, "nests its values too deep", "levels"))
		return
	}
	for _, child := range v.Children {
		g.value(child.Value, depth+1)
	}
}
