package domain

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"portico/internal/unseen"
)

// The limits of a form.
const (
	MaxSignUpQuestions = 20
	MaxQuestionLabel   = 255
	MaxQuestionOptions = 50
	MaxQuestionOption  = 100
	// MaxAnswer is how long the answer to a TEXT question may be, in characters.
	MaxAnswer = 500
	// MaxAnswers is how long all answers of somebody may be together, in characters.
	MaxAnswers = 2000
)

// SignUpForm is what an organization asks people who sign up, beside name, address and
// account. It is stored as JSON, and is read and written only if it has no faults.
type SignUpForm struct {
	Questions []SignUpQuestion `json:"questions"`
}

// SignUpQuestion is one of the questions.
type SignUpQuestion struct {
	// Name identifies the question in answers: a slug.
	Name     string             `json:"name"`
	Label    string             `json:"label"`
	Kind     SignUpQuestionKind `json:"kind"`
	Required bool               `json:"required"`
	// Options are what can be chosen, of a CHOICE.
	Options []string `json:"options,omitempty"`
}

// SignUpAnswer is an answer, with the question as it was then.
type SignUpAnswer struct {
	Name  string             `json:"name"`
	Label string             `json:"label"`
	Kind  SignUpQuestionKind `json:"kind"`
	// Value is the text, the option, or "true" or "false".
	Value string `json:"value"`
}

// SignUpAnswers are what somebody has answered. They are stored as JSON, and are read and
// written only if they have no faults.
type SignUpAnswers struct {
	Answers []SignUpAnswer `json:"answers"`
}

// FormFault is what is wrong with a form or an answer.
type FormFault struct {
	// Path is the field, below the form or the list of answers: "0.label".
	Path string
	Kind FormFaultKind
	// Max is the limit that is exceeded, of FormTooLong and FormTooMany.
	Max int
}

// FormFaultKind is a kind of fault.
type FormFaultKind int

// The kinds of faults.
const (
	FormRequired FormFaultKind = iota + 1
	FormInvalid
	FormUnprintable
	FormTooLong
	FormTooMany
	FormTaken
)

// Faults returns what is wrong with a form; the paths begin with "questions".
func (f SignUpForm) Faults() []FormFault {
	const at = "questions"
	if len(f.Questions) > MaxSignUpQuestions {
		return []FormFault{{at, FormTooMany, MaxSignUpQuestions}}
	}
	var out []FormFault
	names := map[string]bool{}
	for i, q := range f.Questions {
		path := at + "." + strconv.Itoa(i)
		out = append(out, q.faults(path)...)
		if names[q.Name] {
			out = append(out, FormFault{Path: path + ".name", Kind: FormTaken})
		}
		names[q.Name] = true
	}
	return out
}

func (q SignUpQuestion) faults(path string) (out []FormFault) {
	if unseen.All(q.Name) {
		out = append(out, FormFault{Path: path + ".name", Kind: FormRequired})
	} else if !IsSlug(q.Name) {
		out = append(out, FormFault{Path: path + ".name", Kind: FormInvalid})
	}
	out = append(out, lineFaults(path+".label", q.Label, MaxQuestionLabel)...)
	if !slices.Contains(q.Kind.Values(), string(q.Kind)) {
		out = append(out, FormFault{Path: path + ".kind", Kind: FormInvalid})
	}
	at := path + ".options"
	switch n := len(q.Options); {
	case q.Kind == QuestionChoice && n == 0:
		return append(out, FormFault{Path: at, Kind: FormRequired})
	case n > MaxQuestionOptions:
		return append(out, FormFault{at, FormTooMany, MaxQuestionOptions})
	}
	for i, o := range q.Options {
		one := at + "." + strconv.Itoa(i)
		out = append(out, lineFaults(one, o, MaxQuestionOption)...)
		if slices.Contains(q.Options[:i], o) {
			out = append(out, FormFault{Path: one, Kind: FormTaken})
		}
	}
	if q.Kind != QuestionChoice && len(q.Options) > 0 && len(out) == 0 {
		out = append(out, FormFault{Path: at, Kind: FormInvalid})
	}
	return out
}

