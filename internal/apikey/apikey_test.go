package apikey_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"portico/clients/go/gate/rawkey"
	"portico/internal/apikey"
)

func uuids() *rapid.Generator[uuid.UUID] {
	return rapid.Custom(func(t *rapid.T) uuid.UUID {
		return uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "bytes"))
	})
}

func TestMint(t *testing.T) {
	seen := map[uuid.UUID]bool{}
	for range 100 {
		s, err := apikey.Mint("ptk")
		if err != nil {
			t.Fatal(err)
		}
		u, p, ok := rawkey.Parse(s.RawKey)
		if !ok || u != s.Username || p != s.Password || u.Version() != 4 || p.Version() != 4 {
			t.Fatal("a minted key does not read back")
		}
		if seen[u] || seen[p] {
			t.Fatal("an id came twice")
		}
		seen[u], seen[p] = true, true
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			if text := fmt.Sprintf(verb, s); strings.Contains(text, s.Password.String()) || strings.Contains(text, s.RawKey) {
				t.Fatalf("%s shows the secret", verb)
			}
		}
	}
}

func TestHashes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pepper := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "pepper")
		u, p, other := uuids().Draw(t, "username"), uuids().Draw(t, "password"), uuids().Draw(t, "other")
		hash := apikey.Hash(pepper, u, p)
		if len(hash) != 32 || !bytes.Equal(hash, apikey.Hash(pepper, u, p)) || !apikey.Matches(hash, pepper, u, p) {
			t.Fatal("a hash does not match its own pair")
		}
		if other != p && apikey.Matches(hash, pepper, u, other) || other != u && apikey.Matches(hash, pepper, other, p) {
			t.Fatal("a hash matches another pair")
		}
		wrong := append([]byte{pepper[0] + 1}, pepper[1:]...)
		if apikey.Matches(hash, wrong, u, p) || apikey.Matches(hash[:31], pepper, u, p) || apikey.Matches(nil, pepper, u, p) {
			t.Fatal("a hash matches under another pepper, or cut short")
		}
	})
	if hint := apikey.Hint(uuid.MustParse("c9f0f895-fb98-4b91-a1b2-c3d4e5f60718")); hint != "0718" {
		t.Errorf("the hint is %q", hint)
	}
}
