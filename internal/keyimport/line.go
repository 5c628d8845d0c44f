package keyimport

import (
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"portico/clients/go/gate/access"
	"portico/clients/go/gate/keyheader"
	"portico/clients/go/gate/rawkey"
	"portico/internal/apikey"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/input"
)

const (
	// minSecret is the fewest characters of a secret: what is shorter can be guessed.
	minSecret = 8
	// maxPresented is the most bytes of an API key: in base 64 it still fits in the
	// header that gateways read (keyheader.MaxLen).
	maxPresented = 512
)

// line is what a line may have.
type line struct {
	App         string     `json:"app"`
	Username    string     `json:"username"`
	Secret      string     `json:"secret"`
	Key         string     `json:"key"`
	SHA256      string     `json:"sha256"`
	Name        string     `json:"name"`
	Environment string     `json:"environment"`
	Labels      []label    `json:"labels"`
	CreatedAt   *time.Time `json:"createdAt"`
	ExpiresAt   *time.Time `json:"expiresAt"`
}

type label struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

const fields = "app, username and secret or key or sha256, name, environment, labels, createdAt and expiresAt"

// reserved says why a pair of UUIDs is refused: by its username Portico tells keys of
// another form.
const reserved = "A user name that is a UUID of version 8 is reserved: by it Portico knows imported keys of another form."

// parse reads one line.
func (r *Reader) parse(text []byte) (Key, *Refusal) {
	var in line
	if err := json.Unmarshal(text, &in, json.RejectUnknownMembers(true)); err != nil {
		return Key{}, r.malformed(err)
	}
	k := Key{Line: r.line, CreatedAt: stored(in.CreatedAt), ExpiresAt: stored(in.ExpiresAt)}
	for _, read := range []func(*Key, *line) *Refusal{r.readApp, r.readSecret, r.readName, r.readEnvironment, r.readLabels, r.checkTimes} {
		if refusal := read(&k, &in); refusal != nil {
			return Key{}, refusal
		}
	}
	return k, nil
}

// malformed says what is wrong with JSON, without its words: there may be a secret in them.
func (r *Reader) malformed(err error) *Refusal {
	var kind *json.SemanticError
	if errors.As(err, &kind) {
		if errors.Is(err, json.ErrUnknownName) {
			return r.unknownField(kind.JSONPointer.LastToken())
		}
		if field := strings.TrimPrefix(string(kind.JSONPointer), "/"); field != "" {
			return r.refuse(field, fault.InvalidValue, "This is of the wrong kind: a text is needed, and for times one by RFC 3339, such as 2026-03-01T09:00:00Z.")
		}
		return r.refuse("", Malformed, "The line is not a JSON object.")
	}
	var place *jsontext.SyntacticError
	if errors.As(err, &place) {
		if errors.Is(err, jsontext.ErrDuplicateName) {
			return r.refuse("", Malformed, "The line has a field twice.")
		}
		return r.refuse("", Malformed, fmt.Sprintf("The line is not JSON, from its byte %d on.", place.ByteOffset+1))
	}
	return r.refuse("", Malformed, "The line is not a JSON object.")
}

// fieldName is what the name of a field looks like; a secret in its place does not.
var fieldName = regexp.MustCompile(`^[A-Za-z][a-z_]*(?:[A-Z_][a-z]+)*(?:256|ID)?$`)

// unknownField names a field that no line has, if it looks like one: where people have
// mixed things up, there may be a secret in its place.
func (r *Reader) unknownField(name string) *Refusal {
	const allowed = "The fields are " + fields + "."
	if len(name) > 20 || !fieldName.MatchString(name) {
		return r.refuse("", Malformed, "The line has an unknown field. "+allowed)
	}
	return r.refuse(name, Malformed, fmt.Sprintf("The line has an unknown field, %s. %s", name, allowed))
}

// stored returns a time in the form in which times are stored.
func stored(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	at := t.UTC().Truncate(time.Microsecond)
	return &at
}

func (r *Reader) readApp(k *Key, in *line) *Refusal {
	if in.App == "" {
		return r.refuse("app", fault.Required, "The reference id of the app is missing.")
	}
	id, ok := apikey.ParseUUID(in.App)
	if !ok {
		return r.refuse("app", fault.InvalidValue, "This is not a UUID: apps are named by their reference ids.")
	}
	k.App = id
	return nil
}

// readSecret reads the API key, which is given in one of three ways.
func (r *Reader) readSecret(k *Key, in *line) *Refusal {
	pair := in.Username != "" || in.Secret != ""
	ways := 0
	for _, given := range []bool{pair, in.Key != "", in.SHA256 != ""} {
		if given {
			ways++
		}
	}
	switch {
	case ways == 0:
		return r.refuse("", fault.Required, "The key is missing: username and secret, key, or sha256.")
	case ways > 1:
		return r.refuse("", fault.InvalidValue, "The key is given more than once: give username and secret, key, or sha256.")
	case pair:
		return r.readPair(k, in)
	case in.Key != "":
		return r.readKey(k, in)
	}
	return r.readDigest(k, in)
}

