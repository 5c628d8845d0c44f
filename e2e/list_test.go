package e2e

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/e2e/servertest"
)

func search(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "search")
	labels := map[string]string{"İSTANBUL Otobüs": "red", "Isparta ırmak": "blue", "Straße 50%_off": "red", "ΣΊΣΥΦΟΣ": ""}
	for name, value := range labels {
		c.dev.Do(t, "createApp", vars{"name": name, "generateKey": false, "labels": []any{vars{"key": "colour", "value": value}, vars{"key": "x", "value": "red"}}}, `app { id }`)
	}
	found := func(where vars) []string {
		a := c.dev.Must(t, `query($w: AppFilter) { apps(where: $w, orderBy: {field: NAME}) { totalCount nodes { name } } }`, vars{"w": where})
		names := texts(a, "name", "apps", "nodes")
		require.Equal(t, len(names), a.Number("apps", "totalCount"))
		return names
	}
	for part, name := range map[string]string{
		"istanbul": "İSTANBUL Otobüs", "ISTANBUL": "İSTANBUL Otobüs", "İstanbul": "İSTANBUL Otobüs", "ıstanbul": "İSTANBUL Otobüs", "OTOBÜS": "İSTANBUL Otobüs",
		"IRMAK": "Isparta ırmak", "irmak": "Isparta ırmak", "STRASSE": "Straße 50%_off", "50%_": "Straße 50%_off", "%": "Straße 50%_off", "_": "Straße 50%_off",
		"σίσυφος": "ΣΊΣΥΦΟΣ",
	} {
		require.Equal(t, []string{name}, found(vars{"nameContains": part}), part)
	}
	require.Empty(t, found(vars{"nameContains": `\`}))
	require.Empty(t, found(vars{"nameContains": "' OR 1=1 --"}))
	require.Len(t, found(vars{"nameContains": ""}), 4)
	require.Len(t, found(vars{"label": vars{"key": "colour", "value": "red"}}), 2)
	require.Len(t, found(vars{"label": vars{"key": "colour"}}), 4)
	require.Len(t, found(vars{"label": vars{"key": "colour", "value": ""}}), 1)
	require.Equal(t, []string{"İSTANBUL Otobüs"}, found(vars{"nameContains": "i", "label": vars{"key": "colour", "value": "red"}}))
	require.Empty(t, found(vars{"label": vars{"key": "col"}}))
}

func order(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "order")
	created := []string{"bravo", "Alfa", "Çhalie", "alfa"}
	for _, name := range created {
		c.dev.Do(t, "createApp", vars{"name": name, "generateKey": false}, `app { id }`)
	}
	by := func(orderBy string) []string {
		return texts(c.dev.Must(t, `{ apps(`+orderBy+`) { nodes { name } } }`, nil), "name", "apps", "nodes")
	}
	reversed := slices.Clone(created)
	slices.Reverse(reversed)
	require.Equal(t, reversed, by("first: 10"), "newest first")
	require.Equal(t, created, by("orderBy: {field: CREATED_AT, direction: ASC}"))
	require.Equal(t, []string{"Alfa", "alfa", "bravo", "Çhalie"}, by("orderBy: {field: NAME}"), "whatever the case")
	require.Equal(t, []string{"Çhalie", "bravo", "alfa", "Alfa"}, by("orderBy: {field: NAME, direction: DESC}"))
}

// pages reads whole lists forward and backward, with page sizes that leave different
// remainders.
func pages(t *testing.T, s *servertest.Server) {
	c := newActors(t, s, "pages")
	const count = 7
	app, _ := c.newApp(t, "Same name")
	for range count - 1 {
		c.dev.Do(t, "createApp", vars{"name": "Same name", "generateKey": false}, `app { id }`)
		c.dev.Do(t, "generateKey", vars{"appId": app}, `credential { id }`)
	}
	lists := map[string]list{
		"apps":             {c.dev, `apps(%s)`, []any{"apps"}},
		"apps by name":     {c.dev, `apps(orderBy: {field: NAME}, %s)`, []any{"apps"}},
		"keys of an app":   {c.dev, `app(id: "` + app + `") { credentials(%s)`, []any{"app", "credentials"}},
		"apps of a viewer": {c.dev, `viewer { account { apps(%s)`, []any{"viewer", "account", "apps"}},
	}
	for name, l := range lists {
		for _, size := range []int{1, 3, count, 100} {
			t.Run(fmt.Sprintf("%s by %d", name, size), func(t *testing.T) {
				all := l.read(t, "first", "after", size, count)
				require.Len(t, all, count)
				require.Len(t, slices.Compact(slices.Sorted(slices.Values(all))), count, "nothing comes twice")
				back := l.read(t, "last", "before", size, count)
				require.Equal(t, all, back, "backward it is the same list")
			})
		}
	}
	events := list{c.admin, `node(id: "` + app + `") { ... on App { timeline(%s)`, []any{"node", "timeline"}}
	require.Len(t, events.read(t, "first", "after", 2, count+1), count+1)
}

// list is a connection somewhere in a query.
type list struct {
	client *servertest.Client
	field  string
	path   []any
}

// read reads all pages in turn and checks their pageInfo.
func (l list) read(t *testing.T, size, cursor string, n, total int) []string {
	t.Helper()
	forward := size == "first"
	var all []string
	at := ""
	for page := 0; ; page++ {
		require.LessOrEqual(t, page, total, "the pages do not end")
		arguments := fmt.Sprintf("%s: %d", size, n)
		if at != "" {
			arguments += fmt.Sprintf(", %s: %q", cursor, at)
		}
		a, path := l.page(t, arguments)
		require.Equal(t, total, a.Number(path("totalCount")...))
		ids := texts(a, "id", path("nodes")...)
		for i, id := range ids {
			require.Equal(t, id, a.Text(path("edges", i, "node", "id")...))
		}
		if len(ids) > 0 {
			require.Equal(t, a.Text(path("edges", 0, "cursor")...), a.Text(path("pageInfo", "startCursor")...))
			require.Equal(t, a.Text(path("edges", len(ids)-1, "cursor")...), a.Text(path("pageInfo", "endCursor")...))
		}
		more, side, edge := "hasNextPage", "hasPreviousPage", "endCursor"
		if !forward {
			more, side, edge = "hasPreviousPage", "hasNextPage", "startCursor"
		}
		require.Equal(t, page > 0, a.At(path("pageInfo", side)...))
		if forward {
			all = append(all, ids...)
		} else {
			all = append(ids, all...)
		}
		if a.At(path("pageInfo", more)...) != true {
			return all
		}
		at = a.Text(path("pageInfo", edge)...)
	}
}

// page reads one page and returns a function that returns lists in it.
func (l list) page(t *testing.T, arguments string) (*servertest.Answer, func(...any) []any) {
	t.Helper()
	field := fmt.Sprintf(l.field, arguments)
	document := "{ " + field + ` { totalCount nodes { id } edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }`
	for range len(l.path) {
		document += " }"
	}
	if len(l.path) == 2 && l.path[0] == "node" { // the inline fragment closes, too
		document += " }"
	}
	a := l.client.Must(t, document, nil)
	return a, func(rest ...any) []any { return append(slices.Clone(l.path), rest...) }
}

// followedEvents reads the log as a follower that must miss no event does.
func followedEvents(t *testing.T, s *servertest.Server) {
	c := newOrganization(t, s, "followed-events")
	c.newApp(t, "Watched")
	const next = `query($p: BigInt!) { events(where: {afterPosition: $p}, orderBy: {direction: ASC}, first: 3) { nodes { position type address requestId } } }`
	var types []string
	for position := 0; ; {
		a := c.admin.Must(t, next, vars{"p": position})
		nodes := a.List("events", "nodes")
		if len(nodes) == 0 {
			break
		}
		for i := range nodes {
			position++
			require.Equal(t, position, a.Number("events", "nodes", i, "position"), "no gaps")
			types = append(types, a.Text("events", "nodes", i, "type"))
		}
	}
	require.Equal(t, []string{"ORGANIZATION_CREATED", "USER_CREATED", "USER_SIGNED_IN", "ACCOUNT_CREATED", "USER_CREATED", "MEMBER_ADDED",
		"USER_SIGNED_IN", "APP_CREATED", "CREDENTIAL_CREATED"}, types)
	mine := c.dev.Must(t, `{ events(where: {type: [APP_CREATED, ACCOUNT_CREATED]}) { totalCount nodes { type actor { name } } } }`, nil)
	require.Equal(t, []string{"APP_CREATED", "ACCOUNT_CREATED"}, texts(mine, "type", "events", "nodes"))
	require.Equal(t, "Administrator", mine.Text("events", "nodes", 1, "actor", "name"))
	require.Equal(t, []string{"USER_CREATED"}, texts(c.admin.Must(t, `query($id: ID!) { events(where: {subjectId: $id, type: [USER_CREATED]}) { nodes { type } } }`,
		vars{"id": c.developer}), "type", "events", "nodes"))
}
