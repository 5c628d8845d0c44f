// Package browser signs people in at identity providers with a browser: it sends the
// browser there, and when it comes back begins the session that a password begins too,
// kept in the same cookie. Then the browser goes on to the portal. Whatever fails, it lands
// there too, with a code that tells nothing about who exists.
package browser

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"portico/internal/auth"
	"portico/internal/clock"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/oidc"
	"portico/internal/seldom"
	"portico/internal/viewer"
)

const (
	// flowLife is how long a sign-in at a provider may take.
	flowLife = 10 * time.Minute
	// purpose is what the cookie is encrypted for.
	purpose = "sign-in of a browser at an identity provider"
	// maxReturn is the longest path to return to.
	maxReturn = 512
	// maxError is the longest error of a provider that is logged.
	maxError = 100
)

// The paths of a provider of an organization: StartPath is where browsers begin, and
// CallbackPath where the provider sends them back to. Each has its own, so that what one
// sends is not taken for another's (RFC 9700, 2.1).
const (
	StartPath    = "/auth/{organization}/{provider}/start"
	CallbackPath = "/auth/{organization}/{provider}/callback"
)

// Outcome is why a browser comes to the portal without a session, in the fragment's
// "error".
type Outcome string

// The outcomes of sign-ins that fail.
const (
	// UnknownProvider: the address is of no provider.
	UnknownProvider Outcome = "unknown_provider"
	// InvalidReturn: returnTo is no path of the portal.
	InvalidReturn Outcome = "invalid_return"
	// Expired: it took too long, was ended before, or was begun in another browser.
	Expired Outcome = "expired"
	// Cancelled: the person did not sign in, as the provider says.
	Cancelled Outcome = "cancelled"
	// Refused: the person may not come in, whatever the reason.
	Refused Outcome = "refused"
	// SecondFactor: the person has to set up a second factor first.
	SecondFactor Outcome = "second_factor"
	// Unavailable: the provider or the database does not answer as it should, or the client
	// asks too often.
	Unavailable Outcome = "unavailable"
)

// Options configures Start and Callback. All fields but Secure are required.
type Options struct {
	Providers *auth.Providers
	Vault     *auth.Vault
	Clock     clock.Clock
	// Pay charges a client, which is a stranger yet, for asking.
	Pay     func(ctx context.Context) error
	Session auth.SessionCookie
	// PublicURL is where browsers reach this server, PortalURL where the portal is.
	PublicURL, PortalURL string
	// Secure is set on servers behind HTTPS: everywhere but in development.
	Secure bool
	Log    *slog.Logger
}

// flow is a sign-in that is under way, as its browser's cookie has it.
type flow struct {
	oidc.Sent
	Organization string    `json:"organization"`
	Provider     string    `json:"provider"`
	ReturnTo     string    `json:"returnTo"`
	ExpiresAt    time.Time `json:"expiresAt"`
}

// Start sends a browser to a provider, which PathValue names.
func (o Options) Start(w http.ResponseWriter, r *http.Request) {
	if err := o.Pay(r.Context()); err != nil {
		o.fail(w, r, "", Unavailable, err)
		return
	}
	at := strings.NewReplacer("{organization}", url.PathEscape(r.PathValue("organization")), "{provider}", url.PathEscape(r.PathValue("provider")))
	f := flow{
		Sent:         oidc.NewSent(strings.TrimSuffix(o.PublicURL, "/") + at.Replace(CallbackPath)),
		Organization: r.PathValue("organization"), Provider: r.PathValue("provider"),
		ReturnTo: r.URL.Query().Get("returnTo"), ExpiresAt: o.Clock.Now().Add(flowLife),
	}
	if !isPath(f.ReturnTo) {
		o.fail(w, r, "", InvalidReturn, nil)
		return
	}
	to, known, err := o.Providers.Begin(r.Context(), f.Organization, f.Provider, f.Sent)
	switch {
	case err != nil:
		o.fail(w, r, f.ReturnTo, outcome(err), err)
		return
	case !known:
		o.fail(w, r, f.ReturnTo, UnknownProvider, nil)
		return
	}
	content, err := json.Marshal(f)
	if err == nil {
		content, err = o.Vault.Seal(purpose, content)
	}
	if err != nil {
		o.fail(w, r, f.ReturnTo, Unavailable, err)
		return
	}
	o.setCookie(w, base64.RawURLEncoding.EncodeToString(content), int(flowLife.Seconds()))
	redirect(w, to)
}

