package openapi

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"portico/internal/domain"
)

// The parts of an operation that are compared, by the names that a document has for them.
// What a reference leads to is compared for parameters, bodies and responses, but schemas
// only by their names.
const (
	partSummary     = "summary"
	partDescription = "description"
	partOperationID = "operationId"
	partParameters  = "parameters"
	partBody        = "requestBody"
	partResponses   = "responses"
	partSecurity    = "security"
	partDeprecated  = "deprecated"
)

// MaxParts is how many parts there are.
const MaxParts = 8

// reader reads the operations of a document. What several refer to is digested once.
type reader struct{ digests map[any]string }

// operations returns a document's operations, by path and method.
func operations(doc *openapi3.T) ([]domain.ProductOperation, error) {
	r := reader{map[any]string{}}
	var out []domain.ProductOperation
	for _, path := range slices.Sorted(maps.Keys(doc.Paths.Map())) {
		item := doc.Paths.Value(path)
		if item == nil {
			continue
		}
		if item.Ref != "" {
			return nil, fmt.Errorf("The path %s is a reference: write its operations out.", cut(path))
		}
		if len(path) > domain.MaxOperationPath {
			return nil, fmt.Errorf("The path %s is longer than %d bytes.", cut(path), domain.MaxOperationPath)
		}
		all := item.Operations()
		for _, method := range slices.Sorted(maps.Keys(all)) {
			if len(method) > domain.MaxOperationText {
				return nil, fmt.Errorf("The method %s is too long.", cut(method))
			}
			if len(out) == domain.MaxDocumentOperations {
				return nil, fmt.Errorf("The document has more than %d operations.", domain.MaxDocumentOperations)
			}
			out = append(out, r.operation(method, path, item.Parameters, all[method]))
		}
	}
	return out, nil
}

func (r reader) operation(method, path string, shared openapi3.Parameters, x *openapi3.Operation) domain.ProductOperation {
	out := domain.ProductOperation{
		Method: method, Path: path, Summary: cut(cmp.Or(x.Summary, x.Description)), OperationID: cut(x.OperationID), Deprecated: x.Deprecated, Parts: map[string]string{},
	}
	part := func(name string, content ...any) {
		out.Parts[name] = digest(content)
	}
	part(partSummary, x.Summary)
	part(partDescription, x.Description)
	part(partOperationID, x.OperationID)
	part(partDeprecated, x.Deprecated)
	part(partSecurity, x.Security)
	all := merged(shared, x.Parameters)
	known := make([]string, 0, len(all))
	for _, p := range all {
		known = append(known, r.of(p))
		out.Parameters = appendParameter(out.Parameters, p)
	}
	slices.Sort(known)
	part(partParameters, known)
	if x.RequestBody != nil && x.RequestBody.Value != nil {
		part(partBody, r.of(x.RequestBody.Value))
		out.BodyType, out.Body = body(x.RequestBody.Value)
	}
	var answers []string
	for _, code := range slices.Sorted(maps.Keys(x.Responses.Map())) {
		if a := x.Responses.Value(code); a != nil && a.Value != nil {
			answers = append(answers, code, r.of(a.Value))
		}
	}
	part(partResponses, answers)
	return out
}

// of returns the digest of a part that others may refer to as well.
func (r reader) of(x any) string {
	if d, ok := r.digests[x]; ok {
		return d
	}
	d := digest(x)
	r.digests[x] = d
	return d
}

func digest(x any) string {
	raw, err := json.Marshal(x)
	if err != nil {
		raw = []byte(err.Error())
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:8])
}

// merged returns an operation's parameters and those of its path that it does not replace.
func merged(shared, own openapi3.Parameters) []*openapi3.Parameter {
	var out []*openapi3.Parameter
	seen := map[[2]string]bool{}
	for _, list := range []openapi3.Parameters{own, shared} {
		for _, p := range list {
			if p == nil || p.Value == nil || seen[[2]string{p.Value.In, p.Value.Name}] {
				continue
			}
			seen[[2]string{p.Value.In, p.Value.Name}] = true
			out = append(out, p.Value)
		}
	}
	return out
}

func appendParameter(to []domain.OperationParameter, p *openapi3.Parameter) []domain.OperationParameter {
	needed := p.Required && (p.In == openapi3.ParameterInQuery || p.In == openapi3.ParameterInHeader || p.In == openapi3.ParameterInPath)
	if !needed || len(to) == domain.MaxOperationParameters || len([]rune(p.Name)) > domain.MaxOperationText {
		return to
	}
	return append(to, domain.OperationParameter{Name: p.Name, In: p.In, Example: cut(plain(example(p.Example, p.Examples, p.Schema)))})
}

// body returns the media type and an example of a required body.
func body(b *openapi3.RequestBody) (kind, text string) {
	if !b.Required {
		return "", ""
	}
	kinds := slices.Sorted(maps.Keys(b.Content))
	if len(kinds) == 0 {
		return "", ""
	}
	kind = kinds[0]
	if b.Content["application/json"] != nil {
		kind = "application/json"
	}
	if m := b.Content[kind]; m != nil {
		switch x := example(m.Example, m.Examples, m.Schema).(type) {
		case nil:
		case string:
			text = x
			if strings.Contains(kind, "json") {
				raw, _ := json.Marshal(x)
				text = string(raw)
			}
		default:
			raw, _ := json.Marshal(x)
			text = string(raw)
		}
	}
	if len(text) > domain.MaxOperationBody {
		text = ""
	}
	return cut(kind), text
}

// example returns the first example that a document gives of a value, nil if there is none.
func example(one any, more openapi3.Examples, s *openapi3.SchemaRef) any {
	if one != nil {
		return one
	}
	for _, name := range slices.Sorted(maps.Keys(more)) {
		if e := more[name]; e != nil && e.Value != nil && e.Value.Value != nil {
			return e.Value.Value
		}
	}
	if s == nil || s.Value == nil {
		return nil
	}
	switch {
	case s.Value.Example != nil:
		return s.Value.Example
	case s.Value.Default != nil:
		return s.Value.Default
	case len(s.Value.Enum) > 0:
		return s.Value.Enum[0]
	}
	return nil
}

// plain returns a value as a text of one parameter.
func plain(x any) string {
	switch x := x.(type) {
	case nil:
		return ""
	case string:
		return x
	}
	raw, err := json.Marshal(x)
	if err != nil {
		return ""
	}
	return string(raw)
}

// server returns the address of the first server with the defaults of its variables, "" if
// that is no absolute http or https address.
func server(doc *openapi3.T) string {
	if len(doc.Servers) == 0 || doc.Servers[0] == nil {
		return ""
	}
	s := doc.Servers[0]
	text := s.URL
	for _, name := range slices.Sorted(maps.Keys(s.Variables)) {
		if v := s.Variables[name]; v != nil && len(v.Default) <= domain.MaxOperationText && len(text) <= domain.MaxOperationPath {
			text = strings.ReplaceAll(text, "{"+name+"}", v.Default)
		}
	}
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return ""
	}
	if text = strings.TrimRight(u.String(), "/"); len(text) > domain.MaxOperationPath {
		return ""
	}
	return text
}
