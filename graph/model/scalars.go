// Package model contains the schema's Go types besides the entities: the inputs
// and payloads that gqlgen generates, and by hand the scalars, connections and
// the few objects that have no table.
package model

import (
	"io"
	"regexp"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"portico/internal/address"
	"portico/internal/clock"
	"portico/internal/fault"
)

// MarshalTime encodes a time by RFC 3339 in UTC.
func MarshalTime(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		_, _ = w.Write(AppendTime(make([]byte, 0, 32), t))
	})
}

// UnmarshalTime decodes a time by RFC 3339, of the years 1 to 9999.
func UnmarshalTime(v any) (time.Time, error) {
	s, ok := v.(string)
	if !ok {
		return time.Time{}, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidValue, "A Time is a string by RFC 3339.")
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || !nearUTC(t) || t.UTC().Year() < 1 || t.UTC().Year() > 9999 {
		return time.Time{}, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidValue, "This is not a Time by RFC 3339.")
	}
	return clock.Whole(t), nil
}

// nearUTC reports whether a time's offset is below 24 hours, which time.Parse takes.
func nearUTC(t time.Time) bool {
	const day = 24 * 60 * 60
	_, offset := t.Zone()
	return -day < offset && offset < day
}

// MarshalUUID encodes a UUID in its usual text form.
func MarshalUUID(id uuid.UUID) graphql.Marshaler { return graphql.MarshalUUID(id) }

// UnmarshalUUID decodes a UUID in its usual text form, in either case.
func UnmarshalUUID(v any) (uuid.UUID, error) {
	s, ok := v.(string)
	id, err := uuid.Parse(s)
	if !ok || err != nil || len(s) != len(id.String()) { // Parse accepts other forms too
		return uuid.Nil, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidValue, "This is not a UUID by RFC 9562.")
	}
	return id, nil
}

// MarshalEmail encodes an e-mail address as it was typed.
func MarshalEmail(e address.Email) graphql.Marshaler { return graphql.MarshalString(e.Typed()) }

// UnmarshalEmail decodes an e-mail address. An invalid one is reported by the
// service that needs it, in words about the field.
func UnmarshalEmail(v any) (address.Email, error) {
	s, err := graphql.UnmarshalString(v)
	return address.ParseEmail(s), err
}

// MarshalUUIDText encodes a UUID that is text already.
func MarshalUUIDText(s string) graphql.Marshaler { return graphql.MarshalString(s) }

// UnmarshalUUIDText accepts any text, for inputs in which a malformed UUID is
// the user's to correct.
func UnmarshalUUIDText(v any) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "", fault.New(fault.CodeBadUserInput, fault.ReasonInvalidValue, "A UUID is a string.")
	}
	return s, nil
}

var decimal = regexp.MustCompile(`^-?[0-9]{1,12}(?:\.[0-9]{1,6})?$`)

// MarshalDecimal encodes a decimal number as text.
func MarshalDecimal(s string) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = io.WriteString(w, strconv.Quote(s)) })
}

// UnmarshalDecimal decodes a decimal number from text.
func UnmarshalDecimal(v any) (string, error) {
	s, ok := v.(string)
	if !ok || !decimal.MatchString(s) {
		return "", fault.New(fault.CodeBadUserInput, fault.ReasonInvalidValue, `A Decimal is a string such as "19.90".`)
	}
	return s, nil
}

// MarshalInt encodes a GraphQL Int. The values of Int fields never come near 32
// bits; one that did would be clamped, as an answer may not exceed them.
func MarshalInt(i int) graphql.Marshaler {
	return number(func(dst []byte) []byte { return AppendInt(dst, i) })
}

// UnmarshalInt decodes a GraphQL Int: 32 bits, as specified.
func UnmarshalInt(v any) (int, error) {
	i, err := graphql.UnmarshalInt32(v)
	if err != nil {
		return 0, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidValue, "An Int is a whole number of 32 bits.")
	}
	return int(i), nil
}

// maxBigInt is the greatest BigInt, which every JSON decoder reads exactly.
const maxBigInt = 1<<53 - 1

// MarshalBigInt encodes a BigInt, clamped to its bounds.
func MarshalBigInt(i int64) graphql.Marshaler {
	return number(func(dst []byte) []byte { return AppendBigInt(dst, i) })
}

// UnmarshalBigInt decodes a BigInt.
func UnmarshalBigInt(v any) (int64, error) {
	i, err := graphql.UnmarshalInt64(v)
	if _, text := v.(string); text || v == nil || err != nil || i < -maxBigInt || i > maxBigInt {
		return 0, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidValue, "A BigInt is a whole number of at most 2^53 - 1.")
	}
	return i, nil
}

// MarshalCount encodes a BigInt.
func MarshalCount(i int) graphql.Marshaler { return MarshalBigInt(int64(i)) }

// UnmarshalCount decodes a BigInt; null, which only optional ones can be, is 0.
func UnmarshalCount(v any) (int, error) {
	if v == nil {
		return 0, nil
	}
	i, err := UnmarshalBigInt(v)
	return int(i), err
}

// number encodes a number that append appends.
func number(append func(dst []byte) []byte) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		var buf [20]byte
		_, _ = w.Write(append(buf[:0]))
	})
}
