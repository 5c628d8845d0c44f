package command

import (
	"context"
	"fmt"

	"portico/internal/mail/smtp"
)

// mail checks the server that letters are given to: it connects, speaks TLS and signs
// in, and sends nothing.
func (d *doctor) mail(ctx context.Context) {
	const about = "mail"
	if d.broken["PORTICO_SMTP_URL"] {
		return
	}
	s, ok := d.config.SMTP()
	switch {
	case !ok && d.config.Dev:
		d.ok(about, "PORTICO_SMTP_URL is not set: letters land in a folder, and are shown at /dev/mail")
		return
	case !ok:
		d.ok(about, "PORTICO_SMTP_URL is not set: no letters are sent")
		return
	}
	sender, err := smtp.New(smtp.Server{Host: s.Host, Port: s.Port, User: s.User, Password: s.Password, TLS: s.TLS, StartTLS: s.StartTLS})
	if err != nil {
		d.wrong(about, err.Error(), "correct PORTICO_SMTP_URL")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, mailTime)
	defer cancel()
	if err := sender.Check(ctx); err != nil {
		d.wrong(about, fmt.Sprintf("%s cannot be used: %s", s.Address(), err), "start it, let this machine reach it, or correct PORTICO_SMTP_URL; until then letters wait")
		return
	}
	d.ok(about, "%s can be used", s.Address())
}
