package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

// waitForOthers is by when a server knows what another process changed; it
// polls twice a second, and the rest is for a busy machine.
const (
	waitForOthers = 10 * time.Second
	pollOthers    = 20 * time.Millisecond
)

// door is a gateway's way to one server.
type door struct {
	url, token string
	client     *http.Client
}

// newDoor makes the token of a gateway of an organization.
func newDoor(t testing.TB, s *servertest.Server, organization, name string, flags ...string) *door {
	t.Helper()
	token := strings.TrimSpace(s.Run(t, "", append([]string{"gateway", "create", "--organization", organization, "--name", name}, flags...)...))
	return &door{s.Gate, token, patientClient()}
}

// at is the same gateway at another server.
func (d *door) at(s *servertest.Server) *door { return &door{s.Gate, d.token, d.client} }

// patientClient keeps as many connections as the tests have clients.
func patientClient() *http.Client {
	return &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 128}}
}

// verdict is the answer of /v1/verify.
type verdict struct {
	Valid  bool
	Code   string
	App    string
	Limits struct {
		Remaining *int
		Local     bool
	}
	Message string
}

// try asks /v1/verify; an error is one of the network, or no verdict.
func (d *door) try(ask vars) (v verdict, err error) {
	text, err := d.post("/v1/verify", ask)
	if err != nil {
		return v, err
	}
	v.Message = string(text)
	return v, json.Unmarshal(text, &v)
}

// tryAll asks /v1/verify/batch; errors are those of try.
func (d *door) tryAll(asks []vars) ([]verdict, error) {
	text, err := d.post("/v1/verify/batch", vars{"requests": asks})
	if err != nil {
		return nil, err
	}
	var answer struct{ Results []verdict }
	return answer.Results, json.Unmarshal(text, &answer)
}

// post sends JSON and gives what is answered.
func (d *door) post(path string, ask vars) ([]byte, error) {
	body, err := json.Marshal(ask)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequest(http.MethodPost, d.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Portico-Gateway-Token", d.token)
	w, err := d.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer w.Body.Close()
	return io.ReadAll(w.Body)
}

// verify is try where the network holds.
func (d *door) verify(t testing.TB, ask vars) verdict {
	t.Helper()
	v, err := d.try(ask)
	require.NoError(t, err, v.Message)
	require.NotEmpty(t, v.Code, v.Message)
	require.Equal(t, v.Code == "VALID", v.Valid, v.Message)
	return v
}

// code is verify's code alone, of a key and a product.
func (d *door) code(t testing.TB, key, product string) string {
	t.Helper()
	ask := vars{"key": key}
	if product != "" {
		ask["product"] = product
	}
	return d.verify(t, ask).Code
}

// soon wants a code within the time that changes may take to other servers.
func (d *door) soon(t testing.TB, want, key, product string) {
	t.Helper()
	require.Eventually(t, func() bool { return d.code(t, key, product) == want }, waitForOthers, pollOthers, "no %s", want)
}

// limitedProduct publishes a product whose subscriptions are approved at once,
// with these limits.
func (c *cast) limitedProduct(t *testing.T, name string, limits vars) string {
	t.Helper()
	product := c.admin.Do(t, "createProduct", vars{"name": name, "approval": "AUTO", "authTypes": []string{"API_KEY", "BASIC"}},
		`product { id }`).Text("createProduct", "product", "id")
	plan := vars{"productId": product, "name": "Limited"}
	for k, v := range limits {
		plan[k] = v
	}
	c.admin.Do(t, "createPlan", plan, `plan { id }`)
	c.publish(t, product)
	return product
}

// newKey makes a key of an app and gives its id and its secret.
func (c *cast) newKey(t *testing.T, app string) (id, raw string) {
	t.Helper()
	a := c.dev.Do(t, "generateKey", vars{"appId": app}, `credential { id } secret { rawKey }`)
	return a.Text("generateKey", "credential", "id"), a.Text("generateKey", "secret", "rawKey")
}