// lineFaults returns what is wrong with a text of one line that must not be empty.
func lineFaults(path, s string, max int) []FormFault {
	switch {
	case unseen.All(s):
		return []FormFault{{Path: path, Kind: FormRequired}}
	case !Printable(s, false):
		return []FormFault{{Path: path, Kind: FormUnprintable}}
	case Runes(s) > max:
		return []FormFault{{path, FormTooLong, max}}
	}
	return nil
}

// fault returns what is wrong with the value of an answer.
func (a SignUpAnswer) fault(path string) []FormFault {
	switch a.Kind {
	case QuestionText:
		return textFaults(path, a.Value)
	case QuestionChoice:
		return lineFaults(path, a.Value, MaxQuestionOption)
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

// Answer returns the answers to the form, in its order, of what was given: values by the
// names of questions. The paths of faults are those names; that of all answers together is
// empty.
func (f SignUpForm) Answer(given map[string]string) (SignUpAnswers, []FormFault) {
	out, faults, all := SignUpAnswers{Answers: []SignUpAnswer{}}, []FormFault(nil), 0
	for _, q := range f.Questions {
		value, ok := given[q.Name]
		if !ok || value == "" {
			if q.Required {
				faults = append(faults, FormFault{Path: q.Name, Kind: FormRequired})
			}
			continue
		}
		a := SignUpAnswer{Name: q.Name, Label: q.Label, Kind: q.Kind, Value: value}
		wrong := a.fault(q.Name)
		if wrong == nil && q.Kind == QuestionChoice && !slices.Contains(q.Options, value) {
			wrong = []FormFault{{Path: q.Name, Kind: FormInvalid}}
		}
		faults, out.Answers, all = append(faults, wrong...), append(out.Answers, a), all+Runes(value)
	}
	if len(faults) == 0 && all > MaxAnswers {
		faults = []FormFault{{"", FormTooLong, MaxAnswers}}
	}
	return out, faults
}

// faults returns what is wrong with answers as they are stored.
func (a SignUpAnswers) faults() (out []FormFault) {
	if len(a.Answers) > MaxSignUpQuestions {
		return []FormFault{{"", FormTooMany, MaxSignUpQuestions}}
	}
	for i, one := range a.Answers {
		path := strconv.Itoa(i)
		if !IsSlug(one.Name) {
			out = append(out, FormFault{Path: path + ".name", Kind: FormInvalid})
		}
		out = append(append(out, lineFaults(path+".label", one.Label, MaxQuestionLabel)...), one.fault(path+".value")...)
	}
	return out
}

// UnmarshalJSON refuses a form that has faults.
func (f *SignUpForm) UnmarshalJSON(text []byte) error {
	type plain SignUpForm
	return parse(text, (*plain)(f), func() []FormFault { return f.Faults() })
}

// MarshalJSON refuses a form that has faults.
func (f SignUpForm) MarshalJSON() ([]byte, error) {
	type plain SignUpForm
	return write(plain(f), f.Faults())
}

// UnmarshalJSON refuses answers that have faults.
func (a *SignUpAnswers) UnmarshalJSON(text []byte) error {
	type plain SignUpAnswers
	return parse(text, (*plain)(a), func() []FormFault { return a.faults() })
}

// MarshalJSON refuses answers that have faults.
func (a SignUpAnswers) MarshalJSON() ([]byte, error) {
	type plain SignUpAnswers
	return write(plain(a), a.faults())
}

func parse(text []byte, into any, faults func() []FormFault) error {
	if err := json.Unmarshal(text, into); err != nil {
		return err
	}
	return refuseFaults(faults())
}

func write(v any, faults []FormFault) ([]byte, error) {
	if err := refuseFaults(faults); err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

func refuseFaults(all []FormFault) error {
	if len(all) == 0 {
		return nil
	}
	return fmt.Errorf("domain: a stored form is not valid at %q", all[0].Path)
}
