package portal

import (
	"cmp"
	"context"
	"slices"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/plan"
	"portico/ent/db/product"
	"portico/ent/db/subscription"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
	"portico/internal/policy"
)

const maxAPIVersion = 63

// CreateProductInput is the input of CreateProduct.
type CreateProductInput struct {
	Name             string
	Title            *string
	Description      *string
	APIVersion       *string
	ExternalID       *string
	Status           *domain.ProductStatus
	Approval         *domain.Approval
	AuthTypes        []domain.AuthType
	DocumentationURL *string
	Keyless          *bool
	EnforceEndpoints *bool
}

// CreateProduct creates a product. A name that another product of the
// organization has is TAKEN.
func (p *Portal) CreateProduct(ctx context.Context, in CreateProductInput) (out *db.Product, err error) {
	title := valueOr(in.Title, in.Name)
	if err := fault.Collect(
		checkSlug("name", in.Name),
		checkName("title", title),
		checkProductTexts(deref(in.Description), deref(in.APIVersion), deref(in.ExternalID), deref(in.DocumentationURL)),
		checkAuthTypes(in.AuthTypes, in.AuthTypes != nil),
	); err != nil {
		return nil, err
	}
	err = p.change(ctx, func(ctx context.Context, c *change) error {
		if err := c.authorize(policy.ProductCreate, policy.Object{OrganizationID: c.organization}); err != nil {
			return err
		}
		if isOffered(valueOr(in.Status, domain.Draft)) {
			return errNoPlan(domain.Draft)
		}
		create := c.Product.Create().SetOrganizationID(c.organization).SetName(in.Name).
			SetTitle(title).SetTitleFolded(domain.Fold(title)).SetDescription(deref(in.Description)).
			SetAPIVersion(deref(in.APIVersion)).SetExternalID(deref(in.ExternalID)).SetDocumentationURL(normalizeURL(deref(in.DocumentationURL))).
			SetNillableKeyless(in.Keyless).SetNillableEnforceEndpoints(in.EnforceEndpoints).
			SetNillableStatus(in.Status).SetNillableApproval(in.Approval).
			SetCreatedAt(c.now).SetUpdatedAt(c.now)
		if in.AuthTypes != nil {
			create.SetAuthTypes(in.AuthTypes)
		}
		out, err = create.Save(ctx)
		if err != nil {
			return takenError(err, "name", "A product bears this name already.")
		}
		c.record(productEvent(eventlog.ProductCreated, out, created("name", out.Name, "title", out.Title, "description", out.Description,
			"apiVersion", out.APIVersion, "externalId", out.ExternalID, "status", out.Status,
			"approval", out.Approval, "authTypes", out.AuthTypes, "documentationUrl", out.DocumentationURL,
			"keyless", out.Keyless, "enforceEndpoints", out.EnforceEndpoints)))
		return nil
	})
	return out, err
}

func checkProductTexts(description, version, external, documentation string) error {
	return fault.Collect(
		checkText("description", description, maxLong, true),
		checkLine("apiVersion", version, maxAPIVersion),
		checkLine("externalId", external, maxShort),
		checkURL("documentationUrl", documentation),
	)
}

// checkAuthTypes requires at least one, without duplicates.
func checkAuthTypes(types []domain.AuthType, given bool) error {
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
	Title            Patch[string]
	Description      Patch[string]
	APIVersion       Patch[string]
	ExternalID       Patch[string]
	Status           Patch[domain.ProductStatus]
	Approval         Patch[domain.Approval]
	AuthTypes        Patch[[]domain.AuthType]
	DocumentationURL Patch[string]
	Keyless          Patch[bool]
	EnforceEndpoints Patch[bool]
}

// UpdateProduct changes a product. Retiring it ends its subscriptions; a
// retired product is WRONG_STATUS.
func (p *Portal) UpdateProduct(ctx context.Context, in UpdateProductInput) (out *db.Product, err error) {
	if err := checkProductPatch(in); err != nil {
		return nil, err
	}
	id, err := decode(nodeid.Product, in.ProductID)
	if err != nil {
		return nil, err
	}
	err = p.change(ctx, func(ctx context.Context, c *change) error {
		x, err := c.lockProduct(ctx, id, policy.ProductUpdate)
		if err != nil {
			return err
		}
		if err := checkVersion(in.Version, x.Version); err != nil {
			return err
		}
		if x.Status != domain.Draft && in.Status.or(x.Status) == domain.Draft {
			return fault.Input(fault.WrongStatus, "status", "What developers have seen cannot become a draft again; deprecate or retire it.",
				fault.Param{Name: "status", Value: string(x.Status)})
		}
		if isOffered(in.Status.or(x.Status)) && !isOffered(x.Status) {
			if some, err := c.Plan.Query().Where(plan.ProductID(x.ID)).Exist(ctx); err != nil || !some {
				return cmp.Or(err, errNoPlan(x.Status))
			}
		}
		out, err = c.patchProduct(ctx, x, in)
		return err
	})
	return out, err
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
		in.Title.required("title"), in.Status.required("status"), in.Approval.required("approval"),
		in.Keyless.required("keyless"), in.EnforceEndpoints.required("enforceEndpoints"),
		checkProductTexts(in.Description.or(""), in.APIVersion.or(""), in.ExternalID.or(""), in.DocumentationURL.or("")),
		checkAuthTypes(in.AuthTypes.or(nil), in.AuthTypes.Set),
	}
	if in.Title.Value != nil {
		errs = append(errs, checkName("title", *in.Title.Value))
	}
	return fault.Collect(errs...)
}

