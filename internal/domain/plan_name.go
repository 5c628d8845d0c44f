package domain

import "fmt"

// PlanAndRevision returns what events call a plan where two of its revisions are told of.
func PlanAndRevision(name string, number int) string {
	return fmt.Sprintf("%s (revision %d)", name, number)
}
