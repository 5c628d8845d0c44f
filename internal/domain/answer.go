package domain

import (
	"slices"
	"strconv"

	"portico/internal/address"
	"portico/internal/unseen"
)

// The limits of answers.
const (
	// MaxAnswer is how long the answer to a TEXT or URL may be, in characters.
	MaxAnswer = 500
	// MaxAnswers is how long all answers to a form may be together, in characters.
	MaxAnswers = 2000
)

// Answer is an answer, with the question as it was then: what somebody has said does not
// change when the form does.
type Answer struct {
	Name  string       `json:"name"`
	Label string       `json:"label"`
	Kind  QuestionKind `json:"kind"`
	// Value is the text, the option, the address, or "true" or "false".
	Value string `json:"value"`
}

// Answers are what somebody has answered to a form. They are stored as JSON, and are read
// and written only if they have no faults.
type Answers struct {
	Answers []Answer `json:"answers"`
}

// AnswerInput is the answer to a question, as it is given.
type AnswerInput struct{ Name, Value string }

// Answer returns the answers to the form, in its order, of what was given: values by the
// names of questions. The paths of faults are those names; that of all answers together is
// empty.
func (f Form) Answer(given map[string]string) (Answers, []FormFault) {
	out, faults, all := Answers{Answers: []Answer{}}, []FormFault(nil), 0
	for _, q := range f.Questions {
		value, ok := given[q.Name]
		if !ok || value == "" {
			if q.Required {
				faults = append(faults, FormFault{Path: q.Name, Kind: FormRequired})
			}
			continue
		}
		a, wrong := q.answer(value)
		faults, out.Answers, all = append(faults, wrong...), append(out.Answers, a), all+Runes(a.Value)
	}
	if len(faults) == 0 && all > MaxAnswers {
		faults = []FormFault{{"", FormTooLong, MaxAnswers}}
	}
	return out, faults
}

// answer returns the answer to a question, and what is wrong with it.
func (q Question) answer(value string) (Answer, []FormFault) {
	a := Answer{Name: q.Name, Label: q.Label, Kind: q.Kind, Value: value}
	if q.Kind == QuestionURL {
		if kept, ok := address.ParseWebsite(value); ok {
			a.Value = kept // which may be longer, as other scripts are encoded
		}
	}
	wrong := a.faults(q.Name)
	if wrong != nil {
		return a, wrong
	}
	if q.Kind == QuestionChoice && !slices.Contains(q.Options, value) {
		return a, []FormFault{{Path: q.Name, Kind: FormInvalid}}
	}
	if m := q.LongestAnswer(); m != nil && Runes(value) > *m {
		return a, []FormFault{{q.Name, FormTooLong, *m}}
	}
	return a, nil
}

// faults returns what is wrong with the value of an answer.
func (a Answer) faults(path string) []FormFault {
	switch a.Kind {
	case QuestionText:
		return textFaults(path, a.Value)
	case QuestionChoice:
		return lineFaults(path, a.Value, MaxQuestionOption)
	case QuestionURL:
		if faults := lineFaults(path, a.Value, MaxAnswer); faults != nil {
			return faults
		}
		if _, ok := address.ParseWebsite(a.Value); ok {
			return nil
		}
	case QuestionBoolean:
		if a.Value == "true" || a.Value == "false" {
			return nil
		}
	}
	return []FormFault{{Path: path, Kind: FormInvalid}}
}

// textFaults returns what is wrong with a text that may have several lines.
func textFaults(path, s string) []FormFault {
	switch {
	case unseen.All(s):
		return []FormFault{{Path: path, Kind: FormRequired}}
	case !Printable(s, true):
		return []FormFault{{Path: path, Kind: FormUnprintable}}
	case Runes(s) > MaxAnswer:
		return []FormFault{{path, FormTooLong, MaxAnswer}}
	}
	return nil
}

// faults returns what is wrong with answers as they are stored.
func (a Answers) faults() (out []FormFault) {
	if len(a.Answers) > MaxQuestions {
		return []FormFault{{"", FormTooMany, MaxQuestions}}
	}
	for i, one := range a.Answers {
		path := strconv.Itoa(i)
		if !IsSlug(one.Name) {
			out = append(out, FormFault{Path: path + ".name", Kind: FormInvalid})
		}
		out = append(append(out, lineFaults(path+".label", one.Label, MaxQuestionLabel)...), one.faults(path+".value")...)
	}
	return out
}

// UnmarshalJSON refuses answers that have faults.
func (a *Answers) UnmarshalJSON(text []byte) error {
	type plain Answers
	return parse(text, (*plain)(a), func() []FormFault { return a.faults() })
}

// MarshalJSON refuses answers that have faults.
func (a Answers) MarshalJSON() ([]byte, error) {
	type plain Answers
	return write(plain(a), a.faults())
}
