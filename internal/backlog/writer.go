package backlog

import (
	"net/http"
	"time"
)

const (
	// maxPause is how long a client may read nothing at all.
	maxPause = 15 * time.Second
	// minRate is how many bytes per second of a response a client must read on
	// average, apart from one maxPause. The system buffers up to some megabytes
	// for a slow client, so a pause of some seconds does not show that a client
	// is slower.
	minRate = 128 << 10
	// chunkSize is how many bytes are written at a time.
	chunkSize = 64 << 10
)

// Writer writes a response to a client that must keep reading it: at minRate at
// least, and never with a pause longer than maxPause. Otherwise Write fails and
// the connection is unusable. It replaces the server's own write timeout, which
// counts from the beginning of the request however long the response is. Only
// the time spent writing counts, not that of producing the response.
type Writer struct {
	to      http.ResponseWriter
	control *http.ResponseController
	sent    int64
	spent   time.Duration
}

// NewWriter returns a Writer for a response.
func NewWriter(to http.ResponseWriter) *Writer {
	return &Writer{to: to, control: http.NewResponseController(to)}
}

// Write writes all of p, or fails because the client reads too slowly.
func (w *Writer) Write(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var took int
		took, err = w.writeChunk(p[n:min(n+chunkSize, len(p))])
		n += took
	}
	return n, err
}

func (w *Writer) writeChunk(p []byte) (int, error) {
	begun := time.Now()
	// A writer without deadlines, such as a test's, is never slow.
	_ = w.control.SetWriteDeadline(begun.Add(w.chunkTimeout(len(p))))
	n, err := w.to.Write(p)
	w.spent += time.Since(begun)
	w.sent += int64(n)
	return n, err
}

// chunkTimeout returns how long writing the next chunk may take.
func (w *Writer) chunkTimeout(next int) time.Duration {
	due := time.Duration(float64(w.sent+int64(next)) / minRate * float64(time.Second))
	return min(maxPause, maxPause+due-w.spent)
}
