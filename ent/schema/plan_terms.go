package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/mixin"

	"portico/clients/go/gate/access"
	"portico/internal/domain"
)

// PlanTerms adds what a developer agrees to with a plan. Changing one of these makes a
// revision: package catalog copies each from the plan, and a test finds those it does not.
type PlanTerms struct{ mixin.Schema }

// Fields of PlanTerms.
func (PlanTerms) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("kind").GoType(domain.PlanKind("")),
		field.JSON("rate_limit", &access.RateLimit{}).Optional().Comment("NULL: not limited."),
		field.JSON("quota", &access.Quota{}).Optional().Comment("NULL: not limited."),
		field.Enum("quota_per").GoType(access.QuotaPer("")).Default(string(access.QuotaPerApp)),
		field.JSON("price", &domain.Price{}).Optional().Comment("NULL: free of charge."),
	}
}
