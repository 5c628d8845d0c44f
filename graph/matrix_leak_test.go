package graph_test

import (
	"github.com/stretchr/testify/require"

	"portico/internal/apps"
)

// Leak is what the matrix knows of keys that have leaked.
func (nouns) Leak() noun {
	return noun{
		plays: map[string]play{
			"Mutation: for a key.reportLeakedKey": {later: true, input: func(w *world, _ string) arguments {
				return arguments{"key": w.freshSecret(), "url": "https://git.example/x", "note": "Line 7."}
			}},
		},
		produce: (*world).produceLeaks,
		targets: map[string]string{"reportLeakedKey": ""},
		nothing: map[string]string{
			"none said": "ReportLeakedKeyInput.note",
			"unknown":   "ReportLeakedKeyInput.url",
		},
	}
}

// freshSecret returns the raw key of a new credential.
func (w *world) freshSecret() string {
	a := w.askAs("developer", mutation("generateKey", "secret { rawKey }"), map[string]any{"input": arguments{"appId": w.ids["app"]}})
	return a.Data["generateKey"].(map[string]any)["secret"].(map[string]any)["rawKey"].(string)
}

// produceLeaks has keys found, where the organization only wants to be told, and where it
// wants such keys to be revoked.
func (w *world) produceLeaks() {
	for _, v := range w.values("LeakedKeys") {
		w.mustSucceed("admin", "updateOrganization", arguments{"leakedKeys": v}, "organization { leakedKeys }")
		_, err := w.Portal.Apps.ReportFoundKeys(w.t.Context(), []apps.FoundKey{{Token: w.freshSecret()}})
		require.NoError(w.t, err)
		require.NoError(w.t, w.Portal.Apps.AnswerLeakReports(w.t.Context()))
	}
	a := w.askAs("admin", "{ events(where: {type: [CREDENTIAL_LEAK_REPORTED]}, first: 1) { nodes { type } } }", nil)
	require.Contains(w.t, a.raw, "CREDENTIAL_LEAK_REPORTED")
	w.mustSucceed("admin", "updateOrganization", arguments{"leakedKeys": "REVOKE"}, "organization { leakedKeys }")
}
