// Package ent is the data model. schema holds the entities, rule who may read
// and change which rows, db what ent generates of both.
package ent

//go:generate go run -mod=mod ./generate
