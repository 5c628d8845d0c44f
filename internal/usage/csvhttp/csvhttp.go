// Package csvhttp exports counts of calls as CSV over HTTP, row by row as the
// database returns them, to whoever may ask the API for the same counts.
//
// The columns are start, end, app, product, credential, endpoint, code, calls:
// times by RFC 3339, the API's opaque ids (empty where a call had none), a
// verdict's code and a number. No text of anybody's is among them, so that no
// cell can be a formula. A row is a combination that had calls in a point.
//
// What is wrong is told as application/problem+json (RFC 9457) with a code of
// package fault, as long as no row has been sent. After that a failure cuts the
// connection, so that no one takes half an export for a whole one.
package csvhttp

import (
	"context"
	"encoding/csv"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"portico/internal/backlog"
	"portico/internal/fault"
	"portico/internal/nodeid"
	"portico/internal/portal"
	"portico/internal/usage"
	"portico/internal/viewer"
)

const (
	// atOnce bounds the exports that run, and share those of one person: each
	// holds a connection to the database for as long as its client reads.
	atOnce, share = 4, 2
	// comeAgain is when to try again beyond that.
	comeAgain = 5 * time.Second
)

// Options are what an export needs; all are required.
type Options struct {
	// May refuses viewers who may export nothing, whatever they ask for.
	May func(ctx context.Context) error
	// Pay takes from the viewer's budget what a request costs, and says in the
	// answer's header what is left: first what it costs to look at a question of so
	// many bytes, then, of one whose rows are read, the rest.
	Pay func(ctx context.Context, h http.Header, bytes int, rows bool) error
	// Query returns the question that the request's viewer may ask, if Rows can
	// answer it.
	Query func(ctx context.Context, f portal.UsageFilter, by usage.Interval) (usage.Query, error)
	// Rows returns the answer, a row at a time.
	Rows func(ctx context.Context, q usage.Query, yield func(usage.Row) error) error
	Log  *slog.Logger
	// Running bounds the exports that run: NewRoom's.
	Running *backlog.Room
}

// NewRoom returns the room for the exports of a server.
func NewRoom() *backlog.Room { return backlog.NewRoom(atOnce, share, 0) } // nobody waits

// Handler serves the export. The viewer must be in the request's context.
func Handler(o Options) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q, err := o.question(w, r)
		if err != nil {
			o.refuse(w, r, err)
			return
		}
		claim, ok := o.Running.Enter(r.Context(), viewer.Current(r.Context()).LimitID().String(), 1)
		if !ok {
			Refuse(w, r, fault.RetryAfter(fault.CodeUnavailable, fault.ReasonBusy, comeAgain, "Too many exports run at the moment. Please try again."))
			return
		}
		defer claim.Leave()
		o.export(w, r, q)
	})
}

// question reads what is asked, by somebody who may ask. It is paid for like any
// other question, and the rows only where there will be some.
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

// export sends the rows.
func (o Options) export(w http.ResponseWriter, r *http.Request, q usage.Query) {
	s := &sheet{answer: w, out: backlog.NewWriter(w)}
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
		panic(http.ErrAbortHandler) // the server's way to hang up
	}
}

// refuse is Refuse, with what the caller is not told written into the log.
func (o Options) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if f := fault.From(err); f.Code == fault.CodeInternal || f.Code == fault.CodeUnavailable {
		o.Log.ErrorContext(r.Context(), "an export failed", "code", string(f.Code), "error", err)
	}
	Refuse(w, r, err)
}

// sheet is an answer that begins with its first row.
type sheet struct {
	answer http.ResponseWriter
	// out sends to a client that reads fast enough, for as long as there is
	// something to send; the server's usual bound would cut it off.
	out   *backlog.Writer
	csv   *csv.Writer // nil before the first row
	cells [8]string
}

// begin writes the head.
func (s *sheet) begin() error {
	h := s.answer.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="usage.csv"`)
	h.Set("Cache-Control", "no-store")
	s.csv = csv.NewWriter(s.out)
	s.csv.UseCRLF = true // RFC 4180
	return s.csv.Write([]string{"start", "end", "app", "product", "credential", "endpoint", "code", "calls"})
}

// row writes one row; rows are sent as soon as a few kilobytes are together.
func (s *sheet) row(r usage.Row) error {
	if s.csv == nil {
		if err := s.begin(); err != nil {
			return err
		}
	}
	s.cells = [8]string{
		r.Start.UTC().Format(time.RFC3339), r.End.UTC().Format(time.RFC3339),
		cell(nodeid.App, r.App), cell(nodeid.Product, r.Product), cell(nodeid.Credential, r.Credential), cell(nodeid.Endpoint, r.Endpoint),
		r.Code, strconv.FormatInt(r.Calls, 10),
	}
	return s.csv.Write(s.cells[:])
}

// end sends the rest; an export without rows is its head alone.
func (s *sheet) end() error {
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
