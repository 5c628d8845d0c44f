package httpapi

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/limits"
	"portico/clients/go/gate/verdict"
	"portico/internal/gateway"
	"portico/internal/nodeid"
)

// appendVerdict appends a verdict as JSON. What does not apply is absent; the API
// key is never in it.
func appendVerdict(to []byte, c *gateway.Caller, v *verdict.Verdict) []byte {
	if v.Code == verdict.Valid {
		to = append(to, `{"valid":true,"code":"`...)
	} else {
		to = append(to, `{"valid":false,"code":"`...)
	}
	to = append(append(to, v.Code.String()...), '"')
	if v.Credential != nil {
		to = appendIDField(to, `,"credential":"`, nodeid.Credential, v.Credential.ID)
	}
	if v.App != nil {
		to = appendIDField(to, `,"app":"`, nodeid.App, v.App.ID)
	}
	if v.Account != nil {
		to = appendIDField(to, `,"account":"`, nodeid.Account, v.Account.ID)
	}
	to = appendIDField(to, `,"organization":"`, nodeid.Organization, c.Organization)
	if v.Product != nil {
		to = appendText(append(to, `,"product":`...), v.Product.Name)
	}
	if v.Plan != nil {
		to = appendText(append(to, `,"plan":`...), v.Plan.Name)
	}
	if v.Subscription != nil {
		to = appendIDField(to, `,"subscription":"`, nodeid.ProductSubscription, v.Subscription.ID)
	}
	if v.Endpoint != uuid.Nil {
		to = appendIDField(to, `,"endpoint":"`, nodeid.Endpoint, v.Endpoint)
	}
	if v.Credential != nil {
		to = appendText(append(to, `,"environment":`...), string(v.Credential.Environment))
	}
	return append(appendEnding(appendLimits(to, &v.Limits), v), '}')
}

// appendEnding appends when the product ends, as values of the headers of these names.
func appendEnding(to []byte, v *verdict.Verdict) []byte {
	e := v.Ending()
	if e.Deprecation != "" {
		to = appendText(append(to, `,"deprecation":`...), e.Deprecation)
	}
	if e.Sunset != "" {
		to = appendText(append(to, `,"sunset":`...), e.Sunset)
	}
	return to
}

func appendIDField(to []byte, name string, k nodeid.Kind, id uuid.UUID) []byte {
	return append(nodeid.Append(append(to, name...), k, id), '"')
}

// appendLimits appends what is left, if there is a limit. The remaining of all is
// that of the window with the least left.
func appendLimits(to []byte, a *limits.Answer) []byte {
	tighter := &a.Rate
	if a.Rate.Limit == 0 || a.Quota.Limit != 0 && a.Quota.Remaining < a.Rate.Remaining {
		tighter = &a.Quota
	}
	if tighter.Limit == 0 {
		return to
	}
	to = append(to, `,"limits":{`...)
	var from, until int // where the tighter one's rest is
	for _, w := range [...]struct {
		name string
		*limits.Window
	}{{`"rate":{`, &a.Rate}, {`"quota":{`, &a.Quota}} {
		if w.Limit == 0 {
			continue
		}
		to = strconv.AppendInt(append(append(to, w.name...), `"limit":`...), w.Limit, 10)
		if w.Per >= time.Second {
			to = strconv.AppendInt(append(to, `,"per":`...), int64(w.Per/time.Second), 10)
		}
		start := len(to) + 1
		to = appendRest(append(to, ','), w.Window)
		if w.Window == tighter {
			from, until = start, len(to)
		}
		to = append(to, "},"...)
	}
	to = append(to, to[from:until]...)
	to = appendUsed(to, a)
	if a.RetryAfter > 0 {
		to = strconv.AppendInt(append(to, `,"retryAfter":`...), seconds(a.RetryAfter), 10)
	}
	if a.Local {
		to = append(to, `,"local":true`...)
	}
	return append(to, '}')
}

// appendUsed appends the counts of all quotas, where there are others than the plan's.
func appendUsed(to []byte, a *limits.Answer) []byte {
	if !a.Several {
		return to
	}
	to = append(to, `,"used":{`...)
	for i, name := range [...]string{`"quota":`, `"endpoint":`, `"spending":`} {
		if a.Used[i] > 0 {
			to = append(strconv.AppendInt(append(to, name...), a.Used[i], 10), ',')
		}
	}
	if to[len(to)-1] == ',' {
		to = to[:len(to)-1]
	}
	return append(to, '}')
}

func appendRest(to []byte, w *limits.Window) []byte {
	to = strconv.AppendInt(append(to, `"remaining":`...), max(0, w.Remaining), 10)
	to = append(to, `,"resetAt":"`...)
	return append(w.ResetAt.UTC().AppendFormat(to, time.RFC3339Nano), '"')
}

// appendText appends a JSON string. Names rarely need escapes.
func appendText(to []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(text) // a string is always marshalled
			return append(to, quoted...)
		}
	}
	return append(append(append(to, '"'), text...), '"')
}
