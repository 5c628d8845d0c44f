// Package csvhttp exports counts of calls as CSV over HTTP, row by row as the
// database returns them, to viewers that may query the same counts by the API.
//
// The columns are start, end, app, product, credential, endpoint, code, calls, id,
// account: times by RFC 3339, the API's opaque ids (empty if a call had none), a verdict's
// code, a number, what identifies the row in every export, and whose the app was then. No
// column contains text that a user wrote, so that no cell can be a formula. A row is a
// combination that had calls in a point. A row of
// a point that from or to cuts has no id: an export that reaches further has the same
// calls in another row.
//
// As long as no row was sent, errors are returned as application/problem+json
// (RFC 9457) with a code of package fault. After that a failure aborts the
// connection, so that half an export cannot be mistaken for a whole one.
package csvhttp

import (
	"context"
	"encoding/binary"
	"encoding/csv"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"portico/internal/activity"
	"portico/internal/backlog"
	"portico/internal/fault"
	"portico/internal/nodeid"
	"portico/internal/problem"
	"portico/internal/usage"
	"portico/internal/viewer"
)

const (
	// maxExports bounds the concurrent exports, and maxPerPerson those of one user: each
	// uses a connection to the database for as long as its client reads.
	maxExports, maxPerPerson = 4, 2
	// retryAfter is the Retry-After of a refusal beyond that.
	retryAfter = 5 * time.Second
)

// Options configures Handler; all fields are required.
type Options struct {
	// May returns an error for viewers that may not export anything.
	May func(ctx context.Context) error
	// Pay charges the viewer's budget for a request, and sets the remaining budget
	// in the response's header h. It is called first for the cost of parsing a query
	// of a number of bytes, and then, if rows are read, for the rest.
	Pay func(ctx context.Context, h http.Header, bytes int, rows bool) error
	// Query returns the query restricted to what the request's viewer may see, or
	// an error if Rows cannot answer it.
	Query func(ctx context.Context, f activity.UsageFilter, by usage.Interval) (usage.Query, error)
	// Rows calls yield with each row of the result.
	Rows func(ctx context.Context, q usage.Query, yield func(usage.Row) error) error
	Log  *slog.Logger
	// Running bounds the concurrent exports; see NewRoom.
	Running *backlog.Room
}

// NewRoom returns the bound of concurrent exports of a server.
func NewRoom() *backlog.Room { return backlog.NewRoom(maxExports, maxPerPerson, 0) } // no export waits

// Handler returns the handler of exports. The request's context must contain the
// viewer.
func Handler(o Options) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q, err := o.question(w, r)
		if err != nil {
			o.refuse(w, r, err)
			return
		}
		claim, ok := o.Running.Enter(r.Context(), viewer.Current(r.Context()).LimitID().String(), 1)
		if !ok {
			problem.Write(w, r, fault.RetryAfter(fault.CodeUnavailable, fault.ReasonBusy, retryAfter, "Too many exports run at the moment. Please try again."))
			return
		}
		defer claim.Leave()
		o.export(w, r, q)
	})
}

// question returns the request's query, after checking that the viewer may export.
// The query is charged like any other, the rows only if they will be read.
func (o Options) question(w http.ResponseWriter, r *http.Request) (q usage.Query, err error) {
	if err := o.May(r.Context()); err != nil {
		return q, err
	}
	if err := o.Pay(r.Context(), w.Header(), len(r.URL.RawQuery), false); err != nil {
		return q, err
	}
	filter, by, err := parse(r.URL.RawQuery)
	if err != nil {
		return q, err
	}
	return o.Query(r.Context(), filter, by)
}

// export writes the rows.
func (o Options) export(w http.ResponseWriter, r *http.Request, q usage.Query) {
	s := &csvResponse{answer: w, out: backlog.NewWriter(w), organization: viewer.Current(r.Context()).OrganizationID}
	if r.Method == http.MethodHead {
		_ = s.begin() // nothing is sent yet
		return
	}
	if err := o.Pay(r.Context(), w.Header(), len(r.URL.RawQuery), true); err != nil {
		o.refuse(w, r, err)
		return
	}
	err := o.Rows(r.Context(), q, s.row)
	if err == nil {
		err = s.end()
	}
	switch {
	case err == nil:
	case s.csv == nil:
		o.refuse(w, r, err)
	default:
		if r.Context().Err() == nil {
			o.Log.WarnContext(r.Context(), "an export broke off", "error", err)
		}
		panic(http.ErrAbortHandler) // makes the server abort the connection
	}
}

// refuse writes an error, and logs the details that the response leaves out.
func (o Options) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if f := fault.From(err); f.Code == fault.CodeInternal || f.Code == fault.CodeUnavailable {
		o.Log.ErrorContext(r.Context(), "an export failed", "code", string(f.Code), "error", err)
	}
	problem.Write(w, r, err)
}

// csvResponse is a CSV response. Its header is sent with the first row.
type csvResponse struct {
	answer http.ResponseWriter
	// out has no deadline as long as the client reads fast enough; the server's
	// usual timeout would abort a long export.
	out   *backlog.Writer
	csv   *csv.Writer // nil before the first row
	cells [10]string
	// organization is whose calls are counted.
	organization uuid.UUID
}

// begin writes the header line.
func (s *csvResponse) begin() error {
	h := s.answer.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="usage.csv"`)
	h.Set("Cache-Control", "no-store")
	s.csv = csv.NewWriter(s.out)
	s.csv.UseCRLF = true // RFC 4180
	return s.csv.Write([]string{"start", "end", "app", "product", "credential", "endpoint", "code", "calls", "id", "account"})
}

// row writes one row; rows are sent in chunks of a few kilobytes.
func (s *csvResponse) row(r usage.Row) error {
	if s.csv == nil {
		if err := s.begin(); err != nil {
			return err
		}
	}
	s.cells = [10]string{
		r.Start.UTC().Format(time.RFC3339), r.End.UTC().Format(time.RFC3339),
		cell(nodeid.App, r.App), cell(nodeid.Product, r.Product), cell(nodeid.Credential, r.Credential), cell(nodeid.Endpoint, r.Endpoint),
		r.Code, strconv.FormatInt(r.Calls, 10), rowID(s.organization, r), cell(nodeid.Account, r.Account),
	}
	return s.csv.Write(s.cells[:])
}

// end flushes the rest; an export without rows consists of the header line.
func (s *csvResponse) end() error {
	if s.csv == nil {
		if err := s.begin(); err != nil {
			return err
		}
	}
	s.csv.Flush()
	return s.csv.Error()
}

func cell(k nodeid.Kind, id uuid.UUID) string {
	if id == uuid.Nil {
		return ""
	}
	return nodeid.Encode(k, id)
}

// rowNamespace is the namespace of the ids of rows. It never changes: systems that take rows
// in know by the ids which they have.
var rowNamespace = uuid.MustParse("6f1d9f0e-6a3c-4f0b-9d5e-0b1f7a2c8e47")

// rowID returns what identifies a row of a whole interval, and nothing for another: the same
// for the same span, organization, account and kind of calls, whoever exports it and however
// often, and whatever the count is by then.
func rowID(organization uuid.UUID, r usage.Row) string {
	if !r.Whole {
		return ""
	}
	var b []byte
	for _, at := range []time.Time{r.Start, r.End} {
		b = binary.BigEndian.AppendUint64(b, uint64(at.Unix()))
	}
	for _, id := range []uuid.UUID{organization, r.Account, r.App, r.Product, r.Credential, r.Endpoint} {
		b = append(b, id[:]...)
	}
	return uuid.NewSHA1(rowNamespace, append(b, r.Code...)).String()
}
