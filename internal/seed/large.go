package seed

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"portico/ent/db"
	dbapp "portico/ent/db/app"
	dborg "portico/ent/db/organization"
	dbplan "portico/ent/db/plan"
	dbproduct "portico/ent/db/product"
	"portico/internal/change"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/viewer"
)

const (
	// MostApps is the most apps that Large creates.
	MostApps = 1_000_000
	// perAccount is how many apps of the large set an account has.
	perAccount = 100
	// perBatch is how many apps one transaction creates: few enough that other
	// writers of the database wait for less than a second, and that the rows of
	// a table fit into one statement.
	perBatch = 250
)

// Large creates, in the organization demo, accounts named "Load 0001", "Load
// 0002" and so on with 100 apps each, up to the given number of apps: apps with
// one to three credentials and one to three approved subscriptions, and their
// events. It first creates the demo data if it does not exist. It creates only
// what is missing, so it can be interrupted and restarted, or repeated with a
// greater number. The summary counts what was created by this call. Like Demo it
// returns ErrNotEmpty beside other organizations.
func Large(ctx context.Context, o Options, apps int) (*Summary, error) {
	ctx = viewer.AsSystem(ctx, uuid.Nil)
	if apps < 1 || apps > MostApps {
		return nil, fmt.Errorf("the number of apps must be between 1 and %d", MostApps)
	}
	sum, err := Demo(ctx, o)
	if errors.Is(err, ErrExists) {
		sum, err = newSummary(), nil
	}
	if err != nil {
		return nil, err
	}
	l := &load{Options: o, sum: sum, changes: change.NewRunner(change.Options{Client: o.Client, Database: o.Database, Clock: o.Clock})}
	if err := l.prepare(ctx); err != nil {
		return nil, err
	}
	done, err := o.Client.App.Query().Where(dbapp.IDGTE(floor(largeFrom)), dbapp.IDLT(floor(largeTo))).Count(ctx)
	if err != nil {
		return nil, err
	}
	sum.LoadApps = max(done, apps)
	for first := done; first < apps; first += perBatch {
		err := l.create(ctx, first, min(first+perBatch, apps))
		if _, ok := database.IsUnique(err); ok {
			err = fmt.Errorf("another process creates the large set at this moment: %w", err)
		}
		if err != nil {
			return nil, err
		}
	}
	return sum, nil
}

// load creates the large set.
type load struct {
	Options
	changes *change.Runner
	sum     *Summary
	org     *db.Organization
	offers  []automaticOffer
}

// automaticOffer is a product with a plan of it that needs no approval.
type automaticOffer struct {
	product *db.Product
	plan    *db.Plan
}

// prepare finds the products and plans that need no approval, to which the apps
// subscribe.
func (l *load) prepare(ctx context.Context) (err error) {
	l.org, err = l.Client.Organization.Query().Where(dborg.Slug(demo().Slug)).Only(ctx)
	if db.IsNotFound(err) {
		return errors.New("the large set belongs to the organization demo, which does not exist here")
	}
	if err != nil {
		return err
	}
	products, err := l.Client.Product.Query().Where(dbproduct.OrganizationID(l.org.ID), dbproduct.StatusEQ(domain.Published),
		dbproduct.ApprovalEQ(domain.Auto), dbproduct.Keyless(false)).Order(dbproduct.ByCreatedAt(), dbproduct.ByID()).All(ctx)
	if err != nil {
		return err
	}
	for _, x := range products {
		one, err := l.Client.Plan.Query().Where(dbplan.ProductID(x.ID), dbplan.ApprovalIsNil()).
			Order(dbplan.ByCreatedAt(), dbplan.ByID()).First(ctx)
		if err == nil {
			l.offers = append(l.offers, automaticOffer{x, one})
		} else if !db.IsNotFound(err) {
			return err
		}
	}
	if len(l.offers) == 0 {
		return errors.New("the organization demo has no product that apps may be registered with without an approval")
	}
	return nil
}
