package apps_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/ent/db"
	"portico/ent/db/subscription"
	"portico/internal/apps"
	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/portal"
	"portico/internal/portal/portaltest"
	"portico/internal/portal/racetest"
	"portico/internal/testdb"
	"portico/internal/viewer"
)

// asked is the form of the product of formScene.
func asked() []domain.Question {
	return []domain.Question{
		{Name: "purpose", Label: "What is it for?", Kind: domain.QuestionText, Required: true, MaxLength: new(20)},
		{Name: "size", Label: "How many calls?", Kind: domain.QuestionChoice, Options: []string{"few", "many"}},
		{Name: "public", Label: "Is it public?", Kind: domain.QuestionBoolean},
		{Name: "site", Label: "Where is it?", Kind: domain.QuestionURL},
	}
}

// formScene is a tenant with a product that asks, and an app.
type formScene struct {
	*portaltest.Fixture
	portaltest.Tenant
	product *db.Product
	plan    *db.Plan
	app     *db.App
}

func newFormScene(t *testing.T, f *portaltest.Fixture, slug string) *formScene {
	s := &formScene{Fixture: f, Tenant: f.MustTenant(t, slug)}
	s.product, s.plan = f.MustProduct(t, s.Admin, "weather")
	s.ask(t, asked())
	s.app = f.MustApp(t, s.Developer, "App").App
	return s
}

func eachFormScene(t *testing.T, run func(t *testing.T, s *formScene)) {
	testdb.Each(t, func(t *testing.T, url string) { run(t, newFormScene(t, portaltest.New(t, url), "one")) })
}

// ask changes the form.
func (s *formScene) ask(t *testing.T, questions []domain.Question) {
	t.Helper()
	_, err := s.Portal.Catalog.UpdateProduct(s.Admin, catalog.UpdateProductInput{ProductID: s.product.GlobalID(), RequestForm: input.SetTo(questions)})
	require.NoError(t, err)
}

// register registers the app with pairs of names and values.
func (s *formScene) register(by context.Context, pairs ...string) (*db.Subscription, error) {
	created, err := s.Portal.Apps.Register(by, s.input(pairs...))
	return created.Subscription, err
}

func (s *formScene) input(pairs ...string) apps.RegisterInput {
	in := apps.RegisterInput{AppID: s.app.GlobalID(), ProductID: s.product.GlobalID()}
	for pair := range slices.Chunk(pairs, 2) {
		in.Answers = append(in.Answers, domain.AnswerInput{Name: pair[0], Value: pair[1]})
	}
	return in
}

// What is answered stays as it was asked, whatever the product asks later.
func TestRegister_Answers(t *testing.T) {
	eachFormScene(t, func(t *testing.T, s *formScene) {
		sub, err := s.register(s.Developer, "site", "https://MAPS.example", "purpose", "Maps", "public", "")
		require.NoError(t, err)
		want := []domain.Answer{
			{Name: "purpose", Label: "What is it for?", Kind: domain.QuestionText, Value: "Maps"},
			{Name: "site", Label: "Where is it?", Kind: domain.QuestionURL, Value: "https://maps.example"},
		}
		require.Equal(t, want, sub.Answers.Answers)
		s.ask(t, []domain.Question{{Name: "purpose", Label: "Why?", Kind: domain.QuestionBoolean}})
		approver := s.Enter(t, s.MustApprover(t, s.Admin, s.product))
		for _, who := range []context.Context{s.Developer, s.Admin, approver} {
			read, err := s.Client.Subscription.Get(who, sub.ID)
			require.NoError(t, err)
			require.Equal(t, want, read.Answers.Answers)
		}
		stranger := s.MustDeveloper(t, s.Admin, s.MustAccount(t, s.Admin, "Stranger"))
		for _, who := range []context.Context{stranger, s.Enter(t, s.MustApprover(t, s.Admin))} {
			require.True(t, db.IsNotFound(errOf(s.Client.Subscription.Get(who, sub.ID))))
		}
		events := s.Client.Event.Query().AllX(portaltest.System(t))
		told := 0
		for _, e := range events {
			for _, c := range e.Changes {
				if c.Field == "answerCount" {
					told++
					require.Equal(t, "2", *c.After)
				}
				require.NotContains(t, input.OrZero(c.After), "Maps", "answers are not in the log")
			}
		}
		require.Equal(t, 1, told)
	})
}

