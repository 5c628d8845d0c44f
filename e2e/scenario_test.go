// Package e2e tests the product from outside: the built program, on both databases, over
// HTTP.
package e2e

import (
	"testing"

	"portico/e2e/servertest"
	"portico/internal/testdb"
)

// vars are the input of a request.
type vars = servertest.Vars

// each runs a test against the program, on a new database of each kind.
func each(t *testing.T, f func(t *testing.T, s *servertest.Server)) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		t.Parallel()
		f(t, servertest.Start(t, url))
	})
}

// The stories share one program for each database and are independent: each has an account
// of its own, or an organization if it changes policies.
func TestStories(t *testing.T) {
	stories := []struct {
		name string
		play func(t *testing.T, s *servertest.Server)
	}{
		{"a developer makes an app and gets its first key", firstKey},
		{"a subscription is approved and seen", approval},
		{"a subscription is rejected and tried again", rejection},
		{"a subscription is suspended and withdrawn", suspension},
		{"a suspension outlives its app", outlivingSuspension},
		{"a product asks who registers", requestForms},
		{"another system decides", handOff},
		{"the end of a product is set and called off", productEndings},
		{"a product is described", productDescription},
		{"guides of a product are written, moved and read", guides},
		{"OpenAPI documents of a product are compared, applied and read", productDocuments},
		{"terms of a product are accepted", productTerms},
		{"a subscription gets another plan", changedPlans},
		{"a changed plan leaves subscriptions their terms", revisedPlans},
		{"changes of plan are refused", refusedPlanChanges},
		{"an app goes to another account", transferredApps},
		{"transfers are refused", refusedTransfers},
		{"offers of apps are bounded", boundedTransfers},
		{"a developer asks for subscriptions and a key at once", keyRequests},
		{"requests for keys end", endedKeyRequests},
		{"a key is rotated by hand", rotation},
		{"a key reaches what it lists", keyAccess},
		{"an app is deleted and restored", deletion},
		{"what would be hit is foreseen", previews},
		{"an administrator manages a developer's app", management},
		{"approvers decide about their products", approvers},
		{"many requests are counted and decided", desk},
		{"requests are decided as they were read", decidedAsRead},
		{"a private product is for those it was granted to", privateProducts},
		{"everybody reads a public catalogue", everybodysCatalogue},
		{"lists are exported", exports},
		{"keys are disabled and enabled", disabledKeys},
		{"keys are rotated", rotatedKeys},
		{"keys are found by labels", keyLabels},
		{"keys are listed and judged", keyList},
		{"keys are revoked at once", manyRevoked},
		{"an account is suspended and resumed", suspendedAccount},
		{"an account is deleted", deletedAccount},
		{"a developer of two accounts chooses one", activeAccount},
		{"a team changes", team},
		{"an account is edited", editedAccount},
		{"a user is disabled and enabled", disabledUser},
		{"a developer becomes an administrator, and again a developer", changedRole},
		{"a password is changed", changedPassword},
		{"a user is deleted, and the address used again", deleteUser},
		{"a session is refreshed and ended", sessionLife},
		{"a browser keeps its session in a cookie", sessionCookie},
		{"a service token acts in its scopes", serviceTokens},
		{"a gateway's token is made by the API", gatewayToken},
		{"a portal's back end acts for its developers", actingForDevelopers},
		{"a product is published, changed and retired", productLife},
		{"plans of every kind", planKinds},
		{"a product's endpoints are made, changed and deleted", endpointLife},
		{"a subscription is narrowed to endpoints", narrowedSubscription},
		{"keys have addresses and limits of their own", limitedKeys},
		{"what developers may do follows the policies", policies},
		{"keys live no longer than the policy says", keyLife},
		{"terms are accepted before anything is changed", terms},
		{"an organization wants no passwords", noPasswords},
		{"a request is sent again", replays},
		{"apps are found by name and label", search},
		{"everything is searched", searchEverything},
		{"lists are ordered", order},
		{"lists are read page by page", pages},
		{"subscriptions have a history", history},
		{"events are followed by their position", followedEvents},

		{"gateways verify calls", gateVerdicts},
		{"keys of another portal", importedKeys},
		{"gateways' tokens", gateTokens},
		{"calls are counted, explained and exported", toldCalls},

		{"names of any script, and what no name is", badTexts},
		{"inputs that cannot be", badInputs},
		{"foreign and malformed ids answer alike", badIDs},
		{"users by the command line", usersByCommand},
		{"invalid tokens", badTokens},
		{"pages that are not there", badPages},
		{"what has happened already", repeated},
		{"hostile documents", hostileDocuments},
		{"the GraphQL-over-HTTP audits", audits},
	}
	each(t, func(t *testing.T, s *servertest.Server) {
		for _, story := range stories {
			t.Run(story.name, func(t *testing.T) {
				t.Parallel()
				story.play(t, s)
			})
		}
	})
}
