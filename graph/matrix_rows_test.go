package graph_test

import (
	"context"
	"errors"

	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/privacy"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/domain"
	"portico/internal/portal/portaltest"
	"portico/internal/viewer"
)

// rows is the policy's name for the tables, which no schema shows.
const rows = "Rows"

// pick selects the row at stake of a table: where a column has a value.
type pick struct {
	column string
	value  any
}

type (
	condition = func(*sql.Selector)
	// reaching is an attempt at the rows of a table; it returns how many there
	// were.
	reaching = func(context.Context, condition) (int, error)
)

// reach returns how far the privacy rules let a viewer access a row.
func (m *matrix) reach(l line, who string) outcome {
	at, ok := m.picks()[l.field]
	if !ok {
		return "no such table"
	}
	v := m.people[who]
	if who == "gateway" {
		v = viewer.Viewer{Role: viewer.Gateway, OrganizationID: m.one.Organization.ID}
	}
	if l.specimen == "make" {
		return m.makeRow(l.field, v, m.ownOf(who))
	}
	is := func(s *sql.Selector) { s.Where(sql.EQ(s.C(at.column), at.value)) }
	tx, err := m.Client.Tx(m.t.Context())
	require.NoError(m.t, err)
	do := counting(tx.Client())[l.field]
	if l.specimen == "change" {
		do = changing(tx.Client())[l.field]
	}
	n, err := do(portaltest.As(m.t, v), is)
	require.NoError(m.t, tx.Rollback(), "nothing is to stay")
	switch {
	case errors.Is(err, privacy.Deny):
		return denied
	case err != nil: // the rules allowed it, and the database refused
		return outcome("the database refuses: " + err.Error())
	case n == 0:
		return none
	}
	return yes
}

// picks returns the rows at stake. Portico's own tables need none: they are
// refused before any row is looked up.
func (w *world) picks() map[string]pick {
	of := func(specimen string) uuid.UUID { return uuidOf(w.ids[specimen]) }
	organization, developer, nobody := w.one.Organization.ID, w.people["developer"].UserID, uuid.New()
	return map[string]pick{
		"access_entries":   {"credential_id", of("key")},
		"accounts":         {"id", of("account")},
		"apps":             {"id", of("app")},
		"credentials":      {"id", of("key")},
		"endpoints":        {"id", of("endpoint of the private product")},
		"events":           {"id", of("event")},
		"event_positions":  {"id", organization},
		"idempotency_keys": {"user_id", developer},
		"leases":           {"id", nobody.String()},
		"memberships":      {"id", of("membership")},
		"organizations":    {"id", organization},
		"plans":            {"id", of("plan of the private product")},
		"products":         {"id", of("private product")},
		"service_tokens":   {"organization_id", organization},
		"sign_in_attempts": {"id", nobody},
		"subscriptions":    {"id", of("approved")},
		"gate_cursors":     {"id", nobody},
		"gate_nodes":       {"id", nobody},
		"quota_counts":     {"id", nobody},
		"usage_days":       {"id", nobody},
		"usage_hours":      {"id", nobody},
		"usage_minutes":    {"id", nobody},
		"usage_upstreams":  {"id", nobody},
		"usage_journal":    {"id", nobody},
		"usage_batches":    {"id", nobody.String()},
		"users":            {"id", developer},
	}
}

