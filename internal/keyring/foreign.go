package keyring

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// ForeignError means that a ring is not the one that a database, or an earlier
// version of the file, belongs to.
type ForeignError struct {
	Path string
	Use  Use
	ID   string
	// Why completes the sentence, such as "has disappeared".
	Why string
}

// Error names the file and the secret.
func (e *ForeignError) Error() string {
	return fmt.Sprintf("key ring %s: the %s key %q %s", e.Path, e.Use, e.ID, e.Why)
}

// compare returns an error if a newly read file has lost a pepper or changed a
// secret of the ring.
func (r *Ring) compare(ring contents) *ForeignError {
	for use, list := range *r.keys.Load() {
		for _, k := range list {
			now, ok := find(ring.keys[use], k.ID)
			switch {
			case !ok && use == Pepper:
				return &ForeignError{r.path, use, k.ID, "has disappeared"}
			case ok && !hmac.Equal(now.Secret, k.Secret):
				return &ForeignError{r.path, use, k.ID, "has another secret than before"}
			}
		}
	}
	return nil
}

// Foreign returns why the file, when it was last read, was another ring than
// the one in use; nil if it was not.
func (r *Ring) Foreign() error {
	if foreign := r.foreign.Load(); foreign != nil {
		return foreign
	}
	return nil
}

// Revision returns a value that changes with each set of keys that is read.
func (r *Ring) Revision() any { return r.keys.Load() }

// Fingerprint identifies the secret of a key without revealing it: 64
// hexadecimal digits of an HMAC-SHA-256 under the secret.
func (k Key) Fingerprint(use Use) string {
	h := hmac.New(sha256.New, k.Secret)
	h.Write([]byte("portico fingerprint\x00" + string(use) + "\x00" + k.ID))
	return hex.EncodeToString(h.Sum(nil))
}
