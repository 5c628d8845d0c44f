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
	MaxQuestions       = 20
	MaxQuestionLabel   = 255
	MaxQuestionOptions = 50
	MaxQuestionOption  = 100
	// MaxFormOptions is how many options all questions may have together: lists of products
	// and their forms cost by it.
	MaxFormOptions = 200
	// MaxForm is how long the texts of all questions may be together, in characters.
	MaxForm = 10_000
)

// Form is what people are asked: by an organization when they sign up, and by a product
// when they register an app with it. It is stored as JSON, and is read and written only if
// it has no faults.
type Form struct {
	Questions []Question `json:"questions"`
}

// Question is one of the questions.
type Question struct {
	// Name identifies the question in answers: a slug.
	Name     string       `json:"name"`
	Label    string       `json:"label"`
	Kind     QuestionKind `json:"kind"`
	Required bool         `json:"required"`
	// Options are what can be chosen, of a CHOICE.
	Options []string `json:"options,omitempty"`
	// MaxLength is how long the answer to a TEXT may be, in characters; nil: MaxAnswer.
	MaxLength *int `json:"maxLength,omitempty"`
}

// QuestionKind is what answers to a question are.
type QuestionKind string

// The kinds of questions.
const (
	QuestionText    QuestionKind = "TEXT"
	QuestionChoice  QuestionKind = "CHOICE"
	QuestionBoolean QuestionKind = "BOOLEAN"
	// QuestionURL: an absolute http or https address without credentials.
	QuestionURL QuestionKind = "URL"
)

// Values lists the constants.
func (QuestionKind) Values() []string {
	return names(QuestionText, QuestionChoice, QuestionBoolean, QuestionURL)
}

// LongestAnswer returns how long the answer to a TEXT may be; nil for other kinds.
func (q Question) LongestAnswer() *int {
	if q.Kind != QuestionText {
		return nil
	}
	if q.MaxLength != nil {
		return q.MaxLength
	}
	return new(MaxAnswer)
}

// Optional returns the form with no question that must be answered.
func (f Form) Optional() Form {
	out := Form{Questions: slices.Clone(f.Questions)}
	for i := range out.Questions {
		out.Questions[i].Required = false
	}
	return out
}

// Options returns how many options all questions have together.
func (f Form) Options() (n int) {
	for _, q := range f.Questions {
		n += len(q.Options)
	}
	return n
}

// Length returns how long the texts of all questions are together, in characters.
func (f Form) Length() (n int) {
	for _, q := range f.Questions {
		n += Runes(q.Name) + Runes(q.Label)
		for _, o := range q.Options {
			n += Runes(o)
		}
	}
	return n
}

// FormFault is what is wrong with a form or an answer.
type FormFault struct {
	// Path is the field, below the list of questions or answers: "0.label"; "" for the list.
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

// Faults returns what is wrong with a form.
func (f Form) Faults() []FormFault {
	if len(f.Questions) > MaxQuestions {
		return []FormFault{{"", FormTooMany, MaxQuestions}}
	}
	var out []FormFault
	names := map[string]bool{}
	for i, q := range f.Questions {
		path := strconv.Itoa(i)
		out = append(out, q.faults(path)...)
		if names[q.Name] {
			out = append(out, FormFault{Path: path + ".name", Kind: FormTaken})
		}
		names[q.Name] = true
	}
	return out
}

func (q Question) faults(path string) (out []FormFault) {
	if unseen.All(q.Name) {
		out = append(out, FormFault{Path: path + ".name", Kind: FormRequired})
	} else if !IsSlug(q.Name) {
		out = append(out, FormFault{Path: path + ".name", Kind: FormInvalid})
	}
	out = append(out, lineFaults(path+".label", q.Label, MaxQuestionLabel)...)
	if !slices.Contains(q.Kind.Values(), string(q.Kind)) {
		out = append(out, FormFault{Path: path + ".kind", Kind: FormInvalid})
	}
	if m := q.MaxLength; m != nil && (q.Kind != QuestionText || *m < 1 || *m > MaxAnswer) {
		out = append(out, FormFault{Path: path + ".maxLength", Kind: FormInvalid})
	}
	return append(out, q.optionFaults(path+".options", len(out) == 0)...)
}

// optionFaults returns what is wrong with what can be chosen. That a question of its kind
// has no options is said only if all else is right: the kind may be what is wrong.
func (q Question) optionFaults(at string, right bool) (out []FormFault) {
	switch n := len(q.Options); {
	case q.Kind == QuestionChoice && n == 0:
		return []FormFault{{Path: at, Kind: FormRequired}}
	case n > MaxQuestionOptions:
		return []FormFault{{at, FormTooMany, MaxQuestionOptions}}
	}
	for i, o := range q.Options {
		one := at + "." + strconv.Itoa(i)
		out = append(out, lineFaults(one, o, MaxQuestionOption)...)
		if slices.Contains(q.Options[:i], o) {
			out = append(out, FormFault{Path: one, Kind: FormTaken})
		}
	}
	if q.Kind != QuestionChoice && len(q.Options) > 0 && len(out) == 0 && right {
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

// UnmarshalJSON refuses a form that has faults.
func (f *Form) UnmarshalJSON(text []byte) error {
	type plain Form
	return parse(text, (*plain)(f), func() []FormFault { return f.Faults() })
}

// MarshalJSON refuses a form that has faults.
func (f Form) MarshalJSON() ([]byte, error) {
	type plain Form
	return write(plain(f), f.Faults())
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
