package graph

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/clients/go/gate/verdict"
	"portico/internal/entity"
	"portico/internal/viewer"
)

var update = flag.Bool("update", false, "write the published contracts anew")

// The published contracts are what introspection returns: a change of the schema
// mustAsk show in them.
func TestPublishedContracts(t *testing.T) {
	for file, role := range map[string]viewer.Role{
		"../schema.graphql": viewer.Admin, "../schema.approver.graphql": viewer.Approver, "../schema.portal.graphql": viewer.Portal, "../schema.public.graphql": viewer.Anonymous,
	} {
		text, err := SchemaFor(role)
		require.NoError(t, err)
		if *update {
			require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
		}
		published, err := os.ReadFile(file)
		require.NoError(t, err, "run: make generate")
		require.Equal(t, string(published), text, "%s is not what the schema says; run: make generate", file)
	}
}

// Every element has a description, which also says if only some may use it,
// because introspection does not show applied directives.
func TestEveryElementIsDescribed(t *testing.T) {
	whole, err := wholeSchema()
	require.NoError(t, err)
	say := func(place, text string, list ast.DirectiveList) {
		if strings.TrimSpace(text) == "" {
			t.Errorf("%s has no description", place)
		}
		d := list.ForName("hasRole")
		if d == nil {
			return
		}
		var roles []string
		for _, c := range d.Arguments.ForName("any").Value.Children {
			roles = append(roles, c.Value.Raw)
		}
		last := len(roles) - 1
		want := roles[last]
		if last > 0 {
			want = strings.Join(roles[:last], ", ") + " or " + want
		}
		if want = "Requires: " + want + "."; !strings.HasSuffix(text, want) {
			t.Errorf("%s does not end with %q", place, want)
		}
	}
	for _, d := range ours(whole) {
		say(d.Name, d.Description, nil)
		for _, f := range d.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			say(d.Name+"."+f.Name, f.Description, f.Directives)
			for _, a := range f.Arguments {
				say(d.Name+"."+f.Name+"("+a.Name+")", a.Description, a.Directives)
			}
		}
		for _, v := range d.EnumValues {
			say(d.Name+"."+v.Name, v.Description, nil)
		}
	}
}

// Every root field is for named roles or @public: nothing is open by oversight.
func TestEveryRootFieldHasALock(t *testing.T) {
	whole, err := wholeSchema()
	require.NoError(t, err)
	for _, root := range []*ast.Definition{whole.Query, whole.Mutation} {
		for _, f := range root.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			locked, public := f.Directives.ForName("hasRole") != nil, f.Directives.ForName("public") != nil
			if locked == public {
				t.Errorf("%s.%s needs either @hasRole or @public", root.Name, f.Name)
			}
		}
	}
}

// Every field of an entity lists the columns that it needs; a column that has no
// field of its own is not shown.
func TestEveryFieldNamesItsColumns(t *testing.T) {
	whole, err := wholeSchema()
	require.NoError(t, err)
	for k, known := range entity.Columns() {
		fields := map[string]bool{}
		for _, f := range whole.Types[string(k)].Fields {
			fields[f.Name] = true
			if _, ok := known[f.Name]; !ok && !strings.HasPrefix(f.Name, "__") {
				t.Errorf("the annotation of %s does not say which columns %s needs", k, f.Name)
			}
		}
		for name, columns := range known {
			if ofColumn := len(columns) == 1 && strings.ReplaceAll(columns[0], "_", "") == strings.ToLower(name); !fields[name] && !ofColumn {
				t.Errorf("the annotation of %s knows %s, which the schema does not", k, name)
			}
		}
	}
}

// Every type with an id is an entity, and has a connection if and only if its
// annotation has a list.
func TestEveryNodeIsAnEntity(t *testing.T) {
	whole, err := wholeSchema()
	require.NoError(t, err)
	known := map[string]bool{}
	for _, e := range entity.All() {
		known[string(e.Kind)] = true
		require.Equal(t, e.Connection, whole.Types[string(e.Kind)+"Connection"] != nil, e.Kind)
	}
	for _, d := range whole.GetPossibleTypes(whole.Types["Node"]) {
		require.True(t, known[d.Name], d.Name)
		delete(known, d.Name)
	}
	require.Empty(t, known, "they are not nodes of the schema")
}

