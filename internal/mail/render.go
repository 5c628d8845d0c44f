package mail

import (
	"embed"
	"fmt"
	htmltemplate "html/template"
	"strings"
	"text/template"
	"time"

	"portico/ent/db"
	"portico/internal/domain"
)

//go:embed templates
var files embed.FS

// view is what a template sees.
type view struct {
	Facts
	Organization string
	// Recipient is the user's name, Email the address.
	Recipient, Email string
	// Total is the number of requests that wait.
	Total int
}

// page is what the layout in HTML sees. Everything is text: html/template escapes it.
type page struct {
	Language, Subject, Organization string
	Blocks                          []block
	Link, Action                    string
	SignOff                         []string
	Footer                          string
}

// block is a paragraph, a quotation or a list.
type block struct {
	Quote, List bool
	Lines       []string
}

// The marks by which a line of a body belongs to a quotation or a list.
const (
	quoteMark = "> "
	listMark  = "- "
)

// letter is what a letter is written from.
type letter struct {
	kind         domain.MailKind
	language     domain.Language
	zone         *time.Location
	organization *db.Organization
	settings     *Settings
	// name and email are the recipient's.
	name, email string
	facts       Facts
}

// write writes a letter. The sender, the recipient's address and the ids are the
// caller's.
func (svc *Service) write(l letter) (Message, error) {
	w := words(l.language)
	t, err := template.New("").Option("missingkey=error").Funcs(template.FuncMap{
		"quote": quote,
		"date":  func(t time.Time) string { return w.date(t.In(l.zone)) },
	}).ParseFS(files, "templates/"+fileOf(l.kind, l.language))
	if err != nil {
		return Message{}, fmt.Errorf("mail: the template of %s: %w", l.kind, err)
	}
	v := view{
		Facts: l.facts, Organization: oneLine(l.organization.Name), Recipient: oneLine(l.name), Email: clean(l.email),
		Total: len(l.facts.Requests) + len(l.facts.SignUps) + l.facts.More,
	}
	part := func(name string) (text string) {
		var b strings.Builder
		if err == nil {
			err = t.ExecuteTemplate(&b, name, v)
		}
		return b.String()
	}
	body, action, subject := part("body"), oneLine(part("action")), oneLine(part("subject"))
	if err != nil {
		return Message{}, fmt.Errorf("mail: writing %s: %w", l.kind, err)
	}
	if own := l.settings.kind(l.kind).Subject; own != "" {
		subject = oneLine(own)
	}
	p := page{
		Language: w.tag, Subject: subject, Organization: v.Organization, Blocks: blocks(body), Link: svc.portalURL + l.facts.Path, Action: action,
		SignOff: lines(l.settings.signOff(l.organization)), Footer: w.footer(v.Organization),
	}
	switch l.kind {
	case domain.MailInvitation:
		p.Footer = w.invited(v.Organization)
	case domain.MailVerification, domain.MailSignUpDecided:
		p.Footer = w.signedUp(v.Organization)
	}
	m := Message{Subject: subject, Language: w.tag, Text: p.text(), FromName: l.settings.senderName(l.organization), ToName: v.Recipient}
	if m.ReplyTo = l.settings.replyTo(l.organization); m.ReplyTo == l.email {
		m.ReplyTo = "" // nobody answers to themselves
	}
	m.HTML, err = p.html()
	return m, err
}

// fileOf returns the template's file: request_received.en.txt.
func fileOf(k domain.MailKind, l domain.Language) string {
	return strings.ToLower(string(k)) + "." + words(l).tag + ".txt"
}

func (p page) html() (string, error) {
	t, err := htmltemplate.ParseFS(files, "templates/layout.html")
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = t.Execute(&b, p)
	return b.String(), err
}

// text returns the letter as plain text.
func (p page) text() string {
	var b strings.Builder
	for _, one := range p.Blocks {
		for _, line := range one.Lines {
			switch {
			case one.Quote:
				b.WriteString(quoteMark)
			case one.List:
				b.WriteString(listMark)
			}
			b.WriteString(line + "\n")
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "%s:\n%s\n\n%s\n\n-- \n%s\n", p.Action, p.Link, strings.Join(p.SignOff, "\n"), p.Footer)
	return b.String()
}

// blocks divides a body at its empty lines.
func blocks(body string) (out []block) {
	for _, text := range strings.Split(body, "\n\n") {
		all := lines(text)
		if len(all) == 0 {
			continue
		}
		one := block{Quote: strings.HasPrefix(all[0], quoteMark), List: strings.HasPrefix(all[0], listMark)}
		for _, line := range all {
			if one.Quote {
				line = strings.TrimPrefix(line, quoteMark)
			}
			if one.List {
				line = strings.TrimPrefix(line, listMark)
			}
			one.Lines = append(one.Lines, line)
		}
		out = append(out, one)
	}
	return out
}

// lines returns the lines of a text that are not empty.
func lines(text string) (out []string) {
	for _, line := range strings.Split(text, "\n") {
		if line = strings.TrimRight(line, " \r"); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// quote marks each line of a text that a person wrote, so that it cannot be taken for
// the letter's own.
func quote(text string) string {
	all := lines(text)
	for i, line := range all {
		all[i] = quoteMark + clean(line)
	}
	return strings.Join(all, "\n")
}
