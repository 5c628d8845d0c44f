package mail

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/credential"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/nodeid"
)

const day = 24 * time.Hour

// keyExpiring is the letter before an API key expires, once for each of the notices.
func keyExpiring() kind {
	return aboutKey(domain.MailKeyExpiring, eventlog.CredentialExpiring, func(e *db.Event, c *db.Credential, now time.Time, f *Facts) bool {
		if c.ExpiresAt == nil || !c.ExpiresAt.After(now) || domain.Text(c.ExpiresAt) == nil || changed(e, "expiresAt") != *domain.Text(c.ExpiresAt) {
			return false // it expires at another time by now, and then has other notices
		}
		f.When, f.Days = *c.ExpiresAt, daysUntil(now, *c.ExpiresAt)
		return c.Status == access.CredentialActive
	})
}

// keyStillUsed is the letter before the overlap of a rotated API key ends, with which
// calls still pass.
func keyStillUsed() kind {
	return aboutKey(domain.MailKeyStillUsed, eventlog.CredentialStillUsed, func(e *db.Event, c *db.Credential, now time.Time, f *Facts) bool {
		if c.ExpiresAt == nil || !c.ExpiresAt.After(now) || changed(e, "expiresAt") != *domain.Text(c.ExpiresAt) {
			return false // it is over, or ends at another time by now and then has another notice
		}
		if s := c.Edges.Successor; s == nil || s.Status == access.CredentialRevoked {
			return false // nothing has taken its place any more
		}
		f.When = *c.ExpiresAt
		return c.Status == access.CredentialActive
	})
}

// keyExpired is the letter after an API key has expired; not of one whose place another
// has taken, and whose end somebody has chosen.
func keyExpired() kind {
	return aboutKey(domain.MailKeyExpired, eventlog.CredentialExpired, func(_ *db.Event, c *db.Credential, now time.Time, f *Facts) bool {
		if c.ExpiresAt == nil || c.ExpiresAt.After(now) {
			return false // it was given a longer life meanwhile
		}
		if s := c.Edges.Successor; s != nil && s.Status != access.CredentialRevoked {
			return false
		}
		f.When = *c.ExpiresAt
		return c.Status != access.CredentialRevoked
	})
}

// keyRevoked is the letter about an API key that somebody else has revoked. The keys of
// an app that was deleted are one letter. Nobody is left to be told of those of a
// deleted account.
func keyRevoked() kind {
	k := aboutKey(domain.MailKeyRevoked, eventlog.CredentialRevoked, func(e *db.Event, _ *db.Credential, _ time.Time, f *Facts) bool {
		f.When, f.Actor, f.Holder, f.Reason, f.Deleted = e.At, actorFor(e), byNobody(e), e.Reason, withApp(e)
		return true
	})
	k = only(k, func(e *db.Event) bool { return !leaked(e) && !neverHeld(e) })
	k.cause = func(e *db.Event) string {
		if withApp(e) && e.AppID != nil {
			return "deleted " + e.AppID.String() + " " + e.At.UTC().Format(time.RFC3339Nano)
		}
		return e.ID.String()
	}
	return k
}

// reported reports whether a report has caused an event, about which there is a letter.
func reported(e *db.Event) bool {
	return byNobody(e) && (e.ActorName == domain.KeyFinder || e.ActorName == domain.SecretScanning)
}

// only returns k for the events that meet a condition.
func only(k kind, when func(*db.Event) bool) kind {
	all := k.recipients
	k.recipients = func(ctx context.Context, r *reader, e *db.Event) ([]uuid.UUID, error) {
		if !when(e) {
			return nil, nil
		}
		return all(ctx, r, e)
	}
	return k
}

// leaked reports whether a key was revoked because its secret may be known.
func leaked(e *db.Event) bool { return changed(e, "revokedReason") == string(domain.KeyCompromise) }

// neverHeld reports whether a key was revoked that nobody had collected: nothing stops to
// work, and the letter about its request says what there is to say.
func neverHeld(e *db.Event) bool {
	return replaced(e, "status") == string(access.CredentialUncollected)
}

// withApp reports whether a key was revoked because its app was deleted.
func withApp(e *db.Event) bool { return changed(e, "revokedReason") == string(domain.AppDeleted) }

// aboutKey returns a kind about an API key, to those responsible for its account except
// who did it. say adds to the facts, and reports whether there is anything to say.
func aboutKey(name domain.MailKind, t eventlog.Type, say func(e *db.Event, c *db.Credential, now time.Time, f *Facts) bool) kind {
	return kind{
		name:   name,
		events: []eventlog.Type{t},
		recipients: func(ctx context.Context, r *reader, e *db.Event) ([]uuid.UUID, error) {
			if e.AccountID == nil {
				return nil, nil
			}
			all, err := r.responsible(ctx, *e.AccountID)
			return without(all, e.ActorID), err
		},
		facts: func(ctx context.Context, r *reader, e *db.Event) (Facts, bool, error) {
			c, err := r.client.Credential.Query().Where(credential.ID(e.SubjectID)).WithApp().WithAccount().WithSuccessor().Only(ctx)
			if db.IsNotFound(err) {
				return Facts{}, false, nil
			}
			if err != nil {
				return Facts{}, false, err
			}
			f := Facts{Key: oneLine(c.Name), Account: oneLine(c.Edges.Account.Name), Path: "/account/keys"}
			if a := c.Edges.App; a != nil {
				f.App, f.Path = oneLine(a.Name), "/apps/"+a.GlobalID()
			}
			return f, say(e, c, r.now, &f), nil
		},
		sample: func(now time.Time) Facts {
			f := Facts{Key: "Server in Izmir", Account: "Example Ltd", App: "Weather map", Path: "/apps", When: now}
			switch name {
			case domain.MailKeyExpiring:
				f.Days, f.When = 7, now.Add(7*day)
			case domain.MailKeyStillUsed:
				f.When = now.Add(3 * time.Hour)
			case domain.MailKeyRevoked, domain.MailLeakReported:
				f.Reason = "It was found in a public repository."
			}
			return f
		},
	}
}

// daysUntil returns the number of days until a time, rounded up.
func daysUntil(now, then time.Time) int { return int((then.Sub(now) + day - 1) / day) }

// appPath returns the id of a subscription's app, for links.
func appPath(s *db.Subscription) string { return nodeid.Encode(nodeid.App, s.AppID) }
