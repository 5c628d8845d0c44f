package gqlhttp

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/99designs/gqlgen/graphql"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"portico/internal/fault"
	"portico/internal/gqlhttp/lanes"
)

// reportSchema is a schema whose operations all have the same answer.
type reportSchema struct {
	plainSchema
	answer *graphql.Response
}

func (s reportSchema) Exec(context.Context) graphql.ResponseHandler {
	return func(context.Context) *graphql.Response { return s.answer }
}

// reportHandler returns a Handler of a reportSchema, with lanes.
func reportHandler(answer *graphql.Response) *Handler {
	schema := gqlparser.MustLoadSchema(&ast.Source{Name: "report.graphql", Input: `type Query { report: Int }`})
	return New(reportSchema{plainSchema{schema}, answer}, Options{Lanes: lanes.New(most)})
}

// heavyQuery is an operation whose cost is given with it.
func heavyQuery() *graphql.OperationContext {
	return &graphql.OperationContext{Operation: &ast.OperationDefinition{Operation: ast.Query}}
}

// inUse returns how much of some lanes is in use.
func inUse(l *lanes.Lanes, names ...string) (sum int64) {
	for _, name := range names {
		used, _, _, _ := l.Loads()[name]()
		sum += used
	}
	return sum
}

// fillHeavy takes all places of heavy operations.
func fillHeavy(t *testing.T, l *lanes.Lanes) {
	_, places, _, _ := l.Loads()["heavy"]()
	for range places {
		place, err := l.Enter(t.Context(), lanes.Heavy)
		require.NoError(t, err)
		t.Cleanup(place.Leave)
	}
}

// An operation has its place in the lanes while it runs, and room for its answer,
// which shrinks to the answer's size, until that is written. An operation that is
// refused keeps neither.
func TestAdmittedOperationsReleaseTheirRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data := []byte(`{"report":1}`)
		h := reportHandler(&graphql.Response{Data: data})
		l, cost := h.options.Lanes, &Cost{Requested: lanes.Heavy}
		a, no := h.admit(t.Context(), heavyQuery(), nil, cost)
		require.Nil(t, no)
		require.Equal(t, data, a.data)
		require.Zero(t, inUse(l, "heavy"))
		require.EqualValues(t, cap(data), inUse(l, "small_answers", "large_answers"))
		a.claim.Leave()

		fillHeavy(t, l)
		a, no = h.admit(t.Context(), heavyQuery(), nil, cost)
		require.Nil(t, a)
		require.Equal(t, fault.ReasonBusy, fault.From(no.err).Reason)
		require.Zero(t, inUse(l, "small_answers", "large_answers"))
	})
}

// The errors that an answer brings with it are presented as the others are.
func TestErrorsOfTheAnswerArePresented(t *testing.T) {
	h := reportHandler(&graphql.Response{Data: []byte(nullData), Errors: gqlerror.List{{Err: errors.New("secret"), Message: "secret"}}})
	a, no := h.admit(t.Context(), heavyQuery(), nil, &Cost{Requested: 1})
	require.Nil(t, no)
	require.Len(t, a.errors, 1)
	require.EqualValues(t, "INTERNAL", a.errors[0].Extensions["code"])
}

// A panic is a defect of the program, and the client does not see its text.
func TestRecover(t *testing.T) {
	f := fault.From(Recover(t.Context(), "secret"))
	require.Equal(t, fault.CodeInternal, f.Code)
	require.Equal(t, fault.ReasonDefect, f.Reason)
	require.NotContains(t, f.Message, "secret")
}

// A value of the wrong kind has a reason of its own among the errors of documents.
func TestAsBadInput(t *testing.T) {
	for rule, want := range map[string]fault.Reason{
		scalarRule: fault.ReasonInvalidValue, kindRule: fault.ReasonInvalidValue,
		"FieldsOnCorrectType": fault.ReasonInvalidDocument, "": fault.ReasonInvalidDocument,
	} {
		f := fault.From(asBadInput(&gqlerror.Error{Rule: rule, Message: "wrong"}).Err)
		require.Equal(t, fault.CodeBadUserInput, f.Code)
		require.Equal(t, want, f.Reason, rule)
	}
}
