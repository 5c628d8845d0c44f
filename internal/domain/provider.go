package domain

// CreateUsers says whom an identity provider makes a user.
type CreateUsers string

// The values of CreateUsers: nobody, or everybody whom it knows and nobody is yet: a developer,
// or an administrator where the claims say so.
const (
	CreateNever  CreateUsers = "NEVER"
	CreatePortal CreateUsers = "PORTAL"
)

// Values returns all of them.
func (CreateUsers) Values() []string { return []string{string(CreateNever), string(CreatePortal)} }

// SigningAlgorithms returns the algorithms by which identity providers may sign (JWA, RFC
// 7518 and 8037). All are asymmetric: whoever can verify a token cannot make one.
func SigningAlgorithms() []string {
	return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
}
