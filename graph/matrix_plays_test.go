package graph_test

import (
	"maps"

	"portico/internal/portal/portaltest"
	"portico/internal/viewer"
)

// play is how a mutation is tried: each time on a fresh object.
type play struct {
	// input returns the input that a viewer sends.
	input func(w *world, who string) input
	// target is the input's field with the id of somebody's object; with an id
	// that does not exist, the answer to a viewer who may not see the object
	// must be the same. "" if there is none.
	target string
	// event is the event that records it.
	event string
	// enter returns the token to send it with and who then acts, if that is not
	// the viewer's usual token.
	enter func(w *world, who string) (token string, actor viewer.Viewer)
}

// on returns a play whose only inputs are the object at stake and the reason.
func on(target, event string, fresh func(w *world) string) play {
	return play{target: target, event: event, input: func(w *world, _ string) input {
		return input{target: fresh(w)}
	}}
}

// with adds to a play's input.
func (p play) with(more input) play {
	first := p.input
	p.input = func(w *world, who string) input {
		in := first(w, who)
		for k, v := range more {
			in[k] = v
		}
		return in
	}
	return p
}

// plays returns the mutations, by section and field: on the developer's objects
// unless the section says otherwise.
func plays() map[string]play {
	out := map[string]play{}
	for _, some := range []map[string]play{appPlays(), keyPlays(), subscriptionPlays(), accountPlays(), productPlays(), ownPlays(), hiddenProductPlays()} {
		maps.Copy(out, some)
	}
	return out
}

func appPlays() map[string]play {
	return map[string]play{
		"Mutation.createApp":  on("accountId", "APP_CREATED", developersAccount).with(input{"name": "one more"}),
		"Mutation.updateApp":  on("appId", "APP_UPDATED", (*world).freshApp).with(input{"name": "another name"}),
		"Mutation.deleteApp":  on("appId", "APP_DELETED", (*world).freshApp),
		"Mutation.restoreApp": on("appId", "APP_RESTORED", (*world).deletedApp),
	}
}

func keyPlays() map[string]play {
	return map[string]play{
		"Mutation.generateKey": on("appId", "CREDENTIAL_CREATED", (*world).freshApp),
		"Mutation.updateKey":   on("credentialId", "CREDENTIAL_UPDATED", (*world).freshKey).with(input{"name": "another name"}),
		"Mutation.revokeKey":   on("credentialId", "CREDENTIAL_REVOKED", (*world).freshKey),
		"Mutation.disableKey":  on("credentialId", "CREDENTIAL_DISABLED", (*world).freshKey),
		"Mutation.enableKey":   on("credentialId", "CREDENTIAL_ENABLED", (*world).disabledKey),

		"Mutation: the whole account.generateKey": on("accountId", "CREDENTIAL_CREATED", developersAccount),
		"Mutation: the whole account.revokeKey":   on("credentialId", "CREDENTIAL_REVOKED", (*world).freshAccountKey),
	}
}

func subscriptionPlays() map[string]play {
	return map[string]play{
		"Mutation.register": {target: "appId", event: "SUBSCRIPTION_REGISTERED", input: func(w *world, _ string) input {
			return registering(w, w.freshApp(), "product")
		}},
		"Mutation.withdraw":             on("subscriptionId", "SUBSCRIPTION_WITHDRAWN", (*world).waiting),
		"Mutation.unregister":           on("subscriptionId", "SUBSCRIPTION_UNREGISTERED", (*world).waiting),
		"Mutation: approved.unregister": on("subscriptionId", "SUBSCRIPTION_UNREGISTERED", (*world).approved),
		"Mutation.approveSubscription":  on("subscriptionId", "SUBSCRIPTION_APPROVED", (*world).waiting),
		"Mutation.rejectSubscription":   on("subscriptionId", "SUBSCRIPTION_REJECTED", (*world).waiting).with(input{"reason": "No."}),
		"Mutation.suspendSubscription":  on("subscriptionId", "SUBSCRIPTION_SUSPENDED", (*world).approved),
		"Mutation.resumeSubscription":   on("subscriptionId", "SUBSCRIPTION_RESUMED", (*world).suspended),

		"Mutation.updateSubscriptionEndpoints":           narrowing((*world).waiting, "endpoint of the product"),
		"Mutation: approved.updateSubscriptionEndpoints": narrowing((*world).approved, "endpoint of the product"),
	}
}

