package complaints

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func did(o Outcome) string {
	var out []string
	for _, m := range o.Mails {
		for _, l := range m.Facts.Transcript {
			out = append(out, l.Did)
		}
	}
	return strings.Join(out, "\n")
}

func TestTelephoneFields(t *testing.T) {
	d := newDesk(t, "zh", "2026-11-24")
	d.now = at("2026-11-24", 16)
	m := d.message("qian@firm.example", "", "#登记 渠道=电话 收到=2026-11-23 15:20 姓名=张堃 电话=138-0000-5678 邮箱=zhangkun@client.example 事项=开庭律师没有到场，也没有事先告知，要求退费\n来电人语气急切。")
	m.Attachments = []Attachment{{Name: "通话记录.txt", SHA256: "aa"}}
	o := d.receive(m)
	d.state(Registered)
	want(t, "channel", d.c.Channel, "phone")
	want(t, "received", d.c.Received.Equal(time.Date(2026, 11, 23, 15, 20, 0, 0, shanghai)), true)
	want(t, "complainant", d.c.Complainant, Complainant{Name: "张堃", Addr: "zhangkun@client.example", Phone: "138-0000-5678"})
	want(t, "matter", d.c.Matter, "开庭律师没有到场，也没有事先告知，要求退费\n来电人语气急切。")
	want(t, "registrar", d.c.Registrar, "qian@firm.example")
	want(t, "evidence", d.c.Evidence[0].Name, "通话记录.txt")
	want(t, "late: 24 h and 40 min after the call", d.c.Breaches, []Breached{{Clock: "C1", Person: "qian@firm.example", Minutes: 40}})
	want(t, "acknowledged", sent(o, "ack"), []string{"zhangkun"})
	want(t, "the letter says how and when", d.c.Letters[0].Letter.Ack.Received.Format("01-02 15:04")+d.c.Letters[0].Letter.Ack.Channel, "11-23 15:20phone")
	want(t, "desk", sent(o, "new_case"), []string{"kefu", "zhao"})
	want(t, "registrar is answered", sent(o, "transcript"), []string{"qian"})
	if s := did(o); !strings.Contains(s, "迟延40分钟") {
		t.Errorf("the registrar was told %q", s)
	}
	want(t, "due is counted from registration", d.c.Due.Due.String(), "2026-12-03")
}

func TestRegisterTable(t *testing.T) {
	for _, c := range []struct{ line, says string }{
		{"#登记 渠道=电话 姓名=张堃 事项=态度恶劣", "实际收到的时间"},
		{"#登记 收到=2026-11-24 09:00 事项=态度恶劣", "渠道"},
		{"#登记 渠道=飞鸽 收到=2026-11-24 09:00 事项=态度恶劣", "渠道"},
		{"#登记 渠道=来访 收到=昨天下午 事项=态度恶劣", "不是时间"},
		{"#登记 渠道=来访 收到=2026-11-25 09:00 事项=态度恶劣", "还没有到"},
		{"#登记 渠道=来访 收到=2026-11-24 09:00 邮箱=不详 事项=态度恶劣", "不写即可"},
		{"#登记 渠道=来访 收到=2026-11-24 09:00 事项=态度恶劣\n#受理", "这条命令由"},
		{"#登记 渠道=来访 收到=2026-11-24 09:00 事项=一\n#登记 渠道=来访 收到=2026-11-24 09:00 事项=二", "一封邮件一件"},
	} {
		d := newDesk(t, "zh", "2026-11-24")
		if said := d.refused("qian", c.line); !strings.Contains(said, c.says) {
			t.Errorf("%s: %q, want %q in it", c.line, said, c.says)
		}
	}
	for _, c := range []struct {
		line, channel, received string
		missing                 []string
	}{
		{"#登记 渠道=来访 收到=2026-11-24 事项=态度恶劣", "visit", "2026-11-24 00:00", []string{"name", "contact", "evidence"}},
		{"#登记 渠道=信函 收到=2026年11月23日 下午3:20 姓名=王芳", "post", "2026-11-23 15:20", []string{"contact", "matter", "evidence"}},
		{"#register channel=telephone received=\"2026-11-24 09:10\" name=\"Jane Hart\" phone=1234 matter=He was rude, and loud", "phone", "2026-11-24 09:10", []string{"evidence"}},
		{"＃登记 渠道＝监管 收到：2026/11/24 09：10 姓名＝司法局转办 事项＝收费过高", "regulator", "2026-11-24 09:10", []string{"contact", "evidence"}},
	} {
		d := newDesk(t, "zh", "2026-11-24")
		o := d.staff("kefu", c.line)
		want(t, c.line, d.c.Channel, c.channel)
		want(t, c.line, d.c.Received.In(shanghai).Format("2006-01-02 15:04"), c.received)
		want(t, c.line, d.c.Missing, c.missing)
		want(t, c.line+": no address, no mail to the client", len(sent(o, "ack")), 0)
		want(t, c.line+": the registrar has the transcript", sent(o, "new_case"), []string{"zhao"})
	}
	d := newDesk(t, "zh", "2026-11-24")
	d.client("收费不合理，请处理。")
	if said := d.refused("kefu", "#登记 渠道=来访 收到=2026-11-24 09:00 事项=态度恶劣"); !strings.Contains(said, "另写一封") {
		t.Errorf("on another case: %q", said)
	}
}