// Callback ends the sign-in of a browser that a provider has sent back. The browser gives
// up the cookie; the code is good once, at the provider.
func (o Options) Callback(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	f, ok := o.flow(r)
	o.setCookie(w, "", -1)
	here := f.Organization == r.PathValue("organization") && f.Provider == r.PathValue("provider")
	if !ok || !here || subtle.ConstantTimeCompare([]byte(f.State), []byte(q.Get("state"))) != 1 {
		o.fail(w, r, "", Expired, nil)
		return
	}
	if q.Get("code") == "" {
		o.fail(w, r, f.ReturnTo, refusedBy(q.Get("error")), fmt.Errorf("the provider says %.*q", maxError, q.Get("error")))
		return
	}
	if err := o.Pay(r.Context()); err != nil {
		o.fail(w, r, f.ReturnTo, Unavailable, err)
		return
	}
	s, err := o.Providers.Finish(r.Context(), f.Organization, f.Provider, f.Sent, q.Get("code"), q.Get("iss"))
	switch {
	case err != nil:
		o.fail(w, r, f.ReturnTo, outcome(err), err)
	case s.Challenge != nil:
		redirect(w, o.portal(f.ReturnTo, url.Values{"challenge": {s.Challenge.Token}}))
	default:
		o.Session.Keep(r.Context(), s.RefreshToken, s.SessionExpiresAt)
		redirect(w, o.portal(f.ReturnTo, nil))
	}
}

// flow returns the sign-in of a browser's cookie, unless it has expired.
func (o Options) flow(r *http.Request) (f flow, ok bool) {
	cookies := r.CookiesNamed(o.cookieName())
	if len(cookies) != 1 {
		return f, false
	}
	sealed, err := base64.RawURLEncoding.DecodeString(cookies[0].Value)
	if err != nil {
		return f, false
	}
	content, err := o.Vault.Open(purpose, sealed)
	if err != nil || json.Unmarshal(content, &f) != nil {
		return f, false
	}
	return f, o.Clock.Now().Before(f.ExpiresAt)
}

// cookieName returns the cookie's name. The __Host- prefix keeps other hosts of the domain
// from setting it.
func (o Options) cookieName() string {
	if o.Secure {
		return "__Host-portico-sign-in"
	}
	return "portico-sign-in"
}

// setCookie sets the cookie, which browsers send when a provider sends them back (Lax).
func (o Options) setCookie(w http.ResponseWriter, value string, age int) {
	http.SetCookie(w, &http.Cookie{Name: o.cookieName(), Value: value, Path: "/", MaxAge: age, HttpOnly: true, Secure: o.Secure, SameSite: http.SameSiteLaxMode})
}

// fail sends a browser to the portal without a session.
func (o Options) fail(w http.ResponseWriter, r *http.Request, returnTo string, why Outcome, cause error) {
	v := viewer.Current(r.Context())
	level := slog.LevelInfo
	if why == Unavailable {
		level = slog.LevelWarn
	}
	o.Log.LogAttrs(r.Context(), level, "a sign-in at an identity provider failed", seldom.Line(seldom.Providers), slog.String("outcome", string(why)), slog.Any("error", cause),
		slog.String("address", v.Address), slog.String("requestId", v.RequestID))
	redirect(w, o.portal(returnTo, url.Values{"error": {string(why)}}))
}

// refusedBy returns what an error of a provider means, instead of a code (OpenID Connect
// Core 1.0, 3.1.2.6).
func refusedBy(code string) Outcome {
	switch code {
	case "access_denied", "login_required", "interaction_required", "consent_required", "account_selection_required":
		return Cancelled
	}
	return Unavailable // it does not work, or the settings are wrong
}

// outcome returns what the portal may know of an error.
func outcome(err error) Outcome {
	switch {
	case errors.Is(err, identity.ErrSecondFactor):
		return SecondFactor
	case oidc.IsInvalid(err), fault.Is(err, fault.CodeUnauthenticated), fault.Problems(err) != nil:
		return Refused
	}
	return Unavailable
}

// portal returns the address of a page of the portal, with a fragment, which no server
// sees.
func (o Options) portal(path string, fragment url.Values) string {
	to := strings.TrimSuffix(o.PortalURL, "/") + path
	if path == "" {
		to += "/"
	}
	if fragment != nil {
		to += "#" + fragment.Encode()
	}
	return to
}

func redirect(w http.ResponseWriter, to string) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}

// isPath reports whether a text is empty or a path below the portal, which leads nowhere
// else however it is read.
func isPath(text string) bool {
	if text == "" {
		return true
	}
	u, err := url.Parse(text)
	lower := strings.ToLower(text)
	return err == nil && len(text) <= maxReturn && u.Scheme == "" && u.Host == "" && u.User == nil && u.Opaque == "" &&
		strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "//") && !strings.ContainsAny(text, "\\#@") &&
		!strings.Contains(lower, "..") && !strings.Contains(lower, "%2e") && !strings.Contains(lower, "%5c") && !strings.Contains(lower, "%2f") && isPlain(text)
}

// isPlain reports whether a text has only visible ASCII: a browser drops tabs and line
// breaks.
func isPlain(text string) bool {
	return strings.IndexFunc(text, func(c rune) bool { return c <= ' ' || c > '~' }) < 0
}
