package gateway_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"portico/clients/go/gate/keycache"
	"portico/internal/apps"
	"portico/internal/gateway"
	"portico/internal/identity"
	"portico/internal/testdb"
)

// mentionedIDs returns all ids of accounts, apps and keys that some lines of the feed name.
func mentionedIDs(lines []keycache.Change) (out []uuid.UUID) {
	for _, l := range lines {
		for _, a := range l.Accounts {
			out = append(out, a.ID)
		}
		for _, a := range l.Apps {
			out = append(out, a.ID)
			for _, s := range a.Subscriptions {
				out = append(out, s.ID)
			}
		}
		for _, k := range l.Credentials {
			out = append(out, k.ID)
		}
		out = slices.Concat(out, l.GoneAccounts, l.GoneApps, l.GoneCredentials)
	}
	return out
}

// A token that is bound to a product receives nothing of unrelated accounts and
// apps, and everything of one as soon as it becomes related.
func TestTheFeedOfABoundTokenIsLimitedToRelatedApps(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		tides, plan := w.MustProduct(t, w.Admin, "tides")
		otherAccount := w.MustAccount(t, w.Admin, "Stranger")
		other := w.MustAppOf(t, w.Admin, otherAccount, "Elsewhere")
		theirs := otherAccount.GlobalID()
		whole := w.MustKey(t, w.Admin, apps.GenerateKeyInput{AccountID: &theirs}).Credential
		elsewhere := w.MustRegister(t, w.Admin, other.App, tides, plan)
		ok(t, 0, errorOf(w.Portal.Apps.Approve(w.Admin, elsewhere.GlobalID(), nil)))
		g := w.verifier(t)
		bound := func(product string) *gateway.Caller {
			c, err := g.Caller(t.Context(), w.token(t, identity.NewGateway{Products: []string{product}}))
			return ok(t, c, err)
		}
		c := bound("weather")
		foreign := []uuid.UUID{otherAccount.ID, other.App.ID, other.Credential.ID, whole.ID, elsewhere.ID}
		lines, err := w.readFeed(t, g, c, -1, 0)
		ok(t, 0, err)
		reported := mentionedIDs(lines)
		for _, id := range []uuid.UUID{w.Account.ID, w.made.App.ID, w.made.Credential.ID, w.sub.ID} {
			if !slices.Contains(reported, id) {
				t.Errorf("the snapshot lacks %s", id)
			}
		}
		hidden := func(what string, reported []uuid.UUID) {
			t.Helper()
			for _, id := range foreign {
				if slices.Contains(reported, id) {
					t.Errorf("%s names %s", what, id)
				}
			}
		}
		hidden("the snapshot", reported)
		here := lines[0].Position
		gone := w.MustAppOf(t, w.Admin, otherAccount, "Gone")
		foreign = append(foreign, gone.App.ID, gone.Credential.ID)
		ok(t, 0, errorOf(w.Portal.Apps.DeleteApp(w.Admin, gone.App.GlobalID(), nil)))
		ok(t, 0, errorOf(w.Portal.Apps.DisableKey(w.Admin, whole.GlobalID(), nil)))
		ok(t, 0, errorOf(w.Portal.Identity.SuspendAccount(w.Admin, theirs, nil)))
		w.mono.Add(1)
		lines, err = w.readFeed(t, g, c, here, 0)
		ok(t, 0, err)
		hidden("what has changed", mentionedIDs(lines))
		here = lines[len(lines)-1].Position

		w.MustRegister(t, w.Admin, other.App, w.product, w.plan)
		w.mono.Add(1)
		lines, err = w.readFeed(t, g, c, here, 0)
		ok(t, 0, err)
		reported = mentionedIDs(lines)
		for _, id := range []uuid.UUID{otherAccount.ID, other.App.ID, other.Credential.ID, whole.ID} {
			if !slices.Contains(reported, id) {
				t.Errorf("what has changed lacks %s", id)
			}
		}
		foreign = []uuid.UUID{elsewhere.ID, gone.App.ID, gone.Credential.ID}
		hidden("the subscription", reported)
		if lines, err = w.readFeed(t, g, bound("tides"), -1, 0); err != nil || slices.Contains(mentionedIDs(lines), w.made.Credential.ID) {
			t.Errorf("the other token knows %v %v", mentionedIDs(lines), err)
		}
	})
}
