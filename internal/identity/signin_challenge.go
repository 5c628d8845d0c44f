package identity

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/user"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/nodeid"
	"portico/internal/viewer"
)

// ChallengeLife is how long a sign-in waits for its second factor.
const ChallengeLife = 5 * time.Minute

// SignInChallenge is the answer to a right password where a second factor is needed.
type SignInChallenge struct {
	Token     string
	ExpiresAt time.Time
	// Setup is what the authenticator app needs if the user has none yet, and the
	// organization asks for one; else nil.
	Setup *TotpSetup
}

// CompleteSignInInput is the input of CompleteSignIn.
type CompleteSignInInput struct {
	Challenge string
	Code      string
	// DeviceToken and Devices are as in SignInInput.
	DeviceToken *string
	Devices     []string
}

// checkNoFactor is called for a sign-in without a second factor, with the user locked: a
// factor may have been put to use since the password was verified, or may be asked for
// now. Only administrators cost a statement for the latter.
func checkNoFactor(ctx context.Context, tx *change.Tx, c candidate) error {
	u, err := tx.User.Get(ctx, c.user.ID)
	if err != nil {
		return err
	}
	c.user = u
	if isStaff(u) {
		if c.organization, err = tx.Organization.Get(ctx, u.OrganizationID); err != nil {
			return err
		}
	}
	if c.needsFactor() {
		return errWrongCredentials() // the next attempt is asked for it
	}
	return nil
}

// challenge answers the right password of a user who needs a second factor.
func (svc *Service) challenge(ctx context.Context, c candidate, account *string) (*SignInChallenge, error) {
	out := Challenge{User: c.user.ID, External: c.provider != nil, ExpiresAt: svc.clock.Now().Add(ChallengeLife).Truncate(time.Second)}
	system := viewer.AsSystem(ctx, c.user.OrganizationID)
	if account != nil {
		id, err := ownAccount(system, svc.client.Membership, c.user, *account)
		if err != nil {
			return nil, err
		}
		out.Account = *id
	}
	answer := &SignInChallenge{ExpiresAt: out.ExpiresAt}
	if c.mustSetUp() {
		// A new one each time: one that was begun before may have been seen by others.
		var err error
		if answer.Setup, err = svc.beginSetup(ctx, c); err != nil {
			return nil, err
		}
	}
	out.State = c.state()
	answer.Token = svc.tokens.IssueChallenge(out)
	return answer, nil
}

// beginSetup gives a user, whose password was right, an authenticator app to set up.
func (svc *Service) beginSetup(ctx context.Context, c candidate) (*TotpSetup, error) {
	ctx = viewer.NewContext(ctx, asUser(viewer.Current(ctx), c.user, uuid.Nil))
	seed, err := change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (TotpSeed, error) {
		u, err := lockSelf(ctx, tx)
		if err != nil {
			return TotpSeed{}, err
		}
		if u.TotpEnabledAt != nil || u.PasswordHash != c.user.PasswordHash {
			return TotpSeed{}, errWrongCredentials() // somebody else was faster
		}
		return svc.newFactor(ctx, tx, u)
	})
	if err != nil {
		return nil, err
	}
	return svc.setup(seed, c.organization, c.user)
}

// state returns a hash of what a challenge depends on: the password that was right, since
// when a second factor is in use, and the identity provider as it was.
func (c candidate) state() (out [16]byte) {
	text := c.user.PasswordHash + " "
	if c.user.TotpEnabledAt != nil {
		text += c.user.TotpEnabledAt.UTC().Format(time.RFC3339Nano)
	}
	if c.provider != nil {
		text += fmt.Sprintf(" %s %d", c.provider.ID, c.provider.Version)
	}
	sum := sha256.Sum256([]byte(text))
	copy(out[:], sum[:])
	return out
}

