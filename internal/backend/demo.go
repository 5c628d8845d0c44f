package backend

import (
	"portico/internal/address"
	"portico/internal/auth"
	"portico/internal/config"
	"portico/internal/seed"
)

// SeedOptions returns the options for demo data in the backend's database, with
// the demo users' configured password.
func (b *Backend) SeedOptions(c *config.Config) seed.Options {
	return seed.Options{
		Client: b.Client, Database: b.Database, Clock: b.Clock,
		Hash:     b.Passwords.Hash,
		Secrets:  b.Ring,
		Password: c.DemoPassword, Development: c.Dev,
	}
}

// CheckDemoPassword applies the rules for passwords to that of the demo users;
// package seed refuses the well-known one.
func CheckDemoPassword(c *config.Config) error {
	if c.DemoPassword == "" || seed.IsDefaultPassword(c.DemoPassword) {
		return nil
	}
	for _, u := range seed.SignIns() {
		if err := auth.CheckPassword("PORTICO_DEMO_PASSWORD", c.DemoPassword, address.ParseEmail(u.Email)); err != nil {
			return err
		}
	}
	return nil
}
