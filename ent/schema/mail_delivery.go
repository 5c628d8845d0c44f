package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"portico/internal/domain"
)

// MailDelivery is a letter to one person: what it is about and how far it has come. Its
// text is written when it is sent, and not kept.
type MailDelivery struct{ ent.Schema }

// Mixin of MailDelivery.
func (MailDelivery) Mixin() []ent.Mixin { return []ent.Mixin{Machinery{}, Identity{}, Tenant{}} }

// Fields of MailDelivery.
func (MailDelivery) Fields() []ent.Field {
	return []ent.Field{
		field.String("kind").Immutable(),
		field.String("cause").Immutable().Comment("What the letter is about: an event, or a day. A person gets one letter of a kind about it."),
		field.UUID("event_id", uuid.UUID{}).Optional().Nillable().Immutable().Comment("The event; NULL: a daily letter."),
		field.UUID("recipient_id", uuid.UUID{}).Immutable().Comment("The user; the invitation, of a letter to somebody who is invited."),
		field.Int64("sequence").Immutable().Comment("The order of an organization's letters: each recipient gets them in it."),
		field.String("state").Default(string(domain.MailPending)),
		field.String("message_id").Immutable().Comment("The Message-ID, the same in each attempt."),
		field.Int("attempts").Default(0).Comment("How often a mail server has been given the letter."),
		field.Time("next_attempt_at"),
		field.Time("claimed_until").Optional().Nillable().Comment("Another node may not send it before."),
		field.String("problem").Default("").Comment("The last answer of the mail server, or why the letter was not sent."),
		field.Time("created_at").Immutable(),
		field.Time("settled_at").Optional().Nillable().Comment("When it was sent, or given up."),
	}
}

// Indexes of MailDelivery.
func (MailDelivery) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("organization_id", "kind", "cause", "recipient_id").Unique(),
		index.Fields("recipient_id", "sequence").Annotations(where("state = 'PENDING'")),
		index.Fields("next_attempt_at").Annotations(where("state = 'PENDING'")),
		index.Fields("created_at"),
	}
}

// Annotations of MailDelivery.
func (MailDelivery) Annotations() []schema.Annotation {
	return []schema.Annotation{
		checks(map[string]string{
			"mail_deliveries_kind":    oneOf("kind", mailKinds()),
			"mail_deliveries_state":   oneOf("state", domain.MailState("").Values()),
			"mail_deliveries_settled": "((state = 'PENDING') = (settled_at IS NULL))",
		}),
		Retention{What: "which letters were sent to whom, without their text; those that wait to be sent stay", For: month, Since: "created_at",
			Except: "state = 'PENDING'", Job: purgeJob},
	}
}

// mailKinds returns the kinds of letters that the tables may have. Some are of parts
// that are still to come, and the order is that of the migration: a CHECK that changes
// rebuilds its table on SQLite. A test compares them with domain.MailKinds.
func mailKinds() []string {
	return []string{
		"WELCOME", "REQUEST_RECEIVED", "REQUESTS_WAITING", "REQUEST_APPROVED", "REQUEST_REJECTED", "KEY_EXPIRING", "KEY_EXPIRED", "KEY_REVOKED",
		"VERIFICATION", "INVITATION", "PASSWORD_RESET", "SIGN_IN_CHANGED", "TOKEN_EXPIRING", "LEAK_REPORTED", "SIGN_UP_DECIDED",
		"KEY_STILL_USED", "PLAN_CHANGED", "APP_OFFERED", "APP_TRANSFERRED", "PRODUCT_ENDING",
	}
}
