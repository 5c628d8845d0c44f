package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"portico/internal/backend"
	"portico/internal/config"
	"portico/internal/database"
	"portico/internal/keyring"
	"portico/internal/redislimits"
	"portico/internal/server"
	"portico/internal/telemetry"
)

// mailTime bounds the check of the mail server.
const mailTime = 10 * time.Second

// doctorTime bounds all checks of the doctor.
const doctorTime = 30 * time.Second

type doctorCommand struct{}

// Help returns what is checked.
func (doctorCommand) Help() string {
	return "Looks at settings, key ring, database (its encoding, the user's rights, isolation, migrations), clock, Redis and mail server, " +
		"says what is wrong and what to do, and changes nothing. The exit code is 1 when something is wrong."
}

// Run checks everything, and fails if something is wrong.
func (doctorCommand) Run(ctx context.Context, p *program) error {
	ctx, cancel := context.WithTimeout(ctx, doctorTime)
	defer cancel()
	// The messages of libraries are in the findings.
	slog.SetDefault(slog.New(slog.DiscardHandler))
	d := &doctor{program: p}
	d.settings()
	d.ring()
	d.checkDatabase(ctx)
	d.redis(ctx)
	d.mail(ctx)
	return d.report()
}

// doctor checks the program's environment step by step. Earlier findings may
// make later checks pointless.
type doctor struct {
	*program
	findings []finding
	// broken are the variables with invalid values.
	broken map[string]bool
	// secrets is the ring, nil if it could not be read or is development's.
	secrets *keyring.Ring
	// migrated: the database has every table. denied: they may not be read.
	migrated, denied bool
}

// finding is the result of one check.
type finding struct {
	about string
	state string // ok, note, wrong
	says  string
	// advice is what to do about it; may be "".
	advice string
}

const (
	isOK    = "ok"
	isNote  = "note"
	isWrong = "wrong"
)

func (d *doctor) ok(about, format string, v ...any) {
	d.findings = append(d.findings, finding{about, isOK, fmt.Sprintf(format, v...), ""})
}

func (d *doctor) note(about, says, advice string) {
	d.findings = append(d.findings, finding{about, isNote, says, advice})
}

func (d *doctor) wrong(about, says, advice string) {
	d.findings = append(d.findings, finding{about, isWrong, says, advice})
}

// settings checks the values, and looks for names that are not settings.
func (d *doctor) settings() {
	d.broken = map[string]bool{}
	for _, s := range d.config.Settings() {
		err := d.config.Validate(func(variable string) bool { return variable == s.Name })
		if err == nil {
			continue
		}
		d.broken[s.Name] = true
		d.wrong("settings", err.Error(), "correct "+s.Name)
	}
	for _, u := range config.Unknown(d.environ) {
		d.note("settings", "there is no setting "+u.Name, "if "+u.Nearest+" is meant, call it so")
	}
	if d.config.DatabaseURL == "" {
		d.broken["DATABASE_URL"] = true
		d.wrong("settings", backend.ErrNoDatabase.Error(), "set DATABASE_URL to the database of this installation")
	}
	if err := telemetry.Check(os.Getenv); err != nil {
		d.broken["OTEL_*"] = true
		d.wrong("settings", err.Error(), "correct it, or unset it")
	}
	if host, _, err := net.SplitHostPort(d.config.Addr); err == nil && d.config.Dev && !isLocal(host) {
		d.wrong("settings", "development mode has users with a known password, and "+d.config.Addr+" can be reached from outside", "unset PORTICO_DEV, or listen on 127.0.0.1")
	}
	if len(d.broken) == 0 {
		d.ok("settings", "all can be used")
	}
}

func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// redis checks the server through which limits are shared.
func (d *doctor) redis(ctx context.Context) {
	const about = "Redis"
	switch {
	case d.broken["REDIS_URL"]:
		return
	case d.config.RedisURL == "":
		d.ok(about, "REDIS_URL is not set: each server keeps the limits by itself, which is right for a single one")
		return
	}
	client, err := redislimits.Open(d.config.RedisURL, 1)
	if err != nil {
		d.wrong(about, err.Error(), "correct REDIS_URL")
		return
	}
	defer func() { _ = client.Close() }() // nothing is under way
	ctx, cancel := context.WithTimeout(ctx, server.RedisTime)
	defer cancel()
	if err := client.Ping(ctx).Err(); err != nil {
		d.wrong(about, "does not answer: "+err.Error(), "start it, or correct REDIS_URL; until then each server keeps the limits by itself")
		return
	}
	d.ok(about, "answers")
}

// report prints the findings and fails if one of them is wrong.
func (d *doctor) report() error {
	n := 0
	for _, f := range d.findings {
		if f.state == isWrong {
			n++
		}
		// Errors, such as the network's, may have more than one line.
		if _, err := fmt.Fprintf(d.stdout, "%-6s %-10s %s\n", f.state, f.about, strings.Join(strings.Fields(f.says), " ")); err != nil {
			return err
		}
		if f.advice == "" {
			continue
		}
		if _, err := fmt.Fprintf(d.stdout, "%18s→ %s\n", "", f.advice); err != nil {
			return err
		}
	}
	switch n {
	case 0:
		return nil
	case 1:
		return errors.New("one thing is wrong")
	}
	return fmt.Errorf("%d things are wrong", n)
}

// adviceForOpenError returns what to do about a database that could not be
// opened.
func adviceForOpenError(err error) string {
	if errors.Is(err, database.ErrReadOnly) {
		return "let DATABASE_URL name the primary"
	}
	if database.IsUnavailable(err) {
		return "start the database, correct DATABASE_URL, or let this machine reach it"
	}
	return "do what the message says, or correct DATABASE_URL"
}
