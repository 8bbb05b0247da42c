package complaints

import (
	"fmt"
	"os"
	"reflect"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// openCases makes n open cases of all the states that clocks run in, registered
// over the fortnight before now.
func openCases(b *testing.B, n int) (*Policy, []*Case, time.Time) {
	body, err := os.ReadFile("store/calendar/cn_workdays.json")
	if err != nil {
		b.Fatal(err)
	}
	cal, err := ParseCalendar("cn", body)
	if err != nil {
		b.Fatal(err)
	}
	p := &Policy{Parameters: DefaultParameters(), Address: deskAddr, Language: "zh", Location: shanghai, Calendar: cal, Register: testRegister(), Keys: Keyring{[]byte("k")}}
	now := at("2026-11-24", 12)
	states := []State{Registered, Triage, Investigating, Investigating, ReportReview, DecisionDraft, Decided, AwaitingClient}
	cases := make([]*Case, n)
	for i := range cases {
		opened := now.Add(-time.Duration(i%14*24) * time.Hour)
		c := &Case{Ref: FormatRef(2026, i+1), Seq: 10, State: states[i%len(states)], Lang: "zh", Channel: "email", Received: opened, Registered: opened,
			Complainant: Complainant{Name: "张堃", Addr: "c@client.example"}, Matter: "收费不合理，请处理。", Handler: "li@firm.example",
			Due: cal.WorkingDays(p.day(opened), 7, nil), AppealUntil: Date{2026, 12, 24}, Allegations: []Allegation{{No: 1, Text: "收费过高"}},
			Letters: []LetterRecord{{Letter: Letter{Kind: AckLetter}, Issued: true, Delivery: DeliveryAccepted}}, Log: []Entry{{At: opened, What: "opened"}, {At: opened, What: "issued"}}}
		switch c.State {
		case DecisionDraft:
			c.Report = &Report{ApprovedAt: opened, Approver: "zhao@firm.example"}
		case AwaitingClient:
			c.Request = &Requested{Due: cal.after(p.day(opened), 10), At: opened}
			c.Pauses = []Span{{From: opened}}
		}
		// What was due until yesterday has been said.
		s := &session{p: p, c: c, at: now.Add(-24 * time.Hour), by: TheDesk, lang: "zh"}
		for _, k := range p.running(c) {
			for l := range p.levels(k) {
				if !l.At.After(s.at) {
					c.Reminded = append(c.Reminded, k.mark(l))
				}
			}
		}
		cases[i] = c
	}
	return p, cases, now
}

// One sweep over 100,000 open cases, a tenth or so of which have something due:
// it must stay below 2 s of CPU. Closed cases never come here: the store gives
// what is due by an index over open ones.
func BenchmarkRemind(b *testing.B) {
	p, cases, now := openCases(b, 100_000)
	b.ReportAllocs()
	runtime.GC() // the cases themselves are not part of the sweep
	before := cpu(b)
	for b.Loop() {
		mails, due := 0, 0
		for _, c := range cases {
			o := p.Remind(c, now)
			if len(o.Events) > 0 {
				due++
			}
			mails += len(o.Mails)
		}
		b.ReportMetric(float64(due), "due")
		b.ReportMetric(float64(mails), "mails")
	}
	b.ReportMetric((cpu(b)-before).Seconds()/float64(b.N), "cpu-s/op")
}

// cpu is what this process has used of all cores, the garbage collector's part
// with it: other work on the machine does not count.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// A day has passed since the last sweep for the cases of the benchmark: what is
// due is said once, and then nothing.
func TestSweepIsSaidOnce(t *testing.T) {
	var said string
	r := testing.Benchmark(func(b *testing.B) {
		p, cases, now := openCases(b, 500)
		again := 0
		for _, c := range cases {
			before := c.Clone()
			o := p.Remind(c, now)
			if !reflect.DeepEqual(before, c.Clone()) {
				again++ // what was decided has changed the case itself
			}
			for _, e := range o.Events {
				if err := c.Apply(e); err != nil {
					b.Fatal(err)
				}
			}
			again += len(p.Remind(c, now).Events)
			if next := p.NextAt(c); !next.IsZero() && !next.After(now) {
				again++
			}
		}
		said = fmt.Sprint(again)
	})
	if r.N > 0 && said != "0" {
		t.Errorf("a second sweep at the same time did %s things", said)
	}
}
