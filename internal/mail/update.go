package mail

import (
	"context"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/organization"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// The greatest lengths of texts, in characters. The tables have the same.
const (
	maxSenderName = 100
	maxSignOff    = 500
	maxSubject    = 150
)

// UpdateSettingsInput is the input of UpdateSettings.
type UpdateSettingsInput struct {
	Version                      *int
	SenderName, ReplyTo, SignOff input.Patch[string]
	Language                     input.Patch[domain.Language]
	Kinds                        input.Patch[[]UpdateKindInput]
}

// UpdateKindInput is what to change in a kind of letter.
type UpdateKindInput struct {
	Kind    domain.MailKind
	Enabled input.Patch[bool]
	Subject input.Patch[string]
}

// Settings returns how the viewer's organization writes its letters.
func (svc *Service) Settings(ctx context.Context) (*Settings, error) {
	v := viewer.Current(ctx)
	if err := change.Refusal(policy.Decide(v, policy.UpdateMailSettings(v.OrganizationID))); err != nil {
		return nil, err
	}
	s, err := settingsOf(ctx, svc.database, v.OrganizationID)
	if err != nil {
		return nil, change.PublicError(err)
	}
	s.Available = svc.sends
	return s, nil
}

// UpdateSettings changes how the viewer's organization writes its letters.
func (svc *Service) UpdateSettings(ctx context.Context, in UpdateSettingsInput) (*Settings, error) {
	if err := checkSettings(in); err != nil {
		return nil, err
	}
	return change.Write(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) (*Settings, error) {
		if err := tx.Authorize(policy.UpdateMailSettings(tx.OrganizationID())); err != nil {
			return nil, err
		}
		// The organization's row is locked, because settings may have none yet.
		o, err := change.LockRowForUpdate(ctx, tx, tx.Organization, tx.OrganizationID(), organization.FieldID, organization.FieldName)
		if err != nil {
			return nil, err
		}
		before, err := settingsOf(ctx, tx, o.ID)
		if err != nil {
			return nil, err
		}
		before.Available = svc.sends
		if err := change.CheckVersion(in.Version, before.Version); err != nil {
			return nil, err
		}
		after, changes := patchSettings(*before, in)
		if changes == nil {
			return before, nil
		}
		after.Version++
		tx.Record(settingsEvent(o, changes))
		return &after, store(ctx, tx, o.ID, before, &after)
	})
}

func settingsEvent(o *db.Organization, changes []domain.Change) eventlog.Entry {
	return eventlog.Entry{Type: eventlog.MailSettingsUpdated, Subject: nodeid.Organization, SubjectID: o.ID, SubjectName: o.Name, Changes: changes}
}

func checkSettings(in UpdateSettingsInput) error {
	errs := []error{
		input.CheckLine("senderName", in.SenderName.Or(""), maxSenderName),
		input.CheckEmail("replyTo", in.ReplyTo.Or("")),
		input.CheckText("signOff", in.SignOff.Or(""), maxSignOff, true),
		in.Language.Required("language"), in.Kinds.Required("kinds"),
	}
	seen := map[domain.MailKind]bool{}
	for i, k := range in.Kinds.Or(nil) {
		at := "kinds." + strconv.Itoa(i)
		if seen[k.Kind] {
			errs = append(errs, fault.Input(fault.Taken, at+".kind", "This kind is named twice."))
		}
		seen[k.Kind] = true
		errs = append(errs, k.Enabled.Required(at+".enabled"), input.CheckLine(at+".subject", k.Subject.Or(""), maxSubject))
	}
	return fault.Collect(errs...)
}

// patchSettings returns the settings after a change, and what it changes.
func patchSettings(s Settings, in UpdateSettingsInput) (Settings, []domain.Change) {
	var d change.Diff
	change.SetText(&d, "senderName", s.SenderName, in.SenderName, func(v string) { s.SenderName = v })
	change.SetText(&d, "replyTo", s.ReplyTo, in.ReplyTo, func(v string) { s.ReplyTo = v })
	change.SetText(&d, "signOff", s.SignOff, in.SignOff, func(v string) { s.SignOff = v })
	change.SetText(&d, "language", s.Language, in.Language, func(v domain.Language) { s.Language = v })
	kinds := slices.Clone(s.Kinds)
	for _, k := range in.Kinds.Or(nil) {
		for i := range kinds {
			if kinds[i].Kind != k.Kind {
				continue
			}
			if k.Enabled.Set {
				kinds[i].Enabled = *k.Enabled.Value
			}
			if k.Subject.Set {
				kinds[i].Subject = k.Subject.Or("")
			}
		}
	}
	d.Add("kinds", changedKinds(s.Kinds, kinds), changedKinds(kinds, s.Kinds))
	s.Kinds = kinds
	return s, d.Changes
}

// changedKinds returns those of some kinds whose settings differ in others.
func changedKinds(of, others []KindSettings) (out []KindSettings) {
	for i, k := range of {
		if k != others[i] {
			out = append(out, k)
		}
	}
	return out
}

// store writes settings.
func store(ctx context.Context, tx *change.Tx, organization uuid.UUID, before, s *Settings) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO mail_settings (id, sender_name, reply_to, sign_off, language, version) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (id) DO UPDATE SET sender_name = excluded.sender_name, reply_to = excluded.reply_to, sign_off = excluded.sign_off,
			language = excluded.language, version = excluded.version`,
		organization, s.SenderName, s.ReplyTo, s.SignOff, string(s.Language), s.Version)
	for _, k := range changedKinds(s.Kinds, before.Kinds) {
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO mail_kind_settings (id, organization_id, kind, enabled, subject) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (organization_id, kind) DO UPDATE SET enabled = excluded.enabled, subject = excluded.subject`,
			uuid.Must(uuid.NewV7()), organization, string(k.Kind), k.Enabled, k.Subject)
	}
	return err
}
