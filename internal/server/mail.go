package server

import (
	"strings"

	"github.com/go-chi/chi/v5"

	"portico/internal/mail"
	"portico/internal/mail/folder"
	"portico/internal/mail/smtp"
	"portico/internal/telemetry"
)

// lettersPath is where a development server shows letters.
const lettersPath = "/dev/mail"

// openMail builds what sends letters: by the mail server, or, in development without
// one, into a folder. Outside development without one, none are sent.
func (p *process) openMail() error {
	sender, err := p.mailSender()
	if err != nil || sender == nil {
		return err
	}
	p.letters = mail.NewWorker(p.portal.Mail, sender, telemetry.NewMail(p.gateway.metrics), p.log)
	return nil
}

func (p *process) mailSender() (mail.Sender, error) {
	if s, ok := p.config.SMTP(); ok {
		return smtp.New(smtp.Server{Host: s.Host, Port: s.Port, User: s.User, Password: s.Password, TLS: s.TLS, StartTLS: s.StartTLS})
	}
	if !p.config.Dev {
		return nil, nil
	}
	var err error
	// Beside the secrets of the same database, which are found wherever the program
	// is started.
	if p.folder, err = folder.Open(strings.TrimSuffix(p.Ring.Path(), ".json") + "-mail"); err != nil {
		return nil, err
	}
	return p.folder, nil
}

// routeLetters shows the letters in the folder, if there is one, to those who call this
// machine by a name of its own: another site could lead a name of its own here, and read
// links that are meant for their recipients.
func (p *process) routeLetters(r chi.Router) {
	if p.folder == nil {
		return
	}
	page := hosts{}.refuseOthers(p.folder.Handler(lettersPath))
	r.Handle(lettersPath, page)
	r.Handle(lettersPath+"/*", page)
}
