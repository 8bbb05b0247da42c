package complaints

import (
	"slices"
	"strings"
	"testing"
)

// issued plays the main path up to the issue of the result letter, and gives
// the mail that carries it.
func issuedResult(t *testing.T, lang string) (*desk, Mail) {
	t.Helper()
	d := investigatedCase(t, lang)
	if lang == "en" {
		d.staff("kefu", "#measure owner=\"Head of Litigation\" due=2026-12-18 two people check the diary\n#draft")
	} else {
		d.staff("kefu", "#措施 负责人=诉讼部主管 期限=2026-12-18 开庭排期由两人核对\n#拟稿")
	}
	for _, m := range d.staff("zhao", "#approve "+d.c.pendingDraft().DraftHash[:12]).Mails {
		if m.Template == "result" {
			return d, m
		}
	}
	t.Fatal("no mail carries the result")
	return nil, Mail{}
}

// The result letter comes back: no window runs. It is printed and posted; the
// window starts on the day of delivery, and a bounce that comes late changes
// nothing any more.
func TestLetterByPost(t *testing.T) {
	d, m := issuedResult(t, "zh")
	number := d.c.LastLetter(ResultLetter).Letter.Number.String()
	d.record(d.c.Clone(), d.p.Delivered(d.c, m, "250 2.0.0 Ok", d.now))
	d.state(Decided)
	o := d.p.Undelivered(d.c, m, "550 5.1.1 User unknown", d.now)
	d.record(d.c.Clone(), o)
	d.state(DecisionDraft)
	if !d.c.AppealUntil.IsZero() {
		t.Fatalf("the window runs until %s though the letter came back", d.c.AppealUntil)
	}
	for _, n := range o.Mails {
		if n.Template == "letter_failed" && n.LetterNo != m.LetterNo {
			t.Errorf("%s cannot print the letter", n.To.Addr)
		}
	}
	var offered []string
	for _, a := range d.p.Next(d.c, d.p.Register.Find("kefu@firm.example"), d.now) {
		offered = append(offered, a.Line)
	}
	if all := strings.Join(offered, "\n"); !strings.Contains(all, "#邮寄 函="+number+" 承运=EMS 单号=") || strings.Contains(all, "#拟稿") {
		t.Errorf("offered: %s", all)
	}
	issuedOn := d.c.LastLetter(ResultLetter).Letter.Date
	for _, c := range [][2]string{
		{"#邮寄", "由谁承运"}, {"#邮寄 承运=EMS", "单号"}, {"#邮寄 EMS=E1 日期=2026-11-01", "早于函件签发"}, {"#邮寄 EMS=E1 日期=2030-01-01", "还没有到"},
		{"#邮寄 EMS=E1 日期=" + issuedOn.String() + " 送达=2026-11-02", "早于寄出"}, {"#邮寄 函=明律投告〔2026〕9号 EMS=E1", "没有文号"},
	} {
		if said := d.refused("kefu", c[0]); !strings.Contains(said, c[1]) {
			t.Errorf("%s: %q", c[0], said)
		}
	}
	d.staff("kefu", "#邮寄 函="+number+" 承运=EMS 单号=1234567890123")
	if r := d.c.LastLetter(ResultLetter); r.Delivery != DeliveryPosted || r.Posted.Tracking != "1234567890123" || !d.c.AppealUntil.IsZero() {
		t.Fatalf("posted: %+v", r)
	}
	if o := d.p.Undelivered(d.c, m, "late", d.now); len(o.Events) > 0 {
		t.Error("a late bounce undoes the post")
	}
	d.now = d.now.AddDate(0, 0, 4)
	day := DateOf(d.now.In(d.p.Location)).Add(-1)
	said := d.staff("kefu", "#邮寄 送达="+day.String())
	d.state(Decided)
	want := d.p.Calendar.CalendarDays(day, d.p.AppealDays).Due
	if d.c.AppealUntil != want || !strings.Contains(said.Mails[len(said.Mails)-1].Facts.Transcript[0].Did, want.In("zh")) {
		t.Errorf("window until %s, want %s; said %v", d.c.AppealUntil, want, said.Mails[len(said.Mails)-1].Facts.Transcript)
	}
	if again := d.staff("kefu", "#邮寄 送达="+day.String()); len(again.Events) > 0 {
		t.Errorf("said again it does %v", again.Events[0].Fact.Kind())
	}
	if o := d.p.Delivered(d.c, m, "250 late", d.now); len(o.Events) > 0 {
		t.Error("mail and post both start the window")
	}
}

