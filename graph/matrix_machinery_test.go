package graph_test

import (
	"maps"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/eventposition"
	"portico/ent/db/gatecursor"
	"portico/ent/db/gatenode"
	"portico/ent/db/lease"
	"portico/ent/db/quotacount"
	"portico/ent/db/servicetoken"
	"portico/ent/db/signinattempt"
	"portico/ent/db/usagebatch"
	"portico/ent/db/usageday"
	"portico/ent/db/usagehour"
	"portico/ent/db/usagejournal"
	"portico/ent/db/usageminute"
	"portico/ent/db/usageupstream"
	"portico/internal/portal/portaltest"
)

// Machinery is what the matrix knows of the tables that only Portico itself
// writes to, which no type of the schema shows.
func (nouns) Machinery() noun {
	all := countTables()
	maps.Copy(all, nodeTables())
	return noun{tables: all}
}

func nodeTables() map[string]table {
	at := portaltest.Start()
	return map[string]table{
		"event_positions": {
			client: func(c *db.Client) any { return c.EventPosition }, policy: &eventposition.Policy, column: "id", value: organizationAtStake,
			adds: func(c *db.Client) adding {
				return added(c.EventPosition.Create, c.EventPosition.CreateBulk, func(x *db.EventPositionCreate, _ owner) {
					x.SetID(uuid.New())
				})
			},
		},
		"gate_cursors": {
			client: func(c *db.Client) any { return c.GateCursor }, policy: &gatecursor.Policy,
			adds: func(c *db.Client) adding {
				return added(c.GateCursor.Create, c.GateCursor.CreateBulk, func(x *db.GateCursorCreate, o owner) {
					x.SetID(uuid.New()).SetNodeID(uuid.New()).SetOrganizationID(o.organization).SetPosition(1).SetAppliedAt(at)
				})
			},
		},
		"gate_nodes": {
			client: func(c *db.Client) any { return c.GateNode }, policy: &gatenode.Policy,
			adds: func(c *db.Client) adding {
				return added(c.GateNode.Create, c.GateNode.CreateBulk, func(x *db.GateNodeCreate, _ owner) {
					x.SetID(uuid.New()).SetName("node").SetStartedAt(at).SetSeenAt(at).SetFlushedAt(at)
				})
			},
		},
		"leases": {
			client: func(c *db.Client) any { return c.Lease }, policy: &lease.Policy, column: "id", value: func(*world) any { return uuid.NewString() },
			adds: func(c *db.Client) adding {
				return added(c.Lease.Create, c.Lease.CreateBulk, func(x *db.LeaseCreate, _ owner) {
					x.SetID(uuid.NewString()).SetUntil(at)
				})
			},
		},
		"quota_counts": {
			client: func(c *db.Client) any { return c.QuotaCount }, policy: &quotacount.Policy,
			adds: func(c *db.Client) adding {
				return added(c.QuotaCount.Create, c.QuotaCount.CreateBulk, func(x *db.QuotaCountCreate, o owner) {
					x.SetID(uuid.New()).SetOrganizationID(o.organization).SetSubscriptionID(uuid.New()).SetPeriodStart(at).SetPeriodEnd(at).SetUsed(1)
				})
			},
		},
		"service_tokens": {
			client: func(c *db.Client) any { return c.ServiceToken }, policy: &servicetoken.Policy, column: "organization_id", value: organizationAtStake,
			adds: func(c *db.Client) adding {
				return added(c.ServiceToken.Create, c.ServiceToken.CreateBulk, func(x *db.ServiceTokenCreate, o owner) {
					name := uuid.NewString()
					x.SetOrganizationID(o.organization).SetName(name).SetScopes([]string{"gateway"}).SetTokenHash([]byte(name)).SetHint("last")
				})
			},
		},
		"sign_in_attempts": {
			client: func(c *db.Client) any { return c.SignInAttempt }, policy: &signinattempt.Policy,
			adds: func(c *db.Client) adding {
				return added(c.SignInAttempt.Create, c.SignInAttempt.CreateBulk, func(x *db.SignInAttemptCreate, _ owner) {
					x.SetID(uuid.New()).SetBucket("bucket").SetAttemptedAt(at)
				})
			},
		},
	}
}

func countTables() map[string]table {
	at := portaltest.Start()
	return map[string]table{
		"usage_batches": {
			client: func(c *db.Client) any { return c.UsageBatch }, policy: &usagebatch.Policy, column: "id", value: func(*world) any { return uuid.NewString() },
			adds: func(c *db.Client) adding {
				return added(c.UsageBatch.Create, c.UsageBatch.CreateBulk, func(x *db.UsageBatchCreate, _ owner) {
					x.SetID(uuid.NewString()).SetReceivedAt(at)
				})
			},
		},
		"usage_days": {
			client: func(c *db.Client) any { return c.UsageDay }, policy: &usageday.Policy,
			adds: func(c *db.Client) adding {
				return added(c.UsageDay.Create, c.UsageDay.CreateBulk, func(x *db.UsageDayCreate, o owner) {
					x.SetID(uuid.New()).SetOrganizationID(o.organization).SetAt(at).SetAccountID(o.account).SetAppID(o.app).
						SetCredentialID(o.key).SetProductID(o.product).SetEndpointID(uuid.Nil).SetCode("VALID").SetCalls(1)
				})
			},
		},
		"usage_hours": {
			client: func(c *db.Client) any { return c.UsageHour }, policy: &usagehour.Policy,
			adds: func(c *db.Client) adding {
				return added(c.UsageHour.Create, c.UsageHour.CreateBulk, func(x *db.UsageHourCreate, o owner) {
					x.SetID(uuid.New()).SetOrganizationID(o.organization).SetAt(at).SetAccountID(o.account).SetAppID(o.app).
						SetCredentialID(o.key).SetProductID(o.product).SetEndpointID(uuid.Nil).SetCode("VALID").SetCalls(1)
				})
			},
		},
		"usage_journal": {
			client: func(c *db.Client) any { return c.UsageJournal }, policy: &usagejournal.Policy,
			adds: func(c *db.Client) adding {
				return added(c.UsageJournal.Create, c.UsageJournal.CreateBulk, func(x *db.UsageJournalCreate, _ owner) {
					x.SetID(uuid.New()).SetNodeID(uuid.New()).SetPart(1).SetTakenAt(at).SetBody([]byte("body"))
				})
			},
		},
		"usage_minutes": {
			client: func(c *db.Client) any { return c.UsageMinute }, policy: &usageminute.Policy,
			adds: func(c *db.Client) adding {
				return added(c.UsageMinute.Create, c.UsageMinute.CreateBulk, func(x *db.UsageMinuteCreate, o owner) {
					x.SetID(uuid.New()).SetOrganizationID(o.organization).SetAt(at).SetAccountID(o.account).SetAppID(o.app).
						SetCredentialID(o.key).SetProductID(o.product).SetEndpointID(uuid.Nil).SetCode("VALID").SetCalls(1)
				})
			},
		},
		"usage_upstreams": {
			client: func(c *db.Client) any { return c.UsageUpstream }, policy: &usageupstream.Policy,
			adds: func(c *db.Client) adding {
				return added(c.UsageUpstream.Create, c.UsageUpstream.CreateBulk, func(x *db.UsageUpstreamCreate, o owner) {
					x.SetID(uuid.New()).SetOrganizationID(o.organization).SetAt(at).SetAccountID(o.account).SetAppID(o.app).
						SetCredentialID(o.key).SetProductID(o.product).SetStatusClass(2).SetCalls(1).SetLatencyUs(1)
				})
			},
		},
	}
}
