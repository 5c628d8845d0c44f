package objectid_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"portico/clients/go/gate/objectid"
)

// Ids that were issued once must stay valid forever.
func TestIDsNeverChange(t *testing.T) {
	id := uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8057")
	for prefix, want := range map[string]string{
		objectid.Organization: "org_02TCriYRXlxtr81b3DQDoX", objectid.Account: "acct_02TCriYRXlxtr81b3DQDoX", objectid.App: "app_02TCriYRXlxtr81b3DQDoX",
		objectid.Credential: "cred_02TCriYRXlxtr81b3DQDoX", objectid.Product: "prod_02TCriYRXlxtr81b3DQDoX", objectid.Endpoint: "ep_02TCriYRXlxtr81b3DQDoX",
		objectid.Subscription: "sub_02TCriYRXlxtr81b3DQDoX",
	} {
		if got := objectid.Encode(prefix, id); got != want {
			t.Errorf("is written %q, was %q", got, want)
		}
		if got, ok := objectid.Decode(prefix, want); !ok || got != id {
			t.Errorf("%q was read as %v", want, got)
		}
		if got, _, ok := objectid.Split(want); !ok || got != prefix {
			t.Errorf("%q has the prefix %q", want, got)
		}
	}
}

func TestOtherTextsAreNoIDs(t *testing.T) {
	good := objectid.Encode(objectid.App, uuid.Max)
	for _, junk := range []string{"", "_", "app", "app_", good[4:], good + "0", good[:len(good)-1], " " + good, good + " ", "app_" + strings.Repeat("z", 22), "app__" + good[5:], good + "\x00"} {
		if id, ok := objectid.Decode(objectid.App, junk); ok || id != uuid.Nil {
			t.Errorf("%q was read as %v", junk, id)
		}
	}
	if _, ok := objectid.Decode(objectid.Product, good); ok {
		t.Error("an app's id was read as a product's")
	}
}
