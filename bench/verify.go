package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"

	"github.com/google/uuid"

	"portico/internal/nodeid"
)

// samples is the number of requests of each operation that are compared.
const samples = 100

// verify sends the same requests to both servers and compares the responses. For generated
// credentials, which always differ, it compares the shape of the responses and the rows in
// the database.
func (w *world) verify(ctx context.Context) error {
	random := rand.New(rand.NewPCG(1, 1))
	for _, o := range w.only {
		for range samples {
			variables := o.variables(w, random)
			body := o.body(variables)
			ours, err := w.asked(ctx, w.portico, body)
			if err != nil {
				return err
			}
			theirs, err := w.asked(ctx, w.baseline, body)
			if err != nil {
				return err
			}
			if o.name == "GenerateKey" {
				err = w.sameKeys(ctx, ours, theirs)
			} else {
				err = differ("", ours, theirs)
			}
			if err != nil {
				return fmt.Errorf("%s of %v: %w", o.title, variables, err)
			}
		}
	}
	return nil
}

// asked returns a response without its extensions: the baseline has no budgets,
// whose state they show.
func (w *world) asked(ctx context.Context, s *server, body []byte) (any, error) {
	text, err := s.ask(ctx, w.token, body)
	if err != nil {
		return nil, err
	}
	var answer map[string]any
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, err
	}
	for name, value := range answer["data"].(map[string]any) {
		if value == nil {
			return nil, fmt.Errorf("%s is null", name)
		}
	}
	delete(answer, "extensions")
	return answer, nil
}

// sameKeys compares two generated credentials: the responses and the rows.
func (w *world) sameKeys(ctx context.Context, ours, theirs any) error {
	if err := differ("", shape(ours), shape(theirs)); err != nil {
		return err
	}
	ourRow, err := w.rowOf(ctx, ours)
	if err != nil {
		return err
	}
	theirRow, err := w.rowOf(ctx, theirs)
	if err == nil && ourRow != theirRow {
		err = fmt.Errorf("portico stores %s, baseline %s", ourRow, theirRow)
	}
	return err
}

// differ returns an error that names the first difference between two responses, nil if
// there is none.
func differ(path string, ours, theirs any) error {
	if reflect.DeepEqual(ours, theirs) {
		return nil
	}
	switch a := ours.(type) {
	case map[string]any:
		if b, ok := theirs.(map[string]any); ok && len(a) == len(b) {
			for name := range a {
				if err := differ(path+"."+name, a[name], b[name]); err != nil {
					return err
				}
			}
		}
	case []any:
		if b, ok := theirs.([]any); ok && len(a) == len(b) {
			for i := range a {
				if err := differ(fmt.Sprintf("%s[%d]", path, i), a[i], b[i]); err != nil {
					return err
				}
			}
		}
	}
	return fmt.Errorf("response%s: portico says %.300s, baseline %.300s", path, fmt.Sprintf("%#v", ours), fmt.Sprintf("%#v", theirs))
}

// shape returns a response with each value replaced by its kind.
func shape(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, value := range v {
			out[key] = shape(value)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, value := range v {
			out[i] = shape(value)
		}
		return out
	}
	return fmt.Sprintf("%T", v)
}

// rowText returns the rows of a credential and its event, without what differs. Random
// values are replaced by a description of their form.
const rowText = `SELECT jsonb_build_object(
'key', to_jsonb(c) - '{id,created_at,updated_at,username,secret_hash,secret_hint,raw_key_hint}'::text[],
'updated', c.updated_at = c.created_at, 'hash', octet_length(c.secret_hash), 'hint', length(c.secret_hint), 'rawHint', regexp_replace(c.raw_key_hint, '[0-9A-Za-z]{4}', 'xxxx', 'g'),
'event', to_jsonb(e) - '{id,position,at,request_id,subject_id,subject_name,changes}'::text[],
'at', e.at = c.created_at, 'request', length(e.request_id), 'name', e.subject_name = '…' || c.secret_hint,
'changes', replace(e.changes::text, c.username::text, 'username'))::text
FROM credentials c JOIN events e ON e.subject_id = c.id WHERE c.id = $1`

func (w *world) rowOf(ctx context.Context, answer any) (text string, err error) {
	id, err := keyID(answer)
	if err != nil {
		return "", err
	}
	return text, w.database.QueryRowContext(ctx, rowText, id).Scan(&text)
}

// keyID returns the id of the credential in a response of generateKey.
func keyID(answer any) (uuid.UUID, error) {
	raw, err := json.Marshal(answer)
	if err != nil {
		return uuid.Nil, err
	}
	var known struct {
		Data struct {
			GenerateKey struct{ Credential struct{ ID string } }
		}
	}
	if err := json.Unmarshal(raw, &known); err != nil {
		return uuid.Nil, err
	}
	id, ok := nodeid.Decode(nodeid.Credential, known.Data.GenerateKey.Credential.ID)
	if !ok {
		return uuid.Nil, errors.New("there is no key in the answer")
	}
	return id, nil
}
