package main

import (
	"net/http"
	"strconv"
)

const (
	// mostProfile is the most seconds that a profile may take: each slows the
	// program down, and some keep what they collect in memory.
	mostProfile = 60
	// profileAgain is in how many seconds to ask again while another is taken.
	profileAgain = "5"
)

// briefly bounds profiles: they are asked for by GET, where their length stands
// in the address alone, take mostProfile seconds at the most, and are taken one
// at a time: even one that is there at once may be large, and stops the program
// while it is made.
func briefly() func(http.Handler) http.Handler {
	running := make(chan struct{}, 1)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet && r.Method != http.MethodHead {
				w.Header().Set("Allow", "GET, HEAD")
				writeStatus(w, http.StatusMethodNotAllowed, "refused", "profiles are asked for by GET")
				return
			}
			given := r.URL.Query()["seconds"]
			if len(given) > 1 || len(given) == 1 && !isProfileTime(given[0]) {
				writeStatus(w, http.StatusBadRequest, "refused", "seconds must be a number up to "+strconv.Itoa(mostProfile)+", and be there once")
				return
			}
			select {
			case running <- struct{}{}:
				defer func() { <-running }()
				next.ServeHTTP(w, r)
			default:
				w.Header().Set("Retry-After", profileAgain)
				writeStatus(w, http.StatusServiceUnavailable, "busy", "another profile is being taken")
			}
		})
	}
}

// isProfileTime reports whether a number of seconds is neither none nor too many.
func isProfileTime(text string) bool {
	seconds, err := strconv.ParseFloat(text, 64)
	return err == nil && seconds > 0 && seconds <= mostProfile
}
