package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"

	"portico/ent/db/app"
	"portico/ent/db/organization"
	"portico/ent/db/user"
	"portico/graph"
	"portico/internal/auth"
	"portico/internal/domain"
	"portico/internal/nodeid"
	"portico/internal/portal/portaltest"
	"portico/internal/seed"
	"portico/internal/testdb"
	"portico/internal/usage/report"
)

// benchApps is enough for one page of the list and further ones.
const benchApps = 1000

// inside returns the handler of the API with authentication and without the log, to be run
// in the benchmark's own process for profiles.
//
//	go run ./internal/testdb/withpg go test ./bench -bench AppPage -cpuprofile cpu.out
type inside struct {
	*world
	handler http.Handler
}

func newInside(b *testing.B) inside {
	b.Helper()
	url, ok := testdb.Postgres(b)
	if !ok {
		b.Skip("this is measured on Postgres")
	}
	f, ctx := portaltest.New(b, url), portaltest.System(b)
	_, err := seed.Large(ctx, seed.Options{
		Client: f.Client, Database: f.Database, Clock: f.Clock, Hash: f.Passwords.Hash, Secrets: f.Ring, Development: true,
	}, benchApps)
	noError(b, err)
	demo := f.Client.Organization.Query().Where(organization.Slug("demo")).OnlyX(ctx)
	admin := f.Client.User.Query().Where(user.OrganizationID(demo.ID), user.RoleEQ(domain.RoleAdmin)).FirstX(ctx)
	w := &world{database: f.Database, cursors: []*string{nil}, queue: []*string{nil}}
	for _, id := range f.Client.App.Query().Where(app.OrganizationID(demo.ID)).IDsX(ctx) {
		w.apps = append(w.apps, nodeid.Encode(nodeid.App, id))
	}
	noError(b, w.furnish(ctx))
	w.token, _, err = f.Tokens.Issue(admin.ID, demo.ID, f.MustSession(b, admin).ID)
	noError(b, err)
	unnamed := func(context.Context) string { return "" }
	api, err := graph.NewHandler(graph.Options{Portal: f.Portal, Entities: f.Portal.Entities(), Counts: report.NewReader(f.Database, f.Clock), Devices: auth.DeviceCookie{}, Refresh: auth.SessionCookie{}, RequestID: unnamed, Log: slog.New(slog.DiscardHandler)})
	noError(b, err)
	who := &auth.Authenticator{Tokens: f.Tokens, Machines: auth.NewMachineTokens(f.Ring), Directory: f.Directory,
		RequestID: unnamed}
	return inside{w, who.Middleware(api)}
}

func noError(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// run handles one operation repeatedly.
func (in inside) run(b *testing.B, o operation) {
	random := rand.New(rand.NewPCG(1, 1))
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(o.body(o.variables(in.world, random))))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+in.token)
		answer := httptest.NewRecorder()
		in.handler.ServeHTTP(answer, r)
		if answer.Code != http.StatusOK || !bytes.HasPrefix(answer.Body.Bytes(), []byte(`{"data":{`)) {
			text, _ := io.ReadAll(answer.Body)
			b.Fatalf("status %d: %.300s", answer.Code, text)
		}
	}
}

func BenchmarkAppPage(b *testing.B)     { newInside(b).run(b, operationOf("AppPage")) }
func BenchmarkList50(b *testing.B)      { newInside(b).run(b, operationOf("AppList")) }
func BenchmarkKeyTable(b *testing.B)    { newInside(b).run(b, operationOf("KeyTable")) }
func BenchmarkApprovals(b *testing.B)   { newInside(b).run(b, operationOf("ApprovalQueue")) }
func BenchmarkGenerateKey(b *testing.B) { newInside(b).run(b, operationOf("GenerateKey")) }
