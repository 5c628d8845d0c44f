package seed

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/apikey"
	"portico/internal/apps"
	"portico/internal/change"
	"portico/internal/identity"
	"portico/internal/lifecycle"
)

const (
	// mostCredentials and mostSubscriptions bound the credentials and subscriptions of an
	// app of the large set.
	mostCredentials   = 3
	mostSubscriptions = 3
	// slots is how many ids are reserved for each app, its account's included: the
	// account's, the app's, the credentials', the subscriptions'.
	slots = 2 + mostCredentials + mostSubscriptions
	// keyPrefix is the prefix of raw keys: the default of organizations.
	keyPrefix = "ptk"
)

// slot returns the id in the nth slot of an app of the large set, which is given
// by its number, counted from 0.
func slot(app, n int) uuid.UUID { return ident(largeFrom, int64(app*slots+n)) }

// part is the nth credential or subscription of an app, both counted from 0.
type part struct{ app, n int }

func credentialsOf(app int) int { return 1 + app%mostCredentials }

func (l *load) subscriptionsOf(app int) int {
	return min(1+app/mostCredentials%mostSubscriptions, len(l.offers))
}

// offer returns what the nth subscription of an app is for.
func (l *load) offer(p part) automaticOffer { return l.offers[(p.app+p.n)%len(l.offers)] }

// batch creates the apps first to end in one transaction, with one statement for
// each table.
func (l *load) batch(ctx context.Context, first, end int) error {
	b := &batch{load: l, first: first, end: end}
	for n := first; n < end; n++ {
		if n%perAccount == 0 {
			b.firsts = append(b.firsts, n)
		}
		for i := range credentialsOf(n) {
			b.credentials = append(b.credentials, part{n, i})
		}
		for i := range l.subscriptionsOf(n) {
			b.subscriptions = append(b.subscriptions, part{n, i})
		}
	}
	for _, k := range b.credentials {
		s, err := apikey.MintFor(keyPrefix, named("large key", int64(k.app*slots+2+k.n)))
		if err != nil {
			return err
		}
		b.secrets = append(b.secrets, s)
	}
	if err := change.Exec(ctx, l.changes, b.create); err != nil {
		return err
	}
	l.sum.Accounts += len(b.firsts)
	l.sum.Apps += end - first
	l.sum.Credentials += len(b.credentials)
	l.sum.Subscriptions += len(b.subscriptions)
	l.sum.Events += len(b.firsts) + end - first + len(b.credentials) + len(b.subscriptions)
	return nil
}

// batch is what one transaction creates.
type batch struct {
	*load
	first, end    int
	firsts        []int // the apps with which an account begins
	credentials   []part
	secrets       []apikey.Secret // of the credentials
	subscriptions []part
}

// create inserts the rows and records their events.
func (b *batch) create(ctx context.Context, tx *change.Tx) error {
	if err := b.lockOrganizations(ctx, tx.Tx); err != nil {
		return err
	}
	if err := checkAlone(ctx, tx.Organization); err != nil {
		return err
	}
	tx.Enter(b.org.ID)
	accounts, err := tx.Account.MapCreateBulk(b.firsts, func(c *db.AccountCreate, i int) {
		n := b.firsts[i]
		identity.FillAccount(c, b.org.ID, fmt.Sprintf("Load %04d", n/perAccount+1), b.at(tx, n)).SetID(slot(n, 0))
	}).Save(ctx)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		tx.Record(identity.AccountCreated(a))
	}
	created, err := tx.App.MapCreateBulk(make([]struct{}, b.end-b.first), func(c *db.AppCreate, i int) {
		n := b.first + i
		owner := &db.Account{ID: slot(n-n%perAccount, 0), OrganizationID: b.org.ID}
		apps.FillApp(c, owner, fmt.Sprintf("Load app %06d", n+1), b.at(tx, n)).SetID(slot(n, 1)).SetReferenceID(named("large app", int64(n)))
	}).Save(ctx)
	if err != nil {
		return err
	}
	for _, a := range created {
		tx.Record(apps.AppCreated(a))
	}
	if err := b.createCredentials(ctx, tx, created); err != nil {
		return err
	}
	return b.subscribe(ctx, tx, created)
}

// at returns when an app is created: a microsecond after the one before, the last
// one at the time of the transaction.
func (b *batch) at(tx *change.Tx, app int) time.Time {
	return tx.Now.Add(-time.Duration(b.end-1-app) * time.Microsecond)
}

// createCredentials creates the apps' credentials. All are active.
func (b *batch) createCredentials(ctx context.Context, tx *change.Tx, of []*db.App) error {
	environments := [mostCredentials]access.Environment{access.Development, access.Staging, access.Production}
	created, err := tx.Credential.MapCreateBulk(b.credentials, func(c *db.CredentialCreate, i int) {
		k := b.credentials[i]
		apps.FillCredential(c, apps.OwnedByApp(of[k.app-b.first]), b.secrets[i], secrets{pepper: b.Pepper}, b.at(tx, k.app)).
			SetEnvironment(environments[k.n]).SetID(slot(k.app, 2+k.n))
	}).Save(ctx)
	if err != nil {
		return err
	}
	for _, k := range created {
		tx.Record(apps.CredentialCreated(k, nil))
	}
	return nil
}

// subscribe creates the apps' subscriptions, which are approved at once.
func (b *batch) subscribe(ctx context.Context, tx *change.Tx, of []*db.App) error {
	created, err := tx.Subscription.MapCreateBulk(b.subscriptions, func(c *db.SubscriptionCreate, i int) {
		s := b.subscriptions[i]
		apps.FillSubscription(c, of[s.app-b.first], b.offer(s).plan, lifecycle.Initial(true), b.at(tx, s.app)).
			SetID(slot(s.app, 2+credentialsOf(s.app)+s.n))
	}).Save(ctx)
	if err != nil {
		return err
	}
	for i, s := range created {
		o := b.offer(b.subscriptions[i])
		tx.Record(apps.SubscriptionRegistered(s, o.product, o.plan))
	}
	return nil
}
