package graph

import (
	"portico/graph/model"
	"portico/internal/catalog"
	"portico/internal/fault"
)

// uploaded returns the payload of an upload, of which nothing is known if it failed.
func uploaded(out *catalog.UploadedDocument, errs []*fault.Problem) *model.UploadProductDocumentPayload {
	if out == nil {
		return &model.UploadProductDocumentPayload{UserErrors: errs}
	}
	return &model.UploadProductDocumentPayload{ProductDocument: out.Document, Changes: &out.Changes, Endpoints: out.Endpoints, UserErrors: errs}
}
