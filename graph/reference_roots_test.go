package graph_test

import (
	"slices"
	"strings"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/organization"
	"portico/graph/model"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/nodeid"
	"portico/internal/viewer"
)

// rootResolvers are those of the fields that belong to no noun.
func rootResolvers() map[string]resolver {
	return map[string]resolver{
		"Query.node": objectBy(),
		"Query.nodes": func(q fieldRequest) (any, error) {
			ids, _ := q.texts("ids")
			if len(ids) > 100 {
				return nil, invalidArgument()
			}
			out := []any{}
			for _, id := range ids {
				row, err := q.rows.byOpaqueID(id)
				if err != nil {
					return nil, err
				}
				out = append(out, row)
			}
			return out, nil
		},
		"Query.viewer":     func(q fieldRequest) (any, error) { return q.currentViewer() },
		"Query.serverInfo": func(q fieldRequest) (any, error) { return q.serverInfo() },
		"Viewer.accounts":  accountsOfViewer,
		"Viewer.totpEnabledAt": func(q fieldRequest) (any, error) {
			return q.parent.(*viewing).User.(*db.User).TotpEnabledAt, nil
		},
		"Viewer.acceptedTerms": func(q fieldRequest) (any, error) {
			return termsOfUser(q.parent.(*viewing).User.(*db.User)), nil
		},
		"Viewer.termsToAccept": func(fieldRequest) (any, error) { return nil, nil }, // the world's organizations have none
	}
}

// information is what is known before anybody has signed in.
type information struct {
	Version          string
	OrganizationName *string
	PasswordSignIn   *bool
	Languages        []string
	Errors           []fault.Kind
	// IdentityProviders are those of the organization.
	IdentityProviders []*model.IdentityProvider
	// PasswordResetByMail is true, because the world sends letters.
	PasswordResetByMail bool
	SignUp              *model.SignUpInfo
	Terms               *domain.Terms
}

func (q fieldRequest) serverInfo() (any, error) {
	out := &information{Version: "test", IdentityProviders: []*model.IdentityProvider{}, PasswordResetByMail: true, Languages: []string{"en"}, Errors: fault.Kinds()}
	slug, ok := q.text("organization")
	if !ok {
		return out, nil
	}
	o, err := q.w.Client.Organization.Query().Where(organization.Slug(slug)).Only(viewer.AsSystem(q.ctx, uuid.Nil))
	if db.IsNotFound(err) {
		return out, nil
	}
	if err == nil {
		out.OrganizationName, out.PasswordSignIn = &o.Name, &o.PasswordSignIn
		out.Terms = termsOf(o)
		out.SignUp = &model.SignUpInfo{Policy: o.SignUp, Available: o.SignUp != domain.SignUpInvitation && o.PasswordSignIn}
		if o.SignUpForm != nil && o.SignUp != domain.SignUpInvitation {
			for _, q := range o.SignUpForm.Questions {
				out.SignUp.Questions = append(out.SignUp.Questions, &q)
			}
		}
	}
	if err == nil && slug == "one" {
		out.IdentityProviders = []*model.IdentityProvider{{Name: "main", Label: "Staff of one", StartURL: "https://api.example/auth/" + slug + "/main/start"}}
	}
	return out, err
}

// actor is who did something.
type actor struct {
	Role *viewer.Role
	Name string
	User any
	// ServiceToken is the token that did it.
	ServiceToken any
}

// actorOf returns who caused an event. Developers are told no more of staff than
// that it was staff.
func (r *reference) actorOf(e *db.Event) (any, error) {
	role := viewer.Role(e.ActorRole)
	out := &actor{Name: e.ActorName}
	if role == viewer.Admin || role == viewer.Approver || role == viewer.Portal || role == viewer.Gateway {
		out.Role = &role
	}
	if (role == viewer.Admin || role == viewer.Approver) && r.who.Role == viewer.Portal {
		admin := viewer.Admin
		out.Name, out.Role = "Administrator", &admin
		return out, nil
	}
	var err error
	if e.ActorTokenID != nil && r.who.Role == viewer.Admin {
		if out.ServiceToken, err = r.rows.byID(nodeid.ServiceToken, *e.ActorTokenID); err != nil {
			return nil, err
		}
	}
	if e.ActorID == nil {
		return out, nil
	}
	out.User, err = r.rows.byID(nodeid.User, *e.ActorID)
	return out, err
}

// person returns who requested or decided something. Developers see only the
// people of their account; of others they are told the name of who is a developer, and
// everybody else is staff to them.
func (r *reference) person(id *uuid.UUID) (any, error) {
	if id == nil {
		return nil, nil
	}
	row, err := r.rows.byID(nodeid.User, *id)
	if err != nil {
		return nil, err
	}
	out := &actor{Name: "Administrator", User: row}
	role := viewer.Admin
	if u, ok := row.(*db.User); ok {
		out.Name, role = u.Name, viewer.Role(u.Role)
	} else if hidden, err := r.system.byID(nodeid.User, *id); err != nil {
		return nil, err
	} else if u, ok := hidden.(*db.User); ok && u.Role == domain.RolePortal {
		out.Name, role = u.Name, viewer.Portal
	}
	out.Role = &role
	return out, nil
}

// viewing is who makes a request.
type viewing struct {
	User, Account, Organization any
	Role                        viewer.Role
}

// currentViewer returns who makes the request. A developer whose account is
// suspended sees this much.
func (r *reference) currentViewer() (any, error) {
	if r.who.UserID == uuid.Nil {
		return nil, nil
	}
	rows := r.rows
	if r.who.AccountSuspended {
		rows = r.system
	}
	out, err := &viewing{Role: r.who.Role}, error(nil)
	if out.User, err = rows.byID(nodeid.User, r.who.UserID); err != nil {
		return nil, err
	}
	if out.Organization, err = rows.byID(nodeid.Organization, r.who.OrganizationID); err != nil {
		return nil, err
	}
	out.Account, err = rows.byID(nodeid.Account, r.who.AccountID)
	return out, err
}

// contained reports whether a folded text contains that of a filter, if the
// filter has one.
func (g parameters) contained(name, folded string) bool {
	text, ok := g.text(name)
	return !ok || strings.Contains(folded, domain.Fold(text))
}

// among reports whether a value is one of those of a filter, if the filter has
// any.
func (g parameters) among(name, value string) bool {
	list, ok := g.texts(name)
	return !ok || slices.Contains(list, value)
}

func (g parameters) amongIDs(name string, k nodeid.Kind, id uuid.UUID) bool {
	return g.among(name, nodeid.Encode(k, id))
}
