package complaints

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// answer gives what the transcript of an outcome says, and whether it refuses.
func answer(t *testing.T, o Outcome) (said string, refused bool) {
	t.Helper()
	for _, m := range o.Mails {
		if m.Template != "transcript" {
			continue
		}
		for _, l := range m.Facts.Transcript {
			said, refused = said+l.Did+"\n", refused || l.Refused
		}
	}
	return said, refused
}

// confirm brings a code back, as the store would look it up.
func (d *desk) confirm(who, code string, w *Confirmation) *Message {
	m := d.message(who+"@firm.example", "Re: case", "#确认 "+code)
	if w != nil && w.Code == code {
		m.Waiting = w
	}
	return m
}

// Where nobody can verify a sender, a command waits for its code: single use,
// for one person, one case, these very commands, one day.
func TestCommandsWaitForTheirCode(t *testing.T) {
	d := newDesk(t, "zh", "2026-11-24")
	d.p.Confirm, d.p.Security = true, "postmaster@firm.example"
	d.client("收费不合理，请处理。")
	m := d.message("kefu@firm.example", "Re: case", "#受理 类别=F1\n#事项 收费过高")
	o := d.receive(m)
	if len(o.Events) > 0 || o.Ask == nil {
		t.Fatalf("carried out at once: %+v", o)
	}
	want(t, "asked at the registered address", sent(o, "confirm"), []string{"kefu"})
	w := o.Ask
	asked := o.Mails[0].Facts
	want(t, "the mail holds the code", asked.Hash, w.Code)
	want(t, "and what will happen", len(asked.Transcript), 2)
	want(t, "bound to the case", w.Ref, "T2026-0001")
	want(t, "16 digits", len(w.Code), 16)
	w.Mail = m

	refused := func(name, part string, m *Message) {
		t.Helper()
		o := d.receive(m)
		if said, no := answer(t, o); !no || !strings.Contains(said, part) {
			t.Errorf("%s: %q", name, said)
		}
		if len(o.Events) > 0 || o.Confirmed != "" {
			t.Errorf("%s: carried out", name)
		}
	}
	refused("guessed", "没有待您确认的命令", d.confirm("kefu", "0123456789abcdef", w))
	want(t, "the guess is counted", d.receive(d.confirm("kefu", "0123456789abcdef", w)).Misuse, "code")
	another := d.confirm("zhao", w.Code, w)
	refused("another person's", "没有待您确认的命令", another)
	elsewhere := *w
	elsewhere.Ref = "T2026-0002"
	refused("another case's", "另一案件", d.confirm("kefu", w.Code, &elsewhere))
	edited := *w
	changed := *m
	changed.OwnWords = "#受理 类别=F1\n#事项 服务态度恶劣"
	edited.Mail = &changed
	refused("other commands", "无法读出", d.confirm("kefu", w.Code, &edited))
	many := d.confirm("kefu", w.Code, w)
	many.MisusesBy = maxMisuses
	refused("after ten guesses not even the right one", "错误的确认码过多", many)
	bare := d.confirm("kefu", w.Code, w)
	bare.To = []Address{{Addr: deskAddr}}
	refused("without the reply address", "专用回复地址", bare)
	late := d.now
	d.now = d.now.Add(codeLife + time.Minute)
	refused("a day later", "已过有效期", d.confirm("kefu", w.Code, w))
	d.now = late.Add(time.Hour)

	again := d.confirm("kefu", w.Code, w)
	o = d.receive(again)
	if said, no := answer(t, o); no || !strings.Contains(said, "第1项") {
		t.Fatalf("the right code: %q", said)
	}
	want(t, "the code is used up", o.Confirmed, w.Code)
	want(t, "the history names the mail with the commands", o.Events[0].Message, m.ID)
	want(t, "the answer is to the mail that confirmed", o.Mails[len(o.Mails)-1].InReplyTo, again.MessageID)
	w.Used = d.now
	refused("a second time", "已经用过", d.confirm("kefu", w.Code, w))

	// The case has moved on: the commands are checked anew.
	next := d.message("kefu@firm.example", "Re: case", "#受理 类别=F1")
	if said, no := answer(t, d.receive(next)); !no || !strings.Contains(said, "不能用 #受理") {
		t.Errorf("%q", said)
	}
	want(t, "reading needs no code", sent(d.receive(d.message("kefu@firm.example", "Re: case", "#查看")), "view"), []string{"kefu"})
	said, no := answer(t, d.receive(d.message("kefu@firm.example", "Re: case", "#非投诉 来信是咨询，已答复。")))
	if !no || !strings.Contains(said, "不能核实发件人") {
		t.Errorf("what ends the case: %q", said)
	}
}