// A mutation that fails returns null only for itself: a payload that could not
// be null would null the others' too, and with them a secret that is shown once.
func TestPayloadsAreNullable(t *testing.T) {
	whole, err := wholeSchema()
	require.NoError(t, err)
	for _, f := range whole.Mutation.Fields {
		require.Equal(t, strings.ToUpper(f.Name[:1])+f.Name[1:]+"Payload", f.Type.String(), f.Name)
	}
}

// Each list is a connection with nodes, a count and the four arguments.
func TestListsAreConnections(t *testing.T) {
	whole, err := wholeSchema()
	require.NoError(t, err)
	for _, d := range ours(whole) {
		for _, f := range d.Fields {
			if !strings.HasSuffix(f.Type.Name(), "Connection") {
				continue
			}
			for _, a := range []string{"first", "after", "last", "before"} {
				if f.Arguments.ForName(a) == nil {
					t.Errorf("%s.%s has no argument %s", d.Name, f.Name, a)
				}
			}
		}
		if strings.HasSuffix(d.Name, "Connection") {
			for _, f := range []string{"edges", "nodes", "totalCount", "pageInfo"} {
				if d.Fields.ForName(f) == nil {
					t.Errorf("%s has no field %s", d.Name, f)
				}
			}
		}
		if strings.HasSuffix(d.Name, "Payload") && d.Fields.ForName("userErrors") == nil {
			t.Errorf("%s has no userErrors", d.Name)
		}
	}
}

// A developer's view has nothing that is for administrators only, and the
// administrators' view contains each of the others.
func TestViewsContainOneAnother(t *testing.T) {
	whole, err := wholeSchema()
	require.NoError(t, err)
	cut := map[viewer.Role]*ast.Schema{}
	for _, role := range []viewer.Role{viewer.Anonymous, viewer.Portal, viewer.Approver, viewer.Admin} {
		cut[role], err = view(whole, audience{role: role})
		require.NoError(t, err)
	}
	for _, name := range []string{"users", "accounts", "account"} {
		require.Nil(t, cut[viewer.Portal].Query.Fields.ForName(name))
		require.NotNil(t, cut[viewer.Admin].Query.Fields.ForName(name))
	}
	require.Nil(t, cut[viewer.Portal].Types["CreateProductInput"], "what cannot be reached is not there")
	require.Nil(t, cut[viewer.Portal].Types["AppFilter"].Fields.ForName("accountIds"))
	require.Nil(t, cut[viewer.Anonymous].Types["App"])
	require.Len(t, cut[viewer.Anonymous].Mutation.Fields, 11) // signIn, completeSignIn, refreshSession, switchAccount, signOut, requestPasswordReset, resetPassword, acceptInvitation, signUp, verifyEmail, reportLeakedKey
	for _, role := range []viewer.Role{viewer.Anonymous, viewer.Portal, viewer.Approver} {
		for name, d := range cut[role].Types {
			wide := cut[viewer.Admin].Types[name]
			require.NotNil(t, wide, "%s is not the administrators'", name)
			for _, f := range d.Fields {
				require.NotNil(t, wide.Fields.ForName(f.Name), "%s.%s is not the administrators'", name, f.Name)
			}
		}
	}
}

// ours lists the types that the schema files define.
func ours(whole *ast.Schema) []*ast.Definition {
	var out []*ast.Definition
	for _, d := range whole.Types {
		if !d.BuiltIn && !strings.HasPrefix(d.Name, "__") {
			out = append(out, d)
		}
	}
	return out
}

// The schema's verdict codes are those of package verdict, in the order of
// decision and in its words.
func TestVerdictCodesMatchPackageVerdict(t *testing.T) {
	whole, err := wholeSchema()
	require.NoError(t, err)
	var reported, known []string
	for _, v := range whole.Types["VerdictCode"].EnumValues {
		reported = append(reported, v.Name+": "+v.Description)
	}
	for _, c := range verdict.Codes() {
		known = append(known, c.String()+": "+c.Meaning())
	}
	require.Equal(t, known, reported)
}
