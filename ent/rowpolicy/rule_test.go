package rowpolicy_test

import (
	"testing"

	"entgo.io/ent"
	"entgo.io/ent/privacy"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/rowpolicy"
	"portico/internal/viewer"
)

// unknown is a mutation to which no predicate can be added.
type unknown struct{ ent.Mutation }

func (unknown) Op() ent.Op   { return ent.OpUpdate }
func (unknown) Type() string { return "Toaster" }

// TestUnrestrictableStatementIsRefused: a statement to which no predicate can
// be added is refused, not executed without one.
func TestUnrestrictableStatementIsRefused(t *testing.T) {
	ctx := viewer.NewContext(t.Context(), viewer.Viewer{Role: viewer.Admin, OrganizationID: uuid.New()})
	require.ErrorIs(t, rowpolicy.Account().EvalMutation(ctx, unknown{}), privacy.Deny)
	require.ErrorContains(t, rowpolicy.Account().EvalQuery(ctx, "toasters"), "unknown query type")
}
