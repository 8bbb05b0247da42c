package complaints

import (
	"strings"
	"testing"
	"time"
)

// registered sends a #登记 and gives the answer; the case is the desk's.
func (d *desk) registered(who, body string) Outcome {
	d.t.Helper()
	d.c, d.events = nil, nil
	m := d.message(who+"@firm.example", "登记", body)
	m.Attachments = []Attachment{{Name: "通话记录.txt", Type: "text/plain", Size: 3, SHA256: "dd"}}
	return d.receive(m)
}

func TestTelephoneComplaint(t *testing.T) {
	d := newDesk(t, "zh", "2026-11-25") // 10 o'clock
	o := d.registered("kefu", "#登记 渠道=电话 收到=\"2026-11-23 15:20\" 姓名=何平 电话=139-0000-1111 邮箱=heping@client.example\n上诉期已过，没有人提醒。")
	want(t, "channel", d.c.Channel, "phone")
	want(t, "name", d.c.Complainant, Complainant{Name: "何平", Addr: "heping@client.example", Phone: "139-0000-1111"})
	if when := at("2026-11-23", 15).Add(20 * time.Minute); !d.c.Received.Equal(when) {
		t.Errorf("received %s, want %s", d.c.Received, when)
	}
	want(t, "late by", d.c.Breaches[0].Minutes, 18*60+40)
	want(t, "by whom", d.c.Breaches[0].Person, "kefu@firm.example")
	want(t, "acknowledged", sent(o, "ack"), []string{"heping"})
	want(t, "the registrar gets the transcript, the head the case", append(sent(o, "transcript"), sent(o, "new_case")...), []string{"kefu", "zhao"})
	want(t, "evidence", len(d.c.Evidence), 1)

	o = d.registered("li", "#登记 渠道=来访 收到=\"2026-11-25 09:30\" 事项=态度恶劣")
	want(t, "in time", len(d.c.Breaches), 0)
	want(t, "missing", d.c.Missing, []string{"name", "contact"})
	want(t, "nobody to write to", len(sent(o, "ack")), 0)
	if did := o.Mails[len(o.Mails)-1].Facts.Transcript[0].Did; !strings.Contains(did, "没有电子邮件地址") || !strings.Contains(did, "姓名、联系方式") {
		t.Errorf("the registrar was told %q", did)
	}

	for line, says := range map[string]string{
		"#登记 收到=\"2026-11-25 09:30\" 事项=甲":                 "渠道",
		"#登记 渠道=电话 事项=甲":                                   "实际收到的时间",
		"#登记 渠道=电话 收到=昨天 事项=甲":                             "不是时间",
		"#登记 渠道=电话 收到=\"2026-11-26 09:30\" 事项=甲":           "还没有到",
		"#登记 渠道=电话 收到=\"2026-11-25 09:30\" 邮箱=heping 事项=甲": "不是电子邮件地址",
	} {
		d.c = nil
		if said := d.refused("kefu", line); !strings.Contains(said, says) {
			t.Errorf("%s: %q", line, said)
		}
	}
}

func TestMoments(t *testing.T) {
	for v, hour := range map[string]int{"2026-11-23 15:20": 15, "2026/11/23 15：20": 15, "2026年11月23日 下午3:20": 15, "2026-11-23T09:05:00": 9, "2026.11.23": 0, "2026年11月23日上午9时5分": 9} {
		m, ok := parseMoment(v, shanghai)
		if !ok || m.Hour() != hour || m.Day() != 23 {
			t.Errorf("%s: %v %v", v, m, ok)
		}
	}
	for _, v := range []string{"", "昨天", "2026-02-30 10:00", "2026-11-23 25:00", "15:20"} {
		if m, ok := parseMoment(v, shanghai); ok {
			t.Errorf("%q is read as %v", v, m)
		}
	}
}

func TestForwardedByAnEmployee(t *testing.T) {
	d := newDesk(t, "zh", "2026-11-25")
	m := d.message("wang@firm.example", "转：费用", "请处理。")
	m.Forwarded = &Message{From: Address{Name: "刘芳", Addr: "liufang@client.example"}, Subject: "费用", OwnWords: "收费太高，请给个说法。", MessageID: "x@client.example", Date: at("2026-11-23", 9)}
	want(t, "an answer would go to", d.p.Correspondent(m), "liufang@client.example")
	o := d.receive(m)
	want(t, "the complainant", d.c.Complainant.Name, "刘芳")
	want(t, "the matter", d.c.Matter, "收费太高，请给个说法。")
	want(t, "acknowledged", sent(o, "ack"), []string{"liufang"})
	want(t, "late", len(d.c.Breaches), 1)
	if did := o.Mails[len(o.Mails)-1].Facts.Transcript[0].Did; !strings.Contains(did, "刘芳") || !strings.Contains(did, "迟延") {
		t.Errorf("the employee was told %q", did)
	}
}

