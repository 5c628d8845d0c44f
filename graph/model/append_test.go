package model_test

import (
	"bytes"
	"math"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/graph/model"
	"portico/internal/nodeid"
)

func encoded(m graphql.Marshaler) string {
	var b bytes.Buffer
	m.MarshalGQL(&b)
	return b.String()
}

// What is appended is what is marshalled.
func TestAppendEqualsMarshal(t *testing.T) {
	for _, s := range []string{"", "plain", `a "quoted" \ text`, "line\n\ttab\r\x00\x1f", "\x7f", "Grüße 世界 🙂", "\u2028<>&", "half \xff"} {
		require.Equal(t, encoded(model.MarshalText(s)), string(model.AppendText(nil, s)))
		require.Equal(t, "x"+encoded(model.MarshalText(s)), string(model.AppendText([]byte("x"), s)))
	}
	for range 100 {
		id := uuid.New()
		require.Equal(t, encoded(model.MarshalUUID(id)), string(model.AppendUUID(nil, id)))
		require.Equal(t, encoded(graphql.MarshalID(nodeid.Encode(nodeid.App, id))), string(model.AppendNodeID(nil, nodeid.App, id)))
	}
	require.Equal(t, encoded(model.MarshalUUID(uuid.Nil)), string(model.AppendUUID(nil, uuid.Nil)))
	for _, at := range []time.Time{{}, time.Unix(1, 0), time.Date(2026, 2, 3, 4, 5, 6, 7000, time.FixedZone("", 3600))} {
		require.Equal(t, encoded(model.MarshalTime(at)), string(model.AppendTime(nil, at)))
	}
	for _, i := range []int{0, 1, -1, math.MaxInt32, math.MaxInt32 + 1, math.MinInt32 - 1, math.MaxInt, math.MinInt} {
		require.Equal(t, encoded(model.MarshalInt(i)), string(model.AppendInt(nil, i)))
		require.Equal(t, encoded(model.MarshalBigInt(int64(i))), string(model.AppendBigInt(nil, int64(i))))
	}
}
