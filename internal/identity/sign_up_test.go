package identity_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/signup"
	"portico/ent/db/user"
	"portico/internal/address"
	"portico/internal/auth"
	"portico/internal/database"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/identity"
	"portico/internal/input"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
	"portico/internal/testdb"
)

// setSignUp sets who may sign up in an organization.
func setSignUp(t *testing.T, p *portal.Portal, admin context.Context, policy domain.SignUpPolicy) {
	t.Helper()
	require.NoError(t, errOf(p.Identity.UpdateOrganization(admin, identity.UpdateOrganizationInput{SignUp: input.SetTo(policy)})))
}

func signUpAs(email string) identity.SignUpInput {
	return identity.SignUpInput{Organization: "one", Email: address.ParseEmail(email), Name: "Nora New", AccountName: new("New Ltd")}
}

// mustSignUp signs up, and returns the newest sign-up of the address with its token.
func mustSignUp(t *testing.T, f *portaltest.Fixture, email string) (*db.SignUp, string) {
	t.Helper()
	require.NoError(t, f.Portal.Identity.SignUp(nobody(t), signUpAs(email)))
	s := f.Client.SignUp.Query().Where(signup.EmailFolded(address.ParseEmail(email))).Order(db.Desc(signup.FieldID)).FirstX(portaltest.System(t))
	return s, f.Portal.Identity.SignUpToken(s.ID)
}

func verify(t *testing.T, p *portal.Portal, token string) (identity.Verified, error) {
	return p.Identity.VerifyEmail(nobody(t), identity.VerifyEmailInput{Token: token, Password: portaltest.Password})
}

// eachSignUp runs a test with an organization that people sign up to.
func eachSignUp(t *testing.T, policy domain.SignUpPolicy, run func(t *testing.T, f *portaltest.Fixture, x portaltest.Tenant)) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		setSignUp(t, f.Portal, x.Admin, policy)
		run(t, f, x)
	})
}

func again(t *testing.T, f *portaltest.Fixture, s *db.SignUp) *db.SignUp {
	t.Helper()
	out, err := f.Client.SignUp.Get(portaltest.System(t), s.ID)
	require.NoError(t, err)
	return out
}

func TestStory_SignUp(t *testing.T) {
	eachSignUp(t, domain.SignUpOpen, func(t *testing.T, f *portaltest.Fixture, _ portaltest.Tenant) {
		s, token := mustSignUp(t, f, "Nora@Example.com")
		require.Equal(t, domain.SignUpUnverified, s.State)
		require.Zero(t, portaltest.Count(t, f.Client.User.Query().Where(user.EmailFolded(s.EmailFolded))), "no user before the address is verified")
		_, err := f.Portal.Identity.VerifyEmail(nobody(t), identity.VerifyEmailInput{Token: token, Password: "nora@example.com"})
		portaltest.RequireProblems(t, err, "WEAK_PASSWORD password")
		out, err := verify(t, f.Portal, token)
		require.NoError(t, err)
		require.Equal(t, []string{"Nora New", "Nora@Example.com", "New Ltd"}, []string{out.User.Name, out.User.Email, out.Account.Name})
		require.Equal(t, domain.RolePortal, out.User.Role)
		_, err = verify(t, f.Portal, token)
		requireDead(t, err)
		s = again(t, f, s)
		require.Equal(t, out.User.ID, *s.PersonID)
		require.Empty(t, s.PasswordHash)
		require.Equal(t, []string{"SIGN_UP_REQUESTED", "SIGN_UP_VERIFIED"}, f.EventTypes(t, s.ID))
		require.Equal(t, []string{"USER_CREATED"}, f.EventTypes(t, out.User.ID))
		signed, err := f.Portal.Identity.SignIn(nobody(t), identity.SignInInput{Email: s.EmailFolded, Password: portaltest.Password})
		require.NoError(t, err)
		require.Equal(t, out.Account.ID, signed.Account.ID)
	})
}

// What was entered goes with the user.
func TestDeleteUser_ForgetsTheSignUp(t *testing.T) {
	eachSignUp(t, domain.SignUpOpen, func(t *testing.T, f *portaltest.Fixture, x portaltest.Tenant) {
		_, token := mustSignUp(t, f, "nora@example.com")
		out, err := verify(t, f.Portal, token)
		require.NoError(t, err)
		other := f.MustUser(t, x.Admin, out.Account, domain.Owner)
		require.NotEqual(t, other.ID, out.User.ID)
		mustSignUp(t, f, "nora@example.com")
		require.NoError(t, errOf(f.Portal.Identity.DeleteUser(x.Admin, out.User.GlobalID(), nil)))
		require.Zero(t, f.Rows(t, "sign_ups"))
	})
}

