package identity_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/event"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/portal/portaltest"
)

func TestUpdateUser(t *testing.T) {
	eachTeam(t, func(t *testing.T, x team) {
		foreign := x.MustTenant(t, "two")
		rename := func(ctx context.Context, name string) error {
			return errOf(x.Portal.Identity.UpdateUser(ctx, identity.UpdateUserInput{UserID: x.member.GlobalID(), Name: input.SetTo(name)}))
		}
		portaltest.RequireCode(t, rename(x.Developer, "By the owner"), fault.CodeForbidden)
		for _, ctx := range []context.Context{x.stranger, foreign.Admin, foreign.Developer} {
			portaltest.RequireCode(t, rename(ctx, "By a stranger"), fault.CodeNotFound)
		}
		portaltest.RequireProblems(t, rename(x.asMember, " "), "REQUIRED name")
		require.NoError(t, rename(x.asMember, "Me"))
		require.NoError(t, rename(x.asMember, "Me"), "nothing changes")
		require.Equal(t, "Me", x.userOf(t, x.asMember).Name)
		require.NoError(t, rename(x.Admin, "By staff"))
		require.Equal(t, "By staff", x.userOf(t, x.asMember).Name)
		require.Equal(t, "By staff", x.userOf(t, x.Enter(t, x.member)).Name)
		require.Equal(t, []string{"USER_CREATED", "USER_UPDATED", "USER_UPDATED"}, x.EventTypes(t, x.member.ID))
	})
}

func TestUpdateUser_Preferences(t *testing.T) {
	eachTeam(t, func(t *testing.T, x team) {
		update := func(in identity.UpdateUserInput) (*db.User, error) {
			in.UserID = x.member.GlobalID()
			return x.Portal.Identity.UpdateUser(x.asMember, in)
		}
		for _, bad := range []string{"", "Mars/Olympus", "../etc/passwd", "europe/istanbul", "Local"} {
			portaltest.RequireProblems(t, errOf(update(identity.UpdateUserInput{TimeZone: input.SetTo(bad)})), "INVALID timeZone")
		}
		u, err := update(identity.UpdateUserInput{Language: input.SetTo(domain.Turkish), TimeZone: input.SetTo("Asia/Tokyo"), Theme: input.SetTo(domain.Dark)})
		require.NoError(t, err)
		require.Equal(t, []any{domain.Turkish, "Asia/Tokyo", domain.Dark, x.member.Name}, []any{*u.Language, *u.TimeZone, *u.Theme, u.Name})
		u, err = update(identity.UpdateUserInput{Language: input.Patch[domain.Language]{Set: true}, TimeZone: input.Patch[string]{Set: true}, Theme: input.Patch[domain.Theme]{Set: true}})
		require.NoError(t, err)
		require.Nil(t, u.Language)
		require.Nil(t, u.TimeZone)
		require.Nil(t, u.Theme)
		all, err := x.Client.Event.Query().Where(event.SubjectID(x.member.ID), event.Type(string(eventlog.UserUpdated))).All(portaltest.System(t))
		require.NoError(t, err)
		require.Len(t, all, 2)
		require.Len(t, all[1].Changes, 3)
	})
}
