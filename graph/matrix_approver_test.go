package graph_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/ent/db"
	"portico/ent/db/keyrequest"
	"portico/ent/db/productapprover"
	"portico/ent/db/subscription"
	"portico/ent/db/user"
	"portico/graph"
	"portico/internal/domain"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// approver is the viewer who decides about the product of the catalogue, and no other.
const approver = "approver"

// approversOfProducts is what the matrix knows of who decides about products, besides what
// a product is.
func approversOfProducts(n noun) noun {
	n.plays["Mutation.addApprover"] = on("productId", "APPROVER_ADDED", (*world).freshProduct).of((*world).freshApprover)
	n.plays["Mutation.removeApprover"] = on("productId", "APPROVER_REMOVED", (*world).approvedProduct).of(func(w *world) string { return w.ids["approver"] })
	n.targets["addApprover"], n.targets["removeApprover"] = "productId", "productId"
	n.nothing["none said"] = "RemoveApproverInput.reason"
	n.fields["Product.approvers"] = listOf(nodeid.User, func(q fieldRequest, u *db.User) bool {
		is, err := q.w.Client.ProductApprover.Query().Where(productapprover.ProductID(q.parent.(*db.Product).ID), productapprover.UserID(u.ID)).Exist(portaltest.System(q.w.t))
		mustRead(err)
		return is
	})
	n.tables["product_approvers"] = table{
		client: func(c *db.Client) any { return c.ProductApprover }, column: "product_id", value: specimen("product"),
		adds: func(c *db.Client) adding {
			return added(c.ProductApprover.Create, c.ProductApprover.CreateBulk, func(x *db.ProductApproverCreate, o owner) {
				x.SetOrganizationID(o.organization).SetProductID(o.product).SetUserID(o.staff)
			})
		},
		policy: &productapprover.Policy, // the API reaches it behind a product alone
	}
	n.furnish = (*world).furnishApprover
	return n
}

// of adds a user to a play's input.
func (p play) of(user func(*world) string) play {
	first := p.input
	p.input = func(w *world, who string) arguments {
		in := first(w, who)
		in["userId"] = user(w)
		return in
	}
	return p
}

// furnishApprover makes the approver of the product, and lets somebody else decide about
// another.
func (w *world) furnishApprover() {
	w.ids["approver"] = w.freshApprover()
	w.make("admin", "addApprover", arguments{"productId": w.ids["product"], "userId": w.ids["approver"]}, "product")
	w.make("admin", "addApprover", arguments{"productId": w.ids["private product"], "userId": w.freshApprover()}, "product")
	u, err := w.Client.User.Get(portaltest.System(w.t), idOf(w.ids["approver"]))
	require.NoError(w.t, err)
	ctx := w.Enter(w.t, u)
	w.people[approver], w.tokens[approver] = viewer.Current(ctx), w.token(w.t, ctx)
}

func (w *world) freshApprover() string {
	in := newUser(w, "")
	in["role"] = "APPROVER"
	delete(in, "accountId")
	return w.make("admin", "createUser", in, "user")
}

// approvedProduct returns a new product that the approver decides about.
func (w *world) approvedProduct() string {
	id := w.freshProduct()
	w.make("admin", "addApprover", arguments{"productId": id, "userId": w.ids["approver"]}, "product")
	return id
}

// TestAnApproverSeesWhatADecisionNeeds: the objects and fields of the organization that an
// approver's schema has, written by hand. All else of it is about the person.
func TestAnApproverSeesWhatADecisionNeeds(t *testing.T) {
	view, err := graph.View(viewer.Approver)
	require.NoError(t, err)
	for name, want := range map[string]string{
		"Query":               "catalogue keyRequest keyRequestCounts keyRequests node nodes product productSubscription productSubscriptionCounts productSubscriptions products search serverInfo sessions viewer",
		"ProductSubscription": "acceptedTerms account allowedTransitions answers app badgeColor createdAt decidedAt decidedBy handOffUrl id keyRequest pendingChange plan planRevision product reason requestedBy status timeline updatedAt version",
		"KeyRequest":          "account app changesKey collectUntil collectedAt createdAt decidedAt decidedBy deleted environment id name productSubscriptions products reason removeProducts requestedBy status updatedAt version viewerCan",
		"PendingPlanChange":   "effectiveAt plan planRevision reason requestedAt requestedBy status when",
		"App":                 "account createdAt description id labels name referenceId",
		"Account":             "createdAt id name profile status",
		"Product":             "apiVersion deprecatesAt description descriptionHtml documentationUrl documents guides handOffUrl id logoUrl name plans retiresAt status summary tags terms title",
		"Plan":                "charge id kind name overage price quota quotaPer rateLimit revision spendingCap",
		"PlanRevision":        "charge createdAt id kind number overage plan price quota quotaPer rateLimit spendingCap",
		"Actor":               "name role",
		"Event":               "actor at changes id position reason subject type",
		"EventSubject":        "id name type",
		"User":                "accounts createdAt email id keyNamesInMail language name role status theme timeZone",
	} {
		require.Equal(t, want, fieldsOf(view.Types[name]), name)
	}
	for _, name := range []string{"Credential", "Endpoint", "Membership", "Invitation", "ServiceToken", "KeyCounts", "Usage", "MailSettings"} {
		require.Nil(t, view.Types[name], name)
	}
}

