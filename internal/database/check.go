package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/lib/pq"
)

// ErrReadOnly says that a database takes no changes: it is a standby, or it was
// set so. A standby may be promoted, so it counts as unavailable.
var ErrReadOnly = errors.New("the database takes no changes: it is a standby or set to be read-only, and Portico needs the one that is written to")

// refused is why a database that answers cannot be used. Asking again does not
// help.
type refused string

// Error says what to do.
func (r refused) Error() string { return string(r) }

// aPooler is what to do where session settings do not arrive.
const aPooler = "a pooler such as PgBouncer stands before the database and does not pass on the settings of a session (%s). " +
	"Set PORTICO_DB_POOLER=transaction, or let DATABASE_URL name the database itself"

// unpooled says in words what a pooler answers to settings that it does not
// know. As its code is one of broken connections, it would be waited for.
func unpooled(err error) error {
	var p *pq.Error
	if errors.As(err, &p) && p.Code == "08P01" && strings.Contains(p.Message, "unsupported startup parameter") {
		return refused(fmt.Sprintf(aPooler, p.Message))
	}
	return err
}

// check refuses a database that Portico would misread, could not write to, or
// would have to do without its time-outs on. It asks for all in one statement
// without arguments, which passes every pooler.
func (p *postgres) check(ctx context.Context, db *sql.DB) error {
	var encoding, idle string
	var readOnly bool
	err := db.QueryRowContext(ctx, `SELECT current_setting('server_encoding'), pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on',
		(SELECT setting FROM pg_settings WHERE name = '`+idleInTransaction+`')`).Scan(&encoding, &readOnly, &idle)
	if err != nil {
		return fmt.Errorf("the database does not answer: %w", err)
	}
	if encoding != "UTF8" {
		return refused("the database keeps text in the encoding " + encoding + ", and Portico needs UTF8: " +
			"create it anew by CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0")
	}
	if readOnly {
		return ErrReadOnly
	}
	if asked := p.cfg.Runtime[idleInTransaction]; asked != "" && strings.Trim(asked, "0123456789") == "" && asked != idle {
		return refused(fmt.Sprintf(aPooler, idleInTransaction+" is "+idle+" ms, not "+asked))
	}
	return nil
}
