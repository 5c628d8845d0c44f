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

// unknown is a change of which no rule knows how to make it one of fewer rows.
type unknown struct{ ent.Mutation }

func (unknown) Op() ent.Op   { return ent.OpUpdate }
func (unknown) Type() string { return "Toaster" }

// TestWhatCannotBeNarrowedIsRefused: a statement that no condition can be added
// to does not pass for one without conditions.
func TestWhatCannotBeNarrowedIsRefused(t *testing.T) {
	ctx := viewer.NewContext(t.Context(), viewer.Viewer{Role: viewer.Admin, OrganizationID: uuid.New()})
	require.ErrorIs(t, rowpolicy.Account().EvalMutation(ctx, unknown{}), privacy.Deny)
	require.ErrorContains(t, rowpolicy.Account().EvalQuery(ctx, "toasters"), "unknown query type")
}
