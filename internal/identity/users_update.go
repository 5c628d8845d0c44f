package identity

import (
	"context"

	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/policy"
)

// UpdateUserInput is the input of UpdateUser.
type UpdateUserInput struct {
	UserID   string
	Name     input.Patch[string]
	Language input.Patch[domain.Language]
	TimeZone input.Patch[string]
	Theme    input.Patch[domain.Theme]
}

// UpdateUser changes a user: developers themselves, administrators everybody.
func (svc *Service) UpdateUser(ctx context.Context, in UpdateUserInput) (*db.User, error) {
	if err := checkUserPatch(in); err != nil {
		return nil, err
	}
	return svc.changeUser(ctx, in.UserID, func(ctx context.Context, tx *change.Tx, u *db.User) (*db.User, error) {
		if err := tx.Authorize(policy.UpdateUser(u.OrganizationID, u.ID)); err != nil {
			return nil, err
		}
		save := tx.User.UpdateOne(u)
		changes := patchUser(save, u, in)
		if changes == nil {
			return u, nil
		}
		tx.Record(userEvent(eventlog.UserUpdated, u, changes))
		return save.AddVersion(1).SetUpdatedAt(tx.Now).Save(ctx)
	})
}

func checkUserPatch(in UpdateUserInput) error {
	errs := []error{in.Name.Required("name")}
	if in.Name.Value != nil {
		errs = append(errs, input.CheckName("name", *in.Name.Value))
	}
	if in.TimeZone.Value != nil {
		errs = append(errs, checkTimeZone("timeZone", *in.TimeZone.Value))
	}
	return fault.Collect(errs...)
}

func patchUser(save *db.UserUpdateOne, u *db.User, in UpdateUserInput) []domain.Change {
	var d change.Diff
	change.SetText(&d, "name", u.Name, in.Name, func(s string) { save.SetName(s).SetNameFolded(domain.Fold(s)) })
	if in.Language.Set {
		d.Add("language", u.Language, in.Language.Value)
		if save.SetNillableLanguage(in.Language.Value); in.Language.Value == nil {
			save.ClearLanguage()
		}
	}
	if in.TimeZone.Set {
		d.Add("timeZone", u.TimeZone, in.TimeZone.Value)
		if save.SetNillableTimeZone(in.TimeZone.Value); in.TimeZone.Value == nil {
			save.ClearTimeZone()
		}
	}
	if in.Theme.Set {
		d.Add("theme", u.Theme, in.Theme.Value)
		if save.SetNillableTheme(in.Theme.Value); in.Theme.Value == nil {
			save.ClearTheme()
		}
	}
	return d.Changes
}
