package complaints

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"
)

// taken is a case registered on Tuesday 24 November 2026 and taken on by 李娜.
// Seven working days: 25, 26, 27, 30 November, 1, 2, 3 December.
func taken(t *testing.T, lang string) *desk {
	d := newDesk(t, lang, "2026-11-24")
	d.deliver(d.client("收费不合理，请处理。").Mails)
	d.staff("kefu", "#受理\n#事项 收费过高\n#指派 li@firm.example")
	d.staff("li", "#接受")
	return d
}

func (d *desk) on(day string) *desk {
	d.now = at(day, 10)
	return d
}

func (d *desk) due() string { return d.c.Due.Due.String() }

// A working day is consumed if the clock runs at its 24:00. Asked on Thursday
// the 26th, answered on Tuesday 1 December: the 25th is day 1; the 26th, 27th
// and 30th stand still; the 1st is day 2, 2nd 3, 3rd 4, 4th 5, 7th 6, 8th 7.
func TestPauseForInformation(t *testing.T) {
	d := taken(t, "zh").on("2026-11-26")
	o := d.staff("li", "#补正\n1. 付款凭证 | 核实付款日期和金额\n2、开庭通知｜核实开庭时间")
	d.state(AwaitingClient)
	want(t, "letter", sent(o, "information"), []string{"zhangkun"})
	info := d.c.LastLetter(InformationLetter).Letter.Information
	want(t, "items", info.Items, []InfoItem{{"付款凭证", "核实付款日期和金额"}, {"开庭通知", "核实开庭时间"}})
	want(t, "asked by", info.Due.Due.String(), "2026-12-10")
	want(t, "the old limit", info.OldDue.String(), "2026-12-03")
	o = d.on("2026-12-01").client("付款凭证见附件。")
	d.state(Investigating)
	want(t, "told", sent(o, "resumed"), []string{"zhangkun"})
	want(t, "due", d.due(), "2026-12-08")
	if why := d.c.Due.Explain("zh"); !strings.Contains(why, "11月26日至11月30日中止，不计") || !strings.Contains(why, "第7日 12月8日") {
		t.Errorf("the arithmetic: %s", why)
	}
	// Working days up to 2 December: 25, 26, 27, 30, 1, 2; net of three.
	gross, net := d.p.Spent(d.c, at("2026-12-02", 10))
	want(t, "gross and net", [2]int{gross, net}, [2]int{6, 3})
	if said := d.refused("li", "#补正\n1. 合同 | 核对条款"); !strings.Contains(said, "负责人") {
		t.Errorf("a second request: %q", said)
	}
	if said := d.refused("zhao", "#补正\n合同"); !strings.Contains(said, "用途") {
		t.Errorf("an item without its use: %q", said)
	}
	d.staff("zhao", "#补正\n合同 | 核对条款")
	// Resumed on the same day: nothing is lost.
	d.staff("li", "#恢复 投诉人来电答复")
	want(t, "same day", d.due(), "2026-12-08")
}

// Ten working days from Thursday 26 November: 27, 30, 1, 2, 3 (the fifth), 4,
// 7, 8, 9, 10 December. The clock runs again from 24:00 on the 10th, whenever
// the desk sees it: the 11th is day 2, 14th 3, 15th 4, 16th 5, 17th 6, 18th 7.
func TestRequestUnanswered(t *testing.T) {
	for _, seen := range []string{"2026-12-11", "2026-12-15"} {
		d := taken(t, "zh").on("2026-11-26")
		d.deliver(d.staff("li", "#补正\n付款凭证 | 核实金额").Mails)
		want(t, "early", d.sweep("2026-12-03", 8), []string(nil))
		want(t, "reminded", d.sweep("2026-12-03", 9), []string{"information_reminder zhangkun"})
		want(t, "over", d.sweep(seen, 1), []string{"resumed zhangkun", "case_news 李娜", "case_news 周敏", "case_news 赵刚"})
		d.state(Investigating)
		want(t, "due", d.due(), "2026-12-18")
		want(t, "no breach of the client's", len(d.c.Breaches), 0)
	}
}

