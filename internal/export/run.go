package export

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"portico/internal/activity"
	"portico/internal/fault"
)

// maxRetries is how often in a row the same page is asked for again when the server is
// busy. A budget that is spent is waited for until the request's deadline.
const maxRetries = 5

// export is an export under way.
type export struct {
	Options
	list    string
	asked   asked
	leave   func()
	source  source
	columns []column
	first   page
	rows    int
}

// run sends the rows.
func (e *export) run(w http.ResponseWriter, r *http.Request) {
	out := newResponse(w, r, e.list, e.asked.format, e.columns)
	if r.Method == http.MethodHead {
		w.WriteHeader(http.StatusOK)
		return
	}
	err := e.send(r.Context(), out)
	outcome := Complete
	if err != nil {
		outcome = Cut
	}
	// Whoever has gone has exported nevertheless.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), recordTime)
	defer cancel()
	unrecorded := e.Record(ctx, activity.Export{
		List: e.list, Format: string(e.asked.format), Filter: e.asked.filter, OrderBy: e.asked.orderBy, Rows: e.rows, Complete: err == nil,
	})
	if unrecorded != nil {
		outcome = Cut
		e.Log.ErrorContext(ctx, "an export was not recorded, and is broken off", "list", e.list, "rows", e.rows, "error", unrecorded)
	}
	if outcome == Complete {
		if err = out.close(); err != nil {
			outcome = Cut
		}
	}
	e.Observe(e.list, e.asked.format, outcome, e.rows)
	if outcome == Cut {
		if err != nil && r.Context().Err() == nil {
			e.Log.WarnContext(ctx, "an export broke off", "list", e.list, "rows", e.rows, "error", err)
		}
		panic(http.ErrAbortHandler) // makes the server abort the connection
	}
}

// send sends all pages but the end of the response.
func (e *export) send(ctx context.Context, out *response) error {
	if err := out.begin(); err != nil {
		return err
	}
	for p := e.first; ; {
		for _, row := range p.rows {
			if err := out.row(row); err != nil {
				return err
			}
			e.rows++
		}
		if !p.more {
			return nil
		}
		if err := out.flush(); err != nil {
			return err
		}
		var err error
		if p, err = e.nextPage(ctx); err != nil {
			return err
		}
	}
}

// nextPage reads a page. It waits where that helps: the budget refills evenly, and a
// busy server has time again.
func (e *export) nextPage(ctx context.Context) (page, error) {
	for tries := 0; ; {
		p, err := e.source.next(ctx)
		if err == nil {
			return p, nil
		}
		f := fault.From(err)
		if f.Code == fault.CodeUnavailable {
			tries++
		}
		if f.RetryAfter <= 0 || tries > maxRetries {
			return p, err
		}
		timer := time.NewTimer(f.RetryAfter)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return p, fmt.Errorf("%w while waiting after %w", context.Cause(ctx), err)
		}
	}
}
