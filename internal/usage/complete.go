package usage

import (
	"context"
	"encoding/json"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"
	"github.com/lib/pq"

	"portico/clients/go/gate/verdict"
	"portico/internal/database"
	"portico/internal/domain"
)

// Reporter is whose reports are taken in.
type Reporter struct {
	Organization uuid.UUID
	// Products are the only ones it may report of, but for refusals of calls
	// that reached none; nil: all, and of none as well.
	Products domain.ProductScope
	// Environment is the only one whose keys it may report of; "": all.
	Environment domain.Environment
}

// complete fills in the account where a call names only its app or its key. An
// endpoint that is gone meanwhile becomes none. It refuses a call that names an
// object that is none of the reporter's, which answers like one that does not
// exist, or an app and a key of different accounts. It is one statement,
// whatever the number of calls.
func (s *Store) complete(ctx context.Context, tx *database.Tx, by Reporter, calls []Reported) error {
	named := map[uuid.UUID]bool{}
	for i := range calls {
		for _, id := range calls[i].objects() {
			if id != uuid.Nil {
				named[id] = true
			}
		}
	}
	owners, err := s.owners(ctx, tx, by, named)
	if err != nil {
		return err
	}
	for i := range calls {
		if !by.reaches(&calls[i]) || !calls[i].complete(owners) {
			return badReport("The batch names an object that does not exist.")
		}
	}
	return nil
}

// reaches reports whether a call is of a product that the reporter may report of.
// A gateway that is bound to products refuses calls of which nobody can say what
// product they are for, and Portico counts its own like that: they take nothing
// from a quota, and hidden they would be missed.
func (r *Reporter) reaches(c *Reported) bool {
	if r.Products.Includes(c.Product) {
		return true
	}
	refused := c.Code != "" && c.Code != verdict.Valid.String()
	return c.Product == uuid.Nil && refused && c.StatusClass == 0
}

// endpointKind is the place of the endpoint in objects.
const endpointKind = 4

// objects lists what a call names, in the order of the kinds in owners.
func (c *Call) objects() [5]uuid.UUID {
	return [...]uuid.UUID{c.Account, c.App, c.Credential, c.Product, c.Endpoint}
}

// object is one of a kind: an id of another kind is no id.
type object struct {
	kind int
	id   uuid.UUID
}

// complete fills in the account; false if something is a stranger's.
func (c *Call) complete(owners map[object]uuid.UUID) bool {
	for kind, id := range c.objects() {
		if id == uuid.Nil {
			continue
		}
		account, known := owners[object{kind, id}]
		switch {
		case !known && kind == endpointKind:
			c.Endpoint = uuid.Nil
		case !known:
			return false
		case account == uuid.Nil: // products and endpoints have none
		case c.Account == uuid.Nil:
			c.Account = account
		case c.Account != account:
			return false
		}
	}
	return true
}

// owners returns the account of each object that is the organization's.
func (s *Store) owners(ctx context.Context, tx *database.Tx, by Reporter, named map[uuid.UUID]bool) (map[object]uuid.UUID, error) {
	if len(named) == 0 {
		return nil, nil
	}
	ids := make([]string, 0, len(named))
	for id := range named {
		ids = append(ids, id.String())
	}
	in, list := "= ANY($2)", any(pq.Array(ids))
	if s.db.Dialect() != dialect.Postgres {
		text, _ := json.Marshal(ids) // strings always can
		in, list = "IN (SELECT value FROM json_each($2))", string(text)
	}
	where := ` WHERE organization_id = $1 AND id ` + in
	rows, err := tx.QueryContext(ctx, `SELECT 0, id, id FROM accounts`+where+` UNION ALL SELECT 1, id, account_id FROM apps`+where+
		` UNION ALL SELECT 2, id, account_id FROM credentials`+where+` AND ($3 = '' OR environment = $3) UNION ALL SELECT 3, id, NULL FROM products`+where+
		` UNION ALL SELECT 4, id, NULL FROM endpoints`+where, by.Organization, list, string(by.Environment))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := make(map[object]uuid.UUID, len(named))
	for rows.Next() {
		var o object
		var account uuid.NullUUID
		if err := rows.Scan(&o.kind, &o.id, &account); err != nil {
			return nil, err
		}
		out[o] = account.UUID
	}
	return out, rows.Err()
}
