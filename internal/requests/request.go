package requests

import (
	"context"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/credential"
	"portico/internal/apps"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/policy"
)

// MaxRemoved is how many products a request takes from an access control list.
const MaxRemoved = 100

// Plan is a product that a key is to reach, and the plan by which the app is to use it.
type Plan struct {
	ProductID string
	// PlanID may be nil if the product has only one plan.
	PlanID *string
	// Answers are those to the product's form.
	Answers []domain.AnswerInput `json:",omitempty"`
	// AcceptedTermsVersion is that of the product's terms that the person accepts.
	AcceptedTermsVersion *string `json:",omitempty"`
}

// RequestKeyInput is the input of RequestKey.
type RequestKeyInput struct {
	AppID string
	// Plans are 1–domain.MaxKeyRequestPlans, each of another product.
	Plans []Plan
	// Name and Environment are those of the key to make.
	Name        *string
	Environment *access.Environment
	// ExistingCredentialID is a key of the app that is to reach the products instead of a
	// new one, and no more those of RemoveProductIDs.
	ExistingCredentialID *string
	RemoveProductIDs     []string
	IdempotencyKey       *string
}

// Requested is a new request.
type Requested struct {
	Request  *db.KeyRequest
	Replayed bool
}

// RequestKey asks for subscriptions of an app by some plans, and for a key that reaches their
// products: a new one, or one that the app has. Products that the app uses by the same plan
// need no subscription. It waits for a decision if one of the subscriptions would, unless an
// administrator asks: then it is approved at once, as it is where nothing of it waits.
func (svc *Service) RequestKey(ctx context.Context, in RequestKeyInput) (Requested, error) {
	if err := checkInput(in); err != nil {
		return Requested{}, err
	}
	key := in.IdempotencyKey
	in.IdempotencyKey = nil
	if key != nil {
		if err := input.CheckName("idempotencyKey", *key); err != nil {
			return Requested{}, err
		}
	}
	once, err := change.NewRequest(ctx, "requestKey", key, in)
	if err != nil {
		return Requested{}, err
	}
	return change.Once(ctx, svc.o.Changes, once, func(ctx context.Context, tx *change.Tx) (Requested, change.Created, error) {
		k, err := svc.request(ctx, tx, in)
		if err != nil {
			return Requested{}, change.Created{}, err
		}
		return Requested{Request: k}, change.Created{First: k.ID}, nil
	}, svc.replay)
}

// replay returns what an earlier request created.
func (svc *Service) replay(ctx context.Context, m change.Created) (Requested, error) {
	found, err := svc.o.Entities.KeyRequestsByID(ctx, []uuid.UUID{m.First}, nil)
	if err == nil && found[m.First] == nil {
		err = fault.NotFound()
	}
	return Requested{Request: found[m.First], Replayed: true}, err
}

func checkInput(in RequestKeyInput) error {
	errs := []error{
		checkPlans(in.Plans), input.CheckLine("name", input.OrZero(in.Name), input.MaxShort),
		input.AtMost("removeProductIds", len(in.RemoveProductIDs), MaxRemoved),
	}
	changes := in.ExistingCredentialID != nil
	if changes && (in.Name != nil || in.Environment != nil) {
		errs = append(errs, fault.Input(fault.NotAllowed, "existingCredentialId", "A key that exists keeps its name and its environment: leave them out."))
	}
	if !changes && len(in.RemoveProductIDs) > 0 {
		errs = append(errs, fault.Input(fault.NotAllowed, "removeProductIds", "A new key has no products yet: name an existing one, or leave the list out."))
	}
	return fault.Collect(errs...)
}

// checkPlans requires 1–domain.MaxKeyRequestPlans plans, each of another product.
func checkPlans(plans []Plan) error {
	products := make([]string, len(plans))
	for i, p := range plans {
		products[i] = p.ProductID
	}
	return input.Each("plans", products, domain.MaxKeyRequestPlans, "Ask for at least one product.", "This product is asked for twice.")
}

func (svc *Service) request(ctx context.Context, tx *change.Tx, in RequestKeyInput) (*db.KeyRequest, error) {
	a, err := apps.LockAppAndAccount(ctx, tx, in.AppID)
	if err != nil {
		return nil, err
	}
	existing, err := lockExisting(ctx, tx, a, in.ExistingCredentialID)
	if err != nil {
		return nil, err
	}
	environment := input.Or(in.Environment, access.Development)
	if existing != nil {
		environment = existing.Environment
	}
	if err := tx.Authorize(policy.RequestKey(a.OrganizationID, a.AccountID, environment)); err != nil {
		return nil, err
	}
	if err := checkSeveral(ctx, tx, in.Plans); err != nil {
		return nil, err
	}
	staff := tx.Viewer.ActsForOrganization()
	w, err := checkWish(ctx, tx, a, in.Plans, nil, staff)
	if err != nil {
		return nil, err
	}
	removed, err := findRemoved(ctx, tx, in.RemoveProductIDs, w.products)
	if err != nil {
		return nil, err
	}
	if existing != nil {
		if err := apps.CheckAccess(ctx, tx, existing, "existingCredentialId", w.products, removed); err != nil {
			return nil, err
		}
	}
	k, err := save(ctx, tx, a, existing, in, environment, w, removed, staff)
	if err != nil {
		return nil, err
	}
	if staff || !w.waits {
		return svc.approve(ctx, tx, a, k, "", staff)
	}
	return k, nil
}

// checkSeveral refuses several products where the organization's policy does.
func checkSeveral(ctx context.Context, tx *change.Tx, plans []Plan) error {
	if len(plans) <= 1 || tx.Viewer.ActsForOrganization() {
		return nil
	}
	org, err := tx.Organization.Get(ctx, tx.OrganizationID())
	if err == nil && !org.MultiProductRequests {
		return fault.Input(fault.NotAllowed, "plans", "The organization allows one product for each request.")
	}
	return err
}

// lockExisting locks a credential of the app that exists; nil for none.
func lockExisting(ctx context.Context, tx *change.Tx, a *db.App, id *string) (*db.Credential, error) {
	if id == nil {
		return nil, nil
	}
	key, _ := nodeid.Decode(nodeid.Credential, *id)
	c, err := change.LockForUpdate(tx, tx.Credential.Query().Where(credential.ID(key), credential.AppID(a.ID))).Only(ctx)
	if db.IsNotFound(err) {
		err = fault.Input(fault.UnknownReference, "existingCredentialId", "The app has no such key.")
	}
	return c, err
}
