// Package mail writes letters to people about what happens in the portal, and
// delivers them. It owns which events cause a letter, who receives it, what it
// says in which language, how an organization writes its letters, and the
// deliveries. It does not own the changes that letters are about, and knows no
// SMTP: a Sender gives letters to a mail server.
//
// Letters follow the event log, organization by organization: an event is read
// once, and what it causes is noted as deliveries in the transaction that moves
// the cursor on. A delivery is claimed before it is sent, under a Message-ID that
// stays the same: only a crash between the server's acceptance and the commit can
// repeat a letter, and its recipient's program can tell. Each recipient gets
// letters in the order of the events. A letter's text is written when it is sent,
// and stored nowhere.
//
// A kind of letter is a file kind_*.go and its templates: see CONTRIBUTING.md.
package mail

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/clock"
	"portico/internal/database"
)

// Message is a letter as it is sent.
type Message struct {
	// ID is the Message-ID, without angle brackets: the same in each attempt.
	ID string
	// FromName and From are the sender, ToName and To the recipient. ReplyTo is
	// where answers go; "" for From.
	FromName, From, ReplyTo, ToName, To string
	Subject                             string
	// Language is that of the text, by BCP 47.
	Language string
	Date     time.Time
	Text     string
	HTML     string
}

// Sender gives letters to a mail server.
type Sender interface {
	// Send returns once the server is responsible for the letter. The error is a
	// *Refusal if the server did not take this letter; any other one means that no
	// letter can be sent at present.
	Send(ctx context.Context, m Message) error
	// Close ends a connection that is kept between letters.
	Close()
}

// Refusal is the error of a letter that a mail server did not take.
type Refusal struct {
	// Permanent: it would never take it.
	Permanent bool
	// Answer is what the server said.
	Answer string
}

// Error returns the answer.
func (r *Refusal) Error() string {
	if r.Permanent {
		return "refused for good: " + r.Answer
	}
	return "refused for now: " + r.Answer
}

// Options configures a Service. All fields but From and PortalURL are required;
// without these, letters can only be previewed.
type Options struct {
	Client   *db.Client
	Database *database.DB
	Changes  *change.Runner
	Clock    clock.Clock
	// From is the address that letters come from.
	From string
	// PortalURL is where the portal's front end is.
	PortalURL string
	// Sends: the installation has a mail server, or a folder for letters.
	Sends bool
	// Resets finds the links of letters that set a new password, Invitations has those
	// of invitations, SignUps those of sign-ups.
	Resets      Resets
	Invitations Invitations
	SignUps     SignUps
}

// Resets finds links that set a new password.
type Resets interface {
	// ResetToken returns the token of the user's link that was made at a time, and
	// when it expires; ok is false if it is not valid any more.
	ResetToken(ctx context.Context, user uuid.UUID, made time.Time) (token string, expiresAt time.Time, ok bool, err error)
}

// Invitations has the links by which invitations are accepted.
type Invitations interface {
	// InvitationToken returns the token of an invitation's link.
	InvitationToken(id uuid.UUID) string
}

// SignUps has the links by which people who sign up verify their address.
type SignUps interface {
	// SignUpToken returns the token of a sign-up's link.
	SignUpToken(id uuid.UUID) string
}

// Service writes letters and knows how organizations want them. It is safe for
// concurrent use.
type Service struct {
	client      *db.Client
	database    *database.DB
	changes     *change.Runner
	clock       clock.Clock
	from        string
	portalURL   string
	sends       bool
	resets      Resets
	invitations Invitations
	signUps     SignUps
}

// New returns a Service.
func New(o Options) *Service {
	return &Service{
		client: o.Client, database: o.Database, changes: o.Changes, clock: o.Clock,
		from: o.From, portalURL: strings.TrimSuffix(o.PortalURL, "/"), sends: o.Sends, resets: o.Resets, invitations: o.Invitations, signUps: o.SignUps,
	}
}

// Sends reports whether the installation sends letters.
func (svc *Service) Sends() bool { return svc.sends }

// messageID returns the Message-ID of a delivery.
func (svc *Service) messageID(delivery fmt.Stringer) string {
	_, host, found := strings.Cut(svc.from, "@")
	if !found {
		host = "portico.invalid"
	}
	return delivery.String() + "@" + asciiDomain(host)
}
