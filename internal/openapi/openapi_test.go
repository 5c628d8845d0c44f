package openapi_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/internal/domain"
	"portico/internal/openapi"
)

const head = `{"openapi":"3.0.4","info":{"title":"T","version":"1"},`

func document(paths string) string { return head + `"paths":{` + paths + `}}` }

// What it cannot read, or what would cost more than its size says, it refuses with the reason.
func TestRead_Refusals(t *testing.T) {
	var many strings.Builder
	for i := range 501 {
		fmt.Fprintf(&many, `"/p%d":{"get":{"responses":{"200":{"description":""}}}},`, i)
	}
	for name, c := range map[string]struct{ text, want string }{
		"nothing":              {"", "empty"},
		"too large":            {strings.Repeat(" ", domain.MaxDocument+1), "bytes"},
		"not UTF-8":            {"\xff\xfe", "UTF-8"},
		"a mark":               {"\ufeff" + document(""), "byte order mark"},
		"a zero":               {"{\x00}", "UTF-8"},
		"a list":               {"- a", "YAML"},
		"half":                 {`{"openapi":`, "JSON"},
		"two":                  {document("") + "{}", "follows"},
		"twice":                {`{"openapi":"3.0.0","openapi":"3.0.1"}`, "given twice"},
		"twice in YAML":        {"openapi: 3.0.0\nopenapi: 3.0.1\n", "already defined"},
		"deep":                 {`{"openapi":"3.0.0","x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + "}", "nested deeper"},
		"braces":               {strings.Repeat(`{"a":`, 30000), "nested deeper"},
		"brackets in YAML":     {"a: " + strings.Repeat("[", 100000), "nested too deep"},
		"many keys in YAML":    {"a:\n" + strings.Repeat("  k: 1\n", 3000), "more than 2000 keys"},
		"a bracket that ends":  {"] " + strings.Repeat("- ", 90000), "YAML"},
		"keys with questions":  {"[" + strings.Repeat("? a: ", 39000), "YAML"},
		"aliases":              {"a: &a [x, x]\nb: [*a, *a]\n", "anchors"},
		"a merge":              {"a:\n  <<: {b: c}\n", "anchors"},
		"Swagger":              {`{"swagger":"2.0"}`, "Swagger 2.0"},
		"version 4":            {`{"openapi":"4.0.0"}`, "3.0.4"},
		"a version of digits":  {"openapi: 3.1\n", "3.0.4"},
		"no info":              {`{"openapi":"3.0.0","paths":{}}`, "info"},
		"a reference outside":  {document(`"/a":{"get":{"parameters":[{"$ref":"http://169.254.169.254/x"}],"responses":{"200":{"description":""}}}}`), "leads out"},
		"a reference to files": {document(`"/a":{"$ref":"file:///etc/passwd"}`), "leads out"},
		"a path by reference":  {document(`"/a":{"get":{"responses":{"200":{"description":""}}}},"/b":{"$ref":"#/paths/~1a"}`), "reference"},
		"many operations":      {document(strings.TrimSuffix(many.String(), ",")), "500 operations"},
		"a loose reference":    {document(`"/a":{"get":{"responses":{"200":{"$ref":"#/components/responses/none"}}}}`), "valid OpenAPI"},
	} {
		_, err := openapi.Read(c.text)
		require.ErrorContains(t, err, c.want, name)
		require.Less(t, len(err.Error()), 1500, name)
	}
}

// What is shown of a document is one line that is written in one direction.
func TestRead_Lines(t *testing.T) {
	d, err := openapi.Read(`{"openapi":"3.0.4","info":{"title":"A\u202eb\u2028c\u0085 d","version":"1"},"paths":{}}`)
	require.NoError(t, err)
	require.Equal(t, "A b c d", d.Title)
}

// Schemas that refer to themselves are read, in both versions, and so is a long chain.
func TestRead_Recursive(t *testing.T) {
	for _, v := range []string{"3.0.4", "3.1.1", "3.2.0"} {
		text := fmt.Sprintf(`
openapi: %s
info: {title: Trees, version: "2"}
servers: [{url: "https://{where}.example/v2/", variables: {where: {default: api}}}]
paths:
  /trees/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: string}}
    get:
      summary: A tree
      responses:
        200: {description: ok, content: {application/json: {schema: {$ref: "#/components/schemas/Tree"}}}}
components:
  schemas:
    Tree:
      type: object
      properties:
        left: {$ref: "#/components/schemas/Tree"}
        other: {$ref: "#/components/schemas/Forest"}
    Forest: {type: array, items: {$ref: "#/components/schemas/Tree"}}
`, v)
		d, err := openapi.Read(text)
		require.NoError(t, err, v)
		require.Equal(t, []string{"Trees", "2", "https://api.example/v2"}, []string{d.Title, d.APIVersion, d.Server})
		require.Len(t, d.Operations, 1)
		require.Equal(t, "A tree", d.Operations[0].Summary)
	}
}

// The largest documents take no longer than a request may.
func TestRead_TakesLittleTime(t *testing.T) {
	schemas := func(link string) string {
		var all strings.Builder
		for i := 0; ; i++ {
			if all.Len() > domain.MaxDocument-400 {
				return head + `"paths":{},"components":{"schemas":{` + all.String() + fmt.Sprintf(`"s%d":{"type":"string"}}}}`, i)
			}
			fmt.Fprintf(&all, `"s%d":%s,`, i, strings.ReplaceAll(link, "NEXT", fmt.Sprintf(`{"$ref":"#/components/schemas/s%d"}`, i+1)))
		}
	}
	for name, text := range map[string]string{
		"chain": schemas("NEXT"), "fan": schemas(`{"allOf":[NEXT,NEXT]}`), "properties": schemas(`{"properties":{"a":NEXT,"b":NEXT}}`),
		"YAML lists": "a:\n" + strings.Repeat("- x\n", 49000), "YAML keys": "a:\n" + strings.Repeat("  ? x\n", 30000),
		"YAML quotes": "a: " + strings.Repeat("'", 199000), "YAML flow": strings.Repeat("{a: [", 5) + strings.Repeat("b, ", 60000),
	} {
		start := time.Now()
		_, err := openapi.Read(text)
		t.Logf("%s: %v: %.80v", name, time.Since(start), err)
		require.Less(t, time.Since(start), 4*time.Second, name)
	}
}

func TestChanges(t *testing.T) {
	read := func(paths string) []domain.ProductOperation {
		d, err := openapi.Read(document(paths))
		require.NoError(t, err)
		return d.Operations
	}
	one := read(`"/a":{"get":{"summary":"A","responses":{"200":{"description":""}}},"delete":{"responses":{"200":{"description":""}}}}`)
	two := read(`"/a":{"get":{"summary":"B","deprecated":true,"responses":{"200":{"description":""}}}},"/b":{"get":{"responses":{"200":{"description":""}}}}`)
	require.Empty(t, openapi.Changes(one, one))
	require.Equal(t, []openapi.Change{
		{Method: "DELETE", Path: "/a", Before: true},
		{Method: "GET", Path: "/a", Before: true, After: true, Parts: []string{"deprecated", "summary"}},
		{Method: "GET", Path: "/b", After: true},
	}, openapi.Changes(one, two))
}

// Whatever a document says, the shell runs one program, with the words of the document as
// they are.
func TestCurl(t *testing.T) {
	evil := "'; touch /tmp/x; $(id) `id` \" \\ \n !!"
	o := domain.ProductOperation{Method: "PO'ST", Path: "/a/{id}/" + evil, BodyType: "application/json" + evil, Body: "@/etc/passwd" + evil, Parameters: []domain.OperationParameter{
		{Name: "q" + evil, In: "query", Example: evil}, {Name: "X-Kind", In: "header", Example: evil}, {Name: "X:" + evil, In: "header"}, {Name: "id", In: "path", Example: "a b"}}}
	for _, c := range []openapi.Call{{Server: "https://api.example/v1", AuthTypes: access.AuthTypes()}, {AuthTypes: []access.AuthType{access.Basic}}, {AuthTypes: []access.AuthType{access.Basic}, Username: "u"}, {}} {
		text := openapi.Curl(o, c)
		script := "curl() { for a in \"$@\"; do printf '<%s>\\n' \"$a\"; done; }\nBASE_URL=https://base.example API_KEY=key API_USERNAME=user API_PASSWORD=word\n" + text
		out, err := exec.Command("sh", "-c", script).CombinedOutput()
		require.NoError(t, err, text)
		require.Contains(t, string(out), "<@/etc/passwd"+evil+">")
		require.Contains(t, string(out), "<--data-raw>")
		require.Contains(t, string(out), "/a/a%20b/")
		require.NotContains(t, string(out), "uid=")
		require.NotContains(t, string(out), "X:'")
		if c.Server != "" {
			require.Contains(t, string(out), "<X-API-Key: key>")
		}
	}
	require.Equal(t, "curl --globoff --request 'GET' \\\n  'https://api.example/orders/{id}' \\\n  --header \"X-API-Key: $API_KEY\"",
		openapi.Curl(domain.ProductOperation{Method: "GET", Path: "/orders/{id}"}, openapi.Call{Server: "https://api.example", AuthTypes: access.AuthTypes()}))
	require.Contains(t, openapi.Curl(domain.ProductOperation{Method: "GET", Path: "/"}, openapi.Call{App: "app_1"}), "\n  --header 'X-Portico-App: app_1'")
	require.LessOrEqual(t, len(openapi.Curl(domain.ProductOperation{Path: "/" + strings.Repeat("'", 2000), Body: strings.Repeat("'", 2000), BodyType: "a"}, openapi.Call{})), openapi.MaxCurl+4000)
}

func FuzzRead(f *testing.F) {
	f.Add(document(`"/a":{"get":{"responses":{"200":{"description":""}}}}`))
	f.Add("openapi: 3.1.0\ninfo: {title: a, version: b}\npaths: {}\n")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := openapi.Read(text)
		if err == nil {
			for _, o := range d.Operations {
				require.NotEmpty(t, openapi.Curl(o, openapi.Call{}))
			}
		}
	})
}
