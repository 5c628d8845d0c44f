package mail

import (
	"cmp"
	"context"
	"database/sql"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/domain"
)

// Settings is how an organization writes its letters. Texts that are empty are
// Portico's.
type Settings struct {
	SenderName, ReplyTo, SignOff string
	// Language is that of letters to people who have chosen none.
	Language domain.Language
	// Version counts the changes; 1 before the first.
	Version int
	// Available: the installation sends letters.
	Available bool
	// Kinds has every kind, in their order.
	Kinds []KindSettings
}

// KindSettings is what an organization has set for a kind of letter.
type KindSettings struct {
	Kind    domain.MailKind `json:"kind"`
	Enabled bool            `json:"enabled"`
	// Subject is the organization's own; "" for Portico's.
	Subject string `json:"subject"`
}

// kind returns the settings of a kind.
func (s *Settings) kind(name domain.MailKind) KindSettings {
	for _, k := range s.Kinds {
		if k.Kind == name {
			return k
		}
	}
	return KindSettings{Kind: name, Enabled: true}
}

func (s *Settings) senderName(o *db.Organization) string {
	return oneLine(cmp.Or(s.SenderName, o.Name))
}

func (s *Settings) replyTo(o *db.Organization) string { return cmp.Or(s.ReplyTo, o.SupportEmail) }

func (s *Settings) signOff(o *db.Organization) string { return cmp.Or(s.SignOff, oneLine(o.Name)) }

// SwitchedOff reports whether the organization of a change sends no letters of a kind.
func SwitchedOff(ctx context.Context, tx *change.Tx, name domain.MailKind) (bool, error) {
	s, err := settingsOf(ctx, tx, tx.OrganizationID())
	if err != nil {
		return false, err
	}
	return !s.kind(name).Enabled, nil
}

// SendsKind reports whether letters of a kind are sent in an organization.
func (svc *Service) SendsKind(ctx context.Context, organization uuid.UUID, name domain.MailKind) (bool, error) {
	if !svc.sends {
		return false, nil
	}
	s, err := settingsOf(ctx, svc.database, organization)
	if err != nil {
		return false, change.PublicError(err)
	}
	return s.kind(name).Enabled, nil
}

// source runs the queries that read settings.
type source interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// settingsOf returns the settings of an organization.
func settingsOf(ctx context.Context, src source, organization uuid.UUID) (*Settings, error) {
	out := &Settings{Language: domain.English, Version: 1}
	err := each(ctx, src, func(rows *sql.Rows) error {
		return rows.Scan(&out.SenderName, &out.ReplyTo, &out.SignOff, &out.Language, &out.Version)
	}, `SELECT sender_name, reply_to, sign_off, language, version FROM mail_settings WHERE id = $1`, organization)
	if err != nil {
		return nil, err
	}
	own := map[domain.MailKind]KindSettings{}
	err = each(ctx, src, func(rows *sql.Rows) error {
		var k KindSettings
		err := rows.Scan(&k.Kind, &k.Enabled, &k.Subject)
		own[k.Kind] = k
		return err
	}, `SELECT kind, enabled, subject FROM mail_kind_settings WHERE organization_id = $1`, organization)
	for _, name := range domain.MailKinds() {
		k, found := own[name]
		if !found {
			k = KindSettings{Kind: name, Enabled: true}
		}
		out.Kinds = append(out.Kinds, k)
	}
	return out, err
}

// each calls scan for every row of a query.
func each(ctx context.Context, src source, scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := src.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
