package e2e

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/testdb"
)

const (
	// usualKills is how often the program is killed on each database, unless
	// PORTICO_KILLS is set.
	usualKills = 50
	// crowd is the number of clients that write when it is killed.
	crowd = 6
	// mostWrites is the maximum number of acknowledged writes before a kill.
	mostWrites = 40
	// tokenLife is how long sign-ins are reused; a token is valid for 10 minutes.
	tokenLife = 5 * time.Minute
)

// The program is repeatedly killed (SIGKILL) while clients write, and started again on the
// same database. No acknowledged change is lost, and none is incomplete. A kill without a
// write in flight does not count. `go test -v -run TestKill` prints each.
func TestKill(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		t.Parallel()
		v := &victim{url: url, secrets: t.TempDir()}
		for kill, idle := 1, 0; kill <= kills(t); {
			v.start(t)
			v.check(t)
			w := v.work(t)
			t.Logf("kill %d: %d writes acknowledged, %d in flight", kill, w.acknowledged, w.unanswered)
			if w.unanswered > 0 {
				kill++
			} else if idle++; idle > kills(t) {
				t.Fatal("the kills meet no writes")
			}
		}
		v.start(t)
		v.check(t)
		t.Logf("in all %d writes acknowledged and %d cut off; of %d apps whose making was cut off %d had been made",
			v.acknowledged, v.unanswered, v.cutApps, v.madeApps)
	})
}

func kills(t *testing.T) int {
	t.Helper()
	given := os.Getenv("PORTICO_KILLS")
	if given == "" {
		return usualKills
	}
	n, err := strconv.Atoi(given)
	require.NoError(t, err, "PORTICO_KILLS")
	return n
}

// victim is a database and the program on it, which is killed repeatedly.
type victim struct {
	url, secrets string
	server       *servertest.Server
	// developer and admin have been signed in since the time since.
	developer, admin string
	since            time.Time
	product          string
	// known is what was acknowledged so far, and cut are the createApp inputs that were
	// not answered before the last kill.
	known []fact
	cut   []servertest.Vars
	// Totals of all kills.
	acknowledged, unanswered, cutApps, madeApps int
}

// start starts the program on the database as the last kill left it.
func (v *victim) start(t *testing.T) {
	t.Helper()
	v.server = servertest.Start(t, v.url, "XDG_CONFIG_HOME="+v.secrets)
	if time.Since(v.since) < tokenLife {
		return
	}
	v.since = time.Now()
	v.developer = v.server.SignIn(t, "developer@demo.example").Token
	admin := v.server.SignIn(t, "admin@demo.example")
	v.admin = admin.Token
	for _, p := range admin.Must(t, `{ products(first: 100) { nodes { id name } } }`, nil).List("products", "nodes") {
		if p := p.(map[string]any); p["name"] == "address-lookup" { // manual approval, one plan
			v.product = p["id"].(string)
		}
	}
	require.NotEmpty(t, v.product)
}

// work runs the crowd, kills the program meanwhile, and returns what the crowd recorded.
func (v *victim) work(t *testing.T) *witness {
	t.Helper()
	w := newWitness(rand.IntN(mostWrites))
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.crowd(func() *writer {
			return &writer{witness: w, product: v.product,
				developer: &servertest.Client{URL: v.server.URL, Token: v.developer},
				admin:     &servertest.Client{URL: v.server.URL, Token: v.admin}}
		})
	}()
	select {
	case <-w.enough:
		time.Sleep(rand.N(5 * time.Millisecond)) // to any point of the writes in flight
	case <-done: // a client received an unexpected response
	}
	w.close()
	v.server.Kill()
	<-done
	require.Empty(t, w.wrong)
	v.known = append(v.known, w.facts...)
	v.cut = w.cut
	v.acknowledged += w.acknowledged
	v.unanswered += w.unanswered
	return w
}