func TestFormsOfManyKinds(t *testing.T) {
	form := func(d *desk, text string, files ...Attachment) Outcome {
		m := d.message("form@firm.example", "网站投诉", text)
		m.Class, m.Why, m.Attachments = Auto, "Auto-Submitted", files
		return d.receive(m)
	}
	fields := func(c *Case) string {
		return strings.Join([]string{c.Channel, c.Complainant.Name, c.Complainant.Addr, c.Complainant.Phone, c.Matter, c.Received.In(shanghai).Format("02 15:04")}, "|")
	}
	for name, c := range map[string]struct {
		text  string
		files []Attachment
		want  string
	}{
		"Chinese lines": {"姓名：张堃\n电话：138 0000 5678\n电子邮箱：ZhangKun@client.example\n所在城市：北京\n投诉内容：律师没有到场。\n我要求：退费。\n", nil,
			"web|张堃|zhangkun@client.example|138 0000 5678|律师没有到场。\n我要求：退费。\n所在城市: 北京|24 10:00"},
		"English lines": {"Name: Jane Hart\nEmail: jane@client.example\nMessage: He did not attend.\nI want a refund.\n", nil,
			"web|Jane Hart|jane@client.example||He did not attend.\nI want a refund.|24 10:00"},
		"JSON": {"see attachment", []Attachment{{Name: "form.json", Type: "application/json", Content: []byte(`{"name":"张堃","email":"zhangkun@client.example","message":"律师没有到场","caseno":12}`)}},
			"web|张堃|zhangkun@client.example||律师没有到场\ncaseno: 12|24 10:00"},
		"CSV with a heading": {"", []Attachment{{Name: "f.csv", Type: "text/csv", Content: []byte("\ufeff姓名,电话,投诉内容\n张堃,138,律师没有到场\n")}}, "web|张堃||138|律师没有到场|24 10:00"},
		"CSV of pairs":       {"", []Attachment{{Name: "f.csv", Type: "text/csv", Content: []byte("姓名,张堃\n投诉内容,律师没有到场\n")}}, "web|张堃|||律师没有到场|24 10:00"},
		"nothing readable":   {"律师没有到场", nil, "web|来电人|||律师没有到场|24 10:00"},
	} {
		d := newDesk(t, "zh", "2026-11-24")
		d.p.WebForm = "form@firm.example"
		o := form(d, c.text, c.files...)
		want(t, name, fields(d.c), c.want)
		want(t, name+": structured parts are read, not kept as evidence", len(d.c.Evidence), 0)
		if d.c.Complainant.Addr != "" {
			want(t, name, len(sent(o, "ack")), 1)
		}
	}
	d := newDesk(t, "zh", "2026-11-24")
	d.p.WebForm, d.p.RequireDomain, d.p.Security = "form@firm.example", true, "postmaster@firm.example"
	if o := form(d, "姓名：张堃"); o.Hold == "" || len(o.Events) > 0 || len(sent(o, "alert")) != 1 {
		t.Errorf("a forged form: %+v", o)
	}
	want(t, "the damper counts the complainant", d.p.Correspondent(&Message{From: Address{Addr: "form@firm.example"}, Froms: 1, Text: "邮箱：a@b.example"}), "a@b.example")
}

