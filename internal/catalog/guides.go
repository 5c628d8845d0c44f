package catalog

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/guide"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/policy"
	"portico/internal/unseen"
)

const (
	// MaxGuides is the maximum number of guides of a product.
	MaxGuides = 50
	// MaxGuide is the maximum length of a guide's text, in characters.
	MaxGuide = 65536
)

// CreateGuideInput is the input of CreateGuide.
type CreateGuideInput struct {
	ProductID string
	Slug      string
	Title     string
	Text      string
	// Position is its place among the product's, 1 the first, at most MaxGuides; nil, or one beyond the end: the last.
	Position *int
}

// CreateGuide creates a guide of a product; those from its place on move by one. A slug that
// another guide of the product has is TAKEN, one beyond MaxGuides is TOO_MANY.
func (svc *Service) CreateGuide(ctx context.Context, in CreateGuideInput) (*db.Guide, error) {
	if err := fault.Collect(checkSlugOfGuide(in.Slug), input.CheckName("title", in.Title), checkGuideText(in.Text), checkPosition(in.Position)); err != nil {
		return nil, err
	}
	id, err := input.DecodeID(nodeid.Product, in.ProductID)
	if err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.Guide, error) {
		// Locked, so that two concurrent requests neither create one too many nor take one place.
		x, err := lockProduct(ctx, tx, id, policy.CreateGuide)
		if err != nil {
			return nil, err
		}
		n, err := tx.Guide.Query().Where(guide.ProductID(x.ID)).Count(ctx)
		if err != nil {
			return nil, err
		}
		if n >= MaxGuides {
			most := strconv.Itoa(MaxGuides)
			return nil, fault.Input(fault.TooMany, "productId", "A product has at most "+most+" guides.", fault.Param{Name: "max", Value: most})
		}
		at := min(input.Or(in.Position, n+1), n+1)
		if err := tx.Guide.Update().Where(guide.ProductID(x.ID), guide.PositionGTE(at)).AddPosition(1).Exec(ctx); err != nil {
			return nil, err
		}
		out, err := tx.Guide.Create().SetOrganizationID(x.OrganizationID).SetProductID(x.ID).SetSlug(in.Slug).SetTitle(in.Title).SetText(in.Text).
			SetPosition(at).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Save(ctx)
		if err != nil {
			return nil, slugTaken(err)
		}
		tx.Record(guideEvent(eventlog.GuideCreated, out, change.Attributes("slug", out.Slug, "title", out.Title, "position", out.Position,
			"textLength", domain.Runes(out.Text), "textSha256", digest(out.Text))))
		return out, nil
	})
}

// checkSlugOfGuide requires a slug.
func checkSlugOfGuide(s string) error { return input.CheckSlug("slug", s) }

// checkGuideText requires a text of at most MaxGuide characters.
func checkGuideText(s string) error {
	if unseen.All(s) {
		return fault.Input(fault.Required, "text", "This must not be empty.")
	}
	return input.CheckText("text", s, MaxGuide, true)
}

// checkPosition requires 1–MaxGuides, if one is given.
func checkPosition(n *int) error {
	if n != nil && (*n < 1 || *n > MaxGuides) {
		return fault.Input(fault.InvalidValue, "position", "This must be 1–"+strconv.Itoa(MaxGuides)+": 1 is the first place.")
	}
	return nil
}

func slugTaken(err error) error {
	return change.Taken(err, "slug", "The product has a guide with this slug already.")
}

// digest identifies a text in the log, which must not have it: texts are long, and what was
// published by mistake is to be gone when it was taken away.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// UpdateGuideInput is the input of UpdateGuide.
type UpdateGuideInput struct {
	GuideID  string
	Version  *int
	Slug     input.Patch[string]
	Title    input.Patch[string]
	Text     input.Patch[string]
	Position input.Patch[int]
}

