package database

import (
	"os"
	"testing"

	"github.com/lib/pq"
)

func TestSSLMode(t *testing.T) {
	t.Setenv("PGSSLMODE", "") // which puts the old value back at the end
	if err := os.Unsetenv("PGSSLMODE"); err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]pq.SSLMode{
		"postgres://u@localhost/db":                      pq.SSLModeDisable,
		"postgres://u@127.0.0.1:5433/db":                 pq.SSLModeDisable,
		"postgres://u@[::1]/db":                          pq.SSLModeDisable,
		"postgres://u@/db?host=/var/run/postgresql":      pq.SSLModeDisable,
		"postgres://u@db.example/db":                     pq.SSLModeRequire,
		"postgres://u@10.0.0.1/db":                       pq.SSLModeRequire,
		"postgres://u@localhost,db.example/db":           pq.SSLModeRequire,
		"postgres://u@localhost/db?hostaddr=10.0.0.1":    pq.SSLModeRequire,
		"postgres://u@db.example/db?sslmode=verify-full": pq.SSLModeVerifyFull,
		"postgres://u@db.example/db?sslmode=disable":     pq.SSLModeDisable,
		"postgres://u@localhost/db?sslmode=require":      pq.SSLModeRequire,
	} {
		cfg, err := pqConfig(url, Options{}.withDefaults())
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		if cfg.SSLMode != want {
			t.Errorf("%s: sslmode %q, want %q", url, cfg.SSLMode, want)
		}
	}
}

func TestSettingsInTheURLTakePrecedence(t *testing.T) {
	cfg, err := pqConfig("postgres://u@localhost/db?statement_timeout=1000", Options{}.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	if got := cfg.Runtime["statement_timeout"]; got != "1000" {
		t.Errorf("statement_timeout is %s", got)
	}
	if got := cfg.Runtime["timezone"]; got != "UTC" {
		t.Errorf("timezone is %s", got)
	}
}
