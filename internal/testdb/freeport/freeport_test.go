package freeport_test

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/testdb/freeport"
)

func TestNobodyListensThereAndOneMay(t *testing.T) {
	address := freeport.Address(t)
	_, err := net.Dial("tcp", address)
	require.Error(t, err)
	l, err := net.Listen("tcp", address)
	require.NoError(t, err)
	require.NoError(t, l.Close())
}

func TestPortsAreNotThoseOfOutgoingConnections(t *testing.T) {
	for range 100 {
		port, err := freeport.New()
		require.NoError(t, err)
		require.Less(t, port, 32_768)
	}
}
