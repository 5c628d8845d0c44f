package model_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/graph/model"
)

func TestATimeHasAnOffsetOfLessThanADay(t *testing.T) {
	for _, text := range []string{"2026-01-02T03:04:05+24:00", "2026-01-02T03:04:05-24:00"} {
		_, err := model.UnmarshalTime(text)
		require.Error(t, err, text)
	}
	for _, text := range []string{"2026-01-02T03:04:05+14:00", "2026-01-02T03:04:05-12:00", "2026-01-02T03:04:05Z"} {
		_, err := model.UnmarshalTime(text)
		require.NoError(t, err, text)
	}
}