// Neither the answer nor the work before it tells who exists.
func TestSignUp_SameWorkForEveryAddress(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		var statements []string
		f := portaltest.NewWith(t, url, database.Options{OnStatement: func(_ context.Context, query string) { statements = append(statements, query) }})
		x := f.MustTenant(t, "one")
		setSignUp(t, f.Portal, x.Admin, domain.SignUpOpen)
		known, disabled := f.MustUser(t, x.Admin, x.Account, domain.Owner), f.MustUser(t, x.Admin, x.Account, domain.Member)
		require.NoError(t, errOf(f.Portal.Identity.DisableUser(x.Admin, disabled.GlobalID(), nil)))
		ask := func(email string) []string {
			statements = nil
			require.NoError(t, f.Portal.Identity.SignUp(from(t, "192.0.2.1"), signUpAs(email)))
			return statements
		}
		ask("first@example.com") // prepares what is kept
		want := ask("nobody@example.com")
		require.NotContains(t, strings.Join(want, "\n"), "users", "nobody is looked for before the answer")
		for _, email := range []string{known.Email, disabled.Email, "nobody@example.com"} {
			require.Equal(t, want, ask(email))
		}
	})
}

// Each required question that is not answered is named.
func TestSignUp_ErrUnanswered(t *testing.T) {
	eachSignUp(t, domain.SignUpOpen, func(t *testing.T, f *portaltest.Fixture, x portaltest.Tenant) {
		form := domain.Form{Questions: []domain.Question{
			{Name: "why", Label: "Why?", Kind: domain.QuestionText, Required: true},
			{Name: "fair", Label: "Fair?", Kind: domain.QuestionBoolean, Required: true},
			{Name: "more", Label: "More?", Kind: domain.QuestionText},
		}}
		require.NoError(t, errOf(f.Portal.Identity.UpdateOrganization(x.Admin, identity.UpdateOrganizationInput{SignUpForm: input.SetTo(form)})))
		in := signUpAs("nora@example.com")
		in.Answers = []domain.AnswerInput{{Name: "why", Value: ""}}
		all := fault.Problems(f.Portal.Identity.SignUp(nobody(t), in))
		require.Len(t, all, 2)
		require.Equal(t, [][]string{{"answers", "0", "value"}, {"answers"}}, [][]string{all[0].Field, all[1].Field})
		require.Equal(t, []fault.Param{{Name: "question", Value: "fair"}}, all[1].Params)
		in.Answers = []domain.AnswerInput{{Name: "fair", Value: "false"}, {Name: "why", Value: "Maps"}}
		require.NoError(t, f.Portal.Identity.SignUp(nobody(t), in))
		s := f.Client.SignUp.Query().OnlyX(portaltest.System(t))
		require.Equal(t, []domain.Answer{
			{Name: "why", Label: "Why?", Kind: domain.QuestionText, Value: "Maps"}, {Name: "fair", Label: "Fair?", Kind: domain.QuestionBoolean, Value: "false"},
		}, s.Answers.Answers, "in the order of the questions")
		// A form that somebody has broken in the database is not read.
		_, err := f.Database.ExecContext(t.Context(), `UPDATE organizations SET sign_up_form = '{"questions": [{"name": "No", "label": "", "kind": "DATE"}]}'`)
		require.NoError(t, err)
		err = f.Portal.Identity.SignUp(nobody(t), in)
		require.ErrorContains(t, err, "not valid at")
		require.Empty(t, fault.Problems(err), "it is no problem of the input")
	})
}

// The answers of one sign-up are bounded as a whole, because strangers store them.
func TestSignUp_ErrAnswersTooLong(t *testing.T) {
	eachSignUp(t, domain.SignUpOpen, func(t *testing.T, f *portaltest.Fixture, x portaltest.Tenant) {
		form, in := domain.Form{Questions: []domain.Question{}}, signUpAs("nora@example.com")
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			form.Questions = append(form.Questions, domain.Question{Name: name, Label: "?", Kind: domain.QuestionText})
			in.Answers = append(in.Answers, domain.AnswerInput{Name: name, Value: strings.Repeat("x", domain.MaxAnswer)})
		}
		require.NoError(t, errOf(f.Portal.Identity.UpdateOrganization(x.Admin, identity.UpdateOrganizationInput{SignUpForm: input.SetTo(form)})))
		portaltest.RequireProblems(t, f.Portal.Identity.SignUp(nobody(t), in), "TOO_LONG answers")
		in.Answers = in.Answers[:4]
		require.NoError(t, f.Portal.Identity.SignUp(nobody(t), in))
	})
}

