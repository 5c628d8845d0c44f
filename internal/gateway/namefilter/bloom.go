package namefilter

import (
	"hash/maphash"
	"sync"
)

const (
	// An entry takes bitsPerKey bits, of which it sets bitsSet: about two in ten
	// thousand keys that were never added are false positives.
	bitsPerKey, bitsSet = 20, 7
	// firstLayerSize is the capacity of the first layer; each further one has twice
	// that of the one before.
	firstLayerSize = 1 << 14
)

// bloom is a Bloom filter that grows. It contains every key that was added, and
// few others: false positives are rare. Its random seed keeps an outsider from
// working out which. Use newBloom; the zero filter is not ready for use.
type bloom struct {
	seed   maphash.Seed
	mu     sync.RWMutex
	layers []layer
}

// layer is a Bloom filter of fixed size.
type layer struct {
	bits []uint64
	left int // remaining capacity, in keys
}

func newBloom() *bloom { return &bloom{seed: maphash.MakeSeed()} }

// add adds a key.
func (f *bloom) add(key []byte) {
	sum := maphash.Bytes(f.seed, key)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.contains(sum) {
		return
	}
	last := len(f.layers) - 1
	if last < 0 || f.layers[last].left == 0 {
		last++
		room := firstLayerSize << last
		f.layers = append(f.layers, layer{bits: make([]uint64, room*bitsPerKey/64), left: room})
	}
	l := &f.layers[last]
	l.left--
	for i := range uint64(bitsSet) {
		word, bit := l.place(sum, i)
		l.bits[word] |= bit
	}
}

// mayContain reports whether the key may have been added.
func (f *bloom) mayContain(key []byte) bool {
	sum := maphash.Bytes(f.seed, key)
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.contains(sum)
}

func (f *bloom) contains(sum uint64) bool {
	for i := range f.layers {
		if f.layers[i].contains(sum) {
			return true
		}
	}
	return false
}

func (l *layer) contains(sum uint64) bool {
	for i := range uint64(bitsSet) {
		if word, bit := l.place(sum, i); l.bits[word]&bit == 0 {
			return false
		}
	}
	return true
}

// place returns the position of the i-th bit of a key. The halves of its hash
// serve as two hashes, from which all others are derived.
func (l *layer) place(sum, i uint64) (word int, bit uint64) {
	at := (sum>>32 + i*(sum&0xffffffff|1)) % uint64(len(l.bits)*64)
	return int(at / 64), 1 << (at % 64)
}
