package graph_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/apps"
	"portico/internal/database"
	"portico/internal/testdb"
)

// These show where the time of a request goes (-cpuprofile); `make bench`
// compares a request with a hand-written handler.
func BenchmarkRequest(b *testing.B) {
	url, ok := testdb.Postgres(b)
	if !ok {
		url = testdb.SQLite(b)
	}
	s := newServer(b, url, database.Options{})
	tenant := s.MustTenant(b, "bench")
	var id string
	for i := range 100 {
		a := s.MustApp(b, tenant.Developer, fmt.Sprintf("app %d", i)).App
		id = a.GlobalID()
	}
	for i := range 3 {
		s.MustKey(b, tenant.Developer, apps.GenerateKeyInput{AppID: &id})
		p, plan := s.MustProduct(b, tenant.Admin, fmt.Sprintf("product-%d", i))
		_, err := s.Portal.Apps.Register(tenant.Developer, apps.RegisterInput{AppID: id, ProductID: p.GlobalID(), PlanID: ptr(plan.GlobalID())})
		require.NoError(b, err)
	}
	token := s.token(b, tenant.Admin)
	for name, q := range map[string]struct {
		document string
		vars     map[string]any
	}{
		"app page":     {appPage, map[string]any{"id": id}},
		"list of 50":   {appList, map[string]any{"n": 50}},
		"generate key": {`mutation($id: ID!) { generateKey(input: {appId: $id}) { credential { id username } secret { rawKey } userErrors { code } } }`, map[string]any{"id": id}},
		"nothing":      {`{ __typename }`, nil},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				a := s.ask(b, token, q.document, q.vars)
				if len(a.Errors) > 0 {
					b.Fatal(a.raw)
				}
			}
		})
	}
}

func ptr[T any](v T) *T { return &v }
