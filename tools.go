//go:build tools

// Package main's tools: what writes the generated code, kept here so that go.mod
// pins their versions. What only checks the code is in the module tools.
package main

import (
	_ "entgo.io/ent/cmd/ent"
	_ "github.com/99designs/gqlgen"
)
