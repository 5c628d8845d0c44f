package gateway

import (
	"hash/maphash"
	"sync"
)

const (
	// Each key has bitsPerKey bits, of which it sets bitsSet: two of ten thousand
	// that were never added are taken for one.
	bitsPerKey, bitsSet = 20, 7
	// firstRoom is how many keys the first layer takes; each further one takes
	// twice as many as the one before.
	firstRoom = 1 << 14
)

// filter is a Bloom filter that grows: it knows every key that was added, and
// takes few others for one. Its seed is its own, so that nobody outside can work
// out which. The zero filter is not ready for use: see newFilter.
type filter struct {
	seed   maphash.Seed
	mu     sync.RWMutex
	layers []layer
}

// layer is a filter of a given size.
type layer struct {
	bits []uint64
	left int // how many more keys it takes
}

func newFilter() *filter { return &filter{seed: maphash.MakeSeed()} }

// add notes a key.
func (f *filter) add(key []byte) {
	sum := maphash.Bytes(f.seed, key)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.knows(sum) {
		return
	}
	last := len(f.layers) - 1
	if last < 0 || f.layers[last].left == 0 {
		last++
		room := firstRoom << last
		f.layers = append(f.layers, layer{bits: make([]uint64, room*bitsPerKey/64), left: room})
	}
	l := &f.layers[last]
	l.left--
	for i := range uint64(bitsSet) {
		word, bit := l.place(sum, i)
		l.bits[word] |= bit
	}
}

// may reports whether the key may have been added.
func (f *filter) may(key []byte) bool {
	sum := maphash.Bytes(f.seed, key)
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.knows(sum)
}

func (f *filter) knows(sum uint64) bool {
	for i := range f.layers {
		if f.layers[i].knows(sum) {
			return true
		}
	}
	return false
}

func (l *layer) knows(sum uint64) bool {
	for i := range uint64(bitsSet) {
		if word, bit := l.place(sum, i); l.bits[word]&bit == 0 {
			return false
		}
	}
	return true
}

// place returns where the i-th bit of a key is: the halves of its hash stand for
// two hashes, of which any number is made.
func (l *layer) place(sum, i uint64) (word int, bit uint64) {
	at := (sum>>32 + i*(sum&0xffffffff|1)) % uint64(len(l.bits)*64)
	return int(at / 64), 1 << (at % 64)
}
