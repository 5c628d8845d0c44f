// Package mailtest is a mail server for tests: a real one, which speaks SMTP over TCP,
// and which tests can make slow, busy, hostile or absent.
package mailtest

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/mail"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"portico/internal/testdb/freeport"
)

// Letter is one that the server has accepted.
type Letter struct {
	From, To string
	Raw      []byte
	// Header is the parsed head of Raw.
	Header mail.Header
	// TLS: it came over TLS. User is who had signed in.
	TLS  bool
	User string
}

// Options makes a server what a test needs. The zero value accepts everything.
type Options struct {
	// TLS is the server's certificate; nil: it offers no STARTTLS.
	TLS *tls.Config
	// Implicit: connections begin with TLS.
	Implicit bool
	// User and Password are asked for, unless empty.
	User, Password string
	// Address is where to listen; "" for a free port of this machine.
	Address string
}

// Server is a mail server.
type Server struct {
	// Address is HOST:PORT.
	Address string

	options  Options
	smtp     *smtp.Server
	listener net.Listener

	mu      sync.Mutex
	letters []Letter
	changed chan struct{}
	// recipient and content answer RCPT and the end of DATA; nil accepts.
	recipient func(to string) error
	content   func(l Letter) error
}

// Start starts a server, which stops at the end of the test.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s := &Server{options: o, changed: make(chan struct{})}
	if o.Address == "" {
		o.Address = freeport.Address(t) // so that another may start there later
	}
	l, err := net.Listen("tcp", o.Address)
	if err != nil {
		t.Fatal(err)
	}
	s.Address, s.listener = l.Addr().String(), l
	if o.Implicit {
		l = tls.NewListener(l, o.TLS)
	}
	s.smtp = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{server: s, conn: c}, nil }))
	s.smtp.Domain, s.smtp.AllowInsecureAuth, s.smtp.EnableSMTPUTF8 = "mail.test", true, true
	s.smtp.ErrorLog = log.New(io.Discard, "", 0)
	if !o.Implicit {
		s.smtp.TLSConfig = o.TLS
	}
	go func() { _ = s.smtp.Serve(l) }() // it ends with Stop
	t.Cleanup(s.Stop)
	return s
}

// Stop ends the server and its connections at once.
func (s *Server) Stop() {
	// The library does not know the listener before its goroutine has run. Both may be
	// closed already.
	_ = s.listener.Close()
	_ = s.smtp.Close()
}

// Refuse lets a function answer to recipients, and another to letters; nil accepts.
// Answers are made by Answer.
func (s *Server) Refuse(recipient func(to string) error, content func(l Letter) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recipient, s.content = recipient, content
}

// Answer returns an answer of a server, such as 550 5.1.1.
func Answer(code int, class, subject, detail int, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{class, subject, detail}, Message: text}
}

// Letters returns what was accepted so far, in order.
func (s *Server) Letters() []Letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Letter(nil), s.letters...)
}

// Await waits until n letters were accepted, and returns them.
func (s *Server) Await(t testing.TB, n int) []Letter {
	t.Helper()
	late := time.After(30 * time.Second)
	for {
		s.mu.Lock()
		all, changed := append([]Letter(nil), s.letters...), s.changed
		s.mu.Unlock()
		if len(all) >= n {
			return all
		}
		select {
		case <-changed:
		case <-late:
			t.Fatalf("%d letters came, not %d", len(all), n)
		}
	}
}

// session is a connection of a client.
type session struct {
	server *Server
	conn   *smtp.Conn
	user   string
	from   string
	to     string
}

// Reset implements the library's Session.
func (s *session) Reset() { s.from, s.to = "", "" }

// Logout implements the library's Session.
func (s *session) Logout() error { return nil }

// AuthMechanisms implements the library's AuthSession.
func (s *session) AuthMechanisms() []string {
	if s.server.options.User == "" {
		return nil
	}
	return []string{sasl.Plain}
}

// Auth implements the library's AuthSession.
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.server.options.User || password != s.server.options.Password {
			return errors.New("wrong user or password")
		}
		s.user = user
		return nil
	}), nil
}

// Mail implements the library's Session.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.server.options.User != "" && s.user == "" {
		return smtp.ErrAuthRequired
	}
	s.from = from
	return nil
}

// Rcpt implements the library's Session.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.server.mu.Lock()
	answer := s.server.recipient
	s.server.mu.Unlock()
	if answer != nil {
		if err := answer(to); err != nil {
			return err
		}
	}
	s.to = to
	return nil
}

// Data implements the library's Session.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	parsed, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Answer(554, 5, 6, 0, "this is no letter: "+err.Error())
	}
	_, secure := s.conn.TLSConnectionState()
	l := Letter{From: s.from, To: s.to, Raw: raw, Header: parsed.Header, TLS: secure, User: s.user}
	s.server.mu.Lock()
	answer := s.server.content
	s.server.mu.Unlock()
	if answer != nil {
		if err := answer(l); err != nil {
			return err
		}
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.letters = append(s.server.letters, l)
	close(s.server.changed)
	s.server.changed = make(chan struct{})
	return nil
}
