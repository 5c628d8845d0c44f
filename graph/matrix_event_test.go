package graph_test

import (
	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/event"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
)

// Event is what the matrix knows of the event log.
func (nouns) Event() noun {
	return noun{
		prefix: "evt", list: sorted{list: "events", field: "Position", column: "position"}, fields: eventFields(), values: map[string]any{"EventSubject": subject{}},
		questions: map[string]question{
			"Event":                 of("Event", "event", ""),
			"Event: by staff":       of("Event", "event of staff", ""),
			"EventSubject":          of("Event", "event", "subject"),
			"EventChange":           of("Event", "event", "changes"),
			"EventConnection":       of("App", "app", "timeline"),
			"EventEdge":             of("App", "app", "timeline.edges"),
			"Actor":                 of("Event", "event", "actor"),
			"Actor: staff":          of("Event", "event of staff", "actor"),
			"Actor: deciding staff": of("ProductSubscription", "approved", "decidedBy"),

			"Query.events": rootList("events(first: 100, where: {type: [APP_UPDATED]}, orderBy: {direction: ASC})", "event"),
		},
		tables: map[string]table{"events": {
			client: func(c *db.Client) any { return c.Event }, column: "id", value: specimen("event"),
			adds: func(c *db.Client) adding {
				return added(c.Event.Create, c.Event.CreateBulk, func(x *db.EventCreate, o owner) {
					// Positions far behind the log's end, all different.
					x.SetOrganizationID(o.organization).SetPosition(int64(uuid.New().ID()) + 1<<32).SetType("APP_UPDATED").SetAt(portaltest.Start()).
						SetActorRole("PORTAL").SetActorName("Nobody").SetSubjectType("App").SetSubjectID(o.app).SetAccountID(o.account)
				})
			},
			policy: &event.Policy, types: []string{"Event", "EventChange"},
		}},
	}
}

// eventsOf lists the events that match. A time that ends before it begins is wrong.
func eventsOf(q fieldRequest) (any, error) {
	where := q.object("where")
	from, begins := where.moment("from")
	to, ends := where.moment("to")
	if begins && ends && to.Before(from) {
		return nil, invalidArgument()
	}
	return listOf(nodeid.Event, func(q fieldRequest, e *db.Event) bool {
		after, beyond := where.number("afterPosition")
		id, of := where.text("subjectId")
		return where.among("type", e.Type) && (!begins || !e.At.Before(from)) && (!ends || e.At.Before(to)) &&
			(!beyond || e.Position > int64(after)) && (!of || id == nodeid.Encode(nodeid.Kind(e.SubjectType), e.SubjectID))
	})(q)
}

// eventFields are how the reference resolves fields of events.
func eventFields() map[string]resolver {
	return map[string]resolver{
		"Query.events": eventsOf,
		"Event.actor":  func(q fieldRequest) (any, error) { return q.actorOf(q.parent.(*db.Event)) },
		"Event.subject": valueOf(func(e *db.Event) any {
			return subject{nodeid.Encode(nodeid.Kind(e.SubjectType), e.SubjectID), e.SubjectType, e.SubjectName}
		}),
		"EventSubject.node": func(q fieldRequest) (any, error) { return q.rows.byOpaqueID(q.parent.(subject).ID) },
	}
}

// subject is what an event is about.
type subject struct{ ID, Type, Name string }
