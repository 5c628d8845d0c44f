package usage

import (
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/limits"
)

// ID names the row that counts such calls in the bucket that begins at a time,
// for whoever writes rows in a transaction of its own.
func (c *Call) ID(at time.Time) uuid.UUID { return c.id(at) }

// Start returns the start of the bucket that holds t in a time zone, in UTC.
func (i Interval) Start(t time.Time, loc *time.Location) time.Time { return i.floor(t, loc) }

// QuotaID names the row of a counter's period, by u's Subscription and
// PeriodStart.
func QuotaID(u limits.Used) uuid.UUID { return quotaID(u) }
