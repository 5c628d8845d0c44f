package graph

import (
	"context"

	"portico/ent/db"
	"portico/graph/model"
	"portico/internal/catalog"
	"portico/internal/entity"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/listing"
	"portico/internal/nodeid"
)

// uploaded returns the payload of an upload, of which nothing is known if it failed.
func uploaded(out *catalog.UploadedDocument, errs []*fault.Problem) *model.UploadProductDocumentPayload {
	if out == nil {
		return &model.UploadProductDocumentPayload{UserErrors: errs}
	}
	return &model.UploadProductDocumentPayload{ProductDocument: out.Document, Changes: &out.Changes, Endpoints: out.Endpoints, UserErrors: errs}
}

// curlOf returns a call of an operation, with the key as the product takes it: also if the
// operation selects nothing of the product.
func curlOf(ctx context.Context, r entity.Reader, d *db.ProductDocument, method, path string, credentialID, appID *string) (*string, error) {
	by, err := callerOf(ctx, r, credentialID, appID)
	if err != nil {
		return nil, err
	}
	x, err := oneWith(ctx, nodeid.Product, d.ProductID, loadersOf(ctx).columns(ctx, nodeid.Product, "authTypes", "keyless"), r.ProductsByID)
	if err != nil || x == nil {
		return nil, err
	}
	return catalog.Curl(x, d, method, path, by), nil
}

// callerOf returns who makes a call: a key and an app that the viewer sees.
func callerOf(ctx context.Context, r entity.Reader, credentialID, appID *string) (by catalog.Caller, err error) {
	if credentialID != nil {
		key, err := named(ctx, nodeid.Credential, *credentialID, loadersOf(ctx).columns(ctx, nodeid.Credential, "username"), r.CredentialsByID)
		if err != nil {
			return by, err
		}
		by.Username = key.Username.String()
	}
	if appID != nil {
		app, err := named(ctx, nodeid.App, *appID, loadersOf(ctx).columns(ctx, nodeid.App), r.AppsByID)
		if err != nil {
			return by, err
		}
		by.App = app.GlobalID()
	}
	return by, nil
}

// named returns the object that an id names, which the viewer must see.
func named[T any](ctx context.Context, k nodeid.Kind, id string, columns []string, load listing.ByIDReader[*T]) (*T, error) {
	decoded, err := input.DecodeID(k, id)
	if err != nil {
		return nil, err
	}
	x, err := oneWith(ctx, k, decoded, columns, load)
	if err == nil && x == nil {
		err = fault.NotFound()
	}
	return x, err
}
