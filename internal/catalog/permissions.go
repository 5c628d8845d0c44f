package catalog

import (
	"context"

	"portico/ent/db"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// ProductPermissions is what the viewer may do to a product.
type ProductPermissions struct{ Update, Register, CreateEndpoint policy.Decision }

// ProductPermissions asks the policy about a product. Register is decided for
// an app of the developer's account.
func (svc *Service) ProductPermissions(ctx context.Context, x *db.Product) *ProductPermissions {
	v, o := viewer.Current(ctx), policy.Object{OrganizationID: x.OrganizationID, Product: x.Status}
	return &ProductPermissions{
		Update:   policy.Decide(v, policy.ProductUpdate, o),
		Register: policy.Decide(v, policy.AppRegister, o),

		CreateEndpoint: policy.Decide(v, policy.EndpointCreate, o),
	}
}

// EndpointPermissions is what the viewer may do to an endpoint.
type EndpointPermissions struct{ Update, Delete policy.Decision }

// EndpointPermissions asks the policy about an endpoint.
func (svc *Service) EndpointPermissions(ctx context.Context, x *db.Endpoint) *EndpointPermissions {
	v, o := viewer.Current(ctx), policy.Object{OrganizationID: x.OrganizationID}
	return &EndpointPermissions{
		Update: policy.Decide(v, policy.EndpointUpdate, o),
		Delete: policy.Decide(v, policy.EndpointDelete, o),
	}
}
