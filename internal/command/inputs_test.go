package command

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/testdb"
)

// Commands accept what the API accepts, and refuse with the same messages:
// names, addresses, passwords, slugs.
func TestCommandsFollowTheRulesOfTheAPI(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		environment := map[string]string{"DATABASE_URL": url, "PORTICO_KEYRING": newRing(t)}
		do := func(stdin string, args ...string) error {
			getenv := func(name string) string { return environment[name] }
			return run(t.Context(), args, getenv, strings.NewReader(stdin), io.Discard, io.Discard)
		}
		const password = "correct horse battery"
		require.NoError(t, do("", "org", "create", "--slug=acme", "--name=Acme"))
		require.NoError(t, do(password, "user", "create", "--organization=acme", "--email=Admin@Acme.example", "--name=Admin"))
		user := func(organization, email, name string) []string {
			return []string{"user", "create", "--organization=" + organization, "--email=" + email, "--name=" + name}
		}
		reset := func(organization, email string) []string {
			return []string{"user", "reset-password", "--organization=" + organization, "--email=" + email}
		}
		for name, c := range map[string]struct {
			stdin, want string
			args        []string
		}{
			"an unseen name of an organization": {"", "name: This must not be empty", []string{"org", "create", "--slug=other", "--name=\u3164\u200b"}},
			"a name that turns around":          {"", "name: This contains characters", []string{"org", "create", "--slug=other", "--name=Acme\u202egpj"}},
			"a long name of an organization":    {"", "name: This is longer", []string{"org", "create", "--slug=other", "--name=" + strings.Repeat("a", 256)}},
			"no slug":                           {"", "slug: This must be", []string{"org", "create", "--slug=Acme_1", "--name=Acme"}},
			"a slug twice":                      {"", "slug: An organization bears", []string{"org", "create", "--slug=acme", "--name=Acme"}},
			"an unseen name of a user":          {password, "name: This must not be empty", user("acme", "a@acme.example", "\u2800")},
			"no address":                        {password, "email: This is not", user("acme", "a b@acme.example", "A")},
			"an unseen address":                 {password, "email: An e-mail address is needed", user("acme", "\u200b", "A")},
			"an address twice, spelled anew":    {password, "email: Somebody", user("acme", " ADMIN@acme.EXAMPLE\u00a0", "A")},
			"a short password":                  {"short", "password: A password has at least", user("acme", "a@acme.example", "A")},
			"a common password":                 {"123456789012", "password: This password is easy", user("acme", "a@acme.example", "A")},
			"one's address for a password":      {"a@acme.example", "password: Your e-mail", user("acme", "a@acme.example", "A")},
			"a slug that is no text":            {password, "organization: There is no", user("ac\xffme", "a@acme.example", "A")},
			"another password that is short":    {"short", "password: A password has at least", reset("acme", "admin@acme.example")},
			"nobody's password":                 {password, "email: Nobody", reset("acme", "nobody@acme.example")},
			"a password for no address":         {password, "email: This is not", reset("acme", "nobody")},
			"an unlocked nobody":                {"", "email: Nobody", []string{"user", "unlock", "--organization=acme", "--email=nobody@acme.example"}},
			"an unlocked no address":            {"", "email: This is not", []string{"user", "unlock", "--organization=acme", "--email=a\tb@acme.example"}},
			"users of no text":                  {"", "organization: There is no", []string{"user", "list", "--organization=\xff"}},
			"an unseen gateway":                 {"", "name: This must not be empty", []string{"gateway", "create", "--organization=acme", "--name=\u200b"}},
			"a gateway of an unknown product":   {"", "products.0: ", []string{"gateway", "create", "--organization=acme", "--name=edge", "--product=a\xff"}},
			"revoking no text":                  {"", "name: The organization has no", []string{"gateway", "revoke", "--organization=acme", "--name=\xff"}},
			"no apps":                           {"", "--apps must be 1 or more", []string{"seed", "--apps=0"}},
			"fewer apps than none":              {"", "--apps must be 1 or more", []string{"seed", "--apps=-1"}},
		} {
			err := do(c.stdin, c.args...)
			require.Error(t, err, name)
			require.Contains(t, Explain(err), c.want, name)
		}
		require.NoError(t, do("another horse battery", reset("acme", " ADMIN@acme.example ")...), "an address has many spellings")
		require.NoError(t, do("", "gateway", "create", "--organization=acme", "--name=\u00a0Cafe\u0301 "))
		require.ErrorContains(t, do("", "gateway", "create", "--organization=acme", "--name=Caf\u00e9\u3000"), "name", "a name has one spelling")
		require.NoError(t, do("", "gateway", "revoke", "--organization=acme", "--name= Caf\u00e9"))
	})
}

// The demo users' password follows the rules for all passwords.
func TestTheDemoPasswordIsChecked(t *testing.T) {
	db, ring := "--database-url="+testdb.EmptySQLite(t), "--keyring="+newRing(t)
	for password, want := range map[string]string{"short": "PORTICO_DEMO_PASSWORD: A password has at least", "123456789012": "PORTICO_DEMO_PASSWORD: This password is easy"} {
		_, err := porticoWith(map[string]string{"PORTICO_DEMO_PASSWORD": password}, "seed", db, ring)
		require.Error(t, err)
		require.Contains(t, Explain(err), want)
	}
}
