package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/semaphore"

	"portico/clients/go/gate/base62"
	"portico/internal/keyring"
)

const (
	// MachinePrefix begins every service token, so that scanners find leaked ones, and
	// oldMachinePrefix those that earlier builds made for gateways.
	MachinePrefix    = "pst_"
	oldMachinePrefix = "pgw_"
	// secretBytes of randomness are secretDigits digits in base 62; the
	// checksum over them is six more.
	secretBytes  = 32
	secretDigits = 43
)

// MachineTokens creates service tokens and the hashes by which they are looked
// up.
//
// A token is 256 random bits, so a plain SHA-256 could not be reversed either.
// The hash is an HMAC under a pepper nevertheless: with a dump of the database
// alone, it cannot even be checked whether a token is a real one.
type MachineTokens struct {
	ring *keyring.Ring
	// lookups bounds the concurrent lookups of tokens that are not known.
	lookups *semaphore.Weighted
	// known are the hashes of tokens that were found, by the tokens' SHA-256.
	known *lru.Cache[[sha256.Size]byte, []byte]
}

const (
	// maxConcurrentLookups is how many unknown service tokens are looked up in the
	// Directory at a time. Any client can send well-formed tokens, and before
	// authentication the cost cannot be charged to a caller: a flood of them must
	// leave the database to others. Tokens that were valid before do not wait behind
	// it; whether they still are is asked each time.
	maxConcurrentLookups = 4
	maxKnown             = 4096
)

// NewMachineTokens returns MachineTokens that use the ring's peppers.
func NewMachineTokens(ring *keyring.Ring) *MachineTokens {
	known, _ := lru.New[[sha256.Size]byte, []byte](maxKnown) // it fails for sizes below 1 only
	return &MachineTokens{ring, semaphore.NewWeighted(maxConcurrentLookups), known}
}

// New returns a new token, the hash to store, and a hint that may be shown: the
// last four characters. The token itself is shown once and stored nowhere.
func (m *MachineTokens) New() (token string, hash []byte, hint string) {
	secret := make([]byte, secretBytes)
	_, _ = rand.Read(secret) // it never fails: it ends the program instead
	body := MachinePrefix + base62.Encode(secret, secretDigits)
	token = body + base62.Checksum(body)
	return token, hashMachine(m.ring.Current(keyring.Pepper), token), token[len(token)-4:]
}

// Hashes returns the hashes under which a token may be stored, one for each
// pepper, the most likely first. ok is false if the token's shape or checksum
// is wrong: there is no need to look it up.
func (m *MachineTokens) Hashes(token string) (hashes [][]byte, ok bool) {
	if !wellFormed(token) {
		return nil, false
	}
	for _, pepper := range m.ring.All(keyring.Pepper) {
		hashes = append(hashes, hashMachine(pepper, token))
	}
	return hashes, true
}

// hashMachine returns a token's hash. It begins with the pepper's id, so that
// the database shows which rows still depend on an old pepper.
func hashMachine(pepper keyring.Key, token string) []byte {
	return append([]byte(pepper.ID+":"), mac(pepper, "machine token", token)...)
}

// isMachine reports whether a text begins like a service token.
func isMachine(token string) bool {
	return strings.HasPrefix(token, MachinePrefix) || strings.HasPrefix(token, oldMachinePrefix)
}

func wellFormed(token string) bool {
	const length = len(MachinePrefix) + secretDigits + base62.ChecksumDigits
	if len(token) != length || !isMachine(token) {
		return false
	}
	body, check := token[:length-base62.ChecksumDigits], token[length-base62.ChecksumDigits:]
	return base62.IsChecksum(body, check)
}