func (c *change) patchProduct(ctx context.Context, x *db.Product, in UpdateProductInput) (*db.Product, error) {
	u := c.Product.UpdateOne(x)
	var d diff
	if in.Title.Set {
		d.add("title", x.Title, *in.Title.Value)
		u.SetTitle(*in.Title.Value).SetTitleFolded(domain.Fold(*in.Title.Value))
	}
	setText(&d, "description", x.Description, in.Description, func(s string) { u.SetDescription(s) })
	setText(&d, "apiVersion", x.APIVersion, in.APIVersion, func(s string) { u.SetAPIVersion(s) })
	setText(&d, "externalId", x.ExternalID, in.ExternalID, func(s string) { u.SetExternalID(s) })
	setText(&d, "documentationUrl", x.DocumentationURL, normalizeURLPatch(in.DocumentationURL), func(s string) { u.SetDocumentationURL(s) })
	setText(&d, "status", x.Status, in.Status, func(v domain.ProductStatus) { u.SetStatus(v) })
	setText(&d, "approval", x.Approval, in.Approval, func(v domain.Approval) { u.SetApproval(v) })
	setBool(&d, "keyless", x.Keyless, in.Keyless, func(v bool) { u.SetKeyless(v) })
	setBool(&d, "enforceEndpoints", x.EnforceEndpoints, in.EnforceEndpoints, func(v bool) { u.SetEnforceEndpoints(v) })
	if in.AuthTypes.Set {
		d.add("authTypes", x.AuthTypes, *in.AuthTypes.Value)
		u.SetAuthTypes(*in.AuthTypes.Value)
	}
	if d.changes == nil {
		return x, nil
	}
	c.record(productEvent(eventlog.ProductUpdated, x, d.changes))
	if in.Status.Set && *in.Status.Value == domain.Retired {
		if err := c.endProductSubscriptions(ctx, x); err != nil {
			return nil, err
		}
	}
	return u.AddVersion(1).SetUpdatedAt(c.now).Save(ctx)
}

// endProductSubscriptions ends the subscriptions to a product that is being
// retired.
func (c *change) endProductSubscriptions(ctx context.Context, x *db.Product) error {
	live, err := lockForUpdate(c, c.Subscription.Query().Where(
		subscription.ProductID(x.ID), subscription.StatusIn(lifecycle.From(lifecycle.Retire)...)).
		Order(subscription.ByAppID())).All(ctx) // the order in which the deletion of an account locks them
	if err != nil {
		return err
	}
	return c.endAll(ctx, live, lifecycle.Retire, "The product was retired.")
}

// setText applies the patch of an attribute that is empty when cleared.
func setText[T ~string](d *diff, field string, before T, in Patch[T], set func(T)) {
	if in.Set {
		d.add(field, before, in.or(""))
		set(in.or(""))
	}
}

// setBool applies the patch of an attribute that cannot be cleared.
func setBool(d *diff, field string, before bool, in Patch[bool], set func(bool)) {
	if in.Set {
		d.add(field, before, *in.Value)
		set(*in.Value)
	}
}

func productEvent(t eventlog.Type, x *db.Product, changes []domain.Change) eventlog.Entry {
	return eventlog.Entry{Type: t, Subject: nodeid.Product, SubjectID: x.ID, SubjectName: x.Title, Changes: changes}
}

// takenError turns a violated unique constraint into a problem of the input; it
// returns other errors unchanged.
func takenError(err error, field, message string) error {
	if _, yes := database.IsUnique(err); yes {
		return fault.Input(fault.Taken, field, message)
	}
	return err
}

// lockProduct reads and locks a product if the viewer may do a to it. A refusal
// because of its status is a problem of the input.
func (c *change) lockProduct(ctx context.Context, id uuid.UUID, a policy.Action) (*db.Product, error) {
	x, err := lockForUpdate(c, c.Product.Query().Where(product.ID(id))).Only(ctx)
	if err != nil {
		return nil, err
	}
	return x, c.authorizeInState(a, policy.Object{OrganizationID: x.OrganizationID, Product: x.Status}, "productId", string(x.Status))
}