// 3 December and five working days: 4, 7, 8, 9, 10. Then seven more by the
// chair: 11, 14, 15, 16, 17, 18, 21. A third is refused.
func TestExtensions(t *testing.T) {
	d := taken(t, "zh").on("2026-12-02")
	for _, c := range [][2]string{
		{"#延期 天数=5 依据=专业鉴定 近期工作繁忙", "不是理由"}, {"#延期 天数=5 依据=其他 等待", "类别"}, {"#延期 天数=8 依据=鉴定 等待", "最多 7"},
		{"#延期 依据=鉴定 等待", "天数"}, {"#延期 天数=5 依据=鉴定", "具体原因"},
	} {
		if said := d.refused("li", c[0]); !strings.Contains(said, c[1]) {
			t.Errorf("%s: %q", c[0], said)
		}
	}
	if said := d.refused("zhao", "#延期 天数=5 依据=鉴定 等待鉴定意见"); !strings.Contains(said, "责任人") {
		t.Errorf("asked by the head: %q", said)
	}
	o := d.staff("li", "#延期 天数=5 依据=专业鉴定 须等待笔迹鉴定意见，预计12月9日作出。")
	want(t, "asked", sent(o, "extension_asked"), []string{"zhao"})
	want(t, "not yet", d.due(), "2026-12-03")
	want(t, "in the head's digest", d.p.Tasks(d.c, d.now)[1], Task{"zhao@firm.example", Item{Ref: "T2026-0001", Clock: "C7", Due: Date{2026, 12, 3}}})
	if said := d.refused("li", "#延期 同意"); !strings.Contains(said, "不能由申请人") {
		t.Errorf("self-granted: %q", said)
	}
	o = d.staff("zhao", "#延期 同意")
	want(t, "granted", d.due(), "2026-12-10")
	want(t, "told", sent(o, "delayed"), []string{"zhangkun"})
	l := d.c.LastLetter(DelayLetter).Letter
	want(t, "both dates", l.Delay.OldDue.String()+" "+l.Delay.NewDue.Due.String(), "2026-12-03 2026-12-10")
	want(t, "who", l.Delay.ApprovedBy.Name+l.Delay.What+l.Delay.Ground, "赵刚extension专业鉴定")
	want(t, "number", l.Number.String(), "明律投延〔2026〕1号")

	d.on("2026-12-09").staff("li", "#延期 天数=7 依据=外部机构材料 等待银行流水。")
	if said := d.refused("zhao", "#延期 同意"); !strings.Contains(said, "陈思远") {
		t.Errorf("the second by the head: %q", said)
	}
	d.staff("chen", "#延期 同意")
	want(t, "second", d.due(), "2026-12-21")
	if said := d.on("2026-12-18").refused("li", "#延期 天数=1 依据=鉴定 再等一日"); !strings.Contains(said, "第三次") {
		t.Errorf("third: %q", said)
	}
	want(t, "on record", len(d.c.Extensions), 2)
	d.on("2026-12-22")
	if said := d.refused("li", "#延期 天数=1 依据=鉴定 再等一日"); !strings.Contains(said, "已过") {
		t.Errorf("after the limit: %q", said)
	}
}

// The committee's fifteen working days may be extended once, by ten, by the
// chair, for a member who asks.
func TestCommitteeExtension(t *testing.T) {
	d := answered(t, "zh")
	d.client("我要申诉。")
	old := d.c.Appeal.Due.Due
	d.staff("sun", "#延期 天数=10 依据=专业鉴定 委员会须听取鉴定人意见。")
	if said := d.refused("sun", "#延期 同意"); said == "" {
		t.Error("granted by who asked")
	}
	d.staff("chen", "#延期 同意 天数=6")
	want(t, "the letter sends nobody to the committee", d.c.LastLetter(DelayLetter).Letter.Delay.Appeal, true)
	want(t, "six more", d.p.Calendar.back(d.c.Appeal.Due.Due, 6), old)
	if said := d.refused("sun", "#延期 天数=2 依据=鉴定 再听取一次。"); !strings.Contains(said, "一次") {
		t.Errorf("again: %q", said)
	}
}