// A mistake in the result letter: the correction is a letter of its own, needs
// a second person, and starts the window anew; the letter stays as it was.
func TestCorrection(t *testing.T) {
	d, m := issuedResult(t, "zh")
	d.record(d.c.Clone(), d.p.Delivered(d.c, m, "250 2.0.0 Ok", d.now))
	d.p.Words = func(l Letter) ([]string, error) {
		return []string{"投诉处理结果告知书", "开庭排期由两人核对。", l.Subject}, nil
	}
	before, window := d.c.LastLetter(ResultLetter).Letter, d.c.AppealUntil
	for _, c := range [][2]string{
		{"#更正 原因=写错", "逐行写明"}, {"#更正 位置=第五部分 原文=开庭排期由两人核对 更正为=开庭排期由三人核对", "差错的原因"},
		{"#更正 位置=第五部分 原文=不存在的话 更正为=三人\n原因=写错", "请照原文抄写"}, {"#更正 函=明律投受〔2026〕1号 申诉期限=重算 位置=第五部分 原文=开庭排期由两人核对 更正为=三人\n原因=写错", "只有更正处理结果告知书"},
	} {
		if said := d.refused("kefu", c[0]); !strings.Contains(said, c[1]) {
			t.Errorf("%s: %q", c[0], said)
		}
	}
	d.now = d.now.AddDate(0, 0, 2)
	d.staff("kefu", "#更正 申诉期限=重算\n位置=第五部分第1项 原文=开庭排期由两人核对 更正为=开庭排期由三人核对\n位置=事由 原文="+before.Subject+" 更正为=退费与沟通\n原因=录入时看错一行")
	draft := d.c.pendingDraft()
	if draft.Letter.Kind != CorrectionLetter || len(draft.Letter.Correction.Errata) != 2 || draft.Letter.Correction.Reason != "录入时看错一行" || draft.Letter.Correction.Of != before.Number {
		t.Fatalf("draft %+v", draft.Letter.Correction)
	}
	hash := draft.DraftHash[:12]
	if said := d.refused("kefu", "#批准 "+hash); !strings.Contains(said, "使用") {
		t.Errorf("who drafted it approves it: %q", said)
	}
	o := d.staff("zhao", "#批准 "+hash)
	if got := sent(o, "corrected"); len(got) != 1 || got[0] != "zhangkun" {
		t.Fatalf("sent to %v", got)
	}
	d.deliver(o.Mails)
	if !window.Before(d.c.AppealUntil) || d.c.State != Decided {
		t.Errorf("%s: the window ran until %s, now until %s", d.c.State, window, d.c.AppealUntil)
	}
	if r := d.c.LastLetter(ResultLetter); r.Letter.Number != before.Number || r.Letter.Result.Measures[0].Text != before.Result.Measures[0].Text {
		t.Error("the letter itself was changed")
	}
}

// What went by post is corrected by post.
func TestCorrectionByPost(t *testing.T) {
	d, m := issuedResult(t, "en")
	d.record(d.c.Clone(), d.p.Undelivered(d.c, m, "550 5.1.1 User unknown", d.now))
	d.staff("kefu", "#posted carrier=EMS tracking=E1")
	d.staff("kefu", "#correct where=\"part 5, item 1\" was=\"two people check the diary\" is=\"three people check the diary\" reason=a typing error")
	if f := d.c.pendingDraft().Letter.Correction; f.Errata[0] != (Erratum{"part 5, item 1", "two people check the diary", "three people check the diary"}) || f.Reason != "a typing error" {
		t.Fatalf("%+v", f)
	}
	o := d.staff("zhao", "#approve "+d.c.pendingDraft().DraftHash[:12])
	if got := sent(o, "corrected"); len(got) != 0 || len(sent(o, "case_news")) == 0 {
		t.Errorf("mailed to %v", got)
	}
}

// A letter that came back goes out again to another address, the same letter: a
// late report about the first address changes nothing, and the time for an appeal
// runs from the delivery at the second.
func TestLetterGoesToAnotherAddress(t *testing.T) {
	d := investigatedCase(t, "zh")
	d.staff("kefu", "#措施 负责人=诉讼部主管 期限=2026-12-18 开庭排期由两人核对\n#拟稿")
	o := d.staff("zhao", "#批准 "+d.c.pendingDraft().DraftHash[:12])
	first := o.Mails[slices.IndexFunc(o.Mails, func(m Mail) bool { return m.LetterNo > 0 })]
	if said := d.refused("kefu", "#寄送 地址=zhang@new.example 来电告知"); !strings.Contains(said, "正在发送") {
		t.Errorf("while the first is on its way: %q", said)
	}
	bounce := func() { d.record(d.c.Clone(), d.p.Undelivered(d.c, first, "550 5.1.1 no such user", d.now)) }
	bounce()
	for line, says := range map[string]string{"#寄送 地址=新邮箱 来电告知": "请写明", "#寄送 地址=li@firm.example 来电告知": "本所的邮箱", "#寄送 地址=zhang@new.example": "缺少内容"} {
		if said := d.refused("kefu", line); !strings.Contains(said, says) {
			t.Errorf("%s: %q", line, said)
		}
	}
	d.now = at("2026-12-02", 10)
	o = d.staff("kefu", "#寄送 地址=Zhang@new.example 12月2日来电告知")
	want(t, "the same letter", []int{o.Mails[0].LetterNo, len(d.c.Letters)}, []int{first.LetterNo, 3})
	want(t, "sent", sent(o, "result"), []string{"zhang"})
	bounce() // the relay reports the first address once more
	want(t, "under way", d.c.LastLetter(ResultLetter).Delivery, "")
	d.state(DecisionDraft)
	d.deliver(o.Mails)
	d.state(Decided)
	want(t, "which one came", d.c.LastLetter(ResultLetter).Got, []string{"zhang@new.example"})
	want(t, "the appeal runs from there", d.c.AppealUntil, d.p.Calendar.CalendarDays(DateOf(d.now), d.p.AppealDays).Due)
	bounce()
	d.state(Decided)
	log := ""
	for _, e := range d.c.Log {
		log += e.What + " " + e.Text + "\n"
	}
	for _, s := range []string{"resent 明律投告〔2026〕1号: zhangkun@client.example → zhang@new.example: 12月2日来电告知", "delivered 明律投告〔2026〕1号 → zhang@new.example"} {
		if !strings.Contains(log, s) {
			t.Errorf("the log does not say %q", s)
		}
	}
	d.receive(d.message("zhang@new.example", "申诉", "我要申诉。"))
	d.state(AppealReview)
}
