package graph_test

import (
	"github.com/stretchr/testify/require"

	"portico/internal/domain"
	"portico/internal/mail"
)

// Mail is what the matrix knows of letters.
func (nouns) Mail() noun {
	return noun{
		fields: map[string]resolver{
			"Query.mailSettings": func(q fieldRequest) (any, error) { return q.w.Portal.Mail.Settings(q.ctx) },
			"Query.mailPreview": func(q fieldRequest) (any, error) {
				kind, _ := q.text("kind")
				var language *domain.Language
				if l, given := q.text("language"); given {
					language = new(domain.Language(l))
				}
				return q.w.Portal.Mail.Preview(q.ctx, domain.MailKind(kind), language)
			},
		},
		values: map[string]any{"MailSettings": mail.Settings{}, "MailKindSettings": mail.KindSettings{}, "MailPreview": mail.Preview{}},
		questions: map[string]question{
			"MailSettings":     plain("{ mailSettings { %s } }", "mailSettings"),
			"MailKindSettings": plain("{ mailSettings { kinds { %s } } }", "mailSettings.kinds"),
			"MailPreview":      plain("{ mailPreview(kind: WELCOME) { %s } }", "mailPreview"),

			"Query.mailSettings": {document: "{ mailSettings { version } }"},
			"Query.mailPreview":  {document: "{ mailPreview(kind: WELCOME) { subject } }"},
		},
		plays: map[string]play{"Mutation: one's own.updateMailPreferences": {
			event: "USER_MAIL_PREFERENCES_CHANGED", enter: (*world).freshPerson,
			input: func(*world, string) arguments { return arguments{"keyNames": false} },
		}, "Mutation: one's own.updateMailSettings": {
			event: "MAIL_SETTINGS_UPDATED",
			input: func(w *world, _ string) arguments { return arguments{"senderName": w.name("sender")} },
		}},
		targets: map[string]string{"updateMailSettings": "", "updateMailPreferences": ""},
		nothing: map[string]string{"cleared": "UpdateMailSettingsInput.senderName UpdateMailSettingsInput.replyTo UpdateMailSettingsInput.signOff MailKindSettingsInput.subject"},
		furnish: func(w *world) {
			_, err := w.Database.ExecContext(w.t.Context(), `INSERT INTO mail_settings (id, reply_to) VALUES ($1, 'help@one.example')`, w.one.Organization.ID)
			require.NoError(w.t, err)
		},
		produce: func(w *world) {
			w.mustSucceed("developer", "updateMailPreferences", arguments{"keyNames": false}, "user { id }")
			for _, l := range w.values("Language") {
				w.mustSucceed("admin", "updateMailSettings", arguments{"language": l}, "mailSettings { language }")
				for _, k := range w.values("MailKind") {
					w.mustSucceed("admin", "updateMailSettings", arguments{"kinds": []arguments{{"kind": k, "enabled": true}}}, "mailSettings { kinds { kind } }")
					w.mustAsk("admin", `query($id: MailKind!) { mailPreview(kind: $id, language: `+l+`) { text html } }`, k)
				}
			}
		},
	}
}
