package seed_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/lifecycle"
	"portico/internal/seed"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// each runs f with the demo data, on both databases, for each organization's id.
func each(t *testing.T, f func(t *testing.T, d *database.DB, organization string)) {
	t.Helper()
	testdb.Each(t, func(t *testing.T, url string) {
		o, _ := seeded(t, url)
		for _, slug := range []string{"demo", "second"} {
			t.Run(slug, func(t *testing.T) {
				f(t, o.Database, ask(t, o.Database, "SELECT id FROM organizations WHERE slug = $1", slug)[0])
			})
		}
	})
}

// wants fails the test for lines that are missing or unexpected.
func wants(t *testing.T, got []string, want ...string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestSignIns(t *testing.T) {
	var got []string
	for _, s := range seed.SignIns() {
		got = append(got, fmt.Sprintf("%s %s %q %s", s.Email, s.Organization, s.Account, s.Role))
	}
	wants(t, got,
		`admin@demo.example demo "" ADMIN`, `approver@demo.example demo "" APPROVER`, `developer@demo.example demo "Acme" PORTAL`, `developer@globex.example demo "Globex" PORTAL`,
		`member@demo.example demo "Acme and Globex" PORTAL`,
		`admin@second.example second "" ADMIN`, `developer@second.example second "Initech" PORTAL`)
	testdb.Each(t, func(t *testing.T, url string) {
		o, _ := seeded(t, url)
		stored := ask(t, o.Database, `SELECT u.email, o.slug, '"' || coalesce(a.name, '') || coalesce(' and ' || b.name, '') || '"', u.role FROM users u
			JOIN organizations o ON o.id = u.organization_id LEFT JOIN memberships m ON m.user_id = u.id
			LEFT JOIN accounts a ON a.id = m.account_id AND a.status = 'ACTIVE' AND a.organization_id = u.organization_id
			LEFT JOIN (memberships n JOIN accounts b ON b.id = n.account_id) ON n.user_id = u.id AND n.id > m.id
			WHERE u.password_hash = 'hash of portico-demo' AND u.status = 'ACTIVE'
			AND NOT EXISTS (SELECT 1 FROM memberships p WHERE p.user_id = u.id AND p.id < m.id) ORDER BY u.id`)
		wants(t, stored, got...)
	})
}

// There is something to sign out of, elsewhere.
func TestSessionsLast(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		o, _ := seeded(t, url)
		wants(t, ask(t, o.Database, "SELECT u.email, s.device, s.address FROM sessions s JOIN users u ON u.id = s.user_id AND u.last_sign_in_at >= s.created_at "+
			"WHERE s.ended_at IS NULL AND s.expires_at > $1 AND s.last_seen_at <= $1", today()),
			"admin@demo.example Firefox on Linux 203.0.113.20", "developer@demo.example Firefox on Windows 203.0.113.7",
			"developer@demo.example Safari on iOS 2001:db8:7::1")
	})
}

func TestEveryStatus(t *testing.T) {
	each(t, func(t *testing.T, d *database.DB, org string) {
		wants(t, ask(t, d, "SELECT DISTINCT status FROM subscriptions WHERE newest AND organization_id = $1", org),
			access.SubscriptionStatus("").Values()...)
		keys := ask(t, d, "SELECT DISTINCT CASE WHEN expires_at <= $2 AND status <> 'REVOKED' THEN 'EXPIRED' ELSE status END "+
			"FROM credentials WHERE organization_id = $1", org, today())
		var all []string
		for _, s := range lifecycle.CredentialStatuses() {
			all = append(all, string(s))
		}
		wants(t, keys, all...)
		wants(t, ask(t, d, "SELECT DISTINCT environment FROM credentials WHERE organization_id = $1", org), access.Environment("").Values()...)
		wants(t, ask(t, d, "SELECT DISTINCT status FROM products WHERE organization_id = $1", org), domain.ProductStatus("").Values()...)
		wants(t, ask(t, d, "SELECT DISTINCT visibility FROM products WHERE organization_id = $1", org), domain.ProductVisibility("").Values()...)
		wants(t, ask(t, d, "SELECT DISTINCT approval FROM products WHERE status = 'PUBLISHED' AND organization_id = $1", org), domain.Approval("").Values()...)
		wants(t, ask(t, d, "SELECT DISTINCT p.kind FROM plans p JOIN products x ON x.id = p.product_id "+
			"WHERE x.status = 'PUBLISHED' AND p.organization_id = $1", org), domain.PlanKind("").Values()...)
	})
}

