package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"portico/ent/rowpolicy"
)

// Note is what somebody wrote about an app.
type Note struct{ ent.Schema }

// Mixin of Note.
func (Note) Mixin() []ent.Mixin { return []ent.Mixin{Identity{}, Tenant{}, Changeable{}} }

// Fields of Note.
func (Note) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("account_id", uuid.UUID{}).Immutable(),
		field.UUID("app_id", uuid.UUID{}).Immutable(),
		field.String("text"),
	}
}

// Edges of Note.
func (Note) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("app", App.Type).Field("app_id").Unique().Required().Immutable(),
		edge.To("account", Account.Type).Field("account_id").Unique().Required().Immutable(),
		edge.To("organization", Organization.Type).Field("organization_id").Unique().Required().Immutable(),
	}
}

// Indexes of Note.
func (Note) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("app_id", "created_at", "id"),
		index.Fields("account_id"),
		index.Fields("organization_id"),
	}
}

// Annotations of Note.
func (Note) Annotations() []schema.Annotation {
	return []schema.Annotation{
		Node{
			Type: "Note", Prefix: "note", List: "notes", Of: []string{"App"},
			Orders:  []Order{byCreation()},
			Columns: map[string][]string{"app": {"app_id"}, "viewerCan": {"organization_id", "account_id"}},
			Refers:  map[string]string{"app_id": "App"},
		},
		Retention{What: "notes", With: []string{"apps"}},
	}
}

// Policy of Note.
func (Note) Policy() ent.Policy { return rowpolicy.AccountOwned() }
