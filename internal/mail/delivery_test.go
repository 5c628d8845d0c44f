package mail_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/internal/domain"
	"portico/internal/mail"
	"portico/internal/mail/mailtest"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// The first start sends nothing about what happened before, nor does a start after a
// long time without mail.
func TestNothingOfThePastIsSent(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		w.step()
		require.Empty(t, w.server.Letters())
		require.NoError(t, w.service.Begin(t.Context()), "of another server, or after a restart")
		w.MustUser(t, w.Admin, w.Account, domain.Member)
		w.Clock.Advance(3*day + time.Second)
		w.MustUser(t, w.Admin, w.Account, domain.Member)
		require.Len(t, w.sent(), 1)
		// An organization that is created later is followed from its beginning.
		w.MustAdmin(t, w.MustOrganization(t, "new"))
		require.Len(t, w.sent(), 1)
	})
}

// A mail server that is down delays letters and loses none, however long; then each
// recipient gets them in order.
func TestTheMailServerIsDown(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		w.server.Stop()
		app := w.MustApp(t, w.Developer, "Weather map").App
		for _, name := range []string{"A", "B", "C"} {
			_, err := w.Portal.Apps.RevokeKey(w.Admin, w.key(app, name, 90*day).GlobalID(), nil, nil)
			require.NoError(t, err)
		}
		for range 60 {
			w.step()
			w.Clock.Advance(4 * time.Hour)
		}
		require.Equal(t, 3, w.state("PENDING"))
		require.True(t, w.counts.down)
		require.Equal(t, 3, w.counts.waiting)
		w.server = mailtest.Start(t, mailtest.Options{Address: w.server.Address})
		w.step()
		var order []string
		for _, l := range w.server.Letters() {
			text, _ := l.Parts(t)
			order = append(order, strings.Split(strings.Split(text, "key “")[1], "”")[0])
		}
		require.Equal(t, []string{"A", "B", "C"}, order)
		require.False(t, w.counts.down)
		require.Zero(t, w.counts.waiting)
	})
}

// A server that refuses a letter for now gets it again, after growing pauses; meanwhile
// the recipient's later letters wait, and other people's do not.
func TestARefusalForNow(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		first, second := w.MustUser(t, w.Admin, w.Account, domain.Member), w.MustUser(t, w.Admin, w.Account, domain.Member)
		w.server.Refuse(func(to string) error {
			if to == first.Email {
				return mailtest.Answer(450, 4, 2, 0, "greylisted")
			}
			return nil
		}, nil)
		to, _, _ := w.one()
		require.Equal(t, second.Email, to)
		w.Clock.Advance(59 * time.Second)
		w.step()
		require.Equal(t, 1, w.counts.outcomes["delayed"], "the pause is a minute")
		w.server.Refuse(nil, nil)
		w.Clock.Advance(time.Second)
		to, _, _ = w.one()
		require.Equal(t, first.Email, to)
	})
}

func TestALetterIsGivenUp(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		for name, answer := range map[string]error{
			"for now, for three days": mailtest.Answer(451, 4, 3, 0, "busy"),
			"by policy":               mailtest.Answer(550, 5, 7, 1, "not from you"), // may be a mistake of the operator's
		} {
			before, attempts := w.state("FAILED"), 0
			w.server.Refuse(func(string) error { attempts++; return answer }, nil)
			w.MustUser(t, w.Admin, w.Account, domain.Member)
			start := w.Clock.Now()
			for w.step(); w.state("PENDING") > 0; w.step() {
				w.Clock.Advance(10 * time.Minute)
			}
			require.Equal(t, before+1, w.state("FAILED"), name)
			require.Equal(t, 12, attempts, name)
			require.Greater(t, w.Clock.Now().Sub(start), 2*day+20*time.Hour, name)
		}
		for name, refuse := range map[string]func(error){
			"the recipient": func(err error) { w.server.Refuse(func(string) error { return err }, nil) },
			"the content":   func(err error) { w.server.Refuse(nil, func(mailtest.Letter) error { return err }) },
		} {
			before := w.state("FAILED")
			refuse(mailtest.Answer(550, 5, 1, 1, "no such user"))
			w.MustUser(t, w.Admin, w.Account, domain.Member)
			w.step()
			require.Equal(t, before+1, w.state("FAILED"), "%s: at once", name)
		}
		w.server.Refuse(nil, nil)
		w.MustUser(t, w.Admin, w.Account, domain.Member)
		require.Len(t, w.sent(), 1, "others are sent")
	})
}

