package schema

import (
	"slices"
	"testing"

	"portico/internal/domain"
)

// The CHECKs permit every kind of letter that there is.
func TestMailKinds(t *testing.T) {
	for _, k := range domain.MailKinds() {
		if !slices.Contains(mailKinds(), string(k)) {
			t.Errorf("the tables refuse %s", k)
		}
	}
}
