package catalog_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/catalog"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/portal/portaltest"
	"portico/internal/testdb"
)

// A form is set as a whole, and the event of the change has it before and after.
func TestProduct_RequestForm(t *testing.T) {
	testdb.Each(t, func(t *testing.T, url string) {
		f := portaltest.New(t, url)
		x := f.MustTenant(t, "one")
		questions := []domain.Question{{Name: "purpose", Label: "What is it for?", Kind: domain.QuestionText, Required: true, MaxLength: new(200)}}
		p, err := f.Portal.Catalog.CreateProduct(x.Admin, catalog.CreateProductInput{Name: "asking", RequestForm: questions})
		require.NoError(t, err)
		require.Equal(t, questions, p.RequestForm.Questions)
		update := func(form input.Patch[[]domain.Question]) *domain.Form {
			p, err := f.Portal.Catalog.UpdateProduct(x.Admin, catalog.UpdateProductInput{ProductID: p.GlobalID(), RequestForm: form})
			require.NoError(t, err)
			return f.Client.Product.GetX(portaltest.System(t), p.ID).RequestForm
		}
		require.Equal(t, questions, update(input.Patch[[]domain.Question]{}).Questions, "what is left out stays")
		require.Equal(t, questions, update(input.SetTo(questions)).Questions)
		require.Equal(t, []string{"PRODUCT_CREATED"}, f.EventTypes(t, p.ID), "nothing has changed")
		other := []domain.Question{{Name: "site", Label: "Where?", Kind: domain.QuestionURL}}
		require.Equal(t, other, update(input.SetTo(other)).Questions)
		require.Nil(t, update(input.SetTo([]domain.Question{})))
		require.NotNil(t, update(input.SetTo(other)))
		require.Nil(t, update(input.Patch[[]domain.Question]{Set: true}))
		require.Equal(t, []string{"PRODUCT_CREATED", "PRODUCT_UPDATED", "PRODUCT_UPDATED", "PRODUCT_UPDATED", "PRODUCT_UPDATED"}, f.EventTypes(t, p.ID))
	})
}

func TestProduct_ErrRequestForm(t *testing.T) {
	f := portaltest.New(t, testdb.SQLite(t))
	x := f.MustTenant(t, "one")
	p, err := f.Portal.Catalog.CreateProduct(x.Admin, catalog.CreateProductInput{Name: "asking"})
	require.NoError(t, err)
	one := func(change func(q *domain.Question)) []domain.Question {
		q := domain.Question{Name: "one", Label: "One?", Kind: domain.QuestionText}
		change(&q)
		return []domain.Question{q}
	}
	var long []domain.Question
	for n := range 2 {
		options := make([]string, domain.MaxQuestionOptions)
		for i := range options {
			options[i] = strings.Repeat("x", 98) + string(rune('a'+i%26)) + string(rune('a'+i/26))
		}
		long = append(long, domain.Question{Name: "q" + string(rune('a'+n)), Label: "?", Kind: domain.QuestionChoice, Options: options})
	}
	var many []domain.Question
	for n := range 5 {
		options := make([]string, domain.MaxQuestionOptions)
		for i := range options {
			options[i] = string(rune('a'+i%26)) + string(rune('a'+i/26))
		}
		many = append(many, domain.Question{Name: "q" + string(rune('a'+n)), Label: "?", Kind: domain.QuestionChoice, Options: options})
	}
	for _, c := range []struct {
		questions []domain.Question
		want      string
	}{
		{one(func(q *domain.Question) { q.Name = "One" }), "INVALID requestForm.0.name"},
		{one(func(q *domain.Question) { q.Label = "" }), "REQUIRED requestForm.0.label"},
		{one(func(q *domain.Question) { q.MaxLength = new(501) }), "INVALID requestForm.0.maxLength"},
		{one(func(q *domain.Question) { q.Kind = domain.QuestionChoice }), "REQUIRED requestForm.0.options"},
		{append(one(func(*domain.Question) {}), one(func(*domain.Question) {})...), "TAKEN requestForm.1.name"},
		{make([]domain.Question, 21), "TOO_MANY requestForm"},
		{long, "TOO_LONG requestForm"},
		{many, "TOO_MANY requestForm"},
	} {
		_, err := f.Portal.Catalog.CreateProduct(x.Admin, catalog.CreateProductInput{Name: "other", RequestForm: c.questions})
		portaltest.RequireProblems(t, err, c.want)
		_, err = f.Portal.Catalog.UpdateProduct(x.Admin, catalog.UpdateProductInput{ProductID: p.GlobalID(), RequestForm: input.SetTo(c.questions)})
		portaltest.RequireProblems(t, err, c.want)
	}
	_, err = f.Portal.Catalog.UpdateProduct(x.Developer, catalog.UpdateProductInput{ProductID: p.GlobalID(), RequestForm: input.SetTo(one(func(*domain.Question) {}))})
	require.True(t, fault.Is(err, fault.CodeNotFound), "a draft, which developers do not see")
	require.Equal(t, []string{"PRODUCT_CREATED"}, f.EventTypes(t, p.ID))
}
