package identity_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"portico/ent/db"
	"portico/ent/db/app"
	"portico/ent/db/membership"
	"portico/internal/domain"
	"portico/internal/identity"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// crew is people who change the memberships of an account, and what is expected of it:
// the role of each, nil for who is no member.
type crew struct {
	*portaltest.Fixture
	t      *testing.T
	admin  context.Context
	people []*db.User
	of     *db.Account
	app    uuid.UUID
	roles  map[uuid.UUID]domain.MembershipRole
	// stale are contexts of earlier requests, which may still be on their way.
	stale []context.Context
}

// No sequence of changes of membership leaves an account without an owner, lets
// somebody change it who may not at that moment, or lets a removed member read.
func TestMembers_AnySequence(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		var people []*db.User
		for range 4 {
			people = append(people, f.MustUser(t, x.Admin, x.Account, domain.Member))
		}
		_, err := f.Client.Membership.Delete().Exec(portaltest.System(t)) // they belong nowhere else
		require.NoError(t, err)
		rapid.Check(t, func(r *rapid.T) {
			c := &crew{Fixture: f, t: t, admin: x.Admin, people: people, roles: map[uuid.UUID]domain.MembershipRole{}}
			c.of = f.MustAccount(t, x.Admin, "Acme")
			c.app = f.MustAppOf(t, x.Admin, c.of, "App").App.ID
			c.add(people[0])
			for range rapid.IntRange(1, 8).Draw(r, "changes") {
				c.step(r)
				c.check()
			}
			require.NoError(t, errOf(f.Portal.Identity.DeleteAccount(x.Admin, c.of.GlobalID(), nil)))
			c.roles = map[uuid.UUID]domain.MembershipRole{}
			c.checkReads()
		})
	})
}

func (c *crew) add(u *db.User) {
	_, err := c.Portal.Identity.AddMember(c.admin, identity.AddMemberInput{AccountID: c.of.GlobalID(), UserID: u.GlobalID()})
	require.Equal(c.t, c.roles[u.ID] != "", err != nil, "%v", err)
	if err == nil {
		c.roles[u.ID] = domain.Member
		if len(c.roles) == 1 {
			c.roles[u.ID] = domain.Owner
		}
	}
}

// step makes one change, by somebody who may or may not make it.
func (c *crew) step(r *rapid.T) {
	target := rapid.SampledFrom(c.people).Draw(r, "target")
	by := rapid.SampledFrom(c.people).Draw(r, "by")
	ctx, staff := c.Enter(c.t, by), rapid.Bool().Draw(r, "by staff")
	c.stale = append(c.stale, ctx)
	if rapid.Bool().Draw(r, "on its way for long") {
		ctx = rapid.SampledFrom(c.stale).Draw(r, "request")
	}
	if staff {
		ctx = c.admin
	}
	v := viewer.Current(ctx)
	mayChange := staff || v.AccountOwner && v.AccountID == c.of.ID && c.roles[v.UserID] == domain.Owner
	svc, id := c.Portal.Identity, c.membership(target)
	keeps := c.roles[target.ID] != domain.Owner || c.owners() > 1
	switch rapid.SampledFrom([]string{"add", "promote", "demote", "remove", "transfer"}).Draw(r, "change") {
	case "add":
		c.add(target)
	case "promote":
		_, err := svc.ChangeMemberRole(ctx, id, domain.Owner)
		c.expect(err, mayChange && c.roles[target.ID] != "", func() { c.roles[target.ID] = domain.Owner })
	case "demote":
		_, err := svc.ChangeMemberRole(ctx, id, domain.Member)
		c.expect(err, mayChange && c.roles[target.ID] != "" && keeps, func() { c.roles[target.ID] = domain.Member })
	case "remove":
		_, err := svc.RemoveMember(ctx, id, nil)
		leaves := v.UserID == target.ID && v.AccountID == c.of.ID
		c.expect(err, (mayChange || leaves) && c.roles[target.ID] != "" && keeps, func() { delete(c.roles, target.ID) })
	case "transfer":
		from := c.membership(by)
		_, err := svc.TransferOwnership(ctx, identity.TransferOwnershipInput{MembershipID: id, FromMembershipID: &from})
		c.expect(err, mayChange && by.ID != target.ID && c.roles[target.ID] != "" && c.roles[by.ID] == domain.Owner, func() {
			c.roles[target.ID], c.roles[by.ID] = domain.Owner, domain.Member
		})
	}
}

// expect requires that a change succeeds exactly if it may, and notes it.
func (c *crew) expect(err error, may bool, note func()) {
	require.Equal(c.t, may, err == nil, "%v", err)
	if may {
		note()
	}
}

func (c *crew) owners() (n int) {
	for _, role := range c.roles {
		if role == domain.Owner {
			n++
		}
	}
	return n
}

// membership returns the opaque id of a user's membership; a made-up one if there is none.
func (c *crew) membership(u *db.User) string {
	m, err := c.Client.Membership.Query().Where(membership.UserID(u.ID), membership.AccountID(c.of.ID)).Only(portaltest.System(c.t))
	if db.IsNotFound(err) {
		return (&db.Membership{ID: uuid.New()}).GlobalID()
	}
	require.NoError(c.t, err)
	return m.GlobalID()
}

func (c *crew) check() {
	all, err := c.Client.Membership.Query().Where(membership.AccountID(c.of.ID)).All(portaltest.System(c.t))
	require.NoError(c.t, err)
	got := map[uuid.UUID]domain.MembershipRole{}
	for _, m := range all {
		got[m.UserID] = m.Role
	}
	require.Equal(c.t, c.roles, got)
	require.Positive(c.t, c.owners(), "the account has no owner")
	c.checkReads()
}

// checkReads requires that exactly the members read what the account owns.
func (c *crew) checkReads() {
	for _, u := range c.people {
		n, err := c.Client.App.Query().Where(app.ID(c.app)).Count(c.Enter(c.t, u))
		require.NoError(c.t, err)
		require.Equal(c.t, c.roles[u.ID] != "", n == 1)
	}
}
