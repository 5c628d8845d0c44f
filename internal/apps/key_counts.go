package apps

import (
	"context"
	"slices"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/ent/db"
	"portico/ent/db/credential"
	"portico/ent/rowscan"
	"portico/internal/listing"
)

// KeyCounts says how many keys an app has, by status.
type KeyCounts struct {
	Total, Active, Uncollected, Disabled, Expired, Revoked int
}

// KeyCountsField is the name under which apps have their KeyCounts, if these were
// read with them; see KeyCountsEdge.
const KeyCountsField = "keyCounts"

// KeyCountsOfApps counts the keys of many apps with one statement.
func (svc *Service) KeyCountsOfApps(ctx context.Context, apps []uuid.UUID) (map[uuid.UUID]*KeyCounts, error) {
	out := make(map[uuid.UUID]*KeyCounts, len(apps))
	for _, id := range apps {
		out[id] = &KeyCounts{}
	}
	var app uuid.UUID
	n, now := numbersFor(nil), svc.clock.Now()
	cells := append([]any{rowscan.Into(&app, rowscan.ID)}, n.cells()...)
	err := svc.keyCounts(n).Read(ctx, svc.entities.Lists, apps, cells, func() { out[app] = n.counts(now) })
	return out, err
}

// KeyCountsEdge returns an edge from apps to their KeyCounts, of which some fields are
// asked for, by their names in the schema.
func (svc *Service) KeyCountsEdge(ctx context.Context, asked []string) listing.Edge {
	n := numbersFor(asked)
	return svc.keyCounts(n).Edge(ctx, func() ([]any, func() any) {
		n, now := numbersFor(asked), svc.clock.Now()
		return n.cells(), func() any { return n.counts(now) }
	})
}

// keyCounts are the numbers of an app's keys.
func (svc *Service) keyCounts(n *keyNumbers) listing.Computed[*db.Credential] {
	return listing.Computed[*db.Credential]{
		Name:   KeyCountsField,
		Query:  func() listing.Query[*db.Credential] { return svc.client.Credential.Query() },
		Column: credential.FieldAppID,
		Values: n.names(),
		Select: n.addTo,
	}
}

// keyNumbers are the numbers of an app's keys, as far as they are needed: of those of
// each status that is stored, and of these that are past their end. What that makes of
// a key is for its status to say.
type keyNumbers struct {
	// every is true if the keys of all statuses are needed; all is their number.
	every    bool
	all      int
	byStatus []keysOfStatus
}

type keysOfStatus struct {
	status   access.CredentialStatus
	n, ended int
}

// numbersFor returns the numbers that some fields of KeyCounts need; nil for all.
func numbersFor(asked []string) *keyNumbers {
	now := time.Time{}
	k := &keyNumbers{every: asked == nil || slices.Contains(asked, "total") || slices.Contains(asked, "revoked")}
	for _, stored := range access.CredentialActive.Values() {
		s := access.CredentialStatus(stored)
		field := func(s access.CredentialStatus) bool { return slices.Contains(asked, strings.ToLower(string(s))) }
		if k.every || field(s.At(now, nil)) || field(s.At(now, &now)) {
			k.byStatus = append(k.byStatus, keysOfStatus{status: s})
		}
	}
	return k
}

// names returns their names in a statement.
func (k *keyNumbers) names() (all []string) {
	if k.every {
		all = append(all, "keys")
	}
	for _, of := range k.byStatus {
		all = append(all, "keys_"+string(of.status), "keys_"+string(of.status)+"_ended")
	}
	return all
}

// addTo adds them to a statement.
func (k *keyNumbers) addTo(s *sql.Selector, now any) {
	if k.every {
		s.AppendSelectExprAs(sql.Expr(sql.Count("*")), "keys")
	}
	for _, of := range k.byStatus {
		name, has := "keys_"+string(of.status), s.C(credential.FieldStatus)+" = '"+string(of.status)+"'" // a constant
		s.AppendSelectExprAs(sql.Expr("COUNT(*) FILTER (WHERE "+has+")"), name)
		s.AppendSelectExprAs(sql.ExprFunc(func(b *sql.Builder) {
			b.WriteString("COUNT(*) FILTER (WHERE " + has + " AND " + s.C(credential.FieldExpiresAt) + " <= ").Arg(now).WriteString(")")
		}), name+"_ended")
	}
}

// cells returns what they are scanned into.
func (k *keyNumbers) cells() (all []any) {
	if k.every {
		all = append(all, rowscan.Into(&k.all, rowscan.Int))
	}
	for i := range k.byStatus {
		of := &k.byStatus[i]
		all = append(all, rowscan.Into(&of.n, rowscan.Int), rowscan.Into(&of.ended, rowscan.Int))
	}
	return all
}

// counts returns the numbers by the status that the keys have at a time. Keys of an
// unknown status are what is left of all.
func (k *keyNumbers) counts(now time.Time) *KeyCounts {
	out, unknown := &KeyCounts{}, k.all
	for _, of := range k.byStatus {
		out.add(of.status.At(now, nil), of.n-of.ended)
		out.add(of.status.At(now, &now), of.ended)
		unknown -= of.n
	}
	if k.every {
		out.add(access.CredentialStatus("").At(now, nil), unknown)
	}
	return out
}

func (k *KeyCounts) add(s access.CredentialStatus, n int) {
	k.Total += n
	switch s {
	case access.CredentialActive:
		k.Active += n
	case access.CredentialUncollected:
		k.Uncollected += n
	case access.CredentialDisabled:
		k.Disabled += n
	case access.CredentialExpired:
		k.Expired += n
	case access.CredentialRevoked:
		k.Revoked += n
	}
}
