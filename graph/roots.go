package graph

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/graph/model"
	"portico/internal/domain"
	"portico/internal/entity"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/listing"
	"portico/internal/nodeid"
	"portico/internal/paging"
	"portico/internal/portal"
	"portico/internal/viewer"
)

func nodeByID(ctx context.Context, r entity.Reader, id string) (model.Node, error) {
	kind, row, ok := nodeid.Split(id)
	if !ok {
		return nil, nil
	}
	loadersOf(ctx).saw(kind, row)
	return withLists(ctx, kind, row, func(ctx context.Context) (model.Node, error) {
		return nodeOf(ctx, r, kind, row, loadersOf(ctx).columns(ctx, kind))
	})
}

// nodesByID returns the objects of up to 100 ids; those of one kind are read
// together.
func nodesByID(ctx context.Context, r entity.Reader, ids []string) ([]model.Node, error) {
	if len(ids) > paging.Max {
		return nil, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, "Ask for at most 100 nodes.")
	}
	l := loadersOf(ctx)
	for _, id := range ids {
		if kind, row, ok := nodeid.Split(id); ok {
			l.saw(kind, row)
		}
	}
	out := make([]model.Node, len(ids))
	for i, id := range ids {
		kind, row, ok := nodeid.Split(id)
		if !ok {
			continue
		}
		n, err := nodeOf(ctx, r, kind, row, l.columns(ctx, kind))
		if err != nil {
			return nil, err
		}
		out[i] = n
	}
	return out, nil
}

func appByReference(ctx context.Context, p *portal.Portal, reference uuid.UUID) (*db.App, error) {
	a, err := p.Apps.AppByReference(ctx, reference, loadersOf(ctx).columns(ctx, nodeid.App))
	if a != nil {
		note(loadersOf(ctx), a)
	}
	return a, err
}

// accessList returns a page of the products on a credential's access control
// list, in the order of their ids, which is that of their creation.
func accessList(ctx context.Context, p *portal.Portal, r entity.Reader, key uuid.UUID, rd listing.Request) (*model.ProductConnection, error) {
	l := loadersOf(ctx)
	listed, err := value(ctx, "accessList", nodeid.Credential, key, func(ctx context.Context, keys []uuid.UUID) (map[uuid.UUID][]uuid.UUID, error) {
		lists, err := p.Apps.AccessLists(ctx, keys)
		for _, products := range lists { // of all credentials, so that their products are read together
			l.saw(nodeid.Product, products...)
		}
		return lists, err
	})
	if err != nil {
		return nil, err
	}
	b := shared(l, fmt.Sprint("accessList", rd.Columns), nodeid.Product, func(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]*db.Product, error) {
		return r.ProductsByID(ctx, ids, rd.Columns)
	})
	var visible []*db.Product
	for _, id := range listed {
		x, ok, err := b.get(ctx, id)
		if err != nil {
			return nil, err
		}
		if ok {
			visible = append(visible, x)
		}
	}
	out, err := p.Catalog.PageOfProducts(visible, rd)
	if err == nil {
		note(l, out.Nodes...)
	}
	return out, err
}

// currentViewer returns who makes the request; nil if anonymous.
func currentViewer(ctx context.Context, r entity.Reader) (*model.Viewer, error) {
	v := viewer.Current(ctx)
	if !v.SignedIn() {
		return nil, nil
	}
	if v.AccountSuspended {
		// A viewer who is refused everything else still learns the reason.
		ctx = viewer.AsSystem(ctx, v.OrganizationID)
	}
	users, err := r.UsersByID(ctx, []uuid.UUID{v.UserID}, nil)
	if err != nil {
		return nil, err
	}
	organizations, err := r.OrganizationsByID(ctx, []uuid.UUID{v.OrganizationID}, nil)
	if err != nil {
		return nil, err
	}
	out := &model.Viewer{User: users[v.UserID], Organization: organizations[v.OrganizationID], Role: v.Role}
	if v.AccountID != uuid.Nil {
		accounts, err := r.AccountsByID(ctx, []uuid.UUID{v.AccountID}, nil)
		if err != nil {
			return nil, err
		}
		out.Account = accounts[v.AccountID]
		note(loadersOf(ctx), slices.DeleteFunc([]*db.Account{out.Account}, func(a *db.Account) bool { return a == nil })...)
	}
	return out, nil
}

// viewerOf returns who has just signed in; nil if nobody has.
func viewerOf(s identity.SignedIn) *model.Viewer {
	if s.AccessToken == "" {
		return nil
	}
	return &model.Viewer{User: s.User, Organization: s.Organization, Account: s.Account, Role: viewer.Role(s.User.Role)}
}

func errorKinds() []*fault.Kind {
	return pointersTo(fault.Kinds())
}

func serverInfo(ctx context.Context, r *Resolver, slug *string) (*model.ServerInfo, error) {
	p := r.Portal
	info := &model.ServerInfo{Version: r.Version, IdentityProviders: []*model.IdentityProvider{}, PasswordResetByMail: p.Identity.CanMail(), Languages: []string{"en"}, Errors: errorKinds()}
	if slug == nil {
		return info, nil
	}
	o, err := p.Identity.OrganizationBySlug(ctx, *slug)
	if err != nil || o == nil {
		return info, err
	}
	info.OrganizationName, info.PasswordSignIn = &o.Name, &o.PasswordSignIn
	if info.PasswordResetByMail, err = p.Mail.SendsKind(ctx, o.ID, domain.MailPasswordReset); err != nil {
		return nil, err
	}
	info.Terms = identity.TermsOf(o)
	if info.SignUp, err = signUpInfo(ctx, p, o); err != nil {
		return nil, err
	}
	info.IdentityProviders, err = signInProviders(ctx, r, o)
	return info, err
}

// signInProviders returns where people of an organization sign in with a browser.
func signInProviders(ctx context.Context, r *Resolver, o *db.Organization) ([]*model.IdentityProvider, error) {
	out := []*model.IdentityProvider{}
	if r.PublicURL == "" {
		return out, nil
	}
	all, err := r.Portal.Identity.SignInProviders(ctx, o.ID)
	for _, one := range all {
		out = append(out, &model.IdentityProvider{
			Name: one.Name, Label: one.Label, StartURL: strings.TrimSuffix(r.PublicURL, "/") + "/auth/" + o.Slug + "/" + one.Name + "/start",
		})
	}
	return out, err
}

// signUpInfo returns how people sign up in an organization.
func signUpInfo(ctx context.Context, p *portal.Portal, o *db.Organization) (*model.SignUpInfo, error) {
	sends, err := p.Mail.SendsKind(ctx, o.ID, domain.MailVerification)
	out := &model.SignUpInfo{Policy: o.SignUp, Available: sends && identity.SignUpAllowed(o), Questions: []*domain.Question{}}
	if out.Available {
		out.Questions = questions(o.SignUpForm)
	}
	return out, err
}

// questions returns what a form asks; nil asks nothing.
func questions(f *domain.Form) []*domain.Question {
	if f == nil {
		return []*domain.Question{}
	}
	return pointersTo(f.Questions)
}

// pointersTo returns pointers to the elements of a list.
func pointersTo[T any](all []T) []*T {
	out := make([]*T, len(all))
	for i := range all {
		out[i] = &all[i]
	}
	return out
}
