package apikey_test

import (
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"portico/internal/apikey"
)

// What a key made elsewhere is kept under follows from the key and the pepper alone, and
// never meets a key of Portico's own.
func TestPairOfADigest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pepper := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "pepper")
		key, other := rapid.String().Draw(t, "key"), rapid.String().Draw(t, "other")
		username, password := apikey.DigestOf(key).Pair(pepper)
		if again, same := apikey.DigestOf(key).Pair(pepper); again != username || same != password {
			t.Fatal("the same key has another pair")
		}
		if username.Version() != 8 || username.Variant() != uuid.RFC4122 {
			t.Fatalf("the username is of version %d", username.Version())
		}
		if username == password {
			t.Fatal("both halves are the same")
		}
		if u, p := apikey.DigestOf(other).Pair(pepper); other != key && (u == username || p == password) {
			t.Fatal("two keys share a half")
		}
		if u, p := apikey.DigestOf(key).Pair(append([]byte{pepper[0] + 1}, pepper[1:]...)); u == username || p == password {
			t.Fatal("two peppers share a half")
		}
	})
	if apikey.DigestOfPair("alice", "wonderland") != apikey.DigestOf("alice:wonderland") {
		t.Error("a pair has not the digest of what Basic sends")
	}
}
