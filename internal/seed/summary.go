package seed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"entgo.io/ent/dialect/sql"

	"portico/ent/db"
	"portico/internal/domain"
	"portico/internal/entity"
)

// SignIn is a person who can sign in.
type SignIn struct {
	Email string
	// Organization is the organization's slug.
	Organization string
	// Account is the name of a developer's account, or the names; empty for staff.
	Account string
	Role    domain.UserRole
}

// SignIns returns everybody who can sign in, the first organization first, and
// staff before developers.
func SignIns() []SignIn {
	var out []SignIn
	for _, org := range organizations() {
		out = append(out, SignIn{Email: org.Staff.Email, Organization: org.Slug, Role: domain.RoleAdmin})
		for _, x := range org.Approvers {
			out = append(out, SignIn{Email: x.Email, Organization: org.Slug, Role: domain.RoleApprover})
		}
		for _, a := range org.Accounts {
			if a.Developer != nil {
				out = append(out, SignIn{Email: a.Developer.Email, Organization: org.Slug, Account: a.Name, Role: domain.RolePortal})
			}
		}
		out = append(out, members(org)...)
	}
	return out
}

// members returns those who joined accounts later, each once.
func members(org organization) (out []SignIn) {
	for _, a := range org.Accounts {
		for _, m := range a.Members {
			if i := slices.IndexFunc(out, func(s SignIn) bool { return s.Email == m.Email }); i >= 0 {
				out[i].Account += " and " + a.Name
				continue
			}
			out = append(out, SignIn{Email: m.Email, Organization: org.Slug, Account: a.Name, Role: domain.RolePortal})
		}
	}
	return out
}

// Summary contains what there is to sign in with and to look at, and what was
// created by this call.
type Summary struct {
	SignIns []SignIn
	// Products are the titles of the products of the organization demo in its
	// developers' catalogue, in the order of creation.
	Products []string
	// LoadApps is how many apps the large set has, including those that existed
	// before.
	LoadApps int
	// Created counts the rows that were created, by the table of their entity; it is
	// empty if another process created the data.
	Created map[string]int
}

func newSummary() *Summary {
	s := &Summary{SignIns: SignIns(), Created: map[string]int{}}
	for _, p := range demo().Products {
		if p.listed() {
			s.Products = append(s.Products, *p.Title)
		}
	}
	return s
}

// count returns the summary of a database with demo data alone.
func count(ctx context.Context, tx *db.Tx) (*Summary, error) {
	s := newSummary()
	for _, e := range entity.All() {
		n, err := countRows(ctx, tx, e.Table)
		if err != nil {
			return nil, err
		}
		s.Created[e.Table] = n
	}
	return s, nil
}

func countRows(ctx context.Context, tx *db.Tx, table string) (n int, err error) {
	found, err := tx.QueryContext(ctx, "SELECT COUNT(*) FROM "+table)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, found.Close()) }()
	return sql.ScanInt(found)
}

// String returns what was created in words, such as "3 accounts, 9 apps".
func (s *Summary) String() string {
	var parts []string
	for _, e := range entity.All() {
		if n := s.Created[e.Table]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, e.Table))
		}
	}
	return strings.Join(parts, ", ")
}
