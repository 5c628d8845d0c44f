package graph_test

import (
	"slices"
	"strings"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/organization"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/nodeid"
	"portico/internal/viewer"
)

// rootResolvers are those of the query's fields that are no lists.
func rootResolvers() map[string]resolver {
	byID := func(kinds ...nodeid.Kind) resolver {
		return func(q asked) (any, error) {
			id, _ := q.text("id")
			return q.rows.byOpaqueID(id, kinds...)
		}
	}
	return map[string]resolver{
		"Query.node":    byID(),
		"Query.app":     byID(nodeid.App),
		"Query.account": byID(nodeid.Account),
		"Query.product": byID(nodeid.Product),
		"Query.nodes": func(q asked) (any, error) {
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
		"Query.appByReferenceId": func(q asked) (any, error) {
			reference, _ := q.text("referenceId")
			return q.only(nodeid.App, func(row any) bool {
				return strings.EqualFold(row.(*db.App).ReferenceID.String(), reference)
			})
		},
		"Query.credentialByKey": func(q asked) (any, error) {
			username, err := uuid.Parse(q.object("input")["key"].(string)) // the documents have no secrets
			if err != nil {
				return nil, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidValue, "")
			}
			return q.only(nodeid.Credential, func(row any) bool { return row.(*db.Credential).Username == username })
		},
		"Query.viewer":     func(q asked) (any, error) { return q.currentViewer() },
		"Query.serverInfo": func(q asked) (any, error) { return q.serverInfo() },
	}
}

// only returns the one row that matches; nil if there is none.
func (r *reference) only(k nodeid.Kind, matches func(any) bool) (any, error) {
	all, err := r.rows.all(k)
	if i := slices.IndexFunc(all, matches); i >= 0 {
		return all[i], err
	}
	return nil, err
}

// information is what is known before anybody has signed in.
type information struct {
	Version          string
	OrganizationName *string
	PasswordSignIn   *bool
	Languages        []string
	Errors           []fault.Kind
}

func (q asked) serverInfo() (any, error) {
	out := &information{Version: "test", Languages: []string{"en"}, Errors: fault.Kinds()}
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
	}
	return out, err
}

// rootLists are the lists of the query.
func rootLists() map[string]resolver {
	return map[string]resolver{
		"Query.accounts": listOf(nodeid.Account, func(q asked, a *db.Account) bool {
			where := q.object("where")
			return where.contained("nameContains", a.NameFolded) && where.among("status", string(a.Status))
		}),
		"Query.apps": listOf(nodeid.App, func(q asked, a *db.App) bool { return q.appMatches(a) }),
		"Query.products": listOf(nodeid.Product, func(q asked, p *db.Product) bool {
			where := q.object("where")
			return where.contained("titleContains", p.TitleFolded) && where.among("status", string(p.Status))
		}),
		"Query.productSubscriptions": listOf(nodeid.ProductSubscription, func(q asked, s *db.Subscription) bool {
			where := q.object("where")
			return q.subscriptionMatches(s) && where.amongIDs("productIds", nodeid.Product, s.ProductID) &&
				where.amongIDs("appIds", nodeid.App, s.AppID) && where.amongIDs("accountIds", nodeid.Account, s.AccountID)
		}),
		"Query.users": listOf(nodeid.User, func(q asked, u *db.User) bool {
			where := q.object("where")
			return (where.contained("contains", u.NameFolded) || where.contained("contains", u.EmailFolded.String())) &&
				where.among("role", string(u.Role)) && where.among("status", string(u.Status))
		}),
		"Query.events": listOf(nodeid.Event, func(q asked, e *db.Event) bool { return q.eventMatches(e) }),
	}
}

func (q asked) appMatches(a *db.App) bool {
	where := q.object("where")
	if label := where.object("label"); label != nil && !slices.ContainsFunc(a.Labels, func(l domain.Label) bool {
		value, ok := label.text("value")
		return l.Key == label["key"] && (!ok || l.Value == value)
	}) {
		return false
	}
	return where.contained("nameContains", a.NameFolded) && where.amongIDs("accountIds", nodeid.Account, a.AccountID)
}

func (q asked) subscriptionMatches(s *db.Subscription) bool {
	where := q.object("where")
	return (s.Newest || where["history"] == true) && where.among("status", string(s.Status))
}

func (q asked) eventMatches(e *db.Event) bool {
	where := q.object("where")
	from, begins := where.moment("from")
	to, ends := where.moment("to")
	after, beyond := where.number("afterPosition")
	id, of := where.text("subjectId")
	return where.among("type", e.Type) && (!begins || !e.At.Before(from)) && (!ends || e.At.Before(to)) &&
		(!beyond || e.Position > int64(after)) && (!of || id == nodeid.Encode(nodeid.Kind(e.SubjectType), e.SubjectID))
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
