package e2e

import (
	"bytes"
	"crypto/rand"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/base62"
	"portico/e2e/servertest"
	"portico/internal/testdb"
)

// floodClient is the client address of the flood's calls.
const floodClient = "192.0.2.1"

// madeUp returns a request about an API key that does not exist.
func madeUp() vars {
	return vars{"username": uuid.NewString(), "password": uuid.NewString(), "ip": floodClient}
}

// madeUpToken returns a well-formed service token that does not exist.
func madeUpToken() string {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // it never fails
	body := "pgw_" + base62.Encode(secret, 43)
	return body + base62.Checksum(body)
}

// flood presents invented API keys, over several connections and many at a time, until the
// test calls stop. It returns when the first of them were not looked up.
func (d *gatewayClient) flood(t *testing.T) (stop func()) {
	t.Helper()
	done, begun := make(chan struct{}), make(chan struct{})
	var first sync.Once
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				asks := make([]vars, 100)
				for i := range asks {
					asks[i] = madeUp()
				}
				verdicts, err := d.tryAll(asks)
				if err != nil {
					t.Errorf("asking: %v", err)
					return
				}
				for _, v := range verdicts {
					switch v.Code {
					case "NOT_FOUND":
					case "RATE_LIMITED":
						first.Do(func() { close(begun) })
					default:
						t.Errorf("%+v", v)
					}
				}
			}
		})
	}
	select {
	case <-begun:
	case <-time.After(waitForOthers):
		t.Error("everything was looked for")
	}
	return func() { close(done); all.Wait() }
}

// metric returns a value of /metrics.
func metric(t *testing.T, s *servertest.Server, name string) float64 {
	t.Helper()
	w, err := http.Get(s.Ops + "/metrics")
	require.NoError(t, err)
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)$`).FindSubmatch(text)
	require.NotNil(t, found, name)
	n, err := strconv.ParseFloat(string(found[1]), 64)
	require.NoError(t, err)
	return n
}

// During a flood of invented API keys, existing ones are found, the portal answers, other
// organizations are not affected, and the look-ups in the database are bounded.
func TestAFloodOfMadeUpKeys(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		s := servertest.Start(t, url)
		c := newOrganization(t, s, "flooded")
		gateway, other := newGatewayClient(t, s, "flooded", "edge"), newGatewayClient(t, s, "demo", "edge-elsewhere")
		product := c.limitedProduct(t, "orders", nil)
		app, _ := c.newApp(t, "Shop")
		c.register(t, app, product)
		_, known := c.newKey(t, app)
		_, unused := c.newKey(t, app)
		shown := func(key string) vars { return vars{"key": key, "product": "orders", "ip": floodClient} }
		require.Equal(t, "VALID", gateway.verify(t, shown(known)).Code)

		began := time.Now()
		stop := gateway.flood(t)
		for range 20 {
			require.Equal(t, "VALID", gateway.verify(t, shown(known)).Code)
			require.Equal(t, app, c.dev.Must(t, `query($id: ID!) { app(id: $id) { id credentials { nodes { id } } } }`, vars{"id": app}).Text("app", "id"))
			require.Equal(t, "NOT_FOUND", other.verify(t, madeUp()).Code, "another organization")
		}
		found := func(key, what string) {
			t.Helper()
			require.Eventually(t, func() bool { return gateway.verify(t, shown(key)).Code == "VALID" }, waitForOthers, pollOthers, what)
		}
		found(unused, "a key that was not used before")
		_, late := c.newKey(t, app)
		found(late, "a key that was made meanwhile")
		stop()
		read := metric(t, s, `portico_gate_lookups_total{result="miss"}`)
		require.LessOrEqual(t, read, 200+20*time.Since(began).Seconds()+100)
		require.Greater(t, metric(t, s, `portico_gate_refused_reads_total{of="key"}`), 0.0)
	})
}

// Look-ups of tokens that do not exist are bounded, and existing ones are accepted
// meanwhile.
func TestAFloodOfMadeUpTokens(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, url string) {
		s := servertest.Start(t, url)
		gateway := newGatewayClient(t, s, "demo", "edge-1")
		require.Equal(t, "NOT_FOUND", gateway.verify(t, madeUp()).Code)
		status := func(token string) int {
			r, err := http.NewRequest(http.MethodPost, s.Gate+"/v1/verify", bytes.NewReader([]byte(`{"username":"a","password":"b"}`)))
			require.NoError(t, err)
			r.Header.Set("X-Portico-Gateway-Token", token)
			r.Header.Set("Content-Type", "application/json")
			w, err := gateway.client.Do(r)
			require.NoError(t, err)
			defer w.Body.Close()
			if w.StatusCode == http.StatusTooManyRequests {
				require.NotEmpty(t, w.Header.Get("Retry-After"))
			}
			return w.StatusCode
		}
		created := func() int { return status(madeUpToken()) }
		for n := 0; ; n++ {
			if code := created(); code == http.StatusTooManyRequests {
				break
			} else if code != http.StatusUnauthorized || n == 50_000 {
				t.Fatalf("the %dth is answered %d", n, code)
			}
		}
		require.Equal(t, "NOT_FOUND", gateway.verify(t, madeUp()).Code, "a token that is known")
		late := newGatewayClient(t, s, "demo", "edge-2")
		require.Eventually(t, func() bool {
			for range 10 {
				created()
			}
			return status(late.token) == http.StatusOK
		}, waitForOthers, pollOthers, "a token that was made meanwhile")
	})
}
