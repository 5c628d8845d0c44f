package mail

import (
	"context"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/apptransfer"
	"portico/ent/db/event"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/nodeid"
)

// Each step of an offer is an event for each of the two accounts. A letter is about one of
// them, and goes to those responsible for that account; of the other it has the name alone,
// and nothing that somebody there has written at length. The subject has no word of the other
// account: whoever knows an account's id could write there what they like.

// transferPage is the front end's page of offers of apps.
const transferPage = "/transfers"

// appOffered is the letter to the account that an app is offered to.
func appOffered() kind {
	return kind{
		name:   domain.MailAppOffered,
		events: []eventlog.Type{eventlog.AppTransferOffered},
		recipients: func(ctx context.Context, r *reader, e *db.Event) ([]uuid.UUID, error) {
			t, err := r.openOffer(ctx, e)
			if err != nil || t == nil {
				return nil, err
			}
			if told, err := r.isTold(ctx, t, e); err != nil || !told {
				return nil, err
			}
			return r.responsible(ctx, *e.AccountID)
		},
		facts: func(ctx context.Context, r *reader, e *db.Event) (Facts, bool, error) {
			t, err := r.openOffer(ctx, e)
			if err != nil || t == nil {
				return Facts{}, false, err
			}
			return Facts{
				Account: brief(t.FromAccountName), App: brief(t.AppName), When: t.ExpiresAt, Path: transferPage,
			}, true, nil
		},
		sample: func(now time.Time) Facts {
			return Facts{Account: "Example Ltd", App: "Weather map", When: now.Add(7 * day), Path: transferPage}
		},
	}
}

// openOffer returns the offer that an event told the receiving account of; nil if it is not
// open any more, or the event is the offering account's.
func (r *reader) openOffer(ctx context.Context, e *db.Event) (*db.AppTransfer, error) {
	if e.AccountID == nil {
		return nil, nil
	}
	t, err := r.client.AppTransfer.Query().Where(apptransfer.ID(e.SubjectID), apptransfer.ToAccountID(*e.AccountID),
		apptransfer.StatusEQ(domain.TransferPending), apptransfer.ExpiresAtGT(r.now)).WithFromAccount().Only(ctx)
	if db.IsNotFound(err) {
		return nil, nil
	}
	if err != nil || t.Edges.FromAccount.Status != access.AccountActive {
		return nil, err
	}
	return t, nil
}

// mostOffersTold is how many offers of a day an account gets letters about. Further ones
// stand in its list; strangers do not fill its people's mailboxes, by taking offers back and
// making them anew neither.
const mostOffersTold = 10

// isTold reports whether an offer is among the first of its day that were made to the
// account, in the order of their events; offered is that of this one. Days are those of UTC.
func (r *reader) isTold(ctx context.Context, t *db.AppTransfer, offered *db.Event) (bool, error) {
	from := dayOf(t.CreatedAt)
	others, err := r.client.AppTransfer.Query().Where(apptransfer.ToAccountID(t.ToAccountID), apptransfer.IDNEQ(t.ID),
		apptransfer.CreatedAtGTE(from), apptransfer.CreatedAtLT(from.Add(day))).IDs(ctx)
	if err != nil || len(others) < mostOffersTold {
		return err == nil, err
	}
	earlier, err := r.client.Event.Query().Where(event.SubjectIDIn(others...), event.Type(string(eventlog.AppTransferOffered)), event.PositionLT(offered.Position)).Count(ctx)
	return earlier < mostOffersTold, err
}

// endsUntold reports whether an event tells the receiving account that nobody there has to
// answer any more an offer that it got no letter about.
func (r *reader) endsUntold(ctx context.Context, e *db.Event) (bool, error) {
	switch eventlog.Type(e.Type) {
	case eventlog.AppTransferCancelled, eventlog.AppTransferExpired:
	default:
		return false, nil
	}
	t, err := r.client.AppTransfer.Query().Where(apptransfer.ID(e.SubjectID), apptransfer.ToAccountID(*e.AccountID)).Only(ctx)
	if db.IsNotFound(err) {
		return false, nil // the offering account's
	}
	if err != nil {
		return false, err
	}
	offered, err := r.client.Event.Query().Where(event.SubjectID(t.ID), event.Type(string(eventlog.AppTransferOffered))).Only(ctx)
	if db.IsNotFound(err) {
		return true, nil // purged
	}
	if err != nil {
		return false, err
	}
	told, err := r.isTold(ctx, t, offered)
	return !told, err
}

// appTransferred is the letter to both accounts when an offer has ended.
func appTransferred() kind {
	return kind{
		name:   domain.MailAppTransferred,
		events: []eventlog.Type{eventlog.AppTransferAccepted, eventlog.AppTransferDeclined, eventlog.AppTransferCancelled, eventlog.AppTransferExpired},
		recipients: func(ctx context.Context, r *reader, e *db.Event) ([]uuid.UUID, error) {
			if e.AccountID == nil {
				return nil, nil
			}
			if untold, err := r.endsUntold(ctx, e); err != nil || untold {
				return nil, err
			}
			all, err := r.responsible(ctx, *e.AccountID)
			return without(all, e.ActorID), err
		},
		facts: func(_ context.Context, _ *reader, e *db.Event) (Facts, bool, error) {
			f := Facts{App: brief(e.SubjectName), Transfer: changed(e, "status"), When: e.At, Path: transferPage}
			f.Account = brief(changed(e, "toAccount"))
			if from := changed(e, "fromAccount"); from != "" {
				f.Account, f.Received = brief(from), true
			}
			if f.Received && f.Transfer == string(domain.TransferAccepted) {
				f.Path = "/apps/" + nodeid.Encode(nodeid.App, e.SubjectID)
			}
			return f, true, nil
		},
		sample: func(now time.Time) Facts {
			return Facts{Account: "Example Ltd", App: "Weather map", Transfer: string(domain.TransferAccepted), Received: true, When: now, Path: "/apps"}
		},
	}
}
