package mail

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"time"

	"portico/internal/domain"
	"portico/internal/seldom"
)

const (
	// Shift is how long a run of the worker takes. Between two, another node may
	// take over.
	Shift = time.Minute
	// lookEvery is how often the worker looks for what is to be done.
	lookEvery = time.Second
	// dailyEvery is how often it looks for daily letters that are due.
	dailyEvery = time.Minute
	// settleTime is how long it may take to note what became of a letter, also when
	// the program is told to stop.
	settleTime = 5 * time.Second
	// attemptTime bounds an attempt: it is less than claimTime.
	attemptTime = 2 * time.Minute
	// The pauses after which a mail server that cannot be used is tried again.
	shortestPause = 5 * time.Second
	longestPause  = 5 * time.Minute
)

// The outcomes of attempts, for metrics.
const (
	sent    = "sent"
	delayed = "delayed"
	failed  = "failed"
	skipped = "skipped"
)

// Metrics count letters. Its methods must not block.
type Metrics interface {
	// Letter counts what became of an attempt.
	Letter(kind, outcome string)
	// Waiting is told how many letters wait, and for how long the oldest has.
	Waiting(letters int, oldest time.Duration)
	// Server is told whether the mail server could be used.
	Server(usable bool)
}

// Worker sends letters. Run is called by one node at a time; if two ran it at once,
// each letter would still be sent once.
type Worker struct {
	service *Service
	sender  Sender
	metrics Metrics
	log     *slog.Logger

	nextDaily time.Time
	// The mail server is not used before notBefore, after failures in a row.
	notBefore time.Time
	failures  int
}

// NewWorker returns a Worker. Begin must have been called before it works.
func NewWorker(svc *Service, s Sender, m Metrics, log *slog.Logger) *Worker {
	return &Worker{service: svc, sender: s, metrics: m, log: log}
}

// Run works for a Shift, or until ctx ends.
func (w *Worker) Run(ctx context.Context) error {
	defer w.sender.Close()
	defer w.metrics.Waiting(0, 0) // another node may have it next
	end := time.NewTimer(Shift)
	defer end.Stop()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if err := w.Step(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-end.C:
			return nil
		case <-tick.C:
		}
	}
}

// Step does what is to be done now: it notes the letters that new events cause, and
// sends those that are due.
func (w *Worker) Step(ctx context.Context) error {
	svc := w.service
	if err := svc.follow(ctx); err != nil {
		return err
	}
	if now := svc.clock.Now(); !now.Before(w.nextDaily) {
		if err := svc.daily(ctx); err != nil {
			return err
		}
		w.nextDaily = now.Add(dailyEvery)
	}
	for more := true; more; {
		var err error
		if more, err = w.sendSome(ctx); err != nil {
			return err
		}
	}
	return w.measure(ctx)
}

// measure tells the metrics what waits.
func (w *Worker) measure(ctx context.Context) error {
	now := w.service.clock.Now()
	return each(ctx, w.service.database, func(rows *sql.Rows) error {
		var n int
		var since sql.NullTime
		if err := rows.Scan(&n, &since); err != nil {
			return err
		}
		age := time.Duration(0)
		if since.Valid {
			age = max(now.Sub(since.Time), 0)
		}
		w.metrics.Waiting(n, age)
		return nil
	}, `SELECT (SELECT COUNT(*) FROM mail_deliveries WHERE state = 'PENDING'),
		(SELECT created_at FROM mail_deliveries WHERE state = 'PENDING' ORDER BY created_at LIMIT 1)`)
}

// sendSome sends some of the letters that are due, and reports whether there may be
// more.
func (w *Worker) sendSome(ctx context.Context) (more bool, err error) {
	if w.service.clock.Now().Before(w.notBefore) {
		return false, nil
	}
	all, err := w.service.due(ctx)
	if err != nil {
		return false, err
	}
	for _, p := range all {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		usable, err := w.sendOne(ctx, p)
		if err != nil || !usable {
			return false, err
		}
	}
	return len(all) > 0, nil
}

// sendOne sends a letter, and reports whether the mail server can be used for others.
func (w *Worker) sendOne(ctx context.Context, p pending) (usable bool, err error) {
	mine, err := w.service.claim(ctx, &p)
	if err != nil || !mine {
		return true, err
	}
	m, why, err := w.service.compose(ctx, p)
	if err != nil {
		return w.cannotCompose(ctx, p, err)
	}
	if why != "" {
		w.metrics.Letter(string(p.kind), skipped)
		return true, w.service.settle(ctx, p, domain.MailSkipped, why)
	}
	limited, cancel := context.WithTimeout(ctx, attemptTime)
	sendErr := w.sender.Send(limited, m)
	cancel()
	// What became of it is noted even if the program is told to stop: else the
	// letter would be sent again.
	ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	var refused *Refusal
	switch {
	case sendErr == nil:
		w.serverIs(ctx, nil)
		w.metrics.Letter(string(p.kind), sent)
		return true, w.service.settle(ctx, p, domain.MailSent, "")
	case errors.As(sendErr, &refused):
		w.serverIs(ctx, nil)
		return true, w.refused(ctx, p, refused)
	}
	w.serverIs(ctx, sendErr)
	w.metrics.Letter(string(p.kind), delayed)
	return false, w.service.unclaim(ctx, p)
}

// cannotCompose handles a letter that cannot be written. If the database is well, the
// letter is at fault: others must not wait for it for ever.
func (w *Worker) cannotCompose(ctx context.Context, p pending, cause error) (bool, error) {
	if err := w.service.database.Ping(ctx); err != nil {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
		defer cancel()
		return false, errors.Join(cause, err, w.service.unclaim(limited, p))
	}
	w.log.ErrorContext(ctx, "a letter cannot be written", "kind", p.kind, "delivery", p.id.String(), "error", cause)
	return true, w.refused(ctx, p, &Refusal{Answer: "it cannot be written: the server's log says why"})
}

func (w *Worker) refused(ctx context.Context, p pending, r *Refusal) error {
	var err error
	again := false
	if r.Permanent {
		err = w.service.settle(ctx, p, domain.MailFailed, r.Answer)
	} else {
		again, err = w.service.postpone(ctx, p, r.Answer)
	}
	if again {
		w.metrics.Letter(string(p.kind), delayed)
		return err
	}
	w.metrics.Letter(string(p.kind), failed)
	w.log.WarnContext(ctx, "a letter was given up: the mail server refuses it", seldom.Line(seldom.Letters), "kind", p.kind, "delivery", p.id.String(), "attempts", p.attempts, "answer", shorten(r.Answer))
	return err
}

// serverIs notes whether the mail server can be used, and else when to try again.
func (w *Worker) serverIs(ctx context.Context, err error) {
	w.metrics.Server(err == nil)
	if err == nil {
		if w.failures > 0 {
			w.log.InfoContext(ctx, "the mail server takes letters again")
		}
		w.failures = 0
		return
	}
	if w.failures == 0 {
		w.log.WarnContext(ctx, "the mail server takes no letters: they wait until it does", "error", err)
	}
	pause := longestPause
	if w.failures < 6 {
		pause = min(shortestPause<<w.failures, longestPause)
	}
	w.failures++
	w.notBefore = w.service.clock.Now().Add(pause)
}
