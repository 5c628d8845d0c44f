package apps

import (
	"entgo.io/ent/dialect/sql"

	"portico/clients/go/gate/access"
	"portico/ent/db/app"
	"portico/ent/db/credential"
	"portico/ent/db/predicate"
)

// hasKeyFor matches apps with a credential for one of some environments that is not revoked.
func hasKeyFor(environments []access.Environment) predicate.App {
	return func(s *sql.Selector) {
		t := sql.Dialect(s.Dialect()).Table(credential.Table)
		q := sql.Dialect(s.Dialect()).Select(t.C(credential.FieldID)).From(t).Where(sql.And(
			sql.ColumnsEQ(t.C(credential.FieldAppID), s.C(app.FieldID)),
			sql.ColumnsEQ(t.C(credential.FieldOrganizationID), s.C(app.FieldOrganizationID)), // which an index begins with
			sql.NEQ(t.C(credential.FieldStatus), string(access.CredentialRevoked)), sql.IsNull(t.C(credential.FieldDeletedAt))))
		credential.EnvironmentIn(environments...)(q)
		s.Where(sql.Exists(q))
	}
}
