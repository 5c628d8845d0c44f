package identity

import (
	"context"
	"time"

	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/policy"
	"portico/internal/unseen"
)

// termsDue is in SQL whether a user u has not accepted the terms of the organization o as
// they are now. It belongs to the statements of Directory, so that a new version holds from
// the next request on.
const termsDue = `(o.terms_version IS NOT NULL AND (u.terms_version IS NULL OR u.terms_version <> o.terms_version))`

// TermsOf returns an organization's terms; nil if there are none.
func TermsOf(o *db.Organization) *domain.Terms {
	if o.TermsVersion == nil {
		return nil
	}
	return &domain.Terms{Version: *o.TermsVersion, URL: input.OrZero(o.TermsURL)}
}

// TermsAcceptedBy returns the terms that a user has accepted last; nil if there are none, or
// no user.
func TermsAcceptedBy(u *db.User) *domain.AcceptedTerms {
	if u == nil || u.TermsVersion == nil {
		return nil
	}
	return &domain.AcceptedTerms{Version: *u.TermsVersion, At: input.OrZero(u.TermsAcceptedAt)}
}

// TermsToAccept returns the terms of an organization that a user of it must accept before
// changing anything; nil if there are none, they are accepted, or the user is staff.
func TermsToAccept(o *db.Organization, u *db.User) *domain.Terms {
	terms := TermsOf(o)
	if terms == nil || !belongsToAccounts(u.Role) || u.TermsVersion != nil && *u.TermsVersion == terms.Version {
		return nil
	}
	return terms
}

// AcceptTerms records that the viewer accepts the organization's terms, of which this is
// the version. Who has accepted them already is returned unchanged.
func (svc *Service) AcceptTerms(ctx context.Context, version string) (*db.User, error) {
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*db.User, error) {
		if err := tx.Authorize(policy.AcceptTerms(tx.OrganizationID())); err != nil {
			return nil, err
		}
		// Locked, so that what is accepted is what the terms are until the end of the change.
		o, err := change.LockRowForShare(ctx, tx, tx.Organization, tx.OrganizationID())
		if err != nil {
			return nil, err
		}
		accepted, err := acceptedWith("version", o, &version)
		if err != nil {
			return nil, err
		}
		if accepted == nil {
			return nil, fault.Input(fault.InvalidValue, "version", "The organization has no terms.")
		}
		u, err := lockSelf(ctx, tx)
		if err != nil || u.TermsVersion != nil && *u.TermsVersion == version {
			return u, err
		}
		tx.Record(termsAccepted(u, version))
		return tx.User.UpdateOne(u).SetTermsVersion(version).SetTermsAcceptedAt(tx.Now).SetUpdatedAt(tx.Now).AddVersion(1).Save(ctx)
	})
}

// acceptedWith returns which terms of an organization an input accepts; nil if there are
// none, whatever the input says: they may have been removed since the page was shown. Who
// accepts has to say which, because the terms may also have changed since.
func acceptedWith(field string, o *db.Organization, version *string) (*string, error) {
	switch {
	case o.TermsVersion == nil:
		return nil, nil
	case version == nil || unseen.All(*version):
		return nil, fault.Input(fault.Required, field, "The organization's terms must be accepted.")
	case *version != *o.TermsVersion:
		return nil, fault.Input(fault.InvalidValue, field, "The terms have changed: these are not those of now. Please read and accept them again.")
	}
	return version, nil
}

// keepAccepted stores with a new user which terms the person has accepted and when; nil is
// none.
func keepAccepted(ctx context.Context, tx *change.Tx, u *db.User, version *string, at time.Time) (*db.User, error) {
	if version == nil {
		return u, nil
	}
	return tx.User.UpdateOne(u).SetTermsVersion(*version).SetTermsAcceptedAt(at).Save(ctx)
}

func termsAccepted(u *db.User, version string) eventlog.Entry {
	return userEvent(eventlog.TermsAccepted, u, change.Attributes("version", version))
}

// patchTerms sets or removes the terms of an organization.
func patchTerms(d *change.Diff, u *db.OrganizationUpdateOne, o *db.Organization, in input.Patch[domain.Terms]) {
	switch {
	case !in.Set:
	case in.Value == nil:
		d.Add("terms", TermsOf(o), nil)
		u.ClearTermsVersion().ClearTermsURL()
	default:
		terms := input.NormalizeTerms(*in.Value)
		d.Add("terms", TermsOf(o), terms)
		u.SetTermsVersion(terms.Version).SetTermsURL(terms.URL)
	}
}
