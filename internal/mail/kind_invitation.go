package mail

import (
	"context"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/invitation"
	"portico/ent/db/user"
	"portico/internal/domain"
	"portico/internal/eventlog"
)

// invited is the letter to an address that was invited to an account. Nobody need have
// it, so the recipient is the invitation. One that was accepted, taken back or replaced
// meanwhile, or that has expired, has nothing to say.
func invited() kind {
	return kind{
		name:   domain.MailInvitation,
		events: []eventlog.Type{eventlog.MemberInvited},
		recipients: func(_ context.Context, _ *reader, e *db.Event) ([]uuid.UUID, error) {
			return []uuid.UUID{e.SubjectID}, nil
		},
		addressee: invitedOf,
		facts: func(ctx context.Context, r *reader, e *db.Event) (Facts, bool, error) {
			i, err := r.client.Invitation.Query().Where(invitation.ID(e.SubjectID)).WithAccount().Only(ctx)
			if db.IsNotFound(err) {
				return Facts{}, false, nil
			}
			if err != nil {
				return Facts{}, false, err
			}
			a := i.Edges.Account
			open := i.AcceptedAt == nil && i.RevokedAt == nil && i.ExpiresAt.After(r.now) && a.DeletedAt == nil && a.Status == access.AccountActive
			return Facts{
				Account: brief(a.Name), Actor: brief(actorFor(e)), Owner: i.Role == domain.Owner, When: i.ExpiresAt,
				Path: invitationPage + "#token=" + r.invitations.InvitationToken(i.ID),
			}, open, nil
		},
		sample: func(now time.Time) Facts {
			return Facts{Account: "Example Ltd", Actor: "Dora Developer", When: now.Add(7 * day), Path: invitationPage}
		},
	}
}

// invitedOf returns who gets the letter of an invitation: the user who has the address,
// or else just the address.
func invitedOf(ctx context.Context, r *reader, id uuid.UUID) (to addressee, ok bool, err error) {
	i, err := r.client.Invitation.Query().Where(invitation.ID(id)).Only(ctx)
	if db.IsNotFound(err) {
		return to, false, nil
	}
	if err != nil {
		return to, false, err
	}
	u, err := r.client.User.Query().Where(user.EmailFolded(i.EmailFolded)).Only(ctx)
	if db.IsNotFound(err) {
		return addressee{email: i.Email}, true, nil
	}
	if err != nil || u.Status != domain.UserActive {
		return to, false, err
	}
	return addressee{name: u.Name, email: u.Email, user: u}, true, nil
}

// invitationPage is the front end's page that accepts an invitation. The token follows
// it in the fragment, which browsers send to no server.
const invitationPage = "/accept-invitation"

// longestBrief is how much strangers are shown of a name, in characters: enough for a
// name, and little for a message.
const longestBrief = 60

// brief returns the beginning of a name. People choose their own, so nothing in it may
// become a link, which mail programs make of anything like one.
func brief(name string) string {
	name = unlinked(oneLine(name))
	if all := []rune(name); len(all) > longestBrief {
		return string(all[:longestBrief]) + "…"
	}
	return name
}

// unlinked returns a text in which no address is left whole: what joins the parts of one
// becomes a space, unless a space or the end follows, as in "Acme Inc.".
func unlinked(s string) string {
	all := []rune(s)
	for i, r := range all {
		if strings.ContainsRune(".:/\\@", r) && i+1 < len(all) && !unicode.IsSpace(all[i+1]) {
			all[i] = ' '
		}
	}
	return strings.Join(strings.Fields(string(all)), " ")
}
