package server

import (
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/address"
)

func TestConnectionsAreBounded(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := bound(inner, 2, address.NewShares(2, netip.Addr.IsLoopback), nil)
	accepted, ended := make(chan net.Conn, 3), make(chan error, 1)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				ended <- err
				return
			}
			accepted <- c
		}
	}()
	for range 3 {
		c, err := net.Dial("tcp", inner.Addr().String())
		require.NoError(t, err, "the system accepts it")
		t.Cleanup(func() { _ = c.Close() })
	}
	first, second := <-accepted, <-accepted
	select {
	case <-accepted:
		t.Fatal("there was room for a third")
	case <-time.After(50 * time.Millisecond):
	}
	require.Implements(t, (*interface{ CloseWrite() error })(nil), first)
	require.NoError(t, first.Close())
	require.Error(t, first.Close(), "its place is returned once")
	third := <-accepted
	require.NoError(t, l.Close())
	require.ErrorIs(t, <-ended, net.ErrClosed, "though there is no room")
	require.NoError(t, second.Close())
	require.NoError(t, third.Close())
	require.Nil(t, bound(nil, 1, nil, nil))
}

// One client has its share of the connections, and no more, until it closes one.
func TestAClientHasAShareOfTheConnections(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	refused := make(chan netip.Addr, 1)
	l := bound(inner, 3, address.NewShares(1, func(netip.Addr) bool { return false }), func(a netip.Addr) { refused <- a })
	t.Cleanup(func() { _ = l.Close() })
	accepted := make(chan net.Conn)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	dial := func(from string) net.Conn {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		c, err := d.Dial("tcp", inner.Addr().String())
		require.NoError(t, err)
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	dial("127.0.0.1")
	first := <-accepted
	second := dial("127.0.0.1")
	require.Equal(t, "127.0.0.1", (<-refused).String())
	_, err = second.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF, "it is closed, and does not wait")
	dial("127.0.0.2")
	other := <-accepted
	require.Equal(t, "127.0.0.2", remoteOf(other.(*counted).TCPConn).String())
	require.NoError(t, first.Close())
	dial("127.0.0.1")
	require.NoError(t, (<-accepted).Close())
	require.NoError(t, other.Close())
}

// Machines that carry the requests of others have no share.
func TestProxiesHaveNoShare(t *testing.T) {
	carries := carriesOthers([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")})
	for text, want := range map[string]bool{"127.0.0.1": true, "127.9.9.9": true, "::1": true, "10.1.2.3": true, "11.1.2.3": false, "192.0.2.1": false, "2001:db8::1": false} {
		require.Equal(t, want, carries(netip.MustParseAddr(text)), text)
	}
}
