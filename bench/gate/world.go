package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"portico/clients/go/gate/rawkey"
	"portico/internal/apikey"
	"portico/internal/clock"
	"portico/internal/database"
	"portico/internal/keyring"
	"portico/internal/testdb"
)

const (
	// perApp is the number of credentials of an app, perAccount that of apps of an account.
	perApp, perAccount = 10, 100
	// portion is the number of credentials that one statement inserts.
	portion = 10_000
	// prepareTimeout bounds the statements that prepare the database.
	prepareTimeout = 10 * time.Minute
)

// world is a database with credentials.
type world struct {
	n            int // credentials
	url          string
	drop         func(context.Context) error
	database     *database.DB
	organization uuid.UUID
	product      uuid.UUID
	plan         uuid.UUID
	apps         []uuid.UUID
	token        string
	// file has a raw API key on each line.
	file string
}

// fill creates a database with n credentials, of apps with one approved subscription each
// by a plan whose limits are counted and never reached.
func (b *bench) fill(ctx context.Context, n int) (w *world, err error) {
	w = &world{n: n, file: filepath.Join(b.folder, fmt.Sprintf("keys-%d", n))}
	if w.url, w.drop, err = testdb.Throwaway(ctx); err != nil {
		return nil, err
	}
	created := w // w may be nil after return
	defer func() {
		if err != nil {
			err = errors.Join(err, created.close(ctx))
		}
	}()
	if err := b.tool(ctx, w, "migrate"); err != nil {
		return w, err
	}
	if err := b.tool(ctx, w, "org", "create", "--slug", "bench", "--name", "Bench"); err != nil {
		return w, err
	}
	if w.token, err = b.output(ctx, w, "gateway", "create", "--organization", "bench", "--name", "bench"); err != nil {
		return w, err
	}
	o := database.Options{MaxConns: 4, IOTimeout: prepareTimeout, StatementTimeout: -1}
	if w.database, err = database.Open(ctx, w.url, o); err != nil {
		return w, err
	}
	if err := w.offer(ctx); err != nil {
		return w, err
	}
	ring, err := keyring.Load(b.ring, clock.System{})
	if err != nil {
		return w, err
	}
	if err := w.insertCredentials(ctx, n, ring.Current(keyring.Pepper)); err != nil {
		return w, err
	}
	_, err = w.database.ExecContext(ctx, "VACUUM ANALYZE")
	return w, err
}

// offer creates the product and its plan.
func (w *world) offer(ctx context.Context) error {
	if err := w.database.QueryRowContext(ctx, `SELECT id FROM organizations`).Scan(&w.organization); err != nil {
		return err
	}
	w.product, w.plan = uuid.New(), uuid.New()
	_, err := w.database.ExecContext(ctx, `INSERT INTO products (id, organization_id, created_at, updated_at, name, title, title_folded, status, auth_types)
		VALUES ($1, $2, now(), now(), 'bench', 'Bench', 'bench', 'PUBLISHED', '["API_KEY"]')`, w.product, w.organization)
	if err != nil {
		return err
	}
	_, err = w.database.ExecContext(ctx, `INSERT INTO plans (id, organization_id, product_id, created_at, updated_at, name, kind, rate_limit, quota)
		VALUES ($1, $2, $3, now(), now(), 'Bench', 'FREE', '{"limit":1000000,"per":"SECOND","burst":1000000}', '{"limit":2000000000,"per":"MONTH"}')`,
		w.plan, w.organization, w.product)
	return err
}

