package server

import (
	"context"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/config"
)

// The operators' listener accepts the address at which the request arrived, in
// both of its forms, the configured names, and requests without a name.
func TestOpsAcceptsItsOwnAddress(t *testing.T) {
	at := func(ip string) context.Context {
		return context.WithValue(t.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.ParseIP(ip), Port: 8082, Zone: ""})
	}
	for _, host := range []string{"192.0.2.7", "192.0.2.7:8082", "[::ffff:192.0.2.7]:8082"} {
		require.True(t, hosts(nil).allows(at("192.0.2.7"), host), host)
		require.True(t, hosts(nil).allows(at("::ffff:192.0.2.7"), host), host)
		require.False(t, hosts(nil).allows(at("192.0.2.8"), host), host)
		require.False(t, hosts(nil).allows(t.Context(), host), "%s, of no address", host)
	}
	require.True(t, hosts(nil).allows(at("2001:db8::7"), "[2001:DB8::7]:8082"))
	require.True(t, hosts(nil).allows(t.Context(), ""), "a program of HTTP/1.0")

	c := &config.Config{OpsAddr: "ops.internal:8082", OpsHosts: []string{"Portico.Internal:80", "[2001:db8::9]"}}
	require.Equal(t, hosts{"ops.internal", "portico.internal", "2001:db8::9"}, opsHosts(c))
}