func TestForwardedLate(t *testing.T) {
	d := newDesk(t, "zh", "2026-11-24")
	m := d.message("sun@firm.example", "Fw: 退费", "请处理")
	m.Forwarded = &Message{From: Address{Name: "张堃", Addr: "zhangkun@client.example"}, Subject: "退费", OwnWords: "律师没有到场，请退费。", Date: at("2026-11-22", 9), MessageID: "x@client.example"}
	o := d.receive(m)
	want(t, "complainant", d.c.Complainant.Addr, "zhangkun@client.example")
	want(t, "registrar", d.c.Registrar, "sun@firm.example")
	want(t, "matter", d.c.Matter, "律师没有到场，请退费。")
	want(t, "late", d.c.Breaches, []Breached{{Clock: "C1", Person: "sun@firm.example", Minutes: 25 * 60}})
	want(t, "acknowledged", sent(o, "ack"), []string{"zhangkun"})
	want(t, "the forwarder is told", sent(o, "transcript"), []string{"sun"})
	want(t, "the answer goes into the client's thread", o.Mails[0].InReplyTo, "x@client.example")

	d = newDesk(t, "zh", "2026-11-24")
	m = d.message("sun@firm.example", "Fw: 值班表", "请看")
	m.Forwarded = &Message{From: Address{Addr: "li@firm.example"}, OwnWords: "值班表"}
	if o := d.receive(m); o.Hold == "" || d.c != nil {
		t.Error("a colleague's mail was taken for a complaint")
	}
}

func TestSimilarIsSuggested(t *testing.T) {
	d := newDesk(t, "zh", "2026-11-24")
	m := d.message("zhangkun@client.example", "退费", "（2026）京0105民初1234号案，律师没有到场，请退费。")
	m.Similar = []Similar{{Ref: "T2026-0007", Why: []string{"matter", "sender"}}}
	o := d.receive(m)
	want(t, "marks", d.c.Marks, []string{"(2026)京0105民初1234号"})
	for _, m := range o.Mails {
		if m.Template == "new_case" && !strings.Contains(strings.Join(m.Facts.Notes, ""), "#合并 T2026-0007") {
			t.Errorf("the desk was told %q", m.Facts.Notes)
		}
	}
	for text, marks := range map[string][]string{
		"合同 MLS-2026-0815 与 T2026-0001": {"MLS-2026-0815"}, "2026年11月24日交费8000元": nil, "(2025)沪01民终88号、（2025）沪01民终88号": {"(2025)沪01民终88号"},
	} {
		want(t, text, Marks(text), marks)
	}
}

func TestGrade(t *testing.T) {
	p := testPolicy(t, "zh")
	for _, c := range []struct {
		matter string
		c      Case
		level  Severity
		why    string
	}{
		{"律师态度不好", Case{}, Normal, ""},
		{"多收了 1,500 元差旅费", Case{}, Normal, ""},
		{"收费3万元，没有做事", Case{}, Elevated, "人民币30,000元"},
		{"因漏交材料损失 120,000.00 元", Case{}, Major, "人民币120,000元"},
		{"损失二百万，即 ¥2,000,000", Case{}, Critical, "人民币2,000,000元"},
		{"律师错过了诉讼时效", Case{}, Major, "法定期限"},
		{"我已向司法局反映", Case{}, Major, "监管机关"},
		{"再不解决我就跳楼", Case{}, Critical, "人身安全"},
		{"律师伪造了我的签名", Case{}, Major, "犯罪"},
		{"The lawyer had a conflict of interest", Case{}, Major, "利益冲突"},
		{"态度不好", Case{Category: "F4"}, Major, "类别F4"},
		{"态度不好", Case{Category: "Q1"}, Elevated, "类别Q1"},
		{"态度不好", Case{Channel: "regulator"}, Major, "监管机关转办"},
		{"态度不好", Case{Members: make([]Complainant, 4)}, Major, "5人"},
		{"态度不好", Case{Allegations: []Allegation{{No: 1, Respondent: "赵刚"}}}, Major, "赵刚"},
		{"态度不好", Case{Allegations: []Allegation{{No: 1, Respondent: "li@firm.example"}}}, Normal, ""},
		{"态度不好", Case{Appeal: &Appeal{Ruling: Quash}}, Major, "委员会改变"},
	} {
		c.c.Matter = c.matter
		level, why := p.Grade(&c.c)
		if level != c.level || c.why != "" && !strings.Contains(strings.Join(why, "；"), c.why) {
			t.Errorf("%s: %s %q, want %s %q", c.matter, level, why, c.level, c.why)
		}
	}
}

