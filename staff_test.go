package complaints

import (
	"strings"
	"testing"
	"time"
)

func TestRegister(t *testing.T) {
	r := testRegister()
	if r.Find("LI@firm.example ") == nil || r.Find("nobody@firm.example") != nil {
		t.Error("finding by address")
	}
	if r.Named("李娜") == nil || r.Named("吴去") != nil || r.Named("gone@firm.example") != nil {
		t.Error("finding by name; who has left is not found")
	}
	var none *Register
	if none.Find("x") != nil || none.With(AnyStaff) != nil {
		t.Error("no register knows nobody")
	}
	got, err := ParseRoles("officer+Member、counsel officer")
	want(t, "roles", got, []Role{Officer, Member, Counsel})
	want(t, "no error", err, nil)
	if _, err := ParseRoles("emperor"); AsRefusal(err) == nil || !strings.Contains(err.Error(), "emperor") {
		t.Errorf("unknown role: %v", err)
	}
	two := NewRegister([]Person{{Address: "a@x", Name: "王明", Active: true}, {Address: "b@x", Name: "王明", Active: true}})
	if two.Named("王明") != nil {
		t.Error("two of a name")
	}
}

// A command needs the address that was given to this person for this case.
func TestTrust(t *testing.T) {
	d := newDesk(t, "zh", "2026-11-24")
	d.client("收费不合理，请处理。")
	said := func(m *Message) string {
		t.Helper()
		o := d.receive(m)
		if len(o.Events) > 0 {
			t.Fatalf("carried out: %s", o.Events[0].Fact.Kind())
		}
		want(t, "the answer goes to the registered address", o.Mails[0].To.Addr, "kefu@firm.example")
		return o.Mails[0].Facts.Transcript[0].Did
	}
	sign := func(ref string, p Purpose, person string, at time.Time) []Address {
		return []Address{{Addr: Detailed(deskAddr, d.p.Keys.Sign(ref, p, person, at))}}
	}
	for name, to := range map[string][]Address{
		"no token":             {{Addr: deskAddr}},
		"another's token":      sign("T2026-0001", ForStaff, "zhao@firm.example", d.now),
		"another case's token": sign("T2026-0002", ForStaff, "kefu@firm.example", d.now),
		"the client's token":   sign("T2026-0001", ForClient, "", d.now),
		"an old token":         sign("T2026-0001", ForStaff, "kefu@firm.example", d.now.AddDate(-3, 0, 0)),
	} {
		m := d.message("kefu@firm.example", "[T2026-0001]", "#受理")
		m.To = to
		if s := said(m); !strings.Contains(s, "专用回复地址") {
			t.Errorf("%s: %q", name, s)
		}
	}
	// Reading needs no token.
	m := d.message("kefu@firm.example", "[T2026-0001]", "#查看")
	m.To = []Address{{Addr: deskAddr}}
	want(t, "show", sent(d.receive(m), "view"), []string{"kefu"})

	d.p.RequireDomain = true
	d.p.Security = "postmaster@firm.example"
	o := d.receive(d.message("kefu@firm.example", "", "#受理"))
	want(t, "the one whose name it bears is told", sent(o, "impersonated"), []string{"kefu"})
	want(t, "the administrator too", sent(o, "alert"), []string{"postmaster"})
	if len(o.Events) > 0 || o.Hold == "" {
		t.Errorf("domain not verified: %+v", o)
	}
	for name, a := range map[string]Auth{"DMARC": {DMARC: "pass"}, "DKIM": {DKIM: []string{"firm.example"}}, "account": {Submitter: "Kefu@firm.example"}} {
		m := d.message("kefu@firm.example", "", "#语言 "+map[bool]string{true: "en", false: "zh"}[d.c.Lang == "zh"])
		m.Auth = a
		if o := d.receive(m); len(o.Events) != 1 {
			t.Errorf("%s does not vouch for the sender", name)
		}
	}
	for name, a := range map[string]Auth{"DMARC of another": {DMARC: "fail"}, "DKIM of another": {DKIM: []string{"evil.example"}}, "another's account": {Submitter: "li@firm.example"}} {
		m := d.message("kefu@firm.example", "", "#语言 zh")
		m.Auth = a
		if o := d.receive(m); len(o.Events) != 0 {
			t.Errorf("%s vouches for the sender", name)
		}
	}
	m = d.message("kefu@firm.example", "", "#受理")
	m.Froms, m.Auth = 2, Auth{DMARC: "pass"}
	if o := d.receive(m); len(sent(o, "transcript")) > 0 {
		t.Error("a mail with two From addresses commands")
	}
}

