package csvhttp

import (
	"fmt"
	"net/url"
	"slices"
	"time"

	"portico/internal/activity"
	"portico/internal/fault"
	"portico/internal/usage"
)

// parse parses the query: from, to, interval and timeZone once each; appId, productId
// and credentialId any number of times. It refuses unknown parameters, as a misspelt
// one would export more than intended.
func parse(query string) (f activity.UsageFilter, by usage.Interval, err error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return f, by, invalid("The address's parameters are malformed.")
	}
	for name, all := range values {
		switch name {
		case "from", "to", "interval", "timeZone":
			if len(all) != 1 {
				return f, by, invalid("The parameter " + name + " stands there more than once.")
			}
		case "appId", "productId", "credentialId":
		default:
			return f, by, invalid("The parameters are from, to, interval, timeZone, appId, productId and credentialId.")
		}
	}
	f = activity.UsageFilter{
		AppIDs: values["appId"], ProductIDs: values["productId"], CredentialIDs: values["credentialId"], TimeZone: values.Get("timeZone"),
	}
	if f.From, err = moment(values, "from"); err != nil {
		return f, by, err
	}
	if f.To, err = moment(values, "to"); err != nil {
		return f, by, err
	}
	by = usage.Interval(values.Get("interval"))
	if !slices.Contains([]usage.Interval{usage.Minute, usage.Hour, usage.Day, usage.Month}, by) {
		return f, by, invalid("The parameter interval is MINUTE, HOUR, DAY or MONTH.")
	}
	return f, by, nil
}

func moment(values url.Values, name string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, values.Get(name))
	if err != nil || t.UTC().Year() < 1 || t.UTC().Year() > 9999 {
		return time.Time{}, invalid(fmt.Sprintf("The parameter %s is a time by RFC 3339, such as 2026-03-01T00:00:00Z.", name))
	}
	return t.UTC(), nil
}

func invalid(message string) error {
	return fault.New(fault.CodeBadUserInput, fault.ReasonInvalidArgument, message)
}
