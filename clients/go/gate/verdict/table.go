package verdict

// description is what there is to say about a code. The table of codes in
// docs/gateways-reference.md and the schema's enum VerdictCode are printed from it, by
// `make generate`.
type description struct {
	name   string
	status int
	// meaning, refusal and remedy are the results of the methods of Code.
	meaning, refusal, remedy string
}

// HTTP statuses, as in net/http.
const (
	passed          = 200
	unauthorized    = 401
	forbidden       = 403
	tooManyRequests = 429
	unavailable     = 503
)

// describe returns the description of a code; the zero description for an invalid one.
func (c Code) describe() description {
	switch {
	case c <= IPNotAllowed:
		return c.describeCredential()
	case c <= AmbiguousApp:
		return c.describeAccess()
	}
	return c.describeLimits()
}

// describeCredential describes the codes about the API key and its credential.
func (c Code) describeCredential() description {
	switch c {
	case Unavailable:
		return description{"UNAVAILABLE", unavailable,
			"The gate cannot decide at the moment: it does not know the current state of the credentials, or how much of a quota is used.",
			"The key cannot be checked now. Try again.",
			"Check whether the gate reaches the database. It decides again by itself as soon as it does; let callers retry."}
	case Malformed:
		return description{"MALFORMED", unauthorized,
			"The call has no API key, has two, or what it has is none: cut short, mistyped, or with a wrong checksum. Nothing was looked up.",
			"One key is needed: as Authorization: Bearer or Basic, or as X-API-Key.",
			"Send the key once, exactly as it was shown when it was generated. If it is lost, generate another."}
	case NotFound:
		return description{"NOT_FOUND", unauthorized,
			"The organization has no such credential, or the secret is wrong. The answer does not say which.",
			"There is no such key.",
			"Check that the key is the right one. If it is lost, generate another."}
	case Revoked:
		return description{"REVOKED", unauthorized,
			"The credential was revoked, which is final.",
			"The key was revoked.",
			"Generate another key: a revoked one never becomes valid again."}
	case Expired:
		return description{"EXPIRED", unauthorized,
			"The credential was valid until its expiry, which has passed. That is final.",
			"The key has expired.",
			"Generate another key: an expired one never becomes valid again. Rotate keys before they expire."}
	case Disabled:
		return description{"DISABLED", unauthorized,
			"The credential is disabled, until somebody enables it.",
			"The key is disabled.",
			"Enable the key."}
	case AccountSuspended:
		return description{"ACCOUNT_SUSPENDED", forbidden,
			"The account that owns the credential is suspended, and all its credentials with it.",
			"The account of the key is suspended.",
			"An administrator ends the suspension of the account."}
	case WrongEnvironment:
		return description{"WRONG_ENVIRONMENT", forbidden,
			"The credential is for another environment than the gateway's token.",
			"The key is for another environment.",
			"Use a key of the gateway's environment, or call the gateway of the key's."}
	case IPNotAllowed:
		return description{"IP_NOT_ALLOWED", forbidden,
			"The credential may be used from certain networks only, and the call comes from another, or from an address that is not known.",
			"The key may not be used from this address.",
			"Add the caller's network to those of the key, and check that the gateway passes on the caller's own address."}
	}
	return description{}
}

// describeAccess describes the codes about the app's access to the product.
func (c Code) describeAccess() description {
	switch c {
	case NotSubscribed:
		return description{"NOT_SUBSCRIBED", forbidden,
			"No app of the credential has a subscription to the product, or the subscription was rejected or has ended. The same for a product that does not exist or that the gateway's token may not ask about, and for an app that is named and is not the credential's.",
			"The app of the key is not registered with this product.",
			"Register the app with the product, or correct the name of the product or of the app in the call."}
	case Waiting:
		return description{"WAITING", forbidden,
			"The app's subscription to the product waits for a decision.",
			"The subscription with this product waits for a decision.",
			"An administrator approves the subscription."}
	case Suspended:
		return description{"SUSPENDED", forbidden,
			"The app's subscription to the product is suspended.",
			"The subscription with this product is suspended.",
			"An administrator resumes the subscription."}
	case NotInAccessList:
		return description{"NOT_IN_ACCESS_LIST", forbidden,
			"The credential gives access to listed products only, and this one is not listed.",
			"The key's access list does not include this product.",
			"Add the product to the key's access list."}
	case AuthTypeNotAllowed:
		return description{"AUTH_TYPE_NOT_ALLOWED", forbidden,
			"The product does not accept API keys in the form in which this one was presented (`authTypes`).",
			"The key must be presented in another way.",
			"Present the same key in the other form, raw key or user name and password, or let the product accept both."}
	case EndpointNotAllowed:
		return description{"ENDPOINT_NOT_ALLOWED", forbidden,
			"The product enforces its endpoints or the subscription is limited to some, and method and path are those of none of them, or servers could read the path in different ways. Also where the plan limits single endpoints and the path is not named, or could be read in different ways.",
			"The subscription does not reach this endpoint.",
			"Add the endpoint to the subscription, or to the product if the product has none such."}
	case AmbiguousApp:
		return description{"AMBIGUOUS_APP", forbidden,
			"The credential belongs to a whole account, several of its apps may make the call, and none is named.",
			"Several apps of the account are registered with this product: name one in X-Portico-App.",
			"Name the app in the call, by its id or its reference id, or use a key of one app."}
	}
	return description{}
}

// describeLimits describes the codes about limits, and Valid.
func (c Code) describeLimits() description {
	switch c {
	case RateLimited:
		return description{"RATE_LIMITED", tooManyRequests,
			"Calls come faster than the rate limit of the plan, of the plan for the endpoint, or of the credential allows. Without a credential beside it: too many unknown API keys were presented, and this one was not looked up.",
			"Too many calls, or too many unknown keys. Try again later.",
			"Wait as long as the answer says. For more calls change to a plan with a higher rate limit, or raise the key's own. Where no key is named, somebody presents many that do not exist."}
	case QuotaExceeded:
		return description{"QUOTA_EXCEEDED", tooManyRequests,
			"The calls of the plan's quota, of its quota for the endpoint, or those that its spending cap allows, are used up until the next period.",
			"No calls are left in this period: a quota of the plan is used up, or its spending cap reached.",
			"Wait for the next period, or change to a plan with a larger quota or spending cap."}
	case Valid:
		return description{name: "VALID", status: passed, meaning: "The call may pass."}
	}
	return description{}
}