func TestRegister_ErrAnswers(t *testing.T) {
	eachFormScene(t, func(t *testing.T, s *formScene) {
		for _, c := range []struct {
			pairs []string
			want  []string
		}{
			{nil, []string{"REQUIRED answers"}},
			{[]string{"purpose", ""}, []string{"REQUIRED answers.0.value"}},
			{[]string{"purpose", " \u200b"}, []string{"REQUIRED answers.0.value"}},
			{[]string{"purpose", "Maps", "colour", "red"}, []string{"UNKNOWN_REFERENCE answers.1.name"}},
			{[]string{"purpose", "Maps", "purpose", "More"}, []string{"UNKNOWN_REFERENCE answers.1.name"}},
			{[]string{"purpose", strings.Repeat("ş", 21)}, []string{"TOO_LONG answers.0.value"}},
			{[]string{"purpose", "a\x00b"}, []string{"INVALID_CHARACTERS answers.0.value"}},
			{[]string{"purpose", "Maps", "size", "more"}, []string{"INVALID answers.1.value"}},
			{[]string{"purpose", "Maps", "public", "TRUE"}, []string{"INVALID answers.1.value"}},
			{[]string{"purpose", "Maps", "site", "javascript:alert(1)"}, []string{"INVALID answers.1.value"}},
			{[]string{"purpose", "Maps", "site", "https://user:secret@maps.example"}, []string{"INVALID answers.1.value"}},
			{[]string{"site", "maps", "size", "none"}, []string{"REQUIRED answers", "INVALID answers.1.value", "INVALID answers.0.value"}},
			{make([]string, 42), []string{"TOO_MANY answers"}},
		} {
			portaltest.RequireProblems(t, errOf(s.register(s.Developer, c.pairs...)), c.want...)
		}
		_, err := s.register(s.Developer, "purpose", strings.Repeat("x", 21))
		require.Equal(t, []fault.Param{{Name: "question", Value: "purpose"}, {Name: "max", Value: "20"}}, fault.Problems(err)[0].Params)
		_, err = s.register(s.Developer)
		require.Equal(t, []fault.Param{{Name: "question", Value: "purpose"}}, fault.Problems(err)[0].Params)
		in := s.input("colour", "red")
		in.EndpointIDs = []string{"nothing"}
		_, err = s.Portal.Apps.Register(s.Developer, in)
		require.Len(t, fault.Problems(err), 3, "what is wrong is said at once")
		require.Zero(t, s.Rows(t, "subscriptions"))
		quiet, _ := s.MustProduct(t, s.Admin, "quiet")
		_, err = s.Portal.Apps.Register(s.Developer, apps.RegisterInput{AppID: s.app.GlobalID(), ProductID: quiet.GlobalID(), Answers: []domain.AnswerInput{{Name: "purpose", Value: "x"}}})
		portaltest.RequireProblems(t, err, "UNKNOWN_REFERENCE answers.0.name")
	})
}

// Staff need not answer, but what they answer is checked. A token that acts for a developer
// answers as the developer does.
func TestRegister_AnswersOfStaff(t *testing.T) {
	eachFormScene(t, func(t *testing.T, s *formScene) {
		portaltest.RequireProblems(t, errOf(s.register(s.Admin, "colour", "red")), "UNKNOWN_REFERENCE answers.0.name")
		portaltest.RequireProblems(t, errOf(s.register(s.Admin, "size", "none")), "INVALID answers.0.value")
		token := viewer.Current(s.Developer)
		token.TokenID, token.Scopes = s.app.ID, domain.NewScopes(domain.PortalRead, domain.PortalWrite)
		portaltest.RequireProblems(t, errOf(s.register(portaltest.As(t, token))), "REQUIRED answers")
		sub, err := s.register(s.Admin)
		require.NoError(t, err)
		require.Nil(t, sub.Answers)
	})
}

