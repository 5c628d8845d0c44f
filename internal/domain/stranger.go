package domain

// The names in events of those who are nobody that is known, by what is known of them.
const (
	// KeyHolder revoked an API key by the key itself.
	KeyHolder = "Whoever held the key"
	// KeyFinder reported an API key as leaked.
	KeyFinder = "Whoever found the key"
	// SecretScanning reported an API key as leaked, too: a programme that scans for secrets.
	SecretScanning = "Secret scanning"
)
