package domain

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"

	"portico/clients/go/gate/access"
)

// A text that is formatted without JSON is what JSON would make of it.
func TestPlainTextIsThatOfJSON(t *testing.T) {
	now, name := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), "x"
	plain := 0
	for _, v := range []any{
		nil, "", "x", "null", `"quoted"`, "Straße <&> 漢", "\u2028", "\xff", "a\x00b", access.Development, access.AllProducts, uuid.Nil, uuid.New(),
		(*time.Time)(nil), &now, now, (*uuid.UUID)(nil), new(uuid.UUID), (*string)(nil), &name, 7, true, 1.5,
		[]string(nil), []string{}, []string{"a"}, []Label(nil), []Label{{Key: "k"}}, (*access.RateLimit)(nil), &access.RateLimit{},
		map[string]int(nil), json.RawMessage(nil), json.RawMessage(`"x"`), KeyLife{},
	} {
		text, ok := plainText(v)
		if !ok {
			continue
		}
		plain++
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var want *string
		if err := json.Unmarshal(raw, &want); err != nil {
			t.Fatal(err)
		}
		if (text == nil) != (want == nil) || text != nil && *text != *want {
			t.Errorf("%#v is %v, not %v", v, text, want)
		}
	}
	if plain < 15 {
		t.Errorf("%d values only", plain)
	}
}
