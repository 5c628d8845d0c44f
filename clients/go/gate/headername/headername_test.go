package headername_test

import (
	"testing"

	"portico/clients/go/gate/headername"
)

func TestReadsAsOurs(t *testing.T) {
	for name, want := range map[string]bool{
		"X-Portico-Account": true, "x_portico_account": true, "X.PORTICO~Plan": true,
		"X-Porticos": false, "Portico-Account": false, "": false,
	} {
		if got := headername.ReadsAsOurs(name); got != want {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
}
