package database_test

import (
	"testing"

	"portico/internal/database"
)

// The connect timeout does not end an established connection.
func TestAConnectTimeoutIsForConnecting(t *testing.T) {
	address := emptyPostgres(t)
	open := func(address string) {
		t.Helper()
		d, err := database.Open(t.Context(), address, database.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Ping(t.Context()); err != nil {
			t.Error(err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
	open(address + "&connect_timeout=9")
	t.Setenv("PGCONNECT_TIMEOUT", "9")
	open(address)
}
