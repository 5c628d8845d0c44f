package catalogfile

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/endpoint"
	"portico/ent/db/organization"
	"portico/ent/db/plan"
	"portico/ent/db/product"
	"portico/internal/catalog"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/viewer"
)

// Services are those that a catalogue is changed by.
type Services struct {
	Identity *identity.Service
	Catalog  *catalog.Service
}

// Options configures Apply and Export. All fields are required, Changes and Inside for Apply
// alone.
type Options struct {
	Client  *db.Client
	Changes *change.Runner
	// Inside returns services whose changes are parts of a transaction.
	Inside func(tx *change.Tx) Services
}

// Step is a change that a file makes.
type Step struct {
	// What is changed: "policies", "product weather", "plan weather/free" or "endpoint
	// weather GET /forecast".
	What string
	// Type is that of the event.
	Type    string
	Changes []domain.Change
}

// Result is what a file changes.
type Result struct {
	Steps []Step
	// Kept are the products and plans that the file does not name, which stay as they are.
	Kept []string
	// Ended are the products that are deprecated or retired although the file says that they
	// are not yet, as "product tides is RETIRED". That stays.
	Ended []string
}

// errDryRun rolls a trial back.
var errDryRun = errors.New("catalogfile: nothing is to be changed")

// Apply changes the organization's catalogue to what a file says, all of it or nothing, and
// returns the changes. Applied again, it changes nothing. With dryRun it makes all changes and
// takes them back: what it returns, and what it refuses, is what Apply would. The error of a
// change names its place in the file.
func Apply(ctx context.Context, o Options, f *File, dryRun bool) (*Result, error) {
	id, err := organizationID(ctx, o.Client, f.Organization)
	if err != nil {
		return nil, err
	}
	ctx = viewer.AsSystem(ctx, id)
	var out *Result
	_, err = change.Write(ctx, o.Changes, func(ctx context.Context, tx *change.Tx) (struct{}, error) {
		a := &application{Services: o.Inside(tx), tx: tx, out: &Result{}}
		err := a.apply(ctx, f)
		if out = a.out; err == nil && dryRun {
			err = errDryRun
		}
		return struct{}{}, err
	})
	if errors.Is(err, errDryRun) {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

func organizationID(ctx context.Context, c *db.Client, slug string) (uuid.UUID, error) {
	id, err := c.Organization.Query().Where(organization.Slug(slug)).OnlyID(viewer.AsSystem(ctx, uuid.Nil))
	if db.IsNotFound(err) {
		err = fault.Input(fault.UnknownReference, "organization", "There is no organization with this slug.")
	}
	return id, err
}

// application is a file that is being applied, inside a transaction.
type application struct {
	Services
	tx  *change.Tx
	out *Result
}

func (a *application) apply(ctx context.Context, f *File) error {
	if err := a.lock(ctx, f); err != nil {
		return err
	}
	if err := fault.Within("policies", a.policies(ctx, f.Policies)); err != nil {
		return err
	}
	named := map[string]bool{}
	for i, p := range f.Products {
		named[p.Name] = true
		if err := fault.Within(at("products", i, p.Name), a.product(ctx, p)); err != nil {
			return err
		}
	}
	others, err := a.tx.Product.Query().Order(product.ByName()).Select(product.FieldName).Strings(ctx)
	for _, name := range others {
		if !named[name] {
			a.out.Kept = append(a.out.Kept, "product "+name)
		}
	}
	return err
}

// lock locks what the file may change, before the first change: that holds the log, for which
// whoever else changes one of these waits.
func (a *application) lock(ctx context.Context, f *File) error {
	if f.Policies != nil {
		if _, err := change.LockRowForUpdate(ctx, a.tx, a.tx.Organization, a.tx.OrganizationID()); err != nil {
			return err
		}
	}
	names := make([]string, len(f.Products))
	for i, p := range f.Products {
		names[i] = p.Name
	}
	ids, err := change.LockForUpdate(a.tx, a.tx.Product.Query().Where(product.NameIn(names...))).IDs(ctx)
	if err != nil {
		return err
	}
	if _, err := change.LockForUpdate(a.tx, a.tx.Plan.Query().Where(plan.ProductIDIn(ids...))).IDs(ctx); err != nil {
		return err
	}
	_, err = change.LockForUpdate(a.tx, a.tx.Endpoint.Query().Where(endpoint.ProductIDIn(ids...))).IDs(ctx)
	return err
}

// did takes the events of the change that was just made.
func (a *application) did(what string) {
	for _, e := range a.tx.TakeInside() {
		a.out.Steps = append(a.out.Steps, Step{What: what, Type: string(e.Type), Changes: e.Changes})
	}
}

// didEach takes them, each by the name of what it changed.
func (a *application) didEach(prefix string) {
	for _, e := range a.tx.TakeInside() {
		a.out.Steps = append(a.out.Steps, Step{What: prefix + e.SubjectName, Type: string(e.Type), Changes: e.Changes})
	}
}

// product makes a product what the file says. Its status comes last: it is not on offer
// without a plan, and nothing of it is changed once it is retired. An end that has come stays,
// whatever the file says: it may have come by a time that was set, which no file knows.
func (a *application) product(ctx context.Context, p Product) error {
	what := "product " + p.Name
	x, err := a.tx.Product.Query().Where(product.Name(p.Name)).Only(ctx)
	if db.IsNotFound(err) {
		if x, err = a.Catalog.CreateProduct(ctx, p.toCreate()); err != nil {
			return err
		}
	} else if err == nil {
		if status := catalog.StatusAt(x, a.tx.Now); status == domain.Retired || status == domain.Deprecated && p.Status == domain.Published {
			if status != p.Status {
				a.out.Ended = append(a.out.Ended, what+" is "+string(status))
				p.Status = status
			}
			if status == domain.Retired { // nothing of it is changed any more
				return nil
			}
		}
		x, err = a.Catalog.UpdateProduct(ctx, p.toUpdate(x))
	}
	if err != nil {
		return err
	}
	a.did(what)
	if err := a.endpoints(ctx, x, p); err != nil { // before the plans, which may limit them
		return err
	}
	if err := a.plans(ctx, x, p); err != nil {
		return err
	}
	if x.Status == p.Status || catalog.StatusAt(x, a.tx.Now) == p.Status { // what is due is stored by the job
		return nil
	}
	_, err = a.Catalog.UpdateProduct(ctx, p.toStatus(x))
	a.did(what)
	return err
}

func (a *application) plans(ctx context.Context, x *db.Product, p Product) error {
	present, err := a.tx.Plan.Query().Where(plan.ProductID(x.ID)).Order(plan.ByName()).All(ctx)
	if err != nil {
		return err
	}
	endpoints, err := a.tx.Endpoint.Query().Where(endpoint.ProductID(x.ID)).All(ctx)
	if err != nil {
		return err
	}
	byShape := map[string]*db.Endpoint{}
	for _, e := range endpoints {
		byShape[Endpoint{Method: e.Method, Path: e.Path}.shape()] = e
	}
	byName := map[string]*db.Plan{}
	for _, one := range present {
		byName[one.Name] = one
	}
	for i, one := range p.Plans {
		if err := fault.Within(at("plans", i, one.Name), a.plan(ctx, x, byName[one.Name], one, byShape)); err != nil {
			return err
		}
		a.did("plan " + p.Name + "/" + one.Name)
		delete(byName, one.Name)
	}
	for _, one := range present {
		if byName[one.Name] != nil {
			a.out.Kept = append(a.out.Kept, "plan "+p.Name+"/"+one.Name)
		}
	}
	return nil
}

func (a *application) plan(ctx context.Context, x *db.Product, present *db.Plan, p Plan, byShape map[string]*db.Endpoint) error {
	limited, err := p.endpointLimits(byShape)
	if err != nil {
		return err
	}
	if present == nil {
		_, err := a.Catalog.CreatePlan(ctx, p.toCreate(x, limited))
		return err
	}
	if present.Kind != p.kind() {
		return fault.Input(fault.NotAllowed, "kind", "A plan's kind does not change: this one is "+string(present.Kind)+". Make another plan.")
	}
	_, err = a.Catalog.UpdatePlan(ctx, p.toUpdate(present, inOrder(limited, present)))
	return err
}
