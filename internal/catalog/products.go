package catalog

import (
	"cmp"
	"context"
	"slices"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/plan"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/policy"
)

const maxAPIVersion = 63

// CreateProductInput is the input of CreateProduct.
type CreateProductInput struct {
	Name             string
	Title            *string
	Summary          *string
	Description      *string
	APIVersion       *string
	ExternalID       *string
	Status           *domain.ProductStatus
	Visibility       *domain.ProductVisibility
	Approval         *domain.Approval
	AuthTypes        []access.AuthType
	DocumentationURL *string
	LogoURL          *string
	HandOffURL       *string
	Keyless          *bool
	EnforceEndpoints *bool
	RequestForm      []domain.Question
	Tags             []string
	Terms            *domain.Terms
}

// CreateProduct creates a product. A name that another product of the
// organization has is TAKEN.
func (svc *Service) CreateProduct(ctx context.Context, in CreateProductInput) (*db.Product, error) {
	title := input.Or(in.Title, in.Name)
	if err := fault.Collect(
		input.CheckSlug("name", in.Name),
		input.CheckName("title", title),
		checkProductTexts(input.OrZero(in.Description), input.OrZero(in.APIVersion), input.OrZero(in.ExternalID), input.OrZero(in.DocumentationURL), input.OrZero(in.HandOffURL)),
		checkAuthTypes(in.AuthTypes, in.AuthTypes != nil),
		checkRequestForm(in.RequestForm),
		checkTags(in.Tags),
		checkPresentation(input.OrZero(in.Summary), input.OrZero(in.LogoURL), in.Terms),
	); err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.Product, error) {
		if err := tx.Authorize(policy.CreateProduct(tx.OrganizationID())); err != nil {
			return nil, err
		}
		if isOffered(input.Or(in.Status, domain.Draft)) {
			return nil, errNoPlan(domain.Draft)
		}
		create := tx.Product.Create().SetOrganizationID(tx.OrganizationID()).SetName(in.Name).
			SetTitle(title).SetTitleFolded(domain.Fold(title)).SetDescription(input.OrZero(in.Description)).
			SetAPIVersion(input.OrZero(in.APIVersion)).SetExternalID(input.OrZero(in.ExternalID)).SetDocumentationURL(input.NormalizeURL(input.OrZero(in.DocumentationURL))).SetHandOffURL(input.NormalizeURL(input.OrZero(in.HandOffURL))).
			SetNillableKeyless(in.Keyless).SetNillableEnforceEndpoints(in.EnforceEndpoints).
			SetNillableStatus(in.Status).SetNillableVisibility(in.Visibility).SetNillableApproval(in.Approval).
			SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now)
		if in.AuthTypes != nil {
			create.SetAuthTypes(in.AuthTypes)
		}
		if input.Or(in.Status, domain.Draft) == domain.Retired {
			create.SetRetiresAt(tx.Now)
		}
		setRequestForm(create.Mutation(), in.RequestForm)
		setTags(create.Mutation(), in.Tags)
		setPresentation(create.Mutation(), in)
		out, err := create.Save(ctx)
		if err != nil {
			return nil, change.Taken(err, "name", "A product has this name already.")
		}
		tx.Record(productEvent(eventlog.ProductCreated, out, change.Attributes("name", out.Name, "title", out.Title, "description", out.Description,
			"apiVersion", out.APIVersion, "externalId", out.ExternalID, "status", out.Status, "visibility", out.Visibility,
			"approval", out.Approval, "authTypes", out.AuthTypes, "documentationUrl", out.DocumentationURL, "handOffUrl", out.HandOffURL,
			"keyless", out.Keyless, "enforceEndpoints", out.EnforceEndpoints, "requestForm", out.RequestForm, "tags", out.Tags,
			"summary", out.Summary, "logoUrl", out.LogoURL, "terms", ProductTermsOf(out))))
		return out, nil
	})
}