// CompleteSignIn ends a sign-in that waits for its second factor, by a code of the
// authenticator app or a recovery code. A first code puts the factor to use, and the
// recovery codes are returned.
//
// A challenge that cannot be met any more has one error, whatever the reason.
func (svc *Service) CompleteSignIn(ctx context.Context, in CompleteSignInInput) (SignedIn, error) {
	challenge, ok := svc.tokens.ParseChallenge(in.Challenge)
	if !ok {
		return SignedIn{}, errChallengeExpired()
	}
	system := viewer.AsSystem(ctx, uuid.Nil)
	c, err := svc.challenged(system, challenge)
	if err != nil {
		return SignedIn{}, change.PublicError(err)
	}
	var now *db.User
	var codes []string
	also := func(ctx context.Context, tx *change.Tx) (err error) {
		now, codes, err = svc.meet(ctx, tx, c, challenge, in.Code)
		return err
	}
	// An account that is no longer the user's is passed over, as later in the session.
	var account *string
	if id := nodeid.Encode(nodeid.Account, challenge.Account); challenge.Account != uuid.Nil {
		if _, err := ownAccount(system, svc.client.Membership, c.user, id); err == nil {
			account = &id
		}
	}
	var out SignedIn
	err = svc.guessCode(ctx, c.user, func() error {
		var err error
		out, err = svc.beginSession(system, ctx, c, account, also)
		return err
	})
	if err != nil {
		if isWrongCode(err) {
			svc.failures.add(ctx, SignInWrongCode, SignInInput{Email: c.user.EmailFolded, Organization: &c.organization.Slug}, candidates{all: []candidate{c}, eligible: []candidate{c}})
		}
		return SignedIn{}, change.PublicError(err)
	}
	out.RecoveryCodes, out.User.TotpEnabledAt = codes, now.TotpEnabledAt
	out.DeviceToken = svc.devices.Issue(c.user.EmailFolded, c.user.ID, SignInInput{DeviceToken: in.DeviceToken, Devices: in.Devices}.devices())
	return out, nil
}

// meet uses the code of a challenged user, who is locked, and returns the user as it is
// then, and the recovery codes if it puts the factor to use.
func (svc *Service) meet(ctx context.Context, tx *change.Tx, c candidate, challenge Challenge, code string) (*db.User, []string, error) {
	u, err := tx.User.Get(ctx, c.user.ID)
	if err != nil {
		return nil, nil, err
	}
	if c.provider != nil {
		switch err := isCurrent(ctx, tx, *c.provider); {
		case errors.Is(err, ErrProviderChanged):
			return nil, nil, errChallengeExpired()
		case err != nil:
			return nil, nil, err
		}
	}
	if (candidate{user: u, provider: c.provider}).state() != challenge.State {
		return nil, nil, errChallengeExpired()
	}
	if !c.mustSetUp() {
		return u, nil, svc.takeCode(ctx, tx, u, code)
	}
	if err := svc.takeAppCode(ctx, tx, u, code); err != nil {
		return nil, nil, err
	}
	return svc.startTotp(ctx, tx, u)
}

// challenged returns the user of a challenge, if nothing has changed since it was issued.
func (svc *Service) challenged(system context.Context, of Challenge) (candidate, error) {
	u, err := svc.client.User.Query().Where(user.ID(of.User)).Only(system)
	if db.IsNotFound(err) {
		return candidate{}, errChallengeExpired()
	}
	if err != nil {
		return candidate{}, err
	}
	o, err := svc.client.Organization.Get(system, u.OrganizationID)
	if err != nil {
		return candidate{}, err
	}
	c := candidate{user: u, organization: o}
	may := c.canSignIn(svc.development)
	if of.External {
		may = u.Status == domain.UserActive && (svc.development || !u.MadeInDevelopment)
		if c.provider, err = svc.challengedAt(system, c, of); err != nil {
			return candidate{}, err
		}
	}
	if c.state() != of.State || !may || !c.needsFactor() {
		return candidate{}, errChallengeExpired()
	}
	return c, nil
}

// challengedAt returns the identity provider of a challenge; nil if it was changed or
// removed meanwhile.
func (svc *Service) challengedAt(ctx context.Context, c candidate, of Challenge) (*Provider, error) {
	all, err := readProviders(ctx, svc.client, `id IN (SELECT provider_id FROM external_identities WHERE user_id = $1)`, c.user.ID)
	for _, p := range all {
		if c.provider = &p; c.state() == of.State {
			return &p, nil
		}
	}
	return nil, err
}

func errChallengeExpired() error {
	return fault.New(fault.CodeUnauthenticated, fault.ReasonChallengeExpired, "This sign-in took too long, or something has changed: sign in again.")
}