// Suspended on Thursday 26 November, resumed on Monday 11 January 2027: the
// 25th is day 1, 11 January 2, 12th 3, 13th 4, 14th 5, 15th 6, 18th 7. Thirty
// days from the 26th are Saturday 26 December, so the review is on the 28th.
func TestSuspension(t *testing.T) {
	d := taken(t, "zh").on("2026-11-26")
	if said := d.refused("zhao", "#中止 依据=关键人员不在 出差"); !strings.Contains(said, "类别") {
		t.Errorf("no ground for it: %q", said)
	}
	if said := d.refused("li", "#中止 依据=诉讼 已起诉"); !strings.Contains(said, "负责人") {
		t.Errorf("by the handler: %q", said)
	}
	o := d.staff("zhao", "#中止 依据=诉讼 投诉人就同一收费争议已向法院起诉，须待判决。")
	d.state(Suspended)
	want(t, "told", sent(o, "delayed"), []string{"zhangkun"})
	l := d.c.LastLetter(DelayLetter).Letter.Delay
	want(t, "letter", l.What+" "+l.ReviewOn.String(), "pause 2026-12-28")
	want(t, "review", d.sweep("2026-12-28", 9)[0], "SR T 赵刚")
	d.on("2026-12-28").staff("zhao", "#中止 依据=诉讼 判决尚未作出。")
	want(t, "next review", d.c.Stay.ReviewOn.String(), "2027-01-27")
	o = d.on("2027-01-11").staff("zhao", "#恢复 一审判决已生效。")
	d.state(Investigating)
	want(t, "due", d.due(), "2027-01-18")
	want(t, "expected only", d.c.Due.Provisional, true)
	want(t, "told", sent(o, "delayed"), []string{"zhangkun"})

	// 180 days from 26 November are 25 May: then it is for the committee.
	d = taken(t, "zh").on("2026-11-26")
	d.staff("zhao", "#中止 依据=诉讼 投诉人已起诉。")
	want(t, "until", d.c.Stay.Until.String(), "2027-05-25")
	if said := d.on("2027-05-25").refused("zhao", "#中止 依据=诉讼 继续"); !strings.Contains(said, "主任委员") {
		t.Errorf("after 180 days: %q", said)
	}
	told := strings.Join(d.sweep("2027-05-25", 9), ";")
	if !strings.Contains(told, "SM T 陈思远") {
		t.Errorf("the chair was not told: %s", told)
	}
	d.staff("chen", "#中止 依据=诉讼 判决在即。")
}

// A missed limit: the letter of delay lies before the head, who issues it.
func TestLetterOfDelay(t *testing.T) {
	d := taken(t, "zh")
	d.sweep("2026-12-04", 0)
	x := d.c.pendingDraft()
	if x == nil || x.Letter.Delay.What != DelayLate || !strings.Contains(x.Letter.Delay.Reason, "1项") {
		t.Fatalf("draft %+v", x)
	}
	want(t, "drafted by", x.Drafter, TheDesk)
	d.render()
	if said := d.refused("li", "#迟延 最近太忙"); !strings.Contains(said, "不是理由") {
		t.Errorf("busy: %q", said)
	}
	d.on("2026-12-04").staff("li", "#迟延 至=2026-12-09 收费明细由财务部核对中，尚缺两张凭证。")
	want(t, "until", d.c.pendingDraft().Letter.Delay.NewDue.Due.String(), "2026-12-09")
	o := d.staff("zhao", "#批准 "+d.c.pendingDraft().DraftHash[:12])
	want(t, "sent", sent(o, "delayed"), []string{"zhangkun"})
	d.state(Investigating)
}

