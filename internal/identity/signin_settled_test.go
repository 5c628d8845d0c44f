package identity_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/internal/address"
	"portico/internal/auth"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// settledLimiter admits every guess, and records how its attempt was settled.
type settledLimiter struct {
	right           [][]int
	withdrawn, done int
	// err is the error of settling an attempt.
	err error
}

func (l *settledLimiter) Reserve(context.Context, identity.Guess) (identity.Attempt, error) {
	return l, nil
}

func (l *settledLimiter) Allowed(int) bool { return true }

func (l *settledLimiter) Known() bool { return false }

func (l *settledLimiter) Succeeded(_ context.Context, right ...int) error {
	l.right = append(l.right, right)
	return l.err
}

func (l *settledLimiter) Withdraw(context.Context) error {
	l.withdrawn++
	return l.err
}

func (l *settledLimiter) Done() { l.done++ }

func (l *settledLimiter) CountSignUp(context.Context, address.Email, string) error { return l.err }

func (l *settledLimiter) CountReset(context.Context, address.Email, string) error { return l.err }

func (l *settledLimiter) CountLeakReport(context.Context, string) error { return l.err }

// brokenPasswords verifies the first passwords, and no more.
type brokenPasswords struct {
	*auth.Passwords
	verify, dummies int
	err             error
}

func (p *brokenPasswords) Verify(ctx context.Context, password, hash string) (bool, error) {
	if p.verify--; p.verify < 0 {
		return false, p.err
	}
	return p.Passwords.Verify(ctx, password, hash)
}

func (p *brokenPasswords) VerifyDummy(ctx context.Context, password string) error {
	if p.dummies--; p.dummies < 0 {
		return p.err
	}
	return p.Passwords.VerifyDummy(ctx, password)
}

// brokenTokens issues no access token.
type brokenTokens struct {
	identity.Tokens
	err error
}

func (b brokenTokens) Issue(_, _, _ uuid.UUID) (string, time.Time, error) {
	return "", time.Time{}, b.err
}

// A sign-in whose password could not be verified does not count, and its error is
// why, whether or not it could be taken off the count.
func TestSignIn_UnverifiedIsWithdrawn(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		f.MustOrganization(t, "one")
		mustStaff(t, f, "one", portaltest.Password)
		busy := fault.New(fault.CodeUnavailable, fault.ReasonBusy, "busy")
		for name, passwords := range map[string]brokenPasswords{
			"ErrVerify":      {},
			"ErrVerifyDummy": {verify: 1, dummies: 1},
		} {
			t.Run(name, func(t *testing.T) {
				passwords.Passwords, passwords.err = f.Passwords, busy
				l := &settledLimiter{err: errors.New("not settled")}
				p := f.With(func(o *portal.Options) { o.Limiter, o.Passwords = l, &passwords })
				s, err := signIn(from(t, "192.0.2.1"), p, portaltest.Password)
				require.Equal(t, error(busy), err)
				require.Zero(t, s)
				require.Equal(t, &settledLimiter{withdrawn: 1, done: 1, err: l.err}, l)
			})
		}
	})
}

// A right password is no failure, whatever follows, and what cannot be taken off the
// count is an error: it would count as a failure.
func TestSignIn_RightPasswordIsSettled(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		for _, slug := range []string{"one", "two", "three"} {
			f.MustOrganization(t, slug)
			mustStaff(t, f, slug, map[bool]string{false: portaltest.Password, true: "another password"}[slug == "two"])
			f.Clock.Advance(time.Second)
		}
		broken, unsettled := errors.New("no token"), errors.New("not settled")
		for name, c := range map[string]struct {
			password       string
			right          []int
			issue, settled error
			want           error
		}{
			"OK":                          {"another password", []int{1}, nil, nil, nil},
			"ErrNotSettled":               {"another password", []int{1}, nil, unsettled, unsettled},
			"ErrNoToken":                  {"another password", []int{1}, broken, unsettled, broken},
			"ErrSeveralUsersAndUnsettled": {portaltest.Password, []int{0, 2}, nil, unsettled, unsettled},
		} {
			t.Run(name, func(t *testing.T) {
				l := &settledLimiter{err: c.settled}
				p := f.With(func(o *portal.Options) {
					o.Limiter = l
					if c.issue != nil {
						o.Tokens = brokenTokens{f.Tokens, c.issue}
					}
				})
				_, err := signIn(from(t, "192.0.2.1"), p, c.password)
				require.Equal(t, c.want, err)
				require.Equal(t, &settledLimiter{right: [][]int{c.right}, done: 1, err: c.settled}, l)
			})
		}
	})
}

