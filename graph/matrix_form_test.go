package graph_test

import (
	"portico/ent/db"
	"portico/internal/domain"
)

// Form is what the matrix knows of forms: questions and answers, which have no table of
// their own.
func (nouns) Form() noun {
	return noun{
		fields: map[string]resolver{
			"Product.requestForm":         valueOf(func(p *db.Product) any { return questionsOf(p.RequestForm) }),
			"ProductSubscription.answers": valueOf(func(s *db.Subscription) any { return answersOf(s.Answers) }),
			"Question.maxLength": func(q fieldRequest) (any, error) {
				if p, ok := q.parent.(*domain.Question); ok {
					return longestOf(*p), nil
				}
				return longestOf(q.parent.(domain.Question)), nil
			},
		},
		values: map[string]any{"Question": domain.Question{}, "Answer": domain.Answer{}},
		questions: map[string]question{
			"Question": of("Product", "product", "requestForm"),
			"Answer":   of("ProductSubscription", "waiting", "answers"),
		},
		produce: func(w *world) {
			form := arguments{"productId": w.freshProduct(), "requestForm": formAsked()}
			w.mustSucceed("admin", "updateProduct", form, "product { requestForm { kind } }")
		},
		nothing: map[string]string{
			"nothing is asked":  "CreateProductInput.requestForm UpdateProductInput.requestForm",
			"nothing is said":   "RegisterInput.answers",
			"none":              "QuestionInput.options",
			"as long as may be": "QuestionInput.maxLength",
		},
	}
}

// formAsked is a form with a question of each kind.
func formAsked() []arguments {
	return []arguments{
		{"name": "purpose", "label": "What is it for?", "kind": "TEXT", "maxLength": 200},
		{"name": "size", "label": "How many calls?", "kind": "CHOICE", "options": []string{"few", "many"}},
		{"name": "public", "label": "Is it public?", "kind": "BOOLEAN"},
		{"name": "site", "label": "Where is it?", "kind": "URL"},
	}
}

// formAnswers are answers to it.
func formAnswers() []arguments {
	return []arguments{
		{"name": "purpose", "value": "Maps"}, {"name": "size", "value": "few"}, {"name": "public", "value": "true"}, {"name": "site", "value": "https://maps.example"},
	}
}

func questionsOf(f *domain.Form) []domain.Question {
	if f == nil {
		return []domain.Question{}
	}
	return f.Questions
}

func answersOf(a *domain.Answers) []domain.Answer {
	if a == nil {
		return []domain.Answer{}
	}
	return a.Answers
}

// longestOf says once more, by hand, how long an answer may be.
func longestOf(q domain.Question) any {
	switch {
	case q.Kind != "TEXT":
		return nil
	case q.MaxLength == nil:
		return 500
	default:
		return *q.MaxLength
	}
}
