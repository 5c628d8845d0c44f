package domain_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"portico/internal/domain"
)

func question(k domain.SignUpQuestionKind, options ...string) domain.SignUpQuestion {
	return domain.SignUpQuestion{Name: "one", Label: "One?", Kind: k, Options: options}
}

func TestSignUpFormFaults(t *testing.T) {
	long := strings.Repeat("x", 256)
	many := make([]domain.SignUpQuestion, domain.MaxSignUpQuestions+1)
	for name, c := range map[string]struct {
		questions []domain.SignUpQuestion
		path      string
		kind      domain.FormFaultKind
	}{
		"too many":          {many, "questions", domain.FormTooMany},
		"no slug":           {[]domain.SignUpQuestion{{Name: "No", Label: "x", Kind: domain.QuestionText}}, "questions.0.name", domain.FormInvalid},
		"no label":          {[]domain.SignUpQuestion{{Name: "no", Label: " ", Kind: domain.QuestionText}}, "questions.0.label", domain.FormRequired},
		"a long label":      {[]domain.SignUpQuestion{{Name: "no", Label: long, Kind: domain.QuestionText}}, "questions.0.label", domain.FormTooLong},
		"an odd label":      {[]domain.SignUpQuestion{{Name: "no", Label: "a\nb", Kind: domain.QuestionText}}, "questions.0.label", domain.FormUnprintable},
		"no kind":           {[]domain.SignUpQuestion{{Name: "no", Label: "x", Kind: "DATE"}}, "questions.0.kind", domain.FormInvalid},
		"no options":        {[]domain.SignUpQuestion{question(domain.QuestionChoice)}, "questions.0.options", domain.FormRequired},
		"odd options":       {[]domain.SignUpQuestion{question(domain.QuestionText, "a")}, "questions.0.options", domain.FormInvalid},
		"an option twice":   {[]domain.SignUpQuestion{question(domain.QuestionChoice, "a", "b", "a")}, "questions.0.options.2", domain.FormTaken},
		"an empty option":   {[]domain.SignUpQuestion{question(domain.QuestionChoice, "a", "")}, "questions.0.options.1", domain.FormRequired},
		"too many options":  {[]domain.SignUpQuestion{question(domain.QuestionChoice, make([]string, domain.MaxQuestionOptions+1)...)}, "questions.0.options", domain.FormTooMany},
		"the same question": {[]domain.SignUpQuestion{question(domain.QuestionText), question(domain.QuestionBoolean)}, "questions.1.name", domain.FormTaken},
	} {
		t.Run(name, func(t *testing.T) {
			f := domain.SignUpForm{Questions: c.questions}
			faults := f.Faults()
			require.NotEmpty(t, faults)
			require.Equal(t, c.path, faults[0].Path)
			require.Equal(t, c.kind, faults[0].Kind)
			_, err := json.Marshal(f)
			require.Error(t, err, "it is not written")
			type plain domain.SignUpForm
			text, err := json.Marshal(plain(f))
			require.NoError(t, err)
			require.Error(t, json.Unmarshal(text, &f), "it is not read")
		})
	}
}

func TestSignUpAnswers(t *testing.T) {
	f := domain.SignUpForm{Questions: []domain.SignUpQuestion{
		{Name: "text", Label: "Text?", Kind: domain.QuestionText, Required: true},
		{Name: "choice", Label: "Choice?", Kind: domain.QuestionChoice, Options: []string{"a", "b"}},
		{Name: "flag", Label: "Flag?", Kind: domain.QuestionBoolean},
	}}
	out, faults := f.Answer(map[string]string{"flag": "true", "text": "two\nlines", "choice": ""})
	require.Empty(t, faults)
	require.Equal(t, []domain.SignUpAnswer{
		{Name: "text", Label: "Text?", Kind: domain.QuestionText, Value: "two\nlines"}, {Name: "flag", Label: "Flag?", Kind: domain.QuestionBoolean, Value: "true"},
	}, out.Answers)
	for name, c := range map[string]struct {
		given map[string]string
		want  domain.FormFault
	}{
		"missing":       {map[string]string{}, domain.FormFault{Path: "text", Kind: domain.FormRequired}},
		"invisible":     {map[string]string{"text": " "}, domain.FormFault{Path: "text", Kind: domain.FormRequired}},
		"long":          {map[string]string{"text": strings.Repeat("x", 501)}, domain.FormFault{Path: "text", Kind: domain.FormTooLong, Max: 500}},
		"no option":     {map[string]string{"text": "x", "choice": "c"}, domain.FormFault{Path: "choice", Kind: domain.FormInvalid}},
		"no such value": {map[string]string{"text": "x", "flag": "yes"}, domain.FormFault{Path: "flag", Kind: domain.FormInvalid}},
	} {
		_, faults := f.Answer(c.given)
		require.Equal(t, []domain.FormFault{c.want}, faults, name)
	}
	// All answers together have a bound, too: in characters, whatever their bytes are.
	long := domain.SignUpForm{Questions: []domain.SignUpQuestion{}}
	given := map[string]string{}
	for _, name := range []string{"a", "b", "c", "d"} {
		long.Questions = append(long.Questions, domain.SignUpQuestion{Name: name, Label: "?", Kind: domain.QuestionText})
		given[name] = strings.Repeat("ş", domain.MaxAnswer)
	}
	_, faults = long.Answer(given)
	require.Empty(t, faults)
	long.Questions, given["e"] = append(long.Questions, domain.SignUpQuestion{Name: "e", Label: "?", Kind: domain.QuestionText}), "x"
	_, faults = long.Answer(given)
	require.Equal(t, []domain.FormFault{{Kind: domain.FormTooLong, Max: 2000}}, faults)
	var stored domain.SignUpAnswers
	require.Error(t, json.Unmarshal([]byte(`{"answers": [{"name": "flag", "label": "Flag?", "kind": "BOOLEAN", "value": "perhaps"}]}`), &stored))
	require.Error(t, json.Unmarshal([]byte(`{"answers": [{"name": "No", "label": "Flag?", "kind": "TEXT", "value": "x"}]}`), &stored))
}

// Whatever a form is, it can be written if and only if it can be read, and its answers
// are stored as they were given.
func TestSignUpFormsAreWrittenAsTheyAreRead(t *testing.T) {
	text := rapid.SampledFrom([]string{"", "a", "b", "A b", "x-1", "a\nb", strings.Repeat("y", 101), "true"})
	kind := rapid.SampledFrom([]domain.SignUpQuestionKind{domain.QuestionText, domain.QuestionChoice, domain.QuestionBoolean, "ODD"})
	rapid.Check(t, func(t *rapid.T) {
		f := domain.SignUpForm{Questions: []domain.SignUpQuestion{}}
		given := map[string]string{}
		for range rapid.IntRange(0, 3).Draw(t, "questions") {
			q := domain.SignUpQuestion{Name: text.Draw(t, "name"), Label: text.Draw(t, "label"), Kind: kind.Draw(t, "kind"), Required: rapid.Bool().Draw(t, "required"),
				Options: rapid.SliceOfN(text, 0, 3).Draw(t, "options")}
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
		var read domain.SignUpForm
		require.NoError(t, json.Unmarshal(written, &read))
		require.Equal(t, f, read)
		answers, faults := f.Answer(given)
		if len(faults) > 0 {
			return
		}
		written, err = json.Marshal(answers)
		require.NoError(t, err)
		var stored domain.SignUpAnswers
		require.NoError(t, json.Unmarshal(written, &stored))
		require.Equal(t, answers, stored)
		for _, a := range stored.Answers {
			require.Equal(t, given[a.Name], a.Value)
		}
	})
}
