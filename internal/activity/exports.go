package activity

import (
	"context"
	"encoding/json"
	"strings"

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
			entry.Changes = append(entry.Changes, change.Attributes("filter", recorded(e.Filter))...)
		}
		if e.OrderBy != "" {
			entry.Changes = append(entry.Changes, change.Attributes("orderBy", recorded(e.OrderBy))...)
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

// maxCondition is how many bytes of a filter or an order an event keeps: a filter may name
// hundreds of ids, and no event is to cost more than others because of it.
const maxCondition = 1000

// recorded returns what an event keeps of a condition, which is a JSON object: without
// white space, with "…" in place of what was searched for and of what is too long.
func recorded(condition string) string {
	var members map[string]any
	d := json.NewDecoder(strings.NewReader(condition))
	d.UseNumber()
	if d.Decode(&members) != nil {
		return "…" // not what a condition is
	}
	for _, name := range searchedTexts {
		if members[name] != nil {
			members[name] = "…"
		}
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(members) != nil {
		return "…"
	}
	text := strings.TrimSuffix(b.String(), "\n")
	if len(text) <= maxCondition {
		return text
	}
	return strings.ToValidUTF8(text[:maxCondition], "") + "…"
}
