package base62

import (
	"encoding/binary"
	"hash/crc32"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The standard library's numbers of any size write the same digits.
func TestTheDigitsAreThoseOfTheStandardLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.SampledFrom([]int{4, 16, 32}).Draw(t, "size")
		digits := map[int]int{4: 6, 16: 22, 32: 43}[size]
		b := rapid.SliceOfN(rapid.Byte(), size, size).Draw(t, "bytes")
		text := new(big.Int).SetBytes(b).Text(62)
		want := strings.Repeat("0", digits-len(text)) + text
		require.Equal(t, want, Encode(b, digits))
		got, ok := Decode(want, digits, size)
		require.True(t, ok)
		require.Equal(t, b, got)
	})
}

func TestNumbersThatAreTooLargeAreNone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.IntRange(1, 60).Draw(t, "digits")
		s := rapid.StringOfN(rapid.RuneFrom([]rune(alphabet)), digits, digits, -1).Draw(t, "text")
		n, _ := new(big.Int).SetString(s, 62)
		for _, size := range []int{4, 16, 32} {
			_, ok := Decode(s, digits, size)
			require.Equal(t, n.BitLen() <= size*8, ok, "%s in %d bytes", s, size)
		}
	})
}

func TestDecodingAllocatesNothing(t *testing.T) {
	s := Encode([]byte("sixteen bytes it"), 22)
	var dst [16]byte
	require.Zero(t, testing.AllocsPerRun(100, func() { DecodeInto(dst[:], s) }))
}

func BenchmarkEncode(b *testing.B) {
	id := []byte("sixteen bytes it")
	var dst []byte
	for b.Loop() {
		dst = Append(dst[:0], id, 22)
	}
}

func BenchmarkDecode(b *testing.B) {
	s := Encode([]byte("thirty-two bytes in all, these .")[:32], 43)
	var dst [32]byte
	for b.Loop() {
		DecodeInto(dst[:], s)
	}
}

func TestTheChecksumIsTheStandardLibrarys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		require.Equal(t, Encode(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(text))), ChecksumDigits), Checksum(text))
		require.True(t, IsChecksum(text, Checksum(text)))
		require.False(t, IsChecksum(text+"x", Checksum(text)))
	})
}
