package graph_test

import (
	"errors"

	"entgo.io/ent/privacy"
	"github.com/stretchr/testify/require"

	"portico/internal/portal/portaltest"
	"portico/internal/viewer"
)

// rows is the policy's name for the tables, which no schema shows.
const rows = "Rows"

// reach returns how far the row policies let a viewer access a row.
func (m *matrix) reach(l line, who string) outcome {
	if _, ok := tables()[l.field]; !ok {
		return "no such table"
	}
	v := m.viewerOf(who)
	if who == "gateway" {
		v = viewer.Viewer{Role: viewer.Gateway, OrganizationID: m.one.Organization.ID}
	}
	if l.specimen == "make" {
		return m.makeRow(l.field, v, m.ownOf(who))
	}
	is := m.pick(l.field)
	tx, err := m.Client.Tx(m.t.Context())
	require.NoError(m.t, err)
	do := counting(tx.Client(), l.field)
	if l.specimen == "change" {
		do = changing(tx.Client(), l.field)
	}
	n, err := do(portaltest.As(m.t, v), is)
	require.NoError(m.t, tx.Rollback(), "nothing is to stay")
	switch {
	case errors.Is(err, privacy.Deny):
		return denied
	case err != nil: // the rules allowed it, and the database refused
		return outcome("the database refuses: " + err.Error())
	case n == 0:
		return none
	}
	return yes
}