// insertCredentials inserts the credentials and writes the file of their API keys.
func (w *world) insertCredentials(ctx context.Context, n int, pepper keyring.Key) error {
	file, err := os.OpenFile(w.file, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close() // the last Write has returned the error
	for from := 0; from < n; from += portion {
		var p rows
		var text []byte
		for i := from; i < min(from+portion, n); i++ {
			if i%(perApp*perAccount) == 0 {
				p.account(uuid.New())
			}
			if i%perApp == 0 {
				app := uuid.New()
				w.apps = append(w.apps, app)
				p.app(app)
			}
			username, password := secret(i)
			p.key(username, apikey.Hash(pepper.Secret, username, password))
			text = append(append(text, rawkey.Join("ptk", username, password)...), '\n')
		}
		if err := p.insert(ctx, w, pepper.ID); err != nil {
			return err
		}
		if _, err := file.Write(text); err != nil {
			return err
		}
	}
	return nil
}

// secret returns the i-th pair, the same in every run.
func secret(i int) (username, password uuid.UUID) {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("bench"), uint64(i)))
	return uuid.UUID(sum[:16]), uuid.UUID(sum[16:])
}

// rows are the rows that one portion inserts. A portion begins with an account.
type rows struct {
	accounts, apps, appAccounts     []string
	usernames, keyApps, keyAccounts []string
	hashes                          pq.ByteaArray
}

func (r *rows) account(id uuid.UUID) { r.accounts = append(r.accounts, id.String()) }

func (r *rows) app(id uuid.UUID) {
	r.apps = append(r.apps, id.String())
	r.appAccounts = append(r.appAccounts, r.accounts[len(r.accounts)-1])
}

func (r *rows) key(username uuid.UUID, hash []byte) {
	r.usernames = append(r.usernames, username.String())
	r.hashes = append(r.hashes, hash)
	r.keyApps = append(r.keyApps, r.apps[len(r.apps)-1])
	r.keyAccounts = append(r.keyAccounts, r.appAccounts[len(r.appAccounts)-1])
}

func (r *rows) insert(ctx context.Context, w *world, pepper string) error {
	for _, s := range []struct {
		text string
		args []any
	}{
		{`INSERT INTO accounts (id, organization_id, created_at, updated_at, name, name_folded, profile)
			SELECT a, $1, now(), now(), 'Bench', 'bench', '{}' FROM unnest($2::uuid[]) a`, []any{w.organization, pq.Array(r.accounts)}},
		{`INSERT INTO apps (id, organization_id, created_at, updated_at, account_id, reference_id, name, name_folded, labels)
			SELECT a, $1, now(), now(), b, a, 'Bench', 'bench', '[]' FROM unnest($2::uuid[], $3::uuid[]) t (a, b)`,
			[]any{w.organization, pq.Array(r.apps), pq.Array(r.appAccounts)}},
		{`INSERT INTO subscriptions (id, organization_id, created_at, updated_at, account_id, app_id, product_id, plan_id, status, newest)
			SELECT a, $1, now(), now(), b, a, $4, $5, 'APPROVED', true FROM unnest($2::uuid[], $3::uuid[]) t (a, b)`,
			[]any{w.organization, pq.Array(r.apps), pq.Array(r.appAccounts), w.product, w.plan}},
		{`INSERT INTO credentials (id, organization_id, created_at, updated_at, account_id, app_id, username, secret_hash, pepper_id)
			SELECT gen_random_uuid(), $1, now(), now(), c, b, a, h, $6 FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::bytea[]) t (a, b, c, h)`,
			[]any{w.organization, pq.Array(r.usernames), pq.Array(r.keyApps), pq.Array(r.keyAccounts), r.hashes, pepper}},
	} {
		if _, err := w.database.ExecContext(ctx, s.text, s.args...); err != nil {
			return err
		}
	}
	return nil
}

// some writes a file with some of the API keys, evenly chosen from all.
func (w *world) some(some int) (string, error) {
	text, err := os.ReadFile(w.file)
	if err != nil {
		return "", err
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	var out []byte
	for i := range some {
		out = append(out, lines[i*(w.n/some)]...)
	}
	file := w.file + "-some"
	return file, os.WriteFile(file, out, 0o600)
}

func (w *world) close(ctx context.Context) error {
	var err error
	if w.database != nil {
		err = w.database.Close()
	}
	return errors.Join(err, w.drop(context.WithoutCancel(ctx)))
}
