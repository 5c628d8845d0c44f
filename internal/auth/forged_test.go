package auth

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jws"
	"github.com/stretchr/testify/require"

	"portico/internal/keyring"
)

// tokenSpec signs arbitrary tokens, as an attacker could who has read this package.
type tokenSpec struct {
	header map[string]any
	claims map[string]any
	alg    jwa.SignatureAlgorithm
	key    any
}

func (f tokenSpec) sign(t *testing.T) string {
	t.Helper()
	claims, err := json.Marshal(f.claims)
	require.NoError(t, err)
	if f.alg == "" {
		header, err := json.Marshal(f.header)
		require.NoError(t, err)
		return part(header) + "." + part(claims) + "."
	}
	headers := jws.NewHeaders()
	for name, value := range f.header {
		require.NoError(t, headers.Set(name, value))
	}
	signed, err := jws.Sign(claims, jws.WithKey(f.alg, f.key, jws.WithProtectedHeaders(headers)))
	require.NoError(t, err)
	return string(signed)
}

func part(content []byte) string { return base64.RawURLEncoding.EncodeToString(content) }

// validToken is the content of a valid token; each test changes one thing.
func validToken(ring *keyring.Ring) tokenSpec {
	key := ring.Current(keyring.JWT)
	return tokenSpec{
		header: map[string]any{"kid": key.ID, "typ": "JWT"},
		claims: map[string]any{
			"iss": issuer, "aud": audience, "sub": user.String(), "org": organization.String(), "sid": session.String(),
			"iat": start.Unix(), "exp": start.Add(TokenLife).Unix(), "jti": "x",
		},
		alg: jwa.HS256, key: key.Secret,
	}
}

func TestVerifyRefusesClaims(t *testing.T) {
	tokens, ring, _ := newTokens()
	_, err := tokens.Verify(validToken(ring).sign(t))
	require.NoError(t, err, "the forger is able to make a good one")

	unix := func(d time.Duration) int64 { return start.Add(d).Unix() }
	for name, change := range map[string]func(claims map[string]any){
		"expired":           func(c map[string]any) { c["iat"], c["exp"] = unix(-time.Hour), unix(-time.Hour+TokenLife) },
		"expired just now":  func(c map[string]any) { c["iat"], c["exp"] = unix(-time.Minute), unix(0) },
		"no exp":            func(c map[string]any) { delete(c, "exp") },
		"exp null":          func(c map[string]any) { c["exp"] = nil },
		"exp text":          func(c map[string]any) { c["exp"] = "never" },
		"exp far away":      func(c map[string]any) { c["exp"] = unix(24 * time.Hour) },
		"exp before iat":    func(c map[string]any) { c["exp"] = unix(-time.Second) },
		"no iat":            func(c map[string]any) { delete(c, "iat") },
		"iat in the future": func(c map[string]any) { c["iat"], c["exp"] = unix(31*time.Second), unix(5*time.Minute) },
		"nbf in the future": func(c map[string]any) { c["nbf"] = unix(31 * time.Second) },
		"no iss":            func(c map[string]any) { delete(c, "iss") },
		"another iss":       func(c map[string]any) { c["iss"] = "https://portico.example.evil" },
		"no aud":            func(c map[string]any) { delete(c, "aud") },
		"another aud":       func(c map[string]any) { c["aud"] = "portico-gateway" },
		"aud empty list":    func(c map[string]any) { c["aud"] = []string{} },
		"no sub":            func(c map[string]any) { delete(c, "sub") },
		"sub not a uuid":    func(c map[string]any) { c["sub"] = "admin" },
		"no org":            func(c map[string]any) { delete(c, "org") },
		"org not a text":    func(c map[string]any) { c["org"] = 1 },
		"no session":        func(c map[string]any) { delete(c, "sid") },
		"session a number":  func(c map[string]any) { c["sid"] = 7 },
		"session no id":     func(c map[string]any) { c["sid"] = "7" },
	} {
		t.Run(name, func(t *testing.T) {
			f := validToken(ring)
			change(f.claims)
			_, err := tokens.Verify(f.sign(t))
			requireUnauthenticated(t, err)
		})
	}
}

