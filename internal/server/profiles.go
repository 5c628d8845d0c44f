package server

import (
	"net/http"
	"strconv"
)

const (
	// maxProfileSeconds is the maximum duration of a profile: each slows the
	// program down, and some keep what they collect in memory.
	maxProfileSeconds = 60
	// profileRetrySeconds is when to retry while another profile is taken.
	profileRetrySeconds = "5"
)

// limitProfiles bounds profiles: they are requested by GET, with the duration
// only in the URL, take at most maxProfileSeconds, and are taken one at a time:
// even one without a duration may be large, and stops the program while it is
// created.
func limitProfiles() func(http.Handler) http.Handler {
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
				writeStatus(w, http.StatusBadRequest, "refused", "seconds must be a number up to "+strconv.Itoa(maxProfileSeconds)+", and be there once")
				return
			}
			select {
			case running <- struct{}{}:
				defer func() { <-running }()
				next.ServeHTTP(w, r)
			default:
				w.Header().Set("Retry-After", profileRetrySeconds)
				writeStatus(w, http.StatusServiceUnavailable, "busy", "another profile is being taken")
			}
		})
	}
}

// isProfileTime reports whether a number of seconds is positive and within the
// limit.
func isProfileTime(text string) bool {
	seconds, err := strconv.ParseFloat(text, 64)
	return err == nil && seconds > 0 && seconds <= maxProfileSeconds
}
