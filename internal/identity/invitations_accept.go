package identity

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/account"
	"portico/ent/db/invitation"
	"portico/ent/db/membership"
	"portico/ent/db/servicetoken"
	"portico/ent/db/user"
	"portico/internal/address"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// AcceptInvitationInput is the input of AcceptInvitation.
type AcceptInvitationInput struct {
	Token string
	// Name and Password are those of a new person.
	Name, Password *string
	// TermsVersion is that of the organization's terms, if there are any; of a new person.
	TermsVersion *string
}

// Accepted is the result of AcceptInvitation.
type Accepted struct {
	User    *db.User
	Account *db.Account
}

// errSignInFirst returns the error for an invitation whose address a user has. Only
// whoever reads the letters to the address is told.
func errSignInFirst() error {
	return fault.New(fault.CodeUnauthenticated, fault.ReasonNotSignedIn, "Please sign in as the person who is invited, and accept the invitation then.")
}

// AcceptInvitation makes a person a member of the account that the link invites to.
// Whoever is signed in must have the invited address. A new person gives a name and a
// password, and becomes a user of the organization, whom it does not sign in.
//
// A user who has the address already must be signed in: a link alone, which may be
// forwarded or lie in an open mailbox, does nothing to an existing user, and a password
// is verified in one place only, which counts the failures and will ask for a second
// factor.
func (svc *Service) AcceptInvitation(ctx context.Context, in AcceptInvitationInput) (Accepted, error) {
	id, ok := svc.links.Parse(LinkInvitation, in.Token)
	if !ok {
		return Accepted{}, errDeadLink()
	}
	system := viewer.AsSystem(ctx, uuid.Nil)
	found, err := svc.client.Invitation.Query().Where(invitation.ID(id)).Only(system)
	if db.IsNotFound(err) || err == nil && StatusOfInvitation(found, svc.clock.Now()) != domain.InvitationPending {
		return Accepted{}, errDeadLink()
	}
	if err != nil {
		return Accepted{}, change.PublicError(err)
	}
	if v := viewer.Current(ctx); v.Acting() {
		return Accepted{}, fault.New(fault.CodeForbidden, fault.ReasonScope, policy.OutOfScope)
	} else if v.UserID != uuid.Nil {
		return svc.acceptAs(ctx, found, v.UserID)
	}
	return svc.acceptAsNew(ctx, found, in)
}

// acceptAs accepts an invitation as the user who is signed in.
func (svc *Service) acceptAs(ctx context.Context, found *db.Invitation, by uuid.UUID) (Accepted, error) {
	if viewer.Current(ctx).OrganizationID != found.OrganizationID {
		return Accepted{}, errInvitedAnother()
	}
	return svc.accept(ctx, found, func(system context.Context, tx *change.Tx) (*db.User, error) {
		u, err := change.LockForShare(tx, tx.User.Query().Where(user.ID(by))).Only(system)
		switch {
		case db.IsNotFound(err), err == nil && u.Status != domain.UserActive:
			return nil, errSessionEnded()
		case err != nil:
			return nil, err
		case u.EmailFolded != found.EmailFolded:
			return nil, errInvitedAnother()
		case !slices.Contains(accountRoles(), u.Role):
			return nil, fault.Input(fault.NotAllowed, "token", "Staff have no account.")
		}
		return u, nil
	})
}

func errInvitedAnother() error {
	return fault.Input(fault.NotAllowed, "token", "Somebody else is invited: sign out, and accept the invitation as that person.")
}

