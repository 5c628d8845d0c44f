package input

import (
	"strconv"

	"portico/internal/domain"
	"portico/internal/fault"
)

// CheckForm checks the questions that somebody wants to ask; field is the list of them.
func CheckForm(field string, f domain.Form) error {
	faults := f.Faults()
	if len(faults) == 0 && f.Options() > domain.MaxFormOptions {
		most := strconv.Itoa(domain.MaxFormOptions)
		return fault.Input(fault.TooMany, field, "All questions together have too many options.", fault.Param{Name: "max", Value: most})
	}
	if len(faults) == 0 && f.Length() > domain.MaxForm {
		faults = []domain.FormFault{{Kind: domain.FormTooLong, Max: domain.MaxForm}}
	}
	errs := make([]error, len(faults))
	for i, one := range faults {
		errs[i] = formProblem(below(field, one.Path), one)
	}
	return fault.Collect(errs...)
}

// Answers returns the answers to a form. Its problems name the place in the list, and the
// question in a parameter: a page shows them beside it.
func Answers(f domain.Form, in []domain.AnswerInput) (domain.Answers, error) {
	const field = "answers"
	if err := AtMost(field, len(in), domain.MaxQuestions); err != nil {
		return domain.Answers{}, err
	}
	asked := map[string]bool{}
	for _, q := range f.Questions {
		asked[q.Name] = true
	}
	given, at := map[string]string{}, map[string]string{}
	var errs []error
	for i, a := range in {
		path := below(field, strconv.Itoa(i))
		if _, twice := given[a.Name]; twice || !asked[a.Name] {
			errs = append(errs, fault.Input(fault.UnknownReference, path+".name", "This is not asked, or it is answered twice."))
			continue
		}
		given[a.Name], at[a.Name] = a.Value, path+".value"
	}
	out, faults := f.Answer(given)
	for _, one := range faults {
		errs = append(errs, answerProblem(field, at[one.Path], one))
	}
	return out, fault.Collect(errs...)
}

// answerProblem returns the problem of the answer that is at a place, or is missing.
func answerProblem(field, at string, f domain.FormFault) error {
	question := fault.Param{Name: "question", Value: f.Path}
	switch {
	case f.Path == "": // it is about all answers together
		return formProblem(field, f)
	case at == "":
		return fault.Input(fault.Required, field, "A question must be answered: "+f.Path+".", question)
	default:
		return formProblem(at, f, question)
	}
}

// formProblem turns a fault of a form into a problem of the input.
func formProblem(field string, f domain.FormFault, params ...fault.Param) error {
	if f.Max > 0 {
		params = append(params, fault.Param{Name: "max", Value: strconv.Itoa(f.Max)})
	}
	switch f.Kind {
	case domain.FormRequired:
		return fault.Input(fault.Required, field, "This must be answered.", params...)
	case domain.FormUnprintable:
		return fault.Input(fault.InvalidCharacters, field, "This contains characters that cannot be shown.", params...)
	case domain.FormTooLong:
		return fault.Input(fault.TooLong, field, "This is too long.", params...)
	case domain.FormTooMany:
		return fault.Input(fault.TooMany, field, "These are too many.", params...)
	case domain.FormTaken:
		return fault.Input(fault.Taken, field, "This is there twice.", params...)
	default:
		return fault.Input(fault.InvalidValue, field, "This is not one of the values that are possible.", params...)
	}
}

// below returns the path of what is below a field.
func below(field, path string) string {
	if path == "" {
		return field
	}
	return field + "." + path
}
