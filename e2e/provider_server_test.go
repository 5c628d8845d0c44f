package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/testdb/freeport"
)

// apiAudience is what the provider's access tokens are for, clientID and clientSecret
// what Portico is there.
const apiAudience, clientID, clientSecret = "https://api.portico.example", "portico", "a secret of the client: with/odd+characters"

// idp is a running OpenID provider.
type idp struct {
	issuer, port string
	settings     string
	process      *exec.Cmd
}

// startIDP starts npm's oidc-provider, whose people have these claims.
func startIDP(t *testing.T, people map[string]vars, redirect string) *idp {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("no Node on this machine, and CI needs one")
		}
		t.Skip("no Node on this machine")
	}
	if _, err := os.Stat("provider/node_modules"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("run npm ci in e2e/provider")
		}
		t.Skip("run npm ci in e2e/provider")
	}
	settings, err := json.Marshal(vars{
		"clients":  []vars{{"client_id": clientID, "client_secret": clientSecret, "redirect_uris": []string{redirect}}},
		"audience": apiAudience, "people": people,
	})
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(freeport.Address(t))
	require.NoError(t, err)
	p := &idp{port: port, settings: string(settings)}
	p.start(t)
	t.Cleanup(p.stop)
	return p
}

// start starts it with new keys.
func (p *idp) start(t *testing.T) {
	t.Helper()
	p.process = exec.Command("node", "provider/provider.mjs", p.port, p.settings)
	p.process.Env = append(os.Environ(), "NODE_NO_WARNINGS=1")
	var problems bytes.Buffer
	p.process.Stderr = &problems
	out, err := p.process.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.process.Start())
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "http://") {
			p.issuer = lines.Text()
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return
		}
	}
	_ = p.process.Wait()
	t.Fatalf("the provider does not start: %s", problems.String())
}

func (p *idp) stop() {
	_ = p.process.Process.Kill()
	_ = p.process.Wait()
}

// token returns an access token as the provider issues it.
func (p *idp) token(t *testing.T, subject string) string {
	t.Helper()
	return p.ask(t, "/test/token", vars{"subject": subject})
}

// sign returns a token with this header and these claims in the place of the provider's; nil removes
// a claim.
func (p *idp) sign(t *testing.T, header, claims vars) string {
	t.Helper()
	if header["alg"] == nil {
		header["alg"] = "RS256"
	}
	return p.ask(t, "/test/sign", vars{"header": header, "claims": claims})
}

func (p *idp) ask(t *testing.T, path string, in vars) string {
	t.Helper()
	body, err := json.Marshal(in)
	require.NoError(t, err)
	client := http.Client{Timeout: 10 * time.Second}
	answer, err := client.Post(p.issuer+path, "application/json", bytes.NewReader(body))
	require.NoError(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.StatusCode, string(text))
	return string(text)
}
