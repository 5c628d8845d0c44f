package config

import (
	"errors"
	"net/url"
	"slices"
	"strings"
)

// encode is what to do with a password that a URL cannot hold as it is.
const encode = "percent-encode what has a meaning in URLs: in user and password / is %2F, @ is %40, : is %3A, ? is %3F, # is %23, % is %25"

func (c *Config) checkDatabaseURL() error {
	if strings.HasPrefix(c.DatabaseURL, "sqlite:") {
		return nil
	}
	return checkURL(c.DatabaseURL, "sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME", "postgres", "postgresql")
}

// checkURL refuses what could be read in two ways; "" is none. Nothing of a URL
// is told, for what seems to be a host or a port may be a part of the password.
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

// ambiguous reports whether what follows "://" has an @ that does not end the
// user's part, as it is where a password has a / ? # or @ in it.
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

// DevelopmentDatabase is the database of development where none is named.
const DevelopmentDatabase = "sqlite:portico.db"

// Complete fills in what is no flag, and what development has by itself.
func (c *Config) Complete(getenv func(string) string) {
	if c.DatabaseURL == "" && c.Dev {
		c.DatabaseURL = DevelopmentDatabase
	}
	c.RedisURL, c.ListenURL, c.DemoPassword = getenv("REDIS_URL"), getenv("PORTICO_LISTEN_URL"), getenv("PORTICO_DEMO_PASSWORD")
}

// Secret reports whether a value of a setting, given by its variable's name,
// has a secret in it.
func Secret(name, value string) bool {
	switch name {
	case "PORTICO_DEMO_PASSWORD":
		return value != ""
	case "DATABASE_URL", "PORTICO_LISTEN_URL", "REDIS_URL":
		return !strings.HasPrefix(value, "sqlite:") && !open(value)
	}
	return false
}

// open reports whether a URL has no password in it, for certain.
func open(text string) bool {
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
