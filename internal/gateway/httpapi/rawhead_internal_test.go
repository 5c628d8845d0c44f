package httpapi

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// lines makes a head of its lines.
func lines(all ...string) string { return strings.Join(append(all, "", ""), "\r\n") }

// What two servers could read differently is not plain, wherever it stands:
// net/http is asked instead.
func TestHeadsThatAreNotPlain(t *testing.T) {
	const host = "Host: gate.internal"
	for name, text := range map[string]string{
		"nothing":                  "",
		"no end":                   "Host: a\r\n",
		"no Host":                  lines("Accept: a"),
		"two of Host":              lines(host, host),
		"something after it":       lines(host) + "GET",
		"another head after it":    lines(host) + lines(host),
		"a line without CR":        "Host: a\nAccept: b\r\n\r\n",
		"an end without CR":        "Host: a\r\n\n",
		"a line feed first":        "\nHost: a\r\n\r\n",
		"CR in a line":             lines(host, "Accept: a\rX-Api-Key: b"),
		"CR before CR":             "Host: a\r\r\n\r\n",
		"no colon":                 lines(host, "Accept"),
		"no name":                  lines(host, ": a"),
		"a blank before the colon": lines(host, "Accept : a"),
		"a folded line":            lines(host, " X-Api-Key: b"),
		"a folded line by tab":     lines(host, "\tX-Api-Key: b"),
		"chunks":                   lines(host, "Transfer-Encoding: chunked"),
		"chunks in small letters":  lines(host, "transfer-encoding: identity"),
		"a length and chunks":      lines(host, "Content-Length: 1", "Transfer-Encoding: chunked"),
		"Expect":                   lines(host, "Expect: 100-continue"),
		"Upgrade":                  lines(host, "Upgrade: h2c"),
		"Trailer":                  lines(host, "Trailer: X-Api-Key"),
		"two lengths":              lines(host, "Content-Length: 1", "Content-Length: 1"),
		"two lengths, one empty":   lines(host, "Content-Length: 0", "content-length: 5"),
		"a length in two":          lines(host, "Content-Length: 1, 1"),
		"a length with a sign":     lines(host, "Content-Length: +1"),
		"a negative length":        lines(host, "Content-Length: -1"),
		"a length in hex":          lines(host, "Content-Length: 0x1"),
		"no length":                lines(host, "Content-Length:"),
		"a huge length":            lines(host, "Content-Length: 4294967297"),
		"another connection":       lines(host, "Connection: upgrade"),
		"named connections":        lines(host, "Connection: close, X-Api-Key"),
		"two of Connection":        lines(host, "Connection: close", "Connection: keep-alive"),
	} {
		require.False(t, new(rawHead).read(text), name)
	}
	for c := range 256 {
		letter := string([]byte{byte(c)})
		plain := strings.Contains("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", letter)
		require.Equal(t, plain, new(rawHead).read(lines(host, "X"+letter+"y: a")) && letter != ":", "%q in a name", letter)
		inHost := plain || strings.Contains(".:[]", letter)
		require.Equal(t, inHost, new(rawHead).read(lines("Host: a"+letter+"b")), "%q in Host", letter)
	}
}

// A plain head's values are kept, each of each field, in any case.
func TestPlainHeads(t *testing.T) {
	fields := map[string]func(*rawHead) []string{
		"Content-Type": func(r *rawHead) []string { return r.contentType }, "X-Original-Uri": func(r *rawHead) []string { return r.originalURI },
		"X-Portico-Cost": func(r *rawHead) []string { return r.cost }, "X-Portico-Product": func(r *rawHead) []string { return r.product },
		"X-Original-Method": func(r *rawHead) []string { return r.originalMethod }, "Authorization": func(r *rawHead) []string { return r.authorization },
		"X-Portico-App": func(r *rawHead) []string { return r.app }, "X-Api-Key": func(r *rawHead) []string { return r.apiKey },
		"X-Forwarded-Uri": func(r *rawHead) []string { return r.forwardedURI }, "X-Forwarded-For": func(r *rawHead) []string { return r.forwardedAddr },
		"X-Forwarded-Method": func(r *rawHead) []string { return r.forwardedMethod }, "X-Portico-Refuse-With": func(r *rawHead) []string { return r.refuseWith },
		"X-Portico-Gateway-Token": func(r *rawHead) []string { return r.token },
	}
	all := []string{"Host: gate.internal:8081"}
	for name := range fields {
		all = append(all, name+": \t one of "+name+" ", strings.ToUpper(name)+":two")
		// Names of the same length are other names.
		all = append(all, "Y"+name[1:]+": not this")
	}
	var r rawHead
	require.True(t, r.read(lines(all...)))
	for name, of := range fields {
		require.Equal(t, []string{"one of " + name, "two"}, of(&r), name)
	}
	require.Equal(t, []any{-1, false}, []any{r.length, r.last})
	// Once each, their values share one room.
	all = []string{"Host: gate.internal"}
	for name := range fields {
		all = append(all, name+": one of "+name)
	}
	var single rawHead
	require.True(t, single.read(lines(all...)))
	for name, of := range fields {
		require.Equal(t, []string{"one of " + name}, of(&single), name)
	}
	for connection, last := range map[string]bool{"close": true, "Close": true, "keep-alive": false, "KEEP-ALIVE": false} {
		var r rawHead
		require.True(t, r.read(lines("Host: a", "Connection: "+connection, "Content-Length: 2147483647")), connection)
		require.Equal(t, []any{2147483647, last}, []any{r.length, r.last}, connection)
	}
	for _, plain := range []string{"Xxxx: a", "Xxpect: a", "Xpgrade: a", "Xrailer: a", "Xonnection: close, X-Api-Key", "Xontent-Length: x", "Xransfer-Encoding: chunked"} {
		require.True(t, new(rawHead).read(lines("Host: a", plain)), plain)
	}
	var zero rawHead
	require.True(t, zero.read(lines("Host: a", "Content-Length: 0")))
	require.Zero(t, zero.length)
}
