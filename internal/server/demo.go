package server

import (
	"context"
	"errors"

	"portico/internal/backend"
	"portico/internal/seed"
)

// seedEmpty adds the demo data to a development server's empty database. It
// waits for another server that is doing so.
func (p *process) seedEmpty(ctx context.Context) error {
	if !p.config.Dev {
		return nil
	}
	_, err := backend.WhileUnavailable(ctx, p.config.DBWait, func() (struct{}, error) {
		return struct{}{}, p.seedOnce(ctx)
	}, func(err error) {
		p.log.WarnContext(ctx, "the database is busy; asking again", "error", err)
	})
	return err
}

func (p *process) seedOnce(ctx context.Context) error {
	empty, err := seed.Empty(ctx, p.Client)
	if err != nil || !empty {
		return err
	}
	if err := backend.CheckDemoPassword(p.config); err != nil {
		return err
	}
	// Another server may have seeded it meanwhile.
	if _, err = seed.Demo(ctx, p.SeedOptions(p.config)); errors.Is(err, seed.ErrExists) || errors.Is(err, seed.ErrNotEmpty) {
		return nil
	}
	return err
}

// findSignIns returns the demo users, if a development server has them.
func (p *process) findSignIns(ctx context.Context) ([]seed.SignIn, error) {
	all := seed.SignIns()
	if !p.config.Dev || len(all) == 0 {
		return nil, nil
	}
	o, err := p.portal.Identity.OrganizationBySlug(ctx, all[0].Organization)
	if err != nil || o == nil {
		return nil, err
	}
	return all, nil
}
