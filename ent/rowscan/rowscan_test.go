package rowscan_test

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"portico/ent/rowscan"
)

type (
	kind  string
	level int
	point struct{ X, Y int }
)

// assigns passes a value on to a field that has another value, and checks what
// becomes of it.
func assigns[T any](t *testing.T, assign func(*T, any) error, before T, v any, want T) {
	t.Helper()
	to := before
	if err := rowscan.Into(&to, assign).Scan(v); err != nil || !reflect.DeepEqual(to, want) {
		t.Errorf("%#v assigns %#v (%v), not %#v", v, to, err, want)
	}
}

func TestValues(t *testing.T) {
	id := uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8057")
	at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	assigns(t, rowscan.Text[kind], "old", "new", "new")
	assigns(t, rowscan.Text[kind], "old", []byte("new"), "new")
	assigns(t, rowscan.ID, uuid.New(), id.String(), id)
	assigns(t, rowscan.ID, uuid.New(), []byte(id.String()), id)
	assigns(t, rowscan.Time, time.Now(), at, at)
	assigns(t, rowscan.Bool, false, true, true)
	assigns(t, rowscan.Bool, true, false, false)
	assigns(t, rowscan.Bool, false, int64(1), true)
	assigns(t, rowscan.Bool, true, int64(0), false)
	assigns(t, rowscan.Int[level], 3, int64(-4), -4)
	assigns(t, rowscan.Int[int64], 3, int64(1<<40), 1<<40)
	assigns(t, rowscan.Bytes, []byte("old"), []byte("new"), []byte("new"))
	assigns(t, rowscan.Bytes, []byte("old"), "new", []byte("new"))
	assigns(t, rowscan.JSON[point], point{}, []byte(`{"X":1,"Y":2}`), point{1, 2})
	assigns(t, rowscan.JSON[point], point{}, `{"X":1,"Y":2}`, point{1, 2})
	assigns(t, rowscan.JSON[[]string], []string{"old"}, `["a"]`, []string{"a"})
}

// A row that was joined may be absent, so that every column of it is NULL.
func TestNullIsTheZeroValue(t *testing.T) {
	assigns(t, rowscan.Text[kind], "old", nil, "")
	assigns(t, rowscan.ID, uuid.New(), nil, uuid.Nil)
	assigns(t, rowscan.Time, time.Now(), nil, time.Time{})
	assigns(t, rowscan.Bool, true, nil, false)
	assigns(t, rowscan.Int[level], 3, nil, 0)
	assigns(t, rowscan.Bytes, []byte("old"), nil, nil)
	assigns(t, rowscan.JSON[point], point{1, 2}, nil, point{})
	assigns(t, rowscan.JSON[point], point{1, 2}, "", point{})
	assigns(t, optionally(rowscan.Int[level]), new(level), nil, nil)
	assigns(t, scanned(&sql.NullString{}, upper), "old", nil, "")
}

func optionally[T any](assign func(*T, any) error) func(**T, any) error {
	return func(to **T, v any) error { return rowscan.Optional(to, v, assign) }
}

// A field that may be nil refers to a value of its own for each row.
func TestOptionalValuesAreNotShared(t *testing.T) {
	var to *level
	if err := rowscan.Optional(&to, int64(1), rowscan.Int); err != nil || to == nil || *to != 1 {
		t.Fatalf("1 assigns %v (%v)", to, err)
	}
	first := to
	if err := rowscan.Optional(&to, int64(2), rowscan.Int); err != nil || *to != 2 || *first != 1 {
		t.Errorf("the first row's value is %d once the second's is %d (%v)", *first, *to, err)
	}
	if err := rowscan.Optional(&to, "x", rowscan.Int); err == nil {
		t.Error("a text is an integer")
	}
}

// Drivers use their buffers again for the next row.
func TestBytesAreCopied(t *testing.T) {
	buffer := []byte("first")
	var bytes []byte
	var text kind
	if err := errors.Join(rowscan.Bytes(&bytes, buffer), rowscan.Text(&text, buffer)); err != nil {
		t.Fatal(err)
	}
	copy(buffer, "other")
	if string(bytes) != "first" || text != "first" {
		t.Errorf("%q and %q change with the driver's buffer", bytes, text)
	}
}

// scanned returns what a column with a ValueScanner is assigned by.
func scanned(into any, from func(driver.Value) (string, error)) func(*string, any) error {
	return func(to *string, v any) error { return rowscan.By(to, v, into, from) }
}

func upper(v driver.Value) (string, error) {
	s, ok := v.(*sql.NullString)
	if !ok || !s.Valid {
		return "", errors.New("it was not scanned")
	}
	return strings.ToUpper(s.String), nil
}

func TestValuesOfAScanner(t *testing.T) {
	assigns(t, scanned(&sql.NullString{}, upper), "old", "new", "NEW")
	var to string
	for name, assign := range map[string]func(*string, any) error{
		"what does not scan": scanned(new(string), upper),
		"a scan that fails":  scanned(&sql.NullTime{}, func(driver.Value) (string, error) { return "converted", nil }),
		"a conversion that fails": scanned(&sql.NullString{}, func(driver.Value) (string, error) {
			return "", errors.New("no")
		}),
	} {
		if err := assign(&to, "new"); err == nil {
			t.Errorf("%s is no error", name)
		}
	}
}

// A value of another type is an error that says which, and never another value.
func TestValuesOfOtherTypesAreRefused(t *testing.T) {
	for want, assign := range map[string]func(any) error{
		"kind":      rowscan.Into(new(kind), rowscan.Text[kind]),
		"uuid.UUID": rowscan.Into(new(uuid.UUID), rowscan.ID),
		"time.Time": rowscan.Into(new(time.Time), rowscan.Time),
		"bool":      rowscan.Into(new(bool), rowscan.Bool),
		"level":     rowscan.Into(new(level), rowscan.Int[level]),
		"uint8":     rowscan.Into(new([]byte), rowscan.Bytes),
		"point":     rowscan.Into(new(point), rowscan.JSON[point]),
	} {
		if err := assign(1.5); err == nil || !strings.Contains(err.Error(), "float64") || !strings.Contains(err.Error(), want) {
			t.Errorf("a number with a fraction for a %s: %v", want, err)
		}
	}
	var id uuid.UUID
	var p point
	for _, v := range []any{"x", []byte("x")} {
		if rowscan.ID(&id, v) == nil || rowscan.JSON(&p, v) == nil {
			t.Errorf("%v is a UUID, or JSON", v)
		}
	}
}
