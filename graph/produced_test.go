package graph_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	gql "github.com/vektah/gqlparser/v2/ast"

	"portico/internal/testdb"
)

// TestEveryPublishedValueIsProduced plays a story over HTTP in which every value
// of every enum of the schema is answered, and every one that can be sent is
// sent with success. Values that cannot be produced here are in witnesses, with
// the test that does. Lists of values (serverInfo { errors }, the steps of an
// explanation, counts by code) prove nothing and do not count.
func TestEveryPublishedValueIsProduced(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t))
	w.produceEverything()
	whole := w.observed.whole
	in, out := directions(whole)
	elsewhere, answeredAlone := witnesses(), answeredAlone()
	for _, enum := range slices.Sorted(maps.Keys(whole.Types)) {
		if d := whole.Types[enum]; d.Kind != gql.Enum || strings.HasPrefix(enum, "__") {
			continue
		}
		for _, v := range whole.Types[enum].EnumValues {
			value := enum + "." + v.Name
			_, known := elsewhere[value]
			if out[enum] && w.observed.answered[value] == known {
				t.Errorf("%s: answered here is %v, has a witness is %v; it must be one of the two", value, w.observed.answered[value], known)
			}
			if in[enum] && w.observed.accepted[value] == slices.Contains(answeredAlone, value) {
				t.Errorf("%s: sent with success is %v; say in answeredAlone what only Portico says", value, w.observed.accepted[value])
			}
			if !in[enum] && !out[enum] {
				t.Errorf("%s can neither be sent nor answered", value)
			}
			delete(elsewhere, value)
		}
	}
	require.Empty(t, elsewhere, "witnesses of what is not in the schema")
}

// answeredAlone are values of enums that can be sent, which are refused there.
func answeredAlone() []string { return []string{"RevocationReason.APP_DELETED"} }

// directions returns the enums that can be sent, and those that are answered.
func directions(whole *gql.Schema) (in, out map[string]bool) {
	in, out = map[string]bool{}, map[string]bool{"ErrorCode": true, "ErrorReason": true}
	for _, d := range whole.Types {
		for _, f := range d.Fields {
			if d.Kind == gql.InputObject {
				in[f.Type.Name()] = true
				continue
			}
			out[f.Type.Name()] = true
			for _, a := range f.Arguments {
				in[a.Type.Name()] = true
			}
		}
	}
	return in, out
}

// witness is a test (or the part of one) that produces a value, and the text in
// it that requires the value.
type witness struct{ file, test, words string }

func witnesses() map[string]witness {
	shown := func(words string) witness {
		return witness{"../internal/gateway/verify_test.go", "TestPresentedCredentials", words}
	}
	return map[string]witness{
		"ErrorReason.PERSISTED_QUERY_NOT_SUPPORTED": {"../internal/gqlhttp/statuses_test.go", "TestPersistedQueryIsNotSupported", `"reason":"PERSISTED_QUERY_NOT_SUPPORTED"`},

		"ErrorReason.ORIGIN":                  {"../internal/server/routes_session_test.go", "TestSessionCookieIsForListedOrigins", `"ORIGIN"`},
		"ErrorReason.NO_MAIL":                 {"../internal/identity/recovery_requests_test.go", "TestRequestPasswordReset_ErrNoMail", "fault.ReasonNoMail"},
		"ErrorReason.CONCURRENT_CHANGE":       {"../internal/identity/password_test.go", "TestChangePassword_ErrConcurrentChange", "fault.ReasonConcurrentChange"},
		"ErrorReason.ANSWER_SIZE":             {"../internal/gqlhttp/meter_test.go", "TestTooLargeAnswerStopsWhileBuilt", `"ANSWER_SIZE"`},
		"ErrorReason.EXPORTS":                 {"../internal/export/export_test.go", "TestShares", `"reason":"EXPORTS"`},
		"EventType.STATEMENT_CLOSED":          {"../internal/statements/statements_test.go", "TestMonth", "STATEMENT_CLOSED"},
		"EventType.LIST_EXPORTED":             {"../e2e/export_test.go", "exportLog", "LIST_EXPORTED"},
		"ErrorReason.BUDGET":                  {"../e2e/budget_test.go", "TestBudgets", `"BUDGET"`},
		"ErrorReason.OUTCOME_UNKNOWN":         {"../internal/change/unclear_commit_test.go", "TestUnclearCommit_ErrOutcomeUnknown", "fault.ReasonOutcomeUnknown"},
		"ErrorReason.BUSY":                    {"../internal/gqlhttp/meter_test.go", "TestHeavyRequestsAreRefusedWhenTheQueueIsFull", `"BUSY"`},
		"ErrorReason.DEADLINE":                {"../internal/gqlhttp/meter_test.go", "TestTheDeadlineEndsWriting", `"DEADLINE"`},
		"ErrorReason.IDENTITY_PROVIDER":       {"../internal/oidc/client_test.go", "requireUnavailable", "fault.ReasonIdentityProvider"},
		"EventType.IDENTITY_PROVIDER_UPDATED": {"../internal/identity/providers_test.go", "TestProviders", "IDENTITY_PROVIDER_UPDATED"},
		"EventType.IDENTITY_PROVIDER_REMOVED": {"../internal/identity/providers_test.go", "TestProviders", "IDENTITY_PROVIDER_REMOVED"},
		"EventType.USER_IDENTITY_LINKED":      {"../internal/identity/external_test.go", "TestArrive", "USER_IDENTITY_LINKED"},
		"EventType.USER_IDENTITY_UNLINKED":    {"../internal/identity/providers_test.go", "TestProviders", "USER_IDENTITY_UNLINKED"},
		"ErrorReason.DEFECT":                  {"../internal/gqlhttp/errors_test.go", "TestPanicsAreLoggedAndSurvived", `"DEFECT"`},
		"EventType.USER_SIGN_IN_FAILED":       {"../e2e/sign_in_test.go", "lifted", "USER_SIGN_IN_FAILED"},
		"ErrorCode.INTERNAL":                  {"../internal/gqlhttp/errors_test.go", "TestPanicsAreLoggedAndSurvived", `"INTERNAL"`},
		"VerdictCode.UNAVAILABLE":             {"../internal/gateway/stale_test.go", "TestADatabaseThatIsGone", "verdict.Unavailable"},
		"VerdictCode.MALFORMED":               shown("verdict.Malformed"),
		"VerdictCode.NOT_FOUND":               shown("verdict.NotFound"),
		"VerdictCode.AUTH_TYPE_NOT_ALLOWED":   {"../e2e/gate_pair_test.go", "TestPairOfANewKeyWorks", `"AUTH_TYPE_NOT_ALLOWED"`},
		"VerdictCode.RATE_LIMITED":            {"../internal/gateway/clienttest/gate_test.go", "TestRateLimit", `"RATE_LIMITED"`},
	}
}

// TestWitnessesExist: each names a test that exists and requires the
// value.
func TestWitnessesExist(t *testing.T) {
	for value, w := range witnesses() {
		text, err := os.ReadFile(w.file)
		require.NoError(t, err, value)
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, w.file, text, 0)
		require.NoError(t, err, value)
		found := slices.ContainsFunc(file.Decls, func(d ast.Decl) bool {
			f, ok := d.(*ast.FuncDecl)
			return ok && f.Recv == nil && f.Name.Name == w.test &&
				strings.Contains(string(text[set.Position(f.Pos()).Offset:set.Position(f.End()).Offset]), w.words)
		})
		require.True(t, found, "%s: %s has no %s with %s", value, w.file, w.test, w.words)
	}
}
