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

// appKind and endpointKind are the indexes of the app and the endpoint in objectsOf, and
// formerKind is that of pairs of an app and a former account.
const (
	appKind      = 1
	endpointKind = 4
	formerKind   = 5
)

// objectsOf returns what a call names, by the kinds of owners.
func objectsOf(c *usage.Call) [5]uuid.UUID {
	return [...]uuid.UUID{c.Account, c.App, c.Credential, c.Product, c.Endpoint}
}

// object is an object of a kind: the id of an object of another kind is unknown.
type object struct {
	kind int
	id   uuid.UUID
}

// owners are the accounts of objects, and those that apps have had before.
type owners struct {
	of map[object]uuid.UUID
	// former has pairs of an app and an account.
	former map[[2]uuid.UUID]bool
}

// had reports whether a call's account is one from which the call's app went to the present
// one: it was made before that, and is counted where it was made.
func (o owners) had(c *usage.Call, present uuid.UUID) bool {
	return c.App != uuid.Nil && o.of[object{appKind, c.App}] == present && o.former[[2]uuid.UUID{c.App, c.Account}]
}

// fillAccount sets the call's account. It returns false if the call names an object
// that has no owner, or objects of different accounts.
func fillAccount(c *usage.Call, owners owners) bool {
	for kind, id := range objectsOf(c) {
		if id == uuid.Nil {
			continue
		}
		account, known := owners.of[object{kind, id}]
		switch {
		case !known && kind == endpointKind:
			c.Endpoint = uuid.Nil
		case !known:
			return false
		case account == uuid.Nil: // products and endpoints have none
		case c.Account == uuid.Nil:
			c.Account = account
		case c.Account != account && !owners.had(c, account):
			return false
		}
	}
	return true
}

// owners returns the account of each named object of the organization, uuid.Nil for
// objects that belong to no account, and the former accounts of the apps.
func (s *Store) owners(ctx context.Context, tx *database.Tx, by usage.Reporter, named map[uuid.UUID]bool) (owners, error) {
	out := owners{make(map[object]uuid.UUID, len(named)), map[[2]uuid.UUID]bool{}}
	if len(named) == 0 {
		return out, nil
	}
	list := database.List(s.db.Dialect(), slices.Collect(maps.Keys(named)))
	where := ` WHERE organization_id = $1 AND ` + database.InList(s.db.Dialect(), "id", "$2")
	rows, err := tx.QueryContext(ctx, `SELECT 0, id, id FROM accounts`+where+` UNION ALL SELECT 1, id, account_id FROM apps`+where+
		` UNION ALL SELECT 2, id, account_id FROM credentials`+where+` AND ($3 = '' OR environment = $3) UNION ALL SELECT 3, id, NULL FROM products`+where+
		` UNION ALL SELECT 4, id, NULL FROM endpoints`+where+
		` UNION ALL SELECT 5, app_id, from_account_id FROM app_transfers WHERE organization_id = $1 AND `+database.InList(s.db.Dialect(), "app_id", "$2")+` AND status = 'ACCEPTED'`, by.Organization, list, string(by.Environment))
	if err != nil {
		return out, err
	}
	defer rows.Close()
	for rows.Next() {
		var o object
		var account uuid.NullUUID
		if err := rows.Scan(&o.kind, &o.id, &account); err != nil {
			return out, err
		}
		if o.kind == formerKind {
			out.former[[2]uuid.UUID{o.id, account.UUID}] = true
			continue
		}
		out.of[o] = account.UUID
	}
	return out, rows.Err()
}
