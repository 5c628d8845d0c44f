package mailtest

import (
	"crypto/tls"
	"crypto/x509"
	"net/http/httptest"
	"testing"
)

// Certificate returns TLS for a server on 127.0.0.1, and the roots that trust it.
func Certificate(t testing.TB) (*tls.Config, *x509.CertPool) {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return &tls.Config{Certificates: s.TLS.Certificates, MinVersion: tls.VersionTLS12}, roots
}