func accountPlays() map[string]play {
	return map[string]play{
		"Mutation.updateAccount":  on("accountId", "ACCOUNT_UPDATED", (*world).freshAccount).with(input{"name": "another name"}),
		"Mutation.suspendAccount": on("accountId", "ACCOUNT_SUSPENDED", (*world).freshAccount),
		"Mutation.resumeAccount":  on("accountId", "ACCOUNT_RESUMED", (*world).suspendedAccount),
		"Mutation.deleteAccount":  on("accountId", "ACCOUNT_DELETED", (*world).freshAccount),
		"Mutation.createUser":     {target: "accountId", event: "USER_CREATED", input: newUser},
		"Mutation.disableUser":    on("userId", "USER_DISABLED", (*world).freshUser),
		"Mutation.enableUser":     on("userId", "USER_ENABLED", (*world).disabledUser),
		"Mutation.unlockUser":     on("userId", "USER_UNLOCKED", (*world).freshUser),
	}
}

func productPlays() map[string]play {
	return map[string]play{
		"Mutation.updateProduct": on("productId", "PRODUCT_UPDATED", (*world).freshProduct).with(input{"title": "another title"}),
		"Mutation.createPlan":    on("productId", "PLAN_CREATED", (*world).freshProduct).with(input{"name": "free"}),
		"Mutation.updatePlan":    on("planId", "PLAN_UPDATED", (*world).freshPlan).with(input{"name": "another name"}),

		"Mutation.createEndpoint": on("productId", "ENDPOINT_CREATED", (*world).freshProduct).with(input{"method": "POST", "path": "/orders"}),
		"Mutation.updateEndpoint": on("endpointId", "ENDPOINT_UPDATED", (*world).freshEndpoint).with(input{"path": "/orders/{order}"}),
		"Mutation.deleteEndpoint": on("endpointId", "ENDPOINT_DELETED", (*world).freshEndpoint),
	}
}

// ownPlays are on what nobody owns yet, or on one's own.
func ownPlays() map[string]play {
	named := func(w *world, _ string) input { return input{"name": w.name("made")} }
	return map[string]play{
		"Mutation: one's own.createApp":          {event: "APP_CREATED", input: ownAppInput},
		"Mutation: one's own.createAccount":      {event: "ACCOUNT_CREATED", input: named},
		"Mutation: one's own.createProduct":      {event: "PRODUCT_CREATED", input: named},
		"Mutation: one's own.updateOrganization": {event: "ORGANIZATION_UPDATED", input: named},
		"Mutation: one's own.changePassword": {
			event: "USER_PASSWORD_CHANGED", enter: (*world).freshPerson,
			input: func(*world, string) input {
				return input{"currentPassword": portaltest.Password, "newPassword": "another battery, and a staple"}
			},
		},
		"Mutation: as the developer.signIn": {
			event: "USER_SIGNED_IN", enter: func(w *world, who string) (string, viewer.Viewer) { return w.tokens[who], w.people["developer"] },
			input: func(w *world, _ string) input { return w.credentials("developer") },
		},
	}
}

// hiddenProductPlays are on one's own app, with a product that only the developer, or
// only staff, may see.
func hiddenProductPlays() map[string]play {
	out := map[string]play{}
	for _, product := range []string{"private product", "draft product"} {
		out["Mutation: a "+product+".register"] = play{target: "productId", event: "SUBSCRIPTION_REGISTERED", input: func(w *world, who string) input {
			return registering(w, w.ownApp(who), product)
		}}
		out["Mutation: a "+product+".generateKey"] = play{target: "accessControlList", event: "CREDENTIAL_CREATED", input: func(w *world, who string) input {
			return input{"appId": w.ownApp(who), "access": "LISTED", "accessControlList": []string{w.ids[product]}}
		}}
	}
	out["Mutation: another product's endpoint.register"] = play{target: "endpointIds", event: "SUBSCRIPTION_REGISTERED", input: func(w *world, who string) input {
		in := registering(w, w.ownApp(who), "product")
		if who == "foreign" {
			in["productId"], in["planId"] = w.ids["foreign product"], nil
		}
		in["endpointIds"] = []string{w.ids["endpoint of the private product"]}
		return in
	}}
	return out
}

// narrowing is a play on a subscription with the public product.
func narrowing(fresh func(*world) string, to string) play {
	return play{target: "subscriptionId", event: "SUBSCRIPTION_NARROWED", input: func(w *world, _ string) input {
		return input{"subscriptionId": fresh(w), "endpointIds": []string{w.ids[to]}}
	}}
}

func developersAccount(w *world) string { return w.ids["account"] }

func registering(w *world, app, product string) input {
	return input{"appId": app, "productId": w.ids[product], "planId": w.ids["plan of the "+product]}
}
