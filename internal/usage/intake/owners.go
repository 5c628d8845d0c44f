package intake

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"

	"portico/internal/database"
	"portico/internal/usage"
)

// fillAccounts sets the account of calls that name only an app or a credential. An
// endpoint that was deleted meanwhile becomes none. It returns an error for a call
// that names an object that the reporter may not report, just as for one that does
// not exist, and for an app and a credential of different accounts. It runs one
// statement, whatever the number of calls.
func (s *Store) fillAccounts(ctx context.Context, tx *database.Tx, by usage.Reporter, calls []usage.Reported) error {
	named := map[uuid.UUID]bool{}
	for i := range calls {
		for _, id := range objectsOf(&calls[i].Call) {
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
		if !mayReport(&by, &calls[i]) || !fillAccount(&calls[i].Call, owners) {
			return badReport("The batch names an object that does not exist.")
		}
	}
	return nil
}

// mayReport reports whether the reporter may report calls of this call's product.
// A gateway that is limited to products may also report refusals of calls to no
// product: such calls reached nothing that has one, Portico counts its own in the
// same way, they use no quota, and without them refusals would be missing.
func mayReport(r *usage.Reporter, c *usage.Reported) bool {
	if r.Products.Includes(c.Product) {
		return true
	}
	refused := c.Code != "" && !c.Passed()
	return c.Product == uuid.Nil && refused && c.StatusClass == 0
}

// endpointKind is the index of the endpoint in objectsOf.
const endpointKind = 4

// objectsOf returns what a call names, by the kinds of owners.
func objectsOf(c *usage.Call) [5]uuid.UUID {
	return [...]uuid.UUID{c.Account, c.App, c.Credential, c.Product, c.Endpoint}
}

// object is an object of a kind: the id of an object of another kind is unknown.
type object struct {
	kind int
	id   uuid.UUID
}

// fillAccount sets the call's account. It returns false if the call names an object
// that has no owner, or objects of different accounts.
func fillAccount(c *usage.Call, owners map[object]uuid.UUID) bool {
	for kind, id := range objectsOf(c) {
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

// owners returns the account of each named object of the organization; uuid.Nil for
// objects that belong to no account.
func (s *Store) owners(ctx context.Context, tx *database.Tx, by usage.Reporter, named map[uuid.UUID]bool) (map[object]uuid.UUID, error) {
	if len(named) == 0 {
		return nil, nil
	}
	list := database.List(s.db.Dialect(), slices.Collect(maps.Keys(named)))
	where := ` WHERE organization_id = $1 AND ` + database.InList(s.db.Dialect(), "id", "$2")
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
