package graph_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/ent/db"
	"portico/ent/db/subscription"
	"portico/graph"
	"portico/internal/address"
	"portico/internal/apps"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/identity"
	"portico/internal/portal/portaltest"
	"portico/internal/requests"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// manyRows is the number of rows of a page that is compared with a page of one.
const manyRows = 50

// crowded is a tenant with manyRows of everything, for the administrator each in an account
// of its own, and for the developer all in the developer's.
type crowded struct {
	*server
	portaltest.Tenant
	approver context.Context
	// product is the one that the apps of all accounts are registered with.
	product *db.Product
}

func newCrowded(t *testing.T, s *server) *crowded {
	t.Helper()
	c := &crowded{server: s, Tenant: s.MustTenant(t, "crowd")}
	var free *db.Plan
	c.product, free = s.MustProduct(t, c.Admin, "zeta")
	c.approver = s.Enter(t, s.MustApprover(t, c.Admin, c.product))
	listed := make([]*db.Product, manyRows)
	for i := range listed {
		p, plan := s.MustProduct(t, c.Admin, fmt.Sprint("zeta-", i))
		c.app(t, c.Developer, fmt.Sprint("Own ", i), p, p, plan, s.MustPlan(t, c.Admin, p, "gold"))
		listed[i] = p
	}
	for i, p := range listed {
		account := s.MustAccount(t, c.Admin, fmt.Sprint("Zeta account ", i))
		owner := c.owner(t, account, i)
		app := c.app(t, owner, fmt.Sprint("Zeta ", i), p, c.product, free, s.MustPlan(t, c.Admin, c.product, fmt.Sprint("gold ", i)))
		_, err := s.Portal.Apps.TransferApp(owner, apps.TransferAppInput{AppID: app.GlobalID(), ToAccountID: c.Account.GlobalID()})
		require.NoError(t, err)
		_, err = s.Portal.Apps.DeleteApp(owner, s.MustApp(t, owner, fmt.Sprint("Zeta gone ", i)).App.GlobalID(), nil)
		require.NoError(t, err)
		c.statements(t, account.ID, i)
	}
	return c
}

// statements makes a statement and its correction, each with a line, of an account and of the
// developer's.
func (c *crowded) statements(t *testing.T, account uuid.UUID, i int) {
	t.Helper()
	system := viewer.AsSystem(t.Context(), c.Organization.ID)
	for n, of := range []uuid.UUID{account, c.Account.ID} {
		month := portaltest.Start().AddDate(0, 0, -40-i)
		first := fillStatement(c.Client.Statement.Create(), c.Organization.ID, of).SetNumber(4*i + 2*n + 1).SetPeriodStart(month).SetPeriodEnd(month.AddDate(0, 1, 0)).SaveX(system)
		second := fillStatement(c.Client.Statement.Create(), c.Organization.ID, of).SetNumber(4*i + 2*n + 2).SetCorrectsID(first.ID).SetReason("So.").SaveX(system)
		for _, s := range []*db.Statement{first, second} {
			fillLine(c.Client.StatementLine.Create(), c.Organization.ID, of).SetStatementID(s.ID).ExecX(system)
		}
	}
}

// owner creates the owner of an account.
func (c *crowded) owner(t *testing.T, a *db.Account, i int) context.Context {
	t.Helper()
	u, err := c.Portal.Identity.CreateUser(c.Admin, identity.CreateUserInput{
		Name: fmt.Sprint("Zeta owner ", i), Email: address.ParseEmail(fmt.Sprintf("zeta-%d@example.com", i)), Password: portaltest.Password,
		AccountID: new(a.GlobalID()), MembershipRole: new(domain.Owner),
	})
	require.NoError(t, err)
	return c.Enter(t, u)
}

