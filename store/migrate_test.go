package store

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"complaints/store/cluster/clustertest"
)

// From nothing, several daemons at once, and again when all is done.
func TestMigrate(t *testing.T) {
	u := clustertest.URL(t)
	errs := make(chan error)
	for range 4 {
		db := openURL(t, u)
		go func() { errs <- db.Migrate(t.Context()) }()
	}
	for range 4 {
		must(t, <-errs)
	}
	db := openURL(t, u)
	must(t, db.Migrate(t.Context()))
	complaint(t, db, 1)
	must(t, db.Migrate(t.Context()))
	fold(t, db, "T2026-0001")
}

// A newer schema, and one that was made by another text, are refused.
func TestMigrateRefuses(t *testing.T) {
	db, ctx := open(t), t.Context()
	change := func(sql string) {
		must(t, db.Tx(ctx, func(tx *Tx) error { _, err := tx.tx.ExecContext(ctx, sql); return err }))
	}
	change(`insert into migrations (version, name, sha256) values (9999, '9999_future.sql', '')`)
	if err := db.Migrate(ctx); !errors.Is(err, ErrNewerSchema) {
		t.Errorf("a newer schema: %v", err)
	}
	change(`delete from migrations where version = 9999; update migrations set sha256 = 'other' where version = 1`)
	if err := db.Migrate(ctx); err == nil || errors.Is(err, ErrNewerSchema) {
		t.Errorf("a changed migration: %v", err)
	}
}

// A migration that breaks leaves nothing of itself, and those before it stay.
func TestMigrationBreaks(t *testing.T) {
	db, ctx := openURL(t, clustertest.URL(t)), t.Context()
	files := fstest.MapFS{
		"migrations/0001_a.sql": {Data: []byte(`create table a (n int)`)},
		"migrations/0002_b.sql": {Data: []byte(`create table b (n int); select 1/0`)},
	}
	all, err := load(files)
	must(t, err)
	step := func() error {
		return db.Tx(ctx, func(tx *Tx) error { _, err := tx.migrate(ctx, all); return err })
	}
	must(t, step())
	if err := step(); err == nil || !strings.Contains(err.Error(), "0002_b.sql") {
		t.Fatalf("%v", err)
	}
	var a, b bool
	must(t, db.Tx(ctx, func(tx *Tx) error {
		return tx.tx.QueryRowContext(ctx, `select to_regclass('a') is not null, to_regclass('b') is not null`).Scan(&a, &b)
	}))
	if !a || b {
		t.Errorf("a there: %v, b there: %v", a, b)
	}
	if _, err := load(fstest.MapFS{"migrations/0002_b.sql": {}}); err == nil {
		t.Error("a gap in the numbers was accepted")
	}
}
