package mail_test

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/mail"
	"portico/internal/mail/mailtest"
	"portico/internal/mail/smtp"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
)

// world is a portal with a mail server, and a worker that has begun.
type world struct {
	*portaltest.Fixture
	portaltest.Tenant
	t       *testing.T
	service *mail.Service
	server  *mailtest.Server
	worker  *mail.Worker
	counts  *counts
}

const portalURL = "https://portal.example.com"

func newWorld(t *testing.T, url string) *world {
	t.Helper()
	f := portaltest.New(t, url)
	w := &world{Fixture: f, Tenant: f.MustTenant(t, "one"), t: t, server: mailtest.Start(t, mailtest.Options{}), counts: &counts{outcomes: map[string]int{}}}
	w.Portal = f.With(func(o *portal.Options) {
		o.Mail = portal.MailOptions{From: "no-reply@portal.example.com", PortalURL: portalURL + "/", Sends: true}
	})
	w.service = w.Portal.Mail
	w.worker = w.newWorker(w.sender())
	require.NoError(t, w.service.Begin(t.Context())) // what was before causes no letters
	return w
}

func (w *world) sender() *smtp.Sender {
	w.t.Helper()
	host, port, err := net.SplitHostPort(w.server.Address)
	require.NoError(w.t, err)
	s, err := smtp.New(smtp.Server{Host: host, Port: port})
	require.NoError(w.t, err)
	w.t.Cleanup(s.Close)
	return s
}

func (w *world) newWorker(s mail.Sender) *mail.Worker {
	return mail.NewWorker(w.service, s, w.counts, slog.New(slog.DiscardHandler))
}

func (w *world) step() {
	w.t.Helper()
	require.NoError(w.t, w.worker.Step(w.t.Context()))
}

// sent takes a step and returns the letters that came by it.
func (w *world) sent() []mailtest.Letter {
	w.t.Helper()
	before := len(w.server.Letters())
	w.step()
	return w.server.Letters()[before:]
}

// one is sent for a step by which one letter comes, and returns its subject and text.
func (w *world) one() (to, subject, text string) {
	w.t.Helper()
	all := w.sent()
	require.Len(w.t, all, 1)
	text, html := all[0].Parts(w.t)
	require.NotEmpty(w.t, html)
	return all[0].To, all[0].Subject(), text
}

// state returns how many deliveries are in a state.
func (w *world) state(s string) (n int) {
	w.t.Helper()
	require.NoError(w.t, w.Database.QueryRowContext(w.t.Context(), `SELECT COUNT(*) FROM mail_deliveries WHERE state = $1`, s).Scan(&n))
	return n
}

// counts are the metrics of a test.
type counts struct {
	mu       sync.Mutex
	outcomes map[string]int
	waiting  int
	down     bool
}

func (c *counts) Letter(_, outcome string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outcomes[outcome]++
}

func (c *counts) Waiting(n int, _ time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = n
}

func (c *counts) Server(usable bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down = !usable
}

// sendFunc is a Sender in a function.
type sendFunc func(ctx context.Context, m mail.Message) error

func (f sendFunc) Send(ctx context.Context, m mail.Message) error { return f(ctx, m) }
func (sendFunc) Close()                                           {}
