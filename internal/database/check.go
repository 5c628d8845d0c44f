package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
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

// explainPooler replaces a pooler's error about settings that it does not know.
// By its code it would be a broken connection, for which callers wait.
func explainPooler(err error) error {
	var p *pq.Error
	if errors.As(err, &p) && p.Code == "08P01" && strings.Contains(p.Message, "unsupported startup parameter") {
		return unusableError(fmt.Sprintf(poolerMessage, p.Message))
	}
	return err
}

// check returns an error for a database that Portico would misread, could not
// write to, or that does not apply its timeouts. It queries everything in one
// statement without arguments, which works through every pooler.
func (p *postgres) check(ctx context.Context, db *sql.DB) error {
	var encoding, idle string
	var readOnly bool
	err := db.QueryRowContext(ctx, `SELECT current_setting('server_encoding'), pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on',
		(SELECT setting FROM pg_settings WHERE name = '`+idleInTransaction+`')`).Scan(&encoding, &readOnly, &idle)
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
	return nil
}
