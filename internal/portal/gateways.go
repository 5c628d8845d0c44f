package portal

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/internal/eventlog"
	"portico/internal/nodeid"
	"portico/internal/viewer"
)

// GatewayScope lets a machine verify keys.
const GatewayScope = "gateway"

// CreateGateway makes the token of a gateway, of which only the hash and the
// hint are stored. Only commands do, as Portico itself.
func (p *Portal) CreateGateway(ctx context.Context, slug, name string, hash []byte, hint string) (out *db.ServiceToken, err error) {
	if err := checkName("name", name); err != nil {
		return nil, err
	}
	ctx = viewer.NewContext(ctx, viewer.ForSystem(uuid.Nil))
	err = p.change(ctx, func(ctx context.Context, c *change) error {
		if err := c.enter(ctx, slug); err != nil {
			return err
		}
		var err error
		out, err = c.ServiceToken.Create().SetOrganizationID(c.organization).SetName(name).SetScopes([]string{GatewayScope}).
			SetTokenHash(hash).SetHint(hint).SetCreatedAt(c.now).SetUpdatedAt(c.now).Save(ctx)
		if err != nil {
			return taken(err, "name", "A token of the organization bears this name already.")
		}
		c.record(eventlog.Entry{Type: eventlog.ServiceTokenCreated, Subject: nodeid.ServiceToken, SubjectID: out.ID, SubjectName: name})
		return nil
	})
	return out, err
}
