// Package export serves the lists of the API as files: CSV or JSON Lines, row by row.
//
// It has no way to the rows of its own. It asks the API's own field, page by page and as
// whoever sent the request, so that an export shows what the list shows: the same
// filters and orders, the same rows and fields for a role. The sender is authenticated
// again for each page; whose session, role or membership has ended gets no further one.
// One page is in memory at a time, and no transaction is open while a client reads.
//
// As long as nothing was sent, errors are returned as application/problem+json (RFC
// 9457) with a code of package fault. After that a failure aborts the connection, so
// that a part is never mistaken for the whole. The log of events gets an entry when an
// export ends or breaks off; a whole file is not completed before it has.
package export

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"portico/internal/activity"
	"portico/internal/fault"
	"portico/internal/problem"
	"portico/internal/viewer"
)

// Path is where lists are exported; the list's name follows.
const Path = "/v1/exports/"

// recordTime bounds how long it may take to record an export.
const recordTime = 5 * time.Second

// Outcome is how an export ended.
type Outcome string

// The outcomes. Refused: nothing was sent; Cut: it broke off.
const (
	Complete Outcome = "complete"
	Cut      Outcome = "cut"
	Refused  Outcome = "refused"
)

// Outcomes returns all outcomes.
func Outcomes() []Outcome { return []Outcome{Complete, Cut, Refused} }

// Options configures Handler; all fields are required.
type Options struct {
	// API authenticates a request and answers its document.
	API http.Handler
	// View returns the view of the API's schema that a viewer has.
	View func(viewer.Viewer) *ast.Schema
	// Record records an export in the log of events.
	Record func(ctx context.Context, e activity.Export) error
	// Observe is called when an export has ended. list is "" if it is unknown.
	Observe func(list string, f Format, o Outcome, rows int)
	// Shares bound what runs at the same time.
	Shares *Shares
	Log    *slog.Logger
}

// Handler returns the handler of exports. The request's context must contain the
// viewer, who is anonymous only if the request has no token.
func Handler(o Options) http.Handler {
	all := lists()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e, err := o.begin(w, r, all)
		if err != nil {
			o.refuse(w, r, e, err)
			return
		}
		defer e.leave()
		e.run(w, r)
	})
}

// begin reads the request, and its list's first page.
func (o Options) begin(w http.ResponseWriter, r *http.Request, all map[string]list) (*export, error) {
	e := &export{Options: o, leave: func() {}}
	v := viewer.Current(r.Context())
	if v.Role == viewer.Anonymous {
		return e, fault.New(fault.CodeUnauthenticated, fault.ReasonNotSignedIn, "Sign in first.")
	}
	l, root, err := o.find(v, all, strings.TrimPrefix(r.URL.Path, Path))
	if err != nil {
		return e, err
	}
	e.list = l.name
	if e.asked, err = parse(r.URL.RawQuery, l, root); err != nil {
		return e, err
	}
	if e.leave, err = o.Shares.enter(r.Context(), v); err != nil {
		return e, err
	}
	a := &asker{api: o.API, request: r}
	e.source, e.columns = l.open(a, o.View(v), root, e.asked)
	if e.first, err = e.source.next(r.Context()); err != nil {
		e.leave()
		return e, err
	}
	a.copyHeaders(w.Header())
	return e, nil
}

// find returns a list and its field in the viewer's view. One that the viewer's role
// does not have answers like an unknown one; what scopes lack is no secret, as in the
// API.
func (o Options) find(v viewer.Viewer, all map[string]list, name string) (list, *ast.FieldDefinition, error) {
	l, ok := all[name]
	if !ok {
		return l, nil, unknownList()
	}
	if f := o.View(v).Query.Fields.ForName(name); f != nil {
		return l, f, nil
	}
	if person := (viewer.Viewer{Role: v.Role}); v.ByToken() && o.View(person).Query.Fields.ForName(name) != nil {
		return l, nil, fault.New(fault.CodeForbidden, fault.ReasonScope, "The scopes of the service token do not allow this.")
	}
	return l, nil, unknownList()
}

func unknownList() error {
	return fault.New(fault.CodeNotFound, fault.ReasonUnknownObject, "There is no such list.")
}

// refuse writes an error, and logs the details that the response leaves out.
func (o Options) refuse(w http.ResponseWriter, r *http.Request, e *export, err error) {
	if f := fault.From(err); f.Code == fault.CodeInternal {
		o.Log.ErrorContext(r.Context(), "an export failed", "list", e.list, "error", err)
	}
	o.Observe(e.list, e.asked.format, Refused, 0)
	problem.Write(w, r, err)
}