func TestSignUp_ErrInput(t *testing.T) {
	eachSignUp(t, domain.SignUpOpen, func(t *testing.T, f *portaltest.Fixture, _ portaltest.Tenant) {
		for _, c := range []struct {
			change func(*identity.SignUpInput)
			want   string
		}{
			{func(in *identity.SignUpInput) { in.Email = address.ParseEmail("a\n@b.example") }, "INVALID email"},
			{func(in *identity.SignUpInput) { in.Email = address.ParseEmail(strings.Repeat("a", 300) + "@b.example") }, "TOO_LONG email"},
			{func(in *identity.SignUpInput) { in.Name = "" }, "REQUIRED name"},
			{func(in *identity.SignUpInput) { in.AccountName = new("\u200b") }, "REQUIRED accountName"},
			{func(in *identity.SignUpInput) { in.Answers = []domain.AnswerInput{{Name: "x"}} }, "UNKNOWN_REFERENCE answers.0.name"},
			{func(in *identity.SignUpInput) { in.Answers = make([]domain.AnswerInput, 21) }, "TOO_MANY answers"},
		} {
			in := signUpAs("nora@example.com")
			c.change(&in)
			portaltest.RequireProblems(t, f.Portal.Identity.SignUp(nobody(t), in), c.want)
		}
		require.Zero(t, f.Rows(t, "sign_ups")+f.Rows(t, "sign_in_attempts"), "what is refused counts for nothing")
	})
}

// Where nobody signs up, the answer is that of an organization that does not exist.
func TestSignUp_ErrClosed(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		try := func(p *portal.Portal, want fault.Reason) {
			t.Helper()
			requireFault(t, p.Identity.SignUp(nobody(t), signUpAs("nora@example.com")), want)
		}
		require.Equal(t, domain.SignUpInvitation, x.Organization.SignUp, "as a new organization has it")
		try(f.Portal, fault.ReasonPolicy)
		nowhere := signUpAs("nora@example.com")
		nowhere.Organization = "nowhere"
		requireFault(t, f.Portal.Identity.SignUp(nobody(t), nowhere), fault.ReasonPolicy)
		setSignUp(t, f.Portal, x.Admin, domain.SignUpOpen)
		try(f.With(func(o *portal.Options) { o.Mail = portal.MailOptions{} }), fault.ReasonNoMail)
		_, token := mustSignUp(t, f, "early@example.com")
		in := identity.UpdateOrganizationInput{PasswordSignIn: input.SetTo(false)}
		require.NoError(t, errOf(f.Portal.Identity.UpdateOrganization(x.Admin, in)))
		try(f.Portal, fault.ReasonPolicy)
		_, err := verify(t, f.Portal, token)
		requireFault(t, err, fault.ReasonPolicy)
		in.PasswordSignIn = input.SetTo(true)
		require.NoError(t, errOf(f.Portal.Identity.UpdateOrganization(x.Admin, in)))
		require.NoError(t, errOf(verify(t, f.Portal, token)), "the link is good again")
	})
}

