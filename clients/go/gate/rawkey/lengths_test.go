package rawkey_test

import (
	"strings"
	"testing"

	"portico/clients/go/gate/base62"
	"portico/clients/go/gate/rawkey"
)

// A number with another count of digits is no key, though its checksum is right.
func TestParseRefusesOtherLengths(t *testing.T) {
	for _, digits := range []int{0, 1, 42, 44} {
		body := "p_" + strings.Repeat("0", digits)
		if _, _, ok := rawkey.Parse(body + "_" + base62.Checksum(body)); ok {
			t.Errorf("%d digits were read", digits)
		}
	}
	body := "p_" + strings.Repeat("0", 43)
	if _, _, ok := rawkey.Parse(body + "_" + base62.Checksum(body)); !ok {
		t.Error("43 digits were refused")
	}
}

func TestPrefixesAreLettersAndDigits(t *testing.T) {
	for prefix, want := range map[string]bool{"a": true, "z": true, "az09": true, "`": false, "{": false, "a`": false, "a{": false, "a~": false, "a/": false, "a:": false} {
		if rawkey.ValidPrefix(prefix) != want {
			t.Errorf("%q", prefix)
		}
	}
}
