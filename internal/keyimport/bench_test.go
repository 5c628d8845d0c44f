package keyimport_test

import (
	"fmt"
	"io"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/internal/keyimport"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// lines is a file of keys that is made as it is read.
type lines struct {
	app  uuid.UUID
	n    int
	left []byte
	// batch tells the tokens of one run from those of another.
	batch int
}

func (l *lines) Read(p []byte) (int, error) {
	if len(l.left) == 0 {
		if l.n == 0 {
			return 0, io.EOF
		}
		l.n--
		l.left = []byte(line(l.app, fmt.Sprintf("token-%d-%08d", l.batch, l.n)))
	}
	n := copy(p, l.left)
	l.left = l.left[n:]
	return n, nil
}

// BenchmarkImport imports 10,000 keys at a time: first when they are new, then again, as
// after an interruption.
func BenchmarkImport(b *testing.B) {
	const keys = 10_000
	for name, open := range map[string]func(testing.TB) (string, bool){
		"sqlite":   func(t testing.TB) (string, bool) { return testdb.SQLite(t), true },
		"postgres": testdb.Postgres,
	} {
		b.Run(name, func(b *testing.B) {
			url, ok := open(b)
			if !ok {
				b.Skip("there is no Postgres here")
			}
			f := portaltest.New(b, url)
			tenant := f.MustTenant(b, "acme")
			app := f.MustApp(b, tenant.Developer, "Rain").App.ReferenceID
			run := func(b *testing.B, batch int) keyimport.Sum {
				sum, err := f.Portal.Imports.Import(b.Context(), keyimport.Options{Organization: tenant.Organization.ID, Refused: func(r keyimport.Refusal) error { return fmt.Errorf("%+v", r) }},
					keyimport.NewReader(&lines{app: app, n: keys, batch: batch}, access.Production, f.Clock.Now()))
				require.NoError(b, err)
				return sum
			}
			batch := 0
			b.Run("new", func(b *testing.B) {
				for b.Loop() {
					batch++
					require.Equal(b, keys, run(b, batch).Imported)
				}
				b.ReportMetric(float64(keys)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			})
			b.Run("again", func(b *testing.B) {
				for b.Loop() {
					require.Equal(b, keys, run(b, 1).Present)
				}
				b.ReportMetric(float64(keys)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			})
		})
	}
}
