package rowpolicy

import "entgo.io/ent"

// Statement is the policy of statements: administrators see all of them, developers those of
// their account. Portico itself alone makes them, once the service has asked the policy, and
// nobody changes one.
func Statement() ent.Policy { return appendOnly{policy{read: rows{tenant, ofAccount, noRows}}} }

// StatementLine is the policy of lines of statements, which are read like these. Portico itself
// changes those that are not closed: nobody else may write what somebody owes.
func StatementLine() ent.Policy {
	return policy{read: rows{tenant, ofAccount, noRows}, write: rows{noRows, noRows, noRows}}
}
