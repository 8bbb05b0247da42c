package complaints

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// hall is the desk of the tests with a committee that meets.
type hall struct {
	*desk
	mt *Meeting
	k  *Committee
}

func newHall(t *testing.T, lang, day string) *hall {
	return &hall{desk: newDesk(t, lang, day), k: &Committee{}}
}

// write sends a mail about the meeting, if there is one, and records the
// outcome.
func (h *hall) write(who, body string, change ...func(*Message)) Outcome {
	h.t.Helper()
	m := h.message(who+"@firm.example", "Re: meeting", body)
	m.Class = Staff
	if h.mt != nil {
		m.Meeting = h.mt.Clone()
		m.To = []Address{{Addr: Detailed(deskAddr, h.p.Keys.Sign(h.mt.Ref, ForStaff, who+"@firm.example", h.now))}}
	}
	if CallsMeeting(m) {
		m.Meeting, m.Committee = nil, h.k
	}
	for _, f := range change {
		f(m)
	}
	_, o := h.p.Receive(nil, m, h.now)
	if p := o.Meeting; p != nil {
		for _, e := range p.Events {
			if err := e.Number(h); err != nil {
				h.t.Fatal(err)
			}
			kind, body, err := EncodeFact(e.Fact)
			if err != nil {
				h.t.Fatal(err)
			}
			if e.Fact, err = DecodeFact(kind, body); err != nil {
				h.t.Fatal(err)
			}
			if err := p.Meeting.Apply(e); err != nil {
				h.t.Fatal(err)
			}
			if e.Fact.apply(&Case{}, &e) == nil {
				h.t.Errorf("%s is no fact of a case", kind)
			}
		}
		h.mt = p.Meeting
	}
	return o
}

// did sends a command that must be carried out, no one that must not be; they
// give the answer.
func (h *hall) did(who, body string) Outcome {
	h.t.Helper()
	o := h.write(who, body)
	if said := refusals(o); said != "" {
		h.t.Fatalf("%s: %q was refused: %s", who, body, said)
	}
	return o
}

func (h *hall) no(who, body string, change ...func(*Message)) string {
	h.t.Helper()
	o := h.write(who, body, change...)
	if o.Meeting != nil {
		h.t.Fatalf("%s: %q was carried out", who, body)
	}
	said := refusals(o)
	if said == "" {
		h.t.Fatalf("%s: %q was not refused", who, body)
	}
	return said
}

func refusals(o Outcome) string {
	var said []string
	for _, m := range o.Mails {
		for _, l := range m.Facts.Transcript {
			if l.Refused {
				said = append(said, l.Did)
			}
		}
	}
	return strings.Join(said, "\n")
}