func checkProductTexts(description, version, external, documentation, handOff string) error {
	return fault.Collect(
		input.CheckText("description", description, input.MaxLong, true),
		input.CheckLine("apiVersion", version, maxAPIVersion),
		input.CheckLine("externalId", external, input.MaxShort),
		input.CheckURL("documentationUrl", documentation),
		checkHandOff("handOffUrl", handOff),
	)
}

// checkAuthTypes requires at least one, without duplicates.
func checkAuthTypes(types []access.AuthType, given bool) error {
	if given && len(types) == 0 {
		return fault.Input(fault.Required, "authTypes", "Name at least one way to present a key.")
	}
	sorted := slices.Sorted(slices.Values(types))
	if len(slices.Compact(sorted)) != len(types) {
		return fault.Input(fault.InvalidValue, "authTypes", "Name each way once.")
	}
	return nil
}

// UpdateProductInput is the input of UpdateProduct.
type UpdateProductInput struct {
	ProductID        string
	Version          *int
	Title            input.Patch[string]
	Summary          input.Patch[string]
	Description      input.Patch[string]
	APIVersion       input.Patch[string]
	ExternalID       input.Patch[string]
	Status           input.Patch[domain.ProductStatus]
	Visibility       input.Patch[domain.ProductVisibility]
	Approval         input.Patch[domain.Approval]
	AuthTypes        input.Patch[[]access.AuthType]
	DocumentationURL input.Patch[string]
	LogoURL          input.Patch[string]
	HandOffURL       input.Patch[string]
	Keyless          input.Patch[bool]
	EnforceEndpoints input.Patch[bool]
	RequestForm      input.Patch[[]domain.Question]
	Tags             input.Patch[[]string]
	Terms            input.Patch[domain.Terms]
}

// UpdateProduct changes a product. Retiring it ends its subscriptions; a
// retired product is WRONG_STATUS.
func (svc *Service) UpdateProduct(ctx context.Context, in UpdateProductInput) (*db.Product, error) {
	if err := checkProductPatch(in); err != nil {
		return nil, err
	}
	id, err := input.DecodeID(nodeid.Product, in.ProductID)
	if err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.Product, error) {
		x, err := lockProduct(ctx, tx, id, policy.UpdateProduct)
		if err != nil {
			return nil, err
		}
		if err := change.CheckVersion(in.Version, x.Version); err != nil {
			return nil, err
		}
		if x.Status != domain.Draft && in.Status.Or(x.Status) == domain.Draft {
			return nil, fault.Input(fault.WrongStatus, "status", "What developers have seen cannot become a draft again; deprecate or retire it.",
				fault.Param{Name: "status", Value: string(x.Status)})
		}
		if isOffered(in.Status.Or(x.Status)) && !isOffered(x.Status) {
			if some, err := tx.Plan.Query().Where(plan.ProductID(x.ID)).Exist(ctx); err != nil || !some {
				return nil, cmp.Or(err, errNoPlan(x.Status))
			}
		}
		return svc.patchProduct(ctx, tx, x, in)
	})
}

// isOffered reports whether apps may subscribe to a product in this status.
func isOffered(s domain.ProductStatus) bool { return s == domain.Published || s == domain.Deprecated }

// errNoPlan returns the error for publishing a product that has no plan to
// subscribe by.
func errNoPlan(is domain.ProductStatus) error {
	return fault.Input(fault.WrongStatus, "status", "A product is not on offer without a plan: leave it a DRAFT, make a plan, and publish it then.",
		fault.Param{Name: "status", Value: string(is)})
}

