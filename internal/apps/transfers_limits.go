package apps

import (
	"context"
	"strconv"
	"time"

	"github.com/google/uuid"

	"portico/ent/db/apptransfer"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/viewer"
)

const (
	// MaxOffers is how many offers of an account may wait for an answer, those counted too
	// that were made within OfferWindow and have ended otherwise than by acceptance. To take
	// an offer back and make it anew spends two of them, so nobody reaches strangers without
	// end; and an account whose apps are wanted gives away as many as it has.
	MaxOffers = 20
	// OfferWindow is how long an offer that nobody has accepted counts at least.
	OfferWindow = 24 * time.Hour
)

// checkOffers refuses a further offer of an account that has made too many. The caller has
// locked the account.
func checkOffers(ctx context.Context, tx *change.Tx, from uuid.UUID) error {
	n, err := tx.AppTransfer.Query().Where(
		apptransfer.FromAccountID(from), apptransfer.StatusNEQ(domain.TransferAccepted),
		apptransfer.CreatedAtGT(tx.Now.Add(-TransferLife)), // older ones are neither; the index goes by it
		apptransfer.Or(
			apptransfer.And(apptransfer.StatusEQ(domain.TransferPending), apptransfer.ExpiresAtGT(tx.Now)),
			apptransfer.CreatedAtGT(tx.Now.Add(-OfferWindow)),
		)).Count(viewer.AsSystem(ctx, tx.OrganizationID()))
	if err != nil || n < MaxOffers {
		return err
	}
	most := strconv.Itoa(MaxOffers)
	return fault.Input(fault.TooMany, "appId", "The account has "+most+" offers that are open, or were made within a day and not accepted: offer further apps later.", fault.Param{Name: "max", Value: most})
}