// app creates an app with a key that was rotated and lists a product, and with an approved
// request for another, whose subscription's plan is to change.
func (c *crowded) app(t *testing.T, owner context.Context, name string, listed, product *db.Product, plan, next *db.Plan) *db.App {
	t.Helper()
	created, err := c.Portal.Apps.CreateApp(owner, apps.CreateAppInput{Name: name + " app", GenerateKey: new(false)})
	require.NoError(t, err)
	key := c.MustKey(t, owner, apps.GenerateKeyInput{AppID: new(created.App.GlobalID()), Name: new(name + " key"), AccessControlList: []string{listed.GlobalID()}})
	sub := c.approved(t, owner, created.App, product, plan)
	_, err = c.Portal.Apps.RotateKey(owner, apps.RotateKeyInput{CredentialID: key.Credential.GlobalID()}) // the last key: of lists the ends are compared
	require.NoError(t, err)
	_, err = c.Portal.Apps.ChangePlan(owner, apps.ChangePlanInput{SubscriptionID: sub.GlobalID(), PlanID: next.GlobalID(), When: domain.PlanChangeNow, Reason: new("Growth.")})
	require.NoError(t, err)
	return created.App
}

// approved lets an app be asked for with a key, and approves that. It returns the
// subscription.
func (c *crowded) approved(t *testing.T, owner context.Context, a *db.App, p *db.Product, plan *db.Plan) *db.Subscription {
	t.Helper()
	out, err := c.Portal.Requests.RequestKey(owner, requests.RequestKeyInput{
		AppID: a.GlobalID(), Plans: []requests.Plan{{ProductID: p.GlobalID(), PlanID: new(plan.GlobalID())}},
	})
	require.NoError(t, err)
	_, err = c.Portal.Requests.Approve(c.Admin, requests.DecideInput{KeyRequestID: out.Request.GlobalID()})
	require.NoError(t, err)
	made, err := c.Client.Subscription.Query().Where(subscription.KeyRequestID(out.Request.ID)).Only(portaltest.System(t))
	require.NoError(t, err)
	return made
}

// list is a list of the schema: how it is asked for, with %s for the page and its
// selection, and the type of its rows.
type list struct{ ask, of string }

// lists returns those that a role works in.
func (c *crowded) lists(role viewer.Role) (all []list) {
	byProduct := list{`productSubscriptions(where: {productIds: ["` + c.product.GlobalID() + `"]}, %s`, "ProductSubscription"}
	name := "zeta"
	found := func(root, of string) list { return list{root + `(where: {search: "` + name + `"}, %s`, of} }
	anywhere := func(field, of string) list { return list{`search(query: "` + name + `") { ` + field + `(%s`, of} }
	asking := list{`keyRequests(where: {productIds: ["` + c.product.GlobalID() + `"]}, %s`, "KeyRequest"}
	products := []list{found("products", "Product"), anywhere("products", "Product")}
	switch role {
	case viewer.Approver:
		return []list{byProduct, found("productSubscriptions", "ProductSubscription"), {`keyRequests(%s`, "KeyRequest"}, asking}
	case viewer.Portal:
		name = "own"
		all = []list{{`productSubscriptions(%s`, "ProductSubscription"}}
	default:
		all = []list{byProduct, asking, {`deletedApps(%s`, "DeletedApp"}, found("deletedApps", "DeletedApp"),
			found("accounts", "Account"), anywhere("accounts", "Account"), found("users", "User"), anywhere("users", "User")}
	}
	return append(append(all, products...),
		found("apps", "App"), anywhere("apps", "App"), found("productSubscriptions", "ProductSubscription"), list{`appTransfers(%s`, "AppTransfer"}, list{`keyRequests(%s`, "KeyRequest"},
		list{`statements(%s`, "Statement"}, list{`statementLines(%s`, "StatementLine"},
		list{`credentials(%s`, "Credential"}, found("credentials", "Credential"), anywhere("credentials", "Credential"))
}

