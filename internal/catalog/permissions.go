package catalog

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/internal/domain"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// ProductPermissions is what the viewer may do to a product.
type ProductPermissions struct {
	Update, Register, CreateEndpoint, CreateGuide, ChangeApprovers, ChangeGrants policy.Decision
}

// ProductPermissions asks the policy about a product. Register is decided for
// an app of the developer's account, which was granted the product or not.
func (svc *Service) ProductPermissions(ctx context.Context, x *db.Product, granted bool) *ProductPermissions {
	v, org := viewer.Current(ctx), x.OrganizationID
	return &ProductPermissions{
		Update:   policy.Decide(v, policy.UpdateProduct(org, x.Status)),
		Register: policy.Decide(v, policy.Register(org, uuid.Nil, x.Status, granted || x.Visibility == domain.Public)),

		CreateEndpoint:  policy.Decide(v, policy.CreateEndpoint(org, x.Status)),
		CreateGuide:     policy.Decide(v, policy.CreateGuide(org, x.Status)),
		ChangeApprovers: policy.Decide(v, policy.ChangeApprovers(org)),
		ChangeGrants:    policy.Decide(v, policy.ChangeGrants(org)),
	}
}

// EndpointPermissions is what the viewer may do to an endpoint.
type EndpointPermissions struct{ Update, Delete policy.Decision }

// EndpointPermissions asks the policy about an endpoint.
func (svc *Service) EndpointPermissions(ctx context.Context, x *db.Endpoint) *EndpointPermissions {
	v, org := viewer.Current(ctx), x.OrganizationID
	return &EndpointPermissions{
		Update: policy.Decide(v, policy.UpdateEndpoint(org)),
		Delete: policy.Decide(v, policy.DeleteEndpoint(org)),
	}
}

// GuidePermissions is what the viewer may do to a guide.
type GuidePermissions struct{ Update, Delete policy.Decision }

// GuidePermissions asks the policy about a guide.
func (svc *Service) GuidePermissions(ctx context.Context, x *db.Guide) *GuidePermissions {
	v, org := viewer.Current(ctx), x.OrganizationID
	return &GuidePermissions{Update: policy.Decide(v, policy.UpdateGuide(org)), Delete: policy.Decide(v, policy.DeleteGuide(org))}
}