func TestMeetingIsCalledAnsweredAndMinuted(t *testing.T) {
	h := newHall(t, "zh", "2026-12-01")
	h.k.Docket, h.k.Figures = []string{"T2026-0007"}, Figures{Open: 4}
	for body, want := range map[string]string{
		"#开会 地点=三楼":                             "请写明会议时间",
		"#开会 时间=2026-12-15 地点=三楼":               "不是会议时间",
		"#开会 时间=2026-11-15 14:00 地点=三楼":         "已经过去",
		"#开会 时间=2026-12-15 14:00":               "请写明地点",
		"#开会 时间=2026-12-15 14:00 至=13:00 地点=三楼": "不是结束时间",
		"#出席":                     "没有指明会议",
		"#请假 出差":                  "没有指明会议",
		"#纪要\n议题：其他":              "没有指明会议",
		"#改期 时间=2026-12-15 14:00": "没有指明会议",
		"#取消会议 无议题":               "没有指明会议",
		"#批准 0123456789ab":        "没有指明案件",
		"#开会 时间=明天 地点=三楼":         "不是会议时间",
		"#开会 时间=2026-12-15 14:00 至=十六点 地点=三楼会议室":   "不是结束时间",
		"#开会 时间=\"2026-12-15 14:00\" 至=16:00 地点=　": "请写明地点",
	} {
		if said := h.no("kefu", body); !strings.Contains(said, want) {
			t.Errorf("%q: %q", body, said)
		}
	}
	if said := h.no("li", "#开会 时间=2026-12-15 14:00 地点=三楼"); !strings.Contains(said, "召集") {
		t.Errorf("called by an investigator: %q", said)
	}
	h.p.Quorum = 9
	if said := h.no("kefu", "#开会 时间=2026-12-15 14:00 地点=三楼"); !strings.Contains(said, "不足法定") {
		t.Errorf("a committee that is too small: %q", said)
	}
	h.p.Quorum = 3
	h.more(Person{Address: "hou@firm.example", Name: "侯补", Roles: []Role{Member}, AlternateFor: "sun@firm.example", Active: true},
		Person{Address: "xu@firm.example", Name: "许任", Roles: []Role{Member}, AlternateFor: AnyMember, Active: true})
	h.change("qian", func(p *Person) { p.Term = Date{2026, 12, 14} }) // over by then

	o := h.did("kefu", "#开会 时间=2026-12-15 14:00 至=16:30 地点=三楼会议室\n年终总结\n明年计划")
	want(t, "ref", h.mt.Ref, "M2026-0001")
	want(t, "invited", sent(o, "meeting_call"), []string{"chen", "sun", "zhao", "kefu"})
	want(t, "agenda", h.mt.Agenda, []string{"年终总结", "明年计划"})
	want(t, "docket", h.mt.Docket, []string{"T2026-0007"})
	want(t, "title", h.mt.Title("zh", shanghai)+" "+h.mt.Title("en", shanghai), "2026年12月例会 Regular meeting, December 2026")
	want(t, "length", h.mt.To.Sub(h.mt.From), 150*time.Minute)
	for _, m := range o.Mails {
		want(t, m.Template+" is about", m.Meeting, NewMeeting)
	}

	h.did("chen", "#出席")
	if said := h.no("qian", "#出席"); !strings.Contains(said, "不在本次会议的通知名单") {
		t.Errorf("who is not invited: %q", said)
	}
	elsewhere := func(m *Message) { m.To = []Address{{Addr: deskAddr}} }
	if said := h.no("sun", "#出席", elsewhere); !strings.Contains(said, "为防冒名") {
		t.Errorf("without the token: %q", said)
	}
	o = h.did("sun", "#请假 出差")
	want(t, "her own alternate", sent(o, "meeting_call"), []string{"hou"})
	want(t, "the secretary knows", sent(o, "meeting_answers"), []string{"kefu"})
	o = h.did("zhao", "#请假 休假")
	want(t, "an alternate for anybody", sent(o, "meeting_call"), []string{"xu"})
	want(t, "there may be enough", sent(o, "meeting_answers"), []string{"kefu"})
	o = h.did("hou", "#请假 生病")
	want(t, "too few: the chair knows too", sent(o, "meeting_answers"), []string{"kefu", "chen"})
	want(t, "coming", h.mt.coming(), 2)
	if o := h.did("hou", "#请假 生病"); o.Meeting != nil {
		t.Error("the same answer was recorded twice")
	}

	if o := h.did("kefu", "#改期 时间=2026-12-15 14:00"); o.Meeting != nil {
		t.Error("moved to where it was")
	}
	if said := h.no("sun", "#改期 时间=2026-12-16 14:00"); !strings.Contains(said, "这条命令由") {
		t.Errorf("moved by a member: %q", said)
	}
	o = h.did("kefu", "#改期 时间=2026-12-16 10:00 避开出庭")
	want(t, "revision", h.mt.Revision, 1)
	want(t, "answers", len(h.mt.Answers), 0)
	want(t, "its length stays", h.mt.To.Sub(h.mt.From), 150*time.Minute)
	want(t, "told", len(sent(o, "meeting_moved")), 6)

	calendar := func(status, attendee string) func(*Message) {
		return func(m *Message) {
			m.Class, m.RSVP = Auto, &RSVP{UID: h.mt.Ref + "@firm.example", Attendee: attendee, Status: status, Comment: "有事"}
		}
	}
	want(t, "tentative is no answer", h.write("sun", "", calendar("TENTATIVE", "sun@firm.example")).Meeting == nil, true)
	if o := h.write("sun", "", calendar("ACCEPTED", "zhao@firm.example")); o.Meeting != nil || o.Hold == "" {
		t.Error("an answer for somebody else was taken")
	}
	if o := h.write("sun", "", calendar("ACCEPTED", "sun@firm.example"), elsewhere); o.Meeting != nil || o.Hold == "" {
		t.Error("an answer that nobody vouches for was taken")
	}
	o = h.write("sun", "", calendar("ACCEPTED", "sun@firm.example"))
	want(t, "by calendar", *h.mt.Answer("sun@firm.example"), Attendance{Member: "sun@firm.example", Coming: true, Reason: "有事"})
	want(t, "a robot gets no answer", len(o.Mails), 0)
	h.did("chen", "#出席")
	h.did("xu", "#出席")

	if said := h.no("kefu", "#纪要\n议题：其他"); !strings.Contains(said, "还没有开始") {
		t.Errorf("minutes in advance: %q", said)
	}
	h.now = at("2026-12-16", 13)
	for body, want := range map[string]string{
		"#改期 时间=2026-12-17 10:00": "已经开始",
		"#取消会议 改期":                "已经开始",
		"#出席":                     "不在本次会议的通知名单",
		"#纪要\n决议：同意\n表决：同意3 反对1":                "多于可参加表决的 3 人",
		"#纪要\n议题：A\n回避：孙丽 系被投诉人\n决议：同意":         "不足法定",
		"#纪要\n议题：A\n回避：张三 不详":                   "到会委员的姓名",
		"#纪要\n议题：A\n后续：负责人=财务部主管 期限=2026-12-31": "写明要做的事",
		"#纪要\n议题：A\n后续：人=张三 期限=2026-12-31 清理":   "名册中没有“张三”",
		"#纪要\n议题：A\n后续：人=李娜 期限=年底 清理":           "不是日期",
		"#纪要 到会=陈思远、无名\n议题：A":                   "名册中没有",
		"#纪要 到会=孙丽、许任、侯补\n议题：A":                 "由哪位委员主持",
		"#纪要 到会=孙丽、许任 主持=陈思远\n议题：A":             "没有到会",
		"#纪要 到会=周敏\n议题：A":                       "请写明到会人员",
		"#纪要 至=9:00\n议题：A":                      "不是结束时间",
		"#纪要 到会=陈思远、孙丽\n议题：A\n决议：同意":            "不足法定",
		"#纪要 下次=明年\n议题：A":                       "",
	} {
		if said := h.no("kefu", body); !strings.Contains(said, want) {
			t.Errorf("%q: %q", body, said)
		}
	}
	o = h.did("kefu", "#纪要 至=11:40 下次=2027-03-16\n议题：T2026-0007 退费争议\n赵刚请假。\n回避：许任 与当事人相识\n讨论了退费比例。\n议题：年终总结\n情况良好。\n决议：通过\n表决：同意2，反对0，弃权1\n后续：负责人=财务部主管 期限=2026-12-31 出具结算单")
	want(t, "who presided approves", sent(o, "minutes_approval"), []string{"chen"})
	f := h.mt.Minutes.Letter.Minutes
	want(t, "items", []string{f.Items[0].Ref + f.Items[0].Title, f.Items[0].Recused[0].Name, f.Items[0].Said[1], f.Items[1].Resolved}, []string{"T2026-0007退费争议", "许任", "讨论了退费比例。", "通过"})
	want(t, "votes", []int{f.Items[1].For, f.Items[1].Against, f.Items[1].Abstain}, []int{2, 0, 1})
	want(t, "excused", []string{f.Excused[0].Name, f.Excused[0].Reason}, []string{"赵刚", "未到会"})
	want(t, "actions", f.Actions, []Measure{{Text: "出具结算单", Owner: "财务部主管", Due: Date{2026, 12, 31}}})
	if said := h.no("kefu", "#批准 "+h.mt.Minutes.Hash[:12]); !strings.Contains(said, "主持人批准") {
		t.Errorf("approved by the secretary: %q", said)
	}
	if said := h.no("chen", "#批准 0123456789ab"); !strings.Contains(said, "校验码") {
		t.Errorf("the hash of other minutes: %q", said)
	}
	want(t, "returned to", sent(h.did("chen", "#退回 漏记"), "minutes_returned"), []string{"kefu"})
	if said := h.no("chen", "#批准 "+h.mt.Minutes.Hash[:12]); !strings.Contains(said, "没有待批准") {
		t.Errorf("what was sent back was approved: %q", said)
	}
	h.did("kefu", "#纪要 到会=陈思远、孙丽、许任、周敏\n一切如常。")
	want(t, "version", h.mt.Minutes.Version, 2)
	want(t, "guests", h.mt.Minutes.Letter.Minutes.Guests[0].Name, "周敏")
	o = h.did("chen", "#批准 "+h.mt.Minutes.Hash[:12])
	want(t, "number", h.mt.Minutes.Letter.Number.String(), "明律投纪〔2026〕1号")
	want(t, "who gets them", sent(o, "minutes"), []string{"chen", "sun", "zhao", "hou", "xu", "kefu"})
	if said := h.no("kefu", "#纪要\n议题：改"); !strings.Contains(said, "不再更改") {
		t.Errorf("minutes that stand were changed: %q", said)
	}
	if b, err := json.Marshal(h.mt); err != nil || strings.Contains(string(b), "ofMeeting") {
		t.Errorf("%s, %v", b, err)
	}
}