// counting counts rows of the tables.
func counting(c *db.Client) map[string]reaching {
	return map[string]reaching{
		"access_entries":   counted(c.AccessEntry.Query()),
		"accounts":         counted(c.Account.Query()),
		"apps":             counted(c.App.Query()),
		"credentials":      counted(c.Credential.Query()),
		"endpoints":        counted(c.Endpoint.Query()),
		"events":           counted(c.Event.Query()),
		"event_positions":  counted(c.EventPosition.Query()),
		"idempotency_keys": counted(c.IdempotencyKey.Query()),
		"leases":           counted(c.Lease.Query()),
		"memberships":      counted(c.Membership.Query()),
		"organizations":    counted(c.Organization.Query()),
		"plans":            counted(c.Plan.Query()),
		"products":         counted(c.Product.Query()),
		"service_tokens":   counted(c.ServiceToken.Query()),
		"sign_in_attempts": counted(c.SignInAttempt.Query()),
		"subscriptions":    counted(c.Subscription.Query()),
		"gate_cursors":     counted(c.GateCursor.Query()),
		"gate_nodes":       counted(c.GateNode.Query()),
		"quota_counts":     counted(c.QuotaCount.Query()),
		"usage_batches":    counted(c.UsageBatch.Query()),
		"usage_days":       counted(c.UsageDay.Query()),
		"usage_hours":      counted(c.UsageHour.Query()),
		"usage_journal":    counted(c.UsageJournal.Query()),
		"usage_minutes":    counted(c.UsageMinute.Query()),
		"usage_upstreams":  counted(c.UsageUpstream.Query()),
		"users":            counted(c.User.Query()),
	}
}

// changing updates the tables' rows, or deletes those that have nothing to
// update.
func changing(c *db.Client) map[string]reaching {
	return map[string]reaching{
		"access_entries":   deleted(c.AccessEntry.Delete()),
		"accounts":         updated(c.Account.Update().AddVersion(1)),
		"apps":             updated(c.App.Update().AddVersion(1)),
		"credentials":      updated(c.Credential.Update().AddVersion(1)),
		"endpoints":        updated(c.Endpoint.Update().AddVersion(1)),
		"events":           deleted(c.Event.Delete()),
		"event_positions":  deleted(c.EventPosition.Delete()),
		"idempotency_keys": deleted(c.IdempotencyKey.Delete()),
		"leases":           deleted(c.Lease.Delete()),
		"memberships":      updated(c.Membership.Update().SetRole(domain.Member)),
		"organizations":    updated(c.Organization.Update().AddVersion(1)),
		"plans":            updated(c.Plan.Update().AddVersion(1)),
		"products":         updated(c.Product.Update().AddVersion(1)),
		"service_tokens":   updated(c.ServiceToken.Update().AddVersion(1)),
		"sign_in_attempts": deleted(c.SignInAttempt.Delete()),
		"subscriptions":    updated(c.Subscription.Update().AddVersion(1)),
		"gate_cursors":     deleted(c.GateCursor.Delete()),
		"gate_nodes":       deleted(c.GateNode.Delete()),
		"quota_counts":     deleted(c.QuotaCount.Delete()),
		"usage_batches":    deleted(c.UsageBatch.Delete()),
		"usage_days":       deleted(c.UsageDay.Delete()),
		"usage_hours":      deleted(c.UsageHour.Delete()),
		"usage_journal":    deleted(c.UsageJournal.Delete()),
		"usage_minutes":    deleted(c.UsageMinute.Delete()),
		"usage_upstreams":  deleted(c.UsageUpstream.Delete()),
		"users":            updated(c.User.Update().AddVersion(1)),
	}
}

// counted, updated and deleted return attempts for statements. P is a table's
// own kind of condition.
func counted[P ~func(*sql.Selector), Q interface {
	Where(...P) Q
	Count(context.Context) (int, error)
}](q Q) reaching {
	return func(ctx context.Context, is condition) (int, error) { return q.Where(P(is)).Count(ctx) }
}

func updated[P ~func(*sql.Selector), U interface {
	Where(...P) U
	Save(context.Context) (int, error)
}](u U) reaching {
	return func(ctx context.Context, is condition) (int, error) { return u.Where(P(is)).Save(ctx) }
}

func deleted[P ~func(*sql.Selector), D interface {
	Where(...P) D
	Exec(context.Context) (int, error)
}](d D) reaching {
	return func(ctx context.Context, is condition) (int, error) { return d.Where(P(is)).Exec(ctx) }
}
