package maintenance

import (
	"context"

	"github.com/google/uuid"

	"portico/ent/db/credential"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/viewer"
)

// FoldNames folds the names of credentials that the previous release has written, which
// does not fold them, so that these are found by them in whatever spelling. It returns how
// many names it folded. It is no change of a credential: nobody sees the difference but in
// what a search finds. It may run on several nodes at once.
func (svc *Service) FoldNames(ctx context.Context) (n int, err error) {
	ctx = viewer.AsSystem(ctx, uuid.Nil)
	err = inBatches(func() (int, error) {
		names, err := svc.client.Credential.Query().Where(credential.NameFoldedIsNil()).Order(credential.ByName()).Limit(batchSize).
			Select(credential.FieldName).Strings(ctx)
		for i, name := range names {
			if err != nil {
				return 0, err
			}
			if i > 0 && names[i-1] == name {
				continue // many bear the same
			}
			err = svc.client.Credential.Update().Where(credential.Name(name), credential.NameFoldedIsNil()).SetNameFolded(domain.Fold(name)).Exec(ctx)
			n++
		}
		return len(names), err
	})
	return n, change.PublicError(err)
}
