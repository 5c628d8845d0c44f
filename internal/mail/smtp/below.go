package smtp

import (
	"net"
	"sync"
	"time"
)

// below is the connection that SMTP is spoken over. It is ended from outside when time
// is up, while whoever speaks still uses it.
type below struct {
	mu   sync.Mutex
	conn net.Conn
}

// keep takes the place of the connection before.
func (b *below) keep(c net.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.conn = c
}

// cut ends the connection without a word: whoever waits for it gets the error.
func (b *below) cut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.conn != nil {
		_ = b.conn.Close()
		b.conn = nil
	}
}

// expire makes the connection fail after a while.
func (b *below) expire(after time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.conn != nil {
		_ = b.conn.SetDeadline(time.Now().Add(after))
	}
}