// One key makes one subscription with the answers that came first, and says so when others
// come with it.
func TestRegister_AnswersOnce(t *testing.T) {
	eachFormScene(t, func(t *testing.T, s *formScene) {
		key := "once"
		send := func(pairs ...string) (apps.CreatedSubscription, error) {
			in := s.input(pairs...)
			in.IdempotencyKey = &key
			return s.Portal.Apps.Register(s.Developer, in)
		}
		first, err := send("purpose", "Maps")
		require.NoError(t, err)
		again, err := send("purpose", "Maps")
		require.NoError(t, err)
		require.True(t, again.Replayed)
		require.Equal(t, first.Subscription.ID, again.Subscription.ID)
		require.Equal(t, first.Subscription.Answers, again.Subscription.Answers)
		portaltest.RequireCode(t, errOf(send("purpose", "Else")), fault.CodeConflict)
	})
}

// Another account, which gets the app, does not get what the former one has said.
func TestTransferApp_ForgetsAnswers(t *testing.T) {
	eachTransferScene(t, func(t *testing.T, s *transferScene) {
		kept := &domain.Answers{Answers: []domain.Answer{{Name: "purpose", Label: "What for?", Kind: domain.QuestionText, Value: "Maps"}}}
		s.Client.Subscription.UpdateOneID(s.sub.ID).SetAnswers(kept).ExecX(portaltest.System(t))
		offered := s.mustOffer(t)
		_, err := s.Portal.Apps.AcceptAppTransfer(s.receiver, offered.GlobalID())
		require.NoError(t, err)
		require.Nil(t, s.Client.Subscription.GetX(portaltest.System(t), s.sub.ID).Answers)
	})
}

// The database takes no answers and no form beyond the greatest, whoever writes them.
func TestAnswersAreBoundedInTheDatabase(t *testing.T) {
	eachFormScene(t, func(t *testing.T, s *formScene) {
		sub, err := s.register(s.Developer, "purpose", "Maps")
		require.NoError(t, err)
		long := `{"answers": [], "x": "` + strings.Repeat("x", 100_000) + `"}`
		_, err = s.Database.ExecContext(t.Context(), `UPDATE subscriptions SET answers = $2 WHERE id = $1`, sub.ID, long)
		require.ErrorContains(t, err, "subscriptions_answers")
		_, err = s.Database.ExecContext(t.Context(), `UPDATE products SET request_form = $2 WHERE id = $1`, s.product.ID, long)
		require.ErrorContains(t, err, "products_request_form")
		// The greatest that the kernel takes have room.
		q := domain.Question{Label: strings.Repeat("<", domain.MaxQuestionLabel), Kind: domain.QuestionText}
		var form []domain.Question
		var pairs []string
		for n := range domain.MaxQuestions {
			q.Name = strings.Repeat("n", 61) + string(rune('a'+n))
			form, pairs = append(form, q), append(pairs, q.Name, strings.Repeat("<", domain.MaxAnswers/domain.MaxQuestions))
		}
		s.ask(t, form)
		s.app = s.MustApp(t, s.Developer, "Long").App
		sub, err = s.register(s.Developer, pairs...)
		require.NoError(t, err)
		require.Len(t, sub.Answers.Answers, domain.MaxQuestions)
	})
}

// The form changes while many register: each has answered the form before or the one after,
// and of the many there is one subscription with one event.
func TestRace_RegisterWithAnswers(t *testing.T) {
	racetest.Each(t, func(t *testing.T, h *racetest.Harness) {
		s := newFormScene(t, h.Fixture, "one")
		after := []domain.Question{{Name: "purpose", Label: "Why?", Kind: domain.QuestionText, Required: true}}
		_, outcomes := racetest.Run(h, func(n int, p *portal.Portal) (*db.Subscription, error) {
			if n%16 == 0 {
				_, err := p.Catalog.UpdateProduct(s.Admin, catalog.UpdateProductInput{ProductID: s.product.GlobalID(), RequestForm: input.SetTo([][]domain.Question{asked(), after}[n/16%2])})
				return nil, err
			}
			created, err := p.Apps.Register(s.Developer, s.input("purpose", "Maps"))
			return created.Subscription, err
		})
		require.Equal(t, map[string]int{racetest.OK: 5, string(fault.AlreadyRegistered): racetest.Requests - 5}, racetest.Tally(outcomes))
		sub := h.Client.Subscription.Query().Where(subscription.AppID(s.app.ID)).OnlyX(portaltest.System(t))
		require.Len(t, sub.Answers.Answers, 1)
		require.Contains(t, []string{"What is it for?", "Why?"}, sub.Answers.Answers[0].Label)
		require.Len(t, h.Events(t, sub.ID, eventlog.SubscriptionRegistered), 1)
	})
}