func TestWebForm(t *testing.T) {
	for name, m := range map[string]*Message{
		"lines": {Text: "姓名：刘芳\n电话：139-0000-2222\n邮箱：LiuFang@client.example\n主题：代书费\n投诉内容：收费太高\n别家只要三百\n来源：官网\n提交时间：2026-11-25 08:00"},
		"JSON":  {Attachments: []Attachment{{Type: "application/json", Content: []byte(`{"name":"刘芳","phone":"139-0000-2222","email":"liufang@client.example","subject":"代书费","message":"收费太高\n别家只要三百","来源":"官网","time":"2026-11-25 08:00"}`)}}},
		"CSV":   {Attachments: []Attachment{{Type: "text/csv", Content: []byte("name,phone,email,subject,message,来源,time\n刘芳,139-0000-2222,liufang@client.example,代书费,\"收费太高\n别家只要三百\",官网,2026-11-25 08:00\n")}, {Name: "a.jpg", Type: "image/jpeg", SHA256: "aa"}}},
		"pairs": {Attachments: []Attachment{{Type: "text/csv", Content: []byte("姓名,刘芳\n电话,139-0000-2222\n邮箱,liufang@client.example\n主题,代书费\n投诉内容,\"收费太高\n别家只要三百\"\n来源,官网\n时间,2026-11-25 08:00\n")}}},
	} {
		d := newDesk(t, "zh", "2026-11-25")
		d.p.WebForm = "form@firm.example"
		m.From, m.Froms, m.Class, m.ID, m.SHA256, m.Date, m.Subject = Address{Addr: "form@firm.example"}, 1, Public, 7, "ff", d.now, "网站表单"
		want(t, name+": answers go to", d.p.Correspondent(m), "liufang@client.example")
		o := d.receive(m)
		want(t, name+": complainant", d.c.Complainant, Complainant{Name: "刘芳", Addr: "liufang@client.example", Phone: "139-0000-2222"})
		want(t, name+": subject", d.c.Subject, "代书费")
		want(t, name+": channel", d.c.Channel, "web")
		want(t, name+": received", d.c.Received.Hour(), 8)
		if !strings.HasPrefix(d.c.Matter, "收费太高\n别家只要三百") || !strings.Contains(d.c.Matter, "官网") {
			t.Errorf("%s: matter %q", name, d.c.Matter)
		}
		want(t, name+": acknowledged", sent(o, "ack"), []string{"liufang"})
	}
	d := newDesk(t, "zh", "2026-11-25")
	d.p.WebForm, d.p.RequireDomain = "form@firm.example", true
	_, o := d.p.Receive(nil, &Message{From: Address{Addr: "form@firm.example"}, Froms: 1, Class: Public, Text: "姓名：冒名"}, d.now)
	if o.Hold == "" || len(o.Events) > 0 {
		t.Error("a form that nobody vouches for was registered")
	}
	if formPart(Attachment{Type: "application/json", Content: []byte("{")}) != nil || formPart(Attachment{Type: "text/csv", Content: []byte("\"")}) != nil {
		t.Error("a broken form part was read")
	}
}

// other opens a further case, as the store would lock it.
func (d *desk) other(ref, from, matter string) *Case {
	d.t.Helper()
	e := &desk{t: d.t, p: d.p, now: d.now, count: map[string]int{"case": 5}}
	m := e.message(from, "另一件", matter)
	m.From.Name = strings.Split(from, "@")[0]
	e.receive(m)
	c := e.c.Clone()
	c.Ref = ref
	return c
}

func TestMerging(t *testing.T) {
	d := newDesk(t, "zh", "2026-11-24")
	d.client("收费不合理，请处理。")
	try := func(line string, others ...*Case) Outcome {
		t.Helper()
		m := d.message("kefu@firm.example", "Re: case", line)
		m.Others = others
		return d.receive(m)
	}
	said := func(o Outcome) string { return o.Mails[len(o.Mails)-1].Facts.Transcript[0].Did }
	same, stranger := d.other("T2026-0006", "zhangkun@client.example", "同一件事"), d.other("T2026-0007", "liufang@client.example", "也是这件事")
	closed := stranger.Clone()
	closed.State = Closed
	conflicted := stranger.Clone()
	conflicted.Allegations = []Allegation{{No: 1, Respondent: "kefu@firm.example"}}
	for line, c := range map[string]struct {
		others []*Case
		says   string
	}{
		"#合并":                   {nil, "并入哪一件"},
		"#合并 T2026-0001":        {nil, "它自己"},
		"#合并 T2026-0099":        {nil, "没有案件"},
		"#合并 T2026-0007":        {[]*Case{stranger}, "征得各方同意"},
		"#合并 T2026-0007 同意=是":   {[]*Case{closed}, "不能再并入"},
		"#合并 T2026-0007 同意=yes": {[]*Case{conflicted}, "利害关系"},
	} {
		if s := said(try(line, c.others...)); !strings.Contains(s, c.says) {
			t.Errorf("%s: %q", line, s)
		}
	}
	want(t, "names", Names(&Message{OwnWords: "#合并 T2026-0006\n#备注 T2026-0009"}), []string{"T2026-0006"})
	o := try("#合并 T2026-0006 同一人同一事", same)
	d.state(Merged)
	want(t, "where it goes on", d.c.MergedInto, "T2026-0006")
	lead := d.others[0]
	want(t, "both numbers", lead.Merged[0], "T2026-0001")
	want(t, "the client is told", sent(o, "merged"), []string{"zhangkun"})
	if !lead.answersTo("T2026-0001") || lead.answersTo("T2026-0404") {
		t.Error("the lead answers to the numbers merged into it")
	}

	d = newDesk(t, "zh", "2026-11-24")
	d.client("收费不合理，请处理。")
	m := d.message("kefu@firm.example", "Re: case", "#合并 T2026-0007 同意=是")
	m.Others = []*Case{stranger}
	d.receive(m)
	want(t, "a group of two", d.others[0].Members[0].Addr, "zhangkun@client.example")
	if !d.others[0].party("ZhangKun@client.example") || d.others[0].member("nobody@x") != nil {
		t.Error("who is party to the group")
	}
}

