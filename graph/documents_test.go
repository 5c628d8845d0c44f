package graph_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/graph"
	"portico/internal/viewer"
)

// documents generates random documents of the schema: aliased root fields whose
// selections share fragments, lists of different sizes, conditions.
type documents struct {
	*rand.Rand
	schema *ast.Schema
	ids    map[string][]string
	// fragments are those of the current document, by name; byType lists their
	// names.
	fragments map[string]string
	byType    map[string][]string
}

// document is a generated document, with each of its root fields as a document
// of its own.
type document struct {
	text      string
	alone     map[string]string
	variables map[string]any
}

const head = "query($yes: Boolean!, $no: Boolean!, $n: Int) "

func newDocuments(t testing.TB, role viewer.Role, seed uint64, ids map[string][]string) *documents {
	schema, err := graph.View(role)
	require.NoError(t, err)
	return &documents{Rand: rand.New(rand.NewPCG(seed, 9)), schema: schema, ids: ids}
}

// next generates a document. Fragments of a type may be spread wherever the type
// occurs; the documents of single root fields have them expanded.
func (d *documents) next() document {
	d.fragments, d.byType = map[string]string{}, map[string][]string{}
	out := document{alone: map[string]string{}, variables: map[string]any{"yes": true, "no": false, "n": 1 + d.IntN(3)}}
	for i := range 2 + d.IntN(3) {
		alias := fmt.Sprintf("r%d", i)
		text := alias + ": " + d.root()
		out.text += text + "\n"
		out.alone[alias] = text
	}
	for alias, text := range out.alone {
		out.alone[alias] = head + "{ __typename @include(if: $no) @skip(if: $yes) one: __typename @skip(if: $yes) n: apps(first: $n) @include(if: $no) { totalCount } " + d.spreadOut(text) + " }"
	}
	spread := ""
	for changed := true; changed; { // a document must not have unused fragments
		changed = false
		for _, name := range slices.Sorted(maps.Keys(d.fragments)) {
			if !strings.Contains(spread, "fragment "+name+" ") && strings.Contains(out.text+spread, "..."+name+" ") {
				spread += "fragment " + name + " on " + d.fragments[name] + "\n"
				changed = true
			}
		}
	}
	out.text = head + "{ t: __typename @include(if: $yes) @skip(if: $no) n: apps(first: $n) @include(if: $no) { totalCount }\n" + out.text + "}\n" + spread
	return out
}

// spreadOut expands fragments in place.
func (d *documents) spreadOut(text string) string {
	spread := regexp.MustCompile(`\.\.\.(F\d+) ((?:@\w+\(if: \$\w+\) )?)`)
	for spread.MatchString(text) {
		text = spread.ReplaceAllStringFunc(text, func(s string) string {
			m := spread.FindStringSubmatch(s)
			on, body, _ := strings.Cut(d.fragments[m[1]], " ")
			return "... on " + on + " " + m[2] + body + " "
		})
	}
	return text
}

// root generates one of the root fields that return objects. Not every role has
// a field and a list of each type.
func (d *documents) root() string {
	k := []string{"App", "Account", "Product"}[d.IntN(3)]
	roots := 2
	if d.schema.Query.Fields.ForName(strings.ToLower(k)+"s") != nil {
		roots = 4
	}
	switch d.IntN(roots) {
	case 0:
		return fmt.Sprintf("node(id: %q) { ... on %s %s }", d.oneOf(k), k, d.selection(k, 3))
	case 1:
		return fmt.Sprintf("nodes(ids: [%q, %q]) { ... on %s %s }", d.oneOf(k), d.oneOf(k), k, d.selection(k, 3))
	case 2:
		list := strings.ToLower(k) + "s"
		return fmt.Sprintf("%s(%s) %s", list, d.size(), d.selection(k+"Connection", 4))
	default:
		return fmt.Sprintf("%s(id: %q) %s", strings.ToLower(k), d.oneOf(k), d.selection(k, 3))
	}
}

func (d *documents) oneOf(kind string) string { return d.ids[kind][d.IntN(len(d.ids[kind]))] }

func (d *documents) size() string {
	return []string{"first: 1", "first: 2", "last: 1", "first: $n", "first: 3"}[d.IntN(5)]
}

// selection selects some of a type's fields, in part by fragments.
func (d *documents) selection(typeName string, depth int) string {
	var parts []string
	for range 1 + d.IntN(3) {
		switch d.IntN(5) {
		case 0:
			parts = append(parts, "..."+d.fragment(typeName, depth)+" "+d.condition(true))
		case 1:
			parts = append(parts, "... on "+typeName+" "+d.condition(true)+d.plain(typeName, depth))
		default:
			parts = append(parts, d.field(typeName, depth)...)
		}
	}
	return "{ __typename " + strings.Join(parts, " ") + " }"
}

func (d *documents) plain(typeName string, depth int) string {
	return "{ __typename " + strings.Join(d.field(typeName, depth), " ") + " }"
}

// fragment returns the name of a fragment on the type: mostly of one that is
// spread elsewhere too.
func (d *documents) fragment(typeName string, depth int) string {
	if known := d.byType[fmt.Sprint(typeName, depth)]; len(known) > 0 && d.IntN(4) > 0 {
		return known[d.IntN(len(known))]
	}
	body := typeName + " " + d.plain(typeName, depth)
	name := fmt.Sprintf("F%d", len(d.fragments))
	d.fragments[name] = body
	// Add the name only now: a fragment must not contain itself.
	d.byType[fmt.Sprint(typeName, depth)] = append(d.byType[fmt.Sprint(typeName, depth)], name)
	return name
}

func (d *documents) condition(calm bool) string {
	if calm && d.IntN(3) > 0 {
		return ""
	}
	return []string{"@include(if: $yes) ", "@include(if: $no) ", "@skip(if: $yes) ", "@skip(if: $no) "}[d.IntN(4)]
}

// field selects one to three fields. An alias encodes the arguments, so that any
// two selections can be merged.
func (d *documents) field(typeName string, depth int) []string {
	def := d.schema.Types[typeName]
	var out []string
	for range 1 + d.IntN(3) {
		f := def.Fields[d.IntN(len(def.Fields))]
		kind := d.schema.Types[f.Type.Name()].Kind
		leaf := kind == ast.Scalar || kind == ast.Enum
		switch {
		case slices.Contains([]string{"enforcement", "node"}, f.Name), !leaf && depth == 0, kind == ast.Interface:
		case leaf:
			out = append(out, withNeeded(f)+" "+d.condition(true))
		case strings.HasSuffix(f.Type.Name(), "Connection"):
			size := d.size()
			alias := f.Name + "_" + strings.NewReplacer(": ", "_", "$", "").Replace(size)
			out = append(out, alias+": "+f.Name+"("+size+") "+d.condition(true)+d.selection(f.Type.Name(), depth-1))
		default:
			out = append(out, withNeeded(f)+" "+d.condition(true)+d.selection(f.Type.Name(), depth-1))
		}
	}
	return out
}
