package apikey

import (
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"
	"sync"

	"portico/clients/go/gate/rawkey"
)

// concealed stands in a text for an API key.
const concealed = "..."

// Conceal returns what somebody writes about a key without the key: without what was
// presented, the password, the raw key with whatever prefix, and the pair as Basic sends
// it. A text that has one of them with escapes of URLs is left out as a whole.
func (k Held) Conceal(text string) string {
	var forms []string
	for _, f := range k.forms() {
		forms = append(forms, regexp.QuoteMeta(f))
	}
	if forms == nil {
		return text
	}
	any := regexp.MustCompile("(?i)" + strings.Join(forms, "|"))
	rest := any.ReplaceAllLiteralString(text, concealed)
	if any.MatchString(unescape(rest)) {
		return concealed
	}
	return rest
}

// forms returns how a key may be written, the longest first.
func (k Held) forms() (out []string) {
	if k.presented != "" {
		out = append(out, k.presented, basic(k.presented))
	}
	if k.Foreign != nil {
		if _, secret, pair := strings.Cut(k.presented, ":"); pair {
			out = append(out, secret)
		}
		return out
	}
	digits := strings.Split(rawkey.Join("p", k.Username, k.Password), "_")[1]
	return append(out, digits, k.Username.String()+":"+k.Password.String(), basic(k.Username.String()+":"+k.Password.String()), k.Password.String())
}

// basic returns a pair as Basic sends it, without the padding at its end.
func basic(pair string) string { return base64.RawStdEncoding.EncodeToString([]byte(pair)) }

// unescape replaces escapes of URLs, such as %5F, by what they stand for.
func unescape(text string) string {
	return escapes().ReplaceAllStringFunc(text, func(e string) string {
		plain, _ := hex.DecodeString(e[1:]) // two digits of base 16
		return string(plain)
	})
}

var escapes = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("%[0-9A-Fa-f]{2}") })
