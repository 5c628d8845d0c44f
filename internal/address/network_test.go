package address_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/address"
)

func TestParseNetwork(t *testing.T) {
	for text, want := range map[string]string{
		"10.1.2.3/8": "10.0.0.0/8", "192.0.2.7": "192.0.2.7/32", "2001:db8::1": "2001:db8::1/128", "2001:DB8::1/32": "2001:db8::/32",
		"::ffff:127.0.0.1": "127.0.0.1/32", "::ffff:10.1.2.3/104": "10.0.0.0/8", "::ffff:7f00:1": "127.0.0.1/32", "::/0": "::/0", "0.0.0.0/0": "0.0.0.0/0",
	} {
		got, ok := address.ParseNetwork(text)
		require.True(t, ok, text)
		require.Equal(t, want, got.String(), text)
	}
	for _, text := range []string{"", "localhost", "10.0.0", "10.0.0.0/33", "10.0.0.0/-1", "::ffff:10.0.0.0/95", "::ffff:1.2.3.4/96", "::ffff:0:0/96", "fe80::1%eth0", "fe80::%eth0/64", " 10.0.0.1", "10.0.0.1\n", "010.0.0.1"} {
		_, ok := address.ParseNetwork(text)
		require.False(t, ok, text)
	}
}

func TestClientNetwork(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
		"fe80::1%eth0": "fe80::/64", "": "unknown", "@": "unknown",
	} {
		require.Equal(t, want, address.ClientNetwork(text), text)
	}
}

func TestWideNetwork(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.1": "192.0.2.0/24", "::ffff:192.0.2.1": "192.0.2.0/24", "2001:db8:1:2:3:4:5:6": "2001:db8:1::/48", "fe80::1%eth0": "fe80::/48",
	} {
		require.Equal(t, want, address.WideNetwork(text).String(), text)
	}
	for _, text := range []string{"", "@"} {
		require.Equal(t, netip.Prefix{}, address.WideNetwork(text))
	}
}

func TestNetworkOf(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.1": "192.0.2.1/32", "::ffff:192.0.2.1": "192.0.2.1/32", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64",
	} {
		require.Equal(t, want, address.NetworkOf(netip.MustParseAddr(text)).String(), text)
	}
	require.Equal(t, netip.Prefix{}, address.NetworkOf(netip.Addr{}))
}

func FuzzParseNetwork(f *testing.F) {
	for _, text := range []string{"10.0.0.0/8", "::ffff:10.0.0.0/104", "::ffff:127.0.0.1", "2001:db8::/32", "fe80::1%eth0", "/", "::ffff:0:0/96"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, ok := address.ParseNetwork(text)
		if !ok {
			return
		}
		if n.Addr().Is4In6() || n.Addr().Zone() != "" || n != n.Masked() || !n.Contains(n.Addr()) {
			t.Fatalf("%q became %v", text, n)
		}
		if again, ok := address.ParseNetwork(n.String()); !ok || again != n {
			t.Fatalf("%v is read as %v", n, again)
		}
	})
}

// Networks compare the canonical form of an address, whatever its spelling.
func FuzzParseHost(f *testing.F) {
	for _, text := range []string{"192.0.2.1", "192.0.2.1:80", "[2001:db8::1]:80", "[2001:db8::1]", "::ffff:192.0.2.1", "[::ffff:192.0.2.1%eth0]:1", "[[::1]]", "]::1["} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		host, ok := address.ParseHost(text)
		if !ok {
			return
		}
		if host.Is4In6() || host.Zone() != "" || !host.IsValid() {
			t.Fatalf("%q became %v", text, host)
		}
		for _, form := range []string{host.String(), netip.AddrPortFrom(host, 80).String()} {
			if again, ok := address.ParseHost(form); !ok || again != host {
				t.Fatalf("%q is read as %v", form, again)
			}
		}
		if strings.HasPrefix(text, "[[") || strings.HasPrefix(text, "]") {
			t.Fatalf("%q was read", text)
		}
	})
}
