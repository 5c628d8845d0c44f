package apps

import "portico/internal/domain"

// LeakSource is who says that a key has leaked.
type LeakSource string

// The sources.
const (
	FromHolder   LeakSource = "HOLDER" // and revokes it by the key itself
	FromFinder   LeakSource = "FINDER"
	FromScanning LeakSource = "SECRET_SCANNING"
)

// LeakOutcome is what came of it.
type LeakOutcome string

// The outcomes.
const (
	LeakRevoked       LeakOutcome = "REVOKED"
	LeakTold          LeakOutcome = "TOLD" // to its owner alone, as the organization wants it
	LeakRevokedBefore LeakOutcome = "REVOKED_BEFORE"
	LeakUnknown       LeakOutcome = "UNKNOWN" // there is no such key
)

// LeakSources returns all sources.
func LeakSources() []LeakSource { return []LeakSource{FromHolder, FromFinder, FromScanning} }

// LeakOutcomes returns all outcomes.
func LeakOutcomes() []LeakOutcome {
	return []LeakOutcome{LeakRevoked, LeakTold, LeakRevokedBefore, LeakUnknown}
}

// reportedBy returns the source of reports that are stored under a name.
func reportedBy(reporter string) LeakSource {
	if reporter == domain.SecretScanning {
		return FromScanning
	}
	return FromFinder
}

// count counts what came of a report, once that is stored.
func (l leaks) count(s LeakSource, o LeakOutcome) {
	if l.counted != nil {
		l.counted(s, o)
	}
}
