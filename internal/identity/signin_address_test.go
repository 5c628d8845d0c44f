package identity_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/address"
	"portico/internal/auth"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// spellings are ways to write orhan@bücher.example.
func spellings() []string {
	all := []string{"orhan@bücher.example", "ORHAN@BÜCHER.EXAMPLE", "orhan@xn--bcher-kva.example", "Orhan@XN--BCHER-KVA.example",
		"orhan@bu\u0308cher.example", "ｏｒｈａｎ＠bücher。example"}
	for _, pad := range []string{" ", "\t", "\r\n", "\u00a0", "\u2003", "\u3000", "\u200b", "\u3164", "\ufeff"} {
		all = append(all, pad+all[0], all[0]+pad, pad+all[3]+pad)
	}
	return all
}

// However an address is padded and spelled, its failures are counted together, one
// user of an organization can have it, and it signs that user in.
func TestSignIn_EverySpellingIsOneUser(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		created, err := f.Portal.Identity.CreateUser(x.Admin, identity.CreateUserInput{Name: "Orhan", Email: address.ParseEmail("\t Orhan@Bücher.Example\r\n"),
			Password: portaltest.Password, AccountID: new(x.Account.GlobalID())})
		require.NoError(t, err)
		require.Equal(t, "Orhan@Bücher.Example", created.Email, "stored without what was around it")

		for _, text := range spellings() {
			_, err := f.Portal.Identity.CreateUser(x.Admin, identity.CreateUserInput{Name: "Orhan", Email: address.ParseEmail(text),
				Password: portaltest.Password, AccountID: new(x.Account.GlobalID())})
			require.Equal(t, fault.Taken, fault.Problems(err)[0].Code, "%+q: %v", text, err)
			s, err := f.Portal.Identity.SignIn(t.Context(), identity.SignInInput{Email: address.ParseEmail(text), Password: portaltest.Password})
			require.NoError(t, err, "%+q", text)
			require.Equal(t, created.ID, s.User.ID)
		}
		for i, text := range spellings() {
			_, err := f.Portal.Identity.SignIn(t.Context(), identity.SignInInput{Email: address.ParseEmail(text), Password: "not this one"})
			want := fault.CodeUnauthenticated
			if i >= auth.PairFailures {
				want = fault.CodeRateLimited
			}
			require.True(t, fault.Is(err, want), "%d %+q: %v", i, text, err)
		}
	})
}

// fields returns the fields of an error's problems.
func fields(err error) [][]string {
	var out [][]string
	for _, p := range fault.Problems(err) {
		out = append(out, p.Field)
	}
	return out
}
