package graph_test

import (
	"fmt"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/domain"
	"portico/internal/lifecycle"
	"portico/internal/nodeid"
	"portico/internal/usage"
	"portico/internal/viewer"
)

// asked is a field of an object that is to be resolved.
type asked struct {
	*reference
	parameters
	parent any
}

// resolver returns the value of a field.
type resolver func(asked) (any, error)

// valueOf resolves a field by its parent alone.
func valueOf[T any](value func(T) any) resolver {
	return func(q asked) (any, error) { return value(q.parent.(T)), nil }
}

// resolve returns the value of a field: by a function for it, or else the field
// of the Go value that is called like it.
func (a *answering) resolve(typeName string, d *ast.FieldDefinition, parent any, args parameters) (any, error) {
	if r := a.resolverOf(typeName, d); r != nil {
		return r(asked{a.reference, args, parent})
	}
	if value, ok := plainValue(parent, d.Name); ok {
		return value, nil
	}
	panic(fmt.Sprintf("the reference knows no %s.%s of a %T", typeName, d.Name, parent))
}

// resolverOf returns the function for a field, nil if there is none.
func (r *reference) resolverOf(typeName string, d *ast.FieldDefinition) resolver {
	if d.Name == "id" && r.schema.Types[typeName].Interfaces != nil {
		return func(q asked) (any, error) {
			return nodeid.Encode(nodeid.Kind(typeName), columnOf(q.parent, "ID").(uuid.UUID)), nil
		}
	}
	for _, table := range []map[string]resolver{rootResolvers(), listResolvers(), objectResolvers(), valueResolvers()} {
		if f := table[typeName+"."+d.Name]; f != nil {
			return f
		}
	}
	return connectionResolvers()[d.Name]
}

// connectionResolvers are those of pages.
func connectionResolvers() map[string]resolver {
	return map[string]resolver{
		"nodes":      valueOf(func(p *wholePage) any { return p.nodes }),
		"edges":      valueOf(func(p *wholePage) any { return p.edges() }),
		"totalCount": valueOf(func(p *wholePage) any { return p.total }),
		"pageInfo":   valueOf(func(p *wholePage) any { return p.info }),
	}
}

// valueResolvers are those of fields that follow from the object's own row.
func valueResolvers() map[string]resolver {
	status := func(q asked) access.CredentialStatus {
		c := q.parent.(*db.Credential)
		now := q.w.Clock.Now()
		switch {
		case c.Status != access.CredentialActive && c.Status != access.CredentialDisabled:
			return access.CredentialRevoked
		case c.ExpiresAt != nil && !now.Before(*c.ExpiresAt):
			return access.CredentialExpired
		}
		return c.Status
	}
	return map[string]resolver{
		"Credential.status":            func(q asked) (any, error) { return status(q), nil },
		"Credential.enabled":           func(q asked) (any, error) { return status(q) == access.CredentialActive, nil },
		"Credential.accountCredential": valueOf(func(c *db.Credential) any { return c.AppID == nil }),
		"Credential.organizationId":    valueOf(func(c *db.Credential) any { return nodeid.Encode(nodeid.Organization, c.OrganizationID) }),
		"Credential.rawKeyHint": valueOf(func(c *db.Credential) any {
			if c.RawKeyHint == "" {
				return nil
			}
			return c.RawKeyHint
		}),
		"ProductSubscription.narrowed": valueOf(func(s *db.Subscription) any { return s.EndpointIds != nil }),
		"ProductSubscription.badgeColor": valueOf(func(s *db.Subscription) any {
			return map[access.SubscriptionStatus]lifecycle.BadgeColor{
				"WAITING": "YELLOW", "APPROVED": "GREEN", "REJECTED": "RED", "UNSUBSCRIBED": "GRAY", "SUSPENDED": "ORANGE",
			}[s.Status]
		}),
		"Organization.usageRetention": valueOf(func(o *db.Organization) any {
			if o.UsageRetention != nil {
				return o.UsageRetention
			}
			return domain.DefaultUsageRetention()
		}),
		"Event.subject": valueOf(func(e *db.Event) any {
			return subject{nodeid.Encode(nodeid.Kind(e.SubjectType), e.SubjectID), e.SubjectType, e.SubjectName}
		}),
	}
}

// subject is what an event is about.
type subject struct{ ID, Type, Name string }

