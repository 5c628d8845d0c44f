package apikey_test

import (
	"testing"

	"github.com/google/uuid"

	"portico/internal/apikey"
)

func TestAMatcherAgreesWithMatches(t *testing.T) {
	pepper, other := []byte("a pepper of the test, long enough"), []byte("another pepper, just as long as it")
	m := apikey.NewMatcher(pepper)
	for range 100 {
		username, password := uuid.New(), uuid.New()
		stored := apikey.Hash(pepper, username, password)
		if !m.Matches(stored, username, password) {
			t.Fatal("the right password was refused")
		}
		if m.Matches(stored, username, uuid.New()) || m.Matches(stored, uuid.New(), password) ||
			m.Matches(nil, username, password) || m.Matches(apikey.Hash(other, username, password), username, password) {
			t.Fatal("a wrong one was accepted")
		}
	}
	username, password := uuid.New(), uuid.New()
	stored := apikey.Hash(pepper, username, password)
	if n := testing.AllocsPerRun(100, func() { m.Matches(stored, username, password) }); n >= 1 {
		t.Errorf("it allocates %v times", n)
	}
}
