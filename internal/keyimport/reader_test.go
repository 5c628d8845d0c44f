package keyimport_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/rawkey"
	"portico/internal/apikey"
	"portico/internal/fault"
	"portico/internal/keyimport"
)

const rain = "0b9d2b9e-1d0f-4c7e-9d8d-2f5d1a3c4e5f"

func now() time.Time { return time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC) }

// read reads all lines of a text.
func read(t *testing.T, text string) (keys []keyimport.Key, refused []keyimport.Refusal) {
	t.Helper()
	r := keyimport.NewReader(strings.NewReader(text), access.Production, now())
	for {
		k, refusal, err := r.Next()
		if errors.Is(err, io.EOF) {
			return keys, refused
		}
		require.NoError(t, err)
		if refusal != nil {
			refused = append(refused, *refusal)
		} else {
			keys = append(keys, k)
		}
	}
}

func TestFormsOfKeys(t *testing.T) {
	u, p := uuid.New(), uuid.New()
	sum := sha256.Sum256([]byte("an-old-token"))
	keys, refused := read(t, "\ufeff"+strings.Join([]string{
		fmt.Sprintf(`{"app":%q,"username":%q,"secret":%q}`, rain, u, p),
		fmt.Sprintf(`{"app":%q,"key":%q}`, rain, rawkey.Join("old", u, p)),
		fmt.Sprintf(`{"app":%q,"username":"alice","secret":"wonderland"}`, rain),
		``, "  \r",
		fmt.Sprintf(`{"app":%q,"key":"an-old-token","name":"Batch","environment":"STAGING","createdAt":"2020-01-02T03:04:05.123456789+01:00","expiresAt":"2027-01-01T00:00:00Z"}`, rain),
		fmt.Sprintf(`{"app":%q,"sha256":%q,"name":null,"expiresAt":null}`, rain, strings.ToUpper(hex.EncodeToString(sum[:]))),
	}, "\n"))
	require.Empty(t, refused)
	app := uuid.MustParse(rain)
	created, expires := time.Date(2020, 1, 2, 2, 4, 5, 123456000, time.UTC), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	require.Equal(t, []keyimport.Key{
		{Line: 1, App: app, Username: u, Password: p, Environment: access.Production},
		{Line: 2, App: app, Username: u, Password: p, Environment: access.Production},
		{Line: 3, App: app, Digest: apikey.DigestOf("alice:wonderland"), Name: "alice", Environment: access.Production},
		{Line: 6, App: app, Digest: sum, Name: "Batch", Environment: access.Staging, CreatedAt: &created, ExpiresAt: &expires},
		{Line: 7, App: app, Digest: sum, Environment: access.Production},
	}, keys)
}

