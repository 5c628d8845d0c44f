package access_test

import (
	"encoding/json"
	"slices"
	"testing"

	"portico/clients/go/gate/access"
)

// What may be stored is what a column's CHECK is made of.
func TestStoredValues(t *testing.T) {
	for _, c := range []struct{ got, want []string }{
		{access.AccountStatus("").Values(), []string{"ACTIVE", "SUSPENDED"}},
		{access.AuthType("").Values(), []string{"API_KEY", "BASIC"}},
		{access.Environment("").Values(), []string{"DEVELOPMENT", "STAGING", "PRODUCTION"}},
		{access.ProductAccess("").Values(), []string{"ALL", "LISTED"}},
		{access.RatePeriod("").Values(), []string{"SECOND", "MINUTE", "HOUR"}},
		{access.QuotaPeriod("").Values(), []string{"DAY", "WEEK", "MONTH"}},
		{access.QuotaPer("").Values(), []string{"APP", "ACCOUNT"}},
		{access.Overage("").Values(), []string{"REFUSE", "CONTINUE"}},
		{access.Method("").Values(), []string{"ANY", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}},
		{access.CredentialStatus("").Values(), []string{"ACTIVE", "UNCOLLECTED", "DISABLED", "REVOKED"}},
		{access.SubscriptionStatus("").Values(), []string{"WAITING", "APPROVED", "REJECTED", "SUSPENDED", "UNSUBSCRIBED"}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%v may be stored, not %v", c.got, c.want)
		}
	}
	if !slices.Equal(access.AuthTypes(), []access.AuthType{access.APIKey, access.Basic}) {
		t.Errorf("keys are presented by %v", access.AuthTypes())
	}
}

func TestLiveSubscriptions(t *testing.T) {
	for status, live := range map[access.SubscriptionStatus]bool{
		access.SubscriptionWaiting: true, access.SubscriptionApproved: true, access.SubscriptionSuspended: true,
		access.SubscriptionRejected: false, access.SubscriptionEnded: false, "": false, "PAUSED": false,
	} {
		if status.Live() != live {
			t.Errorf("%q is live: %t", status, status.Live())
		}
	}
}

// values has a field of each type that is part of JSON.
type values struct {
	Type  access.AuthType
	Rate  access.RatePeriod
	Quota access.QuotaPeriod
	By    access.QuotaPer
	Over  access.Overage
}

func TestValuesSurviveJSON(t *testing.T) {
	want := values{access.Basic, access.PerMinute, access.PerWeek, access.QuotaPerAccount, access.OverageContinue}
	text, err := json.Marshal(want)
	if err != nil || string(text) != `{"Type":"BASIC","Rate":"MINUTE","Quota":"WEEK","By":"ACCOUNT","Over":"CONTINUE"}` {
		t.Fatalf("%s, %v", text, err)
	}
	var got values
	if err := json.Unmarshal(text, &got); err != nil || got != want {
		t.Errorf("%+v was read, %v", got, err)
	}
	for _, bad := range []string{`{"Type":"KEY"}`, `{"Rate":"DAY"}`, `{"Quota":"YEAR"}`, `{"By":"PRODUCT"}`} {
		if json.Unmarshal([]byte(bad), &got) == nil || got != want {
			t.Errorf("%s was read as %+v", bad, got)
		}
	}
}
