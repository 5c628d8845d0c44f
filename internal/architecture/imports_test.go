package architecture_test

import (
	"go/ast"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// kernels decide and compute. They know no database, no network, no framework.
func kernels() []string {
	return append(shared(), prefixed("internal/", "address", "apikey", "clock", "fault", "lifecycle", "nodeid", "paging", "policy", "domain", "retention", "unseen", "usage", "viewer")...)
}

// shared are the kernels that gateways which decide on their own have in common with
// the program. They are part of the Go client.
func shared() []string {
	return prefixed("clients/go/gate/", "access", "base62", "headername", "jsontext", "keycache", "keyheader", "limits", "objectid", "pathmatch", "rawkey", "verdict", "zone")
}

func prefixed(prefix string, names ...string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = prefix + n
	}
	return out
}

// allowedImports says which packages of the module each package may import, written by
// hand. "x/..." is x and everything below it. A package without a line fails:
// decide where it belongs when you add it. Of several lines the longest counts.
func allowedImports() map[string][]string {
	k := kernels()
	with := func(more ...string) []string { return append(slices.Clone(k), more...) }
	return map[string][]string{
		// The program: its command line and its server know everything, and they
		// alone know the public face.
		".":                {"internal/command", "internal/redislimits", "internal/telemetry"},
		"internal/command": {"..."},
		"internal/server":  {"..."},
		"internal/backend": with("ent/db/...", "internal/auth", "internal/change", "internal/config", "internal/database", "internal/installation", "internal/keyring", "internal/identity", "internal/portal", "internal/seed", "migrate"),

		"graph":           with("graph/...", "ent/db", "internal/activity", "internal/apps", "internal/catalog", "internal/identity", "internal/mail", "internal/requests", "internal/statements", "internal/entity", "internal/input", "internal/listing", "internal/portal", "internal/eventlog", "internal/gateway", "internal/gateway/presence", "internal/gqlhttp/...", "internal/seldom"),
		"graph/generated": with("graph/model", "ent/db", "internal/activity", "internal/apps", "internal/catalog", "internal/identity", "internal/mail", "internal/requests", "internal/statements", "internal/eventlog", "internal/gateway", "internal/gqlhttp"),
		"graph/model":     with("ent/db", "internal/activity", "internal/apps", "internal/catalog", "internal/identity", "internal/mail", "internal/requests", "internal/statements", "internal/eventlog", "internal/gateway"),
		"graph/generate":  with("internal/entity"),

		"internal/change": with("ent/db/...", "internal/database", "internal/eventlog", "internal/input", "internal/listing"),
		"internal/input":  k,
		// The services, each on those above it.
		"internal/identity":          with("ent/db/...", "internal/change", "internal/database", "internal/entity", "internal/eventlog", "internal/input", "internal/listing", "internal/seldom"),
		"internal/catalog":           with("ent/db/...", "internal/change", "internal/database", "internal/entity", "internal/eventlog", "internal/input", "internal/listing", "internal/markdown", "internal/openapi"),
		"internal/apps":              with("ent/db/...", "ent/rowscan", "internal/change", "internal/database", "internal/entity", "internal/eventlog", "internal/input", "internal/listing", "internal/catalog", "internal/identity", "internal/seldom", "internal/statements"),
		"internal/requests":          with("ent/db/...", "internal/apps", "internal/catalog", "internal/change", "internal/database", "internal/entity", "internal/eventlog", "internal/input", "internal/listing"),
		"internal/statements":        with("ent/db/...", "internal/catalog", "internal/change", "internal/database", "internal/entity", "internal/eventlog", "internal/input", "internal/listing"),
		"internal/activity":          with("ent/db/...", "internal/change", "internal/database", "internal/entity", "internal/eventlog", "internal/input", "internal/listing", "internal/usage"),
		"internal/maintenance":       with("ent/db/...", "internal/apps", "internal/catalog", "internal/change", "internal/database", "internal/eventlog", "internal/identity", "internal/requests"),
		"internal/catalogfile":       with("ent/db/...", "internal/catalog", "internal/change", "internal/identity", "internal/input", "internal/yamltokens"),
		"internal/openapi":           with("internal/yamltokens"),
		"internal/yamltokens":        {},
		"internal/keyimport":         with("ent/db/...", "internal/apps", "internal/change", "internal/database", "internal/input"),
		"internal/mail":              with("ent/db/...", "internal/change", "internal/database", "internal/eventlog", "internal/input", "internal/seldom"),
		"internal/portal":            with("ent/db", "internal/activity", "internal/apps", "internal/catalog", "internal/change", "internal/database", "internal/entity", "internal/identity", "internal/keyimport", "internal/listing", "internal/mail", "internal/maintenance", "internal/requests", "internal/statements", "internal/usage/report"),
		"internal/entity":            with("ent/db/...", "internal/database", "internal/listing"),
		"internal/listing":           with("ent/rowscan", "internal/database"),
		"internal/markdown":          {},
		"internal/portal/portaltest": with("ent/db/...", "internal/apps", "internal/auth", "internal/catalog", "internal/identity", "internal/input", "internal/database", "internal/keyring", "internal/maintenance", "internal/portal", "internal/testdb"),
		"internal/portal/racetest":   with("ent/db/...", "internal/database", "internal/eventlog", "internal/portal", "internal/portal/portaltest", "internal/testdb"),
		"internal/seed":              with("ent/db/...", "internal/apps", "internal/catalog", "internal/change", "internal/database", "internal/entity", "internal/eventlog", "internal/identity", "internal/input", "internal/keyimport", "internal/mail", "internal/portal", "internal/requests", "internal/usage/intake"),

		// The hot path: no ent, no GraphQL, no services.
		"internal/gateway":               with("internal/backlog", "internal/database", "internal/eventlog", "internal/gateway/namefilter", "internal/gateway/presence", "internal/gateway/readqueue", "internal/gateway/source", "internal/usage/intake"),
		"internal/gateway/namefilter":    {},
		"internal/gateway/presence":      with("internal/database"),
		"internal/gateway/readqueue":     {"internal/fault"},
		"internal/gateway/source":        with("internal/database", "internal/eventlog"),
		"internal/gateway/httpapi":       with("internal/backlog", "internal/framing", "internal/gateway", "internal/gateway/presence", "internal/jsonbody", "internal/seldom"),
		"internal/usage":                 {"clients/go/gate/access", "clients/go/gate/limits"},
		"internal/usage/usagesql":        with("internal/database"),
		"internal/usage/counts":          with("internal/database", "internal/usage/usagesql"),
		"internal/usage/intake":          with("internal/database", "internal/usage/counts", "internal/usage/usagesql"),
		"internal/usage/report":          with("internal/database", "internal/usage/usagesql"),
		"internal/usage/csvhttp":         with("internal/activity", "internal/backlog", "internal/problem"),
		"internal/usage/usagetest":       with("internal/database", "internal/testdb"),
		"internal/redislimits":           k,
		"internal/redislimits/redistest": {"internal/testdb/freeport"},
		"clients/go/gate/...":            {"clients/go/gate/..."},
		"internal/gateway/clienttest":    {},
		"deploy/grafana":                 with("internal/gateway"),

		"internal/auth":          with("internal/database", "internal/identity", "internal/keyring", "internal/oidc", "internal/seldom"),
		"internal/oidc":          k,
		"internal/browser":       with("internal/auth", "internal/identity", "internal/oidc", "internal/seldom"),
		"internal/oauth":         with("internal/identity", "internal/seldom"),
		"internal/leaks":         with("internal/apps", "internal/jsonbody", "internal/problem", "internal/seldom"),
		"internal/jsonbody":      {"internal/fault"},
		"internal/seldom":        {},
		"internal/export":        with("internal/activity", "internal/backlog", "internal/problem"),
		"internal/problem":       k,
		"internal/keyring":       {"internal/clock"},
		"internal/eventlog":      {"internal/nodeid", "internal/domain", "internal/viewer"},
		"internal/jobs":          {"internal/clock", "internal/database"},
		"internal/mail/smtp":     with("internal/mail"),
		"internal/mail/folder":   with("internal/mail", "internal/mail/smtp"),
		"internal/mail/mailtest": {"internal/testdb/freeport"},
		"internal/database":      {"internal/fault"},
		"internal/framing":       {},
		"internal/gqlhttp":       {"clients/go/gate/jsontext", "internal/backlog", "internal/framing", "internal/fault", "internal/gqlhttp/lanes"},
		"internal/gqlhttp/lanes": {"internal/backlog", "internal/fault"},
		"internal/backlog":       {},
		"internal/config":        {"internal/address", "internal/fault"},
		"internal/playground":    {"docs/frontends"},
		"docs/frontends":         {},
		"internal/telemetry":     {},
		"internal/budget":        with("internal/gqlhttp"),
		"internal/installation":  {"internal/clock", "internal/database", "internal/keyring"},

		"internal/address": k, "internal/apikey": k, "internal/clock": k, "internal/fault": k, "internal/lifecycle": k, "internal/nodeid": k,
		"internal/paging": k, "internal/policy": k, "internal/domain": k, "internal/retention": k, "internal/unseen": {}, "internal/viewer": k,

		"ent":           {},
		"ent/generate":  {"ent/schema"},
		"ent/schema":    with("ent/rowpolicy"),
		"ent/rowscan":   {},
		"ent/rowpolicy": with("ent/db/intercept"),
		"ent/db/...":    with("ent/db/...", "ent/rowpolicy", "ent/rowscan", "ent/schema"),
		"migrate":       {"internal/database"},

		// Tools and tests reach where they must, but never into the public face.
		"migrate/diff":             {"ent/db/migrate", "internal/database", "internal/testdb", "migrate"},
		"internal/testdb":          {"internal/database", "migrate"},
		"internal/testdb/withpg":   {"internal/testdb", "internal/testdb/freeport"},
		"internal/testdb/freeport": {},
		"internal/testdb/network":  {},
		"internal/architecture":    {},
		"e2e/...":                  with("clients/go/gate/pathmatch/tricks", "internal/keyring", "internal/mail/mailtest", "internal/testdb/...", "e2e/..."),
		"bench/...":                with("bench/...", "ent/db/...", "internal/auth", "internal/database", "internal/gqlhttp", "internal/identity", "internal/keyring", "internal/portal/...", "internal/testdb/...", "internal/usage/report"),
		"bench/gate/...":           with("bench/machine", "internal/database", "internal/gateway/httpapi", "internal/keyring", "internal/testdb/...", "internal/usage/..."),
		// It moves the server's clock.
		"e2e/frontends": with("internal/command", "internal/testdb", "e2e/..."),
	}
}

