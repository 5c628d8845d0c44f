package listing

import (
	"database/sql/driver"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"portico/internal/viewer"
)

// withSlots replaces the marks of viewers by their slots.
func withSlots(m viewer.Marks, args []any) []any {
	for i, a := range args {
		if id, ok := a.(uuid.UUID); ok {
			if s, ok := slotOf(m, id); ok {
				args[i] = s
			}
		}
	}
	return args
}

// distinct returns a statement in which each argument occurs once, if its
// placeholders have numbers, as on Postgres.
func distinct(text string, args []any) (string, []any) {
	if !strings.Contains(text, "$1") {
		return text, args
	}
	var out []any
	number := make([]string, len(args))
	for i, a := range args {
		at := -1
		if _, ok := a.(slot); ok {
			at = slices.Index(out, a)
		}
		if at < 0 {
			at, out = len(out), append(out, a)
		}
		number[i] = "$" + strconv.Itoa(at+1)
	}
	return placeholder.ReplaceAllStringFunc(text, func(p string) string {
		n, _ := strconv.Atoi(p[1:]) // digits
		return number[n-1]
	}), out
}

var placeholder = regexp.MustCompile(`\$[0-9]+`)

// whole reports whether the filter's JSON has all that the query may depend on.
func (src Source[T]) whole() bool { return src.of == nil || marshalsWhole(src.of) }

func marshalsWhole(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		return marshalsWhole(t.Elem())
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			return true
		}
		for i := range t.NumField() {
			f := t.Field(i)
			if !f.IsExported() || f.Tag.Get("json") != "" || !marshalsWhole(f.Type) {
				return false
			}
		}
		return true
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int64:
		return true
	}
	return t == reflect.TypeFor[uuid.UUID]()
}

// general reports whether a statement serves other requests: its constants are
// plain values, all of which the filter has. An id, a list of ids or a time may
// come from elsewhere.
func general(args []any) bool {
	for _, a := range args {
		if _, ok := a.(slot); ok {
			continue
		}
		if _, ok := a.(driver.Valuer); ok {
			return false
		}
		switch reflect.ValueOf(a).Kind() {
		case reflect.String, reflect.Bool, reflect.Int, reflect.Int64:
		default:
			return false
		}
	}
	return true
}
