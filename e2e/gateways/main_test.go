package gateways

import (
	"testing"

	"portico/e2e/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }
