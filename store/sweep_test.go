package store

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"complaints"
)

// fill adds n cases, open or closed, without their histories.
func fill(t testing.TB, db *DB, open bool, from, n int) {
	t.Helper()
	err := db.Tx(t.Context(), func(tx *Tx) error {
		state := map[bool]string{true: "INVESTIGATING", false: "CLOSED"}[open]
		_, err := tx.tx.ExecContext(t.Context(), `
			insert into cases (ref, seq, head, state, open, complainant, name, subject, handler, assignee, registered_at, due, next_at, closed_at, body)
			select 'T2026-' || lpad((x + $2)::text, 7, '0'), 1, decode(repeat('00', 32), 'hex'), $3, $4, 'c' || x || '@client.example', '张堃', '退费', 'li@firm.example', '',
				$5::timestamptz, '2026-12-03', case when not $4 and x % 500 = 0 then $5::timestamptz + interval '30 days' when $4 and x % 2 = 0 then $5::timestamptz end, case when not $4 then $5::timestamptz end,
				jsonb_build_object('ref', 'T2026-' || lpad((x + $2)::text, 7, '0'), 'state', $3::text, 'matter', repeat('收费不合理', 40))
			from generate_series(1, $1) x`, n, from, state, open, noon)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.sql.ExecContext(t.Context(), `analyze cases`); err != nil {
		t.Fatal(err)
	}
}

var buffers = regexp.MustCompile(`Buffers: shared (?:hit=(\d+))?(?: ?read=(\d+))?`)

// pages counts the pages that a question reads, by its plan.
func pages(t testing.TB, db *DB, query string, args ...any) (n int, plan string) {
	t.Helper()
	rows, err := db.sql.QueryContext(t.Context(), `explain (analyze, buffers, costs off, timing off, summary off) `+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		if m := buffers.FindStringSubmatch(line); m != nil && n == 0 {
			hit, _ := strconv.Atoi(m[1])
			read, _ := strconv.Atoi(m[2])
			n = hit + read
		}
		plan += line + "\n"
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return n, plan
}

// A sweep reads what is due and no more: a thousand times as many closed cases
// cost it no further page.
func TestSweepReadsNoClosedCase(t *testing.T) {
	db := open(t)
	fill(t, db, true, 0, 200)
	ask := func() [2]int {
		due, plan := pages(t, db, dueCases, noon.Add(time.Hour), 100)
		all, plan2 := pages(t, db, openCases, "", "", 200)
		t.Logf("%s\n%s", plan, plan2)
		return [2]int{due, all}
	}
	before := ask()
	fill(t, db, false, 1000, 50_000)
	after := ask()
	for i, what := range []string{"due", "open"} {
		if before[i] == 0 || after[i] > 2*before[i]+10 {
			t.Errorf("%s cases: %d pages, and %d beside 50,000 closed cases", what, before[i], after[i])
		}
	}
	refs, err := db.DueCases(t.Context(), noon.Add(time.Hour), 1000)
	if err != nil || len(refs) != 100 {
		t.Errorf("%d due cases: %v", len(refs), err)
	}
	list, err := db.OpenCases(t.Context(), "T2026-0000100", complaints.Date{}, 1000)
	if err != nil || len(list) != 100 {
		t.Errorf("%d open cases: %v", len(list), err)
	}
}

// BenchmarkDueCases asks for what is due among 1,000 open cases, beside ever
// more closed ones; with COMPLAINTSD_SOAK set, beside a million.
func BenchmarkDueCases(b *testing.B) {
	db := open(b)
	fill(b, db, true, 0, 1000)
	sizes := []int{0, 50_000}
	if os.Getenv("COMPLAINTSD_SOAK") != "" {
		sizes = append(sizes, 950_000)
	}
	closed := 0
	for _, n := range sizes {
		if n > 0 {
			fill(b, db, false, 10_000+closed, n)
		}
		closed += n
		b.Run(fmt.Sprintf("closed=%d", closed), func(b *testing.B) {
			for b.Loop() {
				if refs, err := db.DueCases(context.Background(), noon.Add(time.Hour), 100); err != nil || len(refs) != 100 {
					b.Fatalf("%d: %v", len(refs), err)
				}
			}
		})
	}
}
