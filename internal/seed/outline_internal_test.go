package seed

import (
	"strings"
	"testing"
)

// The files of demo data are as strict as Go: what is misspelled is refused, not
// left out.
func TestDecodeRefuses(t *testing.T) {
	for what, text := range map[string]string{
		"an unknown member":              `{"colour": "red"}`,
		"an unknown member of an input":  `{"products": [{"tittle": "A"}]}`,
		"a repeated member":              `{"slug": "a", "slug": "b"}`,
		"a repeated member in two cases": `{"slug": "a", "Slug": "b"}`,
		"an unknown status":              `{"products": [{"finally": "Draft"}]}`,
		"an unknown approval":            `{"products": [{"approval": "SOMETIMES"}]}`,
		"an unknown method":              `{"products": [{"endpoints": [{"method": "get"}]}]}`,
		"an unknown kind of plan":        `{"products": [{"plans": [{"kind": "CHEAP"}]}]}`,
		"an unknown period":              `{"products": [{"plans": [{"quota": {"limit": 1, "per": "YEAR"}}]}]}`,
		"an unknown environment":         `{"accounts": [{"credentials": [{"environment": "TEST"}]}]}`,
		"an unknown reason":              `{"accounts": [{"credentials": [{"reason": "WHIM"}]}]}`,
		"a number for a text":            `{"slug": 1}`,
		"a fraction":                     `{"accounts": [{"apps": [{"calls": 1.5}]}]}`,
		"something after the end":        `{"slug": "a"} {}`,
	} {
		if err := decode([]byte(text), &organization{}); err == nil {
			t.Errorf("%s was not refused", what)
		}
	}
	var o organization
	if err := decode([]byte(`{"products": [{"name": "a", "approval": "AUTO", "finally": "RETIRED"}]}`), &o); err != nil {
		t.Fatal(err)
	}
	if p := o.Products[0]; p.Name != "a" || *p.Approval != "AUTO" || p.Finally != "RETIRED" {
		t.Errorf("read %+v", p)
	}
}

// What the data says of an object that does not exist names it.
func TestFindNamesWhatIsMissing(t *testing.T) {
	_, err := findIDs(map[string]*offer{}, "product", []string{"maps"})
	if err == nil || !strings.Contains(err.Error(), `no product "maps"`) {
		t.Errorf("got %v", err)
	}
}
