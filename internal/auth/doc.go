// Package auth turns what a request shows into a viewer: access tokens for
// people, service tokens for machines. It also checks passwords, and counts
// the sign-ins that failed.
//
// It knows HTTP headers and the table of failed sign-ins, but no user and no
// organization: those it asks from a Directory. What it refuses, it refuses in
// one and the same words, so that an answer never says how close a guess was.
package auth
