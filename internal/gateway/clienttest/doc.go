// Package clienttest has no code. Its tests run the Go client, package gate, against
// the gateways' HTTP endpoints: what one writes the other reads, and both decide alike.
package clienttest
