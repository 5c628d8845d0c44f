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

// waitForOthers bounds the time until a server has applied the changes of another process.
// It polls twice a second; the rest is for a busy machine.
const (
	waitForOthers = 10 * time.Second
	pollOthers    = 20 * time.Millisecond
)

// gatewayClient sends a gateway's requests to one server.
type gatewayClient struct {
	url, token string
	client     *http.Client
}

// newGatewayClient creates the token of a gateway of an organization.
func newGatewayClient(t testing.TB, s *servertest.Server, organization, name string, flags ...string) *gatewayClient {
	t.Helper()
	token := strings.TrimSpace(s.Run(t, "", append([]string{"gateway", "create", "--organization", organization, "--name", name}, flags...)...))
	return &gatewayClient{s.Gate, token, patientClient()}
}

// at returns the same gateway's client of another server.
func (d *gatewayClient) at(s *servertest.Server) *gatewayClient {
	return &gatewayClient{s.Gate, d.token, d.client}
}

// patientClient keeps as many connections as the tests have clients.
func patientClient() *http.Client {
	return &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 128}}
}

// verdict is the response of /v1/verify.
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

// try calls /v1/verify; it returns an error of the network, or for a response without a
// verdict.
func (d *gatewayClient) try(ask vars) (v verdict, err error) {
	text, err := d.post("/v1/verify", ask)
	if err != nil {
		return v, err
	}
	v.Message = string(text)
	return v, json.Unmarshal(text, &v)
}

// tryAll calls /v1/verify/batch; its errors are those of try.
func (d *gatewayClient) tryAll(asks []vars) ([]verdict, error) {
	text, err := d.post("/v1/verify/batch", vars{"requests": asks})
	if err != nil {
		return nil, err
	}
	var answer struct{ Results []verdict }
	return answer.Results, json.Unmarshal(text, &answer)
}

// post sends JSON and returns the body of the response.
func (d *gatewayClient) post(path string, ask vars) ([]byte, error) {
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

// verify is try for tests in which the network does not fail.
func (d *gatewayClient) verify(t testing.TB, ask vars) verdict {
	t.Helper()
	v, err := d.try(ask)
	require.NoError(t, err, v.Message)
	require.NotEmpty(t, v.Code, v.Message)
	require.Equal(t, v.Code == "VALID", v.Valid, v.Message)
	return v
}

// code returns only the code, for an API key and a product.
func (d *gatewayClient) code(t testing.TB, key, product string) string {
	t.Helper()
	ask := vars{"key": key}
	if product != "" {
		ask["product"] = product
	}
	return d.verify(t, ask).Code
}

// requireSoon requires a code within the time that changes may take to reach other
// servers.
func (d *gatewayClient) requireSoon(t testing.TB, want, key, product string) {
	t.Helper()
	require.Eventually(t, func() bool { return d.code(t, key, product) == want }, waitForOthers, pollOthers, "no %s", want)
}

// limitedProduct publishes a product whose subscriptions are approved at once,
// with these limits.
func (c *actors) limitedProduct(t *testing.T, name string, limits vars) string {
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

// newKey creates a credential of an app and returns its id and the raw API key.
func (c *actors) newKey(t *testing.T, app string) (id, raw string) {
	t.Helper()
	a := c.dev.Do(t, "generateKey", vars{"appId": app}, `credential { id } secret { rawKey }`)
	return a.Text("generateKey", "credential", "id"), a.Text("generateKey", "secret", "rawKey")
}