// What minutes give people to do becomes a measure of the case under whose item
// it stands, with its reminders; what lacks a person or a date comes back with
// the command to complete.
func TestFollowUpsBecomeMeasures(t *testing.T) {
	h := newHall(t, "zh", "2026-12-01")
	h.client("代理费五千元，开庭无人到庭，请退费。")
	c := h.c
	c.Merged = []string{"T2026-0009"} // its item may bear the number of a case that went into it
	h.c = nil
	h.did("kefu", "#开会 时间=2026-12-15 14:00 地点=三楼会议室")
	for _, who := range []string{"sun", "chen", "zhao"} {
		h.did(who, "#出席")
	}
	h.now = at("2026-12-15", 17)
	o := h.did("kefu", "#纪要\n议题："+c.Ref+" 退费争议\n#后续 负责人=财务部主管 人=李娜 期限=2026-12-31 核对收费台账\n后续：负责人=诉讼部主管 期限=2026-12-25 清理未回复的邮件\n后续：人=li@firm.example 整理庭审记录\n"+
		"议题：T2026-0009 同一事项\n后续：老王 期限=2026-12-30 回访\n后续：王明 期限=2026-12-30 电话回访\n后续：负责人=王明 期限=2026-12-30 回访客户\n议题：T2026-0777 不存在\n后续：负责人=王明 期限=2026-12-30 联系\n议题：年终总结\n后续：负责人=王明 期限=2026-12-30 写总结")
	want(t, "said when they are written", strings.Contains(o.Mails[len(o.Mails)-1].Facts.Transcript[0].Did, "后续工作8项，其中4项"), true)
	want(t, "nothing is handed over before approval", len(sent(o, "measure"))+len(o.Other), 0)
	want(t, "locked with the minutes", Resolving(&Message{OwnWords: "#批准 x", Meeting: h.mt}), []string{c.Ref, "T2026-0009", "T2026-0777"})
	want(t, "only for their approval", len(Resolving(&Message{OwnWords: "#退回 漏记", Meeting: h.mt})), 0)

	approve := "#批准 " + h.mt.Minutes.Hash[:12]
	with := func(m *Message) { m.Others = []*Case{c.Clone()} }
	o = h.write("chen", approve, with)
	want(t, "not refused", refusals(o), "")
	want(t, "one case", len(o.Other), 1)
	part := o.Other[0]
	for _, e := range part.Events {
		if err := c.Apply(e); err != nil {
			t.Fatal(err)
		}
	}
	want(t, "measures", c.Measures, []Measure{
		{Text: "核对收费台账", Owner: "财务部主管", Due: Date{2026, 12, 31}, Person: "li@firm.example", Inner: true, Meeting: "M2026-0001"},
		{Text: "电话回访", Owner: "王明", Due: Date{2026, 12, 30}, Person: "wang@firm.example", Inner: true, Meeting: "M2026-0001"},
		{Text: "回访客户", Owner: "王明", Due: Date{2026, 12, 30}, Person: "wang@firm.example", Inner: true, Meeting: "M2026-0001"}})
	told := Outcome{Mails: part.Mails}
	want(t, "who carries them out", sent(told, "measure"), []string{"li", "wang", "wang"})
	want(t, "who completes the others", sent(told, "followups"), []string{"kefu", "chen"})
	var lines []string
	for _, m := range part.Mails {
		if m.Template == "followups" && m.To.Addr == "kefu@firm.example" {
			for _, l := range m.Facts.Transcript {
				lines = append(lines, l.Command+"|"+l.Did)
			}
		}
	}
	want(t, "with the command", lines, []string{"#后续 会议=M2026-0001 负责人=诉讼部主管 人= 期限=2026-12-25 清理未回复的邮件|没有写明责任人",
		"#后续 会议=M2026-0001 负责人=李娜 人=li@firm.example 期限= 整理庭审记录|没有写明期限", "#后续 会议=M2026-0001 人= 期限= 老王 期限=2026-12-30 回访|没有写明责任人"})
	want(t, "of no case", sent(o, "followups"), []string{"kefu", "chen"})
	again := h.write("chen", approve, with)
	want(t, "approved twice, made once", strings.Contains(refusals(again), "没有待批准") && len(again.Other) == 0, true)

	h.c, h.now = c, at("2026-12-16", 10)
	h.events = nil // the log of the case was not kept here
	d := h.desk
	say := func(who, body string) Outcome {
		base, o := d.p.Receive(d.c, d.message(who+"@firm.example", "Re: case", body), d.now)
		for _, e := range o.Events {
			if err := base.Apply(e); err != nil {
				t.Fatal(err)
			}
		}
		return o
	}
	for body, want := range map[string]string{lines[0][:strings.Index(lines[0], "|")]: "没有写明责任人", "#后续 人=li@firm.example 整理庭审记录": "没有写明期限",
		"#后续 人=li@firm.example 期限=2026-12-25": "缺少内容", "#后续 人=nobody@firm.example 期限=2026-12-25 整理": "名册中没有"} {
		if said := refusals(say("kefu", body)); !strings.Contains(said, want) {
			t.Errorf("%q: %q", body, said)
		}
	}
	o = say("kefu", "#后续 会议=M2026-0001 负责人=诉讼部主管 人=孙丽 期限=2026-12-25 清理未回复的邮件")
	want(t, "completed", sent(o, "measure"), []string{"sun"})
	want(t, "once", strings.Contains(say("kefu", "#后续 会议=M2026-0001 负责人=诉讼部主管 人=孙丽 期限=2026-12-25 清理未回复的邮件").Mails[0].Facts.Transcript[0].Did, "没有改动"), true)
	want(t, "its clock runs at once", measureDue(d.p, d.c).Due, Date{2026, 12, 25})
	want(t, "no letter names it", len(d.c.promised()), 0)
	want(t, "reported as done", sent(say("sun", "#完成 4 已全部回复"), "measure_done"), []string{"kefu", "zhao"})
	want(t, "and verified", refusals(say("zhao", "#验收 4")), "")
	want(t, "the next one is due", measureDue(d.p, d.c).Due, Date{2026, 12, 30})
	d.c.Measures = append([]Measure{{Text: "promised", Owner: "x", Due: Date{2026, 12, 20}}}, d.c.Measures...)
	d.c.MeasuresDone[0].No = 5
	d.c.followUpsOnly()
	want(t, "they outlive a result that is void", []int{len(d.c.Measures), d.c.MeasuresDone[0].No}, []int{4, 4})
}

