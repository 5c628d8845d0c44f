package activity

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/ent/db/account"
	"portico/ent/db/organization"
	"portico/internal/change"
	"portico/internal/eventlog"
	"portico/internal/nodeid"
	"portico/internal/viewer"
)

// Export is what was exported of a list.
type Export struct {
	List, Format string
	// Filter and OrderBy are the JSON by which it was asked for; "" for none.
	Filter, OrderBy string
	// Rows is how many were sent, which need not have arrived. Complete is false if the
	// export broke off after them.
	Rows     int
	Complete bool
}

// RecordExport records that the viewer exported a list. The viewer was asked about
// the rows as they were read, and may have lost every right since.
func (svc *Service) RecordExport(ctx context.Context, e Export) error {
	return change.Exec(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) error {
		entry, err := exportedBy(ctx, tx)
		if err != nil {
			return err
		}
		entry.Type = eventlog.ListExported
		entry.Changes = change.Attributes("list", e.List, "format", e.Format)
		if e.Filter != "" {
			entry.Changes = append(entry.Changes, change.Attributes("filter", withoutTexts(e.Filter))...)
		}
		if e.OrderBy != "" {
			entry.Changes = append(entry.Changes, change.Attributes("orderBy", e.OrderBy)...)
		}
		entry.Changes = append(entry.Changes, change.Attributes("rows", e.Rows, "complete", e.Complete)...)
		tx.Record(entry)
		return nil
	})
}

// exportedBy returns an entry about whose rows the viewer exports: the account's, or the
// organization's.
func exportedBy(ctx context.Context, tx *change.Tx) (e eventlog.Entry, err error) {
	system := viewer.AsSystem(ctx, tx.OrganizationID())
	if id := tx.Viewer.AccountID; id != uuid.Nil {
		e = eventlog.Entry{Subject: nodeid.Account, SubjectID: id, AccountID: &id}
		e.SubjectName, err = tx.Account.Query().Where(account.ID(id)).Select(account.FieldName).String(system)
	} else {
		e = eventlog.Entry{Subject: nodeid.Organization, SubjectID: tx.OrganizationID()}
		e.SubjectName, err = tx.Organization.Query().Where(organization.ID(e.SubjectID)).Select(organization.FieldName).String(system)
	}
	if db.IsNotFound(err) { // deleted meanwhile
		err = nil
	}
	return e, err
}

// searchedTexts are the conditions of lists that may have names and addresses of people,
// which events do not keep.
var searchedTexts = []string{"search", "contains", "nameContains", "titleContains"}

// withoutTexts returns a filter with "…" in place of what was searched for.
func withoutTexts(filter string) string {
	var conditions map[string]any
	if json.Unmarshal([]byte(filter), &conditions) != nil {
		return "…" // not what a filter is
	}
	found := false
	for _, name := range searchedTexts {
		if conditions[name] != nil {
			conditions[name], found = "…", true
		}
	}
	if !found {
		return filter
	}
	text, err := json.Marshal(conditions)
	if err != nil {
		return "…"
	}
	return string(text)
}
