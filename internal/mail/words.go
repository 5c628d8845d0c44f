package mail

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"golang.org/x/net/idna"

	"portico/internal/domain"
)

// vocabulary is what Portico says in a language, besides the templates.
type vocabulary struct {
	// tag is the language by BCP 47.
	tag    string
	months [12]string
	footer func(organization string) string
	// invited is the footer for somebody who is no user, or need not be one.
	invited func(organization string) string
	// signedUp is the footer for somebody who signs up, or whose address somebody else has
	// used for that.
	signedUp func(organization string) string
}

func words(l domain.Language) vocabulary {
	if l == domain.Turkish {
		return vocabulary{"tr",
			[12]string{"Ocak", "Şubat", "Mart", "Nisan", "Mayıs", "Haziran", "Temmuz", "Ağustos", "Eylül", "Ekim", "Kasım", "Aralık"},
			func(o string) string {
				return "Bu iletiyi, " + o + " kuruluşunda oturum açabildiğiniz için alıyorsunuz."
			},
			func(o string) string {
				return "Bu iletiyi, " + o + " kuruluşunda biri bu adresi davet ettiği için alıyorsunuz. Davetin ne olduğunu bilmiyorsanız bir şey yapmanız gerekmez."
			},
			func(o string) string {
				return "Bu iletiyi, " + o + " kuruluşuna bu adresle kaydolunduğu için alıyorsunuz. Siz kaydolmadıysanız bir şey yapmanız gerekmez."
			},
		}
	}
	return vocabulary{"en",
		[12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
		func(o string) string { return "You get this letter because you can sign in to " + o + "." },
		func(o string) string {
			return "You get this letter because somebody at " + o + " has invited this address. If you do not know why, you need not do anything."
		},
		func(o string) string {
			return "You get this letter because somebody has signed up at " + o + " with this address. If it was not you, you need not do anything."
		},
	}
}

// date returns a time in words, with its zone: letters are read elsewhere.
func (v vocabulary) date(t time.Time) string {
	return fmt.Sprintf("%d %s %d, %s (%s)", t.Day(), v.months[t.Month()-1], t.Year(), t.Format("15:04"), t.Location())
}

// longestName is how much of a name is shown, in characters.
const longestName = 150

// oneLine returns the beginning of a text, cleaned.
func oneLine(s string) string {
	s = clean(s)
	if all := []rune(s); len(all) > longestName {
		return string(all[:longestName]) + "…"
	}
	return s
}

// clean returns a text on one line, without control and invisible characters, which
// would end a header or a paragraph, or turn the direction of the rest.
func clean(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}

// asciiDomain returns a domain as mail servers want it.
func asciiDomain(name string) string {
	if ascii, err := idna.Lookup.ToASCII(name); err == nil {
		return ascii
	}
	return name
}

// asciiAddress returns an address with its domain as mail servers want it. Their
// extension for letters outside ASCII is needed only for the part before the @.
func asciiAddress(address string) string {
	if at := strings.LastIndexByte(address, '@'); at >= 0 {
		return address[:at+1] + asciiDomain(address[at+1:])
	}
	return address
}
