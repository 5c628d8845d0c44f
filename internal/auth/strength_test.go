package auth

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"portico/internal/address"
	"portico/internal/fault"
)

func TestCheckPassword(t *testing.T) {
	email := address.ParseEmail("developer@demo.example")
	for password, good := range map[string]bool{
		"portico-demo":                          false, // published
		"PORTICO－DEMO":                          false,
		"portico-dem0":                          true,
		"kahve ve simit":                        true,
		"çğışöüÇĞİŞÖ":                           true,
		"密码密码一二三四五六":                            true,
		"tr0ub4dor&":                            true,
		"abcdefghi7" + strings.Repeat("é", 118): true,
		"short9char":                            true,
		"short9cha":                             false,
		"short9che\u0301":                       false, // nine characters, one of two code points
		"":                                      false,
		"çğışöüÇĞİ":                             false, // nine characters, more bytes
		"abcdefghi7" + strings.Repeat("é", 119): false,
		"developer@demo.example":                false,
		"DEVELOPER@demo.example":                false,
		"password1234":                          false,
		"PassWord1234":                          false,
		"ｐassword1234":                          false,
		"1234567890":                            false,
		"aaaaaaaaaaaa":                          false,
		"abababababab":                          false,
		"portico\ndemo":                         false,
		"portico-demo\x00":                      false,
		"portico-demo\xff":                      false,
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
	require.Error(t, CheckPassword("password", "long.local.part", address.ParseEmail("long.local.part@demo.example")))
	require.NoError(t, CheckPassword("password", "portico-dem0", address.Email{}))
}

func TestTheCommonPasswordsAreLongEnough(t *testing.T) {
	lines := strings.Fields(strings.ReplaceAll(commonPasswords, " ", "_"))
	require.Greater(t, len(lines), 150)
	for _, line := range lines {
		require.GreaterOrEqual(t, utf8.RuneCountInString(line), ShortestPassword, "%q is refused as too short anyway", line)
	}
}
