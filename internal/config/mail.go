package config

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"portico/internal/address"
)

// What development uses if nothing else is set.
const (
	developmentFrom   = "portico@localhost.example"
	developmentPortal = "http://localhost:3000"
)

// The ports of servers whose URL names none: submission (RFC 6409), and submission
// inside TLS (RFC 8314).
const (
	submissionPort    = "587"
	submissionTLSPort = "465"
)

// SMTP is the server that letters are given to.
type SMTP struct {
	Host, Port     string
	User, Password string
	// TLS: the connection begins with TLS (smtps).
	TLS bool
	// StartTLS: the server must offer STARTTLS.
	StartTLS bool
}

// SMTP returns the mail server, and whether there is one. PORTICO_SMTP_URL is valid.
func (c *Config) SMTP() (SMTP, bool) {
	u, err := url.Parse(c.SMTPURL)
	if c.SMTPURL == "" || err != nil {
		return SMTP{}, false
	}
	s := SMTP{Host: u.Hostname(), Port: u.Port(), TLS: u.Scheme == "smtps"}
	s.User = u.User.Username()
	s.Password, _ = u.User.Password()
	switch {
	case s.Port != "":
	case s.TLS:
		s.Port = submissionTLSPort
	default:
		s.Port = submissionPort
	}
	asked := u.Query().Get("starttls")
	s.StartTLS = !s.TLS && (asked == "required" || asked == "" && !isLoopback(s.Host))
	return s, true
}

// isLoopback reports whether a host is this machine, by its name or address.
func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func (c *Config) checkSMTPURL() error {
	const form = "smtp://USER:PASSWORD@HOST:PORT or smtps://USER:PASSWORD@HOST:PORT"
	if err := checkURL(c.SMTPURL, form, "smtp", "smtps"); err != nil || c.SMTPURL == "" {
		return err
	}
	u, err := url.Parse(c.SMTPURL)
	if err != nil || u.Hostname() == "" || u.Path != "" && u.Path != "/" {
		return errors.New("must be " + form)
	}
	for name := range u.Query() {
		if name != "starttls" {
			return errors.New("there is no parameter but starttls")
		}
	}
	switch asked := u.Query().Get("starttls"); {
	case asked != "" && asked != "required" && asked != "off":
		return errors.New("starttls is required or off")
	case asked != "" && u.Scheme == "smtps":
		return errors.New("starttls is for smtp://; smtps:// begins with TLS")
	case asked == "off" && u.User != nil && !isLoopback(u.Hostname()):
		return errors.New("starttls=off would send the password in clear")
	}
	return nil
}

func (c *Config) checkMailFrom() error {
	if c.MailFrom == "" {
		if c.SMTPURL != "" {
			return errors.New("is required with PORTICO_SMTP_URL")
		}
		return nil
	}
	if a := address.ParseEmail(c.MailFrom); !a.Valid() || a.Typed() != c.MailFrom {
		return errors.New("must be an address such as no-reply@example.com, without a name")
	}
	return nil
}

func (c *Config) checkPortalURL() error {
	if c.PortalURL == "" {
		if c.SMTPURL != "" {
			return errors.New("is required with PORTICO_SMTP_URL: letters have links")
		}
		return nil
	}
	return checkBase(c.PortalURL, "https://portal.example.com", false)
}

// checkPublicURL requires TLS outside development: the cookies that are set there do.
func (c *Config) checkPublicURL() error {
	if c.PublicURL == "" {
		return nil
	}
	return checkBase(c.PublicURL, "https://api.example.com", !c.Dev)
}

// checkScanningKeys requires TLS outside development: whoever says the keys decides which
// reports are believed.
func (c *Config) checkScanningKeys() error {
	if c.ScanningKeys == "" {
		return nil
	}
	return checkBase(c.ScanningKeys, "https://api.github.com/meta/public_keys/secret_scanning", !c.Dev)
}

// checkBase returns an error for a text that no address of a page can begin with.
func checkBase(text, example string, tls bool) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || strings.ContainsAny(text, "?#"):
		return errors.New("must be http:// or https:// with a host and perhaps a path, such as " + example)
	case tls && u.Scheme != "https":
		return errors.New("must be https:// outside development")
	}
	return nil
}

// Address returns HOST:PORT.
func (s SMTP) Address() string { return net.JoinHostPort(s.Host, s.Port) }