func TestVerifyRefusesSignatures(t *testing.T) {
	tokens, ring, _ := newTokens()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	public, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	require.NoError(t, err)
	secret := ring.Current(keyring.JWT).Secret

	for name, change := range map[string]func(f *tokenSpec){
		"none":               func(f *tokenSpec) { f.alg, f.header["alg"] = "", "none" },
		"None":               func(f *tokenSpec) { f.alg, f.header["alg"] = "", "nOnE" },
		"no alg":             func(f *tokenSpec) { f.alg = "" },
		"HS256 unsigned":     func(f *tokenSpec) { f.alg, f.header["alg"] = "", "HS256" },
		"another secret":     func(f *tokenSpec) { f.key = []byte(strings.Repeat("x", 32)) },
		"another use's key":  func(f *tokenSpec) { f.key = ring.Current(keyring.Cursor).Secret },
		"HS384 own secret":   func(f *tokenSpec) { f.alg = jwa.HS384 },
		"HS512 own secret":   func(f *tokenSpec) { f.alg = jwa.HS512 },
		"RS256":              func(f *tokenSpec) { f.alg, f.key = jwa.RS256, private },
		"HS by a public key": func(f *tokenSpec) { f.key = pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}) },
		"unknown kid":        func(f *tokenSpec) { f.header["kid"] = "j99" },
		"no kid":             func(f *tokenSpec) { delete(f.header, "kid") },
		"kid of another use": func(f *tokenSpec) { f.header["kid"], f.key = "p1", ring.Current(keyring.Pepper).Secret },
		"kid as a path":      func(f *tokenSpec) { f.header["kid"], f.key = "../../dev/null", []byte{0} },
		"critical extension": func(f *tokenSpec) { f.header["crit"] = []string{"exp"} },
	} {
		t.Run(name, func(t *testing.T) {
			f := validToken(ring)
			change(&f)
			_, err := tokens.Verify(f.sign(t))
			requireUnauthenticated(t, err)
		})
	}
	t.Run("a header that lies", func(t *testing.T) {
		// The MAC is right for this very header, and jwtauth alone would take it.
		body := part([]byte(`{"alg":"RS256","kid":"j1"}`)) + "." + strings.Split(validToken(ring).sign(t), ".")[1]
		mac, err := jws.NewSigner(jwa.HS256)
		require.NoError(t, err)
		signature, err := mac.Sign([]byte(body), secret)
		require.NoError(t, err)
		_, err = tokens.Verify(body + "." + part(signature))
		requireUnauthenticated(t, err)
	})
}

func TestVerifyRefusesMalformedTokens(t *testing.T) {
	tokens, ring, _ := newTokens()
	good := validToken(ring).sign(t)
	parts := strings.Split(good, ".")
	asJSON := `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`
	changed := decode(t, parts[1])
	changed["sub"] = uuid.NewString()
	other, err := json.Marshal(changed)
	require.NoError(t, err)
	long := validToken(ring)
	long.claims["x"] = strings.Repeat("x", maxTokenBytes)

	for name, token := range map[string]string{
		"empty": "", "dots": "..", "word": "null", "two parts": parts[0] + "." + parts[1],
		"five parts": good + ".x.y", "JSON form": asJSON, "space before": " " + good,
		"no signature": parts[0] + "." + parts[1] + ".", "changed claims": parts[0] + "." + part(other) + "." + parts[2],
		"padded": good + "=", "padded twice": good + "==", "padded claims": parts[0] + "." + parts[1] + "=." + parts[2], "padded header": parts[0] + "=." + parts[1] + "." + parts[2],
		"line after": good + "\n", "line inside": good[:len(good)-3] + "\r\n" + good[len(good)-3:], "line in the header": good[:3] + "\n" + good[3:],
		"unused bits": unusedBits(good), "dot after": good + ".", "dot before": "." + good, "zero after": good + "\x00", "space after": good + " ", "comma after": good + ",",
		"junk header": "!!." + parts[1] + "." + parts[2], "header no object": part([]byte(`[]`)) + "." + parts[1] + "." + parts[2],
		"too long": long.sign(t), "half": good[:len(good)/2], "zero bytes": strings.Repeat("\x00", 40),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tokens.Verify(token)
			requireUnauthenticated(t, err)
		})
	}
}

// The longest token has maxTokenBytes; one that is longer is not looked at, although
// everything else about it is right.
func TestVerifyBoundsTheLength(t *testing.T) {
	tokens, ring, _ := newTokens()
	spec := validToken(ring)
	spec.claims["x"] = ""
	longest, longer := 0, 0
	for n := (maxTokenBytes - len(spec.sign(t))) / 4 * 3; longer < 3; n++ {
		spec.claims["x"] = strings.Repeat("x", n)
		token := spec.sign(t)
		_, err := tokens.Verify(token)
		if len(token) <= maxTokenBytes {
			require.NoError(t, err)
			longest = len(token)
			continue
		}
		requireUnauthenticated(t, err)
		longer++
	}
	require.Equal(t, maxTokenBytes, longest)
}

// unusedBits changes the bits that the last digit of a signature of 32 bytes has
// too many.
func unusedBits(token string) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := len(token) - 1
	return token[:last] + string(digits[strings.IndexByte(digits, token[last])^1])
}

// A token with any one character changed, or one appended, is not valid.
func TestAccessTokenHasOneEncoding(t *testing.T) {
	tokens, _, _ := newTokens()
	good := mustIssue(t, tokens)
	for i := range len(good) + 1 {
		for _, c := range []byte("=A-_.\n\r \t\x00/+") {
			changed := []string{good[:i] + string(c) + good[i:]}
			if i < len(good) && good[i] != c {
				changed = append(changed, good[:i]+string(c)+good[i+1:])
			}
			for _, token := range changed {
				_, err := tokens.Verify(token)
				requireUnauthenticated(t, err)
			}
		}
	}
	_, err := tokens.Verify(good)
	require.NoError(t, err)
}