func TestRefusedLines(t *testing.T) {
	const secret = "hunter2-and-more"
	with := func(rest string) string { return `{"app":"` + rain + `"` + rest + `}` }
	for name, c := range map[string]struct {
		line, field string
		code        fault.ProblemCode
	}{
		"no JSON":                     {secret, "", keyimport.Malformed},
		"half a line":                 {`{"app":"` + rain + `","key":"` + secret, "", keyimport.Malformed},
		"a list":                      {`["` + secret + `"]`, "", keyimport.Malformed},
		"null":                        {`null`, "app", fault.Required},
		"two objects":                 {with(`,"key":"`+secret+`"`) + with(``), "", keyimport.Malformed},
		"an unknown field":            {with(`,"` + secret + `":1,"key":"` + secret + `"`), "", keyimport.Malformed},
		"a mistyped field":            {with(`,"userName":"alice","secret":"` + secret + `"`), "userName", keyimport.Malformed},
		"a field of another portal":   {with(`,"created_at":"2020-01-01","key":"` + secret + `"`), "created_at", keyimport.Malformed},
		"a field in capitals":         {with(`,"KEY":"` + secret + `"`), "", keyimport.Malformed},
		"a field twice":               {with(`,"key":"` + secret + `","key":"` + secret + `"`), "", keyimport.Malformed},
		"not UTF-8":                   {with(`,"key":"` + secret + "\xff\""), "", keyimport.Malformed},
		"half a surrogate":            {with(`,"name":"\ud800","key":"` + secret + `"`), "", keyimport.Malformed},
		"a number":                    {with(`,"key":12345678`), "key", fault.InvalidValue},
		"no app":                      {`{"key":"` + secret + `"}`, "app", fault.Required},
		"an app's name":               {`{"app":"Rain","key":"` + secret + `"}`, "app", fault.InvalidValue},
		"an app's id in braces":       {`{"app":"{` + rain + `}","key":"` + secret + `"}`, "app", fault.InvalidValue},
		"no key":                      {with(``), "", fault.Required},
		"two keys":                    {with(`,"key":"` + secret + `","sha256":"` + strings.Repeat("a", 64) + `"`), "", fault.InvalidValue},
		"a user name alone":           {with(`,"username":"alice"`), "secret", fault.Required},
		"a secret alone":              {with(`,"secret":"` + secret + `"`), "username", fault.Required},
		"a colon in a user name":      {with(`,"username":"a:b","secret":"` + secret + `"`), "username", fault.InvalidValue},
		"a user name with a space":    {with(`,"username":"a b","secret":"` + secret + `"`), "username", fault.InvalidValue},
		"a secret in Turkish":         {with(`,"username":"alice","secret":"şifreşifre"`), "secret", fault.InvalidValue},
		"a short secret":              {with(`,"username":"alice","secret":"hunter2"`), "secret", fault.InvalidValue},
		"a comma":                     {with(`,"key":"hunter2,and-more"`), "key", fault.InvalidValue},
		"a line break":                {with(`,"key":"hunter2\nand-more"`), "key", fault.InvalidValue},
		"a long key":                  {with(`,"key":"` + strings.Repeat(secret, 33) + `"`), "key", fault.TooLong},
		"a long user name":            {with(`,"username":"` + strings.Repeat("a", 510) + `","secret":"` + secret + `"`), "secret", fault.TooLong},
		"a short digest":              {with(`,"sha256":"abcd"`), "sha256", fault.InvalidValue},
		"a digest in base 64":         {with(`,"sha256":"` + strings.Repeat("+", 64) + `"`), "sha256", fault.InvalidValue},
		"the digest of nothing":       {with(`,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"`), "sha256", fault.InvalidValue},
		"a name on two lines":         {with(`,"key":"` + secret + `","name":"a\nb"`), "name", fault.InvalidValue},
		"a long name":                 {with(`,"key":"` + secret + `","name":"` + strings.Repeat("a", 256) + `"`), "name", fault.InvalidValue},
		"a user name of version 8":    {with(`,"username":"0b9d2b9e-1d0f-8c7e-9d8d-2f5d1a3c4e5f","secret":"0b9d2b9e-1d0f-4c7e-9d8d-2f5d1a3c4e5f"`), "username", fault.InvalidValue},
		"an unknown environment":      {with(`,"key":"` + secret + `","environment":"TEST"`), "environment", fault.InvalidValue},
		"created tomorrow":            {with(`,"key":"` + secret + `","createdAt":"2026-03-02T09:00:00Z"`), "createdAt", fault.InvalidValue},
		"created by the ancients":     {with(`,"key":"` + secret + `","createdAt":"0001-01-01T00:00:00Z"`), "createdAt", fault.InvalidValue},
		"a date for a time":           {with(`,"key":"` + secret + `","createdAt":"2020-01-01"`), "createdAt", fault.InvalidValue},
		"expired":                     {with(`,"key":"` + secret + `","expiresAt":"2026-03-01T09:00:00Z"`), "expiresAt", fault.MustBeFuture},
		"expires in a thousand years": {with(`,"key":"` + secret + `","expiresAt":"3026-03-01T09:00:00Z"`), "expiresAt", fault.InvalidValue},
		"too long a line":             {with(`,"key":"` + secret + `","name":"` + strings.Repeat("a", keyimport.MaxLine) + `"`), "", fault.TooLong},
	} {
		t.Run(name, func(t *testing.T) {
			keys, refused := read(t, "\n"+c.line+"\n"+with(`,"key":"`+secret+`"`))
			require.Len(t, keys, 1, "the next line is read all the same")
			require.Equal(t, 3, keys[0].Line)
			require.Len(t, refused, 1)
			require.Equal(t, []any{2, c.field, c.code}, []any{refused[0].Line, refused[0].Field, refused[0].Code}, refused[0].Message)
			require.NotContains(t, refused[0].Message, secret)
			require.NotContains(t, refused[0].Field, secret)
		})
	}
	_, refused := read(t, with(`,"userName":"alice"`))
	require.Contains(t, refused[0].Message, "an unknown field, userName.")
	r := keyimport.NewReader(strings.NewReader(with(`,"key":"`+secret+`"`)), "", now())
	_, refusal, err := r.Next()
	require.NoError(t, err)
	require.Equal(t, "environment", refusal.Field)
}

func TestOtherEncodings(t *testing.T) {
	for _, mark := range []string{"\xff\xfe", "\xfe\xff"} {
		_, _, err := keyimport.NewReader(strings.NewReader(mark+"{\x00}\x00\n"), access.Production, now()).Next()
		require.ErrorContains(t, err, "UTF-16")
	}
	failed := errors.New("the disk is gone")
	r := keyimport.NewReader(io.MultiReader(strings.NewReader("{}\n"), iotest{failed}), access.Production, now())
	_, _, err := r.Next()
	require.NoError(t, err)
	_, _, err = r.Next()
	require.ErrorIs(t, err, failed)
}

// iotest fails to read.
type iotest struct{ error }

func (e iotest) Read([]byte) (int, error) { return 0, e.error }

// A line of 10 MB, or of any length, is not kept in memory.
func TestLongLinesAreNotKept(t *testing.T) {
	const size = 64 << 20
	r := keyimport.NewReader(io.MultiReader(io.LimitReader(endless{}, size), strings.NewReader("\n")), access.Production, now())
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, refusal, err := r.Next()
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	require.Equal(t, fault.TooLong, refusal.Code)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
	_, _, err = r.Next()
	require.ErrorIs(t, err, io.EOF)
}

// endless is a text without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}
