package model

import (
	"portico/ent/db"
	"portico/internal/nodeid"
	"portico/internal/viewer"

	"github.com/google/uuid"
)

// Node is an object with an opaque id.
type Node interface{ IsNode() }

// Viewer is who makes the request, or who has just signed in.
type Viewer struct {
	User         *db.User
	Account      *db.Account
	Organization *db.Organization
	Role         viewer.Role
}

// Actor is who did something, as far as the viewer may know.
type Actor struct {
	Role *viewer.Role
	Name string
	User *db.User
}

// EventSubject is the object of an event.
type EventSubject struct {
	Kind nodeid.Kind
	Row  uuid.UUID
	Name string
}

// ID is the object's opaque id.
func (s *EventSubject) ID() string { return nodeid.Encode(s.Kind, s.Row) }

// Type is the object's type in the schema.
func (s *EventSubject) Type() string { return string(s.Kind) }
