package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

const whoAmI = `{ viewer { role user { id } } }`

func disabledUser(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "disabled-user")
	c.dev.Must(t, `{ apps { totalCount } }`, nil)
	a := c.admin.Do(t, "disableUser", vars{"userId": c.developer, "reason": "Left."}, `user { id status lastSignInAt }`)
	require.Equal(t, "DISABLED", a.Text("disableUser", "user", "status"))
	require.NotEmpty(t, a.Text("disableUser", "user", "lastSignInAt"))
	requireError(t, c.dev.Send(t, `{ apps { totalCount } }`, nil), "UNAUTHENTICATED")
	requireError(t, signIn(t, s, c.email, servertest.UserPassword, ""), "UNAUTHENTICATED")
	c.admin.Do(t, "disableUser", vars{"userId": c.developer}, `user { status }`)

	c.admin.Do(t, "enableUser", vars{"userId": c.developer}, `user { status }`)
	requireError(t, c.dev.Send(t, `{ apps { totalCount } }`, nil), "UNAUTHENTICATED")
	require.Equal(t, c.developer, s.SignInWith(t, c.email, servertest.UserPassword).Must(t, whoAmI, nil).Text("viewer", "user", "id"))
	factsOf := c.admin.Must(t, `query($id: ID!) { events(where: {subjectId: $id, type: [USER_DISABLED, USER_ENABLED]}) { nodes { type reason } } }`, vars{"id": c.developer})
	require.Equal(t, []string{"USER_ENABLED", "USER_DISABLED"}, texts(factsOf, "type", "events", "nodes"), "disabling twice happens once")

	me := c.admin.Must(t, whoAmI, nil).Text("viewer", "user", "id")
	requireProblem(t, c.admin.Ask(t, "disableUser", vars{"userId": me}, `user { id }`), "disableUser", "NOT_ALLOWED", "userId")
	found := c.admin.Must(t, `{ users(where: {contains: "DISABLED-USER", role: [PORTAL], status: [ACTIVE]}) { totalCount nodes { id email } } }`, nil)
	require.Equal(t, []string{c.developer}, texts(found, "id", "users", "nodes"))
}

func changedRole(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "changed-role")
	set := func(in vars) *servertest.Answer {
		in["userId"] = c.developer
		return c.admin.Ask(t, "changeUserRole", in, `user { role accounts { totalCount } }`)
	}
	a := c.dev.Do(t, "updateUser", vars{"userId": c.developer, "language": "TR", "timeZone": "Europe/Istanbul", "theme": "DARK"}, `user { language timeZone theme }`)
	require.Equal(t, map[string]any{"language": "TR", "timeZone": "Europe/Istanbul", "theme": "DARK"}, a.At("updateUser", "user"))
	requireProblem(t, set(vars{"role": "ADMIN"}), "changeUserRole", "LAST_OWNER", "userId")

	c.admin.Do(t, "createUser", vars{"name": "Second", "email": "second-" + c.email, "password": servertest.UserPassword, "accountId": c.account, "membershipRole": "OWNER"}, `user { id }`)
	a = set(vars{"role": "ADMIN"})
	require.Equal(t, "ADMIN", a.Text("changeUserRole", "user", "role"), a.Raw)
	require.Zero(t, a.Number("changeUserRole", "user", "accounts", "totalCount"))
	requireError(t, c.dev.Send(t, `{ apps { totalCount } }`, nil), "UNAUTHENTICATED")
	staff := s.SignInWith(t, c.email, servertest.UserPassword)
	require.Equal(t, "ADMIN", staff.Must(t, `{ viewer { role } }`, nil).Text("viewer", "role"))

	requireProblem(t, set(vars{"role": "PORTAL"}), "changeUserRole", "REQUIRED", "accountId")
	require.Equal(t, "PORTAL", set(vars{"role": "PORTAL", "accountId": c.account}).Text("changeUserRole", "user", "role"))
	requireError(t, staff.Send(t, `{ users { totalCount } }`, nil), "UNAUTHENTICATED")
}

func changedPassword(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "changed-password")
	const next = "Ein längeres Kennwort"
	change := func(from, to string) *servertest.Answer {
		return c.dev.Ask(t, "changePassword", vars{"currentPassword": from, "newPassword": to}, `user { id }`)
	}
	requireProblem(t, change("not this one", next), "changePassword", "WRONG_PASSWORD", "currentPassword")
	for _, weak := range []string{"", "too short", "password123", c.email, longText(129), "aaaaaaaaaaaa", "ten letters\x00", servertest.Password} {
		requireProblem(t, change(servertest.UserPassword, weak), "changePassword", "WEAK_PASSWORD", "newPassword")
	}
	there := s.SignInWith(t, c.email, servertest.UserPassword)
	a := change(servertest.UserPassword, next)
	require.Equal(t, c.developer, a.Text("changePassword", "user", "id"), a.Raw)
	requireError(t, there.Send(t, `{ apps { totalCount } }`, nil), "UNAUTHENTICATED")
	require.Equal(t, c.developer, c.dev.Must(t, whoAmI, nil).Text("viewer", "user", "id"))
	requireError(t, signIn(t, s, c.email, servertest.UserPassword, ""), "UNAUTHENTICATED")
	require.NotEmpty(t, signIn(t, s, c.email, next, "demo").Text("signIn", "accessToken"))
}