// A crash after the server's answer and before it is noted sends the letter again, under
// the same Message-ID; one before the attempt loses nothing.
func TestACrashBetweenTheAnswerAndTheNote(t *testing.T) {
	for _, after := range []bool{true, false} {
		testdb.Each(t, func(t *testing.T, url string) {
			w := newWorld(t, url)
			w.MustUser(t, w.Admin, w.Account, domain.Member)
			server := w.sender()
			crashing := w.newWorker(sendFunc(func(ctx context.Context, m mail.Message) error {
				if after {
					require.NoError(t, server.Send(ctx, m))
				}
				panic("crash")
			}))
			require.Panics(t, func() { _ = crashing.Step(t.Context()) })
			n := len(w.server.Letters())
			w.Clock.Advance(5*time.Minute - time.Second)
			require.Empty(t, w.sent(), "it is claimed")
			w.Clock.Advance(time.Second)
			require.Len(t, w.sent(), 1)
			if all := w.server.Letters(); after {
				require.Equal(t, 1, n)
				require.Equal(t, all[0].Header.Get("Message-Id"), all[1].Header.Get("Message-Id"))
				require.Equal(t, all[0].Header.Get("Date"), all[1].Header.Get("Date"))
			}
			require.Zero(t, w.state("PENDING"))
		})
	}
}

// Many workers at once, as when leases fail, send each letter once.
func TestRace_Workers(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		for range 20 {
			w.MustUser(t, w.Admin, w.Account, domain.Member)
		}
		var all sync.WaitGroup
		for range 4 {
			worker := w.newWorker(w.sender())
			all.Go(func() {
				for range 3 {
					if err := worker.Step(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		w.step()
		seen := map[string]bool{}
		for _, l := range w.server.Letters() {
			require.False(t, seen[l.To], "%s got two", l.To)
			seen[l.To] = true
		}
		require.Len(t, seen, 20)
	})
}

// Nobody who cannot sign in gets letters.
func TestADisabledUserGetsNothing(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t))
	u := w.MustUser(t, w.Admin, w.Account, domain.Member)
	_, err := w.Portal.Identity.DisableUser(w.Admin, u.GlobalID(), nil)
	require.NoError(t, err)
	require.Empty(t, w.sent())
	require.Equal(t, 1, w.state("SKIPPED"))
}

// What people have chosen as names is text, in headers and in HTML.
func TestNamesCannotInject(t *testing.T) {
	w := newWorld(t, testdb.SQLite(t))
	u := w.MustUser(t, w.Admin, w.Account, domain.Member)
	hostile := `"><img src=x onerror=alert(1)>" <evil@evil.example>, "x` + "\r\nBcc: evil@evil.example\r\n\r\n{{.}}\u202e"
	require.NoError(t, w.Client.User.UpdateOne(u).SetName(hostile).Exec(portaltest.System(t)))
	require.NoError(t, w.Client.Organization.UpdateOne(w.Organization).SetName(hostile).Exec(portaltest.System(t)))
	all := w.sent()
	require.Len(t, all, 1)
	require.Empty(t, all[0].Header.Get("Bcc"))
	for _, name := range []string{"To", "From"} {
		list, err := all[0].Header.AddressList(name)
		require.NoError(t, err)
		require.Len(t, list, 1)
		require.NotEqual(t, "evil@evil.example", list[0].Address)
	}
	_, html := all[0].Parts(t)
	require.NotContains(t, html, "<img")
	require.Contains(t, html, "&lt;img")
	require.Contains(t, html, "{{.}}")
}
