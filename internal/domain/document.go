package domain

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// The limits of an OpenAPI document.
const (
	// MaxDocument is how large its text may be, in bytes: what a GraphQL request of 256 KiB
	// carries, with some room for its escapes.
	MaxDocument = 200_000
	// MaxDocumentOperations is how many operations it may have: as many as a product may have
	// endpoints.
	MaxDocumentOperations = 500
	// MaxOperationPath is how long a path may be, in bytes.
	MaxOperationPath = 1024
	// MaxOperationText is how long a summary, an id, a name or an example may be, in
	// characters.
	MaxOperationText = 255
	// MaxOperationParameters is how many parameters of an operation are kept, and
	// MaxOperationBody how long the example of a body may be, in bytes.
	MaxOperationParameters, MaxOperationBody = 32, 2000
)

// DocumentFormat is how a document is written.
type DocumentFormat string

// The formats of documents.
const (
	DocumentJSON DocumentFormat = "JSON"
	DocumentYAML DocumentFormat = "YAML"
)

// Values lists the constants, for ent.
func (DocumentFormat) Values() []string { return names(DocumentJSON, DocumentYAML) }

// ProductOperation is an operation of a document: what is read of it once, when it is
// uploaded.
type ProductOperation struct {
	Method      string `json:"method"`
	Path        string `json:"path"`
	Summary     string `json:"summary,omitempty"`
	OperationID string `json:"operationId,omitempty"`
	Deprecated  bool   `json:"deprecated,omitempty"`
	// Parameters are the required ones in queries and headers, and those in the path.
	Parameters []OperationParameter `json:"parameters,omitempty"`
	// BodyType is the media type of a required body; empty: none is required.
	BodyType string `json:"bodyType,omitempty"`
	// Body is an example of it.
	Body string `json:"body,omitempty"`
	// Parts are digests of its parts, by their names: another digest, another part.
	Parts map[string]string `json:"parts,omitempty"`
}

// OperationParameter is a parameter that a call must have.
type OperationParameter struct {
	Name    string `json:"name"`
	In      string `json:"in"`
	Example string `json:"example,omitempty"`
}

// DocumentOperations are the operations of a document, by path and method. They are stored
// as JSON, and are read and written only within the limits.
type DocumentOperations struct{ All []ProductOperation }

// MarshalJSON writes them as a list, unless they break a limit.
func (o DocumentOperations) MarshalJSON() ([]byte, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	return json.Marshal(append([]ProductOperation{}, o.All...))
}

// UnmarshalJSON reads a list, unless it breaks a limit.
func (o *DocumentOperations) UnmarshalJSON(text []byte) error {
	var all []ProductOperation
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	o.All = all
	return o.check()
}

func (o DocumentOperations) check() error {
	if len(o.All) > MaxDocumentOperations {
		return errors.New("a document with too many operations")
	}
	for _, x := range o.All {
		texts := []string{x.Method, x.Summary, x.OperationID, x.BodyType}
		for _, p := range x.Parameters {
			texts = append(texts, p.Name, p.In, p.Example)
		}
		for _, s := range texts {
			if utf8.RuneCountInString(s) > MaxOperationText {
				return fmt.Errorf("a text of the operation %s is too long", x.Method)
			}
		}
		if len(x.Path) > MaxOperationPath || len(x.Body) > MaxOperationBody || len(x.Parameters) > MaxOperationParameters {
			return fmt.Errorf("an operation %s is too long", x.Method)
		}
	}
	return nil
}

// DocumentChangeKind is what has become of an operation since the document before.
type DocumentChangeKind string

// What may become of an operation.
const (
	OperationAdded   DocumentChangeKind = "ADDED"
	OperationRemoved DocumentChangeKind = "REMOVED"
	OperationChanged DocumentChangeKind = "CHANGED"
)

// Values lists the constants.
func (DocumentChangeKind) Values() []string {
	return names(OperationAdded, OperationRemoved, OperationChanged)
}
