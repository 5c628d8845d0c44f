package auth

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// tokenSeparator separates the device tokens in a cookie; no token contains it.
const tokenSeparator = "~"

// DeviceCookie stores device tokens in browsers, out of reach of scripts. It
// does not authenticate a request.
type DeviceCookie struct {
	// Secure is set on servers behind HTTPS: everywhere but in development.
	Secure bool
}

// jar contains a request's device tokens, and the response that sets the
// cookie.
type jar struct {
	mu     sync.Mutex
	tokens []string
	answer http.ResponseWriter
}

type jarKey struct{}

// name returns the cookie's name. The __Host- prefix keeps other hosts of the
// domain from setting it.
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
			j.tokens = tokens[:min(len(tokens), maxDevices)]
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), jarKey{}, j)))
	})
}

// Presented returns the tokens in the request's cookie.
func (DeviceCookie) Presented(ctx context.Context) []string {
	j, ok := ctx.Value(jarKey{}).(*jar)
	if !ok {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.tokens)
}

// Remember adds a token to the cookie; it must be called before the response is
// written. The token replaces the earlier one of the same device; those of
// other people who sign in there are kept, the newest few.
func (c DeviceCookie) Remember(ctx context.Context, token string) {
	j, ok := ctx.Value(jarKey{}).(*jar)
	if !ok || token == "" {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	kept := slices.DeleteFunc(j.tokens, func(old string) bool { return deviceID(old) == deviceID(token) })
	j.tokens = append([]string{token}, kept[:min(len(kept), maxDevices-1)]...)
	setCookie(j.answer.Header(), &http.Cookie{
		Name: c.name(), Value: strings.Join(j.tokens, tokenSeparator), Path: "/", MaxAge: int(DeviceLife.Seconds()),
		HttpOnly: true, Secure: c.Secure, SameSite: http.SameSiteStrictMode,
	})
}

// setCookie adds a cookie to a response, in place of one of the same name: after
// several sign-ins in one request the last counts.
func setCookie(h http.Header, c *http.Cookie) {
	lines := slices.DeleteFunc(h["Set-Cookie"], func(line string) bool { return strings.HasPrefix(line, c.Name+"=") })
	h["Set-Cookie"] = append(lines, c.String())
}

// deviceID returns the identity in a token that is not verified.
func deviceID(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) < 2 { //nolint:mnd // see deviceToken
		return token
	}
	return parts[1]
}
