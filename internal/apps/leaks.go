package apps

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"portico/ent/db"
	"portico/internal/apikey"
	"portico/internal/change"
	"portico/internal/domain"
	"portico/internal/fault"
	"portico/internal/input"
	"portico/internal/viewer"
)

// MaxFoundKeys is the most keys of one report of a scanner.
const MaxFoundKeys = 1000

// maxSource is the most characters of what a scanner says it found a key in.
const maxSource = 64

// LeakLimiter counts reports of leaked keys; it fails with fault.CodeRateLimited.
type LeakLimiter interface {
	// CountLeakReport counts a report; client is the network address that it comes from.
	CountLeakReport(ctx context.Context, client string) error
}

// leaks is the work on reports of leaked keys.
type leaks struct {
	limiter LeakLimiter
	wake    chan struct{}
	counted func(LeakSource, LeakOutcome)
}

// ReportLeakedKeyInput is the input of ReportLeakedKey.
type ReportLeakedKeyInput struct {
	Key       string
	URL, Note *string
}

// ReportLeakedKey notes that somebody has found an API key. Nothing in the answer, and
// nothing in the work before it, depends on whether there is such a key: it is looked up and
// compared, and a row is stored in any case. What follows is done afterwards, see
// AnswerLeakReports. The key itself is taken out of what the finder writes.
func (svc *Service) ReportLeakedKey(ctx context.Context, in ReportLeakedKeyInput) error {
	key, err := svc.reportedKey(ctx, in.Key)
	if err := fault.Collect(err, input.CheckURL("url", input.OrZero(in.URL)), input.CheckReason("note", in.Note)); err != nil {
		return err
	}
	if err := svc.leaks.limiter.CountLeakReport(ctx, viewer.Current(ctx).Address); err != nil {
		return change.PublicError(err)
	}
	c, err := svc.heldCredential(ctx, key)
	if err != nil {
		return err
	}
	return svc.storeLeaks(ctx, domain.KeyFinder, leak{
		credential: c, url: key.Conceal(input.NormalizeURL(input.OrZero(in.URL))), note: key.Conceal(input.OrZero(in.Note)),
	})
}

// reportedKey reads what somebody takes for an API key. A user name alone proves nothing, and
// is looked up like a key.
func (svc *Service) reportedKey(ctx context.Context, text string) (apikey.Held, error) {
	if username, ok := apikey.ParseUUID(text); ok {
		return apikey.Held{Secret: apikey.Secret{Username: username}}, nil
	}
	key, ok := apikey.ParseHeld(text)
	if ok && key.Foreign != nil {
		var err error
		if ok, err = svc.acceptsImported(ctx); err != nil {
			return apikey.Held{}, err
		}
	}
	if !ok {
		return apikey.Held{}, fault.Input(fault.InvalidValue, "key", "This cannot be a key of this portal: send the whole of it, as it was found.")
	}
	return key, nil
}

// FoundKey is what a scanner has found, and takes for an API key.
type FoundKey struct {
	Token string
	// URL is where it was found, Source in what, such as content.
	URL, Source string
}

// ReportFoundKeys notes what a scanner has found, at most MaxFoundKeys, and returns for each
// whether it is the whole of an API key, also of a revoked one. What follows is that of
// ReportLeakedKey. An address that is none, and a source that is no short line, are left out.
func (svc *Service) ReportFoundKeys(ctx context.Context, found []FoundKey) ([]bool, error) {
	imported, err := svc.acceptsImported(ctx)
	if err != nil {
		return nil, err
	}
	known := make([]bool, len(found))
	first := map[FoundKey]int{} // scanners name a key once for each copy of a file
	var right []leak
	for i, f := range found {
		if earlier, again := first[f]; again {
			known[i] = known[earlier]
			continue
		}
		first[f] = i
		key, ok := apikey.ParseHeld(f.Token)
		if !ok || key.Foreign != nil && !imported {
			svc.leaks.count(FromScanning, LeakUnknown)
			continue
		}
		c, err := svc.heldCredential(ctx, key)
		if err != nil {
			return nil, err
		}
		if c == nil {
			svc.leaks.count(FromScanning, LeakUnknown)
			continue
		}
		known[i] = true
		if input.CheckURL("url", f.URL) != nil {
			f.URL = ""
		}
		if input.CheckLine("source", f.Source, maxSource) != nil {
			f.Source = ""
		}
		right = append(right, leak{credential: c, url: key.Conceal(input.NormalizeURL(f.URL)), source: key.Conceal(f.Source)})
	}
	if len(right) == 0 {
		return known, nil
	}
	return known, svc.storeLeaks(ctx, domain.SecretScanning, right...)
}

// leak is a key that was found; credential is nil if there is none such.
type leak struct {
	credential        *db.Credential
	url, source, note string
}

// storeLeaks stores reports, to be worked on after the answer.
func (svc *Service) storeLeaks(ctx context.Context, reporter string, all ...leak) error {
	v := viewer.Current(ctx)
	const columns, chunk = 9, 100
	for len(all) > 0 {
		n := min(chunk, len(all))
		rows, args := make([]string, 0, n), make([]any, 0, n*columns)
		for _, l := range all[:n] {
			var credential any
			if l.credential != nil {
				credential = l.credential.ID
			}
			places := make([]string, columns)
			for i := range places {
				places[i] = fmt.Sprintf("$%d", len(args)+i+1)
			}
			rows = append(rows, "("+strings.Join(places, ", ")+")")
			args = append(args, uuid.Must(uuid.NewV7()), credential, reporter, l.url, l.source, l.note, v.Address, v.RequestID, svc.clock.Now())
		}
		_, err := svc.client.ExecContext(ctx, `INSERT INTO leak_reports (id, credential_id, reporter, url, source, note, client, request_id, reported_at) VALUES `+strings.Join(rows, ", "), args...)
		if err != nil {
			return change.PublicError(err)
		}
		all = all[n:]
	}
	select {
	case svc.leaks.wake <- struct{}{}:
	default:
	}
	return nil
}
