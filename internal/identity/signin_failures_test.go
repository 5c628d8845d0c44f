package identity_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/event"
	"portico/internal/activity"
	"portico/internal/address"
	"portico/internal/auth"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/listing"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/seldom"
	"portico/internal/testdb"
)

// signInFailureEvents lists the events of failed sign-ins.
func signInFailureEvents(t *testing.T, f *portaltest.Fixture) []*db.Event {
	t.Helper()
	all, err := f.Client.Event.Query().Where(event.Type(string(eventlog.UserSignInFailed))).Order(event.ByPosition()).All(portaltest.System(t))
	require.NoError(t, err)
	return all
}

func changeTo(e *db.Event, field string) string {
	for _, c := range e.Changes {
		if c.Field == field && c.After != nil {
			return *c.After
		}
	}
	return ""
}

// Many guesses become two events in a quarter of an hour.
func TestRecordSignInFailures_SumsUp(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		u := mustStaff(t, f, "one", portaltest.Password)
		mustFail(t, f.Portal, "192.0.2.1", 1)
		require.Empty(t, signInFailureEvents(t, f), "not while somebody waits for the answer")
		require.NoError(t, f.Portal.Identity.RecordSignInFailures(t.Context()))
		mustFail(t, f.Portal, "192.0.2.7", 5)
		for range 3 {
			require.NoError(t, f.Portal.Identity.RecordSignInFailures(t.Context()))
			require.Len(t, signInFailureEvents(t, f), 1)
		}
		f.Clock.Advance(auth.AttemptWindow)
		require.NoError(t, f.Portal.Identity.RecordSignInFailures(t.Context()))
		f.Clock.Advance(auth.AttemptWindow)
		require.NoError(t, f.Portal.Identity.RecordSignInFailures(t.Context()))

		all := signInFailureEvents(t, f)
		require.Len(t, all, 2, "nothing is told of nothing")
		require.Equal(t, []string{"1", "5"}, []string{changeTo(all[0], "failures"), changeTo(all[1], "failures")})
		require.Contains(t, changeTo(all[1], "reason"), "WRONG_PASSWORD")
		require.Empty(t, changeTo(all[1], "email"), "the log has no addresses, which a deleted user would leave there")
		require.Equal(t, "192.0.2.7", all[1].Address)
		require.Equal(t, u.ID, all[1].SubjectID)
		require.Nil(t, all[1].ActorID)
		staff, err := f.Portal.Activity.Events(x.Admin, activity.EventFilter{Type: []eventlog.Type{eventlog.UserSignInFailed}}, true, listing.Request{})
		require.NoError(t, err)
		require.Len(t, staff.Nodes, 2)
		developers, err := f.Portal.Activity.Events(x.Developer, activity.EventFilter{Type: []eventlog.Type{eventlog.UserSignInFailed}}, true, listing.Request{})
		require.NoError(t, err)
		require.Empty(t, developers.Nodes)
	})
}

// When the program ends, all failures that were still summed up in memory are
// recorded.
func TestRunSignInFailureRecorder_RecordsAllAtTheEnd(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		mustStaff(t, f, "one", portaltest.Password)
		mustFail(t, f.Portal, "192.0.2.1", 2) // most failures: this user's are recorded first
		const others = 22                     // more than a quarter of an hour has room for
		for i := range others {
			u := f.MustUser(t, x.Admin, x.Account, domain.Member)
			_, err := f.Portal.Identity.SignIn(from(t, fmt.Sprintf("192.0.2.%d", i)), identity.SignInInput{Email: u.EmailFolded, Password: "a wrong password"})
			require.Error(t, err)
		}
		require.NoError(t, f.Portal.Identity.RecordSignInFailures(t.Context()))
		mustFail(t, f.Portal, "192.0.2.7", 5)
		ended, end := context.WithCancel(t.Context())
		end()
		f.Portal.Identity.RunSignInFailureRecorder(ended)
		recorded := 0
		for _, e := range signInFailureEvents(t, f) {
			n, err := strconv.Atoi(changeTo(e, "failures"))
			require.NoError(t, err)
			recorded += n
		}
		require.Equal(t, 2+others+5, recorded)
		f.Portal.Identity.RunSignInFailureRecorder(ended)
		require.Len(t, signInFailureEvents(t, f), 1+others+1, "nothing is told twice")
	})
}

