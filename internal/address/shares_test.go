package address_test

import (
	"net/netip"
	"testing"

	"portico/internal/address"
)

func TestSharesOfClients(t *testing.T) {
	s := address.NewShares(2, netip.Addr.IsLoopback)
	enter := func(text string) (func(), bool) { return s.Enter(netip.MustParseAddr(text)) }
	must := func(text string, want bool) func() {
		t.Helper()
		leave, ok := enter(text)
		if ok != want || ok != (leave != nil) {
			t.Fatalf("%s: %t", text, ok)
		}
		return leave
	}
	first := must("192.0.2.1", true)
	second := must("::ffff:192.0.2.1", true)
	must("192.0.2.1", false)
	must("192.0.2.2", true)
	first()
	first = must("192.0.2.1", true)
	must("::ffff:192.0.2.1", false)
	first()
	second()
	must("192.0.2.1", true)
	must("192.0.2.1", true)
	must("192.0.2.1", false)

	must("2001:db8:1:2::1", true)
	must("2001:db8:1:2:ffff::1", true)
	must("2001:db8:1:2::3", false)
	must("2001:db8:1:3::1", true)
	for range 5 {
		must("127.0.0.1", true)
		must("::ffff:127.0.0.2", true)
		must("::1", true)
		if _, ok := s.Enter(netip.Addr{}); !ok {
			t.Fatal("a Unix socket is bounded")
		}
	}
}
