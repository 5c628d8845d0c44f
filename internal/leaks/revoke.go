package leaks

import (
	"net/http"
	"slices"

	"portico/clients/go/gate/keyheader"
	"portico/internal/apikey"
	"portico/internal/apps"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/jsonbody"
)

// RevokePath is where whoever holds a key revokes it.
const RevokePath = "/v1/revoke"

// maxRevocation, in bytes, is more than the longest note takes.
const maxRevocation = 16 << 10

// revocation is the body of a request, which may be left out.
type revocation struct {
	Reason *domain.RevocationReason
	Note   *string
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
	body, err := jsonbody.Read(w, r, maxRevocation)
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
func readRevocation(body string) (in revocation, err error) {
	if body == "" {
		return in, nil
	}
	var r jsonbody.Reader
	r.Reset(body)
	if r.Open('{', "", jsonbody.NotObject) {
		var seen jsonbody.Fields
		for r.More('}') {
			switch name := r.Name(); name {
			case "reason":
				seen.Once(&r, 0, name)
				in.Reason = optional[domain.RevocationReason](&r, name)
			case "note":
				seen.Once(&r, 1, name)
				in.Note = optional[string](&r, name)
			default:
				r.FailUnknownField(name)
			}
		}
		r.End()
	}
	if err := r.Err(); err != nil {
		return in, err
	}
	if in.Reason != nil && !slices.Contains((*in.Reason).Values(), string(*in.Reason)) {
		return in, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidValue, "This is no reason of a revocation.")
	}
	return in, nil
}

// optional reads a text; nil for null, which counts as absent.
func optional[T ~string](r *jsonbody.Reader, field string) *T {
	if r.Null() {
		return nil
	}
	out := T(r.Text(field))
	return &out
}
