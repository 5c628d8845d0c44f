// Package base62 writes bytes as digits and letters of a fixed length, and a
// checksum beside them: the form of node ids, raw keys and service tokens.
package base62

import (
	"encoding/binary"
	"hash/crc32"
	"math/big"
	"strings"
)

// ChecksumDigits is the length of a Checksum: 32 bits.
const ChecksumDigits = 6

// Encode writes b as a number in exactly so many digits, which must be enough:
// 22 for 16 bytes, 43 for 32.
func Encode(b []byte, digits int) string {
	text := new(big.Int).SetBytes(b).Text(62)
	return strings.Repeat("0", digits-len(text)) + text
}

// Decode reads what Encode wrote of so many bytes in so many digits. ok is
// false for everything else.
func Decode(s string, digits, size int) (b []byte, ok bool) {
	if len(s) != digits {
		return nil, false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return nil, false // big.Int reads signs and underscores too
		}
	}
	n, ok := new(big.Int).SetString(s, 62)
	if !ok || n.BitLen() > size*8 {
		return nil, false
	}
	return n.FillBytes(make([]byte, size)), true
}

// Checksum is the CRC-32 of a text: it tells junk and slips of the pen from
// what was once written, and proves nothing.
func Checksum(text string) string {
	return Encode(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(text))), ChecksumDigits)
}
