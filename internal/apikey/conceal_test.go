package apikey_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"portico/clients/go/gate/rawkey"
	"portico/internal/apikey"
)

// Whatever form the key has in a text, it is not there any more.
func TestConceal(t *testing.T) {
	s, err := apikey.Mint("ptk")
	if err != nil {
		t.Fatal(err)
	}
	username, password := s.Username.String(), s.Password.String()
	escaped := ""
	for _, c := range []byte(s.RawKey) {
		escaped += "%" + string("0123456789ABCDEF"[c>>4]) + string("0123456789ABCDEF"[c&15])
	}
	written := map[string]string{
		"raw": s.RawKey, "another prefix": rawkey.Join("old", s.Username, s.Password), "pair": username + ":" + password, "password": password,
		"capitals": strings.ToUpper(password), "basic": base64.StdEncoding.EncodeToString([]byte(username + ":" + password)),
	}
	for _, text := range []string{s.RawKey, username + ":" + password} {
		key, ok := apikey.ParseHeld(text)
		if !ok {
			t.Fatal("a key is none")
		}
		for name, form := range written {
			got := key.Conceal("https://git.example/?k=" + form + "&l=7 and " + form)
			if strings.Contains(got, form) || !strings.HasPrefix(got, "https://git.example/?k=") || !strings.Contains(got, "l=7") {
				t.Errorf("%s: %s", name, got)
			}
		}
		if got := key.Conceal("https://git.example/?k=" + escaped); got != "..." {
			t.Errorf("escaped: %s", got)
		}
		if got := key.Conceal(text + " and " + escaped); got != "..." {
			t.Errorf("both: %s", got)
		}
		for _, text := range []string{"", "https://git.example/a%20b?k=1#L7", "It is in line 7, of " + username} {
			if got := key.Conceal(text); got != text {
				t.Errorf("%q became %q", text, got)
			}
		}
	}
	for _, text := range []string{"a-token-of-the-old-portal", "alice:wonderland-1865"} {
		key, _ := apikey.ParseHeld(text)
		secret := text[strings.LastIndexByte(text, ':')+1:]
		if got := key.Conceal("found " + text + " and " + secret); strings.Contains(got, secret) {
			t.Errorf("%s: %s", text, got)
		}
	}
	if got := (apikey.Held{}).Conceal("nothing"); got != "nothing" {
		t.Error(got)
	}
}
