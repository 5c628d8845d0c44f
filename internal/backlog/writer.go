package backlog

import (
	"net/http"
	"time"
)

const (
	// stall is how long a client may take nothing at all.
	stall = 15 * time.Second
	// leastRate is how many bytes of an answer a client must take in a second,
	// on the whole and beyond the time of one stall. The system takes what a
	// slow client does not, up to some megabytes at a time, so that a pause of
	// some seconds does not show that a client is slower.
	leastRate = 128 << 10
	// piece is how much is written at a time.
	piece = 64 << 10
)

// Writer writes an answer to a client that must go on reading it: at leastRate
// at the least, and never with a pause longer than stall. After that Write
// fails and the connection is of no more use. It stands in place of the
// server's own bound, which counts from the beginning of the request, however
// long the answer is. Only the time of writing counts, not that of making more.
type Writer struct {
	to      http.ResponseWriter
	control *http.ResponseController
	sent    int64
	spent   time.Duration
}

// NewWriter returns a Writer of an answer.
func NewWriter(to http.ResponseWriter) *Writer {
	return &Writer{to: to, control: http.NewResponseController(to)}
}

// Write writes all of p, or fails because the client takes too long.
func (w *Writer) Write(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var took int
		took, err = w.writePiece(p[n:min(n+piece, len(p))])
		n += took
	}
	return n, err
}

func (w *Writer) writePiece(p []byte) (int, error) {
	begun := time.Now()
	// A writer that has no deadline, such as a test's, is never slow.
	_ = w.control.SetWriteDeadline(begun.Add(w.patience(len(p))))
	n, err := w.to.Write(p)
	w.spent += time.Since(begun)
	w.sent += int64(n)
	return n, err
}

// patience is how long the next piece may take.
func (w *Writer) patience(next int) time.Duration {
	due := time.Duration(float64(w.sent+int64(next)) / leastRate * float64(time.Second))
	return min(stall, stall+due-w.spent)
}