// UpdateGuide changes a guide. Where it moves, those between move by one, and are not changed
// otherwise.
func (svc *Service) UpdateGuide(ctx context.Context, in UpdateGuideInput) (*db.Guide, error) {
	if err := checkGuidePatch(in); err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.Guide, error) {
		x, err := lockGuide(ctx, tx, in.GuideID, policy.UpdateGuide)
		if err != nil {
			return nil, err
		}
		if err := change.CheckVersion(in.Version, x.Version); err != nil {
			return nil, err
		}
		u := tx.Guide.UpdateOne(x)
		var d change.Diff
		change.SetText(&d, "slug", x.Slug, in.Slug, func(s string) { u.SetSlug(s) })
		change.SetText(&d, "title", x.Title, in.Title, func(s string) { u.SetTitle(s) })
		if in.Text.Set && *in.Text.Value != x.Text {
			d.Add("textLength", domain.Runes(x.Text), domain.Runes(*in.Text.Value))
			d.Add("textSha256", digest(x.Text), digest(*in.Text.Value))
			u.SetText(*in.Text.Value)
		}
		if in.Position.Set {
			at, err := moveGuide(ctx, tx, x, *in.Position.Value)
			if err != nil {
				return nil, err
			}
			d.Add("position", x.Position, at)
			u.SetPosition(at)
		}
		if d.Changes == nil {
			return x, nil
		}
		out, err := u.AddVersion(1).SetUpdatedAt(tx.Now).Save(ctx)
		if err != nil {
			return nil, slugTaken(err)
		}
		tx.Record(guideEvent(eventlog.GuideUpdated, out, d.Changes))
		return out, nil
	})
}

func checkGuidePatch(in UpdateGuideInput) error {
	errs := []error{in.Slug.Required("slug"), in.Title.Required("title"), in.Text.Required("text"), in.Position.Required("position"), checkPosition(in.Position.Value)}
	if in.Slug.Value != nil {
		errs = append(errs, checkSlugOfGuide(*in.Slug.Value))
	}
	if in.Title.Value != nil {
		errs = append(errs, input.CheckName("title", *in.Title.Value))
	}
	if in.Text.Value != nil {
		errs = append(errs, checkGuideText(*in.Text.Value))
	}
	return fault.Collect(errs...)
}

// moveGuide makes place for a guide, whose product is locked, and returns the place: the last
// for one beyond the end.
func moveGuide(ctx context.Context, tx *change.Tx, x *db.Guide, to int) (int, error) {
	n, err := tx.Guide.Query().Where(guide.ProductID(x.ProductID)).Count(ctx)
	if err != nil {
		return 0, err
	}
	to = min(to, n)
	others := tx.Guide.Update().Where(guide.ProductID(x.ProductID), guide.IDNEQ(x.ID))
	switch {
	case to < x.Position:
		err = others.Where(guide.PositionGTE(to), guide.PositionLT(x.Position)).AddPosition(1).Exec(ctx)
	case to > x.Position:
		err = others.Where(guide.PositionGT(x.Position), guide.PositionLTE(to)).AddPosition(-1).Exec(ctx)
	}
	return to, err
}

// DeleteGuide deletes a guide; those behind it move by one. It returns the guide's opaque id.
func (svc *Service) DeleteGuide(ctx context.Context, id string) (string, error) {
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (string, error) {
		x, err := lockGuide(ctx, tx, id, policy.DeleteGuide)
		if err != nil {
			return "", err
		}
		if err := tx.Guide.DeleteOne(x).Exec(ctx); err != nil {
			return "", err
		}
		tx.Record(guideEvent(eventlog.GuideDeleted, x, nil))
		return x.GlobalID(), tx.Guide.Update().Where(guide.ProductID(x.ProductID), guide.PositionGT(x.Position)).AddPosition(-1).Exec(ctx)
	})
}

// lockGuide reads a guide and locks it, and its product before it, so that no other guide of
// the product changes meanwhile, if the viewer may do what request asks.
func lockGuide(ctx context.Context, tx *change.Tx, id string, request func(organizationID uuid.UUID) policy.Request) (*db.Guide, error) {
	row, err := input.DecodeID(nodeid.Guide, id)
	if err != nil {
		return nil, err
	}
	x, err := tx.Guide.Query().Where(guide.ID(row)).Select(guide.FieldID, guide.FieldProductID).Only(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := change.LockRowForUpdate(ctx, tx, tx.Product, x.ProductID); err != nil {
		return nil, err
	}
	if x, err = change.LockRowForUpdate(ctx, tx, tx.Guide, row); err != nil {
		return nil, err
	}
	return x, tx.Authorize(request(x.OrganizationID))
}

func guideEvent(t eventlog.Type, x *db.Guide, changes []domain.Change) eventlog.Entry {
	return eventlog.Entry{Type: t, Subject: nodeid.Guide, SubjectID: x.ID, SubjectName: x.Title, Changes: changes}
}
