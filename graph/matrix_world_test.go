package graph_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/predicate"
	"portico/ent/db/session"
	"portico/internal/auth"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/viewer"
)

// arguments is a mutation's input.
type arguments map[string]any

func (in arguments) copy() arguments { return maps.Clone(in) }

// world is the data of the matrix: a developer with everything that a developer
// can have, and others who request it: a member of the developer's account too.
type world struct {
	*server
	// person was made for the play that is on.
	person   person
	t        testing.TB
	one, two portaltest.Tenant
	// globex is the other developer's account.
	globex *db.Account
	// people are the viewers who are persons; tokens are the tokens of all.
	people map[string]viewer.Viewer
	tokens map[string]string
	// machines are the viewers who are service tokens, by their one scope.
	machines      map[string]viewer.Viewer
	machineTokens *auth.MachineTokens
	// ids are the developer's objects by the names that the questions use; those
	// of others are named "other's …" and "foreign …".
	ids    map[string]string
	serial int
	// doomedBy are who acts for an account of their own that is about to be deleted.
	doomedBy map[string]context.Context
}

func newWorld(t testing.TB, url string) *world {
	t.Helper()
	w := &world{server: newServer(t, url, database.Options{}), t: t, people: map[string]viewer.Viewer{}, tokens: map[string]string{"anonymous": ""}, machines: map[string]viewer.Viewer{}, ids: map[string]string{}, doomedBy: map[string]context.Context{}}
	w.one, w.two = w.MustTenant(t, "one"), w.MustTenant(t, "two")
	w.globex = w.MustAccount(t, w.one.Admin, "Globex")
	main := identity.DefaultProvider()
	main.Name, main.Label, main.Issuer, main.ClientID = "main", "Staff of one", "https://login.one.example", "portico"
	_, err := w.Portal.Identity.AddProvider(t.Context(), "one", main, nil)
	require.NoError(t, err)
	for name, ctx := range map[string]context.Context{
		"developer": w.one.Developer, "member": w.Enter(t, w.MustUser(t, w.one.Admin, w.one.Account, domain.Member)), "admin": w.one.Admin, "foreign": w.two.Admin, "other": w.MustDeveloper(t, w.one.Admin, w.globex),
	} {
		w.people[name], w.tokens[name] = viewer.Current(ctx), w.token(t, ctx)
	}
	w.machineTokens = auth.NewMachineTokens(w.Ring)
	machine, hash, hint := w.machineTokens.New()
	_, err = w.Portal.Identity.CreateGateway(t.Context(), identity.NewGateway{Organization: "one", Name: "edge-1", Hash: hash, Hint: hint})
	require.NoError(t, err)
	w.tokens["gateway"] = machine

	w.ids["account"], w.ids["other's account"], w.ids["foreign account"] = w.one.Account.GlobalID(), w.globex.GlobalID(), w.two.Account.GlobalID()
	w.ids["organization"], w.ids["foreign organization"] = w.one.Organization.GlobalID(), w.two.Organization.GlobalID()
	for who, specimen := range map[string]string{"developer": "user", "admin": "staff", "other": "other's user", "foreign": "foreign staff"} {
		w.ids[specimen] = nodeid.Encode(nodeid.User, w.people[who].UserID)
	}
	for specimen, by := range map[string]string{"user": "admin", "staff": "admin", "other's user": "admin", "foreign staff": "foreign"} {
		w.make(by, "updateUser", arguments{"userId": w.ids[specimen], "language": "TR", "timeZone": "Asia/Tokyo", "theme": "DARK"}, "user")
	}
	w.createCatalogue()
	w.createOwnObjects()
	w.createOthersObjects()
	w.countCalls()
	all := allNouns()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if n := all[name]; n.furnish != nil {
			n.furnish(w)
		}
	}
	return w
}

// shownProduct is the name of the product that everybody sees.
const shownProduct = "shown"

