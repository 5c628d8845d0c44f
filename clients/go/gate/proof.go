package gate

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"

	lru "github.com/hashicorp/golang-lru/v2"
)

// proof identifies a key without containing it: an HMAC with a secret of this process.
// A memory dump of one process is of no use against another.
type proof [sha256.Size]byte

// proofs is the set of keys whose secrets Portico has verified.
type proofs struct {
	secret []byte
	known  *lru.Cache[proof, struct{}]
}

func newProofs(most int) (*proofs, error) {
	known, err := lru.New[proof, struct{}](most)
	if err != nil {
		return nil, err
	}
	secret := make([]byte, sha256.Size)
	_, _ = rand.Read(secret) // never fails
	return &proofs{secret: secret, known: known}, nil
}

// of returns the proof of a credential.
func (p *proofs) of(c *credential) (out proof) {
	mac := hmac.New(sha256.New, p.secret)
	for _, part := range []string{string(c.Presented), c.RawKey, c.Username, c.Password} {
		var size [4]byte
		binary.BigEndian.PutUint32(size[:], uint32(len(part)))
		mac.Write(size[:]) // so that the boundaries of the parts are unambiguous
		mac.Write([]byte(part))
	}
	mac.Sum(out[:0])
	return out
}

// remembers reports whether the key was verified.
func (p *proofs) remembers(of proof) bool { _, ok := p.known.Get(of); return ok }

func (p *proofs) remember(of proof) { p.known.Add(of, struct{}{}) }

func (p *proofs) forget(of proof) { p.known.Remove(of) }
