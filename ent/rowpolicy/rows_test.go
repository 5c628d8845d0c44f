package rowpolicy_test

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/privacy"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/ent/db/keyrequest"
	"portico/ent/db/migrate"
	"portico/ent/db/subscription"
	"portico/internal/fault"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

func at() time.Time { return time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC) }

// denied stands for a refusal instead of the names of owners.
const denied = "denied"

// reach is the owners whose rows the viewers who belong to an organization reach. The
// developer owns the account; a member reaches what the developer does unless said
// otherwise.
type reach struct{ admin, developer, inside string }

// readable returns the rows that each viewer may read, written by hand.
func readable() map[string]reach {
	all := "deprecated former granted hidden history offered other over own retired unpublished"
	products := reach{all, "deprecated granted history offered over own", all}
	ofAccount := reach{"other own", "own", "other own"}
	return map[string]reach{
		"organizations":     {"own", "own", "own"},
		"accounts":          {"other own", "own", "closed other own"},
		"users":             {"colleague other own staff", "colleague own", "closed colleague other own staff"},
		"memberships":       {"colleague other own", "colleague own", "colleague other own"},
		"invitations":       ofAccount,
		"products":          products,
		"plans":             products,
		"plan_revisions":    products,
		"endpoints":         products,
		"guides":            products,
		"product_documents": products,
		"apps":              {"other own", "own", "other own removed sanction"},
		"credentials":       {"other own", "own", "other own removed"},
		"access_entries":    ofAccount,
		"app_transfers":     ofAccount,
		"key_requests":      ofAccount,
		"subscriptions":     {"other own sanction", "own", "other own removed sanction"},
		"events":            ofAccount,
		"service_tokens":    {"other own", "", "other own"},
		"sign_ups":          {"other own", "", "other own"},
		"sessions":          {"staff", "own", "other own staff"},
		"statements":        ofAccount, "statement_lines": ofAccount,

		"product_approvers": {"other own", "", "other own"},
		"product_grants":    ofAccount,
	}
}

// changeable returns the rows that each viewer may change.
func changeable() map[string]reach {
	out := readable()
	for _, of := range []string{"organizations", "products", "product_approvers", "product_grants", "plans", "endpoints", "guides", "product_documents", "service_tokens", "sign_ups", "app_transfers"} {
		r := out[of]
		r.developer = denied
		out[of] = r
	}
	users := out["users"]
	users.developer = "own"
	out["users"] = users
	out["events"] = reach{denied, denied, denied}
	out["plan_revisions"] = out["events"]
	out["statements"], out["statement_lines"] = out["events"], reach{denied, denied, "other own"} // those of the present month, by Portico itself
	return out
}

// creatable returns the owners for which each viewer may create rows.
func creatable() map[string]reach {
	byAll, byStaff := reach{"other own", "own", "other own"}, reach{"other own", "", "other own"}
	return map[string]reach{
		"organizations": {},
		"statements":    {inside: "other own"}, "statement_lines": {inside: "other own"},
		"accounts": byStaff, "users": byStaff, "memberships": byStaff, "invitations": byStaff,
		"products": byStaff, "plans": byStaff, "plan_revisions": byStaff, "endpoints": byStaff, "guides": byStaff, "product_documents": byStaff, "service_tokens": byStaff, "product_approvers": byStaff, "product_grants": byStaff, "sign_ups": byStaff, "app_transfers": byStaff,
		"apps": byAll, "credentials": byAll, "access_entries": byAll, "key_requests": byAll, "subscriptions": byAll, "events": byAll,
		"sessions": {"", "own", "other own"},
	}
}

// approver is what an approver reads, changes and creates, written by hand: of the
// developer's rows those that a decision about the one product needs. What is not here is
// nothing, or denied.
func approver() (reads, changes, creates map[string]string) {
	reads = map[string]string{
		"organizations": "own", "accounts": "own", "users": "staff", "products": "own", "plans": "own", "plan_revisions": "own", "guides": "own", "product_documents": "own",
		"apps": "own", "key_requests": "own", "subscriptions": "own", "events": "own", "sessions": "own",
		"endpoints": "", "memberships": "", "invitations": "", "credentials": "", "access_entries": "", "service_tokens": "", "product_approvers": "", "product_grants": "", "sign_ups": "", "app_transfers": "", "statements": "", "statement_lines": "",
	}
	return reads, map[string]string{"users": "own", "key_requests": "own", "subscriptions": "own", "sessions": "own"}, map[string]string{"events": "other own", "sessions": "own"}
}

