package mail

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/internal/domain"
	"portico/internal/eventlog"
)

// kind is a kind of letter.
type kind struct {
	name domain.MailKind
	// events are the types of the events that cause it; none for a daily letter.
	events []eventlog.Type
	// recipients returns the users who get it; e is nil for a daily letter.
	recipients func(ctx context.Context, r *reader, e *db.Event) ([]uuid.UUID, error)
	// cause returns what the letter is about; nil for the event itself. Of several
	// events with the same cause, a person gets one letter.
	cause func(e *db.Event) string
	// gathered returns until when an event waits, so that one letter tells of all that
	// come until then; zero for one that is told at once. nil: all are.
	gathered func(ctx context.Context, r *reader, e *db.Event) (time.Time, error)
	// facts returns what the letter says, as of now, and false if there is nothing
	// to say any more.
	facts func(ctx context.Context, r *reader, e *db.Event) (Facts, bool, error)
	// addressee returns who gets it, by what recipients returned; nil for a user.
	addressee func(ctx context.Context, r *reader, id uuid.UUID) (addressee, bool, error)
	// sample returns made-up facts, for the preview.
	sample func(now time.Time) Facts
}

// Facts are what a template may say. Names are texts that people have chosen, each on
// one line. A template that needs a further one gets a field here.
type Facts struct {
	Account, App, Product, Plan string
	// NewPlan is the plan that a subscription is to have, or has, instead of another one; ""
	// in a letter about something else. Later: it gets it at When.
	NewPlan string
	Later   bool
	// NewPrice is what the plan costs that a subscription has now, "" if the letter does not
	// tell. NewTerms: it is the same plan, which cost OldPrice until then.
	NewPrice, OldPrice string
	NewTerms           bool
	// Due: it was to get it now, but that waits for a decision.
	Due bool
	// Key is the name of an API key; "" if it has none, or the recipient wants none
	// in letters.
	Key string
	// Token is the name of a service token; "" if the recipient wants no names of keys.
	Token string
	// Change is what has happened to how the recipient signs in: the event's type.
	Change string
	// Actor is who did it; "" for an administrator, whom developers do not know by
	// name.
	Actor string
	// Holder: whoever held the API key did it, and is known by nothing else.
	Holder bool
	// Found: an API key was found where it does not belong.
	Found bool
	// Place is where an API key was found, in the finder's words. Valid: it still works.
	// Refused: it does not, and may again.
	Place          string
	Valid, Refused bool
	// Again is how many further reports of a key the letter is about, Places where it was
	// found by them.
	Again  int
	Places []string
	// Reason is what the actor gave as the reason.
	Reason string
	// ByStaff: an administrator did it.
	ByStaff bool
	// ByOperator: it was done by a command, outside of the organization.
	ByOperator bool
	// Owner: the recipient becomes an owner of the account.
	Owner bool
	// Known: somebody has the address already.
	Known bool
	// SignedUp: the recipient is a user by an own sign-up.
	SignedUp bool
	// Approved: a sign-up was.
	Approved bool
	// NoPassword: developers of the organization do not sign in with passwords.
	NoPassword bool
	// Applicant is who has signed up and waits for a decision, with the address.
	Applicant string
	// Transfer is how the offer of an app has ended: its status. Received: the recipient's
	// account is the one that it was made to.
	Transfer string
	Received bool
	// Deleted: it happened because the app was deleted.
	Deleted bool
	// CalledOff: what was to happen does not happen.
	CalledOff bool
	// Apps are the names of some of the recipient's apps.
	Apps []string
	// KeyRequest: the letter is about a request for a key, and Product names the first of its
	// products. NewKey: it makes a key, and changes none.
	KeyRequest, NewKey bool
	// Uncollected: its key was not collected in time.
	Uncollected bool
	// Expired: a request ended because nobody decided about it within Days.
	Expired bool
	// Days is a number of days until When, or of those within which something was to happen.
	Days int
	When time.Time
	// Requests and SignUps are those that wait, More how many others do.
	Requests []Request
	SignUps  []Applicant
	More     int
	// Path is where the letter's link leads in the front end.
	Path string
}

// Request is a request that waits for a decision.
type Request struct {
	Account, App, Product string
	Since                 time.Time
}

// Applicant is somebody who has signed up and waits for a decision.
type Applicant struct {
	// Name has the address, too.
	Name  string
	Since time.Time
}

// kinds returns every kind, in the order of domain.MailKinds.
func kinds() []kind {
	return []kind{
		welcome(), invited(), passwordReset(), requestReceived(), requestsWaiting(), requestApproved(), requestRejected(),
		keyExpiring(), keyExpired(), keyRevoked(), tokenExpiring(), signInChanged(), verification(), signUpDecided(), leakReported(),
		keyStillUsed(), planChanged(), appOffered(), appTransferred(), productEnding(),
	}
}

// kindOf returns a kind by its name.
func kindOf(name domain.MailKind) (kind, bool) {
	all := kinds()
	if i := slices.IndexFunc(all, func(k kind) bool { return k.name == name }); i >= 0 {
		return all[i], true
	}
	return kind{}, false
}

// causes returns the types of events that cause a letter, and the kinds of each.
func causes() map[eventlog.Type][]kind {
	out := map[eventlog.Type][]kind{}
	for _, k := range kinds() {
		for _, t := range k.events {
			out[t] = append(out[t], k)
		}
	}
	return out
}

// changed returns the value of an attribute after an event; "" if it has none.
func changed(e *db.Event, field string) string {
	for _, c := range e.Changes {
		if c.Field == field && c.After != nil {
			return *c.After
		}
	}
	return ""
}
