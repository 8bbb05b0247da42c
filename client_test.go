package complaints

import (
	"strings"
	"testing"
)

func TestWishes(t *testing.T) {
	for _, c := range []struct {
		own, kind string
		clear     bool
		text      string
	}{
		{"#申诉\n退费太少", "appeal", true, "退费太少"},
		{"#申诉 退费太少\n\n请重新处理", "appeal", true, "退费太少\n请重新处理"},
		{"我要申诉", "appeal", true, ""},
		{"您好！\n我要申诉。\n退费太少。", "appeal", true, "退费太少。"},
		{"我不服，要求申诉。退费太少。", "appeal", true, "退费太少。"},
		{"本人对处理结果不服。理由如下", "appeal", true, "理由如下"},
		{"现提出申诉", "appeal", true, ""},
		{"我要向投诉处理委员会提出申诉。", "appeal", true, ""},
		{"I wish to appeal.\nToo little.", "appeal", true, "Too little."},
		{"Dear Ms Zhou,\nI appeal against the decision.", "appeal", true, ""},
		{"我暂时不申诉，谢谢。", "appeal", false, ""},
		{"请问怎么申诉？", "appeal", false, ""},
		{"如果不退钱我要申诉", "appeal", false, ""},
		{"我保留申诉的权利", "appeal", false, ""},
		{"I may appeal if you do not pay.", "appeal", false, ""},
		{"How do I appeal?", "appeal", false, ""},
		{"撤回投诉", "withdraw", true, ""},
		{"我申请撤回本次投诉。", "withdraw", true, ""},
		{"I want to withdraw my complaint.", "withdraw", true, ""},
		{"我不会撤回投诉。", "withdraw", false, ""},
		{"接受", "accept", true, ""},
		{"我同意该方案。", "accept", true, ""},
		{"我不接受这个方案", "accept", false, ""},
		{"I accept the offer.", "accept", true, ""},
		{"进度", "status", true, ""},
		{"请问办理进度如何？", "status", true, ""},
		{"#进度", "status", true, ""},
		{"status", "status", true, ""},
		{"我的投诉进度如何？", "status", true, ""},
		{"What is the status of my complaint?", "status", true, ""},
		{"How is my complaint getting on?", "status", true, ""},
		{"Any news about my case?", "status", true, ""},
		{"Please withdraw my complaint.", "withdraw", true, ""},
		{"I withdraw my complaint.\nThe receipt has come.", "withdraw", true, "The receipt has come."},
		{"I will not withdraw my complaint.", "withdraw", false, ""},
		{"Should I withdraw?", "withdraw", false, ""},
		{"I might withdraw it if you pay.", "withdraw", false, ""},
		{"I accept your proposal.", "accept", true, ""},
		{"I do not accept the outcome.", "accept", false, ""},
		{"Can I accept the offer in part?", "accept", false, ""},
		{"I accept the offer but want interest too.", "accept", false, ""},
		{"我接受道歉，但退费太少", "", false, ""},
		{"Is it too late to appeal?", "appeal", false, ""},
		{"The progress report was useless.", "", false, ""},
		{"附件是转账记录。", "", false, ""},
		{"谢谢", "", false, ""},
		{"", "", false, ""},
		{"#查看", "", false, ""},
	} {
		w := readWish(c.own)
		if w.kind != c.kind || w.clear != c.clear || c.clear && w.text != c.text {
			t.Errorf("%q: %+v, want %s clear %v %q", c.own, w, c.kind, c.clear, c.text)
		}
	}
}

func TestClientsWords(t *testing.T) {
	d := answered(t, "zh")
	for _, c := range []struct{ says, gets string }{
		{"进度", "status"}, {"请问怎么申诉？", "unclear"}, {"收到，谢谢。", "received"}, {"接受", "offer_accepted"}, {"撤回投诉", "withdrawal"},
	} {
		o := d.client(c.says)
		if len(sent(o, c.gets)) != 1 {
			t.Errorf("%q: not answered with %s but %v", c.says, c.gets, o.Mails[0].Template)
		}
		want(t, c.says+": staff are told", sent(o, "client_replied"), []string{"li", "kefu", "zhao"})
	}
	want(t, "the remedy first", strings.Contains(d.refused("kefu", "#结案"), "#履行"), true)
	m := d.message("kefu@firm.example", "Re: case", "#履行 1 已转账")
	m.Attachments = []Attachment{{Name: "付款凭证.pdf", Type: "application/pdf", SHA256: strings.Repeat("5a", 32)}}
	want(t, "the client learns of it", sent(d.receive(m), "performed"), []string{"zhangkun"})
	o := d.staff("kefu", "#结案")
	want(t, "settled by the accepted offer", d.c.ClosingCode, "settled")
	want(t, "the client is told", sent(o, "closed"), []string{"zhangkun"})
	for _, says := range []string{"撤回投诉", "接受"} {
		want(t, "closed: "+says, len(sent(d.client(says), "unclear")), 1)
	}
}

