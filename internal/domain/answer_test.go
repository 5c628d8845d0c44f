package domain_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/domain"
)

func TestAnswers(t *testing.T) {
	f := domain.Form{Questions: []domain.Question{
		{Name: "text", Label: "Text?", Kind: domain.QuestionText, Required: true},
		{Name: "choice", Label: "Choice?", Kind: domain.QuestionChoice, Options: []string{"a", "b"}},
		{Name: "flag", Label: "Flag?", Kind: domain.QuestionBoolean},
		{Name: "site", Label: "Site?", Kind: domain.QuestionURL},
		{Name: "short", Label: "Short?", Kind: domain.QuestionText, MaxLength: new(3)},
	}}
	out, faults := f.Answer(map[string]string{"flag": "true", "text": "two\nlines", "choice": "", "site": "HTTPS://Bücher.example/ü", "short": "şşş"})
	require.Empty(t, faults)
	require.Equal(t, []domain.Answer{
		{Name: "text", Label: "Text?", Kind: domain.QuestionText, Value: "two\nlines"}, {Name: "flag", Label: "Flag?", Kind: domain.QuestionBoolean, Value: "true"},
		{Name: "site", Label: "Site?", Kind: domain.QuestionURL, Value: "https://xn--bcher-kva.example/%C3%BC"}, {Name: "short", Label: "Short?", Kind: domain.QuestionText, Value: "şşş"},
	}, out.Answers)
	for name, c := range map[string]struct {
		given map[string]string
		want  domain.FormFault
	}{
		"missing":       {map[string]string{}, domain.FormFault{Path: "text", Kind: domain.FormRequired}},
		"invisible":     {map[string]string{"text": " "}, domain.FormFault{Path: "text", Kind: domain.FormRequired}},
		"long":          {map[string]string{"text": strings.Repeat("x", 501)}, domain.FormFault{Path: "text", Kind: domain.FormTooLong, Max: 500}},
		"no option":     {map[string]string{"text": "x", "choice": "c"}, domain.FormFault{Path: "choice", Kind: domain.FormInvalid}},
		"no address":    {map[string]string{"text": "x", "site": "maps.example"}, domain.FormFault{Path: "site", Kind: domain.FormInvalid}},
		"a script":      {map[string]string{"text": "x", "site": "javascript:alert(1)"}, domain.FormFault{Path: "site", Kind: domain.FormInvalid}},
		"a password":    {map[string]string{"text": "x", "site": "https://a:b@maps.example"}, domain.FormFault{Path: "site", Kind: domain.FormInvalid}},
		"a long site":   {map[string]string{"text": "x", "site": "https://maps.example/" + strings.Repeat("ü", 100)}, domain.FormFault{Path: "site", Kind: domain.FormTooLong, Max: 500}},
		"a long short":  {map[string]string{"text": "x", "short": "xxxx"}, domain.FormFault{Path: "short", Kind: domain.FormTooLong, Max: 3}},
		"no such value": {map[string]string{"text": "x", "flag": "yes"}, domain.FormFault{Path: "flag", Kind: domain.FormInvalid}},
	} {
		_, faults := f.Answer(c.given)
		require.Equal(t, []domain.FormFault{c.want}, faults, name)
	}
	_, faults = f.Optional().Answer(map[string]string{"short": "xxxx"})
	require.Equal(t, []domain.FormFault{{Path: "short", Kind: domain.FormTooLong, Max: 3}}, faults, "nothing must be answered, and what is, rightly")
	require.True(t, f.Questions[0].Required, "the form is as it was")
	// All answers together have a bound, too: in characters, whatever their bytes are.
	long := domain.Form{Questions: []domain.Question{}}
	given := map[string]string{}
	for _, name := range []string{"a", "b", "c", "d"} {
		long.Questions = append(long.Questions, domain.Question{Name: name, Label: "?", Kind: domain.QuestionText})
		given[name] = strings.Repeat("ş", domain.MaxAnswer)
	}
	_, faults = long.Answer(given)
	require.Empty(t, faults)
	long.Questions, given["e"] = append(long.Questions, domain.Question{Name: "e", Label: "?", Kind: domain.QuestionText}), "x"
	_, faults = long.Answer(given)
	require.Equal(t, []domain.FormFault{{Kind: domain.FormTooLong, Max: 2000}}, faults)
	var stored domain.Answers
	require.Error(t, json.Unmarshal([]byte(`{"answers": [{"name": "flag", "label": "Flag?", "kind": "BOOLEAN", "value": "perhaps"}]}`), &stored))
	require.Error(t, json.Unmarshal([]byte(`{"answers": [{"name": "No", "label": "Flag?", "kind": "TEXT", "value": "x"}]}`), &stored))
	require.Error(t, json.Unmarshal([]byte(`{"answers": [{"name": "site", "label": "Site?", "kind": "URL", "value": "javascript:alert(1)"}]}`), &stored))
}
