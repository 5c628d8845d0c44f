package apikey_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/uuid"

	"portico/clients/go/gate/rawkey"
	"portico/internal/apikey"
)

func pair() (username, password uuid.UUID) {
	return uuid.MustParse("8f14e45f-ceea-467a-9575-8a1b3e4b1c2d"), uuid.MustParse("c9f0f895-fb98-4b91-a1b2-c3d4e5f60718")
}

// A secret says that it is one, whichever way it is printed.
func TestASecretIsNotPrinted(t *testing.T) {
	username, password := pair()
	s := apikey.Secret{Username: username, Password: password, RawKey: "raw"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, s); text != "[secret]" {
			t.Errorf("%s prints %q", verb, text)
		}
	}
}

// Without randomness there is no key.
func TestMintWithoutRandomness(t *testing.T) {
	t.Cleanup(func() { uuid.SetRand(nil) })
	failure := errors.New("no randomness")
	for given := range 2 {
		uuid.SetRand(io.MultiReader(bytes.NewReader(make([]byte, 16*given)), iotest.ErrReader(failure)))
		if s, err := apikey.Mint("ptk"); !errors.Is(err, failure) || s != (apikey.Secret{}) {
			t.Errorf("after %d ids: %v, %v", given, s.RawKey, err)
		}
	}
}

func TestHints(t *testing.T) {
	username, password := pair()
	raw := rawkey.Join("ptk", username, password)
	if got, want := apikey.RawHint(raw), raw[:8]+"…"+raw[len(raw)-4:]; got != want {
		t.Errorf("the hint of %s is %s, not %s", raw, got, want)
	}
	if got := apikey.Hint(password); got != "0718" {
		t.Errorf("the hint is %s", got)
	}
}

func TestPairs(t *testing.T) {
	username, password := pair()
	u, p := username.String(), password.String()
	for text, want := range map[string]bool{
		u + ":" + p: true, u + p: false, u + ":": false, ":" + p: false, ":": false, "": false, u: false, u + ":" + p + ":": false,
		"urn:uuid:" + u + ":" + p: false, "{" + u + "}:" + p: false, strings.ReplaceAll(u, "-", "") + ":" + p: false, u + ":{" + p + "}": false, "x:" + p: false, u + ":x": false,
	} {
		first, second, ok := apikey.ParsePair(text)
		if ok != want || want && (first != username || second != password) {
			t.Errorf("%q: %v %v %t", text, first, second, ok)
		}
	}
	for text, want := range map[string]bool{u: true, "": false, "{" + u + "}": false, u + " ": false, strings.ReplaceAll(u, "-", ""): false, u[1:] + "x": false} {
		if got, ok := apikey.ParseUUID(text); ok != want || want && got != username {
			t.Errorf("%q: %v %t", text, got, ok)
		}
	}
}
