package door_test

import (
	"net/http"
	"testing"
	"time"
)

// Whoever asks with a length and sends no body is answered all the same, well
// before a body would be given up.
func TestAuthorizeWaitsForNoBody(t *testing.T) { onBoth(t, tryUnneededBodies) }

func tryUnneededBodies(t *testing.T, b *bench) {
	for _, method := range []string{"GET", "POST", "PUT", "DELETE", "PROPFIND"} {
		l := b.connect(t)
		_ = l.SetDeadline(time.Now().Add(5 * time.Second))
		l.write(t, asking(method, "/v1/authorize", "", "Content-Length: 10"))
		if a := l.answer(t, method); a.status != http.StatusOK {
			t.Errorf("%s: %d", method, a.status)
		}
	}
}
