package gate

import (
	"net/http"
	"strings"
)

// removeHopByHop removes the hop-by-hop headers, and those that Connection names. A
// handler that forwards the request must neither drop Portico's headers because of
// Connection nor open a tunnel of another protocol (h2c), whose requests are not
// verified. The upgrade to a websocket is kept.
func removeHopByHop(method string, h http.Header) {
	socket := method == http.MethodGet && len(h["Upgrade"]) == 1 && strings.EqualFold(h["Upgrade"][0], "websocket")
	upgrade := false
	for _, line := range h["Connection"] {
		for name := range strings.SplitSeq(line, ",") {
			name = strings.TrimSpace(name)
			upgrade = upgrade || strings.EqualFold(name, "Upgrade")
			h.Del(name)
		}
	}
	for _, name := range []string{
		"Connection", "Upgrade", "Keep-Alive", "Te", "Trailer", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Http2-Settings", "Transfer-Encoding",
	} {
		delete(h, name)
	}
	if socket && upgrade {
		h["Connection"], h["Upgrade"] = []string{"Upgrade"}, []string{"websocket"}
	}
}
