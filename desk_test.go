package complaints

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

// A desk plays the policy without a database: what comes in, what is
// remembered, what is to be sent. It checks after every mail that the events,
// stored and read again, fold to the same case.
type desk struct {
	t      *testing.T
	p      *Policy
	c      *Case
	events []Event
	mails  []Mail // of the last step
	now    time.Time
	n      int
	count  map[string]int
	others []*Case // what the last step did to further cases
}

var shanghai = time.FixedZone("CST", 8*3600)

const deskAddr = "complaints@firm.example"

func at(day string, hour int) time.Time {
	d, _ := ParseDate(day)
	return d.Midnight(shanghai).Add(time.Duration(hour) * time.Hour)
}

func cnCalendar(t *testing.T) *Calendar {
	t.Helper()
	b, err := os.ReadFile("store/calendar/cn_workdays.json")
	if err != nil {
		t.Fatal(err)
	}
	c, err := ParseCalendar("cn", b)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func testRegister() *Register {
	return NewRegister([]Person{
		{Address: "kefu@firm.example", Name: "周敏", Department: "客户服务部", Roles: []Role{Officer}, Active: true},
		{Address: "zhao@firm.example", Name: "赵刚", Department: "客户服务部", Roles: []Role{Head, Member}, Active: true},
		{Address: "li@firm.example", Name: "李娜", Department: "民商事部", Roles: []Role{Investigator}, Active: true},
		{Address: "wang@firm.example", Name: "王明", Department: "民商事部", Roles: []Role{AnyStaff, Investigator}, Active: true},
		{Address: "chen@firm.example", Name: "陈思远", Department: "法律顾问室", Roles: []Role{Chair, Counsel}, Active: true},
		{Address: "sun@firm.example", Name: "孙丽", Department: "诉讼部", Roles: []Role{Member}, Active: true},
		{Address: "qian@firm.example", Name: "钱进", Department: "财务部", Roles: []Role{Member}, Active: true},
		{Address: "gone@firm.example", Name: "吴去", Department: "诉讼部", Roles: []Role{Investigator}, Active: false},
	})
}

func testPolicy(t *testing.T, lang string) *Policy {
	return &Policy{
		Parameters: DefaultParameters(), Firm: Firm{Name: "明理律师事务所", NameEn: "Mingli Law Firm", Short: "明", Phone: "010-5550 1234"},
		Address: deskAddr, Language: lang, Location: shanghai, Calendar: cnCalendar(t), Register: testRegister(), Keys: Keyring{[]byte("test key")},
		Routes: []Route{{Name: "市律师协会", NameEn: "City Bar Association", For: "执业纪律", Contact: "010-5550 0000"}},
	}
}

func newDesk(t *testing.T, lang, day string) *desk {
	return &desk{t: t, p: testPolicy(t, lang), now: at(day, 10), count: map[string]int{}}
}

// Next gives numbers out, as the store does.
func (d *desk) Next(series string, year int) (int, error) {
	d.count[series]++
	return d.count[series], nil
}

func (d *desk) message(from, subject, body string) *Message {
	d.n++
	sum := sha256.Sum256([]byte(from + subject + body + d.now.String()))
	m := &Message{ID: int64(d.n), SHA256: hex.EncodeToString(sum[:]), Class: Public, From: Address{Addr: from}, Froms: 1,
		To: []Address{{Addr: deskAddr}}, Subject: subject, MessageID: hex.EncodeToString(sum[:6]) + "@mail.example", Date: d.now, Text: body, OwnWords: body}
	if d.p.Register.Find(from) != nil {
		m.Class = Staff
		if d.c != nil {
			m.To = []Address{{Addr: Detailed(deskAddr, d.p.Keys.Sign(d.c.Ref, ForStaff, from, d.now))}}
		}
	}
	return m
}

// receive hands a message to the policy and records the outcome.
func (d *desk) receive(m *Message) Outcome {
	d.t.Helper()
	c, o := d.p.Receive(d.c, m, d.now)
	d.record(c, o)
	return o
}

func (d *desk) record(c *Case, o Outcome) {
	d.t.Helper()
	d.mails, d.others = o.Mails, nil
	for _, p := range o.Other { // first, as the store does
		for _, e := range p.Events {
			if err := e.Number(d); err != nil {
				d.t.Fatal(err)
			}
			if err := p.Case.Apply(e); err != nil {
				d.t.Fatal(err)
			}
		}
		d.others = append(d.others, p.Case)
	}
	for _, e := range o.Events {
		if err := e.Number(d); err != nil {
			d.t.Fatal(err)
		}
		kind, body, err := EncodeFact(e.Fact)
		if err != nil {
			d.t.Fatal(err)
		}
		if e.Fact, err = DecodeFact(kind, body); err != nil {
			d.t.Fatal(err)
		}
		if err := c.Apply(e); err != nil {
			d.t.Fatal(err)
		}
		d.events = append(d.events, e)
	}
	if len(o.Events) > 0 {
		d.c = c
	}
	if d.c == nil {
		return
	}
	folded := &Case{}
	for _, e := range d.events {
		if err := folded.Apply(e); err != nil {
			d.t.Fatal(err)
		}
	}
	a, _ := json.Marshal(d.c)
	b, _ := json.Marshal(folded)
	if string(a) != string(b) {
		d.t.Fatalf("the events do not fold to the case:\n%s\n%s", a, b)
	}
}

// client and staff write a mail; the outcome is recorded.
func (d *desk) client(body string) Outcome {
	d.t.Helper()
	return d.receive(d.message("zhangkun@client.example", "关于退费", body))
}

// staff writes a command mail and expects it to be carried out.
func (d *desk) staff(who, body string) Outcome {
	d.t.Helper()
	o := d.receive(d.message(who+"@firm.example", "Re: case", body))
	for _, m := range o.Mails {
		for _, l := range m.Facts.Transcript {
			if l.Refused {
				d.t.Fatalf("%s: %q was refused: %s", who, l.Command, l.Did)
			}
		}
	}
	if d.c != nil {
		d.render()
	}
	return o
}

// refused writes a command mail that must do nothing, and gives the answer.
func (d *desk) refused(who, body string) string {
	d.t.Helper()
	o := d.receive(d.message(who+"@firm.example", "Re: case", body))
	if len(o.Events) > 0 {
		d.t.Fatalf("%s: %q was carried out: %v", who, body, o.Events[0].Fact.Kind())
	}
	var said []string
	for _, m := range o.Mails {
		if m.Template != "transcript" || !SameAddr(m.To.Addr, who+"@firm.example") {
			d.t.Fatalf("a refused mail sent %s to %s", m.Template, m.To.Addr)
		}
		for _, l := range m.Facts.Transcript {
			if l.Refused {
				said = append(said, l.Did)
			}
		}
	}
	if len(said) == 0 {
		d.t.Fatalf("%s: %q was not refused", who, body)
	}
	return strings.Join(said, "\n")
}

// render stands in for the sender: it hashes a pending draft, a report first.
func (d *desk) render() {
	p := d.c.pendingDraft()
	if r := d.c.reportDraft(); r != nil && d.count[draftKey(r)] == 0 {
		p = r
	}
	if key := draftKey(p); p == nil || d.count[key] > 0 {
		return
	} else {
		d.count[key]++
	}
	sum := sha256.Sum256([]byte(d.c.Ref + string(p.Letter.Kind) + string(rune(p.Version))))
	mails := d.mails
	d.record(d.c.Clone(), Outcome{Events: []Event{{Seq: d.c.Seq + 1, At: d.now, By: TheDesk,
		Fact: &DraftRendered{No: p.Letter.No, Version: p.Version, SHA256: hex.EncodeToString(sum[:])}}}})
	d.mails = mails
}

func draftKey(p *LetterRecord) string {
	if p == nil {
		return ""
	}
	return fmt.Sprintf("draft %d/%d", p.Letter.No, p.Version)
}

// deliver tells the policy that the relay took every letter of the last step.
func (d *desk) deliver(mails []Mail) Outcome {
	d.t.Helper()
	var all Outcome
	for _, m := range mails {
		if m.LetterNo == 0 || m.Draft {
			continue
		}
		o := d.p.Delivered(d.c, m, "250 2.0.0 Ok: queued", d.now)
		d.record(d.c.Clone(), o)
		all.Events, all.Mails = append(all.Events, o.Events...), append(all.Mails, o.Mails...)
	}
	return all
}

func (d *desk) state(want State) {
	d.t.Helper()
	if d.c.State != want {
		d.t.Fatalf("state %s, want %s", d.c.State, want)
	}
}

// sent gives the addresses a template went to, in order.
func sent(o Outcome, template string) []string {
	var out []string
	for _, m := range o.Mails {
		if m.Template == template {
			local, _, _ := strings.Cut(m.To.Addr, "@")
			out = append(out, local)
		}
	}
	return out
}

func want[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
