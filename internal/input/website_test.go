package input

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/fault"
)

func TestWebsitesArePrintedFromTheirParse(t *testing.T) {
	for given, kept := range map[string]string{
		"": "", "https://acme.example": "https://acme.example", "HTTP://acme.example:8080/a?b=c#d": "http://acme.example:8080/a?b=c#d",
		"https://ACME.example/x": "https://acme.example/x", "https://bücher.example/ü": "https://xn--bcher-kva.example/%C3%BC",
		"https://192.0.2.1/": "https://192.0.2.1/", "https://[2001:db8::1]:443/": "https://[2001:db8::1]:443/", "https://acme.example/a%20b": "https://acme.example/a%20b",
		"https://acme.example:0443/": "https://acme.example:443/", "https://acme.example:65535": "https://acme.example:65535", "http://localhost:3000/": "http://localhost:3000/",
		"https://[2001:DB8:0::1]/": "https://[2001:db8::1]/", "https://XN--BCHER-KVA.example": "https://xn--bcher-kva.example", "https://bücher。example": "https://xn--bcher-kva.example",
		"https://1.example": "https://1.example", "https://0x.example": "https://0x.example", "https://a-b.example/@x": "https://a-b.example/@x",
		"https://acme.beef": "https://acme.beef", "https://acme.0xyz": "https://acme.0xyz",
		"https://" + strings.Repeat("a", 63) + ".example": "https://" + strings.Repeat("a", 63) + ".example",
	} {
		require.NoError(t, CheckURL("website", given), given)
		require.Equal(t, kept, NormalizeURL(given))
		require.Equal(t, kept, NormalizeURL(kept), "printing twice changes nothing")
	}
}

func TestInvalidWebsites(t *testing.T) {
	for _, s := range []string{
		" ", "acme.example", "//acme.example", "/path", "https:", "https://", "https:acme.example", "https:///path", "https://:443", "https://acme.example:", "https://acme.example:0",
		"https://acme.example:99999", "https://acme.example:port", "javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "ftp://acme.example", "mailto:a@acme.example",
		"https://user@acme.example", "https://user:secret@acme.example", `https://acme.example/"`, "https://acme.example/'", "https://acme.example/<b>", "https://acme.example/a b",
		"https://.", "https://..", "https://./x", "https://.acme.example", "https://acme.example.", "https://acme.example./", "https://acme..example", "https://x..example:80/",
		"https://acme。。example", "https://-acme.example", "https://acme-.example", "https://acme.-", "https://-", "https://ac_me.example", "https://acme!.example", "https://acme,example",
		"https://*.acme.example", "https://acme.example:", "https://:", "https://acme.example:00", "https://acme.example:65536", "https://acme.example:-1", "https://acme.example:+80",
		"https://acme.example:8 0", "https://acme.example:80:80", "https://acme.example:٨٠", "https://@acme.example", "https://:@acme.example", "https://:secret@acme.example", "https://a%40b@acme.example",
		"https://" + strings.Repeat("a", 64) + ".example", "https://" + strings.Repeat("aaaaaaa.", 32) + "example", "https://xn--a.example", "https://xn--.example", "https://\u0301.example",
		"https://[fe80::1%25eth0]/", "https://[fe80::1%eth0]/", "https://[::1%25]/", "https://[]", "https://[1.2.3.4]", "https://[v1.fe]", "https://[2001:db8::1", "https://2001:db8::1/", "https://[2001:db8::1]x/",
		"https://1.2.3", "https://1.2.3.4.5", "https://1.2.3.256", "https://01.2.3.4", "https://2130706433", "https://0x7f000001", "https://127.0x1", "https://0x", "https://１２７.1", "https://acme.1",
		"https://acme.example/?q=\u00a0", "https://acme.example/#\u2800", "https://acme.example%2f.example", "https://acme.example%00", "https://acme%2eexample", "http:\\\\acme.example",
		"https://acme.example/\u00a0", "https://acme.example/\u3164", "https://acme.example/\u200b", "https://acme.example/\\x", "https://acme.example/`", "https://acme.example/{a}",
		" https://acme.example", "https://acme.example ", "https://acme.example/%zz", "https://ac me.example", "https://acme_.exa\"mple", "https://acme.example/\u202e",
	} {
		require.NotEmpty(t, fault.Problems(CheckURL("website", s)), "%q was taken", s)
	}
}

// An address is kept in ASCII, which may be longer than what was typed.
func TestWebsitesAreNoLongerThanWhatIsKept(t *testing.T) {
	fits := "https://acme.example/" + strings.Repeat("ü", (2000-21)/6)
	require.NoError(t, CheckURL("website", fits))
	require.NoError(t, CheckURL("website", NormalizeURL(fits)), "what is read can be written again")
	longest := fits + strings.Repeat("a", 2000-len(NormalizeURL(fits)))
	require.Len(t, NormalizeURL(longest), 2000)
	require.NoError(t, CheckURL("website", longest))
	for _, s := range []string{fits + "ü", longest + "a", "https://acme.example/" + strings.Repeat("a", 1980)} {
		require.Equal(t, fault.TooLong, fault.Problems(CheckURL("website", s))[0].Code)
	}
}

func TestCurrenciesInUse(t *testing.T) {
	for _, s := range []string{"EUR", "USD", "TRY", "JPY", "CHF", "SLE", "MRU", "XAF", "XOF", "XPF", "XCD"} {
		require.NoError(t, CheckCurrency("currency", s), s)
	}
	for _, s := range []string{"", "XXQ", "XXX", "XTS", "DEM", "FRF", "TRL", "HRK", "ZZZ", "XAU", "XDR", "eur", "Eur", " EUR", "EURO", "€"} {
		require.NotEmpty(t, fault.Problems(CheckCurrency("currency", s)), "%q was taken", s)
	}
}

func TestNamesOfWhichNothingIsSeen(t *testing.T) {
	for _, s := range []string{"", " ", "\u200b", "\u3164", "\u2800", "\u2060\u00ad", "\U000e0041", "\u0301", "\u202e"} {
		p := fault.Problems(CheckName("name", s))
		require.Len(t, p, 1, "%+q", s)
		require.Equal(t, fault.Required, p[0].Code, "%+q", s)
	}
	require.Equal(t, fault.InvalidCharacters, fault.Problems(CheckName("name", "Acme\u202egpj.exe"))[0].Code)
	require.NoError(t, CheckName("name", "👩‍💻 at Acme"))
}