// The user of a session, and the user's row, have the time of the sign-in.
func TestSignIn_SetsLastSignInAt(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		f.MustOrganization(t, "one")
		other, err := f.Portal.Identity.CreateStaff(t.Context(), "one", "Another", address.ParseEmail("other@both.example"), portaltest.Password)
		require.NoError(t, err)
		u := mustStaff(t, f, "one", portaltest.Password)
		require.Nil(t, u.LastSignInAt)
		f.Clock.Advance(time.Hour)
		s, err := signIn(from(t, "192.0.2.1"), f.Portal, portaltest.Password)
		require.NoError(t, err)
		require.Equal(t, f.Clock.Now(), *s.User.LastSignInAt)
		require.True(t, f.Clock.Now().Equal(*f.Client.User.GetX(portaltest.System(t), u.ID).LastSignInAt))
		require.Nil(t, f.Client.User.GetX(portaltest.System(t), other.ID).LastSignInAt, "only the one who signed in")
	})
}

// An organization whose name is empty is none.
func TestSignIn_EmptyOrganization(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		f.MustOrganization(t, "one")
		mustStaff(t, f, "one", portaltest.Password)
		_, err := signIn(from(t, "192.0.2.1"), f.Portal, portaltest.Password, "")
		require.NoError(t, err)
	})
}

// A session has the user's oldest account that is not deleted; staff have none.
func TestSignIn_AccountOfSession(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		lost := func() {}
		f := portaltest.NewWith(t, url, database.Options{OnStatement: func(_ context.Context, query string) {
			if strings.Contains(query, "memberships") && strings.HasPrefix(query, "SELECT") {
				lost()
			}
		}})
		x := f.MustTenant(t, "one")
		u := f.MustUser(t, x.Admin, x.Account, domain.Member)
		in := identity.SignInInput{Email: u.EmailFolded, Password: portaltest.Password}
		mustStaff(t, f, "one", portaltest.Password)

		t.Run("OK", func(t *testing.T) {
			s, err := f.Portal.Identity.SignIn(from(t, "192.0.2.1"), in)
			require.NoError(t, err)
			require.Equal(t, x.Account.ID, s.Account.ID)
			require.NotEmpty(t, s.AccessToken)
		})
		t.Run("OK without an account", func(t *testing.T) {
			s, err := signIn(from(t, "192.0.2.1"), f.Portal, portaltest.Password)
			require.NoError(t, err)
			require.Nil(t, s.Account)
			require.NotEmpty(t, s.AccessToken)
		})
		t.Run("ErrAccountNotRead", func(t *testing.T) {
			ctx, cancel := context.WithCancel(from(t, "192.0.2.1"))
			lost = cancel
			s, err := f.Portal.Identity.SignIn(ctx, in)
			require.Error(t, err)
			require.Zero(t, s)
		})
	})
}

// A sign-in that could not read the users of the address, or their organizations, is
// no wrong password.
func TestSignIn_ErrCandidatesNotRead(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		table, lost := "", func() {}
		f := portaltest.NewWith(t, url, database.Options{OnStatement: func(_ context.Context, query string) {
			if strings.Contains(query, `FROM "`+table+`"`) || strings.Contains(query, "FROM `"+table+"`") {
				lost()
			}
		}})
		f.MustOrganization(t, "one")
		mustStaff(t, f, "one", portaltest.Password)
		for _, table = range []string{"users", "organizations"} {
			ctx, cancel := context.WithCancel(from(t, "192.0.2.1"))
			called := false
			lost = func() { called = true; cancel() }
			l := &settledLimiter{}
			p := f.With(func(o *portal.Options) { o.Limiter = l })
			_, err := signIn(ctx, p, portaltest.Password)
			require.True(t, called, table)
			require.Error(t, err)
			require.False(t, fault.Is(err, fault.CodeUnauthenticated), "%v", err)
			require.Zero(t, *l, "no password was tried")
		}
	})
}