// Failures that cannot be recorded when the program ends are counted in its log.
func TestRunSignInFailureRecorder_LogsWhatIsLost(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		f.MustOrganization(t, "one")
		mustStaff(t, f, "one", portaltest.Password)
		var log bytes.Buffer
		p := f.With(func(o *portal.Options) { o.Log = slog.New(slog.NewJSONHandler(&log, nil)) })
		mustFail(t, p, "192.0.2.1", 3)
		log.Reset()
		require.NoError(t, f.Database.Close())
		ended, end := context.WithCancel(t.Context())
		end()
		p.Identity.RunSignInFailureRecorder(ended)
		require.Contains(t, log.String(), `"failures":3`)
	})
}

// Guesses at many users do not fill the log either, and what was left out is
// recorded later.
func TestRecordSignInFailures_BoundsEvents(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		for i := range 25 {
			u := f.MustUser(t, x.Admin, x.Account, domain.Member)
			_, err := f.Portal.Identity.SignIn(from(t, fmt.Sprintf("192.0.2.%d", i)), identity.SignInInput{Email: u.EmailFolded, Password: "a wrong password"})
			require.Error(t, err)
		}
		for _, n := range []int{20, 20} {
			require.NoError(t, f.Portal.Identity.RecordSignInFailures(t.Context()))
			require.Len(t, signInFailureEvents(t, f), n)
		}
		f.Clock.Advance(auth.AttemptWindow)
		require.NoError(t, f.Portal.Identity.RecordSignInFailures(t.Context()))
		require.Len(t, signInFailureEvents(t, f), 25)
	})
}

// When the third of five events cannot be written, the first two are not recorded
// again, and none of the others is lost.
func TestRecordSignInFailures_ContinuesAfterAnError(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		armed, written := false, 0
		f := portaltest.NewWith(t, url, database.Options{OnStatement: func(_ context.Context, query string) {
			if armed && strings.Contains(query, "INSERT INTO events ") {
				if written++; written == 3 {
					cancel()
				}
			}
		}})
		x := f.MustTenant(t, "one")
		for range 5 {
			u := f.MustUser(t, x.Admin, x.Account, domain.Member)
			_, err := f.Portal.Identity.SignIn(from(t, "192.0.2.1"), identity.SignInInput{Email: u.EmailFolded, Password: "a wrong password"})
			require.Error(t, err)
		}
		armed = true
		require.Error(t, f.Portal.Identity.RecordSignInFailures(ctx))
		require.Len(t, signInFailureEvents(t, f), 2)
		require.NoError(t, f.Portal.Identity.RecordSignInFailures(t.Context()))
		people := map[uuid.UUID]string{}
		for _, e := range signInFailureEvents(t, f) {
			require.NotContains(t, people, e.SubjectID, "told twice")
			people[e.SubjectID] = changeTo(e, "failures")
		}
		require.Len(t, people, 5)
		for _, failures := range people {
			require.Equal(t, "1", failures)
		}
	})
}

