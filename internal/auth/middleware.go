package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/jwtauth/v5"
	"github.com/google/uuid"

	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/oidc"
	"portico/internal/viewer"
)

// Directory looks up users and machines. It returns ok=false for those it does
// not know, and an error if the lookup failed.
type Directory interface {
	// Person returns the viewer of an access token, with one SQL statement. ok
	// is false if there is no such active user, or if the session has ended.
	// account is the one to act for, uuid.Nil for that of the session; v has another
	// one if it is none of the user's.
	Person(ctx context.Context, organization, user, session, account uuid.UUID) (v viewer.Viewer, ok bool, err error)
	// Acting returns the viewer of an access token with which a service token acts for a
	// developer, with one SQL statement. ok is false if what it depends on has ended.
	Acting(ctx context.Context, a identity.Acting) (v viewer.Viewer, ok bool, err error)
	// Machine returns the viewer of the service token that has this hash.
	Machine(ctx context.Context, hash []byte) (v viewer.Viewer, ok bool, err error)
}

// Authenticator identifies the sender of a request. All fields but Providers,
// Peers, Refuse and AllowInvalid are required, and none may change while it is in use.
type Authenticator struct {
	Tokens    *Tokens
	Machines  *MachineTokens
	Directory Directory
	// Providers accepts access tokens of identity providers; nil: none are.
	Providers *Providers
	// RequestID returns the request's identifier in the logs.
	RequestID func(ctx context.Context) string
	Peers     Peers
	// Refuse writes the response to a request that failed authentication, or
	// that could not be checked. If it is nil, the response has the shape that
	// GraphQL clients read.
	Refuse func(w http.ResponseWriter, r *http.Request, err error)
	// AllowInvalid passes a request whose token is not valid to the next handler
	// as anonymous. That handler must call ErrorFromContext and refuse all but
	// public requests.
	AllowInvalid bool
}

type authErrorKey struct{}

// ErrorFromContext returns why the request's authentication failed. It returns
// nil if it succeeded or if the request is anonymous.
func ErrorFromContext(ctx context.Context) error {
	err, _ := ctx.Value(authErrorKey{}).(error)
	return err
}

// Middleware puts the viewer into the request's context: an anonymous one if
// there is no Authorization header. It responds with 401 itself if the header
// is not valid (but see AllowInvalid), and with 503 if the token could not be
// checked. Cookies and query parameters are ignored.
func (a *Authenticator) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, err := a.fromHeaders(a.anonymous(r), r)
		if err != nil {
			logRefusal(ctx, err)
			switch {
			case a.AllowInvalid && fault.Is(err, fault.CodeUnauthenticated):
				next.ServeHTTP(w, r.WithContext(context.WithValue(ctx, authErrorKey{}, err)))
			case a.Refuse != nil:
				a.Refuse(w, r.WithContext(ctx), err)
			default:
				writeRefusal(ctx, w, r, err)
			}
			return
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// Anonymous puts an anonymous viewer into the request's context, whatever the request's
// headers say: for a handler that authenticates its clients in another way.
func (a *Authenticator) Anonymous(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(a.anonymous(r)))
	})
}

func (a *Authenticator) anonymous(r *http.Request) context.Context {
	return viewer.NewContext(r.Context(), viewer.Viewer{
		Address: a.Peers.Address(r), UserAgent: r.UserAgent(), RequestID: a.RequestID(r.Context()),
	})
}

func (a *Authenticator) fromHeaders(ctx context.Context, r *http.Request) (context.Context, error) {
	switch len(r.Header.Values("Authorization")) {
	case 0:
		return ctx, nil
	case 1:
	default: // a proxy in front may have checked the other one
		return ctx, errUnauthenticated(errors.New("there are two Authorization headers"))
	}
	token, ok := bearer(r.Header.Get("Authorization"))
	if !ok {
		return ctx, errUnauthenticated(errors.New("the Authorization header bears no token"))
	}
	account, err := requestedAccount(r)
	if err != nil {
		return ctx, err
	}
	return a.authenticate(ctx, token, account)
}

// bearer returns the token of an Authorization header (RFC 6750): the scheme,
// one or more spaces, and then only the token.
func bearer(header string) (token string, ok bool) {
	scheme, token, found := strings.Cut(header, " ")
	token = strings.TrimLeft(token, " ")
	return token, found && token != "" && strings.EqualFold(scheme, "Bearer")
}

// Authenticate returns a context with the viewer of a token, which is an access
// token, of Portico or of an identity provider, or a service token. Address, UserAgent and RequestID are copied from the
// viewer that ctx already has.
//
// It fails with fault.CodeUnauthenticated, or with fault.CodeUnavailable if the
// Directory failed; the returned context is then ctx.
func (a *Authenticator) Authenticate(ctx context.Context, token string) (context.Context, error) {
	return a.authenticate(ctx, token, uuid.Nil)
}

