package oauth

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/nodeid"
)

// maxBody, in bytes, is that of the longest access token and the rest.
const maxBody = 32 << 10

// The names of RFC 8693.
const (
	exchangeGrant   = "urn:ietf:params:oauth:grant-type:token-exchange"
	accessTokenType = "urn:ietf:params:oauth:token-type:access_token"
	jwtType         = "urn:ietf:params:oauth:token-type:jwt"
)

// request is what a client asks for.
type request struct {
	// subject is the provider's token of the developer.
	subject string
	// account is the developer's account to act in; uuid.Nil for the oldest membership's.
	account uuid.UUID
	scopes  domain.Scopes
}

// read reads the form of a request. Parameters that are not known are ignored, as OAuth
// says; those that are known are in the body, once.
func read(w http.ResponseWriter, r *http.Request) (q request, err error) {
	form, err := readForm(w, r)
	if err != nil {
		return q, err
	}
	get := form.Get
	switch {
	case get("grant_type") == "":
		return q, invalid("grant_type is missing.")
	case get("grant_type") != exchangeGrant:
		return q, &refusal{error: UnsupportedGrantType, status: http.StatusBadRequest, text: "grant_type is " + exchangeGrant + "."}
	case get("subject_token") == "":
		return q, invalid("subject_token is missing.")
	case !isJWT(get("subject_token_type")):
		return q, invalid("subject_token_type is " + accessTokenType + " or " + jwtType + ".")
	case get("requested_token_type") != "" && !isJWT(get("requested_token_type")):
		return q, invalid("requested_token_type is " + accessTokenType + ", if it is given.")
	case get("actor_token") != "" || get("actor_token_type") != "":
		return q, invalid("The client is the actor: leave out actor_token.")
	case get("audience") != "" || get("resource") != "":
		return q, &refusal{error: InvalidTarget, status: http.StatusBadRequest, text: "Access tokens are for Portico alone: leave out audience and resource."}
	}
	q.subject = get("subject_token")
	if id := get("account_id"); id != "" {
		var ok bool
		if q.account, ok = nodeid.Decode(nodeid.Account, id); !ok || q.account == uuid.Nil {
			return q, subjectError(fault.NotFound())
		}
	}
	if q.scopes, err = readScopes(get("scope")); err != nil {
		return q, err
	}
	return q, nil
}

func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, invalid("The body is application/x-www-form-urlencoded.")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		return nil, &refusal{error: InvalidRequest, status: http.StatusRequestEntityTooLarge, text: "The body is longer than 32 kB."}
	}
	if err != nil {
		return nil, invalid("The body ends early.")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, invalid("The body is no form.")
	}
	for _, name := range []string{
		"grant_type", "subject_token", "subject_token_type", "requested_token_type",
		"actor_token", "actor_token_type", "audience", "resource", "account_id", "scope",
	} {
		if len(form[name]) > 1 {
			return nil, invalid(name + " stands there twice.")
		}
	}
	return form, nil
}

// readScopes reads what is asked for; without that, it is all that there is.
func readScopes(text string) (domain.Scopes, error) {
	if text == "" {
		return domain.ActingScopes(), nil
	}
	scopes, ok := domain.ParseActing(text)
	if !ok {
		return 0, &refusal{error: InvalidScope, status: http.StatusBadRequest, text: "scope is portal:read, portal:write or both."}
	}
	return scopes, nil
}

func isJWT(kind string) bool { return kind == accessTokenType || kind == jwtType }
