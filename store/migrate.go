package store

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migration is one numbered file: NNNN_name.sql.
type migration struct {
	version   int
	name, sql string
}

func (m migration) sum() string {
	s := sha256.Sum256([]byte(m.sql))
	return hex.EncodeToString(s[:])
}

// load reads the migrations in order. They count from 1 without a gap.
func load(files fs.FS) ([]migration, error) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	var all []migration
	for i, name := range names { // Glob sorts
		b, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		number, _, _ := strings.Cut(strings.TrimPrefix(name, "migrations/"), "_")
		if n, err := strconv.Atoi(number); err != nil || n != i+1 {
			return nil, fmt.Errorf("migration %s: want number %04d", name, i+1)
		}
		all = append(all, migration{i + 1, strings.TrimPrefix(name, "migrations/"), string(b)})
	}
	return all, nil
}

// Migrate brings the schema up to this program: forward only, each file in a
// transaction of its own, under a lock so that several daemons may start at
// once. A killed migration leaves nothing and is run again. A database that
// knows more migrations than this program gives ErrNewerSchema.
func (db *DB) Migrate(ctx context.Context) error {
	all, err := load(migrations)
	if err != nil {
		return err
	}
	for {
		var did *migration
		err := db.Tx(ctx, func(tx *Tx) (err error) {
			did, err = tx.migrate(ctx, all)
			return err
		})
		if err != nil {
			return fmt.Errorf("migrate the database: %w", err)
		}
		if did == nil {
			return nil
		}
		db.log.Info("database migrated", "version", did.version, "name", did.name)
	}
}

// migrate does the next migration, if there is one.
func (tx *Tx) migrate(ctx context.Context, all []migration) (*migration, error) {
	// A migration may take longer than a statement of daily work.
	_, err := tx.tx.ExecContext(ctx, `
		set local statement_timeout = 0;
		set local lock_timeout = 0;
		set local client_min_messages = warning;
		select pg_advisory_xact_lock(hashtextextended('complaintsd migrate', 0));
		create table if not exists migrations (
			version int primary key, name text not null, sha256 text not null, applied_at timestamptz not null default now())`)
	if err != nil {
		return nil, err
	}
	rows, err := tx.tx.QueryContext(ctx, `select version, name, sha256 from migrations order by version`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	have := 0
	for rows.Next() {
		var name, sum string
		if err := rows.Scan(&have, &name, &sum); err != nil {
			return nil, err
		}
		if have > len(all) {
			return nil, fmt.Errorf("%w (schema %d, this program knows %d)", ErrNewerSchema, have, len(all))
		}
		if m := all[have-1]; m.sum() != sum {
			return nil, fmt.Errorf("migration %d is %s here and was another text when it was applied (%s)", have, m.name, name)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if have == len(all) {
		return nil, nil
	}
	next := all[have]
	if _, err := tx.tx.ExecContext(ctx, next.sql); err != nil {
		return nil, fmt.Errorf("%s: %w", next.name, err)
	}
	_, err = tx.tx.ExecContext(ctx, `insert into migrations (version, name, sha256) values ($1, $2, $3)`,
		next.version, next.name, next.sum())
	return &next, err
}
