package apps

import (
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db/accessentry"
	"portico/ent/db/credential"
	"portico/ent/db/predicate"
	"portico/ent/db/subscription"
	"portico/internal/database"
	"portico/internal/listing"
)

// inStatus matches credentials whose status at a time is one of wanted; EXPIRED
// is not stored but follows from the expiry time.
func inStatus(wanted []access.CredentialStatus, now time.Time) predicate.Credential {
	revoked := credential.StatusNotIn(access.CredentialActive, access.CredentialUncollected, access.CredentialDisabled) // as lifecycle has it
	expired := credential.And(
		credential.StatusIn(access.CredentialActive, access.CredentialDisabled), credential.ExpiresAtNotNil(), credential.ExpiresAtLTE(now))
	var any []predicate.Credential
	for _, s := range wanted {
		switch s {
		case access.CredentialExpired:
			any = append(any, expired)
		case access.CredentialRevoked:
			any = append(any, revoked)
		default:
			any = append(any, credential.And(credential.StatusEQ(s), credential.Not(expired)))
		}
	}
	if len(any) == 0 {
		return func(s *sql.Selector) { s.Where(sql.False()) }
	}
	return credential.Or(any...)
}

// credentialTimes returns the conditions of a filter about creation, use and expiry.
func credentialTimes(f CredentialFilter) (out []predicate.Credential) {
	if f.CreatedBefore != nil {
		out = append(out, credential.CreatedAtLT(*f.CreatedBefore))
	}
	if f.NeverUsed != nil {
		out = append(out, listing.NullsEarliest.IsNull(credential.FieldLastUsedAt, *f.NeverUsed))
	}
	if f.LastUsedBefore != nil {
		out = append(out, listing.NullsEarliest.Before(credential.FieldLastUsedAt, *f.LastUsedBefore))
	}
	if f.ExpiresBefore != nil {
		out = append(out, listing.NullsLatest.Before(credential.FieldExpiresAt, *f.ExpiresBefore))
	}
	if f.NeverExpires != nil {
		out = append(out, listing.NullsLatest.IsNull(credential.FieldExpiresAt, *f.NeverExpires))
	}
	return out
}

// reachesAny matches credentials that reach one of some products: their app, or an app of
// the account to which they belong as a whole, has an approved subscription with it, and
// their access includes it.
func reachesAny(products []uuid.UUID) predicate.Credential {
	return func(s *sql.Selector) {
		subscribed := func(owner, column string) *sql.Predicate {
			t := sql.Table(subscription.Table).As("reached")
			e := sql.Table(accessentry.Table).As("listed")
			listed := sql.Exists(sql.Select(e.C(accessentry.FieldID)).From(e).Where(sql.And(
				sql.ColumnsEQ(e.C(accessentry.FieldCredentialID), s.C(credential.FieldID)),
				sql.ColumnsEQ(e.C(accessentry.FieldProductID), t.C(subscription.FieldProductID)))))
			q := sql.Dialect(s.Dialect()).Select(t.C(subscription.FieldID)).From(t).Where(sql.And(
				sql.ColumnsEQ(t.C(owner), column),
				sql.EQ(t.C(subscription.FieldStatus), access.SubscriptionApproved),
				sql.IsNull(t.C(subscription.FieldDeletedAt)),
				sql.Or(sql.EQ(s.C(credential.FieldAccess), access.AllProducts), listed)))
			database.AnyOf(t.C(subscription.FieldProductID), products)(q)
			return sql.Exists(q)
		}
		s.Where(sql.Or(
			subscribed(subscription.FieldAppID, s.C(credential.FieldAppID)),
			sql.And(sql.IsNull(s.C(credential.FieldAppID)), subscribed(subscription.FieldAccountID, s.C(credential.FieldAccountID)))))
	}
}
