package viewer

import "github.com/google/uuid"

// Marks are ids that stand for those of a viewer in a statement which is kept and
// serves other viewers too. They are random, so that nothing else in a statement is
// equal to one.
type Marks struct{ organization, account, user uuid.UUID }

// NewMarks returns new marks.
func NewMarks() Marks { return Marks{uuid.New(), uuid.New(), uuid.New()} }

// Marked returns what a row policy may make its predicates depend on: the role and its
// scopes, whether the account is suspended or a public catalogue is read, and marks in place of
// ids. Viewers for whom it returns the same share their statements. Policies see it instead of the viewer, so nothing else
// of that can enter a statement.
func (m Marks) Marked(v Viewer) Viewer {
	out := Viewer{Role: v.Role, Scopes: v.Scopes, AccountOwner: v.AccountOwner, AccountSuspended: v.AccountSuspended, PublicCatalogue: v.PublicCatalogue}
	if v.OrganizationID != uuid.Nil {
		out.OrganizationID = m.organization
	}
	if v.AccountID != uuid.Nil {
		out.AccountID = m.account
	}
	if v.UserID != uuid.Nil {
		out.UserID = m.user
	}
	return out
}

// IDOf returns the id of v that a mark stands for; ok is false for other ids.
func (m Marks) IDOf(v Viewer, mark uuid.UUID) (id uuid.UUID, ok bool) {
	switch mark {
	case m.organization:
		return v.OrganizationID, true
	case m.account:
		return v.AccountID, true
	case m.user:
		return v.UserID, true
	}
	return uuid.Nil, false
}