// Nobody could subscribe to a product without a plan.
func TestWhatIsOnOfferHasAPlan(t *testing.T) {
	each(t, func(t *testing.T, d *database.DB, org string) {
		wants(t, ask(t, d, "SELECT name FROM products x WHERE status IN ('PUBLISHED', 'DEPRECATED') AND organization_id = $1 "+
			"AND NOT EXISTS (SELECT 1 FROM plans p WHERE p.product_id = x.id)", org))
	})
}

func TestSpecialRows(t *testing.T) {
	each(t, func(t *testing.T, d *database.DB, org string) {
		for what, query := range map[string]string{
			"a key of a whole account": "SELECT id FROM credentials WHERE app_id IS NULL AND organization_id = $1",
			"a key with a list": "SELECT k.id FROM credentials k JOIN access_entries e ON e.credential_id = k.id " +
				"WHERE k.access = 'LISTED' AND k.organization_id = $1",
			"a rejection that was followed by another request": "SELECT n.id FROM subscriptions n JOIN subscriptions o " +
				"ON o.app_id = n.app_id AND o.product_id = n.product_id AND NOT o.newest AND o.status = 'REJECTED' AND o.id < n.id " +
				"WHERE n.newest AND n.status = 'WAITING' AND n.organization_id = $1",
			"an enforced product, with endpoints": "SELECT x.id FROM products x JOIN endpoints e ON e.product_id = x.id " +
				"WHERE x.enforce_endpoints AND x.organization_id = $1",
			"a keyless product": "SELECT id FROM products WHERE keyless AND status = 'PUBLISHED' AND organization_id = $1",
			"a key with networks and a limit of its own": "SELECT id FROM credentials WHERE allowed_addresses IS NOT NULL " +
				"AND rate_limit IS NOT NULL AND organization_id = $1",
			"a live subscription that is narrowed": "SELECT id FROM subscriptions WHERE endpoint_ids IS NOT NULL AND status = 'APPROVED' AND organization_id = $1",
			"a request with answers": "SELECT s.id FROM subscriptions s JOIN products x ON x.id = s.product_id WHERE x.request_form IS NOT NULL " +
				"AND s.answers IS NOT NULL AND s.status = 'WAITING' AND s.organization_id = $1",
			"a product that will be retired": "SELECT id FROM products WHERE status = 'DEPRECATED' AND retires_at > deprecates_at AND organization_id = $1",
			"labels":                         "SELECT id FROM apps WHERE cast(labels AS text) <> '[]' AND organization_id = $1",
		} {
			if len(ask(t, d, query, org)) == 0 {
				t.Errorf("there is no %s", what)
			}
		}
		for what, query := range map[string]string{
			"a product without a plan": "SELECT x.name FROM products x WHERE x.organization_id = $1 AND NOT EXISTS (SELECT 1 FROM plans p WHERE p.product_id = x.id)",
			"a live subscription with what is not on offer": "SELECT s.id FROM subscriptions s JOIN products x ON x.id = s.product_id WHERE s.organization_id = $1 " +
				"AND s.status IN ('WAITING', 'APPROVED', 'SUSPENDED') AND x.status NOT IN ('PUBLISHED', 'DEPRECATED')",
			"a subscription across the wall": "SELECT s.id FROM subscriptions s JOIN products x ON x.id = s.product_id JOIN plans p ON p.id = s.plan_id JOIN apps a ON a.id = s.app_id " +
				"WHERE s.organization_id = $1 AND NOT (x.organization_id = s.organization_id AND p.product_id = x.id AND a.account_id = s.account_id)",
			"a plan without a rate limit or a quota":    "SELECT name FROM plans WHERE organization_id = $1 AND (rate_limit IS NULL OR quota IS NULL)",
			"a subscription with a product without key": "SELECT s.id FROM subscriptions s JOIN products x ON x.id = s.product_id WHERE s.organization_id = $1 AND x.keyless",
			"an endpoint without a description":         "SELECT id FROM endpoints WHERE organization_id = $1 AND description = ''",
			"a free plan with a price, or the reverse":  "SELECT name FROM plans WHERE organization_id = $1 AND (kind = 'FREE') <> (price IS NULL)",
		} {
			if got := ask(t, d, query, org); len(got) > 0 {
				t.Errorf("there is %s: %v", what, got)
			}
		}
		if n, err := strconv.Atoi(ask(t, d, "SELECT count(*) FROM subscriptions WHERE status = 'WAITING'")[0]); err != nil || n >= 50 {
			t.Errorf("%d subscriptions wait, want fewer than 50 (%v)", n, err)
		}
	})
}