// A form is tried only where one of its stems stands: what it can match must
// hold one.
func TestStems(t *testing.T) {
	for form, want := range map[string]string{
		`(?i)fraud|brib(e|ery)`: "fraud brib", `泄密|泄露.{0,12}(信息|隐私)`: "泄", `(错过|过了).{0,10}时效`: "错过 过了", `(ab)+c?`: "ab", `x(y|zz)`: "x",
		`a*`: "", `[甲乙]方`: "乙 甲", `\d+`: "", `(?i)Kill (him|her)`: "kill ", `[ab]c|d*`: "", `(?:元|￥)\s*[0-9]`: "元 ￥",
	} {
		f := find(form)
		if got := strings.Join(f.stems, " "); got != want {
			t.Errorf("%s: %q, want %q", form, got, want)
		}
	}
	for _, k := range criteria {
		if k.words.stems == nil {
			t.Errorf("%s is tried on every text", k.en)
		}
	}
	for code, f := range moneyForms {
		if f.stems == nil || slices.Contains(f.stems, "") {
			t.Errorf("%s: stems %q", code, f.stems)
		}
	}
}

func TestGradingUpAndDown(t *testing.T) {
	d := newDesk(t, "zh", "2026-11-24")
	d.p.Management = []string{"boss@firm.example"}
	d.client("收费不合理，请处理。")
	o := d.staff("kefu", "#分类 F4")
	if !strings.Contains(did(o), "#定级 重大") {
		t.Errorf("no advice: %q", did(o))
	}
	o = d.staff("kefu", "#定级 重大 私自收费")
	want(t, "severity", d.c.Severity, Major)
	want(t, "told", sent(o, "graded"), []string{"chen", "zhao"})
	o = d.staff("li", "#定级 特别重大 媒体已介入")
	want(t, "management at once", sent(o, "graded"), []string{"boss", "zhao"})
	for who, says := range map[string]string{"kefu": "主任委员", "zhao": "主任委员"} {
		if said := d.refused(who, "#定级 一般 误判"); !strings.Contains(said, says) {
			t.Errorf("%s lowers: %q", who, said)
		}
	}
	if said := d.refused("chen", "#定级 一般"); !strings.Contains(said, "理由") {
		t.Errorf("lowered without a reason: %q", said)
	}
	d.staff("chen", "#定级 较大 经核实金额不大")
	want(t, "lowered", d.c.Severity, Elevated)
	if said := d.refused("kefu", "#定级 严重"); !strings.Contains(said, "特别重大") {
		t.Errorf("unknown grade: %q", said)
	}
}

// Who is in a vulnerable position is looked after: whoever works on the case
// knows what they need, the grade goes up, and no letter says it.
func TestVulnerable(t *testing.T) {
	d := registered(t)
	if did := d.refused("kefu", "#弱势 情形=贫困 请分期"); !strings.Contains(did, "健康、变故、承受力、能力") {
		t.Errorf("an unknown driver: %q", did)
	}
	if did := d.refused("kefu", "#弱势 情形=健康"); !strings.Contains(did, "需要怎样的照顾") {
		t.Errorf("without what is needed: %q", did)
	}
	o := d.staff("kefu", "#弱势 情形=健康、capability 致诉=是 听力不便，请以书面联系")
	want(t, "support", *d.c.Support, Vulnerable{Drivers: []string{"health", "capability"}, Cause: true, Need: "听力不便，请以书面联系"})
	if len(sentTo(o.Mails, "case_news", "zhao@firm.example")) != 1 {
		t.Errorf("the head is not told: %+v", o.Mails)
	}
	if level, why := d.p.Grade(d.c); level != Elevated || !strings.Contains(strings.Join(why, "；"), "处境困难") {
		t.Errorf("graded %s: %q", level, why)
	}
	d.staff("kefu", "#弱势 解除=是 已康复")
	if d.c.Support != nil {
		t.Errorf("lifted: %+v", d.c.Support)
	}
}
