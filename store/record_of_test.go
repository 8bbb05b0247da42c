package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"complaints"
)

// How often something was upheld against a person counts each case once, from
// the day its report was approved, however long it has been closed.
func TestUpheldAgainstAPerson(t *testing.T) {
	db, ctx := open(t), t.Context()
	wang := func(f complaints.Finding) []complaints.Fact {
		return []complaints.Fact{&complaints.Alleged{No: 1, Text: "迟到", Respondent: "wang@firm.example"}, &complaints.Alleged{No: 2, Text: "态度不好", Respondent: "wang@firm.example"},
			&complaints.Found{No: 1, Finding: f, Reason: "签到表为证"}, &complaints.Found{No: 2, Finding: complaints.NotUpheld, Reason: "录音为证"}, &complaints.Reported{Text: "报告"}}
	}
	for i, x := range []struct {
		finding  complaints.Finding
		at       time.Time
		approved bool
		then     complaints.Fact
	}{
		{complaints.Upheld, noon, true, &complaints.ClosedCase{Code: "settled"}},
		{complaints.PartlyUpheld, noon.AddDate(0, -11, 0), true, nil},
		{complaints.NotUpheld, noon, true, nil},
		{complaints.Upheld, noon.AddDate(-1, 0, -1), true, nil}, // more than a year ago
		{complaints.Upheld, noon, false, nil},                   // nobody has approved it
		{complaints.Upheld, noon, true, &complaints.MergedInto{Ref: "T2026-0001"}},
	} {
		c := complaint(t, db, i+1)
		list := wang(x.finding)
		if x.approved {
			list = append(list, &complaints.ReportApproved{})
		}
		if x.then != nil {
			list = append(list, x.then)
		}
		var o complaints.Outcome
		for n, f := range list {
			o.Events = append(o.Events, complaints.Event{Seq: c.Seq + 1 + n, At: x.at, By: "zhao@firm.example", Fact: f})
		}
		must(t, db.Tx(ctx, func(tx *Tx) error { return tx.Record(ctx, c, nil, o, nil) }))
	}
	must(t, db.Tx(ctx, func(tx *Tx) error {
		got, err := tx.Upheld(ctx, []string{"Wang@firm.example", "li@firm.example"}, noon.AddDate(-1, 0, 0))
		if err == nil && (len(got) != 1 || got["wang@firm.example"] != 2) {
			t.Errorf("upheld: %v, want 2 against wang", got)
		}
		return err
	}))
}

// Whether complaints against somebody were upheld three times in a year is asked
// of an index: with forty times as many cases of other people it reads hardly a
// page more.
func TestUpheldIsAskedOfAnIndex(t *testing.T) {
	db := open(t)
	against := func(from, n int, who string) {
		fill(t, db, false, from, n)
		_, err := db.sql.ExecContext(t.Context(), `
			update cases set body = body || jsonb_build_object('report', jsonb_build_object('approved_at', $1::timestamptz),
				'allegations', jsonb_build_array(jsonb_build_object('no', 1, 'respondent', $2 || right(ref, 7)::int % 400 || '@firm.example', 'finding', 'upheld')))
			where right(ref, 7)::int > $3`, noon, who, from)
		must(t, err)
		_, err = db.sql.ExecContext(t.Context(), `vacuum analyze cases`) // the index takes in what waits beside it
		must(t, err)
	}
	ask := func() (n, read int) {
		t.Helper()
		must(t, db.Tx(t.Context(), func(tx *Tx) error {
			got, err := tx.Upheld(t.Context(), []string{"few7@firm.example"}, noon.AddDate(-1, 0, 0))
			n = got["few7@firm.example"]
			return err
		}))
		read, plan := pages(t, db, upheldCases, "few7@firm.example", noon.AddDate(-1, 0, 0))
		if !strings.Contains(plan, "Bitmap Index Scan on cases_respondent") || strings.Contains(plan, "Seq Scan on cases") {
			t.Errorf("not by the index:\n%s", plan)
		}
		return n, read
	}
	against(0, 1000, "few")
	n, before := ask()
	against(1000, 40_000, "other")
	n2, after := ask()
	t.Logf("pages read: %d among 1,000 cases, %d among 41,000", before, after)
	if said := fmt.Sprint(n, n2); said != "3 3" {
		t.Errorf("upheld: %s, want 3 and 3", said)
	}
	if after > before+4 {
		t.Errorf("%d pages among 1,000 cases, %d among 41,000", before, after)
	}
}

// A member of the committee lists the cases on which they sit, and no others.
func TestMemberListsTheirCases(t *testing.T) {
	db, ctx := open(t), t.Context()
	c := complaint(t, db, 1)
	complaint(t, db, 2)
	sun := &complaints.Person{Address: "sun@firm.example", Active: true, Roles: []complaints.Role{complaints.Member}}
	list := func() []complaints.Row {
		rows, err := db.Rows(ctx, Filter{Open: true, Handler: sun.Address, Reader: sun})
		must(t, err)
		return rows
	}
	if rows := list(); rows != nil {
		t.Errorf("lists %v before sitting on any", rows)
	}
	at := complaints.Event{At: noon, By: "chen@firm.example"}
	var o complaints.Outcome
	for n, f := range []complaints.Fact{&complaints.Appealed{Grounds: "不服"}, &complaints.ReferredToPanel{Panel: []string{"sun@firm.example", "qian@firm.example"}}} {
		at.Seq, at.Fact = c.Seq+1+n, f
		o.Events = append(o.Events, at)
	}
	must(t, db.Tx(ctx, func(tx *Tx) error { return tx.Record(ctx, c, nil, o, nil) }))
	if rows := list(); len(rows) != 1 || rows[0].Ref != c.Ref {
		t.Errorf("lists %v, want %s", rows, c.Ref)
	}
}