func checkProductPatch(in UpdateProductInput) error {
	errs := []error{
		in.Title.Required("title"), in.Status.Required("status"), in.Visibility.Required("visibility"), in.Approval.Required("approval"),
		in.Keyless.Required("keyless"), in.EnforceEndpoints.Required("enforceEndpoints"),
		checkProductTexts(in.Description.Or(""), in.APIVersion.Or(""), in.ExternalID.Or(""), in.DocumentationURL.Or(""), in.HandOffURL.Or("")),
		checkAuthTypes(in.AuthTypes.Or(nil), in.AuthTypes.Set), checkRequestForm(in.RequestForm.Or(nil)), checkTags(in.Tags.Or(nil)),
		checkPresentation(in.Summary.Or(""), in.LogoURL.Or(""), in.Terms.Value),
	}
	if in.Title.Value != nil {
		errs = append(errs, input.CheckName("title", *in.Title.Value))
	}
	return fault.Collect(errs...)
}

func (svc *Service) patchProduct(ctx context.Context, tx *change.Tx, x *db.Product, in UpdateProductInput) (*db.Product, error) {
	u := tx.Product.UpdateOne(x)
	var d change.Diff
	if in.Title.Set {
		d.Add("title", x.Title, *in.Title.Value)
		u.SetTitle(*in.Title.Value).SetTitleFolded(domain.Fold(*in.Title.Value))
	}
	change.SetText(&d, "description", x.Description, in.Description, func(s string) { u.SetDescription(s) })
	change.SetText(&d, "apiVersion", x.APIVersion, in.APIVersion, func(s string) { u.SetAPIVersion(s) })
	change.SetText(&d, "externalId", x.ExternalID, in.ExternalID, func(s string) { u.SetExternalID(s) })
	change.SetText(&d, "documentationUrl", x.DocumentationURL, input.NormalizeURLPatch(in.DocumentationURL), func(s string) { u.SetDocumentationURL(s) })
	change.SetText(&d, "handOffUrl", x.HandOffURL, input.NormalizeURLPatch(in.HandOffURL), func(s string) { u.SetHandOffURL(s) })
	if in.Status.Set && *in.Status.Value != x.Status {
		setEnding(tx, &d, u, x, endingAt(x, tx.Now).become(*in.Status.Value, tx.Now))
	}
	change.SetText(&d, "visibility", x.Visibility, in.Visibility, func(v domain.ProductVisibility) { u.SetVisibility(v) })
	change.SetText(&d, "approval", x.Approval, in.Approval, func(v domain.Approval) { u.SetApproval(v) })
	change.SetBool(&d, "keyless", x.Keyless, in.Keyless, func(v bool) { u.SetKeyless(v) })
	change.SetBool(&d, "enforceEndpoints", x.EnforceEndpoints, in.EnforceEndpoints, func(v bool) { u.SetEnforceEndpoints(v) })
	if in.AuthTypes.Set {
		d.Add("authTypes", x.AuthTypes, *in.AuthTypes.Value)
		u.SetAuthTypes(*in.AuthTypes.Value)
	}
	if in.RequestForm.Set {
		d.Add("requestForm", x.RequestForm, setRequestForm(u.Mutation(), in.RequestForm.Or(nil)))
	}
	if in.Tags.Set {
		d.Add("tags", x.Tags, setTags(u.Mutation(), in.Tags.Or(nil)))
	}
	patchPresentation(&d, u, x, in)
	if d.Changes == nil {
		return x, nil
	}
	return finishEnding(ctx, tx, x, u, in.Status.Or(x.Status), d, svc.endProduct)
}

func productEvent(t eventlog.Type, x *db.Product, changes []domain.Change) eventlog.Entry {
	return eventlog.Entry{Type: t, Subject: nodeid.Product, SubjectID: x.ID, SubjectName: x.Title, Changes: changes}
}

// lockProduct reads and locks a product if the viewer may do what request asks. A
// refusal because of its status is a problem of the input.
func lockProduct(ctx context.Context, tx *change.Tx, id uuid.UUID, request func(uuid.UUID, domain.ProductStatus) policy.Request) (*db.Product, error) {
	x, err := change.LockRowForUpdate(ctx, tx, tx.Product, id)
	if err != nil {
		return nil, err
	}
	s := StatusAt(x, tx.Now)
	return x, tx.AuthorizeInState(request(x.OrganizationID, s), "productId", string(s))
}
