package main

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestConnectionsAreBounded(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := bound(inner, 2)
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
	require.Nil(t, bound(nil, 1))
}
