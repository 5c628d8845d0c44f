package e2e

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/mail/mailtest"
	"portico/internal/testdb"
)

// An owner invites by a letter; who reads it joins as a new person or as the user that
// has the address, reads what the account has, and nothing more once removed.
func TestInvitations(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		post := mailtest.Start(t, mailtest.Options{})
		s := servertest.Start(t, url, mailSettings(post.Address)...)
		owner, anonymous := s.SignIn(t, "developer@demo.example"), s.Anonymous()
		account := owner.Must(t, `{ viewer { account { id } } }`, nil).Text("viewer", "account", "id")
		app := owner.Do(t, "createApp", vars{"name": "Shared"}, `app { id }`).Text("createApp", "app", "id")
		const accepted, reads = `user { email } account { id }`, `query($id: ID!) { app(id: $id) { name } viewer { account { id } accounts { totalCount } } }`

		owner.Do(t, "inviteMember", vars{"accountId": account, "email": "Nora@Partner.example"}, `invitation { id }`)
		first, _ := invitationIn(t, post.Await(t, 1)[0])
		invited := owner.Do(t, "inviteMember", vars{"accountId": account, "email": "nora@partner.example"}, `invitation { id email role status }`)
		letter := post.Await(t, 2)[1]
		require.Equal(t, "nora@partner.example", letter.To)
		token, text := invitationIn(t, letter)
		require.Contains(t, text, `“Acme Developer” invites you, nora@partner.example, to join the account “Acme” at Demo Corporation.`)
		require.NotContains(t, text, "Hello ,")
		requireProblem(t, anonymous.Ask(t, "acceptInvitation", vars{"token": first, "name": "Nora", "password": servertest.UserPassword}, accepted), "acceptInvitation", "INVALID_LINK", "token")

		// Somebody else who is signed in cannot use it.
		other := s.SignIn(t, "developer@globex.example")
		requireProblem(t, other.Ask(t, "acceptInvitation", vars{"token": token}, accepted), "acceptInvitation", "NOT_ALLOWED", "token")
		a := anonymous.Do(t, "acceptInvitation", vars{"token": token, "name": "Nora", "password": servertest.UserPassword}, accepted)
		require.Equal(t, "nora@partner.example", a.Text("acceptInvitation", "user", "email"))
		requireProblem(t, anonymous.Ask(t, "acceptInvitation", vars{"token": token, "name": "Nora", "password": servertest.UserPassword}, accepted), "acceptInvitation", "INVALID_LINK", "token")
		nora := s.SignInWith(t, "nora@partner.example", servertest.UserPassword)
		require.Equal(t, "Shared", nora.Must(t, reads, vars{"id": app}).Text("app", "name"))
		require.Equal(t, 0, nora.Must(t, `{ viewer { account { invitations { totalCount } } } }`, nil).Number("viewer", "account", "invitations", "totalCount"))
		list := owner.Must(t, `{ viewer { account { invitations(last: 2) { nodes { email status invitedBy { name } } } members(last: 1) { nodes { id } } } } }`, nil)
		require.Equal(t, []any{"REVOKED", "ACCEPTED"}, []any{list.At("viewer", "account", "invitations", "nodes", 0, "status"), list.At("viewer", "account", "invitations", "nodes", 1, "status")})
		owner.Do(t, "removeMember", vars{"membershipId": list.Text("viewer", "account", "members", "nodes", 0, "id")}, `deletedMembershipId`)
		require.Nil(t, nora.Must(t, reads, vars{"id": app}).At("app"))

		// A user of the organization must be signed in, and then has two accounts.
		owner.Do(t, "inviteMember", vars{"accountId": account, "email": "developer@globex.example", "role": "OWNER"}, `invitation { id }`)
		token, text = invitationIn(t, post.Await(t, 3)[2])
		require.Contains(t, text, "Hello Globex Developer,")
		requireError(t, anonymous.Ask(t, "acceptInvitation", vars{"token": token, "name": "Nora", "password": servertest.UserPassword}, accepted), "UNAUTHENTICATED")
		other.Do(t, "acceptInvitation", vars{"token": token}, accepted)
		require.Equal(t, 2, other.Must(t, reads, vars{"id": app}).Number("viewer", "accounts", "totalCount"))
		require.Equal(t, "Shared", other.As("X-Portico-Account", account).Must(t, reads, vars{"id": app}).Text("app", "name"))

		// Taken back.
		gone := owner.Do(t, "inviteMember", vars{"accountId": account, "email": "nora@partner.example"}, `invitation { id }`).Text("inviteMember", "invitation", "id")
		token, _ = invitationIn(t, post.Await(t, 4)[3])
		owner.Do(t, "revokeInvitation", vars{"invitationId": gone}, `invitation { status }`)
		requireProblem(t, nora.Ask(t, "acceptInvitation", vars{"token": token}, accepted), "acceptInvitation", "INVALID_LINK", "token")
		require.NotContains(t, s.Log(), token, "the log has no link")
		require.NotEmpty(t, invited.Text("inviteMember", "invitation", "id"))
	})
}

// invitationIn returns the token in a letter's link, which text and HTML have alike.
func invitationIn(t *testing.T, l mailtest.Letter) (token, text string) {
	t.Helper()
	text, html := l.Parts(t)
	link := regexp.MustCompile(`https://portal\.example\.com/accept-invitation#token=(pit_\w+)`).FindStringSubmatch(text)
	require.Len(t, link, 2, text)
	require.Contains(t, html, `href="`+link[0]+`"`)
	return link[1], text
}
