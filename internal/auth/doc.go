// Package auth authenticates requests: it finds the viewer of access tokens,
// for people, and of service tokens, for machines. It also checks passwords and
// counts failed sign-ins.
//
// It reads HTTP headers and the table of failed sign-ins, but no users or
// organizations: it looks those up in a Directory. All refusals have the same
// text, so that a response never shows how close a guess was.
package auth
