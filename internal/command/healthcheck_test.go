package command

import (
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/testdb"
)

func TestHealth(t *testing.T) {
	s := start(t, "--dev", "--database-url="+testdb.EmptySQLite(t))
	out, err := portico("", "health", "--addr="+strings.TrimPrefix(s.url, "http://"))
	require.NoError(t, err)
	require.Contains(t, out, `"ok"`)

	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	_, err = portico("", "health", "--addr="+l.Addr().String())
	require.ErrorContains(t, err, "no server answers")
}
