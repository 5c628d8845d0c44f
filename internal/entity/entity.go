// Package entity reads the entities that the public schema shows: rows by id,
// and the lists that the services restrict by their filters. What it knows of
// each entity is generated from the annotation schema.Node in ent/schema. The
// row policies decide which rows a viewer sees; nothing here does.
package entity

import (
	"portico/ent/db"
	"portico/internal/listing"
	"portico/internal/nodeid"
)

// Entity is a type of the public schema that is stored in a table.
type Entity struct {
	Kind nodeid.Kind
	// Table is where its rows are stored.
	Table string
	// Row is the name of the type of its rows in package db.
	Row string
	// Connection is true if the schema has lists of it.
	Connection bool
}

// Edge is a field of a type that shows an object which a column refers to.
type Edge struct {
	Column string
	// Kind is the type of the object.
	Kind nodeid.Kind
}

// Reader reads rows by id.
type Reader struct {
	// Lists reads lists of the rows.
	Lists  listing.Reader
	client *db.Client
}

// NewReader returns a Reader.
func NewReader(c *db.Client, lists listing.Reader) Reader { return Reader{lists, c} }
