package domain

import "portico/clients/go/gate/access"

// The values that gateways decide by, such as an endpoint's method, are declared in the
// Go client's package access.
type (
	AccountStatus = access.AccountStatus
	AuthType      = access.AuthType
	Environment   = access.Environment
	Access        = access.ProductAccess
	Method        = access.Method
	RatePeriod    = access.RatePeriod
	RateLimit     = access.RateLimit
	QuotaPeriod   = access.QuotaPeriod
	Quota         = access.Quota
	QuotaPer      = access.QuotaPer
	ProductScope  = access.ProductScope
)

// Their constants.
const (
	AccountActive    = access.AccountActive
	AccountSuspended = access.AccountSuspended

	APIKey = access.APIKey
	Basic  = access.Basic

	Development = access.Development
	Staging     = access.Staging
	Production  = access.Production

	AccessAll    = access.AllProducts
	AccessListed = access.ListedProducts

	MethodAny     = access.MethodAny
	MethodGet     = access.MethodGet
	MethodHead    = access.MethodHead
	MethodPost    = access.MethodPost
	MethodPut     = access.MethodPut
	MethodPatch   = access.MethodPatch
	MethodDelete  = access.MethodDelete
	MethodOptions = access.MethodOptions

	PerSecond = access.PerSecond
	PerMinute = access.PerMinute
	PerHour   = access.PerHour
	PerDay    = access.PerDay
	PerWeek   = access.PerWeek
	PerMonth  = access.PerMonth

	QuotaPerApp     = access.QuotaPerApp
	QuotaPerAccount = access.QuotaPerAccount
)

// AuthTypes returns all ways to present an API key, which is a product's default.
func AuthTypes() []AuthType { return access.AuthTypes() }
