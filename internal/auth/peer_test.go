package auth

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPeerAddress(t *testing.T) {
	proxies := Peers{Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}}
	for name, c := range map[string]struct {
		peers     Peers
		remote    string
		forwarded []string
		want      string
	}{
		"plain":                    {proxies, "192.0.2.1:80", nil, "192.0.2.1"},
		"plain v6":                 {proxies, "[2001:db8::1]:80", nil, "2001:db8::1"},
		"zone":                     {proxies, "[fe80::1%eth0]:80", nil, "fe80::1"},
		"mapped":                   {proxies, "[::ffff:192.0.2.1]:80", nil, "192.0.2.1"},
		"unix socket":              {proxies, "@", []string{"192.0.2.9"}, ""},
		"a client's claim":         {proxies, "192.0.2.1:80", []string{"198.51.100.1"}, "192.0.2.1"},
		"no proxies at all":        {Peers{}, "10.0.0.1:80", []string{"198.51.100.1"}, "10.0.0.1"},
		"proxy":                    {proxies, "10.0.0.1:80", []string{"198.51.100.1"}, "198.51.100.1"},
		"proxy v6":                 {proxies, "[fd00::1]:80", []string{"2001:db8::7"}, "2001:db8::7"},
		"mapped proxy":             {proxies, "[::ffff:10.0.0.1]:80", []string{"198.51.100.1"}, "198.51.100.1"},
		"two proxies":              {proxies, "10.0.0.1:80", []string{"198.51.100.1, 10.0.0.2"}, "198.51.100.1"},
		"client's claim and proxy": {proxies, "10.0.0.1:80", []string{"1.1.1.1, 198.51.100.1"}, "198.51.100.1"},
		"two headers":              {proxies, "10.0.0.1:80", []string{"1.1.1.1", "198.51.100.1", "10.0.0.2"}, "198.51.100.1"},
		"with ports":               {proxies, "10.0.0.1:80", []string{"198.51.100.1:4711"}, "198.51.100.1"},
		"v6 in brackets":           {proxies, "10.0.0.1:80", []string{"[2001:db8::7]"}, "2001:db8::7"},
		"junk":                     {proxies, "10.0.0.1:80", []string{"198.51.100.1, unknown"}, "10.0.0.1"},
		"junk before":              {proxies, "10.0.0.1:80", []string{"<script>, 10.0.0.2"}, "10.0.0.2"},
		"empty":                    {proxies, "10.0.0.1:80", []string{""}, "10.0.0.1"},
		"only proxies":             {proxies, "10.0.0.1:80", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/graphql", nil)
			r.RemoteAddr = c.remote
			r.Header["X-Forwarded-For"] = c.forwarded
			require.Equal(t, c.want, c.peers.Address(r))
		})
	}
}

// Other headers are used from trusted proxies only, too.
func TestPeersThatAreTrusted(t *testing.T) {
	proxies := Peers{Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	for remote, want := range map[string]bool{"10.0.0.1": true, "192.0.2.1": false} {
		for _, forwarded := range []string{"", "198.51.100.1", "198.51.100.1, 10.0.0.2"} {
			_, trusted := proxies.Client(netip.MustParseAddr(remote), forwarded)
			require.Equal(t, want, trusted, "%s for %s", remote, forwarded)
		}
	}
	client, trusted := proxies.Client(netip.Addr{}, "10.0.0.1")
	require.False(t, trusted || client.IsValid(), "a Unix socket")
}

// X-Forwarded-For is used from the listed proxies only, whatever it contains.
func FuzzPeers(f *testing.F) {
	f.Add("10.0.0.1:80", "198.51.100.1")
	f.Add("[::ffff:10.0.0.1]:80", "1.1.1.1,[2001:db8::7]:1, 10.0.0.2")
	f.Add("192.0.2.1:80", ",,,")
	f.Add("@", "unknown")
	trusted := netip.MustParsePrefix("10.0.0.0/8")
	f.Fuzz(func(t *testing.T, remote, forwarded string) {
		r := httptest.NewRequest(http.MethodPost, "/graphql", nil)
		r.RemoteAddr = remote
		direct := Peers{}.Address(r)
		r.Header["X-Forwarded-For"] = []string{forwarded}
		got := Peers{Trusted: []netip.Prefix{trusted}}.Address(r)
		peer, err := netip.ParseAddr(direct)
		if err != nil || !trusted.Contains(peer) {
			if got != direct {
				t.Fatalf("%q was taken for %q because it sent %q", remote, got, forwarded)
			}
			return
		}
		if client, err := netip.ParseAddr(got); err != nil || client.Is4In6() || client.Zone() != "" {
			t.Fatalf("%q and %q became %q", remote, forwarded, got)
		}
		// The client's entries are to the left of the one that the proxy added.
		r.Header["X-Forwarded-For"] = []string{fmt.Sprintf("%s, 198.51.100.7", forwarded)}
		if got := (Peers{Trusted: []netip.Prefix{trusted}}).Address(r); got != "198.51.100.7" {
			t.Fatalf("%q was trusted: %q", forwarded, got)
		}
	})
}
