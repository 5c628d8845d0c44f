// Package model is what the schema needs in Go besides the entities: the
// inputs and payloads that gqlgen writes, and by hand the scalars, connections
// and the few objects that no table stands behind.
package model

import (
	"io"
	"math"
	"regexp"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"portico/internal/address"
	"portico/internal/clock"
	"portico/internal/fault"
)

// MarshalTime writes a time by RFC 3339 in UTC.
func MarshalTime(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		buf := make([]byte, 0, 32)
		buf = append(buf, '"')
		buf = t.UTC().AppendFormat(buf, time.RFC3339Nano)
		_, _ = w.Write(append(buf, '"'))
	})
}

// UnmarshalTime reads a time by RFC 3339, of the years 1 to 9999.
func UnmarshalTime(v any) (time.Time, error) {
	s, ok := v.(string)
	if !ok {
		return time.Time{}, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidValue, "A Time is a string by RFC 3339.")
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.UTC().Year() < 1 || t.UTC().Year() > 9999 {
		return time.Time{}, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidValue, "This is not a Time by RFC 3339.")
	}
	return clock.Whole(t), nil
}

// MarshalUUID writes a UUID in its usual text form.
func MarshalUUID(id uuid.UUID) graphql.Marshaler { return graphql.MarshalUUID(id) }

// UnmarshalUUID reads a UUID in its usual text form; capital letters will do.
func UnmarshalUUID(v any) (uuid.UUID, error) {
	s, ok := v.(string)
	id, err := uuid.Parse(s)
	if !ok || err != nil || len(s) != len(id.String()) { // Parse reads other forms, too
		return uuid.Nil, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidValue, "This is not a UUID by RFC 9562.")
	}
	return id, nil
}

// MarshalEmail writes an e-mail address as it was typed.
func MarshalEmail(e address.Email) graphql.Marshaler { return graphql.MarshalString(e.Typed()) }

// UnmarshalEmail reads an e-mail address. What is none is told by whoever needs
// one, in words about the field.
func UnmarshalEmail(v any) (address.Email, error) {
	s, err := graphql.UnmarshalString(v)
	return address.ParseEmail(s), err
}

// MarshalUUIDText writes a UUID that is text already.
func MarshalUUIDText(s string) graphql.Marshaler { return graphql.MarshalString(s) }

// UnmarshalUUIDText takes what may be a UUID as it is, for inputs in which a
// malformed one is for the user to correct.
func UnmarshalUUIDText(v any) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "", fault.New(fault.CodeBadUserInput, fault.ReasonInvalidValue, "A UUID is a string.")
	}
	return s, nil
}

var decimal = regexp.MustCompile(`^-?[0-9]{1,12}(?:\.[0-9]{1,6})?$`)

// MarshalDecimal writes a decimal number as text.
func MarshalDecimal(s string) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = io.WriteString(w, strconv.Quote(s)) })
}

// UnmarshalDecimal reads a decimal number from text.
func UnmarshalDecimal(v any) (string, error) {
	s, ok := v.(string)
	if !ok || !decimal.MatchString(s) {
		return "", fault.New(fault.CodeBadUserInput, fault.ReasonInvalidValue, `A Decimal is a string such as "19.90".`)
	}
	return s, nil
}

// MarshalInt writes a GraphQL Int. Fields of type Int are of what cannot come
// near its bounds; one that did would stop there, as an answer may not exceed
// 32 bits.
func MarshalInt(i int) graphql.Marshaler {
	return number(min(max(int64(i), math.MinInt32), math.MaxInt32))
}

// UnmarshalInt reads a GraphQL Int: 32 bits, as the specification has it.
func UnmarshalInt(v any) (int, error) {
	i, err := graphql.UnmarshalInt32(v)
	if err != nil {
		return 0, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidValue, "An Int is a whole number of 32 bits.")
	}
	return int(i), nil
}

// mostBig is the greatest BigInt: every reader of JSON takes it exactly.
const mostBig = 1<<53 - 1

// MarshalBigInt writes a BigInt; what exceeds its bounds stops there.
func MarshalBigInt(i int64) graphql.Marshaler { return number(min(max(i, -mostBig), mostBig)) }

// UnmarshalBigInt reads a BigInt.
func UnmarshalBigInt(v any) (int64, error) {
	i, err := graphql.UnmarshalInt64(v)
	if _, text := v.(string); text || v == nil || err != nil || i < -mostBig || i > mostBig {
		return 0, fault.New(fault.CodeBadUserInput, fault.ReasonInvalidValue, "A BigInt is a whole number of at most 2^53 - 1.")
	}
	return i, nil
}

// MarshalCount writes a BigInt.
func MarshalCount(i int) graphql.Marshaler { return MarshalBigInt(int64(i)) }

// UnmarshalCount reads a BigInt; null, which only optional ones can be, is 0.
func UnmarshalCount(v any) (int, error) {
	if v == nil {
		return 0, nil
	}
	i, err := UnmarshalBigInt(v)
	return int(i), err
}

func number(i int64) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		var buf [20]byte
		_, _ = w.Write(strconv.AppendInt(buf[:0], i, 10))
	})
}
