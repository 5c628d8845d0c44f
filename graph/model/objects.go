package model

import (
	"time"

	"portico/ent/db"
	"portico/internal/domain"
	"portico/internal/identity"
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

// TotpEnabledAt returns since when the user's sign-ins ask for a code; nil if they do not.
func (v *Viewer) TotpEnabledAt() *time.Time { return v.User.TotpEnabledAt }

// AcceptedTerms returns the terms that the person has accepted last; nil if there are none.
func (v *Viewer) AcceptedTerms() *domain.AcceptedTerms { return identity.TermsAcceptedBy(v.User) }

// TermsToAccept returns the terms that the person must accept before changing anything; nil
// if there are none.
func (v *Viewer) TermsToAccept() *domain.Terms {
	return identity.TermsToAccept(v.Organization, v.User)
}

// Actor is who did something, as far as the viewer may know.
type Actor struct {
	Role *viewer.Role
	Name string
	User *db.User
	// ServiceToken is the token that did it, by itself or for the user.
	ServiceToken *db.ServiceToken
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
