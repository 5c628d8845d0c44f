package export

import (
	"encoding/json"
	"fmt"
	"net/url"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"

	"portico/internal/fault"
)

// Format is how an export is written.
type Format string

// The formats.
const (
	CSV   Format = "csv"
	Lines Format = "jsonl"
)

// Formats returns all formats.
func Formats() []Format { return []Format{CSV, Lines} }

// maxParameter is the longest parameter in bytes. Proxies refuse much longer addresses.
const maxParameter = 8 << 10

// asked is what a request asks for. The texts are JSON for the API's own variables,
// which alone knows what they mean; "" if they are not given.
type asked struct {
	format                    Format
	filter, orderBy, interval string
}

// parse parses the parameters: each at most once, and only those that the list has. It
// refuses others, as a misspelt one would export more than intended.
func parse(query string, l list, root *ast.FieldDefinition) (q asked, err error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return q, invalid("The address's parameters are malformed.")
	}
	known := parameters(l, root)
	for name, all := range values {
		switch known, ok := known[name]; {
		case !ok:
			return q, invalid(fmt.Sprintf("The list has no parameter %q.", shortened(name)))
		case len(all) != 1:
			return q, invalid("The parameter " + name + " stands there more than once.")
		case len(all[0]) > maxParameter:
			return q, invalid(fmt.Sprintf("The parameter %s is longer than %d bytes.", name, maxParameter))
		case known.json && !isJSON(all[0]):
			return q, invalid("The parameter " + name + " is a JSON object in UTF-8, as in the API.")
		}
	}
	for name, p := range known {
		if p.required && values.Get(name) == "" {
			return q, invalid("The parameter " + name + " is missing.")
		}
	}
	q = asked{format: Format(values.Get("format")), filter: values.Get("filter"), orderBy: values.Get("orderBy")}
	if q.format != CSV && q.format != Lines {
		return asked{}, invalid("The parameter format is csv or jsonl.")
	}
	if l.name == usageList {
		name, err := json.Marshal(values.Get("interval"))
		if err != nil {
			return q, err
		}
		q.interval = string(name)
	}
	return q, nil
}

type parameter struct{ json, required bool }

// parameters returns the parameters of a list: those that its field has in the view.
func parameters(l list, root *ast.FieldDefinition) map[string]parameter {
	out := map[string]parameter{"format": {required: true}}
	if a := root.Arguments.ForName("where"); a != nil {
		out["filter"] = parameter{json: true, required: a.Type.NonNull}
	}
	if root.Arguments.ForName("orderBy") != nil {
		out["orderBy"] = parameter{json: true}
	}
	if l.name == usageList {
		out["interval"] = parameter{required: true}
	}
	return out
}

// isJSON reports whether a text is a JSON object; what is in it, the API checks.
func isJSON(text string) bool {
	var object map[string]json.RawMessage
	return utf8.ValidString(text) && json.Unmarshal([]byte(text), &object) == nil && object != nil
}

// shortened returns a name of bounded length.
func shortened(name string) string {
	const most = 40
	if len(name) > most {
		return name[:most] + "…"
	}
	return name
}

func invalid(message string) error {
	return fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, message)
}
