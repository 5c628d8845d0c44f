package graph_test

import (
	"maps"
	"strings"
)

// objects returns the questions for the fields of objects, by section.
func objects() map[string]question {
	out := map[string]question{}
	for _, some := range []map[string]question{accountQuestions(), appQuestions(), commonQuestions(), keyQuestions(), eventQuestions(), productQuestions(), subscriptionQuestions(), peopleQuestions(), callQuestions()} {
		maps.Copy(out, some)
	}
	return out
}

func accountQuestions() map[string]question {
	return map[string]question{
		"Account":              of("Account", "account", ""),
		"Account: at sign-in":  atSignIn("viewer { account { ", ".viewer.account"),
		"AccountProfile":       of("Account", "account", "profile"),
		"AccountPermissions":   of("Account", "account", "viewerCan"),
		"Membership":           of("Membership", "membership", ""),
		"MembershipConnection": of("Account", "account", "members"),
		"MembershipEdge":       of("Account", "account", "members.edges"),

		"AccountConnection":               plain("{ accounts { %s } }", "accounts"),
		"AccountConnection: the viewer's": plain("{ viewer { accounts { %s } } }", "viewer.accounts"),
		"AccountConnection: at sign-in":   atSignIn("viewer { accounts { ", ".viewer.accounts"),
		"AccountEdge":                     plain("{ accounts { edges { %s } } }", "accounts.edges"),
		"AccountEdge: the viewer's":       plain("{ viewer { accounts { edges { %s } } } }", "viewer.accounts.edges"),
		"AccountEdge: at sign-in":         atSignIn("viewer { accounts { edges { ", ".viewer.accounts.edges"),
	}
}

func appQuestions() map[string]question {
	return map[string]question{
		"App":            of("App", "app", ""),
		"AppPermissions": of("App", "app", "viewerCan"),
		"KeyCounts":      of("App", "app", "keyCounts"),
		"AppConnection":  of("Account", "account", "apps"),
		"AppEdge":        of("Account", "account", "apps.edges"),
		"Label":          of("App", "app", "labels"),
	}
}

func commonQuestions() map[string]question {
	return map[string]question{
		"PageInfo":                   of("App", "app", "credentials.pageInfo"),
		"PageInfo: at sign-in":       atSignIn("viewer { accounts { pageInfo { ", ".viewer.accounts.pageInfo"),
		"Permission":                 of("App", "app", "viewerCan.update"),
		"Permission: not granted":    of("Account", "account", "viewerCan.resume"),
		"UserError":                  wrongApp("", "%s", ""),
		"UserError: at sign-in":      atSignIn("userErrors { ", ".userErrors"),
		"UserErrorParam":             wrongApp(strings.Repeat("x", 256), "params { %s }", ".params"),
		"UserErrorParam: at sign-in": atSignIn("userErrors { params { ", ".userErrors.params"),
	}
}

func keyQuestions() map[string]question {
	return map[string]question{
		"Credential":                 of("Credential", "key", ""),
		"Credential: revoked":        of("Credential", "revoked key", ""),
		"Credential: of the account": of("Credential", "account's key", ""),
		"RateLimit: of a key":        of("Credential", "key", "rateLimit"),
		"CredentialPermissions":      of("Credential", "key", "viewerCan"),
		"CredentialConnection":       of("App", "app", "credentials"),
		"CredentialEdge":             of("App", "app", "credentials.edges"),
		"Secret": {
			document: "mutation($id: ID!) { generateKey(input: {appId: $id}) { secret { %s } } }", specimen: "app", at: "generateKey.secret",
		},
	}
}

func eventQuestions() map[string]question {
	return map[string]question{
		"Event":                 of("Event", "event", ""),
		"Event: by staff":       of("Event", "event of staff", ""),
		"EventSubject":          of("Event", "event", "subject"),
		"EventChange":           of("Event", "event", "changes"),
		"EventConnection":       of("App", "app", "timeline"),
		"EventEdge":             of("App", "app", "timeline.edges"),
		"Actor":                 of("Event", "event", "actor"),
		"Actor: staff":          of("Event", "event of staff", "actor"),
		"Actor: deciding staff": of("ProductSubscription", "approved", "decidedBy"),
	}
}

