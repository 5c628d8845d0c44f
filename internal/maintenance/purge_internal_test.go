package maintenance

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/retention"
)

// TestWhatIsDeclaredIsPurged: each table whose retention is a setting of the
// organization has its purge here, and this package knows the setting.
func TestWhatIsDeclaredIsPurged(t *testing.T) {
	var declared, purged []string
	for _, r := range retention.RulesOf(retention.Purge) {
		if r.Setting != "" {
			declared = append(declared, r.Table)
			_, err := setting(&db.Organization{}, r.Setting)
			require.NoError(t, err)
		}
	}
	for _, p := range (&Service{}).purges() {
		purged = append(purged, p.table)
	}
	require.ElementsMatch(t, declared, purged)
}
