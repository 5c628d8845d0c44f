package smtp

import (
	"fmt"
	"net/mail"

	gomail "github.com/wneessen/go-mail"

	"portico/internal/address"
	letters "portico/internal/mail"
)

// Compose returns the letter as it travels: headers, the text and the same in HTML.
// The library encodes the names that headers cannot carry; names and addresses are given to it
// apart, so that a name cannot end in an address.
func Compose(m letters.Message) (*gomail.Msg, error) {
	for _, a := range []string{m.From, m.To, m.ReplyTo} {
		if a != "" && !address.ParseEmail(a).Valid() {
			return nil, fmt.Errorf("%q is not an address that a letter can have", a)
		}
	}
	out := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithCharset(gomail.CharsetUTF8), gomail.WithEncoding(gomail.EncodingQP))
	out.FromMailAddress(&mail.Address{Name: m.FromName, Address: m.From})
	out.ToMailAddress(&mail.Address{Name: m.ToName, Address: m.To})
	if m.ReplyTo != "" {
		out.ReplyToMailAddress(&mail.Address{Address: m.ReplyTo})
	}
	out.Subject(encode("Subject", m.Subject))
	out.SetDateWithValue(m.Date)
	out.SetMessageIDWithValue(m.ID)
	out.SetGenHeader("Content-Language", m.Language)
	// Out-of-office programs do not answer such letters (RFC 3834).
	out.SetGenHeader("Auto-Submitted", "auto-generated")
	out.SetBodyString(gomail.TypeTextPlain, m.Text)
	out.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	return out, nil
}
