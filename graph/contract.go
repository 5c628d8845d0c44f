package graph

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"

	"portico/internal/viewer"
)

// Contract is a view of the schema as it is published.
type Contract struct {
	// SDL is the view in GraphQL's schema definition language, which is what its introspection
	// shows.
	SDL []byte
	// ETag identifies the text, as HTTP has it.
	ETag string
}

// Contract returns the view of the schema that is served to a viewer, as it is published.
func (a *API) Contract(v viewer.Viewer) Contract { return a.serverOf(v).contract() }

func contractOf(view *ast.Schema) Contract {
	text := printed(view)
	sum := sha256.Sum256(text)
	return Contract{SDL: text, ETag: `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`}
}

func printed(view *ast.Schema) []byte {
	var b bytes.Buffer
	formatter.NewFormatter(&b, formatter.WithIndent("  ")).FormatSchema(view)
	return b.Bytes()
}

// SchemaFor returns the view of a role as SDL, which is what its introspection
// shows.
func SchemaFor(role viewer.Role) (string, error) {
	whole, err := wholeSchema()
	if err != nil {
		return "", err
	}
	cut, err := view(whole, audience{role: role})
	if err != nil {
		return "", err
	}
	return string(printed(cut)), nil
}
