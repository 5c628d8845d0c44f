package keyheader

import (
	"encoding/base64"
	"strings"
	"testing"

	"portico/clients/go/gate/access"
)

func basic(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }

func TestRead(t *testing.T) {
	for name, c := range map[string]struct {
		authorization, apiKey []string
		want                  Key
	}{
		"none":          {nil, nil, Key{}},
		"bearer":        {[]string{"Bearer ptk_x"}, nil, Key{Presented: access.APIKey, RawKey: "ptk_x"}},
		"bearer, small": {[]string{"bEARER   ptk_x"}, nil, Key{Presented: access.APIKey, RawKey: "ptk_x"}},
		"api key":       {nil, []string{"ptk_x"}, Key{Presented: access.APIKey, RawKey: "ptk_x"}},
		"basic":         {[]string{basic("user:pass")}, nil, Key{Presented: access.Basic, Username: "user", Password: "pass"}},
		"longest":       {[]string{"Bearer " + strings.Repeat("a", MaxLen-len("Bearer "))}, nil, Key{Presented: access.APIKey, RawKey: strings.Repeat("a", MaxLen-len("Bearer "))}},
		"longest key":   {nil, []string{strings.Repeat("a", MaxLen)}, Key{Presented: access.APIKey, RawKey: strings.Repeat("a", MaxLen)}},
		"basic, colons": {[]string{basic("user:pa:ss")}, nil, Key{Presented: access.Basic, Username: "user", Password: "pa:ss"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Read(c.authorization, c.apiKey); got != c.want {
				t.Errorf("read %+v", got)
			}
		})
	}
}

func TestRead_Malformed(t *testing.T) {
	key := access.APIKey
	for name, c := range map[string]struct {
		authorization, apiKey []string
		kind                  access.AuthType
	}{
		"two":                    {[]string{"Bearer a", "Bearer a"}, nil, key},
		"two, the first basic":   {[]string{basic("a:b"), "Bearer a"}, nil, access.Basic},
		"both headers":           {[]string{"Bearer a"}, []string{"a"}, key},
		"two api keys":           {nil, []string{"a", "a"}, key},
		"joined":                 {[]string{"Bearer a, Bearer b"}, nil, key},
		"joined without a space": {[]string{"Bearer a,b"}, nil, key},
		"empty":                  {[]string{""}, nil, key},
		"empty api key":          {nil, []string{""}, key},
		"no key":                 {[]string{"Bearer"}, nil, key},
		"no key but a space":     {[]string{"Bearer "}, nil, key},
		"a tab":                  {[]string{"Bearer\tabc"}, nil, key},
		"a space inside":         {[]string{"Bearer a b"}, nil, key},
		"a space after":          {[]string{"Bearer a "}, nil, key},
		"no scheme":              {[]string{"ptk_x"}, nil, key},
		"another scheme":         {[]string{"Digest username=x"}, nil, key},
		"not UTF-8":              {[]string{"Bearer \xff\xfe"}, nil, key},
		"a line break":           {nil, []string{"a\r\nX-Portico-Code: VALID"}, key},
		"NUL":                    {nil, []string{"a\x00"}, key},
		"a megabyte":             {[]string{"Bearer " + strings.Repeat("a", 1<<20)}, nil, key},
		"a megabyte of api key":  {nil, []string{strings.Repeat("a", 1<<20)}, key},
		"a megabyte of scheme":   {[]string{strings.Repeat("a", 1<<20)}, nil, key},
		"a megabyte of basic":    {[]string{basic(strings.Repeat("a:", 1<<19))}, nil, key},
		"basic without a colon":  {[]string{basic("user")}, nil, access.Basic},
		"basic without a name":   {[]string{basic(":pass")}, nil, access.Basic},
		"basic without a secret": {[]string{basic("user:")}, nil, access.Basic},
		"basic of bytes":         {[]string{basic("user:\xff")}, nil, access.Basic},
		"DEL":                    {nil, []string{"a\x7f"}, key},
		"basic, a space in name": {[]string{basic("us er:pass")}, nil, access.Basic},
		"basic with a space":     {[]string{basic("user: pass")}, nil, access.Basic},
		"basic of junk":          {[]string{"Basic !!!"}, nil, access.Basic},
		"basic unpadded":         {[]string{strings.TrimRight(basic("user:pa"), "=")}, nil, access.Basic},
		"basic with stray bits":  {[]string{"Basic YTpiYR=="}, nil, access.Basic},
		"basic over two lines":   {[]string{"Basic dXNl\ncjpwYXNz"}, nil, access.Basic},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Read(c.authorization, c.apiKey); got != (Key{Presented: c.kind, Malformed: true}) {
				t.Errorf("read %+v", got)
			}
		})
	}
}

// What is too long is not read, however long it is.
func TestLongHeadersCostNothing(t *testing.T) {
	long := []string{"Bearer " + strings.Repeat("a", 1<<20)}
	if n := testing.AllocsPerRun(100, func() { Read(long, nil); Read(nil, long) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("Bearer ptk_x", "", false)
	f.Add(basic("user:pass"), "", false)
	f.Add("Basic YTpi, Bearer x", "ptk_x", true)
	f.Add("bEARER  \x00", strings.Repeat("a", 2000), true)
	f.Fuzz(func(t *testing.T, authorization, apiKey string, both bool) {
		var keys []string
		if both {
			keys = []string{apiKey}
		}
		got := Read([]string{authorization}, keys)
		found := got.RawKey != "" || got.Username != "" || got.Password != ""
		switch {
		case both && !got.Malformed:
			t.Fatal("two keys were accepted")
		case got.Malformed && found, !got.Malformed && !found:
			t.Fatalf("neither malformed nor a key: %+v", got)
		case got.RawKey != "" && (got.Username != "" || got.Password != ""):
			t.Fatal("two keys were found")
		case got.Malformed:
			return
		case len(authorization) > MaxLen:
			t.Fatal("too long, and accepted")
		}
		for _, part := range []string{got.RawKey, got.Username, got.Password} {
			if strings.ContainsAny(part, " \t\r\n\x00,") || !strings.Contains(authorization, part) && got.Presented == access.APIKey {
				t.Fatalf("%q was taken out of %q", part, authorization)
			}
		}
		if got.Presented == access.Basic && basic(got.Username + ":" + got.Password)[6:] != strings.TrimLeft(authorization[6:], " ") {
			t.Fatalf("a second way to write %+v: %q", got, authorization)
		}
	})
}
