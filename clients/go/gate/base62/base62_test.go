package base62

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestWhatIsWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "bytes")
		text := Encode(b, 22)
		got, ok := Decode(text, 22, 16)
		if len(text) != 22 || !ok || !bytes.Equal(got, b) {
			t.Fatalf("%x became %q and then %x (%v)", b, text, got, ok)
		}
	})
}

func TestNothingElseIsRead(t *testing.T) {
	for _, s := range []string{"", "0", strings.Repeat("0", 21), strings.Repeat("0", 23), strings.Repeat("Z", 22),
		"-" + strings.Repeat("0", 21), "+" + strings.Repeat("0", 21), strings.Repeat("0", 21) + "_", strings.Repeat("0", 20) + "é"} {
		if got, ok := Decode(s, 22, 16); ok {
			t.Errorf("%q was read as %x", s, got)
		}
	}
}

func TestChecksum(t *testing.T) {
	if a, b := Checksum("abc"), Checksum("abd"); len(a) != ChecksumDigits || a == b {
		t.Errorf("%q and %q", a, b)
	}
}
