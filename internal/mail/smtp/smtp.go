// Package smtp gives letters to a mail server by SMTP. It knows what the server's
// answers mean for a letter, and nothing of what letters say.
package smtp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"portico/internal/mail"
)

const (
	// Timeout bounds the connection's set-up, and then each letter.
	Timeout = 30 * time.Second
	// goodbyeTime is how long the server may take to say goodbye.
	goodbyeTime = 2 * time.Second
)

// Server is the mail server to use.
type Server struct {
	Host, Port     string
	User, Password string
	// TLS: the connection begins with TLS. StartTLS: the server must offer it.
	TLS, StartTLS bool
	// Roots are the certificates that are trusted; nil for the machine's.
	Roots *x509.CertPool
}

// Sender gives letters to a server. It keeps its connection between letters, and is
// not safe for concurrent use.
type Sender struct {
	server Server
	client *gomail.Client
	conn   *smtp.Client
	below  below
}

// New returns a Sender.
func New(s Server) (*Sender, error) {
	port, err := strconv.Atoi(s.Port)
	if err != nil {
		return nil, fmt.Errorf("smtp: the port %q: %w", s.Port, err)
	}
	out := &Sender{server: s}
	policy := gomail.NoTLS
	if s.StartTLS {
		policy = gomail.TLSMandatory
	}
	options := []gomail.Option{
		gomail.WithPort(port), gomail.WithTimeout(Timeout), gomail.WithTLSPolicy(policy), gomail.WithTLSConfig(s.config()),
		gomail.WithHELO(helloName), gomail.WithoutNoop(), gomail.WithDialContextFunc(out.dial),
	}
	if s.User != "" {
		options = append(options, gomail.WithUsername(s.User), gomail.WithPassword(s.Password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	out.client, err = gomail.NewClient(s.Host, options...)
	return out, err
}

// helloName is how the client introduces itself. The machine's own name is nobody's
// business, and servers take an address.
const helloName = "[127.0.0.1]"

// config returns how TLS is spoken with the server.
func (s Server) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, ServerName: s.Host, RootCAs: s.Roots}
}

// dial connects, and keeps the connection in order to end it.
func (s *Sender) dial(ctx context.Context, network, address string) (conn net.Conn, err error) {
	if s.server.TLS {
		conn, err = (&tls.Dialer{Config: s.server.config()}).DialContext(ctx, network, address)
	} else {
		conn, err = (&net.Dialer{}).DialContext(ctx, network, address)
	}
	if err != nil {
		return nil, err
	}
	s.below.keep(conn)
	if ctx.Err() != nil { // whoever cut before it was kept found nothing to cut
		s.below.cut()
	}
	return conn, nil
}

// connect sets the connection up: hello, TLS, signing in.
func (s *Sender) connect(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	stop := context.AfterFunc(limited, s.below.cut)
	defer stop()
	conn, err := s.client.DialToSMTPClientWithContext(limited)
	if err != nil {
		s.below.cut()
		return fmt.Errorf("connecting to the mail server: %w", err)
	}
	s.conn = conn
	return nil
}

// Check connects, signs in and says goodbye.
func (s *Sender) Check(ctx context.Context) error {
	defer s.Close()
	return s.connect(ctx)
}

// Send implements mail.Sender.
func (s *Sender) Send(ctx context.Context, m mail.Message) error {
	letter, err := Compose(m)
	if err != nil {
		return &mail.Refusal{Permanent: true, Answer: err.Error()}
	}
	kept := s.conn != nil
	if !kept {
		if err := s.connect(ctx); err != nil {
			return err
		}
	}
	stop := context.AfterFunc(ctx, s.below.cut)
	err = s.client.SendWithSMTPClient(s.conn, letter)
	stop()
	if err == nil {
		return nil
	}
	if codeOf(err) == 0 || codeOf(err) == closing {
		s.below.cut()
		s.conn = nil
	}
	switch {
	case letter.IsDelivered(): // what failed came after the letter
		return nil
	case kept && s.conn == nil && !begun(err) && ctx.Err() == nil:
		return s.Send(ctx, m) // the server has ended a connection that was idle
	}
	return explain(err)
}

// Close implements mail.Sender.
func (s *Sender) Close() {
	if s.conn == nil {
		return
	}
	s.below.expire(goodbyeTime)
	_ = s.client.CloseWithSMTPClient(s.conn) // nothing is under way
	s.below.cut()
	s.conn = nil
}

// codeOf returns the status that the server answered with; 0 for none.
func codeOf(err error) int {
	var e *gomail.SendError
	if errors.As(err, &e) {
		return e.ErrorCode()
	}
	return 0
}

// begun reports whether the server may have the letter, or a part of it.
func begun(err error) bool {
	var e *gomail.SendError
	return errors.As(err, &e) && (e.Reason == gomail.ErrSMTPData || e.Reason == gomail.ErrWriteContent || e.Reason == gomail.ErrSMTPDataClose)
}

// The statuses of a server that is about to close the connection, and the class of
// enhanced statuses (RFC 3463) that are about who may send at all.
const (
	closing   = 421
	security  = "5.7."
	permanent = 500
)

// explain returns what a failure means: a *mail.Refusal if it is about this letter.
func explain(err error) error {
	var e *gomail.SendError
	if !errors.As(err, &e) {
		return err
	}
	code := e.ErrorCode()
	switch e.Reason {
	case gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrSMTPDataClose, gomail.ErrWriteContent:
	case gomail.ErrGetSender, gomail.ErrGetRcpts, gomail.ErrNoUnencoded:
		return &mail.Refusal{Permanent: true, Answer: err.Error()}
	default: // the connection, or the sender, is refused: so is every letter
		return err
	}
	if code == closing || code == 0 && !begun(err) {
		return err
	}
	// A connection that breaks within a letter counts against it, so that one which
	// a server cannot digest does not keep back all others.
	return &mail.Refusal{Permanent: code >= permanent && !strings.HasPrefix(e.EnhancedStatusCode(), security), Answer: err.Error()}
}
