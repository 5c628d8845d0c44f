package graph_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db/apptransfer"
	"portico/graph"
	"portico/internal/entity"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

const (
	// staffName is the name of every administrator that the builders create.
	staffName = "Staff Member"
	// clientAddress is where the requests of tests come from.
	clientAddress = "192.0.2.1"
)

// TestViewersFindOnlyTheirOwn: a viewer who follows everything, and asks for
// every id that exists, finds each object that is visible to the viewer and no
// other: not among the nodes, in a count, or anywhere in the text.
func TestViewersFindOnlyTheirOwn(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		all := w.nodes()
		var known []string
		for _, objects := range all {
			for _, o := range objects {
				known = append(known, o.id)
			}
		}
		for who, role := range map[string]viewer.Role{
			"developer": viewer.Portal, "member": viewer.Portal, "other": viewer.Portal, "admin": viewer.Admin, "foreign": viewer.Admin,
		} {
			schema, err := graph.View(role)
			require.NoError(t, err)
			c := crawl(w, who, schema, slices.Clone(known))
			for kind, objects := range all {
				var theirs []string
				for _, o := range objects {
					if w.sees(who, kind, o) {
						theirs = append(theirs, o.id)
					}
				}
				slices.Sort(theirs)
				n := allNouns()[string(kind)]
				if n.ownersOnly && who == "member" {
					continue // events tell their ids, and nothing else
				}
				if role == viewer.Admin || !n.staffOnly {
					require.NotEmpty(t, theirs, "%s has no %s: the test shows nothing", who, kind)
				}
				require.Less(t, len(theirs), len(objects), "%s sees every %s: the test shows nothing", who, kind)
				require.Equal(t, theirs, c.ids(kind), "%s and every %s", who, kind)
			}
			if role == viewer.Admin {
				require.Contains(t, c.text.String(), staffName)
				require.Contains(t, c.text.String(), clientAddress)
			}
			for _, s := range w.secrets(who) {
				require.NotContains(t, c.text.String(), s, who)
			}
		}
	})
}

// object is a row by its name in the schema, and its owner.
type object struct {
	id string
	row
}

// nodes returns all objects of the database, by kind.
func (w *world) nodes() map[nodeid.Kind][]object {
	kinds := map[string]nodeid.Kind{}
	for _, e := range entity.All() {
		kinds[e.Table] = e.Kind
	}
	out := map[nodeid.Kind][]object{}
	for key, r := range w.snapshot() {
		table, id, _ := strings.Cut(key, " ")
		if kind, ok := kinds[table]; ok {
			out[kind] = append(out[kind], object{nodeid.Encode(kind, uuid.MustParse(id)), r})
		}
	}
	return out
}

// sees reports who may see what, by the design: everybody their own sessions; staff all
// else of their organization; developers what belongs to their account, its members,
// the organization, and of the catalogue what is
// published and public, or what their account has subscribed to.
func (w *world) sees(who string, kind nodeid.Kind, o object) bool {
	v := w.people[who]
	if o.organization != v.OrganizationID.String() {
		return false
	}
	if allNouns()[string(kind)].personal {
		return o.user == v.UserID.String()
	}
	if v.Role == viewer.Admin {
		return true
	}
	if n := allNouns()[string(kind)]; n.staffOnly {
		return false
	} else if n.shown != nil {
		return n.shown(w, who, o)
	}
	return o.account == v.AccountID.String()
}

// shownOfProduct reports whether an object is of a product that a developer sees.
func shownOfProduct(specimen string) func(w *world, who string, o object) bool {
	return func(w *world, who string, o object) bool {
		return o.id == w.ids[specimen+"product"] || o.id == w.ids[specimen+"product with terms"] || o.id == w.ids[specimen+"private product"] && (who == "developer" || who == "member")
	}
}

// secrets returns texts that must never reach a viewer: names of others'
// objects, who works for the organization, client addresses, and passwords.
func (w *world) secrets(who string) []string {
	w.t.Helper()
	v, system := w.people[who], portaltest.System(w.t)
	var out []string
	users, err := w.Client.User.Query().All(system)
	require.NoError(w.t, err)
	for _, u := range users {
		out = append(out, u.PasswordHash)
		if u.OrganizationID != v.OrganizationID || v.Role == viewer.Portal && u.ID != v.UserID && !w.mates(v.UserID, u.ID) {
			out = append(out, u.Email)
		}
	}
	if v.Role == viewer.Portal {
		out = append(out, staffName, clientAddress)
	}
	apps, err := w.Client.App.Query().All(system)
	require.NoError(w.t, err)
	keys, err := w.Client.Credential.Query().All(system)
	require.NoError(w.t, err)
	theirs := func(organization, account uuid.UUID) bool {
		return organization == v.OrganizationID && (v.Role == viewer.Admin || account == v.AccountID)
	}
	for _, a := range apps {
		if !theirs(a.OrganizationID, a.AccountID) {
			out = append(out, a.ReferenceID.String())
			// The name of one that is offered is for both sides.
			if offered, err := w.Client.AppTransfer.Query().Where(apptransfer.AppName(a.Name), apptransfer.ToAccountID(v.AccountID)).Exist(system); err != nil || !offered {
				out = append(out, a.Name)
			}
		}
	}
	for _, k := range keys {
		if !theirs(k.OrganizationID, k.AccountID) {
			out = append(out, k.Username.String())
		}
	}
	return out
}

// mates reports whether two people are in the developer's account.
func (w *world) mates(a, b uuid.UUID) bool {
	both := []uuid.UUID{w.people["developer"].UserID, w.people["member"].UserID}
	return slices.Contains(both, a) && slices.Contains(both, b)
}