func TestClosing(t *testing.T) {
	d := answered(t, "zh")
	if said := d.refused("kefu", "#结案"); !strings.Contains(said, "2026年12月28日") {
		t.Errorf("while the appeal window is open: %q", said)
	}
	if said := d.refused("kefu", "#结案 代码=随便"); !strings.Contains(said, "和解") {
		t.Errorf("unknown code: %q", said)
	}
	d.with("kefu", "#履行 1 已转账", "回单.pdf")
	if said := d.refused("kefu", "#结案"); !strings.Contains(said, "2026年12月28日") {
		t.Errorf("performed while the appeal window is open: %q", said)
	}
	d.now = at("2026-12-29", 9)
	d.staff("kefu", "#结案")
	want(t, "code", d.c.ClosingCode, "no_appeal")
	o := d.client("我要申诉。")
	d.state(AppealLodged) // late: not for the desk to admit or refuse
	want(t, "the chair decides", sent(o, "appeal_late"), []string{"chen"})
	if said := d.refused("kefu", "#受理申诉 电话补提"); !strings.Contains(said, "主任委员") {
		t.Errorf("a late appeal admitted by an officer: %q", said)
	}
	if said := d.refused("chen", "#受理申诉"); !strings.Contains(said, "理由") {
		t.Errorf("a late appeal admitted without a reason: %q", said)
	}
	d.staff("chen", "#受理申诉 因住院未能按期提出，接纳")
	d.state(AppealReview)
	want(t, "reason", d.c.Appeal.Admitted, "因住院未能按期提出，接纳")
	want(t, "late", d.c.Appeal.Late, true)

	d = newDesk(t, "zh", "2026-11-24")
	d.client("收费不合理，请处理。")
	if said := d.refused("kefu", "#结案 代码=撤回"); !strings.Contains(said, "尚未答复") {
		t.Errorf("closed as withdrawn although nobody withdrew: %q", said)
	}
	d.client("撤回投诉")
	d.staff("kefu", "#结案 代码=撤回")
	d.state(Withdrawn)
}

func TestStrangersAndOtherAddresses(t *testing.T) {
	d := newDesk(t, "zh", "2026-11-24")
	d.client("收费不合理，请处理。")
	o := d.receive(d.message("other@elsewhere.example", "Re: 关于退费", "我要申诉"))
	d.state(Registered)
	want(t, "told", sent(o, "client_replied"), []string{"kefu", "zhao"})
	m := d.message("other@elsewhere.example", "[T2026-0001] 案件", "请发给我材料")
	u := d.p.Unplaced(m, "T2026-0001", d.c, d.now)
	want(t, "staff are told", sent(u, "unplaced"), []string{"kefu", "zhao"})
	want(t, "the sender learns that it arrived", sent(u, "received"), []string{"other"})
	if u.Hold == "" || len(u.Events) > 0 {
		t.Errorf("not held: %+v", u)
	}
	want(t, "of a number that nobody has", sent(d.p.Unplaced(m, "T2026-0099", nil, d.now), "unplaced"), []string{"kefu", "zhao"})
	accused := d.c.Clone()
	accused.Allegations = []Allegation{{No: 1, Text: "态度恶劣", Respondent: "kefu@firm.example"}}
	want(t, "not who is complained of", sent(d.p.Unplaced(m, "T2026-0001", accused, d.now), "unplaced"), []string{"zhao"})
	m.Automatic = 3
	want(t, "damped", len(sent(d.p.Unplaced(m, "T2026-0001", d.c, d.now), "received")), 0)
}

func TestDamper(t *testing.T) {
	d := newDesk(t, "zh", "2026-11-24")
	d.p.Security = "postmaster@firm.example"
	m := d.message("robot@client.example", "再次投诉", "同样的内容，请处理。")
	m.Automatic = 3
	o := d.receive(m)
	if d.c.State != Registered || len(d.c.Letters) != 0 || len(sent(o, "ack")) != 0 {
		t.Error("the fourth automatic answer of a day went out, or the complaint was not registered")
	}
	want(t, "alerts", len(o.Alerts), 1)
	want(t, "the administrator is told once", sent(o, "alert"), []string{"postmaster"})
	m = d.message("robot@client.example", "再次投诉", "同样的内容，请处理。")
	m.Automatic = 4
	want(t, "and not again", len(d.receive(m).Alerts), 0)
}

func TestMissingFieldsNeverRefuse(t *testing.T) {
	d := newDesk(t, "zh", "2026-11-24")
	m := d.message("zhangkun@client.example", "", "")
	d.receive(m)
	want(t, "missing", d.c.Missing, []string{"name", "matter", "evidence"})
	want(t, "name from the address", d.c.Complainant.Name, "zhangkun")
	d = newDesk(t, "zh", "2026-11-24")
	m = d.message("", "投诉", "没有地址")
	o := d.receive(m)
	want(t, "no letter without an address", len(sent(o, "ack")), 0)
	want(t, "registered all the same", d.c.Missing, []string{"name", "contact", "evidence"})
	if said := d.refused("kefu", "#询问 何时付款？"); !strings.Contains(said, "没有电子邮件地址") {
		t.Errorf("a question to nowhere: %q", said)
	}
}

func TestLanguageOfTheClient(t *testing.T) {
	for text, lang := range map[string]string{
		"退费": "zh", "Please refund the fee that I paid": "en", "ok": "zh", "": "zh", "12345678901234567890": "zh",
	} {
		want(t, text, languageOf(text, "zh"), lang)
	}
}
