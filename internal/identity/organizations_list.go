package identity

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/organization"
	"portico/internal/change"
	"portico/internal/input"
	"portico/internal/viewer"
)

// Organizations lists all organizations by slug, for commands.
func (svc *Service) Organizations(ctx context.Context) ([]*db.Organization, error) {
	ctx = viewer.AsSystem(ctx, uuid.Nil)
	all, err := svc.client.Organization.Query().Order(organization.BySlug()).All(ctx)
	return all, change.PublicError(err)
}

// OrganizationBySlug returns the part of an organization that a sign-in page, or its public
// catalogue, may show; nil if there is none.
func (svc *Service) OrganizationBySlug(ctx context.Context, slug string) (*db.Organization, error) {
	ctx = viewer.AsSystem(ctx, uuid.Nil)
	o, err := svc.client.Organization.Query().Where(organization.Slug(input.Sanitize(slug))).
		Select(organization.FieldName, organization.FieldSlug, organization.FieldPasswordSignIn, organization.FieldCatalogueAccess,
			organization.FieldSignUp, organization.FieldSignUpForm, organization.FieldTermsVersion, organization.FieldTermsURL).Only(ctx)
	if db.IsNotFound(err) {
		return nil, nil
	}
	return o, change.PublicError(err)
}

// Organization returns the organization with a slug, for commands; an unknown slug is
// UNKNOWN_REFERENCE.
func (svc *Service) Organization(ctx context.Context, slug string) (*db.Organization, error) {
	o, err := svc.client.Organization.Query().Where(organization.Slug(input.Sanitize(slug))).Only(viewer.AsSystem(ctx, uuid.Nil))
	if db.IsNotFound(err) {
		return nil, errUnknownOrganization()
	}
	return o, change.PublicError(err)
}

// organizationID returns the id of the organization with a slug, for commands.
func (svc *Service) organizationID(ctx context.Context, slug string) (uuid.UUID, error) {
	o, err := svc.Organization(ctx, slug)
	if err != nil {
		return uuid.Nil, err
	}
	return o.ID, nil
}
