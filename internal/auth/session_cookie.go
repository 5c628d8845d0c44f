package auth

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// SessionPath is the path below which browsers send the cookie with the refresh
// token; the API is served there a second time.
const SessionPath = "/session"

// SessionCookie stores a browser's refresh token out of reach of scripts. It is
// sent to one path alone, and does not authenticate a request: only refreshSession
// and signOut read it.
type SessionCookie struct {
	// Secure is set on servers behind HTTPS: everywhere but in development.
	Secure bool
}

// sessionJar contains a request's refresh token, and the response that sets the
// cookie.
type sessionJar struct {
	mu     sync.Mutex
	token  string
	answer http.ResponseWriter
}

type sessionJarKey struct{}

// name returns the cookie's name. The __Secure- prefix keeps pages without HTTPS from
// setting it; __Host- would forbid the path.
func (c SessionCookie) name() string {
	if c.Secure {
		return "__Secure-portico-session"
	}
	return "portico-session"
}

// Middleware reads the cookie for Presented, and lets Keep and Clear set it.
func (c SessionCookie) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		j := &sessionJar{answer: w}
		// Of two with this name, one was set by somebody else.
		if cookies := r.CookiesNamed(c.name()); len(cookies) == 1 {
			j.token = cookies[0].Value
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), sessionJarKey{}, j)))
	})
}

// Presented returns the refresh token in the request's cookie; "" if there is none. ok
// is false where the API is served without the cookie.
func (SessionCookie) Presented(ctx context.Context) (token string, ok bool) {
	j, ok := ctx.Value(sessionJarKey{}).(*sessionJar)
	if !ok {
		return "", false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.token, true
}

// Keep stores a refresh token in the cookie, until a time. It must be called before
// the response is written. It reports whether it did: false where the API is served
// without the cookie.
func (c SessionCookie) Keep(ctx context.Context, token string, until time.Time) bool {
	return c.set(ctx, token, &http.Cookie{Value: token, Expires: until})
}

// Clear removes the cookie, where the API is served with it.
func (c SessionCookie) Clear(ctx context.Context) { c.set(ctx, "", &http.Cookie{MaxAge: -1}) }

func (c SessionCookie) set(ctx context.Context, token string, cookie *http.Cookie) bool {
	j, ok := ctx.Value(sessionJarKey{}).(*sessionJar)
	if !ok {
		return false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	// What the next field of the same request finds.
	j.token = token
	cookie.Name, cookie.Path, cookie.HttpOnly, cookie.Secure, cookie.SameSite = c.name(), SessionPath, true, c.Secure, http.SameSiteStrictMode
	setCookie(j.answer.Header(), cookie)
	return true
}