func TestStaffMailWithoutCommands(t *testing.T) {
	d := newDesk(t, "zh", "2026-11-24")
	d.client("收费不合理，请处理。")
	m := d.message("kefu@firm.example", "Re: [T2026-0001]", "已电话联系，周五再谈。")
	o := d.receive(m)
	want(t, "kept", sent(o, "note_kept"), []string{"kefu"})
	want(t, "on file", d.c.Log[len(d.c.Log)-1].Text, "已电话联系，周五再谈。")
	m.Automatic, m.ID = 3, 99
	want(t, "damped", len(d.receive(m).Mails), 0)

	d = newDesk(t, "zh", "2026-11-24")
	_, o = d.p.Receive(nil, d.message("kefu@firm.example", "在吗", "请问怎么用？"), d.now)
	want(t, "help", sent(o, "help"), []string{"kefu"})
	if o.Hold == "" {
		t.Error("lost: it names no case and holds no command")
	}
	_, o = d.p.Receive(nil, d.message("kefu@firm.example", "命令", "#受理"), d.now)
	if !strings.Contains(o.Mails[0].Facts.Transcript[0].Did, "没有指明案件") {
		t.Errorf("%+v", o.Mails[0].Facts)
	}
	_, o = d.p.Receive(nil, d.message("li@firm.example", "", "#清单"), d.now)
	want(t, "an investigator's list is their own", o.Mails[0].Facts.Of, "li@firm.example")
	_, o = d.p.Receive(nil, d.message("kefu@firm.example", "", "#list\n#help"), d.now)
	want(t, "the desk's list is whole", o.Mails[0].Facts.Of, "")
	want(t, "two answers and a transcript", len(o.Mails), 3)
	for _, l := range o.Mails[1].Facts.Transcript {
		if strings.HasPrefix(l.Command, "#受理") {
			t.Error("help without a case offers commands on a case")
		}
	}
}

func TestHintsAreNotWords(t *testing.T) {
	d := newDesk(t, "zh", "2026-11-24")
	d.client("收费不合理，请处理。")
	if said := d.refused("kefu", "#事项\n（写下投诉事项，每项一条命令）"); !strings.Contains(said, "提示") {
		t.Errorf("a hint sent as it stands: %q", said)
	}
}

// Every mail to staff carries what moves the case on; each line is one that the
// desk would carry out, or refuse only for the words still to come.
func TestNextCommandsAreReadyToSend(t *testing.T) {
	for _, lang := range []string{"zh", "en"} {
		d := investigatedCase(t, "zh")
		d.p.Language = lang
		for _, p := range d.p.Register.With(AnyStaff) {
			for _, a := range d.p.Next(d.c, p, d.now) {
				cs := ParseCommands(a.Line + "\n" + a.Text)
				if len(cs) == 0 || cs[0].verb == nil || a.Label == "" {
					t.Errorf("%s is offered %q", p.Name, a.Line)
				}
			}
		}
	}
	if (&Policy{}).Next(nil, nil, time.Time{}) != nil {
		t.Error("commands for nobody")
	}
}

func TestRecusals(t *testing.T) {
	d := newDesk(t, "zh", "2026-11-24")
	d.client("收费不合理，请处理。")
	d.staff("kefu", "#受理\n#事项 收费过高\n#指派 li@firm.example")
	o := d.staff("li", "#回避 与投诉人相识")
	want(t, "told", sent(o, "case_news"), []string{"kefu", "zhao"})
	want(t, "assignee", d.c.Assignee, "")
	if said := d.refused("kefu", "#指派 li@firm.example"); !strings.Contains(said, "已回避") {
		t.Errorf("assigned again: %q", said)
	}

	d = answered(t, "zh")
	d.client("我要申诉。")
	o = d.staff("sun", "#回避 曾代理对方当事人")
	want(t, "the chair is told, and that too few are left", sent(o, "case_news"), []string{"chen", "kefu", "chen"})
	want(t, "panel", d.c.Appeal.Panel, []string{"chen@firm.example", "qian@firm.example"})
	for _, who := range []string{"chen", "qian"} {
		d.staff(who, "#表决 维持 同意")
	}
	if said := d.refused("chen", "#决定 维持 同意"); !strings.Contains(said, "需要 3 人") {
		t.Errorf("two voters decide: %q", said)
	}
}

func TestTooFewMembers(t *testing.T) {
	d := answered(t, "zh")
	d.p.Quorum = 4
	o := d.client("我要申诉。")
	d.state(AppealLodged)
	if got := sent(o, "case_news"); len(got) < 2 {
		t.Errorf("told: %v", got)
	}
}

func TestATieIsTheChairs(t *testing.T) {
	d := answered(t, "zh")
	d.client("我要申诉。")
	d.staff("sun", "#表决 维持 适当")
	d.staff("qian", "#表决 变更 偏低")
	d.staff("chen", "#表决 撤销 不当")
	if said := d.refused("chen", "#决定 发回 重查"); !strings.Contains(said, "维持或变更或撤销") {
		t.Errorf("a ruling without a vote: %q", said)
	}
	d.staff("chen", "#决定 变更 理由如下")
	want(t, "minority", len(d.c.pendingDraft().Letter.Decision.Minority), 2)
	d.staff("chen", "#退回 理由需要补充")
	want(t, "tally", d.c.Appeal.Tally(), map[Ruling]int{Affirm: 1, Vary: 1, Quash: 1})
	if said := d.refused("chen", "#表决 也许 不知道"); !strings.Contains(said, "维持、变更") {
		t.Errorf("%q", said)
	}
	d.staff("sun", "#表决 变更 改变意见")
	want(t, "a member votes again", d.c.Appeal.Tally()[Vary], 2)
}
