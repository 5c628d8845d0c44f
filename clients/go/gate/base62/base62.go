// Package base62 writes bytes as digits and letters of a fixed length, and a
// checksum beside them: the form of node ids, raw keys and service tokens.
package base62

import (
	"encoding/binary"
	"hash/crc32"
	"math/bits"
	"slices"
	"unsafe"
)

// ChecksumDigits is the length of a Checksum: 32 bits.
const ChecksumDigits = 6

const (
	// most is the most bytes that are written: 256 bits.
	most = 32
	// A chunk is as many digits as fit into a machine word, so that long numbers
	// are divided seldom. chunkValue is 62 to the power of chunkDigits, and
	// halfValue to that of half as many.
	chunkDigits = 10
	chunkValue  = 839299365868340224
	halfValue   = 916132832
	alphabet    = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// number is up to most bytes, the highest word first.
type number []uint64

// Encode writes b, at most 32 bytes, as a number in exactly so many digits,
// which must be enough: 22 for 16 bytes, 43 for 32.
func Encode(b []byte, digits int) string {
	var room [2 * most]byte
	return string(Append(room[:0], b, digits))
}

// Append is Encode at the end of dst.
func Append(dst, b []byte, digits int) []byte {
	var whole [most]byte
	copy(whole[most-len(b):], b)
	var words [most / 8]uint64
	for i := range words {
		words[i] = binary.BigEndian.Uint64(whole[8*i:])
	}
	n := number(words[(most-len(b))/8:])
	start := len(dst)
	dst = slices.Grow(dst, digits)[:start+digits]
	out := dst[start:]
	for ; len(out) >= chunkDigits; out = out[:len(out)-chunkDigits] {
		writeChunk((*[chunkDigits]byte)(out[len(out)-chunkDigits:]), n.divide())
	}
	rest := n.divide()
	for i := len(out) - 1; i >= 0; i-- {
		out[i], rest = alphabet[rest%62], rest/62
	}
	return dst
}

// writeChunk writes the digits of a chunk. Its two halves do not wait for each
// other's divisions.
func writeChunk(out *[chunkDigits]byte, value uint64) {
	const half = chunkDigits / 2
	high, low := uint32(value/halfValue), uint32(value%halfValue)
	for i := half - 1; i >= 0; i-- {
		out[i], high = alphabet[high%62], high/62
		out[i+half], low = alphabet[low%62], low/62
	}
}

// divide divides n by chunkValue and returns the remainder.
func (n number) divide() (rest uint64) {
	for i := range n {
		if rest == 0 { // a constant divides one word by a multiplication
			n[i], rest = n[i]/chunkValue, n[i]%chunkValue
		} else {
			n[i], rest = bits.Div64(rest, n[i], chunkValue)
		}
	}
	return rest
}

// Decode reads what Encode wrote of so many bytes in so many digits. ok is
// false for everything else.
func Decode(s string, digits, size int) (b []byte, ok bool) {
	b = make([]byte, size)
	return b, len(s) == digits && DecodeInto(b, s)
}

// DecodeInto reads digits into dst, at most 32 bytes. It returns false for what
// is no digit, and for a number that needs more bytes.
func DecodeInto(dst []byte, s string) bool {
	var words [most / 8]uint64
	n := number(words[(most-len(dst))/8:])
	for len(s) > 0 {
		chunk := s[:(len(s)-1)%chunkDigits+1]
		s = s[len(chunk):]
		var value uint64
		for _, c := range []byte(chunk) {
			d := digit(c)
			if d == noDigit {
				return false
			}
			value = value*62 + uint64(d)
		}
		if !n.multiply(value) {
			return false
		}
	}
	var whole [most]byte
	for i, word := range words {
		binary.BigEndian.PutUint64(whole[8*i:], word)
	}
	for _, high := range whole[:most-len(dst)] {
		if high != 0 {
			return false
		}
	}
	copy(dst, whole[most-len(dst):])
	return true
}

// multiply multiplies n by chunkValue and adds to it; false when it overflows.
func (n number) multiply(add uint64) bool {
	for i := len(n) - 1; i >= 0; i-- {
		high, low := bits.Mul64(n[i], chunkValue)
		sum, carry := bits.Add64(low, add, 0)
		n[i], add = sum, high+carry
	}
	return add == 0
}

// values are the digits' values, from '0' to 'z', and noDigit in between. They
// are looked up, as random digits are of no use to a processor that guesses
// which way a condition goes.
const (
	values = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09" + "\xff\xff\xff\xff\xff\xff\xff" +
		"\x24\x25\x26\x27\x28\x29\x2a\x2b\x2c\x2d\x2e\x2f\x30\x31\x32\x33\x34\x35\x36\x37\x38\x39\x3a\x3b\x3c\x3d" + "\xff\xff\xff\xff\xff\xff" +
		"\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x20\x21\x22\x23"
	noDigit = 0xff
)

func digit(c byte) byte {
	if i := int(c) - '0'; i >= 0 && i < len(values) {
		return values[i]
	}
	return noDigit
}

// Checksum is the CRC-32 of a text: it distinguishes junk and typing errors from
// what was once written, and proves nothing.
func Checksum(text string) string {
	sum := sumOf(text)
	return Encode(sum[:], ChecksumDigits)
}

// IsChecksum reports whether check is the Checksum of text.
func IsChecksum(text, check string) bool {
	var sum [4]byte
	return len(check) == ChecksumDigits && DecodeInto(sum[:], check) && sum == sumOf(text)
}

func sumOf(text string) (sum [4]byte) {
	// The bytes of the text itself: they are only read, and a copy takes longer.
	bytes := unsafe.Slice(unsafe.StringData(text), len(text)) //nolint:gosec // as said
	binary.BigEndian.PutUint32(sum[:], crc32.ChecksumIEEE(bytes))
	return sum
}
