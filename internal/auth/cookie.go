package auth

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// tokenSeparator parts the device tokens in a cookie; none holds it.
const tokenSeparator = "~"

// DeviceCookie keeps device tokens in browsers, where scripts do not see them.
// It says nothing about who sends a request.
type DeviceCookie struct {
	// Secure is for servers behind HTTPS: everywhere but in development.
	Secure bool
}

// jar is a request's device tokens, and where to put another one.
type jar struct {
	mu     sync.Mutex
	tokens []string
	answer http.ResponseWriter
}

type jarKey struct{}

// name of the cookie. The prefix keeps other hosts of the domain from setting it.
func (c DeviceCookie) name() string {
	if c.Secure {
		return "__Host-portico-device"
	}
	return "portico-device"
}

// Middleware reads the cookie for Presented, and lets Remember set it.
func (c DeviceCookie) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		j := &jar{answer: w}
		if cookies := r.CookiesNamed(c.name()); len(cookies) == 1 {
			tokens := strings.Split(cookies[0].Value, tokenSeparator)
			j.tokens = tokens[:min(len(tokens), mostDevices)]
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), jarKey{}, j)))
	})
}

// Presented returns the tokens that the request brought.
func (DeviceCookie) Presented(ctx context.Context) []string {
	j, ok := ctx.Value(jarKey{}).(*jar)
	if !ok {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.tokens)
}

// Remember puts a token into the cookie, before the answer is written. It takes
// the place of the same device's earlier one; those of other people who sign in
// there stay, the newest few.
func (c DeviceCookie) Remember(ctx context.Context, token string) {
	j, ok := ctx.Value(jarKey{}).(*jar)
	if !ok || token == "" {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	kept := slices.DeleteFunc(j.tokens, func(old string) bool { return device(old) == device(token) })
	j.tokens = append([]string{token}, kept[:min(len(kept), mostDevices-1)]...)
	set := http.Cookie{
		Name: c.name(), Value: strings.Join(j.tokens, tokenSeparator), Path: "/", MaxAge: int(DeviceLife.Seconds()),
		HttpOnly: true, Secure: c.Secure, SameSite: http.SameSiteStrictMode,
	}
	// Not added: of several sign-ins in one request the last cookie holds all.
	j.answer.Header().Set("Set-Cookie", set.String())
}

// device is the identity in a token that nobody has checked.
func device(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) < 2 { //nolint:mnd // see deviceToken
		return token
	}
	return parts[1]
}
