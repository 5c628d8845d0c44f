package mail

import (
	"cmp"
	"context"
	"net/mail"

	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/viewer"
)

// Preview is a letter as it would be sent. ReplyTo is nil for the sender.
type Preview struct {
	From, Subject, Text, HTML string
	ReplyTo                   *string
}

// Preview returns a letter of a kind as the organization's people would get it, to the
// viewer and about made-up things. A nil language is the organization's.
func (svc *Service) Preview(ctx context.Context, name domain.MailKind, l *domain.Language) (*Preview, error) {
	v := viewer.Current(ctx)
	s, err := svc.Settings(ctx)
	if err != nil {
		return nil, err
	}
	k, known := kindOf(name)
	if !known {
		return nil, fault.NotFound()
	}
	o, err := svc.client.Organization.Get(ctx, v.OrganizationID)
	if err != nil {
		return nil, change.PublicError(err)
	}
	u, err := svc.client.User.Get(ctx, v.UserID)
	if err != nil {
		return nil, change.PublicError(err)
	}
	language := s.Language
	if l != nil {
		language = *l
	}
	m, err := svc.write(letter{kind: name, language: language, zone: zoneOf(nil, o), organization: o, settings: s, name: u.Name, email: u.Email, facts: k.sample(svc.clock.Now())})
	if err != nil {
		return nil, err
	}
	from := mail.Address{Name: m.FromName, Address: cmp.Or(svc.from, unset)}
	out := &Preview{From: address(from), Subject: m.Subject, Text: m.Text, HTML: m.HTML}
	if m.ReplyTo != "" {
		out.ReplyTo = &m.ReplyTo
	}
	return out, nil
}

// unset is the sender's address where none is set up.
const unset = "no-reply@portico.invalid"

// address returns a name and an address as people read them.
func address(a mail.Address) string { return a.Name + " <" + a.Address + ">" }
