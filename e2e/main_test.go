package e2e

import (
	"testing"

	"portico/e2e/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }
