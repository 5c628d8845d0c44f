// Package playground tests the playground's page in a browser, with a server that returns
// canned responses.
package playground_test

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/browsertest"
	"portico/internal/playground"
)

// One visit, from opening the page to signing out; each part continues the one before.
func TestBrowser(t *testing.T) {
	server, address := serve(t)
	page := browsertest.Open(t, address)
	shot(page, "1-anonymous")
	testReady(t, server, page)
	testSignIn(t, server, page)
	testIds(t, server, page)
	testSession(t, server, page)
	t.Run("nothing is asked of another host, and nothing went wrong", func(t *testing.T) {
		require.Empty(t, page.ConsoleErrors())
		here, err := url.Parse(address)
		require.NoError(t, err)
		require.NotEmpty(t, page.Requests())
		for _, request := range page.Requests() {
			u, err := url.Parse(request)
			require.NoError(t, err)
			if u.Scheme != "data" {
				require.Equal(t, here.Host, u.Host, request)
			}
		}
	})
}

// testReady tests what needs no sign-in.
func testReady(t *testing.T, server *stub, page *browsertest.Page) {
	t.Helper()
	t.Run("the scenarios are ready tabs", func(t *testing.T) {
		titles := page.Tabs()
		require.Len(t, titles, len(playground.Tabs()))
		require.Equal(t, "Welcome", titles[0])
		require.Contains(t, titles, "ApprovalQueue")
	})

	t.Run("an unknown id is explained, not sent", func(t *testing.T) {
		page.SelectTab("Register")
		require.Contains(t, page.Run(), "No app has been seen yet: run CreateApp")
		require.Empty(t, server.asked("Register"))
	})
}

// testSignIn tests a refused and a successful sign-in.
func testSignIn(t *testing.T, server *stub, page *browsertest.Page) {
	t.Helper()
	t.Run("a wrong password is said", func(t *testing.T) {
		page.SignIn("dev@demo.example", "wrong")
		require.Empty(t, page.User())
		require.Equal(t, "Sign-in failed: E-mail or password is wrong.", page.Problem())
		shot(page, "2-problem")
	})

	t.Run("signing in shows the user and another schema", func(t *testing.T) {
		require.NotContains(t, page.Documentation("Query"), "membersOnly")
		page.SignIn("dev@demo.example", "sesame")
		require.Equal(t, "Dana Developer", page.User())
		require.Empty(t, page.Problem())
		require.Contains(t, page.Documentation("Query", "membersOnly"), "membersOnly")
		last := server.asked("IntrospectionQuery")
		require.Equal(t, "Bearer token-of-dev@demo.example", last[len(last)-1].token)
		shot(page, "3-signed-in")
	})
}

// testIds tests the scenarios that pass ids on to each other.
func testIds(t *testing.T, server *stub, page *browsertest.Page) {
	t.Helper()
	t.Run("answers are shown and their ids remembered", func(t *testing.T) {
		page.SelectTab("CreateApp")
		require.Contains(t, page.Run(), `"id": "app_1"`)
		page.SelectTab("Products")
		require.Contains(t, page.Run(), `"title": "Weather"`)
		page.SelectTab("Register")
		require.Contains(t, page.Run(), `"status": "WAITING"`)
		calls := server.asked("Register")
		require.Len(t, calls, 1)
		require.Equal(t, map[string]any{"appId": "app_1", "productId": "prod_1", "planId": "plan_1"}, calls[0].Variables["input"])
		require.Equal(t, "Bearer token-of-dev@demo.example", calls[0].token)
		shot(page, "4-answer")
	})

	t.Run("another user signs in", func(t *testing.T) {
		page.SelectTab("Users")
		page.Run()
		page.SelectTab("UnlockUser")
		page.Run()
		calls := server.asked("UnlockUser")
		require.Len(t, calls, 1)
		require.Equal(t, "user_2", calls[0].Variables["input"].(map[string]any)["userId"])
	})

	t.Run("the open tab is in sight", func(t *testing.T) {
		for place, tab := range page.Tabs() {
			page.SelectScenario(place+1, tab)
			page.AwaitTabInSight()
		}
		shot(page, "4-last-tab")
		page.SelectTab("Register")
		page.AwaitTabInSight()
	})

	t.Run("a closed scenario opens again", func(t *testing.T) {
		page.CloseTab()
		require.NotContains(t, page.Tabs(), "Register")
		page.SelectScenario(4, "Register")
		page.Run()
		calls := server.asked("Register")
		require.Equal(t, "app_1", calls[len(calls)-1].Variables["input"].(map[string]any)["appId"])
	})

	t.Run("variables can be written", func(t *testing.T) {
		page.SetVariables(`{"input": {"appId": "app_9"}}`)
		page.Run()
		calls := server.asked("Register")
		require.Equal(t, map[string]any{"appId": "app_9"}, calls[len(calls)-1].Variables["input"])
	})

	t.Run("rotation revokes the old key, however often", func(t *testing.T) {
		page.SelectTab("GenerateKey")
		page.Run()
		page.SelectTab("RevokeKey")
		require.Contains(t, page.Run(), "cred_1")
		require.Contains(t, page.Run(), "cred_1")
	})

	t.Run("a deleted app is forgotten with its keys", func(t *testing.T) {
		page.SelectTab("DeleteApp")
		page.Run()
		require.Contains(t, page.Run(), "No app has been seen yet")
		page.SelectTab("RevokeKey")
		require.Contains(t, page.Run(), "Fewer than two objects of the kind credential")
	})
}

