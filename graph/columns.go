package graph

import "portico/internal/nodeid"

// columnsOf maps each field of a type to the columns that it needs, so that a
// request reads only what it selects. The row's id is always read. A test fails
// for a field that is missing here or that needs other columns. The table never
// changes; it is a variable because Go has no constant maps.
var columnsOf = map[nodeid.Kind]map[string][]string{
	nodeid.App: {
		"id": nil, "referenceId": {"reference_id"}, "name": {"name"}, "description": {"description"}, "labels": {"labels"},
		"createdAt": {"created_at"}, "updatedAt": {"updated_at"}, "version": {"version"},
		"account": {"account_id"}, "credentials": nil, "keyCounts": nil, "callsLast24h": nil, "productSubscriptions": nil, "connectedEndpoints": nil, "timeline": nil, "viewerCan": {"organization_id", "account_id"},
	},
	nodeid.Account: {
		"id": nil, "name": {"name"}, "status": {"status"}, "profile": {"profile"}, "createdAt": {"created_at"}, "version": {"version"},
		"apps": nil, "credentials": nil, "members": nil, "timeline": nil, "viewerCan": {"organization_id", "status"},
	},
	nodeid.Membership: {"id": nil, "user": {"user_id"}, "role": {"role"}, "createdAt": {"created_at"}},
	nodeid.User: {
		"id": nil, "name": {"name"}, "email": {"email"}, "role": {"role"}, "status": {"status"},
		"lastSignInAt": {"last_sign_in_at"}, "createdAt": {"created_at"},
	},
	nodeid.Credential: {
		"id": nil, "username": {"username"}, "secretHint": {"secret_hint"}, "rawKeyHint": {"raw_key_hint"}, "name": {"name"}, "environment": {"environment"},
		"enabled": {"status", "expires_at"}, "status": {"status", "expires_at"}, "accountCredential": {"app_id"},
		"access": {"access"}, "accessControlList": nil, "createdAt": {"created_at"}, "expiresAt": {"expires_at"}, "lastUsedAt": {"last_used_at"},
		"revokedAt": {"revoked_at"}, "revokedReason": {"revoked_reason"}, "revokedNote": {"revoked_note"}, "version": {"version"},
		"app": {"app_id"}, "account": {"account_id"}, "organizationId": {"organization_id"}, "viewerCan": {"organization_id", "account_id", "status", "expires_at"}, "timeline": nil,
		"allowedAddresses": {"allowed_addresses"}, "rateLimit": {"rate_limit"}, "callsLast24h": nil, "enforcement": nil,
	},
	nodeid.Product: {
		"id": nil, "name": {"name"}, "title": {"title"}, "description": {"description"}, "apiVersion": {"api_version"}, "externalId": {"external_id"},
		"status": {"status"}, "approval": {"approval"}, "authTypes": {"auth_types"},
		"documentationUrl": {"documentation_url"}, "createdAt": {"created_at"}, "version": {"version"}, "plans": nil, "viewerCan": {"organization_id", "status"},
		"keyless": {"keyless"}, "enforceEndpoints": {"enforce_endpoints"}, "endpoints": nil,
	},
	nodeid.Endpoint: {
		"id": nil, "product": {"product_id"}, "method": {"method"}, "path": {"path"}, "description": {"description"},
		"createdAt": {"created_at"}, "version": {"version"}, "viewerCan": {"organization_id"},
	},
	nodeid.Plan: {
		"id": nil, "name": {"name"}, "kind": {"kind"}, "externalId": {"external_id"}, "rateLimit": {"rate_limit"}, "quota": {"quota"}, "quotaPer": {"quota_per"},
		"price": {"price"}, "approval": {"approval"}, "version": {"version"},
	},
	nodeid.ProductSubscription: {
		"id": nil, "app": {"app_id"}, "account": {"account_id"}, "product": {"product_id"}, "plan": {"plan_id"}, "status": {"status"}, "badgeColor": {"status"},
		"requestedBy": {"requested_by"}, "decidedBy": {"decided_by"}, "decidedAt": {"decided_at"}, "reason": {"reason"},
		"createdAt": {"created_at"}, "updatedAt": {"updated_at"}, "version": {"version"}, "allowedTransitions": {"organization_id", "account_id", "status"}, "viewerCan": {"organization_id", "account_id", "status"}, "timeline": nil,
		"narrowed": {"endpoint_ids"}, "endpoints": nil, "quota": {"plan_id"}, "callsLast24h": nil,
	},
	nodeid.Event: {
		"id": nil, "position": {"position"}, "type": {"type"}, "actor": {"actor_role", "actor_id", "actor_name"},
		"subject": {"subject_type", "subject_id", "subject_name"}, "at": {"at"}, "reason": {"reason"}, "changes": {"changes"},
		"address": {"address"}, "requestId": {"request_id"},
	},
	nodeid.Organization: {
		"id": nil, "slug": {"slug"}, "name": {"name"}, "website": {"website"}, "supportEmail": {"support_email"}, "logoUrl": {"logo_url"},
		"timeZone": {"time_zone"}, "currency": {"currency"}, "portalUnregister": {"portal_unregister"}, "productionKeys": {"production_keys"},
		"passwordSignIn": {"password_sign_in"}, "keyPrefix": {"key_prefix"}, "longestKeyLife": {"longest_key_life"},
		"deletedRetentionDays": {"deleted_retention_days"}, "eventRetentionDays": {"event_retention_days"}, "usageRetention": {"usage_retention"}, "version": {"version"},
	},
}
