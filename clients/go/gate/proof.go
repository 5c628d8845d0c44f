package gate

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"

	lru "github.com/hashicorp/golang-lru/v2"
)

// proof stands for one key without holding it: an HMAC under a secret of this
// process. A dump of the memory of one process is of no use against another.
type proof [sha256.Size]byte

// proofs remembers the keys whose secrets Portico found to be right.
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

// of makes the proof of a credential.
func (p *proofs) of(c *credential) (out proof) {
	mac := hmac.New(sha256.New, p.secret)
	for _, part := range []string{string(c.presented), c.rawKey, c.username, c.password} {
		var size [4]byte
		binary.BigEndian.PutUint32(size[:], uint32(len(part)))
		mac.Write(size[:]) // so that parts cannot run into one another
		mac.Write([]byte(part))
	}
	mac.Sum(out[:0])
	return out
}

// remembers reports whether the key was proven.
func (p *proofs) remembers(of proof) bool { _, ok := p.known.Get(of); return ok }

func (p *proofs) remember(of proof) { p.known.Add(of, struct{}{}) }

func (p *proofs) forget(of proof) { p.known.Remove(of) }
