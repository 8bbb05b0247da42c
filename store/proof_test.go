package store

import (
	"testing"
	"time"

	"complaints"
)

// A code is found once it is asked for, and used once.
func TestCodesAreUsedOnce(t *testing.T) {
	db, ctx := open(t), t.Context()
	m := &complaints.Message{Class: complaints.Staff, From: complaints.Address{Addr: "Kefu@firm.example"}, OwnWords: "#受理", Date: noon,
		Attachments: []complaints.Attachment{{Name: "a.json", Size: 2, SHA256: "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", Content: []byte("{}")}}}
	w := &complaints.Confirmation{Code: "3f9a0c51d27be864", Person: "Kefu@firm.example", Ref: "T2026-0001", Digest: "d", Expires: noon.Add(time.Hour)}
	must(t, db.Tx(ctx, func(tx *Tx) error {
		if _, err := tx.AddMessage(ctx, m, []byte("#受理"), Arrival{"INBOX", 1, 1}, noon); err != nil {
			return err
		}
		return tx.Record(ctx, nil, m, complaints.Outcome{Ask: w}, nil)
	}))
	look := func(code string) (found *complaints.Confirmation) {
		must(t, db.Tx(ctx, func(tx *Tx) (err error) { found, err = tx.Waiting(ctx, code); return err }))
		return found
	}
	if look("0000000000000000") != nil {
		t.Error("a code that nobody was given is found")
	}
	got := look(w.Code)
	if got == nil || got.Person != "kefu@firm.example" || got.Ref != w.Ref || !got.Used.IsZero() || !got.Expires.Equal(w.Expires) || got.Mail.ID != m.ID || got.Mail.OwnWords != "#受理" || string(got.Mail.Attachments[0].Content) != "{}" {
		t.Fatalf("%+v", got)
	}
	use := func() error {
		return db.Tx(ctx, func(tx *Tx) error {
			return tx.Record(ctx, nil, m, complaints.Outcome{Confirmed: w.Code}, nil)
		})
	}
	must(t, use())
	if look(w.Code).Used.IsZero() {
		t.Error("a code that was used is not marked")
	}
	if use() == nil {
		t.Error("a code was used twice")
	}
}

// Misuses are counted for an hour; a copy of an earlier mail is known by what
// its author wrote, and when.
func TestMisusesAndCopies(t *testing.T) {
	db, ctx := open(t), t.Context()
	add := func(uid uint32, words string, date time.Time, misuse string) (all, by int, repeats int64) {
		m := &complaints.Message{From: complaints.Address{Addr: "li@firm.example"}, OwnWords: words, Date: date}
		must(t, db.Tx(ctx, func(tx *Tx) error {
			if _, err := tx.AddMessage(ctx, m, []byte{byte(uid)}, Arrival{"INBOX", 1, uid}, noon); err != nil {
				return err
			}
			var err error
			if all, by, err = tx.Misuses(ctx, "LI@firm.example", noon); err != nil {
				return err
			}
			if repeats, err = tx.Repeats(ctx, m); err != nil {
				return err
			}
			_, err = tx.tx.ExecContext(ctx, `update messages set case_ref = 'T2026-0001' where id = $1`, m.ID)
			if err != nil {
				return err
			}
			return tx.Record(ctx, nil, m, complaints.Outcome{Misuse: misuse}, nil)
		}))
		return all, by, repeats
	}
	complaint(t, db, 9)
	if all, by, repeats := add(1, "#受理 \"<&>\"", noon, "code"); all+by != 0 || repeats != 0 {
		t.Errorf("at first %d, %d, %d", all, by, repeats)
	}
	all, by, repeats := add(2, "#受理 \"<&>\"", noon, "code")
	if all != 1 || by != 1 || repeats == 0 {
		t.Errorf("the copy: %d, %d, %d", all, by, repeats)
	}
	if _, _, repeats := add(3, "#受理 \"<&>\"", noon.Add(time.Second), ""); repeats != 0 {
		t.Error("the same command a second later is no copy")
	}
	must(t, db.Tx(ctx, func(tx *Tx) error {
		all, by, err := tx.Misuses(ctx, "wang@firm.example", noon)
		if err == nil && (all != 2 || by != 0) {
			t.Errorf("by another: %d, %d", all, by)
		}
		if all, _, err = tx.Misuses(ctx, "", noon.Add(61*time.Minute)); err == nil && all != 0 {
			t.Errorf("an hour later: %d", all)
		}
		return err
	}))
}