// When the DNS was away for hours, nobody has verified a domain: what a mail in
// the name of staff commands waits for the code that goes to the registered
// address, and the case says why. Nobody is alarmed, and words alone are held.
func TestTheDNSWasAway(t *testing.T) {
	d := newDesk(t, "en", "2026-11-24")
	d.client("I was charged too much.")
	d.p.RequireDomain, d.p.Security = true, "postmaster@firm.example"
	m := d.message("kefu@firm.example", "Re: case", "#severity elevated it is urgent")
	m.Auth.Away = true
	o := d.receive(m)
	if o.Ask == nil || o.Hold != "" || len(sent(o, "alert"))+len(sent(o, "impersonated")) > 0 || len(o.Events) != 1 || o.Events[0].Fact.Kind() != "noted" || o.Events[0].By != TheDesk {
		t.Fatalf("it does not wait for a code: %+v", o)
	}
	want(t, "who is asked", sent(o, "confirm"), []string{"kefu"})
	o.Ask.Mail = m
	back := d.confirm("kefu", o.Ask.Code, o.Ask)
	back.Auth.DMARC = "pass"
	if o := d.receive(back); len(o.Events) != 1 || o.Events[0].Fact.Kind() != "graded" {
		t.Errorf("confirmed, and not carried out: %+v", o)
	}
	m = d.message("kefu@firm.example", "Re: case", "He will call on Monday.")
	m.Auth.Away = true
	if o := d.receive(m); o.Hold == "" || len(o.Events)+len(sent(o, "alert")) > 0 {
		t.Errorf("words that nobody has verified: %+v", o)
	}
	m = d.message("kefu@firm.example", "Re: case", "#severity major it is urgent")
	m.To, m.Auth.Away = []Address{{Addr: deskAddr}}, true
	if o := d.receive(m); o.Ask != nil || len(o.Events) > 0 {
		t.Errorf("without the reply address: %+v", o)
	}
}

// Where a domain is verified and no account is known, what goes outside and
// ends a matter is confirmed; what can be undone is not.
func TestOutwardNeedsThePerson(t *testing.T) {
	for name, tt := range map[string]struct {
		auth  Auth
		waits bool
	}{
		"the domain alone": {Auth{DMARC: "pass"}, true}, "our own DKIM check": {Auth{DKIM: []string{"firm.example"}}, true},
		"the account": {Auth{DMARC: "pass", Submitter: "kefu@firm.example"}, false}, "another account": {Auth{DMARC: "pass", Submitter: "li@firm.example"}, true},
	} {
		d := newDesk(t, "en", "2026-11-24")
		d.client("I was charged too much.")
		d.p.RequireDomain = true
		m := d.message("kefu@firm.example", "Re: case", "#severity elevated it is urgent")
		m.Auth = tt.auth
		if o := d.receive(m); len(o.Events) != 1 || o.Ask != nil {
			t.Errorf("%s: what can be undone waits", name)
		}
		m = d.message("kefu@firm.example", "Re: case", "#not-complaint It is a question about our opening hours.")
		m.Auth = tt.auth
		o := d.receive(m)
		if waits := o.Ask != nil && len(o.Events) == 0; waits != tt.waits {
			t.Errorf("%s: waits %v", name, waits)
		}
		if o.Ask == nil {
			continue
		}
		o.Ask.Mail = m
		back := d.confirm("kefu", o.Ask.Code, o.Ask)
		if o := d.receive(back); len(o.Events) > 0 || o.Hold == "" {
			t.Errorf("%s: a confirmation that nobody vouches for was taken", name)
		}
		back.Auth, back.ID = tt.auth, 90
		if o := d.receive(back); o.Confirmed == "" || d.c.State != NotComplaint {
			t.Errorf("%s: the code was refused: %+v", name, o.Mails)
		}
	}
}

