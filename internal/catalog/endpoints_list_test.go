package catalog_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/internal/listing"
	"portico/internal/paging"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// paths returns the paths of a page's endpoints.
func paths(p *paging.Page[*db.Endpoint]) string {
	var out []string
	for _, e := range p.Nodes {
		out = append(out, e.Path)
	}
	return strings.Join(out, " ")
}

// The endpoints of subscriptions and of apps are listed page by page, for one or for
// many at once. An endpoint may be on several lists.
func TestReachableEndpoints(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		s := portaltest.New(t, url).MustShop(t, "/a", "/b", "/c", "/d", "/e")
		returns, plan, _ := s.MustOffer(t, "returns", "/r", "/s")
		narrow, whole, none := s.MustApp(t, s.Developer, "Narrow").App, s.MustApp(t, s.Developer, "Whole").App, s.MustApp(t, s.Developer, "None").App
		some, err := s.Register(s.Developer, narrow, portaltest.EndpointIDs(s.Endpoints[3], s.Endpoints[0], s.Endpoints[1])...)
		require.NoError(t, err)
		all, err := s.Register(s.Developer, whole)
		require.NoError(t, err)
		waiting := s.MustRegister(t, s.Developer, none, s.Product, s.Plan)
		more := s.MustRegister(t, s.Developer, narrow, returns, plan)
		for _, sub := range []*db.Subscription{some, all, more} {
			_, err := s.Portal.Apps.Approve(s.Admin, sub.GlobalID(), nil)
			require.NoError(t, err)
		}
		_, err = s.Portal.Catalog.DeleteEndpoint(s.Admin, s.Endpoints[1].GlobalID())
		require.NoError(t, err)

		for _, as := range []context.Context{s.Developer, s.Admin} {
			subs := endpointPages{t, func(parents []uuid.UUID, r listing.Request) (listing.Pages[*db.Endpoint], error) {
				return s.Portal.Catalog.EndpointsOfSubscriptions(as, parents, r)
			}}
			subs.want(map[uuid.UUID]string{some.ID: "/a /d", all.ID: "/a /c /d /e", waiting.ID: "/a /c /d /e", more.ID: "/r /s"})
			apps := endpointPages{t, func(parents []uuid.UUID, r listing.Request) (listing.Pages[*db.Endpoint], error) {
				return s.Portal.Catalog.ConnectedEndpoints(as, parents, r)
			}}
			apps.want(map[uuid.UUID]string{narrow.ID: "/a /d /r /s", whole.ID: "/a /c /d /e", none.ID: ""})
		}
		_, err = s.Portal.Apps.DeleteApp(s.Developer, narrow.GlobalID(), nil)
		require.NoError(t, err)
		pages, err := s.Portal.Catalog.ConnectedEndpoints(s.Admin, []uuid.UUID{narrow.ID, whole.ID}, listing.Request{Wanted: paging.Wanted{Total: true}})
		require.NoError(t, err)
		require.Empty(t, pages[narrow.ID].Nodes)
		require.Equal(t, 4, pages[whole.ID].TotalCount)
	})
}

// endpointPages reads a nested list of endpoints.
type endpointPages struct {
	t    *testing.T
	list func([]uuid.UUID, listing.Request) (listing.Pages[*db.Endpoint], error)
}

// want compares the pages of size two, from both ends, alone and together.
func (r endpointPages) want(want map[uuid.UUID]string) {
	r.t.Helper()
	var parents []uuid.UUID
	for id := range want {
		parents = append(parents, id)
	}
	for id, path := range want {
		words := strings.Fields(path)
		for _, asked := range [][]uuid.UUID{{id}, parents} {
			page := func(a paging.Args) *paging.Page[*db.Endpoint] {
				pages, err := r.list(asked, listing.Request{Args: a, Columns: []string{"path"}, Wanted: paging.Wanted{Total: true, Info: true, Edges: true}})
				require.NoError(r.t, err)
				require.Len(r.t, pages, len(asked))
				require.Equal(r.t, len(words), pages[id].TotalCount)
				return pages[id]
			}
			two := 2
			var seen []string
			first := page(paging.Args{First: &two})
			for p := first; ; {
				seen = append(seen, strings.Fields(paths(p))...)
				if !p.PageInfo.HasNextPage {
					break
				}
				p = page(paging.Args{First: &two, After: p.PageInfo.EndCursor})
			}
			require.Equal(r.t, words, append([]string{}, seen...))
			require.Equal(r.t, strings.Join(words[max(0, len(words)-2):], " "), paths(page(paging.Args{Last: &two})))
		}
	}
}
