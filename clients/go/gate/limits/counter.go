package limits

import (
	"crypto/sha256"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
)

// ByApp returns the counter of an app's calls of a product, for the plan's rate
// limit and its quota. It does not depend on the subscription's row: an app that
// subscribes again, also by another plan, continues with its previous count.
func ByApp(app, product uuid.UUID) uuid.UUID {
	return counter("counter of app and product:", app, product)
}

// ByEndpoint returns the counter of an app's calls of one endpoint of a product, for the
// limits that a plan has for it. Like ByApp it does not depend on the subscription's row. ofApp
// is ByApp of the app and the product.
func ByEndpoint(ofApp, endpoint uuid.UUID) uuid.UUID {
	return counter("counter of app and endpoint:", ofApp, endpoint)
}

// BySpending returns the counter of the calls that an app has made of a product in a month,
// for spending caps. ofApp is ByApp of the app and the product.
func BySpending(ofApp uuid.UUID) uuid.UUID {
	ofApp[0] ^= 4
	return ofApp
}

// ByAccount returns the counter of the calls of all apps of an account, for the
// quotas of a product that have the same period. Plans that count their quota per
// account use it.
func ByAccount(account, product uuid.UUID, per access.QuotaPeriod) uuid.UUID {
	return InPeriod(OfAccount(account, product), per)
}

// OfAccount returns the part of ByAccount that can be computed before the plan is
// known. InPeriod derives the counter from it.
func OfAccount(account, product uuid.UUID) uuid.UUID {
	return counter("counter of account and product:", account, product)
}

// InPeriod returns the account's counter for quotas of a period. Days, weeks and
// months have separate counters, as the apps of one account may have plans of each
// at the same time.
func InPeriod(ofAccount uuid.UUID, per access.QuotaPeriod) uuid.UUID {
	switch per {
	case access.PerWeek:
		ofAccount[0] ^= 1
	case access.PerMonth:
		ofAccount[0] ^= 2
	}
	return ofAccount
}

func counter(label string, owner, product uuid.UUID) uuid.UUID {
	var text [64]byte
	b := append(text[:0], label...)
	sum := sha256.Sum256(append(append(b, owner[:]...), product[:]...))
	id := uuid.UUID(sum[:16])
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80 // version 8: computed by a custom rule
	return id
}
