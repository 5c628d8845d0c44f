package limits

import (
	"crypto/sha256"

	"github.com/google/uuid"

	"portico/internal/domain"
)

// ByApp is what an app's calls of a product are counted by, for the plan's
// rate limit and its quota: whatever row registers them now. An app that
// registers again, by another plan too, goes on where it was.
func ByApp(app, product uuid.UUID) uuid.UUID {
	return counter("counter of app and product:", app, product)
}

// ByAccount is what the calls of all apps of an account are counted by, for
// quotas of a product that are counted over the same period. A plan that counts
// its quota per account goes by it.
func ByAccount(account, product uuid.UUID, per domain.QuotaPeriod) uuid.UUID {
	return InPeriod(OfAccount(account, product), per)
}

// OfAccount is what InPeriod makes ByAccount of: what can be made before the
// plan is known.
func OfAccount(account, product uuid.UUID) uuid.UUID {
	return counter("counter of account and product:", account, product)
}

// InPeriod tells the quotas of days, weeks and months of an account apart: apps
// of one account may have plans of each at the same time.
func InPeriod(ofAccount uuid.UUID, per domain.QuotaPeriod) uuid.UUID {
	switch per {
	case domain.PerWeek:
		ofAccount[0] ^= 1
	case domain.PerMonth:
		ofAccount[0] ^= 2
	}
	return ofAccount
}

func counter(label string, owner, product uuid.UUID) uuid.UUID {
	var text [64]byte
	b := append(text[:0], label...)
	sum := sha256.Sum256(append(append(b, owner[:]...), product[:]...))
	id := uuid.UUID(sum[:16])
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80 // version 8: made by a rule of one's own
	return id
}
