package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
	"portico/internal/testdb"
)

// longApps creates a hundred apps with descriptions of the maximum length.
func longApps(t *testing.T, dev *servertest.Client) {
	t.Helper()
	description := strings.Repeat("語", 2000)
	for range 5 {
		var b strings.Builder
		for i := range 20 {
			fmt.Fprintf(&b, "a%d: createApp(input: {name: \"Long\", description: $d, generateKey: false}) { userErrors { code } } ", i)
		}
		dev.Must(t, "mutation($d: String!) { "+b.String()+"}", vars{"d": description})
	}
}

// unread sends a request over a connection of its own, reads only the first bytes of the
// response, and returns its status.
func unread(t *testing.T, c *servertest.Client, document string) (status string, conn net.Conn) {
	body, err := json.Marshal(map[string]string{"query": document})
	require.NoError(t, err)
	address := strings.TrimPrefix(c.URL, "http://")
	conn, err = net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.(*net.TCPConn).SetReadBuffer(4<<10))
	_, err = fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\nContent-Length: %s\r\n\r\n%s",
		address, c.Token, strconv.Itoa(len(body)), body)
	require.NoError(t, err)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(time.Minute)))
	head := make([]byte, len("HTTP/1.1 200"))
	_, err = io.ReadFull(conn, head)
	require.NoError(t, err)
	return strings.TrimPrefix(string(head), "HTTP/1.1 "), conn
}

// 150 connections that request the longest responses and do not read them use little
// memory, do not lock others out, and are closed.
func TestSlowReadersUseLittleMemory(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, testdb.EmptySQLite(t))
	dev := s.SignIn(t, "developer@demo.example")
	longApps(t, dev)
	var aliases strings.Builder
	for i := range 13 {
		fmt.Fprintf(&aliases, "d%d: description ", i)
	}
	document := "{ apps(first: 100) { nodes { " + aliases.String() + "} } }"
	seen := map[string]int{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 150 {
		all.Go(func() {
			status, _ := unread(t, dev, document)
			mu.Lock()
			defer mu.Unlock()
			seen[status]++
		})
	}
	all.Wait()
	t.Logf("answers %v, memory %d MB, at most %d MB", seen, s.Memory(t)>>20, s.MostMemory(t)>>20)
	require.NotZero(t, seen["200"], seen)
	require.Equal(t, 150, seen["200"]+seen["503"], seen)
	dev.Must(t, `{ apps(first: 20) { nodes { id name } } }`, nil)
	s.SignIn(t, "developer@globex.example").Must(t, `{ apps(first: 1) { nodes { id } } }`, nil)
	const most = 400 << 20
	require.Less(t, s.MostMemory(t), most)
	require.Eventually(t, func() bool { return s.Memory(t) < most*3/4 }, time.Minute, 100*time.Millisecond, "memory is given back")
}
