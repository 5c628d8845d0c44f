package catalog_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/event"
	"portico/ent/db/guide"
	"portico/internal/catalog"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
	"portico/internal/testdb"
)

// newGuide is the input of a guide without a place.
func newGuide(p *db.Product, slug string) catalog.CreateGuideInput {
	return catalog.CreateGuideInput{ProductID: p.GlobalID(), Slug: slug, Title: slug, Text: "# " + slug}
}

// slugsOf returns the slugs of a product's guides in their order, and requires that their
// places have no gaps.
func slugsOf(t *testing.T, f *portaltest.Fixture, p *db.Product) (out []string) {
	t.Helper()
	all, err := f.Client.Guide.Query().Where(guide.ProductID(p.ID)).Order(guide.ByPosition()).All(portaltest.System(t))
	require.NoError(t, err)
	for i, x := range all {
		require.Equal(t, i+1, x.Position, x.Slug)
		out = append(out, x.Slug)
	}
	return out
}

// Guides stand in the order that administrators give them, without gaps.
func TestStory_Guides(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		p, _ := f.MustProduct(t, x.Admin, "orders")
		made := map[string]*db.Guide{}
		create := func(slug string, at *int) {
			t.Helper()
			in := newGuide(p, slug)
			in.Position = at
			out, err := f.Portal.Catalog.CreateGuide(x.Admin, in)
			require.NoError(t, err)
			made[slug] = out
		}
		create("a", nil)
		create("c", new(50))
		create("b", new(2))
		require.Equal(t, []string{"a", "b", "c"}, slugsOf(t, f, p))
		move := func(slug string, to int, want ...string) {
			t.Helper()
			_, err := f.Portal.Catalog.UpdateGuide(x.Admin, catalog.UpdateGuideInput{GuideID: made[slug].GlobalID(), Position: input.SetTo(to)})
			require.NoError(t, err)
			require.Equal(t, want, slugsOf(t, f, p))
		}
		move("c", 1, "c", "a", "b")
		move("c", 2, "a", "c", "b")
		move("a", 50, "c", "b", "a")
		move("a", 3, "c", "b", "a")
		same, err := f.Portal.Catalog.UpdateGuide(x.Admin, catalog.UpdateGuideInput{GuideID: made["c"].GlobalID(), Text: input.SetTo("# c")})
		require.NoError(t, err)
		require.Equal(t, 3, same.Version, "what changes nothing is no change")
		_, err = f.Portal.Catalog.DeleteGuide(x.Admin, made["c"].GlobalID())
		require.NoError(t, err)
		require.Equal(t, []string{"b", "a"}, slugsOf(t, f, p))
		require.Equal(t, []string{string(eventlog.GuideCreated), string(eventlog.GuideUpdated), string(eventlog.GuideUpdated), string(eventlog.GuideDeleted)}, f.EventTypes(t, made["c"].ID))
		changed, err := f.Portal.Catalog.UpdateGuide(x.Admin, catalog.UpdateGuideInput{GuideID: made["a"].GlobalID(), Text: input.SetTo("SECRET WORD")})
		require.NoError(t, err)
		require.Equal(t, "<p>SECRET WORD</p>", f.Portal.Catalog.GuideHTML(changed))
		for _, e := range f.Client.Event.Query().Where(event.SubjectID(changed.ID)).AllX(portaltest.System(t)) {
			require.NotContains(t, fmt.Sprint(e.Changes), "SECRET", "the log has no text")
		}
	})
}

