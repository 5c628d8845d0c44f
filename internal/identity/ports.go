package identity

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/internal/address"
)

// Passwords hashes and verifies passwords; the number of concurrent
// computations is bounded. Who is known, by AsKnown, does not wait for strangers.
type Passwords interface {
	Hash(ctx context.Context, password string) (string, error)
	Verify(ctx context.Context, password, hash string) (bool, error)
	// VerifyDummy takes as long as Verify, for an unknown address.
	VerifyDummy(ctx context.Context, password string) error
	// InTurn calls f, which may call the methods above several times, when it is the
	// caller's turn; else none of them waits for long.
	InTurn(ctx context.Context, f func(ctx context.Context) error) error
	// Check returns an error for a weak password; field is the input's field.
	Check(field, password string, email address.Email) error
}

// knownKey is the key of contexts for somebody who is known.
type knownKey struct{}

// AsKnown returns the context in which Passwords compute for somebody whom strangers must
// not keep out: who is signed in and has shown that, or brings the token of a device on which
// the user has signed in. It is for that computation alone: a request that is signed in
// can also guess at other users.
func AsKnown(ctx context.Context) context.Context { return context.WithValue(ctx, knownKey{}, true) }

// IsKnown reports whether AsKnown has returned ctx, or one that it comes from.
func IsKnown(ctx context.Context) bool { return ctx.Value(knownKey{}) != nil }

// Guess is a password that is about to be verified.
type Guess struct {
	Address address.Email
	// Client is the network address that it comes from, Devices are the tokens
	// of devices that have signed in before.
	Client  string
	Devices []string
	// Session is the user who is signed in already; all zero if none is.
	Session uuid.UUID
	// SecondFactor is the user whose second factor is about to be verified, after the
	// password was right; all zero for a password.
	SecondFactor uuid.UUID
	// Users are those whose passwords will be compared.
	Users []uuid.UUID
	// NoOrganization is true if no organization was named.
	NoOrganization bool
	// Since has an element for each of Users: failures until then do not count.
	Since []time.Time
}

// Attempt is a sign-in that counts as failed until it is settled.
type Attempt interface {
	// Allowed reports whether the password of the user at this index of
	// Guess.Users may be verified.
	Allowed(user int) bool
	// Known reports whether the guess comes from a device on which one of the users has
	// signed in, or in a session.
	Known() bool
	// Succeeded is called with the indexes of the users whose password was
	// right; for the others whose password was verified it remains a failure.
	Succeeded(ctx context.Context, right ...int) error
	Withdraw(ctx context.Context) error
	Done()
}

// Limiter counts failed sign-ins, requests for new passwords, and sign-ups; its methods fail
// with fault.CodeRateLimited.
type Limiter interface {
	Reserve(ctx context.Context, g Guess) (Attempt, error)
	// CountReset counts a request for a new password; client is the network
	// address that it comes from.
	CountReset(ctx context.Context, e address.Email, client string) error
	// CountSignUp does the same for a sign-up.
	CountSignUp(ctx context.Context, e address.Email, client string) error
}

// LinkPurpose is what the link of a letter does; it is also how the link's token
// begins, so that scanners find leaked ones.
type LinkPurpose string

// The purposes of links: to set a new password, to join an account, and to verify the
// address of a sign-up.
const (
	LinkPasswordReset LinkPurpose = "ppr_"
	LinkInvitation    LinkPurpose = "pit_"
	LinkSignUp        LinkPurpose = "psu_"
)

// Links derives the tokens of the links that letters contain from the ids of rows.
type Links interface {
	Issue(purpose LinkPurpose, id uuid.UUID) string
	// Parse returns the id in a token; ok is false if it was not issued for this
	// purpose.
	Parse(purpose LinkPurpose, token string) (id uuid.UUID, ok bool)
}

// Devices issues the tokens that identify devices that have signed in.
type Devices interface {
	// Issue returns a token; the device keeps the identity of the tokens it
	// presented.
	Issue(e address.Email, user uuid.UUID, presented []string) string
}

// Machines makes service tokens.
type Machines interface {
	// New returns a new token, the hash to store, and a hint that may be shown.
	New() (token string, hash []byte, hint string)
}

// Tokens issues access tokens, and the refresh tokens that they are renewed with.
type Tokens interface {
	Issue(user, organization, session uuid.UUID) (token string, expiresAt time.Time, err error)
	// IssueActing returns an access token with which a service token acts for a user, valid
	// until then at the latest, if that is not zero.
	IssueActing(a Acting, until time.Time) (text string, expiresAt time.Time, err error)
	// IssueRefresh returns a new token, and the hash to store.
	IssueRefresh(session uuid.UUID) (token string, hash []byte)
	// IssueChallenge and ParseChallenge turn a challenge into a token and back; ok is
	// false for what is no token of this installation, or has expired.
	IssueChallenge(c Challenge) string
	ParseChallenge(token string) (c Challenge, ok bool)
	// ParseRefresh returns the session of a token, and its hash; ok is false for
	// what is no token of this installation.
	ParseRefresh(token string) (session uuid.UUID, hash []byte, ok bool)
}

// Challenge is a sign-in whose password was right, and that waits for its second factor.
type Challenge struct {
	User uuid.UUID
	// Account is the account to act for; uuid.Nil for that of the last sign-in.
	Account uuid.UUID
	// External: the person has signed in at an identity provider, and not by a password.
	External bool
	// State is a hash of what must not have changed since: see signInState.
	State     [16]byte
	ExpiresAt time.Time
}

// TotpSeed is what the secret of a user's authenticator app is derived from, under a
// pepper of the key ring.
type TotpSeed struct {
	ID     uuid.UUID
	Pepper string
}

// TotpSetup is what an authenticator app needs, as text and as a URI for a QR code.
type TotpSetup struct{ Secret, URI string }

// RecoveryCodes is how many recovery codes a user gets at a time.
const RecoveryCodes = 10

// Totp makes and checks the codes of second factors.
type Totp interface {
	NewSeed() TotpSeed
	// Setup describes a factor to an app, which shows issuer and name beside its codes.
	Setup(seed TotpSeed, issuer, name string) (TotpSetup, error)
	// Match returns the time step of a code; ok is false if it is not the code of one
	// around now, or of none later than after: each is good for one use.
	Match(seed TotpSeed, code string, after int64) (step int64, ok bool, err error)
	// NewRecoveryCodes returns new codes, and the hashes to store.
	NewRecoveryCodes(user uuid.UUID) (codes []string, hashes [][]byte)
	// RecoveryHashes returns the hashes that may be stored of a code, one for each
	// pepper of the ring.
	RecoveryHashes(user uuid.UUID, code string) [][]byte
}
