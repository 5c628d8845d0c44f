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

// Directory knows the people and the machines. An error means that it could
// not be asked; whoever it does not know is ok=false.
type Directory interface {
	// Person returns the viewer behind an access token, by one SQL statement. ok
	// is false when there is no such active user, or the token's version is an
	// old one.
	Person(ctx context.Context, organization, user uuid.UUID, tokenVersion int) (v viewer.Viewer, ok bool, err error)
	// Machine returns the viewer behind the hash of a service token.
	Machine(ctx context.Context, hash []byte) (v viewer.Viewer, ok bool, err error)
}

// Authenticator finds out who sent a request. All its fields are needed but
// Peers and Refuse, and none may change while it is used.
type Authenticator struct {
	Tokens    *Tokens
	Machines  *MachineTokens
	Directory Directory
	// RequestID returns the name that the request has in the logs.
	RequestID func(ctx context.Context) string
	Peers     Peers
	// Refuse answers whoever is not believed, or could not be asked about; nil
	// answers in the shape that GraphQL clients read.
	Refuse func(w http.ResponseWriter, r *http.Request, err error)
	// Doubts lets whoever is not believed in as nobody, to a handler that asks
	// Doubt and refuses all but what is everybody's.
	Doubts bool
}

type doubtKey struct{}

// Doubt returns why the sender of a request is not believed; nil where the
// sender is, or claims to be nobody.
func Doubt(ctx context.Context) error {
	err, _ := ctx.Value(doubtKey{}).(error)
	return err
}

// Middleware puts the viewer into the request's context: an anonymous one when
// there is no Authorization header. It answers 401 itself when there is one
// that is not believed (but see Doubts), and 503 when nobody could be asked. Cookies and query
// parameters are never looked at.
func (a *Authenticator) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := viewer.NewContext(r.Context(), viewer.Viewer{
			Address: a.Peers.Address(r), RequestID: a.RequestID(r.Context()),
		})
		ctx, err := a.fromHeaders(ctx, r)
		if err != nil {
			tell(ctx, err)
			switch {
			case a.Doubts && fault.Is(err, fault.CodeUnauthenticated):
				next.ServeHTTP(w, r.WithContext(context.WithValue(ctx, doubtKey{}, err)))
			case a.Refuse != nil:
				a.Refuse(w, r.WithContext(ctx), err)
			default:
				refuse(ctx, w, r, err)
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
	default: // a proxy may have checked the other one
		return ctx, unbelieved(errors.New("there are two Authorization headers"))
	}
	token, ok := bearer(r.Header.Get("Authorization"))
	if !ok {
		return ctx, unbelieved(errors.New("the Authorization header bears no token"))
	}
	return a.Authenticate(ctx, token)
}

// bearer returns the token of an Authorization header (RFC 6750): after the
// scheme come one or more spaces, and nothing but the token.
func bearer(header string) (token string, ok bool) {
	scheme, token, found := strings.Cut(header, " ")
	token = strings.TrimLeft(token, " ")
	return token, found && token != "" && strings.EqualFold(scheme, "Bearer")
}

// Authenticate returns a context that carries the viewer behind a token, an
// access token or a service token. The Address and the RequestID are those of
// the viewer that ctx has already.
//
// It fails with fault.Unauthenticated, or with fault.Unavailable when the
// Directory could not be asked; the context is then as it was.
func (a *Authenticator) Authenticate(ctx context.Context, token string) (context.Context, error) {
	if strings.HasPrefix(token, MachinePrefix) {
		return a.machine(ctx, token)
	}
	parsed, claims, err := a.Tokens.verify(token)
	if err != nil {
		return ctx, unbelieved(err)
	}
	v, ok, err := a.Directory.Person(ctx, claims.Organization, claims.User, claims.TokenVersion)
	if err != nil {
		return ctx, unreachable(err)
	}
	if !ok {
		return ctx, unbelieved(errors.New("the token's user may not sign in"))
	}
	return jwtauth.NewContext(carry(ctx, v), parsed, nil), nil
}

func (a *Authenticator) machine(ctx context.Context, token string) (context.Context, error) {
	hashes, ok := a.Machines.Hashes(token)
	if !ok {
		return ctx, unknownToken(errors.New("the service token is malformed"))
	}
	turn, cancel := context.WithTimeout(ctx, attemptWait)
	defer cancel()
	if err := a.Machines.turns.Acquire(turn, 1); err != nil {
		return ctx, unreachable(err)
	}
	defer a.Machines.turns.Release(1)
	for _, hash := range hashes {
		v, ok, err := a.Directory.Machine(ctx, hash)
		if err != nil {
			return ctx, unreachable(err)
		}
		if ok {
			return carry(ctx, v), nil
		}
	}
	return ctx, unknownToken(errors.New("the service token is unknown"))
}

// carry puts v in the place of the viewer that knew only address and request.
func carry(ctx context.Context, v viewer.Viewer) context.Context {
	before := viewer.Current(ctx)
	v.Address, v.RequestID = before.Address, before.RequestID
	return viewer.NewContext(ctx, v)
}

// unreachable is the answer when the Directory fails, whatever its reason.
func unreachable(cause error) *fault.Error {
	f := fault.Wrap(fault.CodeUnavailable, fault.ReasonDatabase, cause, "Portico cannot check who you are at the moment. Please try again.")
	f.RetryAfter = max(time.Second, fault.From(cause).RetryAfter)
	return f
}