// objectResolvers are those of fields that lead to other objects, or that a
// service decides for one object.
func objectResolvers() map[string]resolver {
	account := func(q asked) (any, error) {
		return q.rows.byID(nodeid.Account, columnOf(q.parent, "AccountID").(uuid.UUID))
	}
	product := func(q asked) (any, error) {
		return q.rows.byID(nodeid.Product, columnOf(q.parent, "ProductID").(uuid.UUID))
	}
	return map[string]resolver{
		"App.account":                 account,
		"Credential.account":          account,
		"ProductSubscription.account": account,
		"ProductSubscription.product": product,
		"Endpoint.product":            product,
		"ProductSubscription.plan": func(q asked) (any, error) {
			return q.rows.byID(nodeid.Plan, q.parent.(*db.Subscription).PlanID)
		},
		"ProductSubscription.app": func(q asked) (any, error) { return q.rows.byID(nodeid.App, q.parent.(*db.Subscription).AppID) },
		"Membership.user":         func(q asked) (any, error) { return q.rows.byID(nodeid.User, q.parent.(*db.Membership).UserID) },
		"Credential.app": func(q asked) (any, error) {
			if id := q.parent.(*db.Credential).AppID; id != nil {
				return q.rows.byID(nodeid.App, *id)
			}
			return nil, nil
		},
		"EventSubject.node":               func(q asked) (any, error) { return q.rows.byOpaqueID(q.parent.(subject).ID) },
		"Event.actor":                     func(q asked) (any, error) { return q.actorOf(q.parent.(*db.Event)) },
		"ProductSubscription.requestedBy": func(q asked) (any, error) { return q.person(q.parent.(*db.Subscription).RequestedBy) },
		"ProductSubscription.decidedBy":   func(q asked) (any, error) { return q.person(q.parent.(*db.Subscription).DecidedBy) },

		"Account.viewerCan": func(q asked) (any, error) {
			return q.w.Portal.Identity.AccountPermissions(q.ctx, q.parent.(*db.Account)), nil
		},
		"App.viewerCan":        func(q asked) (any, error) { return q.w.Portal.Apps.AppPermissions(q.ctx, q.parent.(*db.App)), nil },
		"Credential.viewerCan": func(q asked) (any, error) { return q.w.Portal.Apps.CredentialPermissions(q.ctx, q.settled()), nil },
		"Product.viewerCan": func(q asked) (any, error) {
			return q.w.Portal.Catalog.ProductPermissions(q.ctx, q.parent.(*db.Product)), nil
		},
		"Endpoint.viewerCan": func(q asked) (any, error) {
			return q.w.Portal.Catalog.EndpointPermissions(q.ctx, q.parent.(*db.Endpoint)), nil
		},
		"ProductSubscription.viewerCan": func(q asked) (any, error) {
			return q.w.Portal.Apps.SubscriptionPermissions(q.ctx, q.parent.(*db.Subscription)), nil
		},
		"ProductSubscription.allowedTransitions": func(q asked) (any, error) {
			return q.w.Portal.Apps.Transitions(q.ctx, q.parent.(*db.Subscription)), nil
		},
		"App.callsLast24h":                 func(q asked) (any, error) { return q.callsLast24h(usage.ByApp) },
		"Credential.callsLast24h":          func(q asked) (any, error) { return q.callsLast24h(usage.ByCredential) },
		"ProductSubscription.callsLast24h": func(q asked) (any, error) { return q.callsLast24h(usage.BySubscription) },
	}
}

// settled returns the credential with its status at this time.
func (q asked) settled() *db.Credential {
	c := *q.parent.(*db.Credential)
	c.Settle(q.w.Clock.Now())
	return &c
}

func (q asked) callsLast24h(by usage.Dimension) (any, error) {
	zone, err := q.w.Portal.Activity.Zone(q.ctx)
	if err != nil {
		return nil, err
	}
	id := columnOf(q.parent, "ID").(uuid.UUID)
	n, err := q.w.calls.reports.CallsLast24h(q.ctx, q.who.OrganizationID, zone, by, []uuid.UUID{id})
	return n[id], err
}

// actor is who did something.
type actor struct {
	Role *viewer.Role
	Name string
	User any
}

// actorOf returns who caused an event. Developers are told no more of staff than
// that it was staff.
func (r *reference) actorOf(e *db.Event) (any, error) {
	role := viewer.Role(e.ActorRole)
	out := &actor{Name: e.ActorName}
	if role == viewer.Admin || role == viewer.Portal || role == viewer.Gateway {
		out.Role = &role
	}
	if role == viewer.Admin && r.who.Role != viewer.Admin {
		out.Name = "Administrator"
		return out, nil
	}
	if e.ActorID == nil {
		return out, nil
	}
	var err error
	out.User, err = r.rows.byID(nodeid.User, *e.ActorID)
	return out, err
}

// person returns who requested or decided something. Developers see only the
// people of their account; everybody else is staff to them.
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
