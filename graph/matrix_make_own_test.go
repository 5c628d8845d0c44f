package graph_test

import (
	"github.com/google/uuid"

	"portico/ent/db"
	"portico/internal/portal/portaltest"
)

// addsToOwn creates rows of the tables that only Portico writes to: the log, the
// organizations, and those behind the gateway.
func addsToOwn(c *db.Client) map[string]adding {
	at := portaltest.Start()
	return map[string]adding{
		"events": added(c.Event.Create, c.Event.CreateBulk, func(x *db.EventCreate, o owner) {
			// Positions far behind the log's end, all different.
			x.SetOrganizationID(o.organization).SetPosition(int64(uuid.New().ID()) + 1<<32).SetType("APP_UPDATED").SetAt(at).
				SetActorRole("PORTAL").SetActorName("Nobody").SetSubjectType("App").SetSubjectID(o.app).SetAccountID(o.account)
		}),
		"organizations": added(c.Organization.Create, c.Organization.CreateBulk, func(x *db.OrganizationCreate, _ owner) {
			x.SetSlug(uuid.NewString()).SetName("New")
		}),
		"event_positions": added(c.EventPosition.Create, c.EventPosition.CreateBulk, func(x *db.EventPositionCreate, _ owner) {
			x.SetID(uuid.New())
		}),
		"gate_cursors": added(c.GateCursor.Create, c.GateCursor.CreateBulk, func(x *db.GateCursorCreate, o owner) {
			x.SetID(uuid.New()).SetNodeID(uuid.New()).SetOrganizationID(o.organization).SetPosition(1).SetAppliedAt(at)
		}),
		"gate_nodes": added(c.GateNode.Create, c.GateNode.CreateBulk, func(x *db.GateNodeCreate, _ owner) {
			x.SetID(uuid.New()).SetName("node").SetStartedAt(at).SetSeenAt(at).SetFlushedAt(at)
		}),
		"leases": added(c.Lease.Create, c.Lease.CreateBulk, func(x *db.LeaseCreate, _ owner) {
			x.SetID(uuid.NewString()).SetUntil(at)
		}),
		"quota_counts": added(c.QuotaCount.Create, c.QuotaCount.CreateBulk, func(x *db.QuotaCountCreate, o owner) {
			x.SetID(uuid.New()).SetOrganizationID(o.organization).SetSubscriptionID(uuid.New()).SetPeriodStart(at).SetPeriodEnd(at).SetUsed(1)
		}),
		"sign_in_attempts": added(c.SignInAttempt.Create, c.SignInAttempt.CreateBulk, func(x *db.SignInAttemptCreate, _ owner) {
			x.SetID(uuid.New()).SetBucket("bucket").SetAttemptedAt(at)
		}),
		"usage_batches": added(c.UsageBatch.Create, c.UsageBatch.CreateBulk, func(x *db.UsageBatchCreate, _ owner) {
			x.SetID(uuid.NewString()).SetReceivedAt(at)
		}),
		"usage_journal": added(c.UsageJournal.Create, c.UsageJournal.CreateBulk, func(x *db.UsageJournalCreate, _ owner) {
			x.SetID(uuid.New()).SetNodeID(uuid.New()).SetPart(1).SetTakenAt(at).SetBody([]byte("body"))
		}),
		"usage_minutes": added(c.UsageMinute.Create, c.UsageMinute.CreateBulk, func(x *db.UsageMinuteCreate, o owner) {
			x.SetID(uuid.New()).SetOrganizationID(o.organization).SetAt(at).SetAccountID(o.account).SetAppID(o.app).
				SetCredentialID(o.key).SetProductID(o.product).SetEndpointID(uuid.Nil).SetCode("VALID").SetCalls(1)
		}),
		"usage_hours": added(c.UsageHour.Create, c.UsageHour.CreateBulk, func(x *db.UsageHourCreate, o owner) {
			x.SetID(uuid.New()).SetOrganizationID(o.organization).SetAt(at).SetAccountID(o.account).SetAppID(o.app).
				SetCredentialID(o.key).SetProductID(o.product).SetEndpointID(uuid.Nil).SetCode("VALID").SetCalls(1)
		}),
		"usage_days": added(c.UsageDay.Create, c.UsageDay.CreateBulk, func(x *db.UsageDayCreate, o owner) {
			x.SetID(uuid.New()).SetOrganizationID(o.organization).SetAt(at).SetAccountID(o.account).SetAppID(o.app).
				SetCredentialID(o.key).SetProductID(o.product).SetEndpointID(uuid.Nil).SetCode("VALID").SetCalls(1)
		}),
		"usage_upstreams": added(c.UsageUpstream.Create, c.UsageUpstream.CreateBulk, func(x *db.UsageUpstreamCreate, o owner) {
			x.SetID(uuid.New()).SetOrganizationID(o.organization).SetAt(at).SetAccountID(o.account).SetAppID(o.app).
				SetCredentialID(o.key).SetProductID(o.product).SetStatusClass(2).SetCalls(1).SetLatencyUs(1)
		}),
	}
}
