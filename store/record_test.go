package store

import (
	"testing"

	"complaints"
)

// A complaint comes in: bytes, case, log and outgoing mail are there, and the
// folded log is the row.
func TestRecordNewCase(t *testing.T) {
	db := open(t)
	c := complaint(t, db, 1)
	if c.Ref != "T2026-0001" || c.Seq != 1 {
		t.Fatalf("case %s at %d", c.Ref, c.Seq)
	}
	fold(t, db, c.Ref)
	list, err := db.Outbox(t.Context(), OutboxFilter{CaseRef: c.Ref})
	must(t, err)
	if len(list) != 2 || list[0].Mail.Template != "notice" || list[1].Mail.Template != "ack" || list[1].State != Ready {
		t.Fatalf("outbox %+v", list)
	}
}

// fold checks that the stored events of a case give the stored row.
func fold(t *testing.T, db *DB, ref string) {
	t.Helper()
	row, err := db.Case(t.Context(), ref)
	must(t, err)
	events, err := db.Events(t.Context(), ref)
	must(t, err)
	sum := &complaints.Case{}
	for _, e := range events {
		must(t, sum.Apply(e))
	}
	if got, want := asJSON(t, sum), asJSON(t, row); got != want {
		t.Errorf("the log folds to\n%s\nthe row is\n%s", got, want)
	}
	n, err := db.VerifyChain(t.Context(), ref)
	must(t, err)
	if n != row.Seq {
		t.Errorf("chain of %d events, case at %d", n, row.Seq)
	}
}
