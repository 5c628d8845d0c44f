package graph_test

import (
	"portico/ent/db"
	"portico/ent/db/note"
	"portico/internal/apps"
	"portico/internal/nodeid"
)

// Note is what the matrix knows of notes.
func (nouns) Note() noun {
	return noun{
		prefix: "note", list: sorted{list: "notes"}, fields: noteFields(), values: map[string]any{"NotePermissions": apps.NotePermissions{}},
		questions: map[string]question{
			"Note":            of("Note", "note", ""),
			"NotePermissions": of("Note", "note", "viewerCan"),
			"NoteConnection":  of("App", "app", "notes"),
			"NoteEdge":        of("App", "app", "notes.edges"),
		},
		plays: map[string]play{
			"Mutation.createNote": on("appId", "NOTE_CREATED", (*world).freshApp).with(arguments{"text": "one more"}),
			"Mutation.updateNote": on("noteId", "NOTE_UPDATED", (*world).freshNote).with(arguments{"text": "another text"}),
		},
		tables: map[string]table{"notes": {
			client: func(c *db.Client) any { return c.Note }, column: "id", value: specimen("note"),
			adds: func(c *db.Client) adding {
				return added(c.Note.Create, c.Note.CreateBulk, func(x *db.NoteCreate, o owner) {
					x.SetOrganizationID(o.organization).SetAccountID(o.account).SetAppID(o.app).SetText("text")
				})
			},
			policy: &note.Policy, types: []string{"Note"},
		}},
		targets: map[string]string{"createNote": "appId", "updateNote": "noteId"},
		samples: map[string]string{"noteId": "note"},
		furnish: func(w *world) {
			w.ids["note"] = w.make("developer", "createNote", arguments{"appId": w.ids["app"], "text": "first"}, "note")
			w.make("other", "createNote", arguments{"appId": w.ids["other's app"], "text": "theirs"}, "note")
			w.make("foreign", "createNote", arguments{"appId": w.ids["foreign app"], "text": "theirs"}, "note")
		},
	}
}

func (w *world) freshNote() string {
	return w.make("developer", "createNote", arguments{"appId": w.freshApp(), "text": "first"}, "note")
}

// noteFields are how the reference resolves fields of notes.
func noteFields() map[string]resolver {
	return map[string]resolver{
		"App.notes":      listOf(nodeid.Note, func(q fieldRequest, n *db.Note) bool { return n.AppID == q.parent.(*db.App).ID }),
		"Note.app":       objectIn(nodeid.App, "AppID"),
		"Note.viewerCan": decidedFor(func(q fieldRequest, n *db.Note) any { return q.w.Portal.Apps.NotePermissions(q.ctx, n) }),
	}
}
