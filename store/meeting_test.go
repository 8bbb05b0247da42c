package store

import (
	"context"
	"testing"
	"time"

	"complaints"
)

// meet records what happens to a meeting, as a mail would.
func meet(t *testing.T, db *DB, ref string, by string, facts ...complaints.Fact) *complaints.Meeting {
	t.Helper()
	ctx := t.Context()
	m := &complaints.Meeting{}
	must(t, db.Tx(ctx, func(tx *Tx) error {
		if ref != "" {
			var err error
			token := complaints.Token{Ref: ref}
			if m, err = tx.FindMeeting(ctx, complaints.CaseKeys{Token: &token}, &complaints.Message{}); err != nil {
				return err
			}
		}
		part := &complaints.MeetingPart{Meeting: m}
		for _, f := range facts {
			part.Events = append(part.Events, complaints.Event{At: noon, By: by, Fact: f})
		}
		mail := complaints.Mail{Key: ref + facts[0].Kind(), To: complaints.Address{Addr: "sun@firm.example"}, Lang: "zh", Template: "meeting_call", Staff: true, Meeting: complaints.NewMeeting}
		return tx.Record(ctx, nil, nil, complaints.Outcome{Meeting: part, Mails: []complaints.Mail{mail}}, nil)
	}))
	return m
}

// A meeting is a stream of its own: numbered, chained, folded; its minutes are in
// the register of letters, and its mails lead back to it.
func TestMeetingIsAStream(t *testing.T) {
	db, ctx := open(t), t.Context()
	at := complaints.Slot{From: noon.AddDate(0, 0, 7), To: noon.AddDate(0, 0, 7).Add(time.Hour), Place: "三楼"}
	m := meet(t, db, "", "kefu@firm.example", &complaints.MeetingCalled{Year: 2026, Slot: at, Invited: []string{"sun@firm.example"}})
	if m.Ref != "M2026-0001" || m.Secretary != "kefu@firm.example" {
		t.Fatalf("%+v", m)
	}
	meet(t, db, m.Ref, "sun@firm.example", &complaints.Attendance{Member: "sun@firm.example", Coming: true})
	number := complaints.LetterNumber{Firm: "明", Kind: "律投纪", Year: 2026}
	meet(t, db, m.Ref, "kefu@firm.example", &complaints.MinutesFiled{Letter: complaints.Letter{Kind: complaints.MinutesLetter, Number: number}, Presided: "sun@firm.example", Hash: "c4"},
		&complaints.MinutesIssued{Number: number, Date: complaints.Date{Year: 2026, Month: 12, Day: 1}})
	got, err := db.Meeting(ctx, m.Ref)
	must(t, err)
	if got.Seq != 4 || got.Minutes.Letter.Number.String() != "明律投纪〔2026〕1号" || len(got.Answers) != 1 {
		t.Errorf("%+v", got)
	}
	events, err := db.Events(ctx, m.Ref)
	must(t, err)
	folded := &complaints.Meeting{}
	for _, e := range events {
		must(t, folded.Apply(e))
	}
	if a, b := asJSON(t, folded), asJSON(t, got); a != b {
		t.Errorf("the log folds to\n%s\nthe row is\n%s", a, b)
	}
	if n, err := db.VerifyChain(ctx, m.Ref); err != nil || n != 4 {
		t.Errorf("chain: %d, %v", n, err)
	}
	must(t, db.SealMinutes(ctx, m.Ref, make([]byte, 32)))
	must(t, db.SealMinutes(ctx, m.Ref, []byte("no hash, and not asked for")))
	list, err := db.Outbox(ctx, OutboxFilter{})
	must(t, err)
	if len(list) != 3 || list[0].Mail.Meeting != m.Ref || list[0].CaseRef != "" {
		t.Errorf("outbox %+v", list)
	}
	if _, err := db.Meeting(ctx, "M2026-0009"); !NotFound(err) {
		t.Errorf("a meeting that is not there: %v", err)
	}
	// What an answer says of its meeting: the UID of an invitation, whatever the
	// case of its letters; nothing else leads there.
	for uid, want := range map[string]bool{"m2026-0001@firm.example": true, "M2026-0009@firm.example": false, "other@elsewhere.example": false} {
		must(t, db.Tx(ctx, func(tx *Tx) error {
			found, err := tx.FindMeeting(ctx, complaints.CaseKeys{}, &complaints.Message{RSVP: &complaints.RSVP{UID: uid}})
			if (found != nil) != want {
				t.Errorf("%s leads to %v", uid, found)
			}
			return err
		}))
	}
}

// What the desk knows of the committee: since when, what was held, what is due.
func TestCommitteeDay(t *testing.T) {
	db, ctx := open(t), t.Context()
	p := &complaints.Policy{Parameters: complaints.DefaultParameters(), Language: "zh", Location: time.UTC, Calendar: &complaints.Calendar{Years: map[int]complaints.Year{}},
		Register: complaints.NewRegister([]complaints.Person{{Address: "chen@firm.example", Name: "陈", Roles: []complaints.Role{complaints.Chair}, Active: true}})}
	know := func(at time.Time) (k *complaints.Committee) {
		t.Helper()
		must(t, db.Tx(ctx, func(tx *Tx) (err error) {
			k, err = tx.Committee(ctx, p, at)
			return err
		}))
		return k
	}
	if k := know(noon); !k.Since.IsZero() || len(k.Docket) > 0 {
		t.Errorf("at first %+v", k)
	}
	c := complaint(t, db, 1)
	k := know(noon.AddDate(0, 0, 1))
	if k.Since != complaints.DateOf(noon) || k.Figures.Received != 1 || k.Figures.Open != 1 || k.Figures.Closed != 0 || len(k.Figures.Categories) != 1 {
		t.Errorf("with a case: %+v", k)
	}
	if k := know(noon.AddDate(0, 2, 0)); len(k.Docket) != 1 || k.Docket[0] != c.Ref || k.Figures.Overdue != 1 {
		t.Errorf("overdue for long: %+v", k)
	}
	day := func(at time.Time) int {
		t.Helper()
		must(t, db.CommitteeDay(context.WithoutCancel(ctx), p, at))
		k := know(at)
		return 10*len(k.Asked) + len(k.Missed)
	}
	for _, step := range []struct{ months, days, want int }{{2, 0, 0}, {3, -1, 10}, {3, -1, 10}, {3, 20, 11}, {3, 21, 11}} {
		if got := day(noon.AddDate(0, step.months, step.days)); got != step.want {
			t.Errorf("after %d months and %d days: %d, want %d", step.months, step.days, got, step.want)
		}
	}
	list, err := db.Outbox(ctx, OutboxFilter{})
	must(t, err)
	said := map[string]int{}
	for _, o := range list {
		said[o.Mail.Template]++
	}
	if said["meeting_due"] != 1 || said["meeting_missed"] != 1 {
		t.Errorf("said %v", said)
	}
	if _, err := db.VerifyChain(ctx, desk); err != nil {
		t.Error(err)
	}
}
