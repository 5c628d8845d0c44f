package graph

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"
)

// smallTexts returns, for each text of the schema that has no price of its own,
// why 256 characters are enough for it.
func smallTexts() map[string]string {
	const name, words, opaque, short = "a name: at most 255 characters", "our own words", "opaque, of bounded parts", "at most 63 characters"
	return map[string]string{
		"name": name, "title": name, "apiVersion": name, "externalId": name, "organizationName": name, "product": name,
		"startCursor": opaque, "endCursor": opaque, "cursor": opaque, "deviceToken": opaque, "accessToken": opaque,
		"DocumentChange.method": name, "ProductOperation.method": name, "ProductOperation.summary": name, "ProductOperation.operationId": name,
		"DocumentChange.parts": words, "ProductDocument.sha256": "64 digits",
		"MailPreview.from": name, "MailPreview.replyTo": "at most 254 bytes", "MailPreview.subject": "a line of some names", "MailKindSettings.subject": "at most 150 characters",
		"MailSettings.senderName": "at most 100 characters", "MailSettings.replyTo": "at most 254 bytes",
		"UserError.message": words, "UserError.field": words, "UserErrorParam.name": words, "UserErrorParam.value": name,
		"Permission.message": words, "AccessStep.remedy": words, "ServerInfo.version": words, "ServerInfo.languages": words,
		"IdentityProvider.label": "at most 100 characters", "IdentityProvider.startUrl": "the server's address and two short names",
		"UserErrorParam.key": words, "ErrorKind.description": words,
		"SearchResult.query": "at most 100 characters",
		"Product.tags":       "at most 30 characters", "Label.key": short, "Label.value": name, "slug": short, "keyPrefix": short, "timeZone": short, "currency": "three letters",
		"User.email": "at most 254 bytes", "contactEmail": "at most 254 bytes", "supportEmail": "at most 254 bytes",
		"Credential.secretHint": "four characters", "Credential.rawKeyHint": short, "Secret.rawKey": "a key's length",
		"Credential.allowedAddresses": "a network's length", "Enforcement.appliedBy": name, "Enforcement.pending": name,
		"Event.address": "an address", "Event.requestId": "at most 64 characters", "EventSubject.type": words, "EventChange.field": words,
		"Invitation.email": "at most 254 bytes", "SignUp.email": "at most 254 bytes", "accountName": name, "label": name, "Question.options": "at most 100 characters",
		"refreshToken": "75 characters", "SignInChallenge.token": "118 characters", "TotpSetup.secret": "32 characters", "recoveryCodes": "19 characters", "ServiceToken.hint": "four characters", "CreateServiceTokenPayload.secret": "53 characters", "Session.device": "at most 64 characters", "Session.address": "a network address",
		"appName": name, "fromAccountName": name, "toAccountName": name, "AppTransfer.productTitles": name,
		"productName": name, "planName": name,
		"Terms.version": "at most 64 characters", "AcceptedTerms.version": "at most 64 characters", "AcceptedProductTerms.version": "at most 64 characters", "Product.summary": "at most 200 characters",
		"EventChange.before": "may be long, and seldom is: timelines would be dear", "EventChange.after": "as before",
	}
}

func TestLongTextsHaveAPrice(t *testing.T) {
	whole, err := wholeSchema()
	require.NoError(t, err)
	known, priced := smallTexts(), longTexts()
	for _, d := range ours(whole) {
		for _, f := range d.Fields {
			if d.Kind == ast.InputObject || d.Kind == ast.Interface || f.Type.Name() != "String" {
				continue
			}
			of := d.Name + "." + f.Name
			small := known[f.Name] != "" || known[of] != ""
			if small == (priced[of] > 0) {
				t.Errorf("%s is a text: give it a price in longTexts, or say in smallTexts why it is short", of)
			}
		}
	}
}
