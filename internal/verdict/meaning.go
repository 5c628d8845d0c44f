package verdict

// Meaning returns a sentence that explains the code to the caller, or "" for an
// invalid code.
func (c Code) Meaning() string {
	switch c {
	case Unavailable:
		return "It cannot be decided at the moment: the gate does not know the current state of the keys, or of a quota."
	case Malformed:
		return "What was presented is not a key: it is cut short, mistyped, doubled, or no key at all."
	case NotFound:
		return "There is no such key, or its secret is wrong. The two are not told apart."
	case Revoked:
		return "The key was revoked. That is final."
	case Expired:
		return "The key's time has come: it was valid until its expiry and is not from that instant on."
	case Disabled:
		return "The key is switched off. It can be switched on again."
	case AccountSuspended:
		return "The account that owns the key is suspended."
	case WrongEnvironment:
		return "The key is made for another environment than the gateway serves."
	case IPNotAllowed:
		return "The call does not come from a network that the key may be used from, or its address is not known."
	case NotSubscribed:
		return "The app is not registered with the product, there is no such product for it, or the app named is not one that the key speaks for."
	case Waiting:
		return "The app's subscription with the product waits for a decision."
	case Suspended:
		return "The app's subscription with the product is suspended."
	case NotInAccessList:
		return "The key reaches listed products only, and this one is not listed."
	case AuthTypeNotAllowed:
		return "The key was presented in a way that the product does not take."
	case EndpointNotAllowed:
		return "The method and path are not those of an endpoint that the subscription reaches, or servers could read the path in different ways."
	case AmbiguousApp:
		return "The key speaks for several apps that are registered with the product, and none was named."
	case RateLimited:
		return "Calls come faster than the subscription or the key allows, or the key was not looked for because too many unknown ones were shown."
	case QuotaExceeded:
		return "The calls of this period are used up."
	case Valid:
		return "The call may pass."
	}
	return ""
}

// Advice returns a sentence on what the author of the call should do, or "" for
// an invalid code.
func (c Code) Advice() string {
	switch c {
	case Unavailable:
		return "Try again after a moment, with growing pauses."
	case Malformed:
		return "Send the key exactly as it was shown, once, without spaces around it."
	case NotFound:
		return "Check that the key is the right one, or generate another. Do not try again with this one."
	case Revoked, Expired:
		return "Generate another key and use that one."
	case Disabled:
		return "Ask an administrator to enable it, or use another key."
	case AccountSuspended:
		return "Ask the provider why the account is suspended."
	case WrongEnvironment:
		return "Use a key of the gateway's environment, or call the gateway of the key's."
	case IPNotAllowed:
		return "Call from an address that the key allows, or ask its owner to allow this one."
	case NotSubscribed:
		return "Register the app with the product, and check the names of both."
	case Waiting:
		return "Wait for the decision on the subscription."
	case Suspended:
		return "Ask the provider why the subscription is suspended."
	case NotInAccessList:
		return "Use a key that reaches the product, or ask the owner of this one to list it."
	case AuthTypeNotAllowed:
		return "Present the same key in the other way: as raw key, or as user name and password."
	case EndpointNotAllowed:
		return "Check the method and the path, and which endpoints the subscription reaches."
	case AmbiguousApp:
		return "Name the app that the call is for, by its id or its reference id."
	case RateLimited:
		return "Wait as long as the answer says, and call more slowly."
	case QuotaExceeded:
		return "Wait for the next period, or change to a larger plan."
	case Valid:
		return "Nothing."
	}
	return ""
}

// Remedy returns a sentence on what administrators or the credential's owners can
// do about a refusal, or "" if there is nothing to correct.
func (c Code) Remedy() string {
	switch c {
	case Unavailable:
		return "See whether the gate reaches the database; it decides again by itself as soon as it does."
	case Malformed:
		return "Copy the key again from where it is kept; if it is lost, generate another."
	case NotFound:
		return "If the key is lost or its secret unknown, generate another."
	case Revoked:
		return "A revoked key never comes back: generate another."
	case Expired:
		return "An expired key never comes back: generate another, or rotate keys before they expire."
	case Disabled:
		return "Enable the key."
	case AccountSuspended:
		return "An administrator ends the suspension of the account."
	case WrongEnvironment:
		return "Generate a key for the gateway's environment."
	case IPNotAllowed:
		return "Add the caller's network to those the key allows, and see that the gateway passes on the caller's own address."
	case NotSubscribed:
		return "Register the app with the product, or correct the name of the product or the app in the call."
	case Waiting:
		return "An administrator decides on the subscription."
	case Suspended:
		return "An administrator resumes the subscription."
	case NotInAccessList:
		return "Add the product to the key's access list."
	case AuthTypeNotAllowed:
		return "Present the key in a way that the product takes, or let the product take both (`authTypes`)."
	case EndpointNotAllowed:
		return "Add the endpoint to the subscription, or to the product if it has none such."
	case AmbiguousApp:
		return "Name the app in the call, or use a key of one app."
	case RateLimited:
		return "Change to a plan with a higher rate limit, or raise the key's own. Where no key is named, somebody shows many that do not exist."
	case QuotaExceeded:
		return "Change to a plan with a larger quota."
	}
	return ""
}
