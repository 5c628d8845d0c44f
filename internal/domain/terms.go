package domain

import "time"

// MaxTermsVersion is how many characters the version of terms may have.
const MaxTermsVersion = 64

// Terms are what developers of an organization must accept.
type Terms struct {
	// Version identifies them: whoever has accepted another one must accept these.
	Version string `json:"version"`
	// URL is the page on which people read them.
	URL string `json:"url"`
}

// AcceptedTerms are those that a person has accepted last.
type AcceptedTerms struct {
	Version string
	At      time.Time
}