// Limits do not tell who exists, and keep nobody from the own link for long.
func TestSignUp_ErrTooMany(t *testing.T) {
	eachSignUp(t, domain.SignUpOpen, func(t *testing.T, f *portaltest.Fixture, x portaltest.Tenant) {
		ask := func(email, client string) error { return f.Portal.Identity.SignUp(from(t, client), signUpAs(email)) }
		limited := func(err error, after time.Duration) {
			t.Helper()
			requireFault(t, err, fault.ReasonSignUps)
			require.Equal(t, after, fault.From(err).RetryAfter)
		}
		for i, email := range []string{f.MustUser(t, x.Admin, x.Account, domain.Owner).Email, "nobody@example.com"} {
			for n := range auth.SignUpAddressRequests {
				require.NoError(t, ask(email, fmt.Sprintf("198.51.%d.%d", i, n)))
			}
			limited(ask(strings.ToUpper(email), "203.0.113.7"), auth.AddressWindow)
		}
		for n := range auth.SignUpClientRequests {
			require.NoError(t, ask(fmt.Sprintf("user%d@example.com", n), "192.0.2.1"))
		}
		limited(ask("another@example.com", "192.0.2.1"), auth.AddressWindow)

		for n := range auth.SignUpNetworkRequests {
			require.NoError(t, ask(fmt.Sprintf("home%d@example.com", n), fmt.Sprintf("2001:db8:7:%x::1", n)))
		}
		limited(ask("another@example.com", "2001:db8:7:ffff::1"), auth.AddressWindow)
		require.NoError(t, ask("another@example.com", "2001:db8:8::1"))

		// A flood from many networks fills no database, and ends with its links.
		mustFlood(t, f, x, identity.MaxOpenSignUps)
		f.Clock.Advance(time.Hour)
		limited(ask("last@example.com", "192.0.2.200"), identity.SignUpLife-time.Hour)
		f.Clock.Advance(identity.SignUpLife - time.Hour)
		require.NoError(t, ask("last@example.com", "192.0.2.200"))
	})
}