// covers reports whether a pattern of allowedImports is about a package.
func covers(pattern, name string) bool {
	if pattern == "..." {
		return true
	}
	if folder, ok := strings.CutSuffix(pattern, "/..."); ok {
		return name == folder || strings.HasPrefix(name, folder+"/")
	}
	return pattern == name
}

// lineOf finds the most exact line about a package.
func lineOf(table map[string][]string, name string) (allowed []string, found bool) {
	best := ""
	for pattern, line := range table {
		if covers(pattern, name) && len(pattern) > len(best) {
			best, allowed, found = pattern, line, true
		}
	}
	return allowed, found
}

func TestWhoMayImportWhom(t *testing.T) {
	table := allowedImports()
	for _, p := range packages(t) {
		allowed, found := lineOf(table, p.name())
		if !found {
			t.Errorf("%s has no line in allowedImports(): say what it may import", p.name())
			continue
		}
		own, _ := p.inside()
		for _, imported := range own {
			if !slices.ContainsFunc(allowed, func(pattern string) bool { return covers(pattern, imported) }) {
				t.Errorf("%s must not import %s", p.name(), imported)
			}
		}
	}
}

func TestEveryLineIsAboutSomething(t *testing.T) {
	all := packages(t)
	for pattern := range allowedImports() {
		if !slices.ContainsFunc(all, func(p pkg) bool { return covers(pattern, p.name()) }) {
			t.Errorf("allowedImports() has a line for %s, which does not exist", pattern)
		}
	}
}