// fieldsOf returns the names of a type's fields, sorted.
func fieldsOf(d *ast.Definition) string {
	var out []string
	for _, f := range d.Fields {
		if !strings.HasPrefix(f.Name, "__") {
			out = append(out, f.Name)
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// TestAnApproverFindsOnlyTheirProducts: an approver who follows everything, and asks for
// every id that exists, finds the subscriptions of the product with their apps and
// accounts, what happened to them, the staff and the own sessions, and nothing else.
func TestAnApproverFindsOnlyTheirProducts(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		want, all := w.approverSees(), w.nodes()
		var known []string
		for _, objects := range all {
			for _, o := range objects {
				known = append(known, o.id)
			}
		}
		schema, err := graph.View(viewer.Approver)
		require.NoError(t, err)
		c := crawl(w, approver, schema, known)
		for kind, objects := range all {
			slices.Sort(want[kind])
			require.Equal(t, slices.Compact(want[kind]), c.ids(kind), "every %s", kind)
			require.Less(t, len(want[kind]), len(objects), "the approver sees every %s: the test shows nothing", kind)
		}
		developers, err := w.Client.User.Query().Where(user.RoleEQ(domain.RolePortal)).All(portaltest.System(t))
		require.NoError(t, err)
		for _, u := range developers {
			require.NotContains(t, c.text.String(), u.Email)
		}
		require.NotContains(t, c.text.String(), clientAddress)
		// Kinds that the schema does not have are not named either.
		for _, specimen := range []string{"key", "membership", "endpoint of the product", "service token"} {
			a := w.askAs(approver, `query($id: ID!) { node(id: $id) { __typename id } }`, map[string]any{"id": w.ids[specimen]})
			require.Empty(t, a.Errors, specimen)
			require.Nil(t, a.Data["node"], specimen)
		}
	})
}

// approverSees returns what the approver of the product sees, by kind.
func (w *world) approverSees() map[nodeid.Kind][]string {
	system := portaltest.System(w.t)
	out := map[nodeid.Kind][]string{
		nodeid.Organization: {w.ids["organization"]}, nodeid.Product: {w.ids["product"]}, nodeid.Plan: {w.ids["plan of the product"]}, nodeid.PlanRevision: {w.ids["revision of the product"]}, nodeid.Guide: {w.ids["guide of the product"]}, nodeid.ProductDocument: {w.ids["document of the product"]},
		nodeid.Session: {nodeid.Encode(nodeid.Session, w.people[approver].SessionID)},
	}
	all, err := w.Client.Subscription.Query().Where(subscription.ProductID(idOf(w.ids["product"])), subscription.DeletedAtIsNil()).All(system)
	require.NoError(w.t, err)
	var ids []uuid.UUID
	for _, s := range all {
		ids = append(ids, s.ID)
		out[nodeid.ProductSubscription] = append(out[nodeid.ProductSubscription], s.GlobalID())
		out[nodeid.App] = append(out[nodeid.App], nodeid.Encode(nodeid.App, s.AppID))
		out[nodeid.Account] = append(out[nodeid.Account], nodeid.Encode(nodeid.Account, s.AccountID))
	}
	requests, err := w.Client.KeyRequest.Query().Where(keyrequest.OrganizationID(w.one.Organization.ID)).All(system)
	require.NoError(w.t, err)
	for _, k := range requests {
		made, err := w.Client.Subscription.Query().Where(subscription.KeyRequestID(k.ID)).All(system)
		require.NoError(w.t, err)
		others := slices.ContainsFunc(made, func(s *db.Subscription) bool { return s.ProductID != idOf(w.ids["product"]) })
		if len(made) > 0 && !others {
			out[nodeid.KeyRequest] = append(out[nodeid.KeyRequest], k.GlobalID())
		}
	}
	events, err := w.Client.Event.Query().All(system)
	require.NoError(w.t, err)
	for _, e := range events {
		if slices.Contains(ids, e.SubjectID) {
			out[nodeid.Event] = append(out[nodeid.Event], e.GlobalID())
		}
	}
	staff, err := w.Client.User.Query().Where(user.OrganizationID(w.one.Organization.ID), user.RoleIn(domain.RoleAdmin, domain.RoleApprover)).All(system)
	require.NoError(w.t, err)
	for _, u := range staff {
		out[nodeid.User] = append(out[nodeid.User], u.GlobalID())
	}
	return out
}