// acceptAsNew accepts an invitation as somebody whom the organization does not know.
func (svc *Service) acceptAsNew(ctx context.Context, found *db.Invitation, in AcceptInvitationInput) (Accepted, error) {
	system := viewer.AsSystem(ctx, found.OrganizationID)
	o, err := svc.client.Organization.Get(system, found.OrganizationID)
	if err != nil {
		return Accepted{}, change.PublicError(err)
	}
	known, err := svc.client.User.Query().Where(user.EmailFolded(found.EmailFolded)).Exist(system)
	if err != nil {
		return Accepted{}, change.PublicError(err)
	}
	if known || !o.PasswordSignIn {
		return Accepted{}, errSignInFirst()
	}
	terms, notAccepted := acceptedWith("termsVersion", o, in.TermsVersion)
	if in.Password == nil {
		return Accepted{}, fault.Collect(input.CheckName("name", input.OrZero(in.Name)), fault.Input(fault.Required, "password", "Choose a password."), notAccepted)
	}
	name := input.OrZero(in.Name)
	hash, err := svc.checkNewUser(ctx, name, found.EmailFolded, input.OrZero(in.Password), notAccepted)
	if err != nil {
		return Accepted{}, err
	}
	// The new person makes the change.
	person := &db.User{ID: uuid.Must(uuid.NewV7()), OrganizationID: found.OrganizationID, Role: joinsAs, Name: name}
	ctx = viewer.NewContext(ctx, asUser(viewer.Current(ctx), person, uuid.Nil))
	return svc.accept(ctx, found, func(system context.Context, tx *change.Tx) (*db.User, error) {
		u, err := addUserAs(system, tx, person.ID, name, address.ParseEmail(found.Email), hash, person.Role)
		if fault.Problems(err) != nil {
			return nil, errSignInFirst() // somebody got the address meanwhile
		}
		if err != nil || terms == nil {
			return u, err
		}
		tx.Record(termsAccepted(u, *terms))
		return keepAccepted(system, tx, u, terms, tx.Now)
	})
}

// accept uses an invitation up. who returns the person who joins, within the change.
func (svc *Service) accept(ctx context.Context, found *db.Invitation, who func(system context.Context, tx *change.Tx) (*db.User, error)) (Accepted, error) {
	out, err := change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (out Accepted, err error) {
		system := viewer.AsSystem(ctx, found.OrganizationID)
		if out.Account, err = change.LockForUpdate(tx, tx.Account.Query().Where(account.ID(found.AccountID))).Only(system); err != nil {
			return out, err
		}
		i, err := tx.Invitation.Query().Where(invitation.ID(found.ID)).Only(system)
		if err != nil && !db.IsNotFound(err) {
			return out, err
		}
		valid := err == nil && StatusOfInvitation(i, tx.Now) == domain.InvitationPending && out.Account.DeletedAt == nil && out.Account.Status == access.AccountActive
		if valid {
			valid, err = mayStillInvite(system, tx, i)
		}
		if err != nil && !db.IsNotFound(err) {
			return out, err
		}
		if !valid {
			return out, errDeadLink()
		}
		if out.User, err = who(system, tx); err != nil {
			return out, err
		}
		return out, join(system, tx, i, out)
	})
	if err != nil {
		return Accepted{}, err
	}
	return out, nil
}

// mayStillInvite reports whether who made an invitation could make it now.
func mayStillInvite(ctx context.Context, tx *change.Tx, i *db.Invitation) (bool, error) {
	if i.InvitedByToken != nil {
		active := tokenInStatus([]domain.ServiceTokenStatus{domain.TokenActive}, tx.Now)
		return tx.ServiceToken.Query().Where(servicetoken.ID(*i.InvitedByToken), active).Exist(ctx)
	}
	if i.InvitedBy == nil {
		return true, nil // Portico itself
	}
	u, err := tx.User.Query().Where(user.ID(*i.InvitedBy)).Only(ctx)
	if err != nil || u.Status != domain.UserActive {
		return false, err
	}
	owner, err := tx.Membership.Query().Where(membership.AccountID(i.AccountID), membership.UserID(u.ID), membership.RoleEQ(domain.Owner)).Exist(ctx)
	v := asUser(viewer.Viewer{AccountID: i.AccountID, AccountOwner: owner}, u, uuid.Nil)
	return policy.Decide(v, policy.InviteMember(i.OrganizationID, i.AccountID)).Allowed, err
}

// join makes a person a member of a locked account, unless the person is one already.
func join(ctx context.Context, tx *change.Tx, i *db.Invitation, a Accepted) error {
	member, err := tx.Membership.Query().Where(membership.AccountID(i.AccountID), membership.UserID(a.User.ID)).Exist(ctx)
	if err != nil {
		return err
	}
	tx.Record(invitationEvent(eventlog.InvitationAccepted, i, nil))
	if !member {
		if _, err := addMember(ctx, tx, a.Account, a.User, &i.Role, "token"); err != nil {
			return err
		}
	}
	return tx.Invitation.UpdateOne(i).SetAcceptedAt(tx.Now).Exec(ctx)
}
