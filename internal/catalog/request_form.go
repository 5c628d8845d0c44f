package catalog

import (
	"portico/ent/db"
	"portico/internal/domain"
	"portico/internal/input"
)

// checkRequestForm checks what a product is to ask who registers an app with it.
func checkRequestForm(questions []domain.Question) error {
	return input.CheckForm("requestForm", domain.Form{Questions: questions})
}

// setRequestForm sets what a product asks, and returns it; nil if that is nothing.
func setRequestForm(m *db.ProductMutation, questions []domain.Question) *domain.Form {
	if len(questions) == 0 {
		m.ClearRequestForm()
		return nil
	}
	f := &domain.Form{Questions: questions}
	m.SetRequestForm(f)
	return f
}
