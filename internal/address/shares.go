package address

import (
	"net/netip"
	"sync"
)

// Shares bound how much of something one client may hold at a time, such as
// connections, so that one alone cannot hold all of it. A client is what
// NetworkOf says.
type Shares struct {
	most   int
	exempt func(netip.Addr) bool

	mu    sync.Mutex
	inUse map[netip.Prefix]int
}

// NewShares returns shares of most for each client. Addresses for which exempt
// returns true have no bound, because they carry the requests of many clients;
// neither has the zero Addr, which a Unix socket has.
func NewShares(most int, exempt func(netip.Addr) bool) *Shares {
	return &Shares{most: most, exempt: exempt, inUse: map[netip.Prefix]int{}}
}

// Enter reports whether a client may hold one more; leave is called when it is
// released. leave is not nil if ok.
func (s *Shares) Enter(client netip.Addr) (leave func(), ok bool) {
	host := normalized(client)
	if !host.IsValid() || s.exempt(host) {
		return func() {}, true
	}
	network := NetworkOf(host)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inUse[network] >= s.most {
		return nil, false
	}
	s.inUse[network]++
	return func() { s.leave(network) }, true
}

func (s *Shares) leave(network netip.Prefix) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inUse[network]--; s.inUse[network] == 0 {
		delete(s.inUse, network)
	}
}