// Those who sign up at once do not pass the bound together.
func TestRace_OpenSignUps(t *testing.T) {
	eachSignUp(t, domain.SignUpOpen, func(t *testing.T, f *portaltest.Fixture, x portaltest.Tenant) {
		const free, more = 2, 20
		mustFlood(t, f, x, identity.MaxOpenSignUps-free)
		var taken atomic.Int64
		var wait sync.WaitGroup
		for n := range more {
			wait.Go(func() {
				if err := f.Portal.Identity.SignUp(from(t, fmt.Sprintf("198.51.%d.1", n)), signUpAs(fmt.Sprintf("user%d@example.com", n))); err == nil {
					taken.Add(1)
				} else if !fault.Is(err, fault.CodeRateLimited) {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		require.EqualValues(t, free, taken.Load())
	})
}

// mustFlood makes an organization have so many sign-ups that are not verified.
func mustFlood(t *testing.T, f *portaltest.Fixture, x portaltest.Tenant, sum int) {
	t.Helper()
	all := make([]*db.SignUpCreate, sum)
	who, expires := "flood@example.com", f.Clock.Now().Add(identity.SignUpLife)
	for n := range all {
		all[n] = f.Client.SignUp.Create().SetOrganizationID(x.Organization.ID).SetEmail(who).SetEmailFolded(address.ParseEmail(who)).SetName("x").SetAccountName("x").
			SetAnswers(domain.Answers{}).SetCreatedAt(f.Clock.Now()).SetExpiresAt(expires).SetEndedAt(expires)
	}
	for some := range slices.Chunk(all, 1000) {
		require.NoError(t, f.Client.SignUp.CreateBulk(some...).Exec(portaltest.System(t)))
	}
}

// A stranger who signs up with a foreign address ends no other sign-up of it; the owner's
// use of one link ends all others.
func TestVerifyEmail_EndsTheOthers(t *testing.T) {
	eachSignUp(t, domain.SignUpApproval, func(t *testing.T, f *portaltest.Fixture, x portaltest.Tenant) {
		svc := f.Portal.Identity
		mine, token := mustSignUp(t, f, "nora@example.com")
		_, other := mustSignUp(t, f, "nora@example.com")
		out, err := verify(t, f.Portal, token)
		require.NoError(t, err)
		require.Equal(t, domain.SignUpStatus(domain.SignUpWaiting), *out.Status)
		require.Nil(t, out.User)
		_, err = verify(t, f.Portal, other)
		requireDead(t, err)
		require.NotEmpty(t, again(t, f, mine).PasswordHash)

		_, third := mustSignUp(t, f, "nora@example.com")
		require.NoError(t, errOf(verify(t, f.Portal, third)), "who waits may sign up again")
		mine = again(t, f, mine)
		require.Equal(t, domain.SignUpReplaced, mine.State)
		require.Empty(t, mine.PasswordHash)
		portaltest.RequireProblems(t, errOf(svc.ApproveSignUp(x.Admin, mine.GlobalID(), nil)), "WRONG_STATUS signUpId")

		expired, late := mustSignUp(t, f, "late@example.com")
		f.Clock.Advance(identity.SignUpLife)
		_, err = verify(t, f.Portal, late)
		requireDead(t, err)
		require.Equal(t, domain.SignUpExpired, svc.SignUpStatus(expired))
		for _, junk := range []string{"", "psu_", late + "x", strings.Repeat("psu_", 50_000), svc.InvitationToken(expired.ID)} {
			_, err = verify(t, f.Portal, junk)
			requireDead(t, err)
		}

		// What has led to nothing goes after a week; who waits stays.
		f.Clock.Advance(8 * 24 * time.Hour)
		_, err = f.Portal.Maintenance.Purge(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, f.Rows(t, "sign_ups"))
	})
}

func TestApproveSignUp(t *testing.T) {
	eachSignUp(t, domain.SignUpApproval, func(t *testing.T, f *portaltest.Fixture, x portaltest.Tenant) {
		svc := f.Portal.Identity
		s, token := mustSignUp(t, f, "nora@example.com")
		portaltest.RequireProblems(t, errOf(svc.ApproveSignUp(x.Admin, s.GlobalID(), nil)), "WRONG_STATUS signUpId")
		require.NoError(t, errOf(verify(t, f.Portal, token)))
		portaltest.RequireCode(t, errOf(svc.ApproveSignUp(x.Developer, s.GlobalID(), nil)), fault.CodeNotFound)
		portaltest.RequireCode(t, errOf(svc.ApproveSignUp(f.MustTenant(t, "two").Admin, s.GlobalID(), nil)), fault.CodeNotFound)
		portaltest.RequireProblems(t, errOf(svc.ApproveSignUp(x.Admin, s.GlobalID(), new(strings.Repeat("x", 1001)))), "TOO_LONG note")
		out, err := svc.ApproveSignUp(x.Admin, s.GlobalID(), new("Welcome."))
		require.NoError(t, err)
		require.Equal(t, []any{domain.SignUpAccepted, "", "Welcome."}, []any{out.SignUp.State, out.SignUp.PasswordHash, out.SignUp.Reason})
		require.NoError(t, errOf(svc.SignIn(nobody(t), identity.SignInInput{Email: s.EmailFolded, Password: portaltest.Password})))
		require.Equal(t, []string{"SIGN_UP_REQUESTED", "SIGN_UP_VERIFIED", "SIGN_UP_APPROVED"}, f.EventTypes(t, s.ID))
		portaltest.RequireProblems(t, errOf(svc.RejectSignUp(x.Admin, s.GlobalID(), "No.")), "WRONG_STATUS signUpId")

		s, token = mustSignUp(t, f, "other@example.com")
		require.NoError(t, errOf(verify(t, f.Portal, token)))
		portaltest.RequireProblems(t, errOf(svc.RejectSignUp(x.Admin, s.GlobalID(), "")), "REQUIRED reason")
		rejected, err := svc.RejectSignUp(x.Admin, s.GlobalID(), "No.")
		require.NoError(t, err)
		require.Equal(t, []any{domain.SignUpRejected, ""}, []any{rejected.State, rejected.PasswordHash})

		// Somebody has the address meanwhile: neither the link nor an approval makes a second
		// user, and no password is kept of who waited.
		s, token = mustSignUp(t, f, "taken@example.com")
		_, spare := mustSignUp(t, f, "spare@example.com")
		require.NoError(t, errOf(verify(t, f.Portal, token)))
		for _, email := range []string{"taken@example.com", "spare@example.com"} {
			in := identity.CreateUserInput{Name: "T", Email: address.ParseEmail(email), Password: portaltest.Password, AccountID: new(x.Account.GlobalID())}
			require.NoError(t, errOf(svc.CreateUser(x.Admin, in)))
		}
		portaltest.RequireProblems(t, errOf(svc.ApproveSignUp(x.Admin, s.GlobalID(), nil)), "WRONG_STATUS signUpId")
		require.Equal(t, []any{domain.SignUpReplaced, ""}, []any{again(t, f, s).State, again(t, f, s).PasswordHash})
		_, err = verify(t, f.Portal, spare)
		portaltest.RequireProblems(t, err, "TAKEN token")
	})
}

// Whoever gets the address by an invitation ends the sign-up that waits.
func TestAcceptInvitation_EndsTheSignUpThatWaits(t *testing.T) {
	eachSignUp(t, domain.SignUpApproval, func(t *testing.T, f *portaltest.Fixture, x portaltest.Tenant) {
		svc := f.Portal.Identity
		s, token := mustSignUp(t, f, "nora@example.com")
		other, otherToken := mustSignUp(t, f, "other@example.com")
		require.NoError(t, errOf(verify(t, f.Portal, token)))
		require.NoError(t, errOf(verify(t, f.Portal, otherToken)))
		i, err := svc.InviteMember(x.Developer, identity.InviteMemberInput{AccountID: x.Account.GlobalID(), Email: address.ParseEmail("NORA@example.com")})
		require.NoError(t, err)
		in := identity.AcceptInvitationInput{Token: svc.InvitationToken(i.ID), Name: new("Nora"), Password: new(portaltest.Password)}
		require.NoError(t, errOf(svc.AcceptInvitation(nobody(t), in)))
		require.Equal(t, []any{domain.SignUpReplaced, ""}, []any{again(t, f, s).State, again(t, f, s).PasswordHash})
		require.Equal(t, domain.SignUpWaiting, again(t, f, other).State, "of another address")
	})
}

// counted counts the passwords that are hashed.
type counted struct {
	identity.Passwords
	hashes *int
}

func (c counted) Hash(ctx context.Context, password string) (string, error) {
	*c.hashes++
	return c.Passwords.Hash(ctx, password)
}

// A link that is refused stays valid, and makes no work: what refuses it is asked before
// the password is hashed.
func TestVerifyEmail_HashesNothingInVain(t *testing.T) {
	eachSignUp(t, domain.SignUpOpen, func(t *testing.T, f *portaltest.Fixture, x portaltest.Tenant) {
		n := 0
		p := f.With(func(o *portal.Options) { o.Passwords = counted{o.Passwords, &n} })
		_, token := mustSignUp(t, f, "nora@example.com")
		setSignUp(t, f.Portal, x.Admin, domain.SignUpInvitation)
		_, err := verify(t, p, token)
		requireFault(t, err, fault.ReasonPolicy)
		setSignUp(t, f.Portal, x.Admin, domain.SignUpOpen)
		_, err = p.Identity.VerifyEmail(nobody(t), identity.VerifyEmailInput{Token: token, Password: "short"})
		portaltest.RequireProblems(t, err, "WEAK_PASSWORD password")
		_, known := mustSignUp(t, f, f.MustUser(t, x.Admin, x.Account, domain.Member).Email)
		_, err = verify(t, p, known)
		portaltest.RequireProblems(t, err, "TAKEN token")
		require.Zero(t, n)
		require.NoError(t, errOf(verify(t, p, token)))
		require.Equal(t, 1, n)
	})
}

// Of many who use the links of one address, or decide, one has an effect.
func TestRace_SignUp(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		x := h.MustTenant(t, "one")
		for round, policy := range []domain.SignUpPolicy{domain.SignUpOpen, domain.SignUpApproval, domain.SignUpOpen, domain.SignUpApproval} {
			setSignUp(t, h.Portal, x.Admin, policy)
			email := fmt.Sprintf("racer-%d@one.example", round)
			var tokens []string
			for range 3 {
				_, token := mustSignUp(t, h.Fixture, email)
				tokens = append(tokens, token)
			}
			_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (string, error) { return "", errOf(verify(t, p, tokens[n%3])) })
			racetest.RequireOnly(t, outcomes, racetest.OK, "INVALID_LINK", "TAKEN", string(fault.CodeConflict))
			require.Equal(t, 1, racetest.Tally(outcomes)[racetest.OK], "%v", outcomes)
			if policy == domain.SignUpOpen {
				continue
			}
			waiting, err := h.Client.SignUp.Query().Where(signup.StateEQ(domain.SignUpWaiting)).Only(portaltest.System(t))
			require.NoError(t, err)
			_, outcomes = racetest.Run(h, func(n int, p *portal.Portal) (string, error) {
				if n%2 == 0 {
					return "", errOf(p.Identity.RejectSignUp(x.Admin, waiting.GlobalID(), "No."))
				}
				return "", errOf(p.Identity.ApproveSignUp(x.Admin, waiting.GlobalID(), nil))
			})
			racetest.RequireOne(t, outcomes, "WRONG_STATUS")
			users, err := h.Client.User.Query().Where(user.EmailFolded(address.ParseEmail(email))).Count(portaltest.System(t))
			require.NoError(t, err)
			accepted, err := h.Client.SignUp.Query().Where(signup.ID(waiting.ID), signup.StateEQ(domain.SignUpAccepted)).Count(portaltest.System(t))
			require.NoError(t, err)
			require.Equal(t, accepted, users)
		}
	})
}
