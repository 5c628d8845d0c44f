package catalogfile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/catalogfile"
	"portico/internal/fault"
)

const head = "version: 1\norganization: demo\nproducts:\n"

// What a file cannot be says so with its place, whatever its size.
func TestRead_Refusals(t *testing.T) {
	deep := strings.Builder{}
	for i := range 200 {
		fmt.Fprintf(&deep, "%sa:\n", strings.Repeat(" ", i))
	}
	for name, c := range map[string]struct{ text, want string }{
		"nothing":                    {"", "empty"},
		"a comment":                  {"# nothing\n", "empty"},
		"no version":                 {"organization: demo\n", "version: This program reads files of version 1."},
		"a later version":            {"version: 2\norganization: demo\n", "version 1"},
		"no organization":            {"version: 1\n", "organization: The file must name"},
		"an unknown field":           {head + "  - name: tides\n    status: DRAFT\n    colour: blue\n", "[6:5] unknown field \"colour\""},
		"an unknown policy":          {"version: 1\norganization: demo\npolicies: {portalRegister: ALLOWED}\n", "unknown field \"portalRegister\""},
		"a field twice":              {head + "  - name: tides\n    name: tides\n    status: DRAFT\n", "[5:5] mapping key \"name\" already defined"},
		"an unknown value":           {head + "  - {name: tides, status: OPEN}\n", "products.tides.status: This must be one of DRAFT, PUBLISHED, DEPRECATED, RETIRED."},
		"no status":                  {head + "  - {name: tides}\n", "products.tides.status: "},
		"an unknown method":          {head + "  - {name: tides, status: DRAFT, endpoints: [{method: FETCH, path: /}]}\n", "products.tides.endpoints.FETCH /.method: "},
		"an unknown period":          {head + "  - {name: tides, status: DRAFT, plans: [{name: a, quota: {limit: 1, per: YEAR}}]}\n", "products.tides.plans.a.quota.per: "},
		"an unknown way":             {head + "  - {name: tides, status: DRAFT, authTypes: [API_KEY, COOKIE]}\n", "products.tides.authTypes.1: This must be one of API_KEY, BASIC."},
		"whose quota":                {head + "  - {name: tides, status: DRAFT, plans: [{name: a, quotaPer: ORG}]}\n", "products.tides.plans.a.quotaPer: This must be one of APP, ACCOUNT."},
		"an unknown kind":            {head + "  - {name: tides, status: DRAFT, plans: [{name: a.b, kind: CHEAP}]}\n", "products.tides.plans.0.kind: "},
		"a product twice":            {head + "  - {name: tides, status: DRAFT}\n  - {name: tides, status: DRAFT}\n", "products.tides: This is in the file twice."},
		"a plan twice":               {head + "  - {name: tides, status: DRAFT, plans: [{name: a}, {name: a}]}\n", "products.tides.plans.a: "},
		"endpoints that match alike": {head + "  - {name: tides, status: DRAFT, endpoints: [{method: GET, path: \"/a/{x}\"}, {method: GET, path: \"/a/{y}\"}]}\n", "products.tides.endpoints.GET /a/{y}: An endpoint before it"},
		"an endpoint twice":          {head + "  - {name: tides, status: DRAFT, endpoints: [{method: GET, path: /a}, {method: GET, path: /a}]}\n", "products.tides.endpoints.GET /a: "},
		"who sees it":                {head + "  - {name: tides, status: DRAFT, visibility: HIDDEN}\n", "products.tides.visibility: This must be one of PUBLIC, PRIVATE."},
		"whose catalogue":            {"version: 1\norganization: demo\npolicies: {catalogueAccess: ALL}\n", "policies.catalogueAccess: "},
		"a text for a list":          {"version: 1\norganization: demo\nproducts: all\n", "products: all"},
		"a text for a count":         {head + "  - {name: tides, status: DRAFT, plans: [{name: a, quota: {limit: many, per: DAY}}]}\n", "many"},
		"two documents":              {"---\nversion: 1\norganization: demo\n---\nversion: 1\n", "line 4: the file has a second document"},
		"a later document":           {head + "  - {name: tides, status: DRAFT}\n---\n" + head + "  - {name: tides, status: DRAFT}\n", "second document"},
		"an ended document":          {head + "  - {name: tides, status: DRAFT}\n...\n" + head, "second document"},
		"too many products":          {head + strings.Repeat("  - {name: tides, status: DRAFT}\n", 1001), "products: "},
		"an anchor":                  {"version: 1\norganization: &o demo\n", "line 2: anchors"},
		"an exploding alias":         {"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "line 1: anchors"},
		"a merge":                    {"version: 1\norganization: demo\npolicies:\n  <<: {currency: EUR}\n", "line 4: anchors"},
		"a tag":                      {"version: !!int 1\norganization: demo\n", "tags"},
		"brackets":                   {"version: " + strings.Repeat("[", 1<<20), "nested too deep"},
		"braces":                     {"version: " + strings.Repeat("{a: ", 1<<18), "nested too deep"},
		"entries":                    {"products:\n" + strings.Repeat("- ", 1<<16) + "x", "nested too deep"},
		"blocks":                     {deep.String(), "too deep"},
		"too large":                  {head + strings.Repeat("#\n", catalogfile.MaxSize), "4 MiB"},
		"UTF-16":                     {"\xff\xfev\x00", "UTF-8"},
		"no YAML":                    {"version: 1\n\torganization: [", ""},
		"binary":                     {"\x00\x01\x02", ""},
	} {
		_, err := catalogfile.Read(strings.NewReader(c.text))
		require.Error(t, err, name)
		text := err.Error()
		if list := fault.Problems(err); list != nil {
			text = strings.Join(list[0].Field, ".") + ": " + list[0].Message
		}
		require.Contains(t, text, c.want, name)
	}
}

// Lists in one line, comments, texts of several lines and JSON are all the same to it.
func TestRead(t *testing.T) {
	f, err := catalogfile.Read(strings.NewReader(`{"version": 1, "organization": "demo", "products": [
		{"name": "tides", "status": "DRAFT", "plans": [{"name": "1", "price": {"amount": "0.50", "currency": "EUR"}}]}]}`))
	require.NoError(t, err)
	require.Equal(t, "0.50", f.Products[0].Plans[0].Price.Amount)
	require.Nil(t, f.Products[0].Endpoints)
	f, err = catalogfile.Read(strings.NewReader("# The tides\n" + head + "  - name: tides\n    status: DRAFT # not yet\n    description: |\n      One.\n\n      Two.\n    endpoints: []\n"))
	require.NoError(t, err)
	require.Equal(t, "One.\n\nTwo.\n", f.Products[0].Description)
	require.NotNil(t, f.Products[0].Endpoints)
}
