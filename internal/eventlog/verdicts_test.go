package eventlog_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"

	"portico/internal/eventlog"
)

// changes returns for every type why verdicts may change after it; "" if they do
// not.
func changes() map[eventlog.Type]string {
	return map[eventlog.Type]string{
		"ORGANIZATION_CREATED":          "",
		"ORGANIZATION_UPDATED":          "its time zone ends the periods of quotas",
		"ACCOUNT_CREATED":               "",
		"LIST_EXPORTED":                 "",
		"STATEMENT_CLOSED":              "",
		"STATEMENT_CORRECTED":           "",
		"MAIL_SETTINGS_UPDATED":         "",
		"IDENTITY_PROVIDER_ADDED":       "",
		"IDENTITY_PROVIDER_UPDATED":     "",
		"IDENTITY_PROVIDER_REMOVED":     "",
		"ACCOUNT_UPDATED":               "",
		"ACCOUNT_SUSPENDED":             "its keys are refused",
		"ACCOUNT_RESUMED":               "its keys are taken again",
		"ACCOUNT_DELETED":               "its keys are refused",
		"APPROVER_ADDED":                "",
		"APPROVER_REMOVED":              "",
		"MEMBER_ADDED":                  "",
		"CREDENTIAL_LEAK_REPORTED":      "",
		"MEMBER_ROLE_CHANGED":           "",
		"MEMBER_REMOVED":                "",
		"MEMBER_INVITED":                "",
		"INVITATION_REVOKED":            "",
		"INVITATION_ACCEPTED":           "",
		"SIGN_UP_REQUESTED":             "",
		"SIGN_UP_VERIFIED":              "",
		"SIGN_UP_APPROVED":              "",
		"SIGN_UP_REJECTED":              "",
		"USER_CREATED":                  "",
		"USER_UPDATED":                  "",
		"USER_ROLE_CHANGED":             "",
		"USER_DISABLED":                 "",
		"USER_ENABLED":                  "",
		"USER_SIGNED_IN":                "",
		"USER_PASSWORD_CHANGED":         "",
		"USER_ACTED_FOR":                "",
		"USER_IDENTITY_LINKED":          "",
		"USER_IDENTITY_UNLINKED":        "",
		"USER_PASSWORD_RESET":           "",
		"USER_PASSWORD_RESET_REQUESTED": "",
		"USER_PASSWORD_RESET_PRINTED":   "",
		"USER_DELETED":                  "",
		"USER_SIGNED_OUT":               "",
		"USER_SESSION_REUSED":           "",
		"USER_SIGN_IN_FAILED":           "",
		"USER_UNLOCKED":                 "",
		"USER_TOTP_ENABLED":             "",
		"USER_TOTP_DISABLED":            "",
		"USER_TOTP_RESET":               "",
		"USER_RECOVERY_CODE_USED":       "",
		"USER_RECOVERY_CODES_REPLACED":  "",
		"USER_MAIL_PREFERENCES_CHANGED": "",
		"TERMS_ACCEPTED":                "",
		"APP_CREATED":                   "",
		"APP_UPDATED":                   "",
		"APP_DELETED":                   "its keys are refused",
		"APP_TRANSFER_OFFERED":          "",
		"APP_TRANSFER_ACCEPTED":         "its keys are judged by another account's state",
		"APP_TRANSFER_DECLINED":         "",
		"APP_TRANSFER_CANCELLED":        "",
		"APP_TRANSFER_EXPIRED":          "",
		"APP_RESTORED":                  "its subscriptions are there again",
		"CREDENTIAL_CREATED":            "",
		"CREDENTIAL_UPDATED":            "its end, access, addresses or limit",
		"CREDENTIAL_DISABLED":           "it is refused",
		"CREDENTIAL_ENABLED":            "it is taken again",
		"CREDENTIAL_ROTATED":            "its end",
		"CREDENTIAL_STILL_USED":         "",
		"CREDENTIAL_EXPIRING":           "",
		"CREDENTIAL_EXPIRED":            "", // the gate knows the end beforehand
		"CREDENTIAL_REVOKED":            "it is refused",
		"PRODUCT_CREATED":               "",
		"PRODUCT_UPDATED":               "its status, ways to show keys, endpoints",
		"PRODUCT_ENDING_ANNOUNCED":      "",
		"PLAN_CREATED":                  "",
		"PLAN_UPDATED":                  "its limits",
		"CREDENTIAL_COLLECTED":          "a key that was unknown is taken",
		// The subscriptions and the key that it decides about have events of their own.
		"KEY_REQUEST_CREATED":                "",
		"KEY_REQUEST_UPDATED":                "",
		"KEY_REQUEST_WITHDRAWN":              "",
		"KEY_REQUEST_APPROVED":               "",
		"KEY_REQUEST_REJECTED":               "",
		"KEY_REQUEST_EXPIRED":                "",
		"KEY_REQUEST_DELETED":                "",
		"PRODUCT_GRANTED":                    "",
		"PRODUCT_WITHDRAWN":                  "",
		"SUBSCRIPTION_REGISTERED":            "an app that was not registered waits, or may call",
		"SUBSCRIPTION_APPROVED":              "it may call",
		"SUBSCRIPTION_REJECTED":              "it is not registered any more",
		"SUBSCRIPTION_EXPIRED":               "it is not registered any more",
		"SUBSCRIPTION_WITHDRAWN":             "it is not registered any more",
		"SUBSCRIPTION_SUSPENDED":             "it is refused",
		"SUBSCRIPTION_RESUMED":               "it may call again",
		"SUBSCRIPTION_UNREGISTERED":          "it is not registered any more",
		"SUBSCRIPTION_NARROWED":              "other endpoints",
		"SUBSCRIPTION_TERMS_ACCEPTED":        "",
		"SUBSCRIPTION_PLAN_CHANGE_REQUESTED": "",
		"SUBSCRIPTION_PLAN_CHANGE_SCHEDULED": "",
		"SUBSCRIPTION_PLAN_CHANGE_REJECTED":  "",
		"SUBSCRIPTION_PLAN_CHANGE_EXPIRED":   "",
		"SUBSCRIPTION_PLAN_CHANGE_CANCELLED": "",
		"SUBSCRIPTION_PLAN_CHANGED":          "other limits",
		"ENDPOINT_CREATED":                   "a call that no endpoint knew is known",
		"ENDPOINT_UPDATED":                   "other calls",
		"ENDPOINT_DELETED":                   "its calls are known no more",
		// Endpoints that become those of the document have events of their own.
		"PRODUCT_DOCUMENT_UPLOADED": "",
		"PRODUCT_DOCUMENT_DELETED":  "",
		"GUIDE_CREATED":             "",
		"GUIDE_UPDATED":             "",
		"GUIDE_DELETED":             "",
		"SERVICE_TOKEN_CREATED":     "",
		"SERVICE_TOKEN_EXPIRING":    "",
		"SERVICE_TOKEN_REVOKED":     "the gateway is refused",
	}
}

func TestWhichTypesChangeVerdicts(t *testing.T) {
	table := changes()
	for _, name := range declared(t) {
		what, known := table[name]
		if !known {
			t.Errorf("%s: what may the gate answer otherwise after it?", name)
		} else if name.ChangesVerdicts() != (what != "") {
			t.Errorf("%s changes verdicts: %v, want %q", name, name.ChangesVerdicts(), what)
		}
		delete(table, name)
	}
	if len(table) > 0 {
		t.Errorf("there are no such types: %v", table)
	}
}

// declared returns the types in the source's declarations.
func declared(t *testing.T) (out []eventlog.Type) {
	file, err := parser.ParseFile(token.NewFileSet(), "types.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if ok && len(v.Values) == 1 {
			name, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, eventlog.Type(name))
		}
		return true
	})
	return out
}
