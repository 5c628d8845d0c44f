package graph_test

import (
	"maps"
	"slices"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/internal/apps"
	"portico/internal/nodeid"
)

// listResolvers are those of lists, and of counts of them.
func listResolvers() map[string]resolver {
	out := rootLists()
	for _, more := range []map[string]resolver{listsOfAccounts(), listsOfApps(), listsOfProducts(), timelines()} {
		maps.Copy(out, more)
	}
	out["Credential.accessControlList"] = accessControlList
	return out
}

// listOf resolves a list of those rows of a kind that match.
func listOf[T any](k nodeid.Kind, matches func(asked, T) bool) resolver {
	return func(q asked) (any, error) {
		all, err := q.rows.all(k)
		all, err = rowsWhere(all, err, func(row T) bool { return matches(q, row) })
		if err != nil {
			// The arguments are checked before anything is read.
			if _, invalid := q.page(nil, sortedBy(k, q.object("orderBy")), q.parameters); invalid != nil {
				err = invalid
			}
			return nil, err
		}
		return nonNil(q.page(all, sortedBy(k, q.object("orderBy")), q.parameters))
	}
}

// nonNil returns a nil interface for an error.
func nonNil(p *wholePage, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (q asked) credentialMatches(c *db.Credential) bool {
	where := q.object("where")
	at := c.Status.At(q.w.Clock.Now(), c.ExpiresAt)
	return where.among("status", string(at)) && where.among("environment", string(c.Environment))
}

func listsOfAccounts() map[string]resolver {
	id := func(q asked) uuid.UUID { return q.parent.(*db.Account).ID }
	return map[string]resolver{
		"Account.apps": listOf(nodeid.App, func(q asked, a *db.App) bool { return a.AccountID == id(q) && q.appMatches(a) }),
		"Account.credentials": listOf(nodeid.Credential, func(q asked, c *db.Credential) bool {
			return c.AccountID == id(q) && c.AppID == nil && q.credentialMatches(c)
		}),
		"Account.members": listOf(nodeid.Membership, func(q asked, m *db.Membership) bool { return m.AccountID == id(q) }),
		"Viewer.accounts": func(q asked) (any, error) {
			user := q.parent.(*viewing).User.(*db.User).ID
			members, err := q.system.all(nodeid.Membership)
			if err != nil {
				return nil, err
			}
			all, err := q.system.all(nodeid.Account)
			all, err = rowsWhere(all, err, func(a *db.Account) bool {
				return slices.ContainsFunc(members, func(m any) bool {
					return m.(*db.Membership).UserID == user && m.(*db.Membership).AccountID == a.ID && a.DeletedAt == nil
				})
			})
			if err != nil {
				return nil, err
			}
			return nonNil(q.page(all, sortedBy(nodeid.Account, nil), q.parameters))
		},
	}
}

func listsOfApps() map[string]resolver {
	id := func(q asked) uuid.UUID { return q.parent.(*db.App).ID }
	of := func(q asked, c *db.Credential) bool { return c.AppID != nil && *c.AppID == id(q) }
	return map[string]resolver{
		"App.credentials": listOf(nodeid.Credential, func(q asked, c *db.Credential) bool { return of(q, c) && q.credentialMatches(c) }),
		"App.productSubscriptions": listOf(nodeid.ProductSubscription, func(q asked, s *db.Subscription) bool {
			return s.AppID == id(q) && q.subscriptionMatches(s)
		}),
		"App.connectedEndpoints": listOf(nodeid.Endpoint, func(q asked, e *db.Endpoint) bool {
			all, err := q.rows.all(nodeid.ProductSubscription)
			return err == nil && slices.ContainsFunc(all, func(row any) bool {
				s := row.(*db.Subscription)
				return s.AppID == id(q) && s.Status == access.SubscriptionApproved && s.DeletedAt == nil && reaches(s, e)
			})
		}),
		"App.keyCounts": func(q asked) (any, error) {
			all, err := q.rows.all(nodeid.Credential)
			all, err = rowsWhere(all, err, func(c *db.Credential) bool { return of(q, c) })
			out := &apps.KeyCounts{Total: len(all)}
			for _, c := range all {
				switch c := c.(*db.Credential); c.Status.At(q.w.Clock.Now(), c.ExpiresAt) {
				case access.CredentialActive:
					out.Active++
				case access.CredentialDisabled:
					out.Disabled++
				case access.CredentialExpired:
					out.Expired++
				case access.CredentialRevoked:
					out.Revoked++
				}
			}
			return out, err
		},
	}
}

// reaches reports whether a subscription includes an endpoint.
func reaches(s *db.Subscription, e *db.Endpoint) bool {
	return e.ProductID == s.ProductID && (s.EndpointIds == nil || slices.Contains(s.EndpointIds, e.ID))
}

func listsOfProducts() map[string]resolver {
	return map[string]resolver{
		"Product.plans": listOf(nodeid.Plan, func(q asked, p *db.Plan) bool { return p.ProductID == q.parent.(*db.Product).ID }),
		"Product.endpoints": listOf(nodeid.Endpoint, func(q asked, e *db.Endpoint) bool {
			return e.ProductID == q.parent.(*db.Product).ID
		}),
		"ProductSubscription.endpoints": listOf(nodeid.Endpoint, func(q asked, e *db.Endpoint) bool {
			return reaches(q.parent.(*db.Subscription), e)
		}),
	}
}

// timelines are lists of events, newest first: those of an account or an app
// include what belongs to it.
func timelines() map[string]resolver {
	newest := func(of func(q asked, e *db.Event) bool) resolver {
		list := listOf(nodeid.Event, of)
		return func(q asked) (any, error) {
			q.parameters = maps.Clone(q.parameters)
			q.parameters["orderBy"] = map[string]any{"direction": "DESC"}
			return list(q)
		}
	}
	subject := newest(func(q asked, e *db.Event) bool { return e.SubjectID == columnOf(q.parent, "ID") })
	return map[string]resolver{
		"Credential.timeline":          subject,
		"ProductSubscription.timeline": subject,
		"Account.timeline": newest(func(q asked, e *db.Event) bool {
			return e.AccountID != nil && *e.AccountID == q.parent.(*db.Account).ID
		}),
		"App.timeline": newest(func(q asked, e *db.Event) bool { return e.AppID != nil && *e.AppID == q.parent.(*db.App).ID }),
	}
}

func accessControlList(q asked) (any, error) {
	entries, err := q.rows.all(accessEntries)
	entries, err = rowsWhere(entries, err, func(e *db.AccessEntry) bool { return e.CredentialID == q.parent.(*db.Credential).ID })
	if err != nil {
		return nil, err
	}
	var listed []any
	for _, e := range entries {
		row, err := q.rows.byID(nodeid.Product, e.(*db.AccessEntry).ProductID)
		if err != nil {
			return nil, err
		}
		if row != nil {
			listed = append(listed, row)
		}
	}
	return nonNil(q.page(listed, accessOrder(), q.parameters))
}
