package address

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"portico/internal/unseen"
)

// ParseWebsite parses an absolute http or https URL without user information,
// and formats it again. An empty text is valid.
func ParseWebsite(s string) (string, bool) {
	if s == "" {
		return "", true
	}
	if strings.ContainsAny(s, "\"'<>\\^`{|}") || strings.ContainsFunc(s, unseen.Rune) {
		return "", false
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Opaque != "" || u.User != nil {
		return "", false
	}
	host, ok := hostOf(u)
	if !ok {
		return "", false
	}
	port, ok := portOf(u)
	if !ok {
		return "", false
	}
	u.Host = host + port
	return u.String(), true
}

// hostOf returns the host of a URL as written there: a DNS name in ASCII, an
// IPv4 address, or an IPv6 address in brackets and without a zone.
func hostOf(u *url.URL) (string, bool) {
	name := u.Hostname()
	if strings.HasPrefix(u.Host, "[") {
		ip, err := netip.ParseAddr(name)
		return "[" + ip.String() + "]", err == nil && ip.Is6() && ip.Zone() == ""
	}
	name, ok := ParseDomain(name)
	if !ok {
		return "", false
	}
	if last := name[strings.LastIndexByte(name, '.')+1:]; isNumber(last) {
		// Browsers read every such name as an IPv4 address: 1.65793 is 1.1.1.1.
		ip, err := netip.ParseAddr(name)
		return name, err == nil && ip.Is4()
	}
	return name, true
}

// isNumber reports whether browsers read the last label of a name as a number.
func isNumber(label string) bool {
	if strings.Trim(label, "0123456789") == "" {
		return true
	}
	digits, hex := strings.CutPrefix(label, "0x")
	return hex && strings.Trim(digits, "0123456789abcdef") == ""
}

// portOf returns the port of a URL with its colon; "" if it has none.
func portOf(u *url.URL) (string, bool) {
	text := u.Port()
	if text == "" {
		return "", !strings.HasSuffix(u.Host, ":")
	}
	n, err := strconv.ParseUint(text, 10, 16)
	return ":" + strconv.FormatUint(n, 10), err == nil && n > 0
}