// createCatalogue fills the organization's catalogue.
func (w *world) createCatalogue() {
	w.make("admin", "updateOrganization", arguments{
		"website": "https://one.example", "longestKeyLife": arguments{"development": 3650, "staging": 3650, "production": 3650}, "rotateKeysEvery": arguments{"development": 365, "staging": 365, "production": 90},
		"requestsExpireAfterDays": 30, "catalogueAccess": "PUBLIC",
	}, "organization")
	for _, p := range []struct{ specimen, status string }{
		{"product", "PUBLISHED"}, {"private product", "PUBLISHED"}, {"draft product", "DRAFT"},
	} {
		name := w.name("product")
		if p.specimen == "product" {
			name = shownProduct
		}
		w.ids[p.specimen] = w.make("admin", "createProduct", arguments{
			"name": name, "externalId": "sap-1",
			"documentationUrl": "https://one.example/docs", "handOffUrl": "https://one.example/contract", "apiVersion": "v1", "description": "What it does.", "requestForm": formAsked(), "tags": []string{"Weather", "open-data"},
		}, "product")
		kind, price := "METERED", arguments{"amount": "0.10", "unit": 100}
		if p.specimen == "product" {
			kind, price["tiers"] = "TIERED", []arguments{{"upTo": 200, "amount": "0.10"}, {"amount": "0.05"}}
		}
		w.ids["endpoint of the "+p.specimen] = w.make("admin", "createEndpoint", arguments{
			"productId": w.ids[p.specimen], "method": "GET", "path": "/orders/{id}", "description": "One order.",
		}, "endpoint")
		limits := []arguments{}
		if p.specimen == "private product" {
			limits = append(limits, arguments{"endpointId": w.ids["endpoint of the "+p.specimen], "quota": arguments{"limit": 30, "per": "WEEK"}})
		}
		w.ids["plan of the "+p.specimen] = w.make("admin", "createPlan", arguments{
			"productId": w.ids[p.specimen], "name": "metered", "kind": kind, "externalId": "sap-2", "approval": "MANUAL",
			"rateLimit": arguments{"limit": 10, "per": "SECOND"}, "quota": arguments{"limit": 1000, "per": "MONTH"},
			"price": price, "spendingCap": "500", "endpointLimits": limits,
		}, "plan")
		w.ids["revision of the "+p.specimen] = w.revisionOf(w.ids["plan of the "+p.specimen])
		w.make("admin", "updateProduct", arguments{"productId": w.ids[p.specimen], "status": p.status}, "product")
	}
	w.make("admin", "updateProduct", arguments{"productId": w.ids["private product"], "visibility": "PRIVATE"}, "product")
	now := w.Clock.Now()
	w.make("admin", "deprecateProduct", arguments{"productId": w.ids["product"], "at": now.AddDate(1, 0, 0).Format(time.RFC3339)}, "product")
	w.make("admin", "retireProduct", arguments{"productId": w.ids["product"], "at": now.AddDate(2, 0, 0).Format(time.RFC3339)}, "product")
}

