package graph_test

import (
	"fmt"
	"regexp"
	"strings"
)

// dig follows response names; of a list it takes the first element. how is yes
// if it reached the end, else why it did not: null or none.
func dig(data any, path string) (v any, how outcome) {
	v = data
	for _, name := range strings.FieldsFunc(path, func(r rune) bool { return r == '.' }) {
		if list, ok := v.([]any); ok {
			if len(list) == 0 {
				return nil, none
			}
			v = list[0]
		}
		object, ok := v.(map[string]any)
		if !ok {
			return nil, null
		}
		v = object[name]
	}
	return v, yes
}

// valued returns the outcome of a value.
func valued(v any) outcome {
	switch v := v.(type) {
	case nil:
		return null
	case []any:
		if len(v) == 0 {
			return none
		}
		if v[0] == nil {
			return null
		}
	case map[string]any:
		nodes, list := v["nodes"].([]any)
		total, counted := v["totalCount"].(float64)
		switch {
		case !list || !counted:
		case len(nodes) == 0 && total == 0:
			return none
		case len(nodes) == 0 || total == 0:
			return outcome(fmt.Sprintf("%d nodes and a count of %v", len(nodes), total))
		}
	}
	return yes
}

// within reports whether an object is among a connection's nodes and edges.
func within(v any, id string) outcome {
	page, ok := v.(map[string]any)
	if !ok {
		return outcome(fmt.Sprintf("%v instead of a list", v))
	}
	nodes, edges := page["nodes"].([]any), page["edges"].([]any)
	if len(nodes) != len(edges) {
		return outcome(fmt.Sprintf("%d nodes and %d edges", len(nodes), len(edges)))
	}
	found := none
	for i, n := range nodes {
		node, edge := idIn(n), idIn(edges[i].(map[string]any)["node"])
		if node != edge {
			return "nodes that are not those of the edges"
		}
		if node == id {
			found = yes
		}
	}
	return found
}

// idIn returns an object's id; a gateway's is that of its token.
func idIn(object any) any {
	if token, ok := object.(map[string]any)["serviceToken"]; ok {
		object = token
	}
	return object.(map[string]any)["id"]
}

// unknownName reports whether an error is the one for a name that the viewer's
// schema does not have: anonymous callers and gateways get one error for the
// whole document.
func unknownName(e failure, who string) bool {
	code, reason := e.Extensions["code"], e.Extensions["reason"]
	switch who {
	case "anonymous":
		return len(e.Path) == 0 && code == "UNAUTHENTICATED" && reason == "NOT_SIGNED_IN"
	case "gateway":
		return len(e.Path) == 0 && code == "FORBIDDEN" && reason == "ROLE"
	}
	if (strings.Contains(who, ":") || who == acting) && code == "FORBIDDEN" { // a service token, where people may use the name
		return len(e.Path) == 0 && reason == "SCOPE"
	}
	return code == "BAD_USER_INPUT" && unknownNames.MatchString(e.Message)
}

var unknownNames = regexp.MustCompile(`^(Cannot query field|Unknown type|Unknown argument|Field ".*" is not defined|Schema does not support operation type)`)

// erred returns the outcome of an answer with errors; standIn returns the answer
// to the same with an id that does not exist, and is nil if there is no id.
func erred(a answer, who string, standIn func() answer) outcome {
	e := a.Errors[0]
	code := fmt.Sprint(e.Extensions["code"])
	switch {
	case a.Data == nil && unknownName(e, who):
		return unknown
	case code == "NOT_FOUND":
		if standIn == nil {
			return notFound
		}
		if other := standIn(); other.raw != a.raw {
			return outcome("NOT_FOUND, but otherwise for a made-up id: " + other.raw)
		}
		return notFound
	case code == "FORBIDDEN":
		return denied
	case code == "UNAUTHENTICATED" && who == "anonymous":
		return nobody
	}
	return outcome(a.raw)
}