func productQuestions() map[string]question {
	return map[string]question{
		"Product":            of("Product", "product", ""),
		"Product: private":   of("Product", "private product", ""),
		"Product: draft":     of("Product", "draft product", ""),
		"ProductPermissions": of("Product", "product", "viewerCan"),
		"ProductConnection":  of("Credential", "key", "accessControlList"),
		"ProductEdge":        of("Credential", "key", "accessControlList.edges"),
		"Plan":               of("Plan", "plan of the product", ""),
		"Plan: private":      of("Plan", "plan of the private product", ""),
		"Plan: draft":        of("Plan", "plan of the draft product", ""),
		"RateLimit":          of("Plan", "plan of the product", "rateLimit"),
		"Quota":              of("Plan", "plan of the product", "quota"),
		"Price":              of("Plan", "plan of the product", "price"),
		"PlanConnection":     of("Product", "product", "plans"),
		"PlanEdge":           of("Product", "product", "plans.edges"),

		"Endpoint":            of("Endpoint", "endpoint of the product", ""),
		"Endpoint: private":   of("Endpoint", "endpoint of the private product", ""),
		"Endpoint: draft":     of("Endpoint", "endpoint of the draft product", ""),
		"Endpoint: connected": of("App", "app", "connectedEndpoints.nodes"),
		"EndpointPermissions": of("Endpoint", "endpoint of the product", "viewerCan"),
		"EndpointConnection":  of("Product", "product", "endpoints"),
		"EndpointEdge":        of("Product", "product", "endpoints.edges"),
	}
}

func subscriptionQuestions() map[string]question {
	return map[string]question{
		"ProductSubscription":            of("ProductSubscription", "waiting", ""),
		"ProductSubscription: approved":  of("ProductSubscription", "approved", ""),
		"ProductSubscriptionPermissions": of("ProductSubscription", "waiting", "viewerCan"),
		"ProductSubscriptionConnection":  of("App", "app", "productSubscriptions"),
		"ProductSubscriptionEdge":        of("App", "app", "productSubscriptions.edges"),
	}
}

func peopleQuestions() map[string]question {
	return map[string]question{
		"Organization":             of("Organization", "organization", ""),
		"Organization: at sign-in": atSignIn("viewer { organization { ", ".viewer.organization"),
		"UsageRetention":           of("Organization", "organization", "usageRetention"),
		"KeyLife":                  of("Organization", "organization", "longestKeyLife"),
		"User":                     of("User", "user", ""),
		"User: staff":              of("User", "staff", ""),
		"User: at sign-in":         atSignIn("viewer { user { ", ".viewer.user"),
		"UserConnection":           plain("{ users { %s } }", "users"),
		"UserEdge":                 plain("{ users { edges { %s } } }", "users.edges"),
		"Viewer":                   plain("{ viewer { %s } }", "viewer"),
		"Viewer: at sign-in":       atSignIn("viewer { ", ".viewer"),
		"ErrorKind":                plain(`{ serverInfo { errors { %s } } }`, "serverInfo.errors"),
		"ServerInfo":               plain(`{ serverInfo(organization: "one") { %s } }`, "serverInfo"),
	}
}

func callQuestions() map[string]question {
	const passing = `, address: "192.0.2.9"`
	return map[string]question{
		"Usage":         reported("", ""),
		"UsagePoint":    reported("series { ", ".series"),
		"CodeCount":     reported("totals { ", ".totals"),
		"AppCalls":      reported("topApps { ", ".topApps"),
		"UpstreamCalls": reported("upstream { ", ".upstream"),
		"Enforcement":   of("Credential", "key", "enforcement"),
		"QuotaUse":      of("ProductSubscription", "approved", "quota"),

		"AccessExplanation":          explained("%s", passing, ""),
		"AccessExplanation: refused": explained("%s", "", ""),
		"AccessStep":                 explained("steps { %s }", passing, ".steps"),
		"AccessStep: failed":         explained("failed { %s }", "", ".failed"),
		"AccessLimits":               explained("limits { %s }", passing, ".limits"),
		"LimitWindow":                explained("limits { quota { %s } }", passing, ".limits.quota"),
	}
}
