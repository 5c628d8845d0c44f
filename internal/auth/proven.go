package auth

import (
	"crypto/sha256"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/lestrrat-go/jwx/v2/jwt"

	"portico/internal/keyring"
)

// provenTokens is how many tokens are remembered: about 8 MB of them.
const provenTokens = 4096

// proven remembers the tokens whose signature was found right, because a
// client sends the same one with every request and parsing it costs more than
// all the rest of finding out who it is. What time and rotations can change
// is checked again at each use. It holds hashes of tokens, not tokens, and
// only good ones come in, so nobody can fill it with junk.
type proven struct {
	tokens *lru.Cache[[sha256.Size]byte, proof]
}

// proof is a token that this signer's key has signed.
type proof struct {
	keyID  string
	signer *signer
	token  jwt.Token
	claims Claims
}

func newProven() proven {
	// The error says that the size is not positive.
	tokens, _ := lru.New[[sha256.Size]byte, proof](provenTokens)
	return proven{tokens}
}

// recall verifies a token that was proven before. ok is false when it was not,
// or when its key has left the ring or has changed.
func (t *Tokens) recall(sum [sha256.Size]byte) (p proof, ok bool, err error) {
	p, ok = t.proven.tokens.Get(sum)
	if !ok {
		return proof{}, false, nil
	}
	key, ok := t.ring.Lookup(keyring.JWT, p.keyID)
	if !ok {
		return proof{}, false, nil
	}
	current, err := t.signer(key)
	if err != nil || current != p.signer {
		return proof{}, false, err
	}
	return p, true, jwt.Validate(p.token, p.signer.ValidateOptions()...)
}