func (r *Reader) readPair(k *Key, in *line) *Refusal {
	switch {
	case in.Username == "":
		return r.refuse("username", fault.Required, "A secret needs its user name.")
	case in.Secret == "":
		return r.refuse("secret", fault.Required, "A user name needs its secret.")
	case !keyheader.Visible(in.Username) || strings.Contains(in.Username, ":"):
		return r.refuse("username", fault.InvalidValue, "Callers cannot present this: only visible ASCII characters without colon and comma can be sent by Basic.")
	}
	if refusal := r.checkSecret("secret", in.Secret, len(in.Username)+1); refusal != nil {
		return refusal
	}
	username, plain := apikey.ParseUUID(in.Username)
	password, both := apikey.ParseUUID(in.Secret)
	if plain && both && username != uuid.Nil {
		if apikey.IsDerived(username) {
			return r.refuse("username", fault.InvalidValue, reserved)
		}
		k.Username, k.Password = username, password
	} else {
		k.Digest = apikey.DigestOfPair(in.Username, in.Secret)
		k.Name = in.Username
	}
	return nil
}

func (r *Reader) readKey(k *Key, in *line) *Refusal {
	if refusal := r.checkSecret("key", in.Key, 0); refusal != nil {
		return refusal
	}
	if username, password, ok := rawkey.Parse(in.Key); ok && username != uuid.Nil {
		if apikey.IsDerived(username) {
			return r.refuse("key", fault.InvalidValue, reserved)
		}
		k.Username, k.Password = username, password
	} else {
		k.Digest = apikey.DigestOf(in.Key)
	}
	return nil
}

func (r *Reader) checkSecret(field, secret string, before int) *Refusal {
	switch {
	case !keyheader.Visible(secret):
		return r.refuse(field, fault.InvalidValue, "Callers cannot present this: only visible ASCII characters without comma can be sent in a header.")
	case len(secret) < minSecret:
		return r.refuse(field, fault.InvalidValue, fmt.Sprintf("This is too easy to guess: at least %d characters are needed.", minSecret))
	case before+len(secret) > maxPresented:
		return r.refuse(field, fault.TooLong, fmt.Sprintf("A key has at most %d characters, its user name included.", maxPresented))
	}
	return nil
}

func (r *Reader) readDigest(k *Key, in *line) *Refusal {
	digest, err := hex.DecodeString(in.SHA256)
	if err != nil || len(digest) != len(k.Digest) {
		return r.refuse("sha256", fault.InvalidValue, "A SHA-256 is 64 digits in base 16.")
	}
	if k.Digest = apikey.Digest(digest); k.Digest == apikey.DigestOf("") {
		return r.refuse("sha256", fault.InvalidValue, "This is the SHA-256 of an empty text.")
	}
	return nil
}

// readName reads the name. Without one, the user name that callers present is it.
func (r *Reader) readName(k *Key, in *line) *Refusal {
	if in.Name == "" {
		k.Name = k.Name[:min(len(k.Name), input.MaxShort)]
		return nil
	}
	if err := input.CheckLine("name", in.Name, input.MaxShort); err != nil {
		return r.refuse("name", fault.InvalidValue, fmt.Sprintf("A name has at most %d characters, all on one line.", input.MaxShort))
	}
	k.Name = input.Sanitize(in.Name)
	return nil
}

func (r *Reader) readEnvironment(k *Key, in *line) *Refusal {
	k.Environment = r.environment
	if in.Environment != "" {
		k.Environment = access.Environment(in.Environment)
	}
	switch {
	case k.Environment == "":
		return r.refuse("environment", fault.Required, "The environment is missing; --environment is that of lines without one.")
	case !slices.Contains(k.Environment.Values(), string(k.Environment)):
		return r.refuse("environment", fault.InvalidValue, "The environments are "+strings.Join(k.Environment.Values(), ", ")+".")
	}
	return nil
}

// readLabels reads the labels, under the rules of keys that are generated.
func (r *Reader) readLabels(k *Key, in *line) *Refusal {
	for _, l := range in.Labels {
		k.Labels = append(k.Labels, domain.Label(l))
	}
	if wrong := fault.Problems(input.CheckLabels("labels", k.Labels)); len(wrong) > 0 {
		return r.refuse(strings.Join(wrong[0].Field, "."), wrong[0].Code, wrong[0].Message)
	}
	return nil
}

// longestLife bounds times: what is later is a mistake.
const longestLife = 100 * 365 * 24 * time.Hour

func (r *Reader) checkTimes(k *Key, _ *line) *Refusal {
	switch {
	case k.CreatedAt != nil && (k.CreatedAt.After(r.now) || k.CreatedAt.Before(r.now.Add(-longestLife))):
		return r.refuse("createdAt", fault.InvalidValue, "A key was created in the past, and not a hundred years ago.")
	case k.ExpiresAt != nil && !k.ExpiresAt.After(r.now):
		return r.refuse("expiresAt", fault.MustBeFuture, "The key has expired: there is nothing to import.")
	case k.ExpiresAt != nil && k.ExpiresAt.After(r.now.Add(longestLife)):
		return r.refuse("expiresAt", fault.InvalidValue, "This is too far in the future; a key that never expires has no expiresAt.")
	}
	return nil
}
