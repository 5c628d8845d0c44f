package auth

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"portico/internal/clock"
	"portico/internal/identity"
	"portico/internal/keyring"
)

const (
	// totpPeriod is how long a code is shown; the one before and the one after are
	// accepted too, because clocks differ and people type slowly (RFC 6238, 5.2).
	totpPeriod = 30 * time.Second
	totpBytes  = 20 // as long as the hash that apps use (RFC 4226, 4)

	// recoveryBytes is how long a recovery code is.
	recoveryBytes = 10
)

// Totp makes and checks the codes of second factors: those of an app (TOTP, RFC 6238:
// SHA-1, six digits, 30 seconds, which all apps know), and recovery codes.
//
// What an app shares with Portico is derived from the id of a row under a pepper of the
// ring, and recovery codes are stored as a keyed hash: the database alone yields
// neither.
type Totp struct {
	ring  *keyring.Ring
	clock clock.Clock
}

// NewTotp returns Totp with the ring's peppers.
func NewTotp(ring *keyring.Ring, c clock.Clock) *Totp { return &Totp{ring, c} }

// NewSeed implements identity.Totp.
func (t *Totp) NewSeed() identity.TotpSeed {
	return identity.TotpSeed{ID: uuid.New(), Pepper: t.ring.Current(keyring.Pepper).ID}
}

// Setup implements identity.Totp.
func (t *Totp) Setup(seed identity.TotpSeed, issuer, name string) (identity.TotpSetup, error) {
	secret, err := t.secret(seed)
	if err != nil {
		return identity.TotpSetup{}, err
	}
	// A colon separates the two where apps read them.
	tidy := strings.NewReplacer(":", " ")
	key, err := totp.Generate(totp.GenerateOpts{Issuer: tidy.Replace(issuer), AccountName: tidy.Replace(name), Secret: secret, Period: uint(totpPeriod / time.Second)})
	if err != nil {
		return identity.TotpSetup{}, fmt.Errorf("describing a second factor: %w", err)
	}
	return identity.TotpSetup{Secret: key.Secret(), URI: key.URL()}, nil
}

// Match implements identity.Totp.
func (t *Totp) Match(seed identity.TotpSeed, code string, after int64) (step int64, ok bool, err error) {
	secret, err := t.secret(seed)
	if err != nil {
		return 0, false, err
	}
	if len(code) != int(otp.DigitsSix) { // the library forgives blanks
		return 0, false, nil
	}
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
	now := t.clock.Now().Unix() / int64(totpPeriod/time.Second)
	for _, step := range []int64{now, now - 1, now + 1} {
		right, err := hotp.ValidateCustom(code, uint64(step), text, hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}) //nolint:gosec // after 1970
		if err == nil && right && step > after {
			return step, true, nil
		}
	}
	return 0, false, nil
}

// secret returns what an app shares with Portico.
func (t *Totp) secret(seed identity.TotpSeed) ([]byte, error) {
	pepper, ok := t.ring.Lookup(keyring.Pepper, seed.Pepper)
	if !ok {
		return nil, fmt.Errorf("the ring lacks the pepper %s of a second factor", seed.Pepper)
	}
	return mac(pepper, "totp", seed.ID.String())[:totpBytes], nil
}

// NewRecoveryCodes implements identity.Totp.
func (t *Totp) NewRecoveryCodes(user uuid.UUID) (codes []string, hashes [][]byte) {
	for range identity.RecoveryCodes {
		var random [recoveryBytes]byte
		_, _ = rand.Read(random[:]) // it never fails: it ends the program instead
		code := recoveryText.EncodeToString(random[:])
		codes = append(codes, code[:4]+"-"+code[4:8]+"-"+code[8:12]+"-"+code[12:])
		hashes = append(hashes, recoveryHash(t.ring.Current(keyring.Pepper), user, code))
	}
	return codes, hashes
}

// recoveryText is how recovery codes are written: without 0, 1, 8 and 9, which people
// mistake for letters.
var recoveryText = base32.StdEncoding.WithPadding(base32.NoPadding)

// RecoveryHashes implements identity.Totp.
func (t *Totp) RecoveryHashes(user uuid.UUID, code string) (hashes [][]byte) {
	for _, pepper := range t.ring.All(keyring.Pepper) {
		hashes = append(hashes, recoveryHash(pepper, user, code))
	}
	return hashes
}

func recoveryHash(pepper keyring.Key, user uuid.UUID, code string) []byte {
	return mac(pepper, "recovery code", user.String()+code)
}