// outsiders are viewers who reach no row at all.
func outsiders() []string {
	return []string{"nobody", "anonymous", "gateway", "made-up role", "suspended developer", "developer of no organization", "admin of no organization", "approver of no organization"}
}

// of returns what is expected of a viewer by name.
func (r reach) of(name string) string {
	switch name {
	case "admin":
		return r.admin
	case "developer", "member":
		return r.developer
	case "portico inside":
		return r.inside
	}
	return denied
}

// reached returns the owners whose rows of a table a statement reaches, each tried in
// a transaction that is rolled back.
func (w *world) reached(t *testing.T, x table, who string, try func(*testing.T, string, owner) (int, error)) string {
	var names []string
	refused := 0
	for name, o := range w.owners {
		if _, has := o.rows[x.name]; !has {
			continue
		}
		n, err := try(t, who, o)
		switch {
		case errors.Is(err, privacy.Deny), isSuspension(err):
			refused++
		case err != nil:
			t.Errorf("%s of %s by %s: %v", x.name, name, who, err)
		case n > 0:
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if refused > 0 && len(names) == 0 {
		return denied
	}
	return strings.Join(names, " ")
}

func isSuspension(err error) bool {
	var f *fault.Error
	return errors.As(err, &f) && f.Reason == fault.ReasonAccountSuspended
}

// everybody is all viewers whose reach is written down.
func everybody() []string {
	return append(outsiders(), "admin", "developer", "member", "approver", "portico inside")
}

func TestRowsThatAreRead(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w, want := newWorld(t, url), readable()
		for _, x := range tables() {
			read := func(t *testing.T, who string, o owner) (int, error) {
				return x.read(w.as(t.Context(), who), w.client, o.rows[x.name])
			}
			for _, who := range everybody() {
				expected := want[x.name].of(who)
				if who == "member" && x.name == "invitations" { // which owners see
					expected = ""
				}
				if who == "approver" {
					reads, _, _ := approver()
					expected = reads[x.name]
				}
				require.Equal(t, expected, w.reached(t, x, who, read), "%s read by %s", x.name, who)
			}
			require.Contains(t, w.reached(t, x, "portico", read), "foreign", "%s read by Portico itself", x.name)
		}
	})
}

func TestRowsThatAreChanged(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w, want := newWorld(t, url), changeable()
		for _, x := range tables() {
			change := func(t *testing.T, who string, o owner) (int, error) {
				tx, err := w.client.Tx(t.Context())
				require.NoError(t, err)
				defer func() { require.NoError(t, tx.Rollback()) }()
				return x.change(w.as(t.Context(), who), tx.Client(), o.rows[x.name])
			}
			for _, who := range everybody() {
				expected := want[x.name].of(who)
				if who == "member" && (x.name == "accounts" || x.name == "memberships" || x.name == "invitations") { // which owners change
					expected = ""
				}
				if who == "approver" {
					_, changes, _ := approver()
					expected = cmp.Or(changes[x.name], denied)
				}
				require.Equal(t, expected, w.reached(t, x, who, change), "%s changed by %s", x.name, who)
			}
			if changeable()[x.name].inside != denied { // what nobody changes
				require.Contains(t, w.reached(t, x, "portico", change), "foreign", "%s changed by Portico itself", x.name)
			}
		}
	})
}

func TestRowsThatAreCreated(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w, want := newWorld(t, url), creatable()
		for _, x := range tables() {
			for _, who := range everybody() {
				var names []string
				for _, name := range []string{"foreign", "other", "own"} {
					if w.creates(t, x, who, w.owners[name]) {
						names = append(names, name)
					}
				}
				expected := want[x.name].of(who)
				if expected == denied {
					expected = ""
				}
				if who == "approver" {
					_, _, creates := approver()
					expected = creates[x.name]
				}
				require.Equal(t, expected, strings.Join(names, " "), "%s created by %s", x.name, who)
			}
		}
	})
}

