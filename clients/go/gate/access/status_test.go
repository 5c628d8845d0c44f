package access_test

import (
	"slices"
	"testing"
	"time"

	. "portico/clients/go/gate/access"
)

func TestCredentialsExpire(t *testing.T) {
	end := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, status := range []CredentialStatus{CredentialActive, CredentialDisabled} {
		if got := status.At(end.Add(-time.Microsecond), &end); got != status {
			t.Errorf("before its end a key is %s, want %s", got, status)
		}
		for _, now := range []time.Time{end, end.Add(time.Hour)} {
			if got := status.At(now, &end); got != CredentialExpired {
				t.Errorf("after its end a key is %s", got)
			}
		}
		if got := status.At(end.AddDate(1000, 0, 0), nil); got != status {
			t.Errorf("a key without an end is %s, want %s", got, status)
		}
	}
	if got := CredentialUncollected.At(end, &end); got != CredentialUncollected {
		t.Errorf("a key whose life has not begun became %s", got)
	}
	if got := CredentialRevoked.At(end, &end); got != CredentialRevoked {
		t.Errorf("a revoked key became %s", got)
	}
	for _, unknown := range []CredentialStatus{"", "UNHEARD_OF", "active"} {
		if got := unknown.At(end.Add(-time.Hour), &end); got != CredentialRevoked || unknown.At(end, nil) != CredentialRevoked {
			t.Errorf("a key in the unknown state %q is %s", unknown, got)
		}
	}
}

func TestExpiredIsNeverStored(t *testing.T) {
	want := []string{"ACTIVE", "UNCOLLECTED", "DISABLED", "REVOKED"}
	if got := CredentialActive.Values(); !slices.Equal(got, want) {
		t.Errorf("stored are %v", got)
	}
}

// A key that is expired already stays so, with or without its end.
func TestAnExpiredKeyStaysExpired(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	later := now.Add(time.Hour)
	if CredentialExpired.At(now, nil) != CredentialExpired || CredentialExpired.At(now, &later) != CredentialExpired {
		t.Error("an expired key is something else")
	}
}
