package nodeid_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"portico/clients/go/gate/objectid"
	"portico/internal/nodeid"
)

// prefixes are stored by clients and never change. Newer kinds need no place here:
// the role matrix has the prefix of each type (graph/matrix_NOUN_test.go).
func prefixes() map[nodeid.Kind]string {
	return map[nodeid.Kind]string{
		nodeid.Organization: "org", nodeid.Account: "acct", nodeid.User: "user", nodeid.Membership: "mem", nodeid.App: "app",
		nodeid.Credential: "cred", nodeid.Product: "prod", nodeid.Plan: "plan", nodeid.Endpoint: "ep", nodeid.ProductSubscription: "sub",
		nodeid.ServiceToken: "tok", nodeid.Event: "evt",
	}
}

func TestDecodeReversesEncode(t *testing.T) {
	for kind, prefix := range prefixes() {
		rapid.Check(t, func(t *rapid.T) {
			id := uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
			s := nodeid.Encode(kind, id)
			if !strings.HasPrefix(s, prefix+"_") || len(s) != len(prefix)+23 {
				t.Fatalf("a %s is %q", kind, s)
			}
			if k, got, ok := nodeid.Split(s); !ok || k != kind || got != id {
				t.Fatalf("%q was read as %s %v %v", s, k, got, ok)
			}
			for other := range prefixes() {
				if got, ok := nodeid.Decode(other, s); ok != (other == kind) || ok && got != id || !ok && got != uuid.Nil {
					t.Fatalf("%q was read as a %s: %v %v", s, other, got, ok)
				}
			}
		})
	}
}

// The Go client reads and writes ids by the same prefixes.
func TestPrefixesAreThoseOfTheGoClient(t *testing.T) {
	for kind, prefix := range map[nodeid.Kind]string{
		nodeid.Organization: objectid.Organization, nodeid.Account: objectid.Account, nodeid.App: objectid.App, nodeid.Credential: objectid.Credential,
		nodeid.Product: objectid.Product, nodeid.Endpoint: objectid.Endpoint, nodeid.ProductSubscription: objectid.Subscription,
	} {
		if got := nodeid.Encode(kind, uuid.Max); got != objectid.Encode(prefix, uuid.Max) {
			t.Errorf("a %s is %q", kind, got)
		}
	}
}

// Ids that were issued once must stay valid forever.
func TestAnIDNeverChanges(t *testing.T) {
	id := uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8057")
	const want = "app_02TCriYRXlxtr81b3DQDoX"
	if got := nodeid.Encode(nodeid.App, id); got != want {
		t.Errorf("is written %q, was %q", got, want)
	}
	for _, id := range []uuid.UUID{uuid.Nil, uuid.Max} {
		if got, ok := nodeid.Decode(nodeid.App, nodeid.Encode(nodeid.App, id)); !ok || got != id {
			t.Errorf("%v was read as %v", id, got)
		}
	}
}

func TestJunk(t *testing.T) {
	good := nodeid.Encode(nodeid.App, uuid.Max)
	for _, junk := range []string{
		"", "_", "app", "app_", good[4:], "_" + good[4:], "App" + good[3:], "none" + good[3:], good + "0", good[:len(good)-1],
		" " + good, good + " ", "app_" + strings.Repeat("z", 22), "app_-" + good[5:], "app_+" + good[5:], "app__" + good[5:],
		"app_" + strings.Repeat("ı", 11), strings.Repeat("app_", 1<<18), good + "\x00",
	} {
		if k, id, ok := nodeid.Split(junk); ok || k != "" || id != uuid.Nil {
			t.Errorf("%.80q was read as %s %v", junk, k, id)
		}
		if _, ok := nodeid.Decode(nodeid.App, junk); ok {
			t.Errorf("%.80q was read as an app", junk)
		}
	}
}

func FuzzSplit(f *testing.F) {
	for kind := range prefixes() {
		f.Add(nodeid.Encode(kind, uuid.Max))
	}
	f.Add("app_zzzzzzzzzzzzzzzzzzzzzz")
	f.Fuzz(func(t *testing.T, s string) {
		if kind, id, ok := nodeid.Split(s); ok && nodeid.Encode(kind, id) != s {
			t.Errorf("%q is a second way to write %s %v", s, kind, id)
		}
	})
}