// The first products in a developer's catalogue, by age and by title, need only
// an approval, and allow ten calls a second.
func TestFirstProducts(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		o, sum := seeded(t, url)
		for _, s := range sum.SignIns {
			if s.Role != domain.RolePortal {
				continue
			}
			ids := strings.Fields(ask(t, o.Database, `SELECT m.organization_id, m.account_id, m.user_id FROM memberships m
				JOIN users u ON u.id = m.user_id WHERE u.email = $1 ORDER BY m.id`, s.Email)[0])
			ctx := viewer.NewContext(t.Context(), viewer.Viewer{Role: viewer.Portal,
				OrganizationID: parse(t, ids[0]), AccountID: parse(t, ids[1]), UserID: parse(t, ids[2])})
			byAge := firstThree(t, o.Client.Product.Query().Order(ageOf, idOf).AllX(ctx))
			byTitle := firstThree(t, o.Client.Product.Query().Order(titleOf, idOf).AllX(ctx))
			if byAge != byTitle {
				t.Errorf("%s sees first %s by age, and %s by title", s.Email, byAge, byTitle)
			}
			if s.Organization == "demo" && !strings.HasPrefix(strings.Join(sum.Products, ", "), byAge) {
				t.Errorf("the summary begins with %v, not with %s", sum.Products, byAge)
			}
			for _, p := range o.Client.Product.Query().Order(ageOf, idOf).Limit(3).AllX(ctx) {
				plans := o.Client.Plan.Query().Where(planOf(p.ID)).AllX(ctx)
				for _, one := range plans {
					if p.Approval != domain.Manual || one.Approval != nil || p.Status != domain.Published ||
						one.RateLimit.Per != access.PerSecond || one.RateLimit.Limit < 10 || one.RateLimit.Burst < 10 {
						t.Errorf("%s sees first %s with the plan %s: %+v", s.Email, p.Title, one.Name, one.RateLimit)
					}
				}
				if len(plans) == 0 {
					t.Errorf("%s has no plan", p.Title)
				}
			}
		}
	})
}

func firstThree(t *testing.T, all []*db.Product) string {
	t.Helper()
	if len(all) < 3 {
		t.Fatalf("only %d products", len(all))
	}
	return all[0].Title + ", " + all[1].Title + ", " + all[2].Title
}