// createOwnObjects creates one of everything for the developer.
func (w *world) createOwnObjects() {
	labels := []arguments{{"key": "team", "value": "maps"}}
	w.make("admin", "updateAccount", arguments{"accountId": w.ids["account"], "profile": arguments{
		"website": "https://acme.example", "contactEmail": "it@acme.example", "description": "Maps.", "customFields": labels,
	}}, "account")
	w.ids["app"] = w.make("developer", "createApp", arguments{"name": "The developer's app", "description": "Old.", "labels": labels, "idempotencyKey": "once"}, "app")
	w.make("developer", "updateApp", arguments{"appId": w.ids["app"], "description": "New."}, "app")
	w.ids["waiting"] = w.make("developer", "register", arguments{"appId": w.ids["app"], "productId": w.ids["product"], "answers": formAnswers()}, "productSubscription")
	w.ids["approved"] = w.make("admin", "register", arguments{
		"appId": w.ids["app"], "productId": w.ids["private product"], "endpointIds": []string{w.ids["endpoint of the private product"]},
	}, "productSubscription")
	w.make("admin", "approveSubscription", arguments{"subscriptionId": w.ids["approved"], "reason": "Welcome."}, "productSubscription")
	w.ids["other plan of the private product"] = w.make("admin", "createPlan", arguments{
		"productId": w.ids["private product"], "name": "cheaper", "kind": "METERED", "approval": "AUTO", "price": arguments{"amount": "0.05", "unit": 100},
	}, "plan")
	w.ids["tiered plan of the private product"] = w.make("admin", "createPlan", arguments{
		"productId": w.ids["private product"], "name": "tiered", "kind": "TIERED", "price": arguments{"amount": "0.10", "unit": 100, "tiers": []arguments{{"upTo": 200, "amount": "0.10"}, {"amount": "0.05"}}},
		"overage": "CONTINUE", "spendingCap": "20", "endpointLimits": []arguments{{
			"endpointId": w.ids["endpoint of the private product"], "rateLimit": arguments{"limit": 1, "per": "MINUTE"}, "quota": arguments{"limit": 5, "per": "WEEK"},
		}},
	}, "plan")
	w.ids["other revision of the private product"] = w.revisionOf(w.ids["other plan of the private product"])
	w.ids["tiered revision of the private product"] = w.revisionOf(w.ids["tiered plan of the private product"])
	w.make("developer", "changePlan", arguments{
		"subscriptionId": w.ids["approved"], "planId": w.ids["other plan of the private product"], "when": "PERIOD_END", "reason": "Growth.",
	}, "productSubscription")
	list := []string{w.ids["product"], w.ids["private product"]}
	w.ids["key"] = w.make("developer", "generateKey", arguments{
		"appId": w.ids["app"], "name": "listed", "access": "LISTED", "accessControlList": list,
		"allowedAddresses": []string{"192.0.2.0/24"}, "rateLimit": arguments{"limit": 5, "per": "SECOND"},
	}, "credential")
	w.ids["account's key"] = w.make("developer", "generateKey", arguments{"accountId": w.ids["account"], "name": "whole"}, "credential")
	w.ids["disabled key"] = w.disabled(w.make("developer", "generateKey", arguments{"appId": w.ids["app"], "labels": labels}, "credential"))
	w.ids["rotated key"] = w.make("developer", "generateKey", arguments{"appId": w.ids["app"]}, "credential")
	w.ids["successor"] = w.make("developer", "rotateKey", arguments{"credentialId": w.ids["rotated key"], "overlapMinutes": 43200}, "credential")
	w.use(w.ids["rotated key"], w.ids["successor"])
	w.ids["key to revoke"] = w.freshKey()
	w.ids["revoked key"] = w.make("developer", "generateKey", arguments{"appId": w.ids["app"]}, "credential")
	w.make("developer", "revokeKey", arguments{"credentialId": w.ids["revoked key"], "reason": "SUPERSEDED", "note": "Rotated."}, "credential")
	a := w.askAs("anonymous", mutation("signIn", "accessToken"), map[string]any{"input": w.credentials("developer")})
	require.Empty(w.t, a.Errors, a.raw)

	a = w.askAs("admin", `query($account: ID!, $app: ID!, $key: ID!) { node(id: $key) { ... on Credential { username } } account(id: $account) { members(first: 1) { nodes { id } } } app(id: $app) { referenceId }
		updated: events(where: {type: [APP_UPDATED]}, first: 1) { nodes { id } }
		approved: events(where: {type: [SUBSCRIPTION_APPROVED]}, first: 1) { nodes { id } } }`,
		map[string]any{"account": w.ids["account"], "app": w.ids["app"], "key": w.ids["key"]})
	for specimen, path := range map[string]string{
		"membership": "account.members.nodes.id", "event": "updated.nodes.id", "event of staff": "approved.nodes.id", "reference": "app.referenceId", "username": "node.username",
	} {
		id, _ := dig(a.Data, path)
		require.NotEmpty(w.t, id, "%s: %s", specimen, a.raw)
		w.ids[specimen] = id.(string)
	}
}

// use notes that calls with keys passed now.
func (w *world) use(keys ...string) {
	system := portaltest.System(w.t)
	for _, id := range input.DecodeIDs(nodeid.Credential, keys) {
		key, err := w.Client.Credential.UpdateOneID(id).SetLastUsedAt(w.Clock.Now()).Save(system)
		require.NoError(w.t, err)
		if key.AppID != nil {
			require.NoError(w.t, w.Client.App.UpdateOneID(*key.AppID).SetLastUsedAt(w.Clock.Now()).Exec(system))
		}
	}
}

