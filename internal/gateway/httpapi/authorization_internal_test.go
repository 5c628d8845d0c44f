package httpapi

import (
	"encoding/base64"
	"strings"
	"testing"

	"portico/clients/go/gate/access"
)

func basic(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }

func TestOneCredentialIsRead(t *testing.T) {
	for name, c := range map[string]struct {
		authorization, apiKey []string
		want                  presentedKey
	}{
		"none":          {nil, nil, presentedKey{}},
		"bearer":        {[]string{"Bearer ptk_x"}, nil, presentedKey{kind: access.APIKey, rawKey: "ptk_x"}},
		"bearer, small": {[]string{"bEARER   ptk_x"}, nil, presentedKey{kind: access.APIKey, rawKey: "ptk_x"}},
		"api key":       {nil, []string{"ptk_x"}, presentedKey{kind: access.APIKey, rawKey: "ptk_x"}},
		"basic":         {[]string{basic("user:pass")}, nil, presentedKey{kind: access.Basic, username: "user", password: "pass"}},
		"basic, colons": {[]string{basic("user:pa:ss")}, nil, presentedKey{kind: access.Basic, username: "user", password: "pa:ss"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := readAPIKey(c.authorization, c.apiKey); got != c.want {
				t.Errorf("read %+v", got)
			}
		})
	}
}

func TestMalformedCredentials(t *testing.T) {
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
		"basic with a space":     {[]string{basic("user: pass")}, nil, access.Basic},
		"basic of junk":          {[]string{"Basic !!!"}, nil, access.Basic},
		"basic unpadded":         {[]string{strings.TrimRight(basic("user:pa"), "=")}, nil, access.Basic},
		"basic with stray bits":  {[]string{"Basic YTpiYR=="}, nil, access.Basic},
		"basic over two lines":   {[]string{"Basic dXNl\ncjpwYXNz"}, nil, access.Basic},
	} {
		t.Run(name, func(t *testing.T) {
			if got := readAPIKey(c.authorization, c.apiKey); got != (presentedKey{kind: c.kind, malformed: true}) {
				t.Errorf("read %+v", got)
			}
		})
	}
}

// What is too long is not read, however long it is.
func TestLongCredentialsCostNothing(t *testing.T) {
	long := []string{"Bearer " + strings.Repeat("a", 1<<20)}
	if n := testing.AllocsPerRun(100, func() { readAPIKey(long, nil); readAPIKey(nil, long) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzAuthorization(f *testing.F) {
	f.Add("Bearer ptk_x", "", false)
	f.Add(basic("user:pass"), "", false)
	f.Add("Basic YTpi, Bearer x", "ptk_x", true)
	f.Add("bEARER  \x00", strings.Repeat("a", 2000), true)
	f.Fuzz(func(t *testing.T, authorization, apiKey string, both bool) {
		var keys []string
		if both {
			keys = []string{apiKey}
		}
		got := readAPIKey([]string{authorization}, keys)
		held := got.rawKey != "" || got.username != "" || got.password != ""
		switch {
		case both && !got.malformed:
			t.Fatal("two credentials were believed")
		case got.malformed && held, !got.malformed && !held:
			t.Fatalf("neither malformed nor a credential: %+v", got)
		case got.rawKey != "" && (got.username != "" || got.password != ""):
			t.Fatal("two credentials were found")
		case got.malformed:
			return
		case len(authorization) > maxKeyHeaderLen:
			t.Fatal("too long, and believed")
		}
		for _, part := range []string{got.rawKey, got.username, got.password} {
			if strings.ContainsAny(part, " \t\r\n\x00,") || !strings.Contains(authorization, part) && got.kind == access.APIKey {
				t.Fatalf("%q was taken out of %q", part, authorization)
			}
		}
		if got.kind == access.Basic && basic(got.username + ":" + got.password)[6:] != strings.TrimLeft(authorization[6:], " ") {
			t.Fatalf("a second way to write %+v: %q", got, authorization)
		}
	})
}
