package change_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/change"
	"portico/internal/fault"
)

// TestRevealsState: every refusal reveals state, except those that say only
// that the state could not be read.
func TestRevealsState(t *testing.T) {
	for code, reveals := range map[fault.Code]bool{
		fault.CodeUnauthenticated: true, fault.CodeForbidden: true, fault.CodeNotFound: true, fault.CodeConflict: true, fault.CodeBadUserInput: true, fault.CodeTooLarge: true,
		fault.CodeRateLimited: false, fault.CodeUnavailable: false, fault.CodeInternal: false,
	} {
		require.Equal(t, reveals, change.RevealsState(fault.New(code, "", "no")), code)
	}
	require.True(t, change.RevealsState(fault.Input(fault.Taken, "name", "no")))
	require.False(t, change.RevealsState(errors.New("broken")))
}