func TestMeetingIsCancelled(t *testing.T) {
	h := newHall(t, "en", "2026-12-01")
	h.did("chen", "#meeting on=2026-12-19 14:00 place=Room 3 special=yes")
	want(t, "place", h.mt.Place+" / "+h.mt.Title("en", shanghai), "Room 3 / Special meeting, 19 December 2026")
	if said := h.no("chen", "#cancel-meeting"); !strings.Contains(said, "missing") {
		t.Errorf("without a reason: %q", said)
	}
	o := h.did("chen", "#cancel-meeting Nothing to discuss")
	want(t, "told", len(sent(o, "meeting_cancelled")), 4)
	for _, body := range []string{"#attend", "#apologies ill", "#minutes\nItem: A", "#reschedule place=Room 4"} {
		if said := h.no("chen", body); !strings.Contains(said, "cancelled") {
			t.Errorf("%q on a meeting that is off: %q", body, said)
		}
	}
	want(t, "nothing to offer", len(h.p.NextOn(h.mt, h.p.Register.Find("chen@firm.example"), h.now)), 0)
}

// What a mail about a meeting offers is taken as it stands.
func TestMeetingOffersWhatItTakes(t *testing.T) {
	offered := func(h *hall, who string) string {
		var out []string
		for _, a := range h.p.NextOn(h.mt, h.p.Register.Find(who+"@firm.example"), h.now) {
			verb, _, _ := strings.Cut(a.Line, " ")
			out = append(out, verb)
		}
		return strings.Join(out, " ")
	}
	h := newHall(t, "zh", "2026-12-01")
	h.k.Docket = []string{"T2026-0007"}
	h.did("kefu", "#开会 时间=2026-12-15 14:00 地点=三楼会议室")
	want(t, "a member", offered(h, "sun"), "#出席 #请假")
	want(t, "the secretary", offered(h, "kefu"), "#改期 #取消会议")
	want(t, "the chair", offered(h, "chen"), "#出席 #请假 #改期 #取消会议")
	for _, who := range []string{"sun", "chen", "qian"} {
		h.did(who, "#出席")
	}
	want(t, "who comes", offered(h, "sun"), "#请假")
	h.now = at("2026-12-15", 17)
	want(t, "afterwards", offered(h, "kefu")+"/"+offered(h, "sun"), "#纪要/")
	a := h.p.NextOn(h.mt, h.p.Register.Find("kefu@firm.example"), h.now)[0]
	h.did("kefu", a.Line+"\n"+a.Text)
	want(t, "the chair approves", offered(h, "chen"), "#批准 #退回")
	h.did("chen", h.p.NextOn(h.mt, h.p.Register.Find("chen@firm.example"), h.now)[0].Line)
	want(t, "done", offered(h, "chen")+offered(h, "kefu"), "")
}

