package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/config"
)

func TestUnknownVariablesSuggestNames(t *testing.T) {
	require.Equal(t, []config.UnknownVariable{
		{"PORTICO_ADRR", "PORTICO_ADDR"}, {"PORTICO_DB_CONN", "PORTICO_DB_CONNS"}, {"PORTICO_KEY_RING", "PORTICO_KEYRING"},
		{"PORTICO_PORT", "PORTICO_LOG"}, {"PORTICO_REDIS_URL", "REDIS_URL"}, {"PORTICO_TRUSTED_PROXY", "PORTICO_TRUSTED_PROXIES"},
		{"portico_dev", "PORTICO_DEV"},
	}, config.Unknown([]string{
		"PATH=/bin", "PORTICO_ADDR=:1", "PORTICO_ADRR=:1", "PORTICO_DB_CONN=", "PORTICO_KEY_RING=geheim", "portico_dev=true", "PORTICO_TRUSTED_PROXY=10.0.0.1",
		"PORTICO_REDIS_URL=redis://x", "DATABASE_URL=sqlite:x", "PORTICO_PORT=8080", "PORTICO", "XPORTICO_ADDR=1",
		// Not settings of Portico:
		"PORTICO_TEST_POSTGRES=x", "PORTICO_SERVICE_HOST=10.0.0.1", "PORTICO_SERVICE_PORT=80", "PORTICO_SERVICE_PORT_HTTP=80",
		"PORTICO_PORT_80_TCP=tcp://10.0.0.1:80", "PORTICO_PORT_80_TCP_ADDR=10.0.0.1", "PORTICO_GATEWAY_PORT=tcp://10.0.0.1:80", "PORTICO_GATEWAY_SERVICE_HOST=10.0.0.1",
	}))
	require.Empty(t, config.Unknown(nil))
}
