package entity

import (
	"portico/ent/db/account"
	"portico/ent/db/app"
	"portico/ent/db/credential"
	"portico/ent/db/product"
	"portico/ent/db/user"
	"portico/internal/database"
)

// SearchedApps is what is searched of apps. Migrations make the indexes, of the same
// columns, for it and for the others.
func SearchedApps() database.Searched {
	return database.Columns(app.Table, app.FieldNameFolded, app.FieldReferenceID)
}

// SearchedAccounts is what is searched of accounts.
func SearchedAccounts() database.Searched {
	return database.Columns(account.Table, account.FieldNameFolded)
}

// SearchedProducts is what is searched of products.
func SearchedProducts() database.Searched {
	return database.Columns(product.Table, product.FieldTitleFolded, product.FieldName)
}

// SearchedUsers is what is searched of users.
func SearchedUsers() database.Searched {
	return database.Columns(user.Table, user.FieldNameFolded, user.FieldEmailFolded)
}

// SearchedCredentials is what is searched of credentials: the name, in its own spelling
// if it was not folded yet, and the user name.
func SearchedCredentials() database.Searched {
	return database.Searched{Table: credential.Table, Texts: func(c func(string) string) []string {
		return []string{"COALESCE(" + c(credential.FieldNameFolded) + ", " + c(credential.FieldName) + ")", c(credential.FieldUsername)}
	}}
}