// C17: a meeting every three months, monthly with many open cases.
func TestPeriodicMeeting(t *testing.T) {
	p := testPolicy(t, "zh")
	p.Management = []string{"ma@firm.example"}
	ask := func(k *Committee, day string) (mails []Mail, asked, missed *MeetingDue) {
		return p.CommitteeDay(k, at(day, 9))
	}
	k := &Committee{}
	if mails, asked, _ := ask(k, "2026-12-01"); len(mails) > 0 || asked != nil {
		t.Error("asked for a meeting where there is no case")
	}
	k.Since = Date{2026, 9, 15}
	if mails, asked, _ := ask(k, "2026-11-30"); len(mails) > 0 || asked != nil {
		t.Error("asked too early")
	}
	// Ten working days before Tuesday 15 December are Tuesday 1 December.
	mails, asked, missed := ask(k, "2026-12-01")
	want(t, "due", *asked, MeetingDue{Base: Date{2026, 9, 15}, Due: Date{2026, 12, 15}})
	want(t, "who is asked", sent(Outcome{Mails: mails}, "meeting_due"), []string{"chen", "kefu", "zhao"})
	want(t, "not missed", missed == nil, true)
	k.Asked = []MeetingDue{*asked}
	again, asked, _ := ask(k, "2026-12-02")
	want(t, "recorded once", asked == nil, true)
	want(t, "under the same key", again[0].Key, mails[0].Key)
	mails, _, missed = ask(k, "2026-12-16")
	want(t, "missed", *missed, MeetingDue{Base: Date{2026, 9, 15}, Due: Date{2026, 12, 15}, Person: "chen@firm.example"})
	want(t, "who is told", sent(Outcome{Mails: mails}, "meeting_missed"), []string{"chen", "kefu", "zhao", "ma"})
	k.Missed = []MeetingDue{*missed}
	mails, _, missed = ask(k, "2026-12-17")
	want(t, "said once", len(mails) == 0 && missed == nil, true)

	m := &Meeting{Ref: "M2026-0001", Seq: 1, Slot: Slot{From: at("2026-12-15", 14), To: at("2026-12-15", 16)}, Invited: []string{"sun@firm.example", "qian@firm.example"}, Secretary: "kefu@firm.example",
		Answers: []Attendance{{Member: "sun@firm.example", Coming: true}}}
	k = &Committee{Since: Date{2026, 9, 15}, Pending: []*Meeting{m}}
	mails, _, _ = ask(k, "2026-12-11")
	want(t, "no answer yet", sent(Outcome{Mails: mails}, "meeting_call"), []string{"qian"})
	mails, _, missed = ask(k, "2026-12-18")
	want(t, "minutes may still come", len(mails) == 0 && missed == nil, true)
	mails, _, _ = ask(k, "2026-12-22")
	want(t, "minutes due", sent(Outcome{Mails: mails}, "minutes_due"), []string{"kefu"})
	k.Asked = []MeetingDue{{Base: Date{2026, 9, 15}, Due: Date{2026, 12, 15}}}
	_, _, missed = ask(k, "2026-12-23")
	want(t, "a meeting without minutes is none", missed != nil, true)

	k = &Committee{Since: Date{2026, 9, 15}, Held: Date{2026, 12, 15}}
	if _, asked, _ = ask(k, "2026-12-31"); asked != nil {
		t.Error("asked although one was held")
	}
	k.Figures.Open = 11
	_, asked, _ = ask(k, "2026-12-31")
	want(t, "monthly", asked.Due, Date{2027, 1, 15})
	_, asked, missed = ask(k, "2027-02-26")
	want(t, "nobody is charged with what they were not told", asked.Due.String()+" "+map[bool]string{true: "in time"}[missed == nil], "2027-03-12 in time")
	k = &Committee{Since: Date{2026, 11, 30}}
	_, asked, _ = ask(k, "2027-02-15")
	want(t, "the last of February", asked.Due, Date{2027, 3, 1}) // 28 February 2027 is a Sunday
}

func TestTermsThatEnd(t *testing.T) {
	d := newDesk(t, "zh", "2026-12-01")
	d.p.Admins = []string{"wang@firm.example"}
	d.change("sun", func(p *Person) { p.Term = Date{2026, 12, 31} })
	d.change("qian", func(p *Person) { p.Term = Date{2027, 1, 1} })
	told := func(day string) string {
		var out []string
		for _, m := range d.p.TermsEnding(at(day, 9)) {
			out = append(out, m.Key)
		}
		return strings.Join(out, " ")
	}
	want(t, "a month before", told("2026-11-30"), "")
	want(t, "soon", told("2026-12-01"), "term/sun@firm.example/2026-12-31/soon/wang@firm.example term/sun@firm.example/2026-12-31/soon/chen@firm.example")
	want(t, "over", strings.Contains(told("2027-01-01"), "sun@firm.example/2026-12-31/over") && strings.Contains(told("2027-01-01"), "qian@firm.example/2027-01-01/soon"), true)
}
