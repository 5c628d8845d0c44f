package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/lib/pq"
)

// ErrReadOnly means that the database accepts no changes: it is a standby, or
// it is configured so. A standby may be promoted, so it counts as unavailable.
var ErrReadOnly = errors.New("the database takes no changes: it is a standby or set to be read-only, and Portico needs the one that is written to")

// unusableError is why a database that responds cannot be used. Trying again
// does not help.
type unusableError string

// Error returns the reason and what to do about it.
func (r unusableError) Error() string { return string(r) }

// poolerMessage is the error if session settings do not reach the database.
const poolerMessage = "a pooler such as PgBouncer stands before the database and does not pass on the settings of a session (%s). " +
	"Set PORTICO_DB_POOLER=transaction, or let DATABASE_URL name the database itself"

// parameterMessage is the error if a parameter of the URL does not reach the
// database although the pooler is configured.
const parameterMessage = "the pooler before the database does not pass on a parameter of DATABASE_URL (or of PGOPTIONS): %s. " +
	"Remove it there and set it in the database, by ALTER ROLE … SET or ALTER DATABASE … SET"

// explainPooler replaces a pooler's error about settings that it does not know.
// By its code it would be a broken connection, for which callers wait.
func explainPooler(err error, pooled bool) error {
	var p *pq.Error
	if errors.As(err, &p) && p.Code == "08P01" && strings.Contains(p.Message, "unsupported startup parameter") {
		if pooled {
			return unusableError(fmt.Sprintf(parameterMessage, p.Message))
		}
		return unusableError(fmt.Sprintf(poolerMessage, p.Message))
	}
	return err
}

// check returns an error for a database that Portico would misread, could not
// write to, or that does not apply its timeouts. It queries everything in one
// statement without arguments, which works through every pooler.
func (p *postgres) check(ctx context.Context, db *sql.DB) error {
	var encoding, idle, path string
	var readOnly bool
	err := db.QueryRowContext(ctx, `SELECT current_setting('server_encoding'), pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on',
		(SELECT setting FROM pg_settings WHERE name = '`+idleInTransaction+`'), current_setting('search_path')`).Scan(&encoding, &readOnly, &idle, &path)
	if err != nil {
		return fmt.Errorf("the database does not answer: %w", err)
	}
	if encoding != "UTF8" {
		return unusableError("the database keeps text in the encoding " + encoding + ", and Portico needs UTF8: " +
			"create it anew by CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0")
	}
	if readOnly {
		return ErrReadOnly
	}
	if asked := p.cfg.Runtime[idleInTransaction]; asked != "" && strings.Trim(asked, "0123456789") == "" && asked != idle {
		return unusableError(fmt.Sprintf(poolerMessage, idleInTransaction+" is "+idle+" ms, not "+asked))
	}
	if asked := searchPath(p.cfg); asked != "" && squeeze(asked) != squeeze(path) {
		return unusableError(fmt.Sprintf(parameterMessage, "search_path is "+path+", not "+asked))
	}
	return nil
}

// searchPathOption is search_path in the parameter options, in the spellings that
// Postgres takes. A backslash escapes a blank.
var searchPathOption = regexp.MustCompile(`(?:-c\s*|--)search[_-]path=((?:\\.|[^\s\\])*)`)

// searchPath returns the search_path that the URL asks for, or "".
func searchPath(cfg pq.Config) string {
	if asked := cfg.Runtime["search_path"]; asked != "" {
		return asked
	}
	all := searchPathOption.FindAllStringSubmatch(cfg.Options, -1)
	if len(all) == 0 {
		return ""
	}
	return strings.ReplaceAll(all[len(all)-1][1], `\`, "")
}

// squeeze removes what does not distinguish two lists of schemas.
func squeeze(path string) string { return strings.NewReplacer(" ", "", `"`, "").Replace(path) }
