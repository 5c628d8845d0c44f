package domain_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"portico/internal/domain"
)

func question(k domain.QuestionKind, options ...string) domain.Question {
	return domain.Question{Name: "one", Label: "One?", Kind: k, Options: options}
}

func limited(k domain.QuestionKind, max int) domain.Question {
	q := question(k)
	q.MaxLength = &max
	return q
}

func TestFormFaults(t *testing.T) {
	long := strings.Repeat("x", 256)
	many := make([]domain.Question, domain.MaxQuestions+1)
	for name, c := range map[string]struct {
		questions []domain.Question
		path      string
		kind      domain.FormFaultKind
	}{
		"too many":          {many, "", domain.FormTooMany},
		"no slug":           {[]domain.Question{{Name: "No", Label: "x", Kind: domain.QuestionText}}, "0.name", domain.FormInvalid},
		"no label":          {[]domain.Question{{Name: "no", Label: " ", Kind: domain.QuestionText}}, "0.label", domain.FormRequired},
		"a long label":      {[]domain.Question{{Name: "no", Label: long, Kind: domain.QuestionText}}, "0.label", domain.FormTooLong},
		"an odd label":      {[]domain.Question{{Name: "no", Label: "a\nb", Kind: domain.QuestionText}}, "0.label", domain.FormUnprintable},
		"no kind":           {[]domain.Question{{Name: "no", Label: "x", Kind: "DATE"}}, "0.kind", domain.FormInvalid},
		"no options":        {[]domain.Question{question(domain.QuestionChoice)}, "0.options", domain.FormRequired},
		"odd options":       {[]domain.Question{question(domain.QuestionText, "a")}, "0.options", domain.FormInvalid},
		"an option twice":   {[]domain.Question{question(domain.QuestionChoice, "a", "b", "a")}, "0.options.2", domain.FormTaken},
		"an empty option":   {[]domain.Question{question(domain.QuestionChoice, "a", "")}, "0.options.1", domain.FormRequired},
		"too many options":  {[]domain.Question{question(domain.QuestionChoice, make([]string, domain.MaxQuestionOptions+1)...)}, "0.options", domain.FormTooMany},
		"no length":         {[]domain.Question{limited(domain.QuestionText, 0)}, "0.maxLength", domain.FormInvalid},
		"too long a length": {[]domain.Question{limited(domain.QuestionText, 501)}, "0.maxLength", domain.FormInvalid},
		"a choice's length": {[]domain.Question{limited(domain.QuestionBoolean, 5)}, "0.maxLength", domain.FormInvalid},
		"the same question": {[]domain.Question{question(domain.QuestionText), question(domain.QuestionBoolean)}, "1.name", domain.FormTaken},
	} {
		t.Run(name, func(t *testing.T) {
			f := domain.Form{Questions: c.questions}
			faults := f.Faults()
			require.NotEmpty(t, faults)
			require.Equal(t, c.path, faults[0].Path)
			require.Equal(t, c.kind, faults[0].Kind)
			_, err := json.Marshal(f)
			require.Error(t, err, "it is not written")
			type plain domain.Form
			text, err := json.Marshal(plain(f))
			require.NoError(t, err)
			require.Error(t, json.Unmarshal(text, &f), "it is not read")
		})
	}
}

// Whatever a form is, it can be written if and only if it can be read, and its answers
// are stored as they were given.
func TestFormsAreWrittenAsTheyAreRead(t *testing.T) {
	text := rapid.SampledFrom([]string{"", "a", "b", "A b", "x-1", "a\nb", strings.Repeat("y", 101), "true", "https://a.example"})
	kind := rapid.SampledFrom([]domain.QuestionKind{domain.QuestionText, domain.QuestionChoice, domain.QuestionBoolean, domain.QuestionURL, "ODD"})
	rapid.Check(t, func(t *rapid.T) {
		f := domain.Form{Questions: []domain.Question{}}
		given := map[string]string{}
		for range rapid.IntRange(0, 3).Draw(t, "questions") {
			q := domain.Question{Name: text.Draw(t, "name"), Label: text.Draw(t, "label"), Kind: kind.Draw(t, "kind"), Required: rapid.Bool().Draw(t, "required"),
				Options: rapid.SliceOfN(text, 0, 3).Draw(t, "options"), MaxLength: rapid.Ptr(rapid.IntRange(-1, 501), true).Draw(t, "maxLength")}
			if len(q.Options) == 0 {
				q.Options = nil
			}
			f.Questions, given[q.Name] = append(f.Questions, q), text.Draw(t, "value")
		}
		written, err := json.Marshal(f)
		require.Equal(t, len(f.Faults()) == 0, err == nil)
		if err != nil {
			return
		}
		var read domain.Form
		require.NoError(t, json.Unmarshal(written, &read))
		require.Equal(t, f, read)
		answers, faults := f.Answer(given)
		if len(faults) > 0 {
			return
		}
		written, err = json.Marshal(answers)
		require.NoError(t, err)
		var stored domain.Answers
		require.NoError(t, json.Unmarshal(written, &stored))
		require.Equal(t, answers, stored)
		for _, a := range stored.Answers {
			require.Equal(t, given[a.Name], a.Value)
		}
	})
}
