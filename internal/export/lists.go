package export

import (
	"maps"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// usageList is the one list that has no pages: counts of calls.
const usageList = "usage"

// list is a root list of the API as it is exported.
type list struct {
	// name is the name of the API's field.
	name string
	// fields are the columns in their order, as they are selected. A view may lack some.
	fields ast.SelectionSet
	// size is how many rows are asked for at a time, so that a page costs less than
	// what the API counts as heavy.
	size int
}

// selections returns what is exported of each list. No column is a secret, a hash or a
// part of one: what keys and tokens are recognized by (hints) is not exported. A new
// column goes to the end of its list, so that those before keep their places.
func selections() []struct {
	name   string
	size   int
	fields string
} {
	return []struct {
		name   string
		size   int
		fields string
	}{
		{"accounts", 60, `id name status profile { website contactEmail description customFields { key value } } createdAt`},
		{"apps", 75, `id referenceId name description labels { key value } account { id name } keyCounts { total active } createdAt updatedAt lastUsedAt`},
		{"appTransfers", 100, `id status app { id } appName fromAccount { id } fromAccountName toAccount { id } toAccountName productTitles keyCount reason answer
			offeredBy { role name } decidedBy { role name } createdAt decidedAt expiresAt`},
		{"credentials", 40, `id username name environment enabled status disabledBy labels { key value } accountCredential access allowedAddresses
			rateLimit { limit per burst } app { id name } account { id name } predecessor { id } successor { id }
			createdAt expiresAt rotationDueAt outOfPolicy lastUsedAt revokedAt revokedReason revokedNote imported`},
		{"deletedApps", 100, `id referenceId name account { id name } deletedAt restorableUntil`},
		{"events", 100, `id position type at actor { role name user { id } serviceToken { id } } subject { type id name } reason
			changes { field before after } address requestId`},
		{"gateways", 100, `serviceToken { id name environment status createdAt expiresAt lastUsedAt } lastSeenAt position lagMs`},
		{"keyRequests", 100, `id status app { id name } account { id name } changesKey credential { id } name environment requestedBy { name } decidedBy { name }
			decidedAt reason collectUntil collectedAt createdAt updatedAt`},
		{"productSubscriptions", 100, `id status app { id name } account { id name } product { id name } plan { id name } narrowed
			pendingChange { plan { id name } status when effectiveAt } requestedBy { name } decidedBy { name } decidedAt reason createdAt updatedAt`},
		{"products", 75, `id name title description apiVersion externalId status approval authTypes documentationUrl keyless enforceEndpoints createdAt deprecatesAt retiresAt tags visibility`},
		{"serviceTokens", 100, `id name scopes account { id name } environment status createdAt expiresAt lastUsedAt revokedAt`},
		{"sessions", 100, `id device address current createdAt lastSeenAt expiresAt`},
		{"signUps", 60, `id email name accountName answers { name label value } status createdAt expiresAt verifiedAt decidedAt decidedBy { name } reason user { id }`},
		{"statementLines", 50, `id statement { id number } accountId subscriptionId appId appName productId productName planId planName kind
			price { amount currency unit includedCalls tiers { upTo amount } } startedAt endedAt calls callsBefore charges { calls unitAmount unit amount } amount`},
		{"statements", 100, `id number accountId accountName periodStart periodEnd currency amount lineCount closedAt corrects { id number } reason`},
		{usageList, 0, `start end account { id } app { id } product { id } credential { id } endpoint { id } code calls`},
		{"users", 100, `id name email role status lastSignInAt totpEnabledAt acceptedTerms { version } language timeZone createdAt`},
	}
}

// lists returns all lists by name.
func lists() map[string]list {
	out := map[string]list{}
	for _, s := range selections() {
		doc, err := parser.ParseQuery(&ast.Source{Name: s.name, Input: "{" + s.fields + "}"})
		if err != nil {
			panic(err) // a test parses them all
		}
		out[s.name] = list{s.name, doc.Operations[0].SelectionSet, s.size}
	}
	return out
}

// Names returns the names of all lists, sorted.
func Names() []string { return slices.Sorted(maps.Keys(lists())) }

// open returns the source of a list's rows for those who have a view, and its columns.
func (l list) open(a *asker, view *ast.Schema, root *ast.FieldDefinition, q asked) (source, []column) {
	if l.name == usageList {
		return &counts{asker: a, asked: q}, columnsOf(l.fields, nil, nil, nil)
	}
	node := nodeOf(view, root)
	fields := prune(view, node, l.fields)
	return &pages{asker: a, name: l.name, asked: q, document: document(l, root, fields, q), price: RowCost * l.size}, columnsOf(fields, view, node, nil)
}