func TestSplittingAndGroups(t *testing.T) {
	d := newDesk(t, "zh", "2026-11-24")
	d.client("收费不合理，律师没有到庭。")
	d.staff("kefu", "#受理 类别=F1\n#事项 律师没有到庭\n#事项 收费过高\n#事项 没有票据")
	for line, says := range map[string]string{"#拆分": "哪几项", "#拆分 9": "没有第9项", "#拆分 1,2,3": "至少要留下", "#群体 张三": "没有写出电子邮件地址", "#群体": "缺少内容"} {
		if said := d.refused("kefu", line); !strings.Contains(said, says) {
			t.Errorf("%s: %q", line, said)
		}
	}
	o := d.staff("kefu", "#群体\n刘芳 <liufang@client.example>\n2. 何平（heping@client.example）；zhao@client.example\n#拆分 2、3 费用问题另行处理")
	want(t, "each is told", sent(o, "grouped"), []string{"liufang", "heping", "zhao"})
	want(t, "members", len(d.c.Members), 3)
	part := d.others[0]
	want(t, "the new case", part.Ref, "T2026-0002")
	want(t, "its allegations", part.Allegations[1].Text, "没有票据")
	want(t, "its limit", part.Due.Due, d.c.Due.Due)
	want(t, "what stays", len(d.c.Allegations), 1)
	before := d.c.Seq
	d.staff("kefu", "#群体 刘芳 <LiuFang@client.example>")
	want(t, "said twice", d.c.Seq, before)
}

func TestSeverity(t *testing.T) {
	d := newDesk(t, "zh", "2026-11-24")
	d.p.MajorLoss = 100_000
	d.client("错过上诉期，损失12万元。")
	level, why := d.p.Grade(d.c)
	if !level.Major() || len(why) == 0 {
		t.Errorf("suggested: %s %v", level, why)
	}
	for text, most := range map[string]float64{"损失12万元": 120_000, "¥3,000.50": 3000.5, "RMB 2000 and 500 yuan": 2000, "三千": 0} {
		want(t, text, largest(text, strings.ToLower(text), ""), most)
	}
	for line, says := range map[string]string{"#定级": "写明级别", "#定级 天大": "写明级别"} {
		if said := d.refused("kefu", line); !strings.Contains(said, says) {
			t.Errorf("%s: %q", line, said)
		}
	}
	o := d.staff("kefu", "#定级 重大 错过上诉期")
	want(t, "told", sent(o, "graded"), []string{"chen", "zhao"})
	if said := d.refused("kefu", "#定级 一般 没那么严重"); !strings.Contains(said, "主任委员") {
		t.Errorf("lowered by an officer: %q", said)
	}
	if said := d.refused("chen", "#定级 一般"); !strings.Contains(said, "理由") {
		t.Errorf("lowered without a reason: %q", said)
	}
	d.staff("kefu", "#定级 重大")
	d.staff("chen", "#定级 较大 损失尚未发生")
	want(t, "lowered", d.c.Severity.In("en"), "elevated")
	d.p.Management = []string{"ma@firm.example"}
	o = d.staff("kefu", "#定级 特别重大 媒体报道")
	want(t, "management too", sent(o, "graded"), []string{"chen", "ma", "zhao"})
}

func TestWhatANewCaseLooksLike(t *testing.T) {
	d := newDesk(t, "zh", "2026-11-24")
	m := d.message("zhangkun@client.example", "又来投诉", "（2026）京0105民初1234号案件没有律师到庭，损失30万元。")
	m.Similar = []Similar{{Ref: "T2026-0009", Why: []string{"sender", "subject", "words", "matter"}}}
	o := d.receive(m)
	var notes string
	for _, x := range o.Mails {
		if x.Template == "new_case" {
			notes = strings.Join(x.Facts.Notes, "\n")
		}
	}
	if !strings.Contains(notes, "T2026-0009") {
		t.Errorf("the desk was told %q", notes)
	}
	want(t, "marks", Marks("（2026）京0105民初1234号 and HT-2026-0012"), append(d.c.Marks, "HT-2026-0012"))
}
