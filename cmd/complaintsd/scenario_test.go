package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"complaints"
	"complaints/cmd/complaintsd/play"
)

// Every correspondence under testdata/scenarios, and the two of the demo, is
// played through Postfix, Dovecot and PostgreSQL. Afterwards the oracle asks
// whether anything was lost, doubled or left half done.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/scenarios/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, "demo/zh.txtar", "demo/en.txtar")
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".txtar")
		t.Run(name, func(t *testing.T) {
			t.Parallel() // each has servers of its own, and waits for them most of the time
			src, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			zone := shanghai
			if strings.Contains(string(src), "-- calendar --\nen-gb\n") {
				zone = london
			}
			s, err := play.Parse(src, zone)
			if err != nil {
				t.Fatal(err)
			}
			lang := "zh"
			if strings.HasPrefix(name, "en") {
				lang = "en"
			}
			w := newWorld(t, s, lang)
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
			defer cancel()
			p := &play.Player{Script: s, Post: w, Desk: deskAddr}
			if testing.Verbose() {
				p.Seen = func(m play.Mail) { t.Logf("%s %s→%s %s", m.At.Format("01-02 15:04"), m.From, m.To, m.Msg.Subject) }
			}
			if err := p.Play(ctx); err != nil {
				t.Fatal(err)
			}
			w.oracle(ctx)
		})
	}
}

// oracle holds the database against itself and against the maildirs: the
// events fold to the rows, the chains are whole, no mail is left in a
// transient state, and every mail that was accepted lies exactly once, byte
// for byte, with its recipient.
func (w *world) oracle(ctx context.Context) {
	t := w.t
	t.Helper()
	rows, err := w.db.Rows(ctx, allCases)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		w.fold(ctx, r.Ref)
	}
	c, err := w.db.Counts(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if c.Pending > 0 || c.InDoubt > 0 {
		t.Errorf("left behind: %+v", c)
	}
	w.delivered(ctx)
}

func (w *world) fold(ctx context.Context, ref string) {
	t := w.t
	t.Helper()
	if _, err := w.db.VerifyChain(ctx, ref); err != nil {
		t.Errorf("%s: %v", ref, err)
	}
	row, err := w.db.Case(ctx, ref)
	if err != nil {
		t.Fatal(err)
	}
	events, err := w.db.Events(ctx, ref)
	if err != nil {
		t.Fatal(err)
	}
	folded := &complaints.Case{}
	for _, e := range events {
		if err := folded.Apply(e); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := mustJSON(t, row), mustJSON(t, folded); a != b {
		t.Errorf("%s: the events do not fold to the row\n%s\n%s", ref, a, b)
	}
}
