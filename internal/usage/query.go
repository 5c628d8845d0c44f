package usage

import (
	"time"

	"github.com/google/uuid"
)

// MaxPoints is the maximum number of points in a report.
const MaxPoints = 400

// Query selects counts. Empty lists do not restrict it.
type Query struct {
	Organization uuid.UUID
	// Account restricts the query to the calls of an account, unless nil.
	Account                     *uuid.UUID
	Apps, Products, Credentials []uuid.UUID
	// From and To bound the time, To not included. Calls are counted by the minute,
	// so From is rounded down and To up to a full minute.
	From, To time.Time
	// Location is the time zone of the points.
	Location *time.Location
	// OrganizationLocation is the time zone by which hours and days are rolled up.
	OrganizationLocation *time.Location
	Interval             Interval
}

// Report is a series of counts without gaps.
type Report struct {
	Points []Point
	// Totals are the calls of all points by code.
	Totals map[string]int64
	Total  int64
	// Previous is the total of the time of the same length just before; nil if the
	// counts of that time are no longer stored finely enough.
	Previous *int64
	// AsOf is the time before which all calls are counted; later ones may be missing.
	AsOf time.Time
}

// Point counts the calls from Start to End, End not included.
type Point struct {
	Start, End time.Time
	Calls      int64
	// Codes has the codes that occurred.
	Codes map[string]int64
}

// AppCalls is the number of calls of an app.
type AppCalls struct {
	App   uuid.UUID
	Calls int64
}

// Since asks for the calls of a credential since a time.
type Since struct {
	Credential uuid.UUID
	From       time.Time
}

// Upstream sums up what gateways reported about responses of one status class.
type Upstream struct {
	// StatusClass is the first digit of the HTTP status, 1–5.
	StatusClass int
	Calls       int64
	// Latency is the mean.
	Latency time.Duration
}

// Row is a row of an export: the calls of a point that have everything in common.
type Row struct {
	Start, End                                  time.Time
	Account, App, Credential, Product, Endpoint uuid.UUID
	Code                                        string
	Calls                                       int64
	// Whole reports whether the point is a whole interval: the first and the last may be cut.
	Whole bool
}

// Dimension is what the calls of the last 24 hours are counted by.
type Dimension uint8

// The dimensions.
const (
	ByApp Dimension = iota
	ByCredential
	ByProduct
	// BySubscription counts the calls of the subscription's app to its product.
	BySubscription
)

// Of asks for the calls of an account's app with a product in a time, To not included, which
// is of full minutes.
type Of struct {
	Account, App, Product uuid.UUID
	From, To              time.Time
}