// creates reports whether a viewer may create a row of an owner: what refuses must be
// the row policy, and no constraint of the database.
func (w *world) creates(t *testing.T, x table, who string, o owner) bool {
	tx, err := w.client.Tx(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, tx.Rollback()) }()
	// The row that exists is in the way of some.
	system := w.as(t.Context(), "portico")
	switch x.name {
	case "product_approvers":
		_, err = tx.ProductApprover.Delete().Exec(system)
	case "product_grants":
		_, err = tx.ProductGrant.Delete().Exec(system)
	case "memberships":
		_, err = tx.Membership.Delete().Exec(system)
	case "invitations":
		_, err = tx.Invitation.Delete().Exec(system)
	case "app_transfers":
		_, err = tx.AppTransfer.Delete().Exec(system)
	case "access_entries":
		_, err = tx.AccessEntry.Delete().Exec(system)
	case "subscriptions":
		_, err = tx.Subscription.Delete().Exec(system)
	}
	require.NoError(t, err)
	err = x.create(w.as(t.Context(), who), tx.Client(), o, uuid.New())
	if errors.Is(err, privacy.Deny) || isSuspension(err) {
		return false
	}
	require.NoError(t, err, "%s created by %s", x.name, who)
	return true
}

// Everybody who reads a public catalogue reaches the public products that are on offer, with
// their plans, guides and documents, and nothing else; and changes and creates nothing.
func TestEverybodyReachesAPublicCatalogueAlone(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		for _, x := range tables() {
			want := denied
			if x.name == "products" || x.name == "plans" || x.name == "guides" || x.name == "product_documents" {
				want = "deprecated offered"
			}
			require.Equal(t, want, w.reached(t, x, "everybody", func(t *testing.T, who string, o owner) (int, error) {
				return x.read(w.as(t.Context(), who), w.client, o.rows[x.name])
			}), "%s read", x.name)
			require.Equal(t, denied, w.reached(t, x, "everybody", func(t *testing.T, who string, o owner) (int, error) {
				return x.change(w.as(t.Context(), who), w.client, o.rows[x.name])
			}), "%s changed", x.name)
			for _, name := range []string{"own", "foreign"} {
				require.False(t, w.creates(t, x, "everybody", w.owners[name]), "%s created", x.name)
			}
		}
	})
}

// Events are deleted by Portico itself, when they are purged, and by nobody else.
func TestEventsAreDeletedByPorticoAlone(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t))
	for _, who := range everybody() {
		_, err := w.client.Event.Delete().Exec(w.as(t.Context(), who))
		require.ErrorIs(t, err, privacy.Deny, who)
	}
	// The trigger of the database refuses what the row policy allows.
	_, err := w.client.Event.Delete().Exec(w.as(t.Context(), "portico"))
	require.NotErrorIs(t, err, privacy.Deny)
}

// A developer of a suspended account learns why nothing is shown; others are refused
// without a reason.
func TestSuspensionIsTheReason(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t))
	own := w.owners["own"]
	for _, x := range tables() {
		if readable()[x.name].developer == denied {
			continue
		}
		_, err := x.read(w.as(t.Context(), "suspended developer"), w.client, own.rows[x.name])
		require.True(t, isSuspension(err), "%s: %v", x.name, err)
		for _, who := range []string{"developer of no organization", "suspended gateway"} {
			_, err = x.read(w.as(t.Context(), who), w.client, own.rows[x.name])
			require.ErrorIs(t, err, privacy.Deny, "%s read by a %s", x.name, who)
		}
	}
}

func TestEveryTableWithClientIsTried(t *testing.T) {
	var tried, all []string
	for _, x := range tables() {
		tried = append(tried, x.name)
	}
	for _, x := range migrate.Tables {
		if !slices.Contains(migrate.WithoutClient(), x.Name) {
			all = append(all, x.Name)
		}
	}
	require.ElementsMatch(t, all, tried)
}

// An approver sees a request for a key only if it asks for no product but the approver's own.
func TestRequestsOfSeveralApprovers(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		own, ctx := w.owners["own"], w.as(t.Context(), "approver")
		sees := func() bool {
			n, err := w.client.KeyRequest.Query().Where(keyrequest.ID(own.rows["key_requests"])).Count(ctx)
			require.NoError(t, err)
			return n == 1
		}
		require.True(t, sees())
		offered := w.owners["offered"]
		id := uuid.New()
		require.NoError(t, w.client.Subscription.Create().SetID(id).SetOrganizationID(own.organization).SetAccountID(own.account).SetAppID(own.rows["apps"]).
			SetProductID(offered.rows["products"]).SetPlanID(offered.rows["plans"]).SetStatus(access.SubscriptionWaiting).SetKeyRequestID(own.rows["key_requests"]).
			Exec(viewer.AsSystem(t.Context(), own.organization)))
		require.False(t, sees())
		n, err := w.client.Subscription.Query().Where(subscription.ID(id)).Count(ctx)
		require.NoError(t, err)
		require.Zero(t, n)
	})
}