// createOthersObjects creates objects of the other viewers.
func (w *world) createOthersObjects() {
	w.ids["other's app"] = w.make("other", "createApp", arguments{"name": "The other's app"}, "app")
	w.make("other", "register", arguments{"appId": w.ids["other's app"], "productId": w.ids["product"]}, "productSubscription")
	a := w.askAs("other", `{ viewer { account { members { nodes { id } } } } }`, nil)
	id, _ := dig(a.Data, "viewer.account.members.nodes.id")
	w.ids["other's membership"] = id.(string)
	w.ids["foreign product"] = w.make("foreign", "createProduct", arguments{"name": "theirs"}, "product")
	w.make("foreign", "createPlan", arguments{"productId": w.ids["foreign product"], "name": "free"}, "plan")
	w.make("foreign", "updateProduct", arguments{"productId": w.ids["foreign product"], "status": "PUBLISHED"}, "product")
	w.make("foreign", "createEndpoint", arguments{"productId": w.ids["foreign product"], "method": "ANY", "path": "/theirs"}, "endpoint")
	w.make("foreign", "createGuide", arguments{"productId": w.ids["foreign product"], "slug": "theirs", "title": "Theirs", "text": "Theirs."}, "guide")
	w.make("foreign", "uploadProductDocument", arguments{"productId": w.ids["foreign product"], "document": aDocument}, "productDocument")
	w.ids["foreign app"] = w.make("foreign", "createApp", arguments{"name": "The foreign app", "accountId": w.ids["foreign account"]}, "app")
	w.make("foreign", "register", arguments{"appId": w.ids["foreign app"], "productId": w.ids["foreign product"]}, "productSubscription")
}

// make runs a mutation that must succeed, and returns the id of what it created.
func (w *world) make(who, name string, in arguments, object string) string {
	w.t.Helper()
	a := w.askAs(who, mutation(name, object+" { id }"), map[string]any{"input": in})
	require.Empty(w.t, a.Errors, "%s: %s", name, a.raw)
	id, _ := dig(a.Data, name+"."+object+".id")
	require.NotEmpty(w.t, id, "%s: %s", name, a.raw)
	return id.(string)
}

// mutation returns the document of a mutation.
func mutation(name, selection string) string {
	return fmt.Sprintf("mutation($input: %sInput!) { %s(input: $input) { %s } }", strings.ToUpper(name[:1])+name[1:], name, selection)
}

// credentials returns the input with which a person signs in. If the person has done
// so often, the sessions are deleted: too many would end the first, whose token the
// person uses.
func (w *world) credentials(who string) arguments {
	ctx, v := portaltest.System(w.t), w.people[who]
	others := []predicate.Session{session.UserID(v.UserID), session.IDNEQ(v.SessionID)}
	n, err := w.Client.Session.Query().Where(others...).Count(ctx)
	if err == nil && n > identity.MaxSessions/2 {
		_, err = w.Client.Session.Delete().Where(others...).Exec(ctx)
	}
	require.NoError(w.t, err)
	u, err := w.Client.User.Get(portaltest.System(w.t), w.people[who].UserID)
	require.NoError(w.t, err)
	return arguments{"email": u.Email, "password": portaltest.Password}
}

func (w *world) askAs(who, document string, vars map[string]any) answer {
	w.t.Helper()
	return w.ask(w.t, w.tokens[who], document, vars)
}

// as returns the context of a viewer.
func (w *world) as(who string) context.Context { return portaltest.As(w.t, w.people[who]) }

// name returns an unused name.
func (w *world) name(of string) string {
	w.serial++
	return fmt.Sprintf("%s-%d", of, w.serial)
}

// madeUp returns an id of the same kind that does not exist.
func madeUp(id string) string {
	if kind, _, ok := nodeid.Split(id); ok {
		return nodeid.Encode(kind, uuid.New())
	}
	return uuid.NewString()
}
