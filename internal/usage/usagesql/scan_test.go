package usagesql_test

import (
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/domain"
	"portico/internal/usage/usagesql"
)

func TestParseRetention(t *testing.T) {
	for column, want := range map[string]domain.UsageRetention{
		"null":                             {Minutes: 7, Hours: 400, Days: 1830},
		`{"minutes":5,"hours":6,"days":7}`: {Minutes: 5, Hours: 6, Days: 7},
		`{"minutes":1,"hours":1,"days":1}`: {Minutes: 2, Hours: 3, Days: 3},
	} {
		got, err := usagesql.ParseRetention(sql.NullString{String: column, Valid: true})
		require.NoError(t, err)
		require.Equal(t, want, got, column)
	}
	_, err := usagesql.ParseRetention(sql.NullString{String: "{", Valid: true})
	require.Error(t, err)
}
