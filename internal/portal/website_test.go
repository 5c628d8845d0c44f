package portal

import (
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/fault"
)

func TestWebsitesArePrintedFromTheirParse(t *testing.T) {
	for given, kept := range map[string]string{
		"": "", "https://acme.example": "https://acme.example", "HTTP://acme.example:8080/a?b=c#d": "http://acme.example:8080/a?b=c#d",
		"https://ACME.example/x": "https://acme.example/x", "https://bücher.example/ü": "https://xn--bcher-kva.example/%C3%BC",
		"https://192.0.2.1/": "https://192.0.2.1/", "https://[2001:db8::1]:443/": "https://[2001:db8::1]:443/", "https://acme.example/a%20b": "https://acme.example/a%20b",
	} {
		require.NoError(t, checkURL("website", given), given)
		require.Equal(t, kept, printed(given))
		require.Equal(t, kept, printed(kept), "printing twice changes nothing")
	}
}

func TestWebsitesThatAreNone(t *testing.T) {
	for _, s := range []string{
		" ", "acme.example", "//acme.example", "/path", "https:", "https://", "https:acme.example", "https:///path", "https://:443", "https://acme.example:", "https://acme.example:0",
		"https://acme.example:99999", "https://acme.example:port", "javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "ftp://acme.example", "mailto:a@acme.example",
		"https://user@acme.example", "https://user:secret@acme.example", `https://acme.example/"`, "https://acme.example/'", "https://acme.example/<b>", "https://acme.example/a b",
		"https://acme.example/\u00a0", "https://acme.example/\u3164", "https://acme.example/\u200b", "https://acme.example/\\x", "https://acme.example/`", "https://acme.example/{a}",
		" https://acme.example", "https://acme.example ", "https://acme.example/%zz", "https://ac me.example", "https://acme_.exa\"mple", "https://acme.example/\u202e",
	} {
		require.NotEmpty(t, fault.Problems(checkURL("website", s)), "%q was taken", s)
	}
}

func TestCurrenciesInUse(t *testing.T) {
	for _, s := range []string{"EUR", "USD", "TRY", "JPY", "CHF", "SLE", "MRU", "XAF", "XOF", "XPF", "XCD"} {
		require.NoError(t, checkCurrency("currency", s), s)
	}
	for _, s := range []string{"", "XXQ", "XXX", "XTS", "DEM", "FRF", "TRL", "HRK", "ZZZ", "XAU", "XDR", "eur", "Eur", " EUR", "EURO", "€"} {
		require.NotEmpty(t, fault.Problems(checkCurrency("currency", s)), "%q was taken", s)
	}
}

func TestNamesOfWhichNothingIsSeen(t *testing.T) {
	for _, s := range []string{"", " ", "\u200b", "\u3164", "\u2800", "\u2060\u00ad", "\U000e0041", "\u0301", "\u202e"} {
		p := fault.Problems(checkName("name", s))
		require.Len(t, p, 1, "%+q", s)
		require.Equal(t, fault.Required, p[0].Code, "%+q", s)
	}
	require.Equal(t, fault.InvalidCharacters, fault.Problems(checkName("name", "Acme\u202egpj.exe"))[0].Code)
	require.NoError(t, checkName("name", "👩‍💻 at Acme"))
}
