package auth

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/jwtauth/v5"
	"github.com/google/uuid"

	"portico/internal/fault"
	"portico/internal/viewer"
)

// Directory looks up users and machines. It returns ok=false for those it does
// not know, and an error if the lookup failed.
type Directory interface {
	// Person returns the viewer of an access token, with one SQL statement. ok
	// is false if there is no such active user, or if the token's version is an
	// old one.
	Person(ctx context.Context, organization, user uuid.UUID, tokenVersion int) (v viewer.Viewer, ok bool, err error)
	// Machine returns the viewer of the service token that has this hash.
	Machine(ctx context.Context, hash []byte) (v viewer.Viewer, ok bool, err error)
}

// Authenticator identifies the sender of a request. All fields but Peers,
// Refuse and AllowInvalid are required, and none may change while it is in use.
type Authenticator struct {
	Tokens    *Tokens
	Machines  *MachineTokens
	Directory Directory
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
		ctx := viewer.NewContext(r.Context(), viewer.Viewer{
			Address: a.Peers.Address(r), RequestID: a.RequestID(r.Context()),
		})
		ctx, err := a.fromHeaders(ctx, r)
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
	return a.Authenticate(ctx, token)
}

// bearer returns the token of an Authorization header (RFC 6750): the scheme,
// one or more spaces, and then only the token.
func bearer(header string) (token string, ok bool) {
	scheme, token, found := strings.Cut(header, " ")
	token = strings.TrimLeft(token, " ")
	return token, found && token != "" && strings.EqualFold(scheme, "Bearer")
}

// Authenticate returns a context with the viewer of a token, which is an access
// token or a service token. Address and RequestID are copied from the viewer
// that ctx already has.
//
// It fails with fault.CodeUnauthenticated, or with fault.CodeUnavailable if the
// Directory failed; the returned context is then ctx.
func (a *Authenticator) Authenticate(ctx context.Context, token string) (context.Context, error) {
	if strings.HasPrefix(token, MachinePrefix) {
		return a.machine(ctx, token)
	}
	parsed, claims, err := a.Tokens.verify(token)
	if err != nil {
		return ctx, errUnauthenticated(err)
	}
	v, ok, err := a.Directory.Person(ctx, claims.Organization, claims.User, claims.TokenVersion)
	if err != nil {
		return ctx, errUnavailable(err)
	}
	if !ok {
		return ctx, errUnauthenticated(errors.New("the token's user may not sign in"))
	}
	return jwtauth.NewContext(withViewer(ctx, v), parsed, nil), nil
}

func (a *Authenticator) machine(ctx context.Context, token string) (context.Context, error) {
	hashes, ok := a.Machines.Hashes(token)
	if !ok {
		return ctx, errUnknownServiceToken(errors.New("the service token is malformed"))
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
			return withViewer(ctx, v), nil
		}
	}
	return ctx, errUnknownServiceToken(errors.New("the service token is unknown"))
}

// withViewer returns ctx with v as its viewer. The Address and RequestID of the
// viewer before are kept.
func withViewer(ctx context.Context, v viewer.Viewer) context.Context {
	before := viewer.Current(ctx)
	v.Address, v.RequestID = before.Address, before.RequestID
	return viewer.NewContext(ctx, v)
}

// errUnavailable returns the error for a failure of the Directory, whatever its
// cause.
func errUnavailable(cause error) *fault.Error {
	f := fault.Wrap(fault.CodeUnavailable, fault.ReasonDatabase, cause, "Portico cannot check who you are at the moment. Please try again.")
	f.RetryAfter = max(time.Second, fault.From(cause).RetryAfter)
	return f
}
