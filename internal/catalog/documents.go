package catalog

import (
	"context"
	"errors"
	"strconv"
	"time"

	"portico/ent/db"
	"portico/ent/db/productdocument"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/openapi"
	"portico/internal/policy"
	"portico/internal/unseen"
)

const (
	// MaxDocuments is how many documents a product may have.
	MaxDocuments = 50
	// MaxDocumentChanges is how many changes an answer lists.
	MaxDocumentChanges = 200
	// MaxDocumentParts is how many parts of an operation may differ.
	MaxDocumentParts = openapi.MaxParts
)

// UploadProductDocumentInput is the input of UploadProductDocument.
type UploadProductDocumentInput struct {
	ProductID      string
	Document       string
	ApplyEndpoints bool
	DryRun         bool
}

// UploadedDocument is what an upload has changed, or would change.
type UploadedDocument struct {
	// Document is nil for a dry run, unless the product has it already.
	Document *db.ProductDocument
	Changes  DocumentChanges
	// Endpoints is nil if they are not those of the document.
	Endpoints *DocumentEndpoints
}

// DocumentChanges are what differs from the document before.
type DocumentChanges struct {
	AddedCount, RemovedCount, ChangedCount int
	// Operations are the first, of as many as the counts say together.
	Operations []DocumentChange
}

// DocumentEndpoints counts the endpoints that an upload changes.
type DocumentEndpoints struct {
	CreatedCount, UpdatedCount, DeletedCount int
	// NarrowedSubscriptionCount is how many live subscriptions are narrowed to one of those
	// that are deleted.
	NarrowedSubscriptionCount int
}

// DocumentChange is an operation that differs from the document before.
type DocumentChange struct {
	Kind         domain.DocumentChangeKind
	Method, Path string
	// Parts are the names of the parts that differ, of a CHANGED one.
	Parts []string
}

// errDryRun rolls a trial back.
var errDryRun = errors.New("catalog: nothing is to be changed")

// UploadProductDocument gives a product another OpenAPI document, which becomes the present
// one, and compares it with the one before. The text of the present one changes nothing. With
// ApplyEndpoints the product's endpoints become the operations of the document, also if the
// text is the same; DryRun makes all changes and takes them back. What cannot be read as a
// document is INVALID, a text of more than domain.MaxDocument bytes TOO_LONG.
func (svc *Service) UploadProductDocument(ctx context.Context, in UploadProductDocumentInput) (*UploadedDocument, error) {
	id, err := input.DecodeID(nodeid.Product, in.ProductID)
	if err != nil {
		return nil, err
	}
	if err := checkDocument(in.Document); err != nil {
		return nil, err
	}
	// Read before anything is locked, but only for who may change the product: it takes time.
	x, err := svc.client.Product.Get(ctx, id)
	if err != nil {
		return nil, change.PublicError(err)
	}
	if err := change.Refusal(svc.ProductPermissions(ctx, x, false).Update); err != nil {
		return nil, err
	}
	doc, err := openapi.Read(in.Document)
	if err != nil {
		return nil, fault.Input(fault.InvalidValue, "document", err.Error())
	}
	var out *UploadedDocument
	_, err = change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		x, err := lockProduct(ctx, tx, id, policy.UpdateProduct)
		if err != nil {
			return struct{}{}, err
		}
		if out, err = upload(ctx, tx, x, in, doc); err == nil && in.DryRun {
			err = errDryRun
		}
		return struct{}{}, err
	})
	if err != nil && !errors.Is(err, errDryRun) {
		return nil, err
	}
	return out, nil
}

// checkDocument checks what needs no look into a document.
func checkDocument(text string) error {
	if len(text) > domain.MaxDocument {
		most := strconv.Itoa(domain.MaxDocument)
		return fault.Input(fault.TooLong, "document", "A document has at most "+most+" bytes.", fault.Param{Name: "max", Value: most})
	}
	if unseen.All(text) {
		return fault.Input(fault.Required, "document", "This must not be empty.")
	}
	return nil
}

func upload(ctx context.Context, tx *change.Tx, x *db.Product, in UploadProductDocumentInput, doc *openapi.Document) (*UploadedDocument, error) {
	present, err := tx.ProductDocument.Query().Where(productdocument.ProductID(x.ID)).Order(db.Desc(productdocument.FieldNumber)).First(ctx)
	if err != nil && !db.IsNotFound(err) {
		return nil, err
	}
	out := &UploadedDocument{}
	sum := digest(in.Document)
	if present != nil && present.Sha256 == sum {
		out.Document = present
	} else {
		out.compare(present, doc.Operations)
		if out.Document, err = storeDocument(ctx, tx, x, present, in.Document, sum, doc, out); err != nil {
			return nil, err
		}
		if in.DryRun {
			out.Document = nil
		}
	}
	if in.ApplyEndpoints {
		out.Endpoints, err = applyDocument(ctx, tx, x, doc.Operations)
	}
	return out, err
}

