package database

import (
	"context"
	"net"
	neturl "net/url"
	"time"

	"github.com/lib/pq"
)

// NewListener returns a listener for Postgres notifications on a connection of
// its own, with the same URL and the same rules for TLS as Open. If the server
// is silent for longer than silence, the connection is closed and opened again,
// so it must be pinged more often than that; pauses between attempts to connect
// grow from first to longest. NewListener does not wait for the server.
func NewListener(url string, silence, first, longest time.Duration) (*pq.Listener, error) {
	cfg, err := pqConfig(url, Options{StatementTimeout: -1})
	if err != nil {
		return nil, err
	}
	u, err := neturl.Parse(url)
	if err != nil {
		return nil, safeURLError(err)
	}
	q := u.Query()
	q.Set("sslmode", string(cfg.SSLMode))
	u.RawQuery = q.Encode()
	return pq.NewDialListener(listenDialer{silence}, u.String(), first, longest, nil), nil
}

// listenDialer opens connections on which every read and write has a deadline.
type listenDialer struct{ silence time.Duration }

// Dial connects.
func (d listenDialer) Dial(network, address string) (net.Conn, error) {
	return d.DialTimeout(network, address, d.silence)
}

// DialTimeout connects within t.
func (d listenDialer) DialTimeout(network, address string, t time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), t)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

// DialContext connects unless ctx ends first.
func (d listenDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := (&net.Dialer{Timeout: d.silence}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &deadlineConn{c, d.silence}, nil
}

// deadlineConn is a connection whose reads and writes fail after silence.
type deadlineConn struct {
	net.Conn
	silence time.Duration
}

// Read reads within the deadline.
func (c *deadlineConn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.silence)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// Write writes within the deadline.
func (c *deadlineConn) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.silence)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}
