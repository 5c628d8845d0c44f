package portaltest

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"portico/internal/identity"
)

// MustTotp sets up an authenticator app for the viewer of ctx, whose password is
// Password, and returns it with the recovery codes. The code that it shows now has not
// been used.
func (f *Fixture) MustTotp(t testing.TB, ctx context.Context) (App, []string) {
	t.Helper()
	setup, err := f.Portal.Identity.EnableTotp(ctx, Password)
	require.NoError(t, err)
	app := f.App(t, *setup)
	_, codes, err := f.Portal.Identity.ConfirmTotp(ctx, app.CodeAt(-period))
	require.NoError(t, err)
	return app, codes
}

// period is how long an app shows a code.
const period = 30 * time.Second

// App is an authenticator app.
type App struct {
	t      testing.TB
	f      *Fixture
	Secret string
}

// App returns an app that was set up by the address that is shown as a QR code.
func (f *Fixture) App(t testing.TB, s identity.TotpSetup) App {
	t.Helper()
	u, err := url.Parse(s.URI)
	require.NoError(t, err)
	require.Equal(t, s.Secret, u.Query().Get("secret"))
	return App{t, f, s.Secret}
}

// Code returns the code that the app shows now.
func (a App) Code() string { return a.CodeAt(0) }

// CodeAt returns the code that the app shows after a time.
func (a App) CodeAt(after time.Duration) string {
	a.t.Helper()
	code, err := totp.GenerateCode(a.Secret, a.f.Clock.Now().Add(after))
	require.NoError(a.t, err)
	return code
}