// testSession tests how long a sign-in lasts.
func testSession(t *testing.T, server *stub, page *browsertest.Page) {
	t.Helper()
	t.Run("a reload keeps the sign-in and no answer", func(t *testing.T) {
		page.Reload()
		require.Equal(t, "Dana Developer", page.User())
		require.Empty(t, page.Stored())
	})

	t.Run("signing out ends it at the server", func(t *testing.T) {
		page.SignOut()
		require.Empty(t, page.Problem())
		require.Empty(t, server.sessions)
		page.SelectTab("Welcome")
		page.Run()
		calls := server.asked("Welcome")
		require.Empty(t, calls[len(calls)-1].token)
		page.Reload()
		require.Empty(t, page.User())
	})

	t.Run("being signed out elsewhere is said", func(t *testing.T) {
		page.SignIn("dev@demo.example", "sesame")
		require.Equal(t, "Dana Developer", page.User())
		server.endAll()
		require.Contains(t, page.Run(), "Sign in first.")
		require.Empty(t, page.User())
		require.Equal(t, "You have been signed out. Sign in again.", page.Problem())
		shot(page, "5-signed-out-elsewhere")
	})

	t.Run("a second factor is asked for", func(t *testing.T) {
		page.SignIn("careful@demo.example", "sesame")
		require.Empty(t, page.User())
		require.Equal(t, "ABCD", page.Text("#setup-secret"))
		shot(page, "5-second-factor")
		page.EnterCode("000000")
		require.Equal(t, "Sign-in failed: This code is wrong.", page.Problem())
		page.EnterCode("123456")
		require.Equal(t, "Dana Developer", page.User())
		require.Contains(t, page.Text("#recovery-codes"), "AAAA-BBBB")
		shot(page, "5-recovery-codes")
		page.SignOut()
		require.Empty(t, page.Text("#recovery-codes"))
	})
}

// A narrow window shows everything without scrolling sideways.
func TestNarrowBrowser(t *testing.T) {
	_, address := serve(t)
	page := browsertest.Open(t, address)
	page.Resize(390, 844)
	require.LessOrEqual(t, page.ContentWidth(), 390)
	shot(page, "5-narrow")
	page.SignIn("dev@demo.example", "sesame")
	page.SelectTab("CreateApp")
	require.Contains(t, page.Run(), "app_1")
	require.LessOrEqual(t, page.ContentWidth(), 390)
	shot(page, "6-narrow-signed-in")
	page.Dark()
	shot(page, "7-narrow-dark")
	page.Documentation("Query")
	shot(page, "8-narrow-documentation")
	page.Resize(1280, 800)
	shot(page, "9-dark")
	require.Empty(t, page.ConsoleErrors())
}

// shot writes a screenshot to the folder PLAYGROUND_SHOTS, if that is set.
func shot(page *browsertest.Page, name string) {
	if folder := os.Getenv("PLAYGROUND_SHOTS"); folder != "" {
		page.Screenshot(filepath.Join(folder, name+".png"))
	}
}