// authenticate is Authenticate for a viewer who acts for an account; uuid.Nil for that
// of the session.
func (a *Authenticator) authenticate(ctx context.Context, token string, account uuid.UUID) (context.Context, error) {
	if isMachine(token) {
		if account != uuid.Nil {
			return ctx, errNotAMember()
		}
		return a.machine(ctx, token)
	}
	parsed, claims, err := a.Tokens.verify(token)
	if err != nil {
		return a.elsewhere(ctx, token, account, err)
	}
	v, ok, err := a.find(ctx, claims, account)
	if err != nil {
		return ctx, errUnavailable(err)
	}
	if !ok {
		return ctx, errUnauthenticated(errors.New("the token's session has ended"))
	}
	if account != uuid.Nil && v.AccountID != account {
		return ctx, errNotAMember()
	}
	return jwtauth.NewContext(withViewer(ctx, v), parsed, nil), nil
}

// elsewhere is authenticate for what is no access token of Portico's own, for this reason.
func (a *Authenticator) elsewhere(ctx context.Context, token string, account uuid.UUID, why error) (context.Context, error) {
	if a.Providers == nil || a.Tokens.claimsToBe(token) {
		return ctx, errUnauthenticated(why)
	}
	v, known, err := a.Providers.Viewer(ctx, token, account)
	switch {
	case !known && err == nil:
		return ctx, errUnauthenticated(why)
	case fault.Is(err, fault.CodeUnavailable):
		return ctx, err
	case err != nil:
		return ctx, errUnauthenticated(err)
	case account != uuid.Nil && v.AccountID != account:
		return ctx, errNotAMember()
	}
	return withViewer(ctx, v), nil
}

// claimsToBe reports whether a token says that it is one of these, such as an expired one.
func (t *Tokens) claimsToBe(token string) bool {
	issuer, _, ok := oidc.Issuer(token)
	return ok && issuer == t.issuer
}

// find returns the viewer of an access token.
func (a *Authenticator) find(ctx context.Context, c Claims, account uuid.UUID) (viewer.Viewer, bool, error) {
	if c.Acting != nil {
		return a.Directory.Acting(ctx, *c.Acting)
	}
	return a.Directory.Person(ctx, c.Organization, c.User, c.Session, account)
}

// AuthenticateMachine is Authenticate for a service token alone.
func (a *Authenticator) AuthenticateMachine(ctx context.Context, token string) (context.Context, error) {
	return a.machine(ctx, token)
}

func (a *Authenticator) machine(ctx context.Context, token string) (context.Context, error) {
	hashes, ok := a.Machines.Hashes(token)
	if !ok {
		return ctx, errUnknownServiceToken(errors.New("the service token is malformed"))
	}
	sum := sha256.Sum256([]byte(token))
	if hash, ok := a.Machines.known.Get(sum); ok {
		v, ok, err := a.Directory.Machine(ctx, hash)
		switch {
		case err != nil:
			return ctx, errUnavailable(err)
		case ok:
			return withViewer(ctx, v), nil
		}
		a.Machines.known.Remove(sum)
	}
	turn, cancel := context.WithTimeout(ctx, slotTimeout)
	defer cancel()
	if err := a.Machines.lookups.Acquire(turn, 1); err != nil {
		return ctx, errUnavailable(err)
	}
	defer a.Machines.lookups.Release(1)
	for _, hash := range hashes {
		v, ok, err := a.Directory.Machine(ctx, hash)
		if err != nil {
			return ctx, errUnavailable(err)
		}
		if ok {
			a.Machines.known.Add(sum, hash)
			return withViewer(ctx, v), nil
		}
	}
	return ctx, errUnknownServiceToken(errors.New("the service token is unknown"))
}

// withViewer returns ctx with v as its viewer. The Address, UserAgent and RequestID of
// the viewer before are kept.
func withViewer(ctx context.Context, v viewer.Viewer) context.Context {
	before := viewer.Current(ctx)
	v.Address, v.UserAgent, v.RequestID = before.Address, before.UserAgent, before.RequestID
	return viewer.NewContext(ctx, v)
}

// errUnavailable returns the error for a failure of the Directory, whatever its
// cause.
func errUnavailable(cause error) *fault.Error {
	f := fault.Wrap(fault.CodeUnavailable, fault.ReasonDatabase, cause, "Portico cannot check who you are at the moment. Please try again.")
	f.RetryAfter = max(time.Second, fault.From(cause).RetryAfter)
	return f
}
