package config

import (
	"cmp"
	"errors"
	"net/url"
	"slices"
	"strings"
)

// encode is the advice for a password with characters that a URL reserves.
const encode = "percent-encode what has a meaning in URLs: in user and password / is %2F, @ is %40, : is %3A, ? is %3F, # is %23, % is %25"

func (c *Config) checkDatabaseURL() error {
	if strings.HasPrefix(c.DatabaseURL, "sqlite:") {
		return nil
	}
	return checkURL(c.DatabaseURL, "sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME", "postgres", "postgresql")
}

// checkURL refuses a URL that can be parsed in two ways; "" is unset. The error
// quotes nothing of the URL, because what looks like a host or a port may be
// part of the password.
func checkURL(text, form string, schemes ...string) error {
	if text == "" {
		return nil
	}
	scheme, rest, found := strings.Cut(text, "://")
	if !found || !slices.Contains(schemes, scheme) {
		return errors.New("must be " + form)
	}
	u, err := url.Parse(text)
	if err != nil || ambiguous(rest) {
		return errors.New("cannot be read for certain; " + encode)
	}
	if u.Host == "" && u.Query().Get("host") == "" {
		return errors.New("must be " + form)
	}
	return nil
}

// ambiguous reports whether the text after "://" has an @ that does not end the
// user information, as it does when a password contains / ? # or @.
func ambiguous(rest string) bool {
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	authority, behind := rest[:end], rest[end:]
	path, query, asked := strings.Cut(behind, "?")
	return strings.Count(authority, "@") > 1 || strings.Contains(behind, "#") ||
		strings.Contains(path, "@") || asked && path == "" && strings.Contains(query, "@")
}

// DevelopmentDatabase is the default database of development.
const DevelopmentDatabase = "sqlite:portico.db"

// Complete sets the fields that are not flags, and the defaults of development.
func (c *Config) Complete(getenv func(string) string) {
	if c.DatabaseURL == "" && c.Dev {
		c.DatabaseURL = DevelopmentDatabase
	}
	c.RedisURL, c.ListenURL, c.DemoPassword = getenv("REDIS_URL"), getenv("PORTICO_LISTEN_URL"), getenv("PORTICO_DEMO_PASSWORD")
	c.SMTPURL = getenv("PORTICO_SMTP_URL")
	if c.Dev {
		c.MailFrom, c.PortalURL = cmp.Or(c.MailFrom, developmentFrom), cmp.Or(c.PortalURL, developmentPortal)
	}
}

// Secret reports whether the value of a setting, named by its variable, contains
// a secret.
func Secret(name, value string) bool {
	switch name {
	case "PORTICO_DEMO_PASSWORD":
		return value != ""
	case "DATABASE_URL", "PORTICO_LISTEN_URL", "REDIS_URL", "PORTICO_SMTP_URL":
		return !strings.HasPrefix(value, "sqlite:") && !hasNoPassword(value)
	}
	return false
}

// hasNoPassword reports whether a URL certainly contains no password.
func hasNoPassword(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" || u.Fragment != "" || !strings.Contains(text, "://") {
		return !strings.ContainsAny(text, ":@=") // not even a URL
	}
	if _, set := u.User.Password(); set || ambiguous(text[strings.Index(text, "://")+3:]) {
		return false
	}
	for key := range u.Query() {
		if strings.Contains(strings.ToLower(key), "password") {
			return false
		}
	}
	return true
}
