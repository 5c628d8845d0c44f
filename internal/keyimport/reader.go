package keyimport

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"portico/clients/go/gate/access"
	"portico/internal/fault"
)

// MaxLine is the most bytes of a line. A longer one is refused and skipped, without
// being kept in memory.
const MaxLine = 16 << 10

// Reader reads keys from JSON Lines: UTF-8, one object a line. Empty lines count, and
// are skipped.
type Reader struct {
	from        *bufio.Reader
	environment access.Environment
	now         time.Time
	line        int
}

// NewReader returns a Reader. environment is that of keys whose line names none; "" makes
// the field necessary. Times are compared with now.
func NewReader(from io.Reader, environment access.Environment, now time.Time) *Reader {
	return &Reader{from: bufio.NewReaderSize(from, MaxLine), environment: environment, now: now}
}

// errEncoding is returned for a file of another encoding, of which no line can be read.
var errEncoding = errors.New("the file is in UTF-16: convert it to UTF-8 first")

// Next returns the next key, or why its line is refused. The error is io.EOF after the
// last line; every other ends the reading.
func (r *Reader) Next() (Key, *Refusal, error) {
	for {
		text, err := r.readLine()
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return Key{}, r.refuse("", fault.TooLong, fmt.Sprintf("The line has more than %d bytes.", MaxLine)), nil
		case err != nil:
			return Key{}, nil, err
		case len(bytes.TrimSpace(text)) == 0:
			continue
		case !utf8.Valid(text):
			return Key{}, r.refuse("", Malformed, "The line is not UTF-8."), nil
		}
		k, refusal := r.parse(text)
		return k, refusal, nil
	}
}

// readLine returns a line without its end; bufio.ErrBufferFull for one that is too long,
// after which the next line follows.
func (r *Reader) readLine() ([]byte, error) {
	text, err := r.from.ReadSlice('\n')
	if len(text) == 0 && err != nil {
		return nil, err
	}
	if r.line++; r.line == 1 {
		if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
			return nil, errEncoding
		}
		text = bytes.TrimPrefix(text, []byte("\ufeff"))
	}
	if errors.Is(err, bufio.ErrBufferFull) {
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = r.from.ReadSlice('\n')
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		return nil, bufio.ErrBufferFull
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return text, nil
}

func (r *Reader) refuse(field string, code fault.ProblemCode, message string) *Refusal {
	return &Refusal{Line: r.line, Field: field, Code: code, Message: message}
}