// An old mail that is sent again runs nothing, whatever it is signed with.
func TestOldMailsDoNotRunAgain(t *testing.T) {
	for name, change := range map[string]func(d *desk, m *Message){
		"eight days old":                func(d *desk, m *Message) { m.Date = d.now.Add(-8 * 24 * time.Hour) },
		"two days ahead":                func(d *desk, m *Message) { m.Date = d.now.Add(48 * time.Hour) },
		"without a date":                func(_ *desk, m *Message) { m.Date = time.Time{} },
		"with the words of another one": func(_ *desk, m *Message) { m.Repeats = 7 },
	} {
		d := newDesk(t, "zh", "2026-11-24")
		d.client("收费不合理，请处理。")
		m := d.message("kefu@firm.example", "Re: case", "#受理 类别=F1")
		m.Auth = Auth{DMARC: "pass", Submitter: "kefu@firm.example"}
		change(d, m)
		o := d.receive(m)
		if said, no := answer(t, o); !no || len(o.Events) > 0 || !strings.Contains(said, "未") {
			t.Errorf("%s: %q", name, said)
		}
	}
	d := newDesk(t, "zh", "2026-11-24")
	d.client("收费不合理，请处理。")
	m := d.message("kefu@firm.example", "Re: case", "#受理 类别=F1")
	m.Date, m.Arrived = d.now.Add(-9*24*time.Hour), d.now.Add(-8*24*time.Hour)
	if o := d.receive(m); len(o.Events) == 0 {
		t.Error("a mail that was fresh when it came, and was held, does not run when it is released")
	}
}

// Reply addresses that are not their sender's are refused, counted, and told
// of when they become many.
func TestForeignAddressesAreCounted(t *testing.T) {
	d := newDesk(t, "zh", "2026-11-24")
	d.p.Security = "postmaster@firm.example"
	d.client("收费不合理，请处理。")
	good := d.p.Keys.Sign("T2026-0001", ForStaff, "kefu@firm.example", d.now)
	flip := func(i int) string {
		b := []byte(good)
		b[i] = map[bool]byte{true: 'b', false: 'a'}[b[i] == 'a']
		return string(b)
	}
	for name, detail := range map[string]string{
		"of another person":  d.p.Keys.Sign("T2026-0001", ForStaff, "zhao@firm.example", d.now),
		"of another case":    d.p.Keys.Sign("T2026-0009", ForStaff, "zhao@firm.example", d.now),
		"expired":            d.p.Keys.Sign("T2026-0001", ForStaff, "kefu@firm.example", d.now.AddDate(-3, 0, 0)),
		"edited":             flip(len(good) - 1),
		"with a later date":  flip(len("t2026-0001.") + 3),
		"for the client":     strings.Replace(good, ".s", ".c", 1),
		"under a former key": Keyring{[]byte("a key that was revoked")}.Sign("T2026-0001", ForStaff, "kefu@firm.example", d.now),
	} {
		m := d.message("kefu@firm.example", "[T2026-0001]", "#受理 类别=F1")
		m.To = []Address{{Addr: Detailed(deskAddr, detail)}}
		m.Misuses = 3
		o := d.receive(m)
		if _, no := answer(t, o); !no || len(o.Events) > 0 {
			t.Errorf("%s: carried out", name)
		}
		want(t, name+" is counted", o.Misuse, "reply address")
		want(t, name+": one is a slip", len(sent(o, "alert")), 0)
	}
	m := d.message("kefu@firm.example", "[T2026-0001]", "#受理 类别=F1")
	m.To, m.Misuses = []Address{{Addr: Detailed(deskAddr, flip(20))}}, 9
	want(t, "the tenth in an hour is told of", sent(d.receive(m), "alert"), []string{"postmaster"})
	// Letters in capitals come from mail systems, and are no misuse.
	m = d.message("kefu@firm.example", "[T2026-0001]", "#受理 类别=F1")
	m.To = []Address{{Addr: Detailed(deskAddr, strings.ToUpper(good))}}
	if o := d.receive(m); len(o.Events) == 0 || o.Misuse != "" {
		t.Error("an address in capitals is not known")
	}
}

// A code that is guessed is one of 2^64; no two mails have the same.
func TestCodes(t *testing.T) {
	d := newDesk(t, "zh", "2026-11-24")
	seen := map[string]bool{}
	for i := range 200 {
		m := d.message("kefu@firm.example", "Re", "#受理")
		w := Confirmation{Person: "kefu@firm.example", Ref: "T2026-0001", Digest: digest(ParseCommands(m.OwnWords))}
		c := d.p.Keys.code(w, m, d.now.Add(time.Duration(i)))
		if seen[c] {
			t.Fatal("the same code twice")
		}
		seen[c] = true
	}
	a, b := ParseCommands("#备注 一\n二"), ParseCommands("#备注 一\n二 ")
	if digest(a) != digest(b) {
		t.Error("trailing space changes what is confirmed")
	}
	for _, other := range []string{"#备注 一\n三", "#备注 二", "#取证 一\n二", "#备注 一\n二\n#完\n#备注 三"} {
		if same := digest(a) == digest(ParseCommands(other)); same != strings.HasPrefix(other, "#备注 一\n二\n#完") {
			t.Errorf("%q: same %v", other, same)
		}
	}
	if !slices.Contains(Vocabulary(), findVerb("确认")) {
		t.Error("#确认 is no command")
	}
}