// Registered on Monday 28 December 2026: 29, 30, 31, then 4, 5, 6, 7 January
// by the projection. The table makes it earlier, or later, or neither.
func TestNewTable(t *testing.T) {
	for _, c := range []struct{ off, work, due, told, counted string }{
		{`["2027-01-01","元旦"],["2027-01-02","元旦"],["2027-01-03","元旦"]`, ``, "2027-01-07", "", ""},
		{`["2027-01-01","元旦"]`, `["2027-01-02","元旦"]`, "2027-01-06", "2027-01-07", ""},
		{`["2027-01-01","元旦"],["2027-01-04","元旦"]`, ``, "2027-01-07", "", "2027-01-08"},
	} {
		d := newDesk(t, "zh", "2026-12-28")
		d.client("收费不合理，请处理。")
		want(t, "provisional", d.due()+fmt.Sprint(d.c.Due.Provisional), "2027-01-07true")
		want(t, "asks for it", len(d.p.CalendarDue(d.now)), 0) // nobody is administrator
		cal, err := ParseCalendar("cn", []byte(`{"years":{"2026":{"status":"official"},"2027":{"status":"official","off":[`+c.off+`],"work":[`+c.work+`]}}}`))
		if err != nil {
			t.Fatal(err)
		}
		d.p.Calendar = cal
		d.record(d.c.Clone(), d.p.Recount(d.c, 7, d.now))
		want(t, "due", d.due(), c.due)
		want(t, "official", d.c.Due.Provisional, false)
		want(t, "told", d.c.Due.Told.String(), c.told)
		want(t, "counted", d.c.Due.Counted.String(), c.counted)
		want(t, "twice", len(d.p.Recount(d.c, 7, d.now).Events), 0)
		if c.counted != "" && !strings.Contains(d.c.Due.Explain("zh"), "仍以已告知的2027年1月7日为准") {
			t.Errorf("both dates: %s", d.c.Due.Explain("zh"))
		}
	}
}

func TestTableByMail(t *testing.T) {
	d := newDesk(t, "zh", "2026-11-24")
	d.p.Admins = []string{"qian@firm.example"}
	write := func(who, line, table string) Outcome {
		m := d.message(who+"@firm.example", "日历", line)
		if table != "" {
			sum := sha256.Sum256([]byte(table))
			m.Attachments = []Attachment{{Name: "2027.json", Content: []byte(table), SHA256: hex.EncodeToString(sum[:])}}
		}
		return d.receive(m)
	}
	said := func(o Outcome) string { return o.Mails[len(o.Mails)-1].Facts.Transcript[0].Did }
	line := "#日历 2027 来源=https://www.gov.example/2027 文号=国办发明电〔2026〕9号"
	table := `{"years":{"2027":{"status":"official","off":[["2027-01-01","元旦"]],"work":[["2027-02-14","春节"]]}}}`
	for _, c := range [][4]string{
		{"kefu", line, table, "管理员"}, {"qian", "#日历 2027", table, "来源"}, {"qian", line, "", "附件"}, {"qian", line, "{", "不是工作日表"},
		{"qian", line, strings.Replace(table, "official", "provisional", 1), "正式"}, {"qian", strings.Replace(line, "2027", "2028", 1), table, "不符"},
	} {
		o := write(c[0], c[1], c[2])
		if o.Proposed != nil || !strings.Contains(said(o), c[3]) {
			t.Errorf("%s: %q, want %q", c[1], said(o), c[3])
		}
	}
	o := write("qian", line, table)
	want(t, "put forward", o.Proposed.Years, []int{2027})
	want(t, "to", sent(o, "calendar_proposed"), []string{"chen", "zhao"})
	approve := func(who, hash string) Outcome {
		m := d.message(who+"@firm.example", "Re: 日历", "#批准 "+hash)
		m.Tables = []Table{*o.Proposed}
		return d.receive(m)
	}
	hash := o.Proposed.Hash[:12]
	for _, c := range [][3]string{{"qian", hash, "另一人"}, {"kefu", hash, "管理员"}, {"zhao", "0123456789ab", "没有校验码"}, {"zhao", hash[:11], "校验码"}} {
		if r := approve(c[0], c[1]); r.Loaded != nil || !strings.Contains(said(r), c[2]) {
			t.Errorf("%v: %q", c, said(r))
		}
	}
	want(t, "approved", approve("zhao", hash).Loaded.Approver, "zhao@firm.example")
}

