package gqlhttp

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/fault"
)

// A Content-Type whose parameters cannot be read is not JSON.
func TestIsJSON(t *testing.T) {
	for contentType, want := range map[string]bool{
		"application/json": true, "application/json; charset=UTF-8": true, "Application/JSON; x=y": true,
		"application/json; charset": false, "application/json; charset=latin1": false, "text/json": false, "": false,
	} {
		require.Equal(t, want, isJSON(contentType), contentType)
	}
}

// A weight of 0 refuses a media type.
func TestNegotiateWeightOfZero(t *testing.T) {
	require.Empty(t, negotiate(responseType+";q=0"))
	require.Empty(t, negotiate(jsonType+";q=0"))
	require.Equal(t, responseType, negotiate(responseType+";q=0.1"))
	require.Equal(t, jsonType, negotiate(responseType+";q=0, */*;q=0.1"))
}

// The cost is encoded as its extension is.
func TestCostIsMarshaled(t *testing.T) {
	text, err := json.Marshal(&Cost{Requested: 3, Limit: 7})
	require.NoError(t, err)
	require.JSONEq(t, `{"requested":3,"limit":7}`, string(text))
}

// A sender who could not be authenticated learns that first, unless the same request
// may be public when it is sent again.
func TestUnreadableRequestsOfUnknownSenders(t *testing.T) {
	unknown := fault.New(fault.CodeUnauthenticated, fault.ReasonSessionExpired, "unknown")
	h := &Handler{options: Options{AuthError: func(context.Context) error { return unknown }}}
	for name, c := range map[string]struct {
		code   fault.Code
		reason fault.Reason
		kept   bool
	}{
		"OK limited":      {fault.CodeRateLimited, "", true},
		"OK busy":         {fault.CodeUnavailable, fault.ReasonBusy, true},
		"OK persisted":    {fault.CodeBadUserInput, fault.ReasonPersistedQueryNotSupported, true},
		"ErrUnknown":      {fault.CodeBadUserInput, fault.ReasonInvalidDocument, false},
		"ErrUnknownLarge": {fault.CodeTooLarge, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			no := &refusal{status: http.StatusBadRequest, err: fault.New(c.code, c.reason, "unreadable")}
			got := h.unreadable(t.Context(), no)
			if c.kept {
				require.Same(t, no, got)
				return
			}
			require.Equal(t, http.StatusUnauthorized, got.status)
			require.ErrorIs(t, got.err, unknown)
		})
	}
}
