package keyimport

import "github.com/google/uuid"

// window is how many keys are remembered at least: 16 bytes each, and as many of an older
// generation. What lies further apart, the database knows (judge).
const window = 250_000

// identity is what makes two lines the same key: its user name where that is a UUID, else
// the first half of its digest, which nobody can choose.
type identity [16]byte

func identityOf(k *Key) identity {
	if k.Username != uuid.Nil {
		return identity(k.Username)
	}
	return identity(k.Digest[:16])
}

// recent remembers the last keys of a file, however long that is, in bounded memory.
type recent struct {
	size       int
	young, old map[identity]struct{}
}

func newRecent(size int) *recent { return &recent{size: size, young: map[identity]struct{}{}} }

// twice reports whether a key is remembered, and remembers it.
func (r *recent) twice(id identity) bool {
	_, young := r.young[id]
	_, old := r.old[id]
	if !young {
		if len(r.young) == r.size {
			r.old, r.young = r.young, make(map[identity]struct{}, r.size)
		}
		r.young[id] = struct{}{}
	}
	return young || old
}