// Each failed sign-in is a line of the program's log, at INFO, so that whoever writes only
// warnings is not flooded by strangers, and who reads all misses none.
func TestSignIn_LogsAndCountsFailures(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		o := f.MustOrganization(t, "one")
		var log bytes.Buffer
		counts := map[identity.SignInFailure]int{}
		p := portal.New(portal.Options{
			Client: f.Client, Database: f.Database, Clock: f.Clock, Secrets: f.Ring, Tokens: f.Tokens,
			Passwords: f.Passwords, Devices: auth.NewDevices(f.Ring, f.Clock),
			Limiter: auth.NewLimiter(f.Database, f.Ring, f.Clock), Log: slog.New(seldom.NewHandler(slog.NewJSONHandler(&log, nil), f.Clock.Now)),
			Counters: portal.Counters{SignInFailed: func(why identity.SignInFailure) { counts[why]++ }},
		})
		guess := func(email, password string, want identity.SignInFailure) {
			log.Reset()
			_, err := p.Identity.SignIn(from(t, "192.0.2.1"), identity.SignInInput{Email: address.ParseEmail(email), Password: password})
			require.Error(t, err)
			var line map[string]any
			require.NoError(t, json.Unmarshal(log.Bytes(), &line), "one line: %s", log.String())
			require.Equal(t, "INFO", line["level"])
			require.Equal(t, "a sign-in failed", line["msg"])
			require.Equal(t, string(want), line["reason"])
			require.Equal(t, address.ParseEmail(email).String(), line["email"])
			require.Equal(t, "192.0.2.1", line["address"])
			require.NotContains(t, log.String(), password)
		}
		guess(orhan, "a wrong password", identity.SignInUnknown)
		guess("my password, by mistake", "a wrong password", identity.SignInMalformed)
		u := mustStaff(t, f, "one", portaltest.Password)
		guess(" ORHAN@both.example\r\n", "a wrong password", identity.SignInWrongPassword)
		_, err := f.Portal.Identity.DisableUser(f.MustAdmin(t, o), u.GlobalID(), nil)
		require.NoError(t, err)
		guess(orhan, portaltest.Password, identity.SignInDisabled)
		for range auth.PairFailures - 3 {
			guess(orhan, portaltest.Password, identity.SignInDisabled)
		}
		guess(orhan, portaltest.Password, identity.SignInLimited)
		require.Equal(t, map[identity.SignInFailure]int{identity.SignInUnknown: 1, identity.SignInMalformed: 1, identity.SignInWrongPassword: 1,
			identity.SignInDisabled: auth.PairFailures - 2, identity.SignInLimited: 1}, counts)
	})
}

// The log and the metrics name the reason that demo users are refused for; the
// answer is that of a wrong password.
func TestSignIn_ReasonForDemoUsers(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		var last identity.SignInFailure
		var log bytes.Buffer
		production := f.With(func(o *portal.Options) {
			o.SignInFailed, o.Log = func(why identity.SignInFailure) { last = why }, slog.New(slog.NewTextHandler(&log, nil))
		})
		demo := f.MustUser(t, x.Admin, x.Account, domain.Member)
		require.NoError(t, f.Client.User.UpdateOne(demo).SetMadeInDevelopment(true).Exec(portaltest.System(t)))
		guess := func(p *portal.Portal, email address.Email, want identity.SignInFailure) {
			log.Reset()
			_, err := p.Identity.SignIn(from(t, "192.0.2.1"), identity.SignInInput{Email: email, Password: portaltest.Password})
			_, unknown := signIn(from(t, "192.0.2.1"), f.Portal, "a wrong password")
			require.Equal(t, unknown, err)
			require.Equal(t, want, last)
			require.Contains(t, log.String(), "reason="+string(want))
		}
		guess(production, demo.EmailFolded, identity.SignInDemo)
		require.Contains(t, identity.SignInFailures(), last, "it has a counter")
		require.NoError(t, production.Identity.RecordSignInFailures(t.Context()))
		require.Equal(t, "MADE_IN_DEVELOPMENT", changeTo(signInFailureEvents(t, f)[0], "reason"))

		_, err := f.Portal.Identity.UpdateOrganization(x.Admin, identity.UpdateOrganizationInput{PasswordSignIn: input.SetTo(false)})
		require.NoError(t, err)
		guess(production, demo.EmailFolded, identity.SignInNoPasswords)
		require.NoError(t, f.Client.User.UpdateOne(demo).SetStatus(domain.UserDisabled).Exec(portaltest.System(t)))
		guess(production, demo.EmailFolded, identity.SignInDisabled)
	})
}