// A page of fifty rows costs no more statements than a page of one, whichever field of the
// rows is selected, with all that it leads to.
func TestStatementsOfListsDoNotMultiply(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		var n counter
		c := newCrowded(t, newServer(t, url, database.Options{OnStatement: n.note}))
		for role, ctx := range map[viewer.Role]context.Context{viewer.Admin: c.Admin, viewer.Portal: c.Developer, viewer.Approver: c.approver} {
			schema, err := graph.View(role)
			require.NoError(t, err)
			token, seen := c.token(t, ctx), map[string]bool{}
			for _, l := range c.lists(role) {
				row := schema.Types[l.of]
				selections := []string{whole(schema, row)}
				if !seen[l.of] { // further lists have the same rows
					seen[l.of] = true
					selections = append(selections, byField(schema, row)...)
				}
				for _, selection := range selections {
					c.requireAsFew(t, &n, token, fmt.Sprintf("%s as %s", l.of, role), l.ask, selection)
				}
			}
		}
	})
}

// whole selects all of a row but lists, and the columns of the objects that it leads to.
func whole(schema *ast.Schema, row *ast.Definition) string {
	return (&crawler{schema: schema}).everything(row.Fields, 2)
}

// byField returns a selection for each list of a row, and for each object that it leads to,
// with what these lead to.
func byField(schema *ast.Schema, row *ast.Definition) (out []string) {
	c := &crawler{schema: schema}
	for _, f := range row.Fields {
		d := schema.Types[f.Type.Name()]
		switch {
		case c.connection(f):
			node := schema.Types[strings.TrimSuffix(d.Name, "Connection")]
			// The HTML of fifty guides costs more than an operation may; it is read with the text.
			// So do the texts and operations of fifty documents, which are columns of theirs.
			fields := slices.DeleteFunc(slices.Clone(node.Fields), func(x *ast.FieldDefinition) bool {
				return slices.Contains([]string{"Guide.html", "ProductDocument.text", "ProductDocument.operations"}, node.Name+"."+x.Name)
			})
			out = append(out, f.Name+"(first: 1) { totalCount pageInfo { hasNextPage } nodes { "+c.everything(fields, 2)+" } }")
		case d.IsCompositeType() && d.Kind != ast.Interface:
			depth := 2
			if d.Name == "EndpointQuotaUse" { // fifty for each row
				depth = 1
			}
			out = append(out, withNeeded(f)+" { "+c.everything(d.Fields, depth)+" }")
		}
	}
	return out
}

// requireAsFew compares the statements of a page of many rows with those of the first row
// and of the last one alone, which may lead to less than all rows together do.
func (c *crowded) requireAsFew(t *testing.T, n *counter, token, what, ask, selection string) {
	t.Helper()
	document := "query($first: Int, $last: Int) { " + fmt.Sprintf(ask, "first: $first, last: $last") + ") { nodes { " + selection + " } } }"
	if strings.HasPrefix(ask, "search(") {
		document += " }"
	}
	count := func(end string, rows int) int {
		vars := map[string]any{end: rows}
		if c.Database.Dialect() == dialect.Postgres {
			c.ask(t, token, document, vars) // what is sent a second time is sent as one
		}
		return len(n.during(func() {
			a := c.ask(t, token, document, vars)
			require.Empty(t, a.Errors, "%s\n%s", document, a.raw)
			require.Len(t, nodesOf(a), rows, "%s\n%s", document, a.raw)
		}))
	}
	one := max(count("first", 1), count("last", 1))
	if many := count("first", manyRows); many > one {
		t.Errorf("%s: %d statements for %d rows, %d for one:\n%s\n%s", what, many, manyRows, one, document, strings.Join(slices.Compact(n.list), "\n"))
	}
}

// nodesOf returns the rows of the only list of an answer.
func nodesOf(a answer) (rows []any) {
	for at := a.Data; at != nil && rows == nil; {
		var below map[string]any
		for _, v := range at {
			below, _ = v.(map[string]any)
		}
		rows, _ = below["nodes"].([]any)
		at = below
	}
	return rows
}
