package gqlhttp_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/gqlhttp"
)

// serve starts the handler on a free port and returns its address.
func serve(t *testing.T, h http.Handler, timeouts gqlhttp.Timeouts) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := gqlhttp.Server("", h, timeouts)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return listener.Addr().String()
}

// The server closes a connection that stops in the middle; the client's own
// deadline only ends the test if it does not.
func TestSlowConnectionsAreClosed(t *testing.T) {
	short := gqlhttp.Timeouts{
		Header: 50 * time.Millisecond, Read: 100 * time.Millisecond, Write: time.Second, Idle: 100 * time.Millisecond,
	}
	address := serve(t, toyHandler(gqlhttp.Options{}), short)
	for name, start := range map[string]string{
		"Silent": "",
		"Header": "POST /graphql HTTP/1.1\r\nHost: x\r\nX-Slow: ",
		"Body":   "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", address)
			require.NoError(t, err)
			defer conn.Close()
			_, err = io.WriteString(conn, start)
			require.NoError(t, err)
			require.NoError(t, conn.SetReadDeadline(time.Now().Add(30*time.Second)))
			answer, err := io.ReadAll(conn)
			require.NoError(t, err, "the server did not cut the connection")
			require.NotContains(t, string(answer), "200 OK")
		})
	}
}

// A client that writes all of a large body before it reads can still read the
// refusal.
func TestLargeBodiesGetAnAnswer(t *testing.T) {
	address := serve(t, toyHandler(gqlhttp.Options{}), gqlhttp.DefaultTimeouts())
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	body := strings.Repeat(" ", 5<<20)
	_, err = io.WriteString(conn, "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5242880\r\n\r\n"+body)
	require.NoError(t, err)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusRequestEntityTooLarge, response.StatusCode)
	require.True(t, response.Close)
	require.NoError(t, response.Body.Close())
}

// A client that sends Expect: 100-continue is refused before it sends the body.
func TestLargeBodiesAreRefusedUnsent(t *testing.T) {
	address := serve(t, toyHandler(gqlhttp.Options{}), gqlhttp.DefaultTimeouts())
	for _, head := range []string{
		"Content-Length: 5242880\r\nExpect: 100-continue\r\n",
		"Content-Length: 1000000000\r\n",
	} {
		conn, err := net.Dial("tcp", address)
		require.NoError(t, err)
		_, err = io.WriteString(conn, "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"+head+"\r\n")
		require.NoError(t, err)
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusRequestEntityTooLarge, response.StatusCode)
		require.NoError(t, response.Body.Close())
		require.NoError(t, conn.Close())
	}
}

func TestDefaultTimeoutsCloseWithin15Seconds(t *testing.T) {
	timeouts := gqlhttp.DefaultTimeouts()
	for _, d := range []time.Duration{timeouts.Header, timeouts.Read, timeouts.Write} {
		require.Positive(t, d)
		require.LessOrEqual(t, d, 15*time.Second)
	}
}
