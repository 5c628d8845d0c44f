package identity

import (
	"context"

	"github.com/google/uuid"

	"portico/clients/go/gate/zone"
	"portico/ent/db"
	"portico/ent/db/organization"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/eventlog"
	"portico/internal/viewer"
)

// RepairedZone is an organization whose time zone was not valid.
type RepairedZone struct{ Organization, Before, After string }

// RepairTimeZones replaces stored time zones that are not IANA names (older
// versions accepted any file of the machine's zone directory) by the zone that
// the name meant, or by UTC if that is unknown. Each is a change with its
// event. It may run on several nodes at once.
func (svc *Service) RepairTimeZones(ctx context.Context) (repaired []RepairedZone, err error) {
	all, err := svc.client.Organization.Query().Select(organization.FieldSlug, organization.FieldTimeZone).All(viewer.AsSystem(ctx, uuid.Nil))
	if err != nil {
		return nil, change.PublicError(err)
	}
	for _, o := range all {
		if zone.Known(o.TimeZone) {
			continue
		}
		after, ok := zone.Nearest(o.TimeZone)
		if !ok {
			after = "UTC"
		}
		if err := svc.repairTimeZone(viewer.AsSystem(ctx, o.ID), o, after); err != nil {
			return repaired, err
		}
		repaired = append(repaired, RepairedZone{o.Slug, o.TimeZone, after})
	}
	return repaired, nil
}

func (svc *Service) repairTimeZone(ctx context.Context, o *db.Organization, after string) error {
	return change.Exec(ctx, svc.changes, func(ctx context.Context, tx *change.Tx) error {
		n, err := tx.Organization.Update().Where(organization.ID(o.ID), organization.TimeZone(o.TimeZone)).
			SetTimeZone(after).AddVersion(1).SetUpdatedAt(tx.Now).Save(ctx)
		if err != nil || n == 0 { // 0: another node did it
			return err
		}
		tx.Record(organizationEvent(eventlog.OrganizationUpdated, o, []domain.Change{{Field: "timeZone", Before: domain.Text(o.TimeZone), After: domain.Text(after)}}))
		return nil
	})
}
