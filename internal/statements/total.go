package statements

import (
	"context"
	"errors"
	"math/big"

	"github.com/google/uuid"

	"portico/ent/db/statement"
	"portico/internal/change"
	"portico/internal/input"
)

// Totals adds up, with one statement, the amounts of statements and of their corrections, of
// those that the viewer may see. Corrections have none of their own: theirs is that of what
// they correct.
func (svc *Service) Totals(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]string, error) {
	all, err := svc.Client.Statement.Query().Where(statement.Or(statement.IDIn(ids...), statement.CorrectsIDIn(ids...))).
		Select(statement.FieldCorrectsID, statement.FieldCurrency, statement.FieldAmount).All(ctx)
	if err != nil {
		return nil, change.PublicError(err)
	}
	sums, digits := map[uuid.UUID]*big.Rat{}, map[uuid.UUID]int{}
	for _, s := range all {
		of := s.ID
		if s.CorrectsID != nil {
			of = *s.CorrectsID
		}
		amount, ok := new(big.Rat).SetString(s.Amount)
		if !ok {
			return nil, errors.New("statements: an amount is no number")
		}
		if sums[of] == nil {
			sums[of], digits[of] = new(big.Rat), input.Digits(s.Currency)
		}
		sums[of].Add(sums[of], amount)
	}
	out := make(map[uuid.UUID]string, len(ids))
	for _, id := range ids { // of what is not among them, not all was read
		if sum := sums[id]; sum != nil {
			out[id] = sum.FloatString(digits[id])
		}
	}
	return out, nil
}
