package rawkey_test

import (
	"math/big"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"portico/clients/go/gate/base62"
	"portico/clients/go/gate/rawkey"
)

func uuids() *rapid.Generator[uuid.UUID] {
	return rapid.Custom(func(t *rapid.T) uuid.UUID {
		return uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "bytes"))
	})
}

func prefixes() *rapid.Generator[string] { return rapid.StringMatching(`[a-z][a-z0-9]{0,15}`) }

func TestParseReversesJoin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prefix, username, password := prefixes().Draw(t, "prefix"), uuids().Draw(t, "username"), uuids().Draw(t, "password")
		raw := rawkey.Join(prefix, username, password)
		if len(raw) != len(prefix)+51 || !strings.HasPrefix(raw, prefix+"_") {
			t.Fatalf("joined to %q", raw)
		}
		u, p, ok := rawkey.Parse(raw)
		if !ok || u != username || p != password {
			t.Fatalf("%q was read as %v %v %v", raw, u, p, ok)
		}
	})
}

func TestParseExtremes(t *testing.T) {
	for _, id := range []uuid.UUID{uuid.Nil, uuid.Max} {
		if u, p, ok := rawkey.Parse(rawkey.Join("ptk", id, id)); !ok || u != id || p != id {
			t.Errorf("%v was read as %v %v %v", id, u, p, ok)
		}
	}
}

// A CRC detects every error within its width, so no change of a single
// character goes unnoticed.
func TestParseRefusesAChangedCharacter(t *testing.T) {
	raw := rawkey.Join("ptk", uuid.MustParse("8f14e45f-ceea-467a-9575-8a1b3e4b1c2d"), uuid.MustParse("c9f0f895-fb98-4b91-a1b2-c3d4e5f60718"))
	for i := range len(raw) {
		for c := range 256 {
			if byte(c) == raw[i] {
				continue
			}
			changed := []byte(raw)
			changed[i] = byte(c)
			if _, _, ok := rawkey.Parse(string(changed)); ok {
				t.Fatalf("character %d became %q unnoticed", i, byte(c))
			}
		}
	}
}

func TestParseRefusesTruncatedDoubledAndSwappedKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := rawkey.Join(prefixes().Draw(t, "prefix"), uuids().Draw(t, "username"), uuids().Draw(t, "password"))
		i := rapid.IntRange(0, len(raw)-1).Draw(t, "at")
		swapped := []byte(raw)
		if i+1 < len(raw) {
			swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
		}
		for _, bad := range []string{raw[:i], raw[i+1:], raw[:i] + raw[i+1:], raw + raw, raw + " ", " " + raw, string(swapped)} {
			if _, _, ok := rawkey.Parse(bad); ok && bad != raw {
				t.Fatalf("%q was taken for a key", bad)
			}
		}
	})
}

func TestJunk(t *testing.T) {
	digits := strings.Repeat("z", 43)
	for _, junk := range []string{
		"", "_", "__", "___", "ptk", "ptk__", "ptk_" + digits, "ptk_" + digits + "_", "ptk_" + digits + "_000000",
		strings.Repeat("_", 60), strings.Repeat("a", 1<<20), "ptk_\x00", "ptk_\xff\xfe", "PTK" + rawkey.Join("ptk", uuid.Nil, uuid.Nil)[3:],
	} {
		if u, p, ok := rawkey.Parse(junk); ok || u != uuid.Nil || p != uuid.Nil {
			t.Errorf("%.80q was taken for a key", junk)
		}
	}
}

// A valid checksum does not make an invalid prefix valid.
func TestParseRefusesInvalidPrefixes(t *testing.T) {
	for _, prefix := range []string{"", "Ptk", "p_k", "1tk", "p k", "ptk-", strings.Repeat("a", 17), "ü"} {
		if rawkey.ValidPrefix(prefix) {
			t.Errorf("%q is a valid prefix", prefix)
		}
		if _, _, ok := rawkey.Parse(rawkey.Join(prefix, uuid.Max, uuid.Max)); ok {
			t.Errorf("a key of the prefix %q was read", prefix)
		}
	}
	for _, prefix := range []string{"p", "ptk", "a1", strings.Repeat("z", rawkey.MaxPrefix)} {
		if !rawkey.ValidPrefix(prefix) {
			t.Errorf("%q is no valid prefix", prefix)
		}
	}
}

// tooLarge are right in every way but that their digits are more than 256 bits.
func tooLarge() (raw []string) {
	limit := new(big.Int).Lsh(big.NewInt(1), 256)
	for _, digits := range []string{limit.Text(62), strings.Repeat("Z", 43)} {
		body := "ptk_" + digits
		raw = append(raw, body+"_"+base62.Checksum(body))
	}
	return raw
}

func TestParseRefusesMoreThan256Bits(t *testing.T) {
	largest := rawkey.Join("ptk", uuid.Max, uuid.Max)
	if _, _, ok := rawkey.Parse(largest); !ok {
		t.Fatal("the largest number is no key")
	}
	for _, raw := range tooLarge() {
		if len(raw) != len(largest) {
			t.Fatalf("%q has another length than a key", raw)
		}
		if u, p, ok := rawkey.Parse(raw); ok || u != uuid.Nil || p != uuid.Nil {
			t.Errorf("%q was read as %v %v", raw, u, p)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(rawkey.Join("ptk", uuid.Nil, uuid.Max))
	f.Add(rawkey.Join(strings.Repeat("z", rawkey.MaxPrefix), uuid.Max, uuid.Max))
	for _, raw := range tooLarge() {
		f.Add(raw)
	}
	f.Add("__")
	f.Fuzz(func(t *testing.T, raw string) {
		u, p, ok := rawkey.Parse(raw)
		if !ok {
			if u != uuid.Nil || p != uuid.Nil {
				t.Error("a refused text gave ids")
			}
			return
		}
		prefix, _, _ := strings.Cut(raw, "_")
		if rawkey.Join(prefix, u, p) != raw {
			t.Errorf("%q is a second way to write a key", raw)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	raw := rawkey.Join("ptk", uuid.New(), uuid.New())
	b.ReportAllocs()
	for b.Loop() {
		if _, _, ok := rawkey.Parse(raw); !ok {
			b.Fatal("it is not read")
		}
	}
}
