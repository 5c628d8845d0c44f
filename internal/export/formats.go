package export

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
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
	return strings.TrimSuffix(b.String(), "\n"), err
}

// harmless returns a text that no spreadsheet takes for a formula: one that begins with
// a character with which formulas begin, or with white space before which programs skip
// it, gets an apostrophe in front.
func harmless(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n", rune(text[0])) {
		return "'" + text
	}
	return text
}
