package access_test

import (
	"testing"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
)

func TestProductScope(t *testing.T) {
	one, other := uuid.UUID{1}, uuid.UUID{2}
	for name, c := range map[string]struct {
		scope           access.ProductScope
		one, other, all bool
	}{
		"all":  {nil, true, true, true},
		"one":  {access.ProductScope{one}, true, false, false},
		"two":  {access.ProductScope{other, one}, true, true, false},
		"none": {access.ProductScope{}, false, false, false},
	} {
		if c.scope.Includes(one) != c.one || c.scope.Includes(other) != c.other || c.scope.All() != c.all {
			t.Errorf("%s: %v, %v, all: %v", name, c.scope.Includes(one), c.scope.Includes(other), c.scope.All())
		}
	}
}
