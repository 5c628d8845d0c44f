package graph_test

import (
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	validation "github.com/vektah/gqlparser/v2/validator/rules"

	"portico/internal/nodeid"
)

// randomDocument is a query with its variables.
type randomDocument struct {
	text      string
	variables map[string]any
}

// randomDocuments generates queries of a schema that are valid in it.
type randomDocuments struct {
	*rand.Rand
	schema *ast.Schema
	values *randomValues
	// own are the ids of the objects that the viewer may see.
	own map[nodeid.Kind][]string
	// leftOut are the fields, "Type.field", that are never selected.
	leftOut map[string]string

	// The document that is being generated: its variables, its fragments by name,
	// the names of those on a type, and how many more selections it may have.
	declared  []string
	variables map[string]any
	fragments map[string]string
	byType    map[string][]string
	left      int
}

func newRandomDocuments(seed uint64, schema *ast.Schema, values *randomValues, own map[nodeid.Kind][]string, leftOut map[string]string) *randomDocuments {
	return &randomDocuments{Rand: rand.New(rand.NewPCG(seed, 11)), schema: schema, values: values, own: own, leftOut: leftOut}
}

// next generates a document. Fields of one name in the answer may contradict
// each other, so that several may have to be tried.
func (d *randomDocuments) next() randomDocument {
	for {
		doc := d.attempt()
		if _, err := gqlparser.LoadQueryWithRules(d.schema, doc.text, validation.NewDefaultRules()); err == nil {
			return doc
		}
	}
}

func (d *randomDocuments) attempt() randomDocument {
	d.declared, d.variables = nil, map[string]any{}
	d.fragments, d.byType, d.left = map[string]string{}, map[string][]string{}, 15+d.IntN(120)
	root := d.selection(d.schema.Query, 1+d.IntN(5), "", 0)
	text := "query"
	if len(d.declared) > 0 {
		text += "(" + strings.Join(d.declared, ", ") + ")"
	}
	text += " " + root
	for _, name := range slices.Sorted(maps.Keys(d.fragments)) {
		if d.fragments[name] != "" {
			text += "\nfragment " + name + " " + d.fragments[name]
		}
	}
	return randomDocument{text, d.variables}
}

// chance is true once in n times.
func (d *randomDocuments) chance(n int) bool { return d.IntN(n) == 0 }

func pick[T any](d *rand.Rand, all []T) T { return all[d.IntN(len(all))] }

// selection selects some fields of a type, in part by fragments. likely is the
// type of the object, if the type is an interface. It leaves at least spare
// selections to the rest of the document.
func (d *randomDocuments) selection(t *ast.Definition, depth int, likely string, spare int) string {
	var parts []string
	most := 6
	if t == d.schema.Query {
		most = 3
	}
	for n := 1 + d.IntN(most); n > 0 && d.left > spare; n-- {
		d.left--
		// Those that follow have their share.
		rest := d.left - (d.left-spare)/n
		switch {
		case d.chance(15):
			parts = append(parts, pick(d.Rand, []string{"", "t: ", "kind: "})+"__typename "+d.condition())
		case d.chance(10):
			parts = append(parts, "..."+d.fragment(d.onType(t, likely), depth, rest)+" "+d.condition())
		case d.chance(15):
			parts = append(parts, "... "+d.condition()+d.selection(t, depth, likely, rest))
		case d.chance(15) || t.Kind == ast.Interface && !d.chance(3):
			on := d.onType(t, likely)
			parts = append(parts, "... on "+on.Name+" "+d.condition()+d.selection(on, depth, likely, rest))
		default:
			if f := d.field(t, depth, rest); f != "" {
				parts = append(parts, f)
			}
		}
	}
	if len(parts) == 0 || d.chance(4) {
		parts = append(parts, d.leaves(t)...)
	}
	return "{ " + strings.Join(parts, " ") + " }"
}

// leaves selects fields with nothing, or little, below them.
func (d *randomDocuments) leaves(t *ast.Definition) (out []string) {
	if strings.HasSuffix(t.Name, "Connection") {
		return []string{"totalCount", "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }", "edges { cursor }"}[d.IntN(2):]
	}
	if len(t.Interfaces) > 0 || t.Kind == ast.Interface {
		out = append(out, "id") // which may be selected beside it, of the interface
	}
	for range 6 {
		f := pick(d.Rand, t.Fields)
		if k := d.schema.Types[f.Type.Name()].Kind; (k == ast.Scalar || k == ast.Enum) && d.leftOut[t.Name+"."+f.Name] == "" && len(f.Arguments) == 0 {
			out = append(out, f.Name)
		}
	}
	return append(out, "__typename")[:max(1, len(out))]
}

// onType returns a type that a fragment inside t may be on.
func (d *randomDocuments) onType(t *ast.Definition, likely string) *ast.Definition {
	var all []*ast.Definition
	if t.Kind == ast.Interface {
		if on := d.schema.Types[likely]; on != nil && !d.chance(6) {
			return on
		}
		all = d.schema.GetPossibleTypes(t)
	} else {
		for _, i := range t.Interfaces {
			if d.chance(4) {
				return d.schema.Types[i]
			}
		}
		return t
	}
	return pick(d.Rand, append(slices.Clone(all), t))
}

// fragment returns the name of a fragment on a type: perhaps of one that is
// spread elsewhere too.
func (d *randomDocuments) fragment(on *ast.Definition, depth, spare int) string {
	key := fmt.Sprint(on.Name, depth)
	if known := d.byType[key]; len(known) > 0 && !d.chance(3) {
		return pick(d.Rand, known)
	}
	name := fmt.Sprintf("F%d", len(d.fragments))
	d.fragments[name] = "" // so that the next one has another name
	d.fragments[name] = "on " + on.Name + " " + d.selection(on, depth, on.Name, spare)
	// Only now, because a fragment must not contain itself.
	d.byType[key] = append(d.byType[key], name)
	return name
}

// condition returns a directive, mostly none, and rarely two.
func (d *randomDocuments) condition() string {
	if !d.chance(10) {
		return ""
	}
	one := func(name string) string {
		on := strconv.FormatBool(d.chance(2))
		if d.chance(2) {
			on = d.variable("Boolean!", d.chance(2), on)
		}
		return "@" + name + "(if: " + on + ") "
	}
	if d.chance(8) {
		return one("skip") + one("include")
	}
	return one(pick(d.Rand, []string{"skip", "include"}))
}

// variable declares a variable and returns its name. literal is a default that
// it may have instead of a value.
func (d *randomDocuments) variable(of string, value any, literal string) string {
	name := fmt.Sprintf("v%d", len(d.declared))
	declaration := "$" + name + ": " + of
	switch {
	case d.chance(6):
		declaration += " = " + literal
	case d.chance(6):
		declaration += " = " + literal
		d.variables[name] = value
	default:
		d.variables[name] = value
	}
	d.declared = append(d.declared, declaration)
	return "$" + name
}

// field selects a field of a type; "" if it picked none that may be.
func (d *randomDocuments) field(t *ast.Definition, depth, spare int) string {
	f := pick(d.Rand, t.Fields)
	if d.isLeaf(f) && depth > 0 && d.chance(2) {
		f = pick(d.Rand, t.Fields) // there are more leaves
	}
	if d.leftOut[t.Name+"."+f.Name] != "" || strings.HasPrefix(f.Name, "__") || !d.isLeaf(f) && depth == 0 {
		return ""
	}
	sizes := d.sizes(f)
	if sizes == nil || !d.chance(4) {
		return d.oneField(t, f, sizes, depth, spare)
	}
	// Another page of the same size, perhaps of a list that only its filter or its
	// order distinguishes.
	if d.chance(2) {
		sizes["after"], sizes["before"] = absent{}, absent{}
	}
	return d.oneField(t, f, sizes, depth, spare) + " " + d.oneField(t, f, sizes, depth, spare)
}

func (d *randomDocuments) isLeaf(f *ast.FieldDefinition) bool {
	k := d.schema.Types[f.Type.Name()].Kind
	return k == ast.Scalar || k == ast.Enum
}

// oneField selects a field; sizes are the arguments that are decided.
func (d *randomDocuments) oneField(t *ast.Definition, f *ast.FieldDefinition, sizes map[string]any, depth, spare int) string {
	args, likely := d.arguments(f, sizes)
	text := f.Name + args + " " + d.condition()
	switch {
	case args != "":
		// The alias follows from the arguments, so that equal names are equal fields.
		h := fnv.New32()
		_, _ = h.Write([]byte(args))
		text = f.Name + "_" + strconv.FormatUint(uint64(h.Sum32()), 36) + ": " + text
	case d.chance(5) || d.inInterface(t) && f.Name != "id" && !d.chance(3):
		text = strings.ToLower(t.Name[:1]) + strconv.Itoa(len(t.Name)) + "_" + f.Name + ": " + text
	}
	if d.isLeaf(f) {
		return text
	}
	below := d.schema.Types[f.Type.Name()]
	if !strings.HasSuffix(below.Name, "Connection") && !strings.HasSuffix(below.Name, "Edge") {
		depth--
	}
	selected := d.selection(below, depth, likely, spare)
	if d.chance(12) { // the same field again, with other selections
		return text + selected + " " + text + d.selection(below, depth, likely, spare)
	}
	return text + selected
}

// inInterface reports whether objects of a type stand beside those of others.
func (d *randomDocuments) inInterface(t *ast.Definition) bool { return len(t.Interfaces) > 0 }
