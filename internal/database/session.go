package database

import (
	"strconv"
	"strings"
	"time"
)

const (
	// abandoned is when Postgres ends a transaction whose client has fallen
	// silent. Until then it keeps its locks, an organization's position row
	// among them; it is shorter than others wait for a lock (StatementTimeout),
	// so that one node that is cut off costs the others time and no change.
	abandoned = 2 * time.Second
	// unheard is when Postgres gives up a client that takes no more of an
	// answer, or is gone from the network while nothing is under way.
	unheard = 15 * time.Second
	// aliveEvery is how often Postgres asks an idle connection for a sign of life.
	aliveEvery = 5 * time.Second
)

// setting is one of a Postgres session's.
type setting struct{ name, value string }

// session returns what is asked of Postgres for each connection. The names are
// known to Postgres 12 and later. A pooler knows the time zone alone.
func (o Options) session() []setting {
	zone := setting{"timezone", "UTC"}
	if o.Pooled {
		return []setting{zone}
	}
	seconds := func(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }
	return append([]setting{zone,
		// What the code is written for, whatever the database's default is.
		{"default_transaction_isolation", "read committed"},
		{"tcp_user_timeout", milliseconds(unheard)},
		{"tcp_keepalives_idle", seconds(aliveEvery)},
		{"tcp_keepalives_interval", seconds(aliveEvery)},
		{"tcp_keepalives_count", "2"},
	}, o.timeouts()...)
}

// timeouts are the settings that hold in a transaction.
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

// local is timeouts as statements for the begin of a transaction: behind a
// pooler the session belongs to somebody else in the next one.
func (o Options) local() string {
	var b strings.Builder
	for _, s := range o.timeouts() {
		b.WriteString("SET LOCAL " + s.name + " = " + s.value + ";")
	}
	return b.String()
}

// patiently is local for a transaction that takes its time. Its client may as
// well, for it works out what a large seed is made of.
func patiently(limit time.Duration) string {
	return Options{StatementTimeout: limit, Abandoned: max(abandoned, min(limit, 30*time.Second))}.local()
}
