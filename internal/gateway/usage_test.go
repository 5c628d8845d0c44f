package gateway_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/verdict"
	"portico/internal/usage"
)

// Package usage does not import the verdicts whose codes it stores.
func TestPassedCallsAreTheValidOnes(t *testing.T) {
	require.Equal(t, verdict.Valid.String(), usage.CodePassed)
}
