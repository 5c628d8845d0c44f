package export

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"regexp"
	"strings"
)

// bufferSize is how much is written at a time.
const bufferSize = 32 << 10

// jsonLines writes JSON Lines: an object a line, as the API has it.
type jsonLines struct{ to *bufio.Writer }

func newJSONLines(to io.Writer) *jsonLines { return &jsonLines{bufio.NewWriterSize(to, bufferSize)} }

func (j *jsonLines) begin() error { return nil }
func (j *jsonLines) flush() error { return j.to.Flush() }

func (j *jsonLines) row(raw json.RawMessage) error {
	if _, err := j.to.Write(raw); err != nil {
		return err
	}
	return j.to.WriteByte('\n')
}

// table writes CSV by RFC 4180.
type table struct {
	to      *bufio.Writer
	csv     *csv.Writer
	columns []column
	cells   []string
}

func newTable(to io.Writer, columns []column) *table {
	b := bufio.NewWriterSize(to, bufferSize)
	t := &table{to: b, csv: csv.NewWriter(b), columns: columns, cells: make([]string, len(columns))}
	t.csv.UseCRLF = true
	return t
}

// begin writes the names of the columns.
func (t *table) begin() error {
	for i, c := range t.columns {
		t.cells[i] = c.name()
	}
	return t.csv.Write(t.cells)
}

func (t *table) row(raw json.RawMessage) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var row any
	if err := d.Decode(&row); err != nil {
		return err
	}
	for i, c := range t.columns {
		text, err := cell(at(row, c.path))
		if err != nil {
			return err
		}
		t.cells[i] = text
	}
	return t.csv.Write(t.cells)
}

func (t *table) flush() error {
	t.csv.Flush()
	if err := t.csv.Error(); err != nil {
		return err
	}
	return t.to.Flush()
}

// at returns the value to which a path leads; nil if an object on it is null.
func at(v any, path []string) any {
	for _, name := range path {
		object, _ := v.(map[string]any)
		v = object[name]
	}
	return v
}

// cell returns the text of a value: nothing for null, and JSON for lists.
func cell(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return harmless(v), nil
	case json.Number:
		return v.String(), nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return harmless(strings.TrimSuffix(b.String(), "\n")), err
}

// The characters with which spreadsheets let formulas begin, also in the width of East
// Asian letters, and those that begin a cell or a line in programs that take another
// character than the comma for the separator, as many do outside English.
const (
	formulaSigns = "=+-@＝＋－＠"
	cellSigns    = ";\t\r\n"
)

// negative matches decimal numbers that begin with a sign, such as the amounts of corrections.
var negative = regexp.MustCompile(`^-[0-9]{1,15}(\.[0-9]{1,9})?$`)

// harmless returns a text in which no spreadsheet finds a formula: a sign with which
// formulas begin gets an apostrophe in front where a cell may begin, and so does white
// space at the beginning, which programs skip. Negative numbers stay what they are.
func harmless(text string) string {
	if !strings.ContainsAny(text, formulaSigns+cellSigns) || negative.MatchString(text) {
		return text
	}
	var b strings.Builder
	begins := true
	for i, r := range text {
		cell := strings.ContainsRune(cellSigns, r)
		if i == 0 && cell && r != ';' || begins && strings.ContainsRune(formulaSigns, r) {
			b.WriteByte('\'')
		}
		b.WriteRune(r)
		begins = cell || begins && r == ' '
	}
	return b.String()
}
