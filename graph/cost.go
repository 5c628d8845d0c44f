package graph

import (
	"maps"
	"strings"

	"portico/clients/go/gate/verdict"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/gqlhttp"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/lifecycle"
	"portico/internal/statements"
	"portico/internal/usage"
)

const (
	// mutationCost is the cost of a change by itself: a transaction, an event,
	// and a row that remains.
	mutationCost = 1000
	// revocationCost is the cost of each key that is revoked with others: an event, and
	// a row that changes.
	revocationCost = 100
	// decisionCost is the cost of each subscription that is decided about with others: a
	// transaction, an event, and a row that changes.
	decisionCost = 300
	// moveCost is the cost of each subscription that is moved to the newest terms with others: a
	// dozen statements, an event, a letter, and a line of a statement.
	moveCost = 300
	// acceptanceCost is the cost of each subscription for which terms are accepted with others:
	// an event, and a row that changes.
	acceptanceCost = 100
	// wishCost is the cost of each plan that a request for a key asks for: a product that is
	// locked and checked, an event, and a row that remains.
	wishCost = 300
	// countCost is the cost of counting the rows of a list by their state.
	countCost = 100
	// reportCost is the cost of summing counts, however little of the report is
	// selected.
	reportCost = 500
	// breakdownCost is the cost of a report's lists that are read separately.
	breakdownCost = 200
	// searchCost is the cost of looking for a text or a label in a list, whose rows are read
	// to compare what an index finds.
	searchCost = 200
	// uploadCost is the cost of reading an OpenAPI document, and of endpoints that become its
	// operations.
	uploadCost = 3000
	// explanationCost is the cost of the reads that a verdict, or a preview, needs.
	explanationCost = 100
)

// Lists whose lengths no rule bounds have fewer elements than these in any
// installation that the other limits allow.
const (
	mostServers   = 16 // that a credential's last change has reached, or has not
	mostChanges   = 20 // of attributes in one event: more than any type has
	mostSteps     = 6  // of a path inside an input
	mostParams    = 3  // of a user error's sentence
	mostClasses   = 5  // of HTTP statuses
	mostAuthTypes = 2
	mostLanguages = 1
	mostReasons   = 60 // of errors; a test verifies that there are no more
)

// prices returns what operations cost.
func prices() gqlhttp.Prices {
	return gqlhttp.Prices{Lengths: byField(lengths()), Bases: byField(bases()), Mutation: mutationCost,
		Conditions: map[string]int{"search": searchCost, "nameContains": searchCost, "titleContains": searchCost, "contains": searchCost, "label": searchCost},
		Elements:   elements(),
	}
}

// lengths returns the only place where the greatest lengths of the schema's plain lists are
// defined. A test fails for a list that is missing.
func lengths() map[string]int {
	codes := len(verdict.Codes())
	out := map[string]int{
		"AccessExplanation.steps":                        codes,
		"AccountProfile.customFields":                    input.MaxLabels,
		"AcceptProductTermsPayload.productSubscriptions": apps.MaxTermsAccepted,
		"App.labels": input.MaxLabels, "AppTransfer.productTitles": apps.MaxTransferTitles,
		"CompleteSignInPayload.recoveryCodes":               identity.RecoveryCodes,
		"ConfirmTotpPayload.recoveryCodes":                  identity.RecoveryCodes,
		"Credential.labels":                                 input.MaxLabels,
		"MovePlanSubscriptionsPayload.productSubscriptions": apps.MaxMoved,
		"DecideSubscriptionsPayload.results":                apps.MaxDecisions,
		"Credential.allowedAddresses":                       apps.MaxAddresses,
		"Enforcement.appliedBy":                             mostServers,
		"Enforcement.pending":                               mostServers,
		"Event.changes":                                     mostChanges,
		"Gateway.verdicts":                                  codes,
		"Impact.apps":                                       apps.MaxImpact, "Impact.credentials": apps.MaxImpact, "Impact.productSubscriptions": apps.MaxImpact,
		"MailSettings.kinds":                        len(domain.MailKinds()),
		"ProductSubscription.allowedTransitions":    len(lifecycle.UserActions()),
		"ReplaceRecoveryCodesPayload.recoveryCodes": identity.RecoveryCodes,
		"RevokeKeysPayload.results":                 apps.MaxRevokedKeys,
		"ServerInfo.identityProviders":              identity.MaxProviders,
		"ServerInfo.errors":                         mostReasons,
		"ServerInfo.languages":                      mostLanguages,
		"ServiceToken.scopes":                       len(domain.ServiceTokenScopes()),
		"SignOutPayload.endedSessionIds":            identity.MaxSessions,
		"ProductSubscription.answers":               domain.MaxQuestions,
		"Question.options":                          domain.MaxFormOptions / domain.MaxQuestions, // on average, as a form is read whole
		"SignUp.answers":                            domain.MaxQuestions,
		"SignUpForm.questions":                      domain.MaxQuestions,
		"SignUpInfo.questions":                      domain.MaxQuestions,
		"Query.runningStatements":                   statements.MaxRunning,
		"StatementLine.charges":                     domain.MaxPriceTiers,
		"Usage.series":                              usage.MaxPoints,
		"Usage.totals":                              codes,
		"Usage.upstream":                            mostClasses,
		"UsagePoint.codes":                          codes,
		"UserError.field":                           mostSteps,
		"UserError.params":                          mostParams,
		userErrors:                                  maxProblems,
	}
	maps.Copy(out, lengthsOfProducts())
	return out
}

