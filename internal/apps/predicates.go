package apps

import (
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"portico/clients/go/gate/access"
	"portico/ent/db/app"
	"portico/ent/db/credential"
	"portico/ent/db/predicate"
	"portico/internal/input"
)

// hasLabel matches apps that have a label.
func hasLabel(l LabelFilter) predicate.App {
	return func(s *sql.Selector) {
		column := s.C(app.FieldLabels)
		s.Where(sql.P(func(b *sql.Builder) {
			each, as := "json_each("+column+")", "json_extract(l.value, '$.key')"
			value := "json_extract(l.value, '$.value')"
			if b.Dialect() == dialect.Postgres {
				each, as, value = "jsonb_array_elements("+column+"::jsonb)", "l.value ->> 'key'", "l.value ->> 'value'"
			}
			b.WriteString("EXISTS (SELECT 1 FROM " + each + " AS l WHERE " + as + " = ").Arg(input.Sanitize(l.Key))
			if l.Value != nil {
				b.WriteString(" AND " + value + " = ").Arg(input.Sanitize(*l.Value))
			}
			b.WriteString(")")
		}))
	}
}

// inStatus matches credentials whose status at a time is one of wanted; EXPIRED
// is not stored but follows from the expiry time.
func inStatus(wanted []access.CredentialStatus, now time.Time) predicate.Credential {
	revoked := credential.StatusNotIn(access.CredentialActive, access.CredentialDisabled) // as lifecycle has it
	expired := credential.And(
		credential.Not(revoked), credential.ExpiresAtNotNil(), credential.ExpiresAtLTE(now))
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
