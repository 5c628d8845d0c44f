package httpapi

import (
	"errors"
	"math"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// moved counts the system calls that set deadlines.
type moved struct {
	net.Conn
	reads, writes int
}

func (m *moved) SetReadDeadline(t time.Time) error {
	m.reads++
	return m.Conn.SetReadDeadline(t)
}

func (m *moved) SetWriteDeadline(t time.Time) error {
	m.writes++
	return m.Conn.SetWriteDeadline(t)
}

// A deadline that moves with every request is kept, with few system calls.
func TestDeadlinesHoldAndAreSeldomSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		below := &moved{Conn: here}
		c := &connection{Conn: below, left: math.MaxInt}
		room := make([]byte, 1)
		for range 100 { // requests in a second
			go func() { _, _ = there.Write(room) }()
			require.NoError(t, c.SetReadDeadline(time.Now().Add(idleTime)))
			_, err := c.Read(room)
			require.NoError(t, err)
			require.NoError(t, c.SetReadDeadline(time.Now().Add(headTime)))
			require.NoError(t, c.SetWriteDeadline(time.Now().Add(writeTime)))
			go func() { _, _ = there.Read(room) }()
			_, err = c.Write(room)
			require.NoError(t, err)
			time.Sleep(10 * time.Millisecond)
		}
		require.Equal(t, []int{1, 1}, []int{below.reads, below.writes})

		began := time.Now() // the rest of a head does not come
		require.NoError(t, c.SetReadDeadline(began.Add(headTime)))
		_, err := c.Read(room)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, headTime, time.Since(began))

		began = time.Now() // no request comes
		require.NoError(t, c.SetReadDeadline(began.Add(idleTime)))
		_, err = c.Read(room)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, idleTime, time.Since(began))

		began = time.Now() // the client does not read the answer
		require.NoError(t, c.SetWriteDeadline(began.Add(writeTime)))
		_, err = c.Write(room)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, writeTime, time.Since(began))

		free := c.release() // for another engine
		go func() { _, _ = there.Write(room) }()
		_, err = free.Read(room)
		require.NoError(t, err)
		require.NoError(t, errors.Join(here.Close(), there.Close()))
	})
}