// For each subscription the log ends in the row's state, and the request
// precedes the decision.
func TestLogTellsTheRows(t *testing.T) {
	each(t, func(t *testing.T, d *database.DB, org string) {
		for _, of := range []string{"accounts ACCOUNT_CREATED", "users USER_CREATED", "memberships MEMBER_ADDED", "products PRODUCT_CREATED",
			"endpoints ENDPOINT_CREATED", "plans PLAN_CREATED", "apps APP_CREATED", "credentials CREDENTIAL_CREATED", "subscriptions SUBSCRIPTION_REGISTERED", "key_requests KEY_REQUEST_CREATED"} {
			table, event, _ := strings.Cut(of, " ")
			missing := ask(t, d, "SELECT r.id FROM "+table+" r WHERE r.organization_id = $1 AND (SELECT count(*) FROM events e WHERE e.subject_id = r.id "+
				"AND e.type = $2 AND e.at = r.created_at AND e.organization_id = r.organization_id) <> 1"+notImported(table, "r"), org, event)
			if len(missing) > 0 {
				t.Errorf("%s without one %s: %v", table, event, missing)
			}
		}
		for _, table := range []string{"accounts", "products", "subscriptions", "credentials", "key_requests"} {
			differ := ask(t, d, "SELECT r.id, r.version FROM "+table+" r WHERE r.organization_id = $1 AND r.version <> (SELECT count(*) FROM events e "+
				"WHERE e.subject_id = r.id AND e.type NOT IN ('CREDENTIAL_EXPIRED', 'PRODUCT_ENDING_ANNOUNCED', 'MEMBER_ADDED', 'APPROVER_ADDED', 'PRODUCT_GRANTED'))", org)
			if len(differ) > 0 {
				t.Errorf("%s changed without an event: %v", table, differ)
			}
		}
		inOrder(t, d, org)
	})
}

// inOrder checks that positions are dense, and that time increases with them and
// stays in the past.
func inOrder(t *testing.T, d *database.DB, org string) {
	t.Helper()
	n := ask(t, d, "SELECT count(*) FROM events WHERE organization_id = $1", org)[0]
	span := ask(t, d, "SELECT min(position), max(position), (SELECT last FROM event_positions WHERE id = $2) FROM events WHERE organization_id = $1", org, org)[0]
	if want := "1 " + n + " " + n; span != want {
		t.Errorf("positions %s, want %s", span, want)
	}
	back := ask(t, d, "SELECT b.position FROM events a JOIN events b ON b.organization_id = a.organization_id AND b.position = a.position + 1 "+
		"WHERE a.organization_id = $1 AND (b.at < a.at OR b.at > $2)", org, today())
	if len(back) > 0 {
		t.Errorf("time goes backwards, or into the future, at %v", back)
	}
}

// What people see is the same on each database and each time; ids sort in the
// order of creation.
func TestSameEachTime(t *testing.T) {
	var first []string
	testdb.Each(t, func(t *testing.T, url string) {
		o, _ := seeded(t, url)
		var all []string
		for _, query := range []string{
			"SELECT id, slug, name FROM organizations ORDER BY id",
			"SELECT id, name FROM accounts ORDER BY created_at, id",
			"SELECT id, email, name FROM users ORDER BY created_at, id",
			"SELECT id, name, title FROM products ORDER BY created_at, id",
			"SELECT id, method, path FROM endpoints ORDER BY created_at, id",
			"SELECT id, name, kind FROM plans ORDER BY created_at, id",
			"SELECT id, reference_id, name FROM apps ORDER BY created_at, id",
			"SELECT id, CASE WHEN imported THEN '' ELSE CAST(username AS text) END, name FROM credentials ORDER BY created_at, id", // which follows from a secret
			"SELECT id, app_id, product_id, plan_id, status FROM subscriptions ORDER BY created_at, id",
			"SELECT id, app_id, status, name FROM key_requests ORDER BY created_at, id",
			"SELECT organization_id, position, type, subject_id, actor_name FROM events ORDER BY organization_id, position",
		} {
			all = append(all, ask(t, o.Database, query)...)
		}
		if first == nil {
			first = all
		}
		for i, line := range all {
			if i >= len(first) || first[i] != line {
				t.Fatalf("line %d is %q, and was another before", i, line)
			}
		}
		for _, table := range []string{"apps", "credentials", "subscriptions", "products", "plans"} {
			if got := ask(t, o.Database, "SELECT a.id FROM "+table+" a JOIN "+table+" b ON b.organization_id = a.organization_id "+
				"AND b.id > a.id AND b.created_at < a.created_at"+notImported(table, "b")); len(got) > 0 {
				t.Errorf("the ids of %s do not sort by age: %v", table, got)
			}
		}
	})
	if len(first) < 100 {
		t.Errorf("only %d lines were compared", len(first))
	}
}