// compare notes what differs from the document before, if there is one.
func (u *UploadedDocument) compare(before *db.ProductDocument, after []domain.ProductOperation) {
	var old []domain.ProductOperation
	if before != nil {
		old = before.Operations.All
	}
	for _, c := range openapi.Changes(old, after) {
		one := DocumentChange{Method: c.Method, Path: c.Path, Parts: c.Parts}
		switch {
		case !c.Before:
			one.Kind = domain.OperationAdded
			u.Changes.AddedCount++
		case !c.After:
			one.Kind = domain.OperationRemoved
			u.Changes.RemovedCount++
		default:
			one.Kind = domain.OperationChanged
			u.Changes.ChangedCount++
		}
		if len(u.Changes.Operations) < MaxDocumentChanges {
			u.Changes.Operations = append(u.Changes.Operations, one)
		}
	}
}

// storeDocument creates a document with the next number. The product, which is locked, counts
// them: the number of a deleted one is not given again.
func storeDocument(ctx context.Context, tx *change.Tx, x *db.Product, present *db.ProductDocument, text, digest string, doc *openapi.Document, u *UploadedDocument) (*db.ProductDocument, error) {
	n, err := tx.ProductDocument.Query().Where(productdocument.ProductID(x.ID)).Count(ctx)
	if err != nil {
		return nil, err
	}
	if n >= MaxDocuments {
		most := strconv.Itoa(MaxDocuments)
		return nil, fault.Input(fault.TooMany, "productId", "A product has at most "+most+" documents: delete an old one.", fault.Param{Name: "max", Value: most})
	}
	number := x.LastDocument + 1
	if err := tx.Product.UpdateOne(x).SetLastDocument(number).Exec(ctx); err != nil {
		return nil, err
	}
	one, err := tx.ProductDocument.Create().SetOrganizationID(x.OrganizationID).SetProductID(x.ID).SetNumber(number).
		SetTitle(doc.Title).SetAPIVersion(doc.APIVersion).SetFormat(doc.Format).SetText(text).SetSize(len(text)).SetSha256(digest).
		SetServer(doc.Server).SetOperations(domain.DocumentOperations{All: doc.Operations}).SetCreatedAt(afterDocument(present, tx.Now)).Save(ctx)
	if err != nil {
		return nil, err
	}
	tx.Record(documentEvent(eventlog.ProductDocumentUploaded, x, one,
		"operationsAdded", u.Changes.AddedCount, "operationsRemoved", u.Changes.RemovedCount, "operationsChanged", u.Changes.ChangedCount))
	return one, nil
}

// afterDocument returns a time after that of the present document, if there is one: lists have
// the greatest number first, also if two were uploaded at once, or clocks of servers differ.
func afterDocument(present *db.ProductDocument, now time.Time) time.Time {
	if present != nil && !now.After(present.CreatedAt) {
		return present.CreatedAt.Add(time.Millisecond)
	}
	return now
}

// documentEvent returns an event of the organization's log, without the text.
func documentEvent(t eventlog.Type, x *db.Product, d *db.ProductDocument, more ...any) eventlog.Entry {
	about := append([]any{"product", x.Title, "productId", x.GlobalID(), "number", d.Number, "apiVersion", d.APIVersion, "sha256", d.Sha256}, more...)
	return eventlog.Entry{Type: t, Subject: nodeid.ProductDocument, SubjectID: d.ID, SubjectName: x.Title + " " + strconv.Itoa(d.Number), Changes: change.Attributes(about...)}
}

// DeleteProductDocument deletes a document, and returns its opaque id. If it is the present
// one, the one before becomes that; endpoints stay.
func (svc *Service) DeleteProductDocument(ctx context.Context, id string) (string, error) {
	row, err := input.DecodeID(nodeid.ProductDocument, id)
	if err != nil {
		return "", err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (string, error) {
		d, err := tx.ProductDocument.Get(ctx, row)
		if err != nil {
			return "", err
		}
		x, err := change.LockRowForUpdate(ctx, tx, tx.Product, d.ProductID)
		if err != nil {
			return "", err
		}
		s := StatusAt(x, tx.Now)
		if err := tx.AuthorizeInState(policy.UpdateProduct(x.OrganizationID, s), "documentId", string(s)); err != nil {
			return "", err
		}
		n, err := tx.ProductDocument.Delete().Where(productdocument.ID(d.ID)).Exec(ctx)
		if err := change.ExpectOneRow(n, err); err != nil {
			return "", err
		}
		tx.Record(documentEvent(eventlog.ProductDocumentDeleted, x, d))
		return d.GlobalID(), nil
	})
}
