package apps

import (
	"portico/ent/db"
	"portico/internal/domain"
	"portico/internal/input"
	"portico/internal/viewer"
)

// CheckAnswers returns the answers to a product's form; nil if there are none. Whoever acts
// for the organization need not answer: the form is for who asks, and they decide.
func CheckAnswers(v viewer.Viewer, prod *db.Product, in []domain.AnswerInput) (*domain.Answers, error) {
	form := input.OrZero(prod.RequestForm)
	if v.ActsForOrganization() {
		form = form.Optional()
	}
	out, err := input.Answers(form, in)
	if err != nil || len(out.Answers) == 0 {
		return nil, err
	}
	return &out, nil
}

// answered returns what the event of a subscription has of its answers: how many there are.
// What was answered is not in the log, which outlives it and is read by more people.
func answered(s *db.Subscription) any {
	if s.Answers == nil {
		return nil
	}
	return len(s.Answers.Answers)
}
