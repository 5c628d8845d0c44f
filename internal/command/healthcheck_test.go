package command

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/testdb"
	"portico/internal/testdb/freeport"
)

func TestHealth(t *testing.T) {
	s := start(t, "--dev", "--database-url="+testdb.EmptySQLite(t))
	out, err := portico("", "health", "--addr="+strings.TrimPrefix(s.url, "http://"))
	require.NoError(t, err)
	require.Contains(t, out, `"ok"`)

	_, err = portico("", "health", "--addr="+freeport.Address(t))
	require.ErrorContains(t, err, "no server answers")
}
