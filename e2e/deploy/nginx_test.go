package deploy

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/testdb"
	"portico/internal/testdb/freeport"
)

const serverName = "portico.example.com"

// certificate writes a self-signed certificate for serverName.
func certificate(t *testing.T, folder string) (path, keyPath string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: serverName}, DNSNames: []string{serverName},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	keyDER, err := x509.MarshalECPrivateKey(key)
	require.NoError(t, err)
	path, keyPath = filepath.Join(folder, "portico.pem"), filepath.Join(folder, "portico.key")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	require.NoError(t, os.WriteFile(path, certificate, 0o600))
	require.NoError(t, os.WriteFile(keyPath, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER}), 0o600))
	pool = x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(certificate))
	return path, keyPath, pool
}

// startNginx runs nginx with the template filled in, and returns a client that
// reaches it under its name.
func startNginx(t *testing.T, server *servertest.Server) *http.Client {
	t.Helper()
	nginx, folder, address := installed(t, "nginx"), t.TempDir(), freeport.Address(t)
	path, keyPath, pool := certificate(t, folder)
	text := read(t, "nginx/portico.conf.template")
	for name, value := range map[string]string{"SERVER_NAME": serverName, "LISTEN": address, "CERTIFICATE": path,
		"CERTIFICATE_KEY": keyPath, "PORTICO": strings.TrimPrefix(server.URL, "http://")} {
		require.Contains(t, text, "${"+name+"}")
		text = strings.ReplaceAll(text, "${"+name+"}", value)
	}
	require.NoError(t, os.WriteFile(filepath.Join(folder, "portico.conf"), []byte(text), 0o600))
	main := filepath.Join(folder, "nginx.conf")
	require.NoError(t, os.WriteFile(main, []byte(`daemon off; master_process off; pid nginx.pid; error_log stderr;
		events {}
		http {
			access_log off;
			client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
			include portico.conf;
		}`), 0o600))
	out, err := exec.Command(nginx, "-t", "-e", "stderr", "-p", folder, "-c", main).CombinedOutput()
	require.NoError(t, err, string(out))
	require.NotContains(t, string(out), "[warn]")
	c := exec.Command(nginx, "-e", "stderr", "-p", folder, "-c", main)
	c.Stderr = os.Stderr
	require.NoError(t, c.Start())
	t.Cleanup(func() { _ = c.Process.Signal(syscall.SIGTERM); _ = c.Wait() })
	dialer := tls.Dialer{Config: &tls.Config{RootCAs: pool, ServerName: serverName}}
	require.Eventually(t, func() bool {
		conn, err := dialer.DialContext(t.Context(), "tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}, 20*time.Second, 10*time.Millisecond)
	transport := &http.Transport{TLSClientConfig: dialer.Config, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: hostOf{transport, address}}
}

// hostOf sends requests for serverName to an address.
type hostOf struct {
	http.RoundTripper
	address string
}

// RoundTrip sends one request.
func (h hostOf) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Host, r.URL.Host = serverName, h.address
	return h.RoundTripper.RoundTrip(r)
}

// ask sends a GraphQL request through nginx; claim is the client's X-Forwarded-For.
func ask(t *testing.T, c *http.Client, query, claim string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+serverName+"/graphql", strings.NewReader(query))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	if claim != "" {
		r.Header.Set("X-Forwarded-For", claim)
	}
	answer, err := c.Do(r)
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer.StatusCode, string(text)
}

// The API behind nginx: it answers over TLS and HTTP/2, health stays inside, a
// body that is too long is refused by Portico, and no client can forge its address.
func TestNginxBeforeTheAPI(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, database string) {
		server := servertest.Start(t, database, "PORTICO_TRUSTED_PROXIES=127.0.0.1")
		c := startNginx(t, server)
		status, body := ask(t, c, `{"query": "{ serverInfo { version } }"}`, "")
		require.Equal(t, http.StatusOK, status, body)
		require.Contains(t, body, `"serverInfo"`)

		for _, path := range []string{"/readyz", "/healthz"} {
			answer, err := c.Get("https://" + serverName + path)
			require.NoError(t, err)
			require.NoError(t, answer.Body.Close())
			require.Equal(t, http.StatusNotFound, answer.StatusCode, path)
			require.Equal(t, 2, answer.ProtoMajor)
		}

		_, body = ask(t, c, `{"query": "{ serverInfo { version } }`+strings.Repeat(" ", 300<<10)+`"}`, "")
		require.Contains(t, body, "The request is too large.")
	})
}

// Whatever a client writes into X-Forwarded-For, its wrong passwords are
// counted as those of its own address.
func TestNginxReplacesForwardedFor(t *testing.T) {
	testdb.EachEmpty(t, func(t *testing.T, database string) {
		c := startNginx(t, servertest.Start(t, database, "PORTICO_TRUSTED_PROXIES=127.0.0.1"))
		var last string
		for _, claim := range []string{"", "192.0.2.1", "192.0.2.2", "2001:db8::1", "192.0.2.3, 192.0.2.4", "192.0.2.5", "192.0.2.6", "192.0.2.7", "192.0.2.8", "192.0.2.9", "192.0.2.10", "192.0.2.11"} {
			_, last = ask(t, c, `{"query": "mutation { signIn(input: {email: \"admin@demo.example\", password: \"wrong\"}) { accessToken } }"}`, claim)
		}
		require.Contains(t, last, "RATE_LIMITED")
	})
}