// lengthsOfProducts are those of products, their plans and their documents.
func lengthsOfProducts() map[string]int {
	return map[string]int{
		"Charge.lines":                       domain.MaxPriceTiers,
		"Plan.endpointLimits":                catalog.MaxEndpointLimits,
		"PlanRevision.endpointLimits":        catalog.MaxEndpointLimits,
		"Price.tiers":                        domain.MaxPriceTiers,
		"Product.authTypes":                  mostAuthTypes,
		"Product.tags":                       domain.MaxTags,
		"ProductDocument.operations":         domain.MaxDocumentOperations,
		"ProductSubscription.endpointQuotas": catalog.MaxEndpointLimits,
		"DocumentChanges.operations":         catalog.MaxDocumentChanges,
		"DocumentChange.parts":               catalog.MaxDocumentParts,
		"Product.requestForm":                domain.MaxQuestions,
	}
}

// elements are what each element of a list in a mutation's input costs beside.
func elements() map[gqlhttp.FieldName]gqlhttp.Element {
	return map[gqlhttp.FieldName]gqlhttp.Element{
		{Type: "Mutation", Field: "revokeKeys"}:            {List: "credentialIds", Price: revocationCost},
		{Type: "Mutation", Field: "decideSubscriptions"}:   {List: "subscriptionIds", Price: decisionCost},
		{Type: "Mutation", Field: "acceptProductTerms"}:    {List: "subscriptionIds", Price: acceptanceCost},
		{Type: "Mutation", Field: "movePlanSubscriptions"}: {List: "subscriptionIds", Price: moveCost, Count: "first"},
		{Type: "Mutation", Field: "requestKey"}:            {List: "plans", Price: wishCost},
		{Type: "Mutation", Field: "updateKeyRequest"}:      {List: "plans", Price: wishCost},
	}
}

// bases are the own costs of fields where that is not 1.
func bases() map[string]int {
	out := longTexts()
	for name, n := range map[string]int{
		"Query.explainAccess":    explanationCost,
		"Query.previewDeleteApp": explanationCost, "Query.previewRetireProduct": explanationCost, "Query.previewRevoke": explanationCost, "Query.previewChangePlan": explanationCost,
		"Query.productSubscriptionCounts": countCost, "Query.keyRequestCounts": countCost,
		"SearchResult.apps": searchCost, "SearchResult.accounts": searchCost, "SearchResult.products": searchCost, "SearchResult.users": searchCost, "SearchResult.credentials": searchCost,
		"Query.usage": reportCost, "Query.runningStatements": reportCost,
		// Beside what each change costs: reading a document and comparing it.
		"Mutation.uploadProductDocument": uploadCost,
		"Usage.topApps":                  breakdownCost,
		"Usage.upstream":                 breakdownCost,
	} {
		out[name] = n
	}
	return out
}

// Lengths of texts that may be long, in units of 256 characters.
const (
	aReason      = 4  // 1,000 characters
	aDescription = 8  // 2,000
	longest      = 40 // 10,000
	// aWebsite has 2,000 characters, each of which may be escaped.
	aWebsite = 24
	// aDocument has domain.MaxDocument bytes, aCall openapi.MaxCurl characters.
	aDocument, aCall = 800, 32
	// aPage is HTML of at most 60,000 bytes.
	aPage = 235
	// aGuide has 65,536 characters, and its HTML at most 330,000 bytes.
	aGuide, aGuidePage = 256, 1290
)

// longTexts returns the own costs of fields with long texts: 1 for each 256
// characters that can be stored. A test fails for a text that may be longer than
// that and is missing.
func longTexts() map[string]int {
	return map[string]int{
		"AccessStep.detail":          aDescription,
		"AccountProfile.description": aDescription,
		"AccountProfile.website":     aWebsite,
		"App.description":            aDescription,
		"Answer.value":               2, //nolint:mnd // 500 characters
		"AppTransfer.answer":         aReason,
		"AppTransfer.reason":         aReason,
		"Credential.revokedNote":     aReason,
		"DeletedApp.reason":          aReason,
		"Endpoint.description":       aDescription,
		"Endpoint.path":              aReason,
		"Guide.text":                 aGuide, "Guide.html": aGuidePage,
		"Event.reason":                   aReason,
		"TotpSetup.uri":                  longest,
		"MailPreview.html":               longest,
		"MailPreview.text":               longest,
		"MailSettings.signOff":           aReason,
		"Organization.logoUrl":           aWebsite,
		"Organization.website":           aWebsite,
		"Product.description":            longest,
		"Product.descriptionHtml":        aPage,
		"Product.documentationUrl":       aWebsite,
		"Product.logoUrl":                aWebsite,
		"Product.handOffUrl":             aWebsite,
		"ProductSubscription.handOffUrl": aWebsite,
		"KeyRequest.reason":              aReason,
		"PendingPlanChange.reason":       aReason,
		"ProductSubscription.reason":     aReason,
		"SignUp.reason":                  aReason,
		"Statement.reason":               aReason,
		"Terms.url":                      aWebsite,
		"DocumentChange.path":            aReason,
		"ProductDocument.server":         aReason,
		"ProductDocument.text":           aDocument,
		"ProductDocument.curl":           aCall,
		"ProductOperation.path":          aReason,
	}
}

// userErrors matches the list of that name in every payload.
const userErrors = "*.userErrors"

func byField(table map[string]int) map[gqlhttp.FieldName]int {
	out := make(map[gqlhttp.FieldName]int, len(table))
	for name, n := range table {
		owner, field, _ := strings.Cut(name, ".")
		out[gqlhttp.FieldName{Type: owner, Field: field}] = n
	}
	return out
}
