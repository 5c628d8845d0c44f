package leaks

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"

	"portico/clients/go/gate/keyheader"
	"portico/internal/apikey"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/fault"
)

// RevokePath is where whoever holds a key revokes it.
const RevokePath = "/v1/revoke"

// maxRevocation, in bytes, is more than the longest note takes.
const maxRevocation = 16 << 10

// revocation is the body of a request, which may be left out.
type revocation struct {
	Reason *domain.RevocationReason `json:"reason"`
	Note   *string                  `json:"note"`
}

// Revoke revokes the key in the request's headers, and answers 204 for one that is revoked
// already, too.
func (h *Handler) Revoke(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if err := h.revoke(w, r); err != nil {
		h.refuse(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (h *Handler) revoke(w http.ResponseWriter, r *http.Request) error {
	if err := h.o.Pay(r.Context(), w.Header()); err != nil {
		return err
	}
	key, ok := apikey.Presented(keyheader.Read(r.Header["Authorization"], r.Header["X-Api-Key"]))
	if !ok {
		return apps.ErrNoKey()
	}
	body, err := readBody(w, r, maxRevocation)
	if err != nil {
		return err
	}
	in, err := readRevocation(body)
	if err != nil {
		return err
	}
	return h.o.Keys.RevokeHeldKey(r.Context(), apps.RevokeHeldKeyInput{Key: key, Reason: in.Reason, Note: in.Note})
}

// readRevocation reads the body. A member that is not known is refused: a reason that is
// misspelled would be lost.
func readRevocation(body []byte) (in revocation, err error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return in, nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if d.Decode(&in) != nil || d.Decode(new(any)) != io.EOF {
		return in, malformed(`The body is none, or an object such as {"reason": "KEY_COMPROMISE", "note": "It was in a public repository."}.`)
	}
	if in.Reason != nil && !slices.Contains((*in.Reason).Values(), string(*in.Reason)) {
		return in, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidValue, "This is no reason of a revocation.")
	}
	return in, nil
}
