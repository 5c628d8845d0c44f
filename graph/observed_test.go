package graph_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	validation "github.com/vektah/gqlparser/v2/validator/rules"

	"portico/graph"
)

// observations are the values of the schema's enums that occurred in answers,
// and those that were sent with success.
type observations struct {
	mu                 sync.Mutex
	whole              *ast.Schema
	answered, accepted map[string]bool // by "Enum.VALUE"
	documents          map[string]*ast.QueryDocument
}

func newObservations(t testing.TB) *observations {
	whole, err := graph.WholeSchema()
	require.NoError(t, err)
	return &observations{whole: whole, answered: map[string]bool{}, accepted: map[string]bool{}, documents: map[string]*ast.QueryDocument{}}
}

// lists returns where values occur that do not prove that anything happened.
func lists() []string {
	return []string{"ErrorKind.code", "ErrorKind.reason", "CodeCount.code", "AccessStep.code"}
}

// observing records what a handler answers. An answer with a value that the
// schema does not have fails the test.
func (o *observations) observing(t testing.TB, next http.Handler) http.Handler {
	if _, measures := t.(*testing.B); measures {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(sent))
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r)
		for _, strange := range o.note(sent, answer.Body.Bytes()) {
			t.Errorf("an answer holds %s, which the schema does not have", strange)
		}
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	})
}

// note parses a request and its answer, and returns values that no enum has. It
// ignores what is not a request of GraphQL.
func (o *observations) note(sent, answer []byte) []string {
	var request struct {
		Query, OperationName string
		Variables            map[string]any
	}
	var got struct {
		Data   map[string]any
		Errors []struct{ Extensions map[string]any }
	}
	if json.Unmarshal(answer, &got) != nil {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	n := answerParser{observations: o}
	for _, e := range got.Errors {
		n.value("ErrorCode", e.Extensions["code"])
		n.value("ErrorReason", e.Extensions["reason"])
	}
	if json.Unmarshal(sent, &request) != nil || got.Data == nil {
		return n.strange
	}
	operation := o.operation(request.Query, request.OperationName)
	if operation == nil {
		return n.strange
	}
	n.object(operation.SelectionSet, got.Data)
	if len(got.Errors) == 0 && !n.refused {
		n.inputs(operation, request.Variables)
	}
	return n.strange
}

func (o *observations) operation(document, name string) *ast.OperationDefinition {
	parsed, known := o.documents[document]
	if !known {
		parsed, _ = gqlparser.LoadQueryWithRules(o.whole, document, validation.NewDefaultRules()) // nil if it is refused
		o.documents[document] = parsed
	}
	if parsed == nil {
		return nil
	}
	return parsed.Operations.ForName(name)
}

// answerParser parses one answer.
type answerParser struct {
	*observations
	strange []string
	refused bool // there are user errors
}

func (n *answerParser) object(selected ast.SelectionSet, object map[string]any) {
	for _, s := range selected {
		switch s := s.(type) {
		case *ast.InlineFragment:
			n.object(s.SelectionSet, object)
		case *ast.FragmentSpread:
			n.object(s.Definition.SelectionSet, object)
		case *ast.Field:
			if value, there := object[s.Alias]; there && !strings.HasPrefix(s.Name, "__") {
				n.field(s, value)
			}
		}
	}
}

func (n *answerParser) field(f *ast.Field, value any) {
	switch value := value.(type) {
	case []any:
		for _, one := range value {
			n.field(f, one)
		}
	case map[string]any:
		n.refused = n.refused || f.Name == "userErrors"
		n.object(f.SelectionSet, value)
	case string:
		enum := n.whole.Types[f.Definition.Type.Name()]
		if enum.Kind == ast.Enum && !slices.Contains(lists(), f.ObjectDefinition.Name+"."+f.Name) {
			n.value(enum.Name, value)
		}
	}
}

func (n *answerParser) value(enum string, value any) {
	text, _ := value.(string)
	if n.whole.Types[enum].EnumValues.ForName(text) == nil {
		n.strange = append(n.strange, fmt.Sprintf("the %s %q", enum, text))
		return
	}
	n.answered[enum+"."+text] = true
}

// inputs records the enum values of a request that succeeded.
func (n *answerParser) inputs(operation *ast.OperationDefinition, variables map[string]any) {
	for _, s := range operation.SelectionSet {
		n.arguments(s, variables)
	}
}

func (n *answerParser) arguments(s ast.Selection, variables map[string]any) {
	f, ok := s.(*ast.Field)
	if !ok {
		return
	}
	for _, a := range f.Arguments {
		if value, err := a.Value.Value(variables); err == nil && f.Definition != nil {
			if d := f.Definition.Arguments.ForName(a.Name); d != nil {
				n.input(d.Type, value)
			}
		}
	}
	for _, below := range f.SelectionSet {
		n.arguments(below, variables)
	}
}

func (n *answerParser) input(t *ast.Type, value any) {
	d := n.whole.Types[t.Name()]
	switch value := value.(type) {
	case []any:
		for _, one := range value {
			n.input(t, one)
		}
	case map[string]any:
		for _, f := range d.Fields {
			n.input(f.Type, value[f.Name])
		}
	case string:
		if d.Kind == ast.Enum {
			n.accepted[d.Name+"."+value] = true
		}
	}
}
