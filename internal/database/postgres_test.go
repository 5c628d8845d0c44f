package database

import (
	"os"
	"strings"
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

// libpq's spelling of several hosts with their ports is refused, and the one that
// is offered in its place is understood.
func TestSeveralHostsWithPorts(t *testing.T) {
	for _, url := range []string{
		"postgres://u:secret@h1:1,h2:2/db", "postgres://u:secret@h1,h2:2/db", "postgresql://h1:1,h2?dbname=db", "postgres://u:se,cret@h1:1,[::1]:2/db",
	} {
		_, err := pqConfig(url, Options{}.withDefaults())
		if err == nil || !strings.Contains(err.Error(), "?host=HOST1,HOST2&port=PORT1,PORT2") || strings.Contains(err.Error(), "cret") {
			t.Errorf("%s: %v", url, err)
		}
	}
	for _, url := range []string{"postgres://u:se,cret@h1:1/db", "postgres://u@h1,h2/db", "postgres://u@[::1]:1/db", "postgres://u@h1:1/db?x=a,b"} {
		if err := checkHosts(url); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	cfg, err := pqConfig("postgres://u:p@/db?host=h1,h2&port=1,2", Options{}.withDefaults())
	if err != nil || cfg.Host != "h1" || cfg.Port != 1 || len(cfg.Multi) != 1 || cfg.Multi[0].Host != "h2" || cfg.Multi[0].Port != 2 {
		t.Errorf("%+v %v", cfg, err)
	}
}

func TestSearchPathOfTheURL(t *testing.T) {
	for parameters, want := range map[string]string{
		"search_path=a,b": "a,b", "options=-c%20search_path%3Da,b": "a,b", "options=--search_path%3Da%20-csearch_path%3Db": "b",
		`options=-c%20search_path%3Da,\%20b`: "a, b", "options=-c%20work_mem%3D1": "", "": "",
	} {
		cfg, err := pqConfig("postgres://u@localhost/db?"+parameters, Options{}.withDefaults())
		if err != nil {
			t.Fatal(err)
		}
		if got := searchPath(cfg); got != want {
			t.Errorf("%s: %q, want %q", parameters, got, want)
		}
	}
}
