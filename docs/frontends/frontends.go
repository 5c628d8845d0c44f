// Package frontends contains the recipes of docs/frontends.md as files. The playground
// runs one of them, as every other front end may.
package frontends

import _ "embed"

// SessionJS is the module session.js: a browser's session with Portico.
//
//go:embed session.js
var SessionJS []byte
