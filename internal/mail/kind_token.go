package mail

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/servicetoken"
	"portico/internal/domain"
	"portico/internal/eventlog"
)

// tokenExpiring is the letter before a service token expires, once for each of the
// notices: to the administrators, who alone create another, and to those responsible for
// the account if it acts for one. One that was revoked meanwhile, or has expired, has
// nothing to say.
func tokenExpiring() kind {
	return kind{
		name:   domain.MailTokenExpiring,
		events: []eventlog.Type{eventlog.ServiceTokenExpiring},
		recipients: func(ctx context.Context, r *reader, e *db.Event) ([]uuid.UUID, error) {
			t, err := r.serviceToken(ctx, e.SubjectID)
			if err != nil || t == nil {
				return nil, err
			}
			all, err := r.administrators(ctx)
			if err != nil || t.AccountID == nil {
				return all, err
			}
			owners, err := r.responsible(ctx, *t.AccountID)
			return append(owners, all...), err
		},
		facts: func(ctx context.Context, r *reader, e *db.Event) (Facts, bool, error) {
			t, err := r.serviceToken(ctx, e.SubjectID)
			if err != nil || t == nil {
				return Facts{}, false, err
			}
			f := Facts{Token: oneLine(t.Name), When: *t.ExpiresAt, Days: daysUntil(r.now, *t.ExpiresAt), Path: tokensPage}
			if a := t.Edges.Account; a != nil {
				f.Account, f.Path = oneLine(a.Name), "/accounts/"+a.GlobalID()
			}
			return f, true, nil
		},
		sample: func(now time.Time) Facts {
			return Facts{Token: "Shop", Days: 7, When: now.Add(7 * day), Path: tokensPage}
		},
	}
}

// tokensPage is the front end's page of the organization's service tokens.
const tokensPage = "/service-tokens"

// serviceToken returns a service token, and its account, that will expire; nil if it is
// none, or not any more.
func (r *reader) serviceToken(ctx context.Context, id uuid.UUID) (*db.ServiceToken, error) {
	t, err := r.client.ServiceToken.Query().Where(servicetoken.ID(id), servicetoken.RevokedAtIsNil(), servicetoken.ExpiresAtGT(r.now)).WithAccount().Only(ctx)
	if db.IsNotFound(err) {
		return nil, nil
	}
	return t, err
}
