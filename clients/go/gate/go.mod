// A middleware that protects the API of a Go server with Portico's API keys, and the
// packages by which Portico and it decide. A module of its own, so that a server that
// uses it gets nothing of Portico's program.
module portico/clients/go/gate

go 1.26.0

require (
	github.com/google/uuid v1.6.0
	github.com/hashicorp/golang-lru/v2 v2.0.7
	github.com/stretchr/testify v1.12.1
	golang.org/x/sync v0.24.0
	pgregory.net/rapid v1.2.0
)

require go.yaml.in/yaml/v3 v3.0.5 // indirect