// Only the server and the command line (which prints the schema) know the public
// face; its parts know one another.
func TestTheFaceIsKnownToTheProgramAlone(t *testing.T) {
	program := []string{"internal/command", "internal/server"}
	for _, p := range packages(t) {
		own, _ := p.inside()
		for _, imported := range own {
			known := slices.Contains(program, p.name())
			if imported == "graph" && !known || covers("graph/...", imported) && !known && !covers("graph/...", p.name()) {
				t.Errorf("%s imports %s", p.name(), imported)
			}
		}
	}
}

// standard reports whether an import is the standard library's: only other
// people's begin with a name that has a dot.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

func TestKernelsStandAlone(t *testing.T) {
	for _, p := range packages(t) {
		if !slices.Contains(kernels(), p.name()) {
			continue
		}
		_, others := p.inside()
		for _, path := range others {
			switch {
			case path == "github.com/google/uuid", path == "github.com/hashicorp/golang-lru/v2", path == "net/netip", path == "net/url", path == "golang.org/x/net/idna", strings.HasPrefix(path, "golang.org/x/text/"):
			case !standard(path), path == "net", strings.HasPrefix(path, "net/"), strings.HasPrefix(path, "database/"), path == "os", strings.HasPrefix(path, "os/"):
				t.Errorf("the kernel %s must not import %s", p.name(), path)
			}
		}
	}
}