func TestGuides_Refused(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x, foreign := f.MustTenant(t, "one"), f.MustTenant(t, "two")
		p, _ := f.MustProduct(t, x.Admin, "orders")
		one, err := f.Portal.Catalog.CreateGuide(x.Admin, newGuide(p, "one"))
		require.NoError(t, err)
		two, err := f.Portal.Catalog.CreateGuide(x.Admin, newGuide(p, "two"))
		require.NoError(t, err)
		for want, change := range map[string]func(in *catalog.CreateGuideInput){
			"TAKEN slug":              func(in *catalog.CreateGuideInput) { in.Slug = "one" },
			"INVALID slug":            func(in *catalog.CreateGuideInput) { in.Slug = "../x" },
			"REQUIRED title":          func(in *catalog.CreateGuideInput) { in.Title = "" },
			"REQUIRED text":           func(in *catalog.CreateGuideInput) { in.Text = "\u200b" },
			"TOO_LONG text":           func(in *catalog.CreateGuideInput) { in.Text = strings.Repeat("é", catalog.MaxGuide+1) },
			"INVALID_CHARACTERS text": func(in *catalog.CreateGuideInput) { in.Text = "a\x00b" },
			"INVALID position":        func(in *catalog.CreateGuideInput) { in.Position = new(0) },
		} {
			in := newGuide(p, "three")
			change(&in)
			_, err := f.Portal.Catalog.CreateGuide(x.Admin, in)
			portaltest.RequireProblems(t, err, want)
		}
		beyond := newGuide(p, "three")
		beyond.Position = new(catalog.MaxGuides + 1)
		_, err = f.Portal.Catalog.CreateGuide(x.Admin, beyond)
		portaltest.RequireProblems(t, err, "INVALID position")
		longest := newGuide(p, "longest")
		longest.Text = strings.Repeat("é", catalog.MaxGuide)
		long, err := f.Portal.Catalog.CreateGuide(x.Admin, longest)
		require.NoError(t, err)
		_, err = f.Portal.Catalog.UpdateGuide(x.Admin, catalog.UpdateGuideInput{GuideID: two.GlobalID(), Slug: input.SetTo("one"), Position: input.SetTo(1)})
		portaltest.RequireProblems(t, err, "TAKEN slug")
		require.Equal(t, []string{"one", "two", "longest"}, slugsOf(t, f, p), "nothing has moved")
		_, err = f.Portal.Catalog.UpdateGuide(x.Admin, catalog.UpdateGuideInput{GuideID: one.GlobalID(), Text: input.Patch[string]{Set: true}})
		portaltest.RequireProblems(t, err, "REQUIRED text")
		for _, by := range []context.Context{foreign.Admin, x.Developer} {
			_, err = f.Portal.Catalog.UpdateGuide(by, catalog.UpdateGuideInput{GuideID: one.GlobalID(), Title: input.SetTo("x")})
			require.Error(t, err)
			_, err = f.Portal.Catalog.DeleteGuide(by, one.GlobalID())
			require.Error(t, err)
			_, err = f.Portal.Catalog.CreateGuide(by, newGuide(p, "x"))
			require.Error(t, err)
		}
		_, err = f.Portal.Catalog.DeleteGuide(x.Admin, nodeid.Encode(nodeid.Guide, p.ID))
		portaltest.RequireCode(t, err, fault.CodeNotFound)
		_, err = f.Portal.Catalog.DeleteGuide(x.Admin, long.GlobalID())
		require.NoError(t, err)
		require.Len(t, slugsOf(t, f, p), 2)
	})
}

// A product has at most 50 guides, however many are created at once, and each has a place of
// its own, whatever moves and is deleted at the same time.
func TestRace_Guides(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		p, _ := h.MustProduct(t, x.Admin, "orders")
		made, outcomes := racetest.Run(h, func(n int, q *portal.Portal) (*db.Guide, error) {
			in := newGuide(p, "guide-"+strconv.Itoa(n))
			in.Position = new(n%3 + 1)
			return q.Catalog.CreateGuide(x.Admin, in)
		})
		require.Equal(t, map[string]int{racetest.OK: catalog.MaxGuides, "TOO_MANY": racetest.Requests - catalog.MaxGuides}, racetest.Tally(outcomes))
		require.Len(t, slugsOf(t, h.Fixture, p), catalog.MaxGuides)
		made = slices.DeleteFunc(made, func(x *db.Guide) bool { return x == nil })
		_, outcomes = racetest.Run(h, func(n int, q *portal.Portal) (*db.Guide, error) {
			if n%4 == 0 {
				_, err := q.Catalog.DeleteGuide(x.Admin, made[n/4].GlobalID())
				return nil, err
			}
			return q.Catalog.UpdateGuide(x.Admin, catalog.UpdateGuideInput{GuideID: made[16+n%34].GlobalID(), Position: input.SetTo(n%50 + 1)})
		})
		require.Equal(t, map[string]int{racetest.OK: racetest.Requests}, racetest.Tally(outcomes))
		require.Len(t, slugsOf(t, h.Fixture, p), catalog.MaxGuides-16)
	})
}