// Saturday 10 October 2026 is worked, Sunday the 11th is not.
func TestDigest(t *testing.T) {
	d := taken(t, "zh")
	day := func(s string, hour, minute int) bool {
		_, ok := d.p.DigestDay(at(s, hour).Add(time.Duration(minute) * time.Minute))
		return ok
	}
	want(t, "working Saturday", day("2026-10-10", 8, 30), true)
	want(t, "too early", day("2026-10-10", 8, 29), false)
	want(t, "Sunday", day("2026-10-11", 9, 0), false)
	who := func(day string) []string {
		var out []string
		for _, m := range d.p.Digest(d.p.Tasks(d.c, at(day, 9)), Date{2026, 12, 7}) {
			out = append(out, fmt.Sprintf("%s %s %v", m.Key, m.Facts.Items[0].Clock, m.Facts.Items[0].Late))
		}
		return out
	}
	want(t, "nothing near", who("2026-11-30"), []string(nil))
	want(t, "two days before", who("2026-12-01"), []string{"digest/2026-12-07/li@firm.example C4 false"})
	want(t, "overdue", who("2026-12-07"), []string{"digest/2026-12-07/chen@firm.example C4 true", "digest/2026-12-07/li@firm.example C4 true", "digest/2026-12-07/zhao@firm.example C4 true"})

	d.p.Admins = []string{"qian@firm.example"}
	want(t, "C19 too early", len(d.p.CalendarDue(at("2026-10-24", 9))), 0)
	first, later := d.p.CalendarDue(at("2026-10-26", 9)), d.p.CalendarDue(at("2026-11-02", 9))
	want(t, "C19", first[0].Key+" "+later[0].Key, "calendar/2027/week0/qian@firm.example calendar/2027/week1/qian@firm.example")
}

// The table of limits says what casework B.3 says.
func TestTableOfClocks(t *testing.T) {
	p := testPolicy(t, "zh")
	limits := map[string]string{
		"C1": "24 hours", "C2": "1 working", "C3": "2 working", "C3a": "1 working", "C4": "7 working pauses", "C5": "2 working", "C6": "10 working", "C7": "15 working", "C8": "30 calendar",
		"C9": "1 working", "C10": "15 working pauses", "C11": "calendar", "C12": "calendar", "C13": "3 working", "C14": "5 working pauses", "C15": "56 calendar", "CV": "5 working", "EX": "calendar", "C19": "", "SR": "30 calendar", "SM": "180 calendar",
	}
	for _, k := range clocks {
		got := k.Unit
		if k.Limit != nil {
			got = fmt.Sprintf("%d %s", k.Limit(p), k.Unit)
		}
		if k.Pauses {
			got += " pauses"
		}
		want(t, k.ID, got, limits[k.ID])
		for _, f := range []string{k.Start, k.Stop} {
			if f != "" && f != "received" && facts[f] == nil {
				t.Errorf("%s runs from or to %q, which is no fact", k.ID, f)
			}
		}
		if (k.Runs == nil) != (k.Due == nil) {
			t.Errorf("%s: states and due day go together", k.ID)
		}
		delete(limits, k.ID)
	}
	want(t, "rows missing", len(limits), 0)
}