// The Go client is built into other people's servers: what it imports, they get.
func TestTheGoClientImportsLittle(t *testing.T) {
	found := 0
	for _, p := range packages(t) {
		if !covers("clients/go/gate/...", p.name()) {
			continue
		}
		found++
		_, others := p.inside()
		for _, path := range others {
			if !standard(path) && !slices.ContainsFunc([]string{"github.com/google/uuid", "github.com/hashicorp/golang-lru/v2/...", "golang.org/x/sync/singleflight"}, func(pattern string) bool { return covers(pattern, path) }) {
				t.Errorf("%s must not import %s", p.name(), path)
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d packages of the Go client were found", found)
	}
}

// foreign says what of the outside world each part must not know.
func foreign() map[string][]string {
	graphql := []string{"github.com/99designs/gqlgen/...", "github.com/vektah/gqlparser/...", "github.com/vektah/gqlparser/v2/..."}
	web := []string{"net/http/...", "github.com/go-chi/..."}
	store := []string{"database/sql/...", "entgo.io/ent/...", "github.com/lib/pq/...", "modernc.org/sqlite/..."}
	return map[string][]string{
		"internal/activity": slices.Concat(graphql, web, store[2:]),
		"internal/apps":     slices.Concat(graphql, web, store[2:]),
		"internal/catalog":  slices.Concat(graphql, web, store[2:]),
		"internal/change":   slices.Concat(graphql, web, store[2:]),
		"internal/identity": slices.Concat(graphql, web, store[2:]),
		"internal/portal":   slices.Concat(graphql, web, store[2:]),
		"internal/entity":   slices.Concat(graphql, web, store),
		"internal/listing":  slices.Concat(graphql, web, store[2:]),
		"internal/requests": slices.Concat(graphql, web, store[2:]),
		"internal/seed":     slices.Concat(graphql, web),
		"internal/eventlog": slices.Concat(graphql, web, store[2:]),
		"internal/jobs":     slices.Concat(graphql, web, store),
		"internal/mail":     slices.Concat(graphql, web, store[2:]),
		"internal/auth":     graphql,
		"internal/oidc":     slices.Concat(graphql, store),
		"internal/browser":  slices.Concat(graphql, store),
		"internal/oauth":    slices.Concat(graphql, store),
		"internal/leaks":    slices.Concat(graphql, store),
		"internal/database": slices.Concat(graphql, web),
		"internal/gqlhttp":  store,
		"internal/keyring":  slices.Concat(graphql, web, store),
		"graph/...":         store,
		"ent/schema":        slices.Concat(graphql, web),
		"ent/rowpolicy":     slices.Concat(graphql, web),
	}
}

func TestWhoKnowsTheWorld(t *testing.T) {
	table := foreign()
	for _, p := range packages(t) {
		forbidden, _ := lineOf(table, p.name())
		_, others := p.inside()
		for _, path := range others {
			if slices.ContainsFunc(forbidden, func(pattern string) bool { return covers(pattern, path) }) {
				t.Errorf("%s must not import %s", p.name(), path)
			}
		}
	}
}

// ent's rows carry a client of their own, so that the graph, which knows them
// as types, could read through them past the services.
var (
	clientNames  = regexp.MustCompile(`^(Client|Tx|NewClient|Open|FromContext|NewContext|TxFromContext|NewTxContext)$`)
	throughARow  = regexp.MustCompile(`^(Query[A-Z]\w*|Unwrap|ExecContext|QueryContext)$`)
	aboutUpdates = regexp.MustCompile(`^(Update|UpdateOne|UpdateOneID|Delete|DeleteOne|DeleteOneID|Create|CreateBulk)$`)
)

func TestTheFaceHoldsNoDatabaseClient(t *testing.T) {
	for _, p := range packages(t) {
		if !covers("graph/...", p.name()) {
			continue
		}
		for _, f := range files(t, p) {
			if f.test || f.generated() {
				continue
			}
			ent := importedAs(f.ast, module+"/ent/db")
			ast.Inspect(f.ast, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.SelectorExpr:
					if x, ok := n.X.(*ast.Ident); ok && ent != "" && x.Name == ent && clientNames.MatchString(n.Sel.Name) {
						t.Errorf("%s holds %s.%s", f.fset.Position(n.Pos()), ent, n.Sel.Name)
					}
				case *ast.CallExpr:
					if s, ok := n.Fun.(*ast.SelectorExpr); ok && (throughARow.MatchString(s.Sel.Name) || len(n.Args) == 0 && aboutUpdates.MatchString(s.Sel.Name)) {
						t.Errorf("%s calls %s, past the services", f.fset.Position(n.Pos()), s.Sel.Name)
					}
				}
				return true
			})
		}
	}
}

// importedAs returns the name by which a file knows a package; "" for none.
func importedAs(f *ast.File, path string) string {
	for _, i := range f.Imports {
		if got, err := strconv.Unquote(i.Path.Value); err == nil && got == path {
			if i.Name != nil {
				return i.Name.Name
			}
			return path[strings.LastIndexByte(path, '/')+1:]
		}
	}
	return ""
}
