package database

import (
	"strconv"
	"strings"
	"time"
)

const (
	// abandoned is when Postgres ends a transaction whose client has fallen
	// silent. Until then the transaction keeps its locks, an organization's
	// position row among them. It is shorter than others wait for a lock
	// (StatementTimeout), so that a node that is cut off delays the others but
	// fails none of their changes.
	abandoned = 2 * time.Second
	// unheardTimeout is when Postgres gives up a client that stops receiving a
	// response, or that has left the network while no statement is under way.
	unheardTimeout = 15 * time.Second
	// keepaliveInterval is how often Postgres probes an idle connection.
	keepaliveInterval = 5 * time.Second
)

// setting is one setting of a Postgres session.
type setting struct{ name, value string }

// session returns the settings requested for each connection. Postgres 12 and
// later know the names. A pooler only accepts the time zone.
func (o Options) session() []setting {
	zone := setting{"timezone", "UTC"}
	if o.Pooled {
		return []setting{zone}
	}
	seconds := func(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }
	return append([]setting{zone,
		// The code requires this level, whatever the database's default is.
		{"default_transaction_isolation", "read committed"},
		{"tcp_user_timeout", milliseconds(unheardTimeout)},
		{"tcp_keepalives_idle", seconds(keepaliveInterval)},
		{"tcp_keepalives_interval", seconds(keepaliveInterval)},
		{"tcp_keepalives_count", "2"},
	}, o.timeouts()...)
}

// timeouts returns the settings that apply in a transaction.
func (o Options) timeouts() []setting {
	var all []setting
	if o.Abandoned > 0 {
		all = append(all, setting{idleInTransaction, milliseconds(o.Abandoned)})
	}
	if o.StatementTimeout > 0 {
		all = append(all, setting{"statement_timeout", milliseconds(o.StatementTimeout)})
	}
	return all
}

const idleInTransaction = "idle_in_transaction_session_timeout"

// local returns timeouts as statements that begin a transaction: behind a
// pooler the session serves another client in the next one.
func (o Options) local() string {
	var b strings.Builder
	for _, s := range o.timeouts() {
		b.WriteString("SET LOCAL " + s.name + " = " + s.value + ";")
	}
	return b.String()
}

// localPatient returns the statements for a transaction that may take up to
// limit. Its client may be silent for longer too, because it computes the
// contents of a large seed.
func localPatient(limit time.Duration) string {
	return Options{StatementTimeout: limit, Abandoned: max(abandoned, min(limit, 30*time.Second))}.local()
}
