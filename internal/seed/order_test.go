package seed_test

import (
	"testing"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/ent/db/plan"
	"portico/ent/db/predicate"
	"portico/ent/db/product"
)

// The orders in which a catalogue is listed.
func ageOf(s *sql.Selector)   { product.ByCreatedAt()(s) }
func titleOf(s *sql.Selector) { product.ByTitleFolded()(s) }
func idOf(s *sql.Selector)    { product.ByID()(s) }

func planOf(id uuid.UUID) predicate.Plan { return plan.ProductID(id) }

func parse(t *testing.T, id string) uuid.UUID {
	t.Helper()
	out, err := uuid.Parse(id)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
