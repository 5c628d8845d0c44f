package paging_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"portico/internal/fault"
	"portico/internal/paging"
)

func key(id, secret string) paging.Key { return paging.Key{ID: id, Secret: []byte(secret)} }

// ring returns a function that finds these keys by id.
func ring(keys ...paging.Key) func(string) (paging.Key, bool) {
	return func(id string) (paging.Key, bool) {
		for _, k := range keys {
			if k.ID == id {
				return k, true
			}
		}
		return paging.Key{}, false
	}
}

func TestOpenReversesSeal(t *testing.T) {
	old, current := key("c1", "one"), key("c2", "two")
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.String().Draw(t, "list")
		place := paging.Place{Value: rapid.StringN(0, 300, -1).Draw(t, "value"), ID: uuid.New()}
		for _, k := range []paging.Key{old, current} {
			got, err := paging.Open(ring(old, current), list, paging.Seal(k, list, place))
			if err != nil || got != place {
				t.Fatalf("%+v was read as %+v (%v)", place, got, err)
			}
		}
	})
}

func refused(t *testing.T, what string, find func(string) (paging.Key, bool), list, cursor string) {
	t.Helper()
	place, err := paging.Open(find, list, cursor)
	if !fault.Is(err, fault.CodeBadUserInput) || place != (paging.Place{}) {
		t.Errorf("%s was read as %+v (%v)", what, place, err)
	}
}

func TestOpenRefusesCursorsOfOtherLists(t *testing.T) {
	k := key("c1", "secret")
	place := paging.Place{Value: "Åcme", ID: uuid.New()}
	cursor := paging.Seal(k, "apps|name", place)
	refused(t, "a cursor of another list", ring(k), "apps|created", cursor)
	refused(t, "a cursor of a list named alike", ring(k), "apps|name\x00", cursor)
	refused(t, "a cursor of an unknown key", ring(), "apps|name", cursor)
	refused(t, "a cursor of another key of the same id", ring(key("c1", "other")), "apps|name", cursor)
	refused(t, "a cursor under another key's id", ring(key("c2", "secret")), "apps|name", cursor)
}

// An attacker can seal with an empty secret: a key that the ring does not have
// must not be treated as one with an empty secret.
func TestACursorOfAnUnknownKeyIsRefused(t *testing.T) {
	place := paging.Place{Value: "a", ID: uuid.Max}
	for _, id := range []string{"c9", "", "C1", "c1 "} {
		for _, secret := range []string{"", "secret"} {
			refused(t, "a cursor of the unknown key "+id, ring(key("c1", "secret")), "apps", paging.Seal(key(id, secret), "apps", place))
		}
	}
}

// The unused bits of a cursor's last character are zero, so that a cursor has
// one spelling.
func TestUnusedBitsAreRefused(t *testing.T) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	k, others := key("c1", "secret"), 0
	for _, value := range []string{"a", "ab", "abc"} { // 0, 2 and 4 bits
		cursor := paging.Seal(k, "apps", paging.Place{Value: value, ID: uuid.Max})
		body, last := cursor[:len(cursor)-1], cursor[len(cursor)-1]
		for i := range len(alphabet) {
			if alphabet[i] == last {
				continue
			}
			changed := body + alphabet[i:i+1]
			if same, err := base64.RawURLEncoding.DecodeString(changed); err == nil && base64.RawURLEncoding.EncodeToString(same) == cursor {
				others++
			}
			refused(t, "a cursor with another last character", ring(k), "apps", changed)
		}
	}
	if others != 3+15 {
		t.Errorf("%d spellings were tried", others)
	}
}

// The list's name and the place are separated: the end of one cannot become the
// beginning of the other.
func TestListNameAndPlaceAreSeparated(t *testing.T) {
	k := key("c1", "secret")
	raw, err := base64.RawURLEncoding.DecodeString(paging.Seal(k, "apps ", paging.Place{Value: "a", ID: uuid.Max}))
	if err != nil {
		t.Fatal(err)
	}
	const macLength = 16
	moved := slices.Insert(raw, macLength, ' ') // which JSON passes over
	refused(t, "a cursor of a longer name", ring(k), "apps", base64.RawURLEncoding.EncodeToString(moved))
}

func TestEveryTamperedCursorIsRefused(t *testing.T) {
	k := key("c1", "secret")
	cursor := paging.Seal(k, "apps", paging.Place{Value: "2026-01-02T03:04:05Z", ID: uuid.MustParse("8f14e45f-ceea-467a-9575-8a1b3e4b1c2d")})
	for i := range len(cursor) {
		for _, c := range []byte("A1z_-=+/ \x00\xff") {
			if cursor[i] != c {
				changed := []byte(cursor)
				changed[i] = c
				refused(t, "a changed cursor", ring(k), "apps", string(changed))
			}
		}
		refused(t, "a cursor cut short", ring(k), "apps", cursor[:i])
		refused(t, "a cursor without a character", ring(k), "apps", cursor[:i]+cursor[i+1:])
	}
	for _, junk := range []string{" ", cursor + "\n", "\r\n" + cursor, cursor + "A", cursor + "=", cursor + cursor, "null", "e30", strings.Repeat("A", 1<<20)} {
		refused(t, "junk", ring(k), "apps", junk)
	}
}

func FuzzOpen(f *testing.F) {
	k := key("c1", "secret")
	place := paging.Place{Value: "a", ID: uuid.Max}
	cursor := paging.Seal(k, "apps", place)
	f.Add(cursor)
	f.Add(cursor[:len(cursor)-1] + "_")
	f.Add(paging.Seal(key("c9", ""), "apps", place))
	f.Add("")
	f.Fuzz(func(t *testing.T, cursor string) {
		if got, err := paging.Open(ring(k), "apps", cursor); err == nil && paging.Seal(k, "apps", got) != cursor {
			t.Errorf("%q is a second way to write %+v", cursor, got)
		}
	})
}