// usersByCommand tests the commands of an operator, with the built program while a server
// runs.
func usersByCommand(t *testing.T, s *servertest.Server) {
	c := newOrganization(t, s, "by-command")
	require.Regexp(t, `(?m)^SLUG +NAME +CREATED$`, s.Run(t, "", "org", "list"))
	require.Regexp(t, `(?m)^by-command +The organization by-command +20\d\d-`, s.Run(t, "", "org", "list"))
	listed := s.Run(t, "", "user", "list", "--organization", "by-command")
	require.Regexp(t, `(?m)^admin@by-command\.example +First Administrator +ADMIN +ACTIVE +20\S+ +20`, listed)
	require.Regexp(t, `(?m)^developer@by-command\.example +by-command developer +PORTAL +ACTIVE `, listed)
	require.NotContains(t, listed, "@demo.example", "nobody of another organization")

	const next = "another password"
	s.Run(t, next+"\n", "user", "reset-password", "--organization", "by-command", "--email", "Developer@BY-COMMAND.example")
	requireError(t, c.dev.Send(t, `{ apps { totalCount } }`, nil), "UNAUTHENTICATED")
	for range 10 {
		requireError(t, signIn(t, s, c.email, servertest.UserPassword, "by-command"), "UNAUTHENTICATED")
	}
	requireError(t, signIn(t, s, c.email, next, "by-command"), "RATE_LIMITED")
	s.Run(t, "", "user", "unlock", "--organization", "by-command", "--email", c.email)
	require.NotEmpty(t, signIn(t, s, c.email, next, "").Text("signIn", "accessToken"))
	factsOf := c.admin.Must(t, `query($id: ID!) { events(where: {subjectId: $id, type: [USER_PASSWORD_RESET, USER_UNLOCKED]}) { nodes { type actor { name } } } }`, vars{"id": c.developer})
	require.Equal(t, []string{"USER_UNLOCKED", "USER_PASSWORD_RESET"}, texts(factsOf, "type", "events", "nodes"))
	require.NotContains(t, s.Log(), next)
}

// A deleted user is gone at once: from lists, from accounts and from every session. Events
// keep the name, and the address is another person's then.
func deleteUser(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "deleted")
	require.Equal(t, []string{"LAST_OWNER"}, c.admin.Ask(t, "deleteUser", vars{"userId": c.developer}, `deletedUserId`).UserErrors("deleteUser"))
	invite := vars{"name": "Second Owner", "email": "second@deleted.example", "password": servertest.UserPassword, "accountId": c.account, "membershipRole": "OWNER"}
	second := c.admin.Do(t, "createUser", invite, `user { id }`).Text("createUser", "user", "id")
	requireUnknownField(t, newActors(t, s, "deleted-other").dev.Ask(t, "deleteUser", vars{"userId": second}, `deletedUserId`))

	gone := c.admin.Do(t, "deleteUser", vars{"userId": c.developer, "reason": "They have left."}, `deletedUserId`)
	require.Equal(t, c.developer, gone.Text("deleteUser", "deletedUserId"))
	requireError(t, c.dev.Send(t, `{ apps { totalCount } }`, nil), "UNAUTHENTICATED")
	requireError(t, s.Anonymous().Ask(t, "signIn", vars{"email": c.email, "password": servertest.UserPassword}, `accessToken`), "UNAUTHENTICATED")
	requireError(t, c.admin.Ask(t, "deleteUser", vars{"userId": c.developer}, `deletedUserId`), "NOT_FOUND")
	require.Nil(t, c.admin.Must(t, `query($id: ID!) { node(id: $id) { id } }`, vars{"id": c.developer}).At("node"))
	listed := c.admin.Must(t, `query($id: ID!, $e: String!) { account(id: $id) { members { nodes { user { id } } } } users(where: {contains: $e}) { totalCount } }`, vars{"id": c.account, "e": c.email})
	require.Len(t, listed.List("account", "members", "nodes"), 1)
	require.Zero(t, listed.Number("users", "totalCount"))
	events := c.admin.Must(t, `query($id: ID!) { events(where: {subjectId: $id}) { nodes { type reason subject { name } changes { field before after } } } }`, vars{"id": c.developer})
	require.Equal(t, "USER_DELETED", events.Text("events", "nodes", 0, "type"))
	require.NotEmpty(t, events.Text("events", "nodes", 0, "subject", "name"))
	require.NotContains(t, events.Raw, c.email)

	invite["email"] = c.email
	require.NotEqual(t, c.developer, c.admin.Do(t, "createUser", invite, `user { id }`).Text("createUser", "user", "id"))
	s.SignInWith(t, c.email, servertest.UserPassword)
}
