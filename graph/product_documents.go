package graph

import (
	"context"

	"portico/ent/db"
	"portico/graph/model"
	"portico/internal/catalog"
	"portico/internal/entity"
	"portico/internal/fault"
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
func curlOf(ctx context.Context, r entity.Reader, d *db.ProductDocument, method, path string) (*string, error) {
	x, err := oneWith(ctx, nodeid.Product, d.ProductID, loadersOf(ctx).columns(ctx, nodeid.Product, "authTypes", "keyless"), r.ProductsByID)
	if err != nil || x == nil {
		return nil, err
	}
	return catalog.Curl(x, d, method, path), nil
}
