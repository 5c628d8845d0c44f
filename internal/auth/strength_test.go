package auth

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"portico/internal/address"
	"portico/internal/domain"
	"portico/internal/fault"
)

func TestCheckPassword(t *testing.T) {
	email := address.ParseEmail("developer@demo.example")
	for password, good := range map[string]bool{
		"portico-dem0":                          true,
		"portico-demo":                          false, // published
		"PORTICO－DEMO":                          false,
		"kahve ve simit":                        true,
		"çğışöüÇĞİŞÖ1":                          true,
		"çğışöüÇĞİŞÖÜ":                          false, // folded, six characters twice
		"密码密码一二三四五六七八":                          true,
		"tr0ub4dor & 3":                         true,
		"abcdefghi7" + strings.Repeat("é", 118): true,
		"short12chars":                          true,
		"short11char":                           false,
		"short11cha e\u0301":                    true,
		"short11chae\u0301":                     false, // eleven characters, one of two code points
		"":                                      false,
		"çğışöüÇĞİŞÖ":                           false, // eleven characters, more bytes
		"\ufdfa":                                false, // one character, which normalizing makes eighteen
		"abcdefghi7" + strings.Repeat("é", 119): false,
		"developer@demo.example":                false,
		"DEVELOPER@demo.example":                false,
		" developer＠demo。example\u3000":         false,
		"password1234":                          false,
		"PassWord1234":                          false,
		"ｐassword1234":                          false,
		"!! password 2026 !!":                   false,
		"galatasaray-1905":                      false,
		"galatasaray and simit":                 true,
		"123456789012":                          false,
		"aaaaaaaaaaaa":                          false,
		"abababababab":                          false,
		"x7!kQpx7!kQp":                          false, // one of six characters, twice
		"x7!kQpx7!kQ?":                          true,
		"portico\ndemo12":                       false,
		"portico-dem0\x00":                      false,
		"portico-dem0\xff":                      false,
	} {
		err := CheckPassword("newPassword", password, email)
		if good {
			require.NoError(t, err, password)
			continue
		}
		problems := fault.Problems(err)
		require.Len(t, problems, 1, password)
		require.Equal(t, fault.WeakPassword, problems[0].Code)
		require.Equal(t, []string{"newPassword"}, problems[0].Field)
		if password != "" {
			require.NotContains(t, problems[0].Message, password)
		}
	}
	for _, c := range []struct{ password, email string }{
		{"long.local.part", "long.local.part@demo.example"},
		{"LONG.LOCAL.PART", "Long.Local.Part@demo.example"},
		{"  long.local.part ", "long.local.part@demo.example"},
		{"ısılişıkışığı", "isilişikişiği@demo.example"}, // dotless and dotted i are one letter in an address
		{"orhan@xn--bcher-kva.example", "orhan@bücher.example"},
		{"orhan@bücher.example", "Orhan@XN--BCHER-KVA.example"},
	} {
		require.Equal(t, fault.WeakPassword, fault.Problems(CheckPassword("password", c.password, address.ParseEmail(c.email)))[0].Code, c.password)
	}
	require.NoError(t, CheckPassword("password", "portico-dem0", address.Email{}))
}

// The list is looked up as it is stored.
func TestTheCommonPasswordsAreFolded(t *testing.T) {
	var long int
	var before string
	for line := range strings.Lines(commonPasswords) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "# ") {
			continue
		}
		require.Equal(t, domain.Fold(line), line)
		require.Less(t, before, line, "sorted, each once")
		require.Error(t, CheckPassword("password", line+strings.Repeat("7", max(0, ShortestPassword-utf8.RuneCountInString(line))), address.Email{}), line)
		if before = line; utf8.RuneCountInString(line) >= ShortestPassword {
			long++
		}
	}
	require.Greater(t, long, 300)
}
