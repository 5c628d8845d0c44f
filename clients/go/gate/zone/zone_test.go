package zone_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"portico/clients/go/gate/zone"
)

func TestOnlyIANANames(t *testing.T) {
	for _, name := range []string{"UTC", "Europe/Berlin", "Europe/Istanbul", "America/Argentina/Buenos_Aires", "Asia/Calcutta", "Asia/Kolkata", "Etc/GMT+3"} {
		l, err := zone.Load(name)
		if err != nil || l.String() != name {
			t.Errorf("%s: %v %v", name, l, err)
		}
	}
	for _, name := range []string{
		"", "Local", "local", "localtime", "Factory", "posixrules", "right/Europe/Berlin", "posix/Europe/Berlin", "./Europe/Berlin", "Europe/./Berlin",
		"Europe//Berlin", "/Europe/Berlin", "Europe/Berlin/", "../zoneinfo/Europe/Berlin", "Europe/../Europe/Berlin", `Europe\Berlin`, "Europe",
		"europe/berlin", "EUROPE/BERLIN", "utc", "Utc", " UTC", "UTC ", "UTC\n", "UTC\x00", "Europe/Berlin\n", "zone.tab", "tzdata.zi", "Mars/Olympus", "+03:00",
		"/usr/share/zoneinfo/Europe/Berlin",
	} {
		if l, err := zone.Load(name); err == nil {
			t.Errorf("%q is %v", name, l)
		}
	}
}

// The data of every name is embedded in the program, whatever the system has.
func TestEveryNameHasItsZone(t *testing.T) {
	t.Setenv("ZONEINFO", "")
	text, err := os.ReadFile("names.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for name := range strings.Lines(string(text)) {
		n++
		if _, err := zone.Load(strings.TrimSuffix(name, "\n")); err != nil {
			t.Errorf("%v", err)
		}
	}
	if n < 500 {
		t.Errorf("only %d names", n)
	}
}

func TestZoneIsEncodedByName(t *testing.T) {
	var z struct{ Zone zone.Zone }
	if err := json.Unmarshal([]byte(`{"Zone":"Asia/Kathmandu"}`), &z); err != nil || z.Zone.String() != "Asia/Kathmandu" {
		t.Fatal(z, err)
	}
	text, err := json.Marshal(z)
	if err != nil || string(text) != `{"Zone":"Asia/Kathmandu"}` {
		t.Error(string(text), err)
	}
	for _, from := range []any{"Asia/Kathmandu", []byte("Asia/Kathmandu")} {
		var got zone.Zone
		if err := got.Scan(from); err != nil || got.String() != "Asia/Kathmandu" {
			t.Error(got, err)
		}
	}
	for _, from := range []any{nil, 1, "", "moon"} {
		if err := new(zone.Zone).Scan(from); err == nil {
			t.Errorf("%v was taken", from)
		}
	}
	if _, err := json.Marshal(zone.Zone{}); err == nil {
		t.Error("no zone was written")
	}
	if err := json.Unmarshal([]byte(`{"Zone":"moon"}`), &z); err == nil {
		t.Error("an unknown one was read")
	}
}
