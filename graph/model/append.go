package model

import (
	"encoding/hex"
	"math"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"portico/internal/nodeid"
)

// The functions Append… append to dst what the functions Marshal… of the same name
// encode.

// AppendText appends a text.
func AppendText(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			return appendEscaped(dst, s)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

// appendEscaped appends a text of any characters.
func appendEscaped(dst []byte, s string) []byte {
	out := appender(dst)
	graphql.MarshalString(s).MarshalGQL(&out)
	return out
}

// appender appends what is written to it.
type appender []byte

// Write never fails.
func (a *appender) Write(p []byte) (int, error) {
	*a = append(*a, p...)
	return len(p), nil
}

// WriteString is Write without a copy.
func (a *appender) WriteString(s string) (int, error) {
	*a = append(*a, s...)
	return len(s), nil
}

// AppendTime appends a time.
func AppendTime(dst []byte, t time.Time) []byte {
	dst = t.UTC().AppendFormat(append(dst, '"'), time.RFC3339Nano)
	return append(dst, '"')
}

// AppendUUID appends a UUID, and null for an empty one.
func AppendUUID(dst []byte, id uuid.UUID) []byte {
	if id == uuid.Nil {
		return append(dst, "null"...)
	}
	const size = 36
	start := len(dst) + 1
	dst = append(dst, `"00000000-0000-0000-0000-000000000000"`...)
	text := dst[start : start+size]
	hex.Encode(text[:8], id[:4])
	hex.Encode(text[9:13], id[4:6])
	hex.Encode(text[14:18], id[6:8])
	hex.Encode(text[19:23], id[8:10])
	hex.Encode(text[24:], id[10:])
	return dst
}

// AppendNodeID appends the opaque id of a row.
func AppendNodeID(dst []byte, k nodeid.Kind, id uuid.UUID) []byte {
	return append(nodeid.Append(append(dst, '"'), k, id), '"')
}

// AppendInt appends an Int.
func AppendInt(dst []byte, i int) []byte {
	return strconv.AppendInt(dst, min(max(int64(i), math.MinInt32), math.MaxInt32), 10)
}

// AppendBigInt appends a BigInt.
func AppendBigInt(dst []byte, i int64) []byte {
	return strconv.AppendInt(dst, min(max(i, -maxBigInt), maxBigInt), 10)
}
