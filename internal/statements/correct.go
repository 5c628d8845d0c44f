package statements

import (
	"context"
	"math/big"
	"strings"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/internal/change"
	"portico/internal/eventlog"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/nodeid"
	"portico/internal/policy"
	"portico/internal/viewer"
)

// CorrectStatementInput is the input of Correct.
type CorrectStatementInput struct {
	StatementID string
	// Amount is a decimal number, negative for what the account gets back.
	Amount         string
	Reason         string
	IdempotencyKey *string
}

// Corrected is a correction.
type Corrected struct {
	Statement *db.Statement
	Replayed  bool
}

// Correct makes a statement that corrects another one, which stays as it is. A correction of
// a correction corrects what that one does.
func (svc *Service) Correct(ctx context.Context, in CorrectStatementInput) (Corrected, error) {
	key := in.IdempotencyKey
	in.IdempotencyKey = nil
	if key != nil {
		if err := fault.Collect(input.CheckName("idempotencyKey", *key)); err != nil {
			return Corrected{}, err
		}
	}
	q, err := change.NewRequest(ctx, "correctStatement", key, in)
	if err != nil {
		return Corrected{}, err
	}
	return change.Once(ctx, svc.Changes, q, func(ctx context.Context, tx *change.Tx) (Corrected, change.Created, error) {
		s, err := correct(ctx, tx, in)
		if err != nil {
			return Corrected{}, change.Created{}, err
		}
		return Corrected{Statement: s}, change.Created{First: s.ID}, nil
	}, svc.replay)
}

// replay returns what an earlier request made.
func (svc *Service) replay(ctx context.Context, made change.Created) (Corrected, error) {
	found, err := svc.Entities.StatementsByID(ctx, []uuid.UUID{made.First}, nil)
	if err == nil && found[made.First] == nil {
		err = fault.NotFound()
	}
	return Corrected{Statement: found[made.First], Replayed: true}, err
}

func correct(ctx context.Context, tx *change.Tx, in CorrectStatementInput) (*db.Statement, error) {
	id, err := input.DecodeID(nodeid.Statement, in.StatementID)
	if err != nil {
		return nil, err
	}
	if err := tx.Authorize(policy.CorrectStatement(tx.OrganizationID())); err != nil {
		return nil, err
	}
	of, err := tx.Statement.Get(ctx, id)
	if err == nil && of.CorrectsID != nil {
		of, err = tx.Statement.Get(ctx, *of.CorrectsID)
	}
	if err != nil {
		return nil, err
	}
	amount, wrong := checkCorrection(in.Amount, of.Currency)
	if err := fault.Collect(wrong, input.RequireReason("reason", &in.Reason, "the account")); err != nil {
		return nil, err
	}
	number, err := nextNumber(ctx, tx)
	if err != nil {
		return nil, err
	}
	made, err := tx.Statement.Create().SetOrganizationID(of.OrganizationID).SetCreatedAt(tx.Now).SetNumber(number).SetAccountID(of.AccountID).SetAccountName(of.AccountName).
		SetPeriodStart(of.PeriodStart).SetPeriodEnd(of.PeriodEnd).SetCurrency(of.Currency).SetAmount(amount).SetLineCount(0).
		SetCorrectsID(of.ID).SetReason(in.Reason).Save(viewer.AsSystem(ctx, of.OrganizationID))
	if err != nil {
		return nil, err
	}
	e := event(eventlog.StatementCorrected, of, change.Attributes("correction", made.GlobalID(), "number", made.Number, "amount", made.Amount, "currency", made.Currency))
	e.Reason = in.Reason
	tx.Record(e)
	return made, nil
}

// checkCorrection requires an amount that can be paid in a currency, and returns it with as
// many digits as that has.
func checkCorrection(amount, currency string) (string, error) {
	if !input.Decimals.MatchString(strings.TrimPrefix(amount, "-")) {
		return "", fault.Input(fault.InvalidValue, "amount", "This is not a decimal number such as -19.90, with at most 12 digits before the point.")
	}
	exact, _ := new(big.Rat).SetString(amount)
	out := exact.FloatString(input.Digits(currency))
	if rounded, _ := new(big.Rat).SetString(out); rounded.Cmp(exact) != 0 {
		return "", fault.Input(fault.InvalidValue, "amount", "The currency has fewer digits behind the point.")
	}
	if exact.Sign() == 0 {
		return "", fault.Input(fault.InvalidValue, "amount", "A correction changes something.")
	}
	return out, nil
}
