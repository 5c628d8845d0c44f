package listing

import (
	"context"
	"strconv"
	"strings"

	"portico/ent/rowscan"
)

// Bounds of a statement that is sent for several reads: their number, and the bytes
// of its text. Package database does not keep longer texts prepared.
const (
	maxTogether      = 6
	maxTogetherBytes = 8 << 10
)

// waiting is a statement that is sent with others.
type waiting struct {
	*sqlText
	args []any
	to   part
	sent bool
	err  error
}

// Together runs reads, none of which needs what another one finds. On Postgres,
// where the way to the database and back costs more than a small statement, the
// first statement of each read waits until the next read has come to its own or has
// returned; then they are sent as one.
//
// So a read runs inside the one before it. It must not start goroutines that read,
// nor wait for what another one holds.
func Together(ctx context.Context, reads ...func(context.Context)) {
	g := &gathering{reads: reads}
	g.ctx = context.WithValue(ctx, gatheringKey{}, g)
	g.rest()
}

type gatheringKey struct{}

// gathering is the reads that have not begun, and the statements that wait.
type gathering struct {
	ctx     context.Context
	reads   []func(context.Context)
	waiting []*waiting
}

// rest runs the reads that have not begun.
func (g *gathering) rest() {
	for len(g.reads) > 0 {
		read := g.reads[0]
		g.reads = g.reads[1:]
		read(g.ctx)
	}
}

// send returns once a statement was sent, by itself or by a read that runs inside of
// this one.
func (g *gathering) send(ctx context.Context, w *waiting) error {
	g.waiting = append(g.waiting, w)
	g.rest()
	if !w.sent {
		all := g.waiting
		g.waiting = nil
		for len(all) > 0 {
			n := fitting(all)
			sendTogether(ctx, all[:n])
			all = all[n:]
		}
	}
	return w.err
}

// fitting returns how many of the statements go into one.
func fitting(all []*waiting) int {
	texts, cells := 0, 0
	for n, w := range all {
		texts += len(w.text)
		cells += len(w.to.cells)
		if n > 0 && (n == maxTogether || w.driver != all[0].driver || unionBytes(n+1, texts, cells) > maxTogetherBytes) {
			return n
		}
	}
	return len(all)
}

// unionBytes returns the greatest length of a union of n statements: of their texts,
// a NULL for each column in all but one of its parts, what stands around the parts,
// and placeholders with a digit more.
func unionBytes(n, texts, cells int) int {
	const around = 100
	return texts + (n-1)*cells*len(", NULL") + n*around + texts/around
}

// sendTogether sends statements to one database: as one, if they were sent together
// before. Preparing a union costs Postgres more than it saves if it is sent once.
func sendTogether(ctx context.Context, all []*waiting) {
	text, ok := textOf(all)
	if !ok {
		for _, one := range all {
			one.sent, one.err = true, send(ctx, one.driver, one.text, one.args, one.to.destination)
		}
		return
	}
	var args []any
	to := make([]*part, len(all))
	for i, w := range all {
		args = append(args, w.args...)
		to[i] = &w.to
	}
	err := send(ctx, all[0].driver, text, args, &parts{all: to})
	for _, w := range all {
		w.sent, w.err = true, err
	}
}

// textOf returns the statement that returns the rows of all; ok is false if they are
// to be sent one by one.
func textOf(all []*waiting) (text string, ok bool) {
	var of together
	for i, w := range all {
		if w.kept == nil {
			return "", false
		}
		of[i] = w.sqlText
	}
	if len(all) == 1 {
		return "", false
	}
	unions := all[0].kept.unions
	text, seen := unions.Get(of)
	if seen && text == "" {
		text = unionOf(all)
	}
	unions.Add(of, text)
	return text, seen
}

// together identifies statements that are sent as one by those that are kept.
type together [maxTogether]*sqlText

// unionOf returns a statement that returns the rows of several, each in its order, as
// Postgres does for the parts of a UNION ALL. The columns of all stand side by side,
// behind the number of the statement that a row is of, and are NULL in the rows of
// others. The first query returns no row; it says of which types the columns are.
// Without NOT MATERIALIZED, Postgres would store what is named twice.
func unionOf(all []*waiting) string {
	var with, columns, from, union strings.Builder
	args := 0
	for i, w := range all {
		name := "q" + strconv.Itoa(i)
		if i > 0 {
			with.WriteString(", ")
			from.WriteString(", ")
		}
		with.WriteString(name + " AS NOT MATERIALIZED (" + renumbered(w.text, args) + ")")
		columns.WriteString(", " + name + ".*")
		from.WriteString(name)
		union.WriteString(" UNION ALL SELECT " + strconv.Itoa(i))
		for j, other := range all {
			if j == i {
				union.WriteString(", " + name + ".*")
			} else {
				union.WriteString(strings.Repeat(", NULL", len(other.to.cells)))
			}
		}
		union.WriteString(" FROM " + name)
		args += len(w.args)
	}
	return "WITH " + with.String() + " SELECT 0" + columns.String() + " FROM " + from.String() + " WHERE false" + union.String()
}

// renumbered returns a text whose placeholders begin after n others.
func renumbered(text string, n int) string {
	if n == 0 {
		return text
	}
	return placeholder.ReplaceAllStringFunc(text, func(p string) string {
		number, _ := strconv.Atoi(p[1:]) // digits
		return "$" + strconv.Itoa(number+n)
	})
}

// parts receives the rows of such a statement.
type parts struct {
	all []*part
	// number is that of the part which the current row is of.
	number int
}

// part receives the rows of one of the statements.
type part struct {
	destination
	cells []any
	// begun is true if the current row was not used yet.
	begun bool
}

func (d *parts) into(to []any) []any {
	to = append(to, rowscan.Into(&d.number, rowscan.Int))
	for _, p := range d.all {
		to = append(to, p.cells...)
	}
	return to
}

// next begins a row of each part, because the columns of all are scanned.
func (d *parts) next() {
	for _, p := range d.all {
		if !p.begun {
			p.destination.next()
			p.begun = true
		}
	}
}

func (d *parts) found() {
	p := d.all[d.number]
	p.destination.found()
	p.begun = false
}
