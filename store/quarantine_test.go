package store

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"complaints"
)

// Mail that cannot be taken in is kept whole, retried or discarded, never lost.
func TestQuarantine(t *testing.T) {
	db, ctx := open(t), t.Context()
	raw := []byte("Subject: [T2026-0001] bomb\r\n\r\n...")
	m := &complaints.Message{Subject: "[T2026-0001] bomb\x00", From: complaints.Address{Addr: "x@mail.example"}}
	for range 2 { // fetched again after a crash: held once
		must(t, db.Tx(ctx, func(tx *Tx) error {
			return tx.Quarantine(ctx, m, raw, Arrival{"INBOX", 1, 7}, "more than 1,000 parts", noon)
		}))
	}
	must(t, db.Tx(ctx, func(tx *Tx) error {
		return tx.Quarantine(ctx, nil, []byte("\xff\x00"), Arrival{"INBOX", 1, 8}, "it could not be read", noon)
	}))
	list, err := db.QuarantineList(ctx, "held")
	must(t, err)
	if len(list) != 2 || list[0].Guess != "T2026-0001" || list[0].Arrival != (Arrival{"INBOX", 1, 7}) || list[0].Size != int64(len(raw)) {
		t.Fatalf("%+v", list)
	}
	h, kept, err := db.QuarantineShow(ctx, list[0].ID)
	if err != nil || !bytes.Equal(kept, raw) || h.Reason != "more than 1,000 parts" || h.Subject != "[T2026-0001] bomb" {
		t.Fatalf("%+v %q %v", h, kept, err)
	}
	if err := db.QuarantineDiscard(ctx, h.ID, "admin@firm.example", " ", noon); err == nil {
		t.Error("discarded without a reason")
	}
	must(t, db.QuarantineDiscard(ctx, h.ID, "admin@firm.example", "advertising", noon.Add(time.Hour)))
	if h, kept, err = db.QuarantineShow(ctx, h.ID); err != nil || h.State != "discarded" || h.Why != "advertising" || !bytes.Equal(kept, raw) {
		t.Fatalf("%+v %v", h, err)
	}
	must(t, db.QuarantineRetry(ctx, h.ID, "admin@firm.example", noon))
	if list, err = db.QuarantineList(ctx, "retry"); err != nil || len(list) != 1 {
		t.Fatalf("%v %v", list, err)
	}
	must(t, db.Tx(ctx, func(tx *Tx) error { return tx.QuarantineTaken(ctx, h.ID, "desk", noon) }))
	if err := db.QuarantineRetry(ctx, h.ID, "admin@firm.example", noon); !errors.Is(err, ErrNotFound) {
		t.Errorf("a mail that was taken in was retried: %v", err)
	}
	if _, _, err := db.QuarantineShow(ctx, 99); !errors.Is(err, ErrNotFound) {
		t.Errorf("no such mail: %v", err)
	}
}

// An outcome may say that the message belongs into the holding pen.
func TestHoldingPen(t *testing.T) {
	db, ctx := open(t), t.Context()
	complaint(t, db, 1)
	m, raw := letterFrom("stranger@mail.example", "s@x", "about the other one")
	m.Subject = "Re: [T2026-0001]"
	must(t, db.Tx(ctx, func(tx *Tx) error {
		if _, err := tx.AddMessage(ctx, m, raw, Arrival{"INBOX", 1, 9}, noon); err != nil {
			return err
		}
		return tx.Record(ctx, nil, m, complaints.Outcome{Hold: "a number from a stranger"}, nil)
	}))
	list, err := db.QuarantineList(ctx, "")
	must(t, err)
	if len(list) != 1 || list[0].Message != m.ID || list[0].Guess != "T2026-0001" || list[0].Arrival.UID != 9 {
		t.Fatalf("%+v", list)
	}
}
