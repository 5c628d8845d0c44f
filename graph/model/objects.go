package model

import (
	"portico/ent/db"
	"portico/internal/nodeid"
	"portico/internal/paging"
	"portico/internal/viewer"

	"github.com/google/uuid"
)

// Node is an object with an opaque id.
type Node interface{ IsNode() }

// Connections and edges of the lists.
type (
	AppConnection                 = paging.Page[*db.App]
	AppEdge                       = paging.Edge[*db.App]
	AccountConnection             = paging.Page[*db.Account]
	AccountEdge                   = paging.Edge[*db.Account]
	CredentialConnection          = paging.Page[*db.Credential]
	CredentialEdge                = paging.Edge[*db.Credential]
	EndpointConnection            = paging.Page[*db.Endpoint]
	EndpointEdge                  = paging.Edge[*db.Endpoint]
	EventConnection               = paging.Page[*db.Event]
	EventEdge                     = paging.Edge[*db.Event]
	MembershipConnection          = paging.Page[*db.Membership]
	MembershipEdge                = paging.Edge[*db.Membership]
	PlanConnection                = paging.Page[*db.Plan]
	PlanEdge                      = paging.Edge[*db.Plan]
	ProductConnection             = paging.Page[*db.Product]
	ProductEdge                   = paging.Edge[*db.Product]
	ProductSubscriptionConnection = paging.Page[*db.Subscription]
	ProductSubscriptionEdge       = paging.Edge[*db.Subscription]
	UserConnection                = paging.Page[*db.User]
	UserEdge                      = paging.Edge[*db.User]
)

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
