package store

import (
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
