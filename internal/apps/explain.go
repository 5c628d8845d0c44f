package apps

import (
	"context"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db/product"
	"portico/internal/database"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/viewer"
)

// maxPath is the maximum length of a call's path, in characters.
const maxPath = 2000

// ExplainAccessInput describes a call to explain.
type ExplainAccessInput struct {
	CredentialID string
	Product      *string
	Method       *string
	Path         *string
	// Address is an IP address as text.
	Address *string
	// App is an app's id or reference id.
	App         *string
	Environment *access.Environment
	// At is the time of the call; nil for now.
	At *time.Time
}

// AccessQuestion is a checked call of a credential that the viewer may see.
type AccessQuestion struct {
	Organization, Credential   uuid.UUID
	Product, Method, Path, App string
	Address                    netip.Addr // zero: unknown
	Environment                access.Environment
	At                         time.Time
	// Products are those that the viewer may see. Any other product is treated as
	// unknown.
	Products access.ProductScope
}

// AccessQuestion checks that the viewer may have a call explained. A credential
// that the viewer may not see is fault.NotFound, an invalid input
// fault.CodeBadUserInput.
func (svc *Service) AccessQuestion(ctx context.Context, in ExplainAccessInput) (q AccessQuestion, err error) {
	if q.Credential, err = input.DecodeID(nodeid.Credential, in.CredentialID); err != nil {
		return q, err
	}
	seen, err := svc.entities.CredentialsByID(ctx, []uuid.UUID{q.Credential}, []string{"id"})
	if err != nil {
		return q, err
	}
	if seen[q.Credential] == nil {
		return q, fault.NotFound()
	}
	q.Organization, q.At = viewer.Current(ctx).OrganizationID, svc.clock.Now()
	if in.At != nil {
		q.At = *in.At
	}
	q.Environment = input.OrZero(in.Environment)
	for _, text := range []struct {
		from *string
		to   *string
		max  int
	}{{in.Product, &q.Product, input.MaxShort}, {in.Method, &q.Method, input.MaxShort}, {in.Path, &q.Path, maxPath}, {in.App, &q.App, input.MaxShort}} {
		if input.CheckText("", input.OrZero(text.from), text.max, false) != nil {
			return q, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, "The product, the method, the path or the app is too long or contains characters that cannot be shown.")
		}
		*text.to = input.OrZero(text.from)
	}
	if in.Address != nil {
		host, err := netip.ParseAddr(*in.Address)
		if err != nil || host.Zone() != "" {
			return q, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, "The address is not an IP address.")
		}
		q.Address = host.Unmap()
	}
	if q.Product == "" {
		return q, nil
	}
	shown, err := svc.client.Product.Query().Where(product.Name(q.Product)).Exist(ctx)
	if err == nil && !shown {
		q.Products = access.ProductScope{}
	}
	return q, database.Fault(err)
}