// notImported leaves out keys that another portal made, before they came here.
func notImported(table, alias string) string {
	if table != "credentials" {
		return ""
	}
	return " AND NOT " + alias + ".imported"
}

// Passwords of credentials differ each time.
func TestSecretsDiffer(t *testing.T) {
	hashes := "SELECT hex(secret_hash) FROM credentials WHERE secret_hash IS NOT NULL"
	one, _ := seeded(t, testdb.SQLite(t))
	two, _ := seeded(t, testdb.SQLite(t))
	seen := map[string]bool{}
	for _, h := range append(ask(t, one.Database, hashes), ask(t, two.Database, hashes)...) {
		if seen[h] || len(h) != 64 {
			t.Errorf("the hash %s comes twice, or is none", h)
		}
		seen[h] = true
	}
}

func TestSummaryCounts(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		o, sum := seeded(t, url)
		for _, table := range []string{"organizations", "accounts", "users", "memberships", "products", "endpoints", "plans", "apps", "credentials", "subscriptions", "events"} {
			got, want := ask(t, o.Database, "SELECT count(*) FROM "+table)[0], sum.Created[table]
			if got != strconv.Itoa(want) || !strings.Contains(sum.String(), got+" "+table) {
				t.Errorf("%s %s, and the summary says %d: %s", got, table, want, sum)
			}
		}
	})
}

// The demo has a key of another portal, of another form than Portico's own, which is older
// than the policy allows.
func TestImportedKeyOutOfPolicy(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		o, _ := seeded(t, url)
		wants(t, ask(t, o.Database, "SELECT k.name FROM credentials k JOIN organizations o ON o.id = k.organization_id WHERE k.imported AND k.secret_hint = '' "+
			"AND k.environment = 'PRODUCTION' AND k.created_at < '2025-06-01' AND o.rotate_keys_every IS NOT NULL AND o.slug = $1", "demo"), "From the old portal")
	})
}

// The demo has something to restore, a name to search for in Turkish, and a change of plan
// that its approver decides.
func TestRecentApps(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		o, _ := seeded(t, url)
		wants(t, ask(t, o.Database, "SELECT a.name FROM apps a JOIN organizations o ON o.id = a.organization_id WHERE a.deleted_at > $1 AND a.purged_at IS NULL AND o.slug = $2",
			today().AddDate(0, 0, -7), "demo"), "Parcel Counter")
		wants(t, ask(t, o.Database, "SELECT name FROM apps WHERE name LIKE $1 AND deleted_at IS NULL", "İstanbul%"), "İstanbul Courier")
		wants(t, ask(t, o.Database, `SELECT x.name, p.name, s.pending_status, u.email FROM subscriptions s JOIN products x ON x.id = s.product_id JOIN plans p ON p.id = s.pending_plan_id
			JOIN product_approvers r ON r.product_id = x.id JOIN users u ON u.id = r.user_id WHERE s.status = $1`, "APPROVED"), "translation Enterprise WAITING approver@demo.example")
	})
}

// The demo has a request for a key of each state that matters: one with two products waits,
// one was refused, and the key of one waits to be collected, long enough to try it.
func TestKeyRequests(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		o, _ := seeded(t, url)
		wants(t, ask(t, o.Database, `SELECT k.status, k.name, (SELECT count(*) FROM subscriptions s WHERE s.key_request_id = k.id), a.name FROM key_requests k
			JOIN apps a ON a.id = k.app_id JOIN organizations o ON o.id = k.organization_id WHERE o.slug = $1`, "demo"),
			"PENDING Abroad 2 İstanbul Courier", "REJECTED Payments 1 İstanbul Courier", "APPROVED Maps 2 İstanbul Courier")
		wants(t, ask(t, o.Database, `SELECT c.status FROM key_requests k JOIN credentials c ON c.id = k.credential_id JOIN organizations o ON o.id = k.organization_id
			WHERE k.collect_until > $1 AND o.slug = $2`, today().AddDate(0, 0, 20), "demo"), "UNCOLLECTED")
	})
}
