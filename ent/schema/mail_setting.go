package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"portico/internal/domain"
)

// MailSetting is how an organization writes its letters; without a row, as Portico does.
type MailSetting struct{ ent.Schema }

// Mixin of MailSetting.
func (MailSetting) Mixin() []ent.Mixin { return []ent.Mixin{Machinery{}} }

// Fields of MailSetting.
func (MailSetting) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).Immutable().Comment("The organization."),
		field.String("sender_name").Default("").Comment("Empty: the organization's name."),
		field.String("reply_to").Default("").Comment("Empty: the organization's address for support."),
		field.String("sign_off").Default("").Comment("Empty: the organization's name."),
		field.String("language").Default(string(domain.English)).Comment("Of letters to people who have chosen none."),
		field.Int("version").Default(1).Comment("Increases by one with each change."),
	}
}

// Annotations of MailSetting.
func (MailSetting) Annotations() []schema.Annotation {
	return []schema.Annotation{
		checks(map[string]string{
			"mail_settings_language":    oneOf("language", domain.Language("").Values()),
			"mail_settings_sender_name": "length(sender_name) <= 100",
			"mail_settings_reply_to":    "length(reply_to) <= 320",
			"mail_settings_sign_off":    "length(sign_off) <= 500",
		}),
		Retention{What: "how organizations write their letters", With: []string{"organizations"}},
	}
}

// MailKindSetting is what an organization has set for one kind of letter.
type MailKindSetting struct{ ent.Schema }

// Mixin of MailKindSetting.
func (MailKindSetting) Mixin() []ent.Mixin { return []ent.Mixin{Machinery{}, Identity{}, Tenant{}} }

// Fields of MailKindSetting.
func (MailKindSetting) Fields() []ent.Field {
	return []ent.Field{
		field.String("kind").Immutable(),
		field.Bool("enabled").Default(true),
		field.String("subject").Default("").Comment("Empty: Portico's, in the language of the letter."),
	}
}

// Indexes of MailKindSetting.
func (MailKindSetting) Indexes() []ent.Index {
	return []ent.Index{index.Fields("organization_id", "kind").Unique()}
}

// Annotations of MailKindSetting.
func (MailKindSetting) Annotations() []schema.Annotation {
	return []schema.Annotation{
		checks(map[string]string{
			"mail_kind_settings_kind":    oneOf("kind", mailKinds()),
			"mail_kind_settings_subject": "length(subject) <= 150",
		}),
		Retention{What: "which kinds of letters organizations send, and under which subject", With: []string{"organizations"}},
	}
}
