package auth

import (
	"crypto/sha256"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/lestrrat-go/jwx/v2/jwt"

	"portico/internal/keyring"
)

// tokenCacheSize is the number of tokens in the cache: about 8 MB.
const tokenCacheSize = 4096

// tokenCache caches tokens with a valid signature: a client sends the same one
// with every request, and parsing it costs more than the rest of the
// authentication. What time and rotations can change is checked again at each
// use. Its keys are hashes of tokens, not tokens, and only valid ones are
// added, so it cannot be filled with junk.
type tokenCache struct {
	tokens *lru.Cache[[sha256.Size]byte, verifiedToken]
}

// verifiedToken is a token that was signed with this signer's key.
type verifiedToken struct {
	keyID  string
	signer *signer
	token  jwt.Token
	claims Claims
}

func newTokenCache() tokenCache {
	// New fails only if the size is not positive.
	tokens, _ := lru.New[[sha256.Size]byte, verifiedToken](tokenCacheSize)
	return tokenCache{tokens}
}

// cached returns a token from the cache after checking it again. ok is false if
// it is not in the cache, or if its key has left the ring or has changed.
func (t *Tokens) cached(sum [sha256.Size]byte) (p verifiedToken, ok bool, err error) {
	p, ok = t.cache.tokens.Get(sum)
	if !ok {
		return verifiedToken{}, false, nil
	}
	key, ok := t.ring.Lookup(keyring.JWT, p.keyID)
	if !ok {
		return verifiedToken{}, false, nil
	}
	current, err := t.signer(key)
	if err != nil || current != p.signer {
		return verifiedToken{}, false, err
	}
	return p, true, jwt.Validate(p.token, p.signer.ValidateOptions()...)
}
