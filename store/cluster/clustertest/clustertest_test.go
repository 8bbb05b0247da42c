package clustertest

import (
	"database/sql"
	"testing"

	_ "github.com/lib/pq"
)

func count(t *testing.T, url, query string) (n int) {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestEachTestHasItsOwn(t *testing.T) {
	fills := 0
	fill := func(url string) error {
		fills++
		db, err := sql.Open("postgres", url)
		if err != nil {
			return err
		}
		defer db.Close()
		_, err = db.Exec("create table t as select 1 as n")
		return err
	}
	for range 3 {
		t.Run("", func(t *testing.T) {
			url := Filled(t, "one_row", fill)
			if n := count(t, url, "with i as (insert into t values (2) returning n) select count(*) from t"); n != 1 {
				t.Errorf("%d rows of another test", n-1)
			}
		})
	}
	if fills != 1 {
		t.Errorf("filled %d times", fills)
	}
	if n := count(t, URL(t), "select count(*) from pg_class where relname = 't'"); n != 0 {
		t.Error("the empty database has a table")
	}
}

func BenchmarkURL(b *testing.B) {
	URL(b) // starts the cluster
	for b.Loop() {
		URL(b)
	}
}
