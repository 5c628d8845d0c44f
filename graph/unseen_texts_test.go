package graph_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"portico/internal/testdb"
)

// comparedTexts are not stored: they are compared with what is stored, and what
// is not found is answered alike whatever it is.
func comparedTexts() map[string]bool {
	return map[string]bool{
		"SignInInput.email": true, "SignInInput.password": true, "SignInInput.organization": true, "SignInInput.deviceToken": true,
		"ChangePasswordInput.currentPassword": true, "RequestPasswordResetInput.organization": true, "ResetPasswordInput.token": true, "CompleteSignInInput.challenge": true, "CompleteSignInInput.code": true, "CompleteSignInInput.deviceToken": true, "ConfirmTotpInput.code": true, "DisableTotpInput.code": true, "ReplaceRecoveryCodesInput.code": true, "EnableTotpInput.password": true, "RefreshSessionInput.refreshToken": true, "SignOutInput.refreshToken": true,
		"AcceptInvitationInput.token": true, "AcceptInvitationInput.password": true, // those of a new person
		"SignUpInput.termsVersion": true, "AcceptInvitationInput.termsVersion": true, "AcceptTermsInput.version": true,
		"RegisterInput.acceptedTermsVersion": true, "KeyRequestPlanInput.acceptedTermsVersion": true, "AcceptProductTermsInput.version": true,
		"SignUpInput.organization": true, "AnswerInput.name": true, "AnswerInput.value": true, "VerifyEmailInput.token": true, "ReportLeakedKeyInput.key": true,
	}
}

// A text without any visible character is REQUIRED in every input that stores
// one.
func TestInvisibleTextsAreRequired(t *testing.T) {
	whole, all := places(t)
	b := &validInputs{newWorld(t, testdb.SQLite(t)), whole, map[string]arguments{}}
	tried, compared, met := 0, comparedTexts(), map[string]bool{}
	for _, p := range all {
		if p.field.Type.Name() != "String" {
			continue
		}
		if compared[p.name()] {
			met[p.name()] = true
			continue
		}
		if p.field.Type.Elem != nil {
			p.path = append(p.path, "0")
		}
		for _, blank := range []string{" \u2003\u3000 ", "\u200b\u3164\u2800\u2060\u00ad", "\U000e0041\ufe0f\u034f\u0301", strings.Repeat("\u3164\u200b\u2060\u00ad\u2800", 3)} {
			tried++
			a := b.send(p, blank, "")
			require.Equal(t, "REQUIRED "+strings.Join(p.path, "."), b.problem(p, a), "%s: %+q: %s", p, blank, a.raw)
		}
	}
	require.Len(t, met, len(compared), "there are no such texts any more")
	require.Greater(t, tried, 200)
}
