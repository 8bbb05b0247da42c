package complaints

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// with writes a command mail with a file.
func (d *desk) with(who, body, file string) Outcome {
	m := d.message(who+"@firm.example", "Re: case", body)
	m.Attachments = []Attachment{{Name: file, Type: "application/pdf", SHA256: strings.Repeat("5a", 32)}}
	return d.receive(m)
}

// An accepted offer is carried out with proof, the client is told of each
// step, and only then the case is closed.
func TestRemedyIsCarriedOut(t *testing.T) {
	d := answered(t, "zh")
	d.client("我接受处理方案")
	d.state(InRemedy)
	want(t, "who closes too early hears what is missing", strings.Contains(d.refused("kefu", "#结案"), "第1项补救尚未履行"), true)
	want(t, "money needs its proof", strings.Contains(d.refused("kefu", "#履行 1 日期=2026-11-24 已转账"), "付款凭证"), true)
	d.refused("kefu", "#履行 2")
	d.refused("kefu", "#履行 1 日期=2027-01-01")
	want(t, "the ready command", slices.ContainsFunc(d.p.Next(d.c, d.p.Register.Find("kefu@firm.example"), d.now), func(a Action) bool { return a.Line == "#履行 1" }), true)
	o := d.with("kefu", "#履行 日期=2026-11-24 已转账", "回单.pdf")
	want(t, "told", sent(o, "performed"), []string{"zhangkun"})
	want(t, "proof on file", d.c.Evidence[len(d.c.Evidence)-1].Name, "回单.pdf")
	d.refused("kefu", "#履行 1")
	d.staff("kefu", "#结案")
	want(t, "settled", d.c.ClosingCode, "settled")
}

// Whoever accepts may still appeal in time.
func TestAppealAfterAcceptance(t *testing.T) {
	d := answered(t, "zh")
	d.client("我接受处理方案")
	d.client("我要申诉。道歉还没有收到。")
	if d.c.State != AppealReview && d.c.State != AppealLodged {
		t.Errorf("state %s", d.c.State)
	}
}

// A measure is carried out by its owner, verified by somebody else, and due
// again if it was not accepted; its clock runs on after the case is closed.
func TestMeasureIsVerified(t *testing.T) {
	d := investigatedCase(t, "zh")
	d.staff("kefu", "#补救 类型=道歉 当面致歉\n#措施 负责人=诉讼部主管 人=li@firm.example 期限=2026-12-18 开庭排期由两人核对\n#拟稿")
	d.refused("kefu", "#措施 负责人=诉讼部主管 人=nobody@firm.example 期限=2026-12-18 开庭排期由两人核对")
	o := d.staff("zhao", "#批准 "+d.c.pendingDraft().DraftHash[:12])
	want(t, "its owner hears of it when the client does", sent(d.deliver(o.Mails), "measure"), []string{"li"})
	d.now = at("2026-12-29", 10)
	d.refused("kefu", "#结案")
	d.refused("kefu", "#结案 代码=未配合")
	d.staff("kefu", "#结案 代码=未配合 三次约请当面致歉，投诉人均未答复")
	d.state(Closed)
	if next := d.p.NextAt(d.c); next.IsZero() {
		t.Error("nothing is due on a case with an open measure")
	}
	d.now = at("2026-11-27", 10)
	d.refused("zhao", "#验收 1")
	d.refused("li", "#完成")
	want(t, "for a second person", sent(d.with("li", "#完成 1 已启用两人核对表", "核对表.pdf"), "measure_done"), []string{"kefu", "zhao"})
	d.refused("li", "#验收 1")
	d.refused("zhao", "#验收 1 结果=不通过")
	d.refused("zhao", "#验收 1 结果=大概")
	want(t, "sent back", sent(d.staff("zhao", "#验收 1 结果=不通过 缺十一月的核对记录"), "measure"), []string{"li"})
	if d.c.done(1) != nil {
		t.Error("a measure that was not accepted counts as done")
	}
	d.staff("li", "#完成 补齐十一月的核对记录")
	d.staff("zhao", "#验收 1")
	want(t, "verified", d.c.done(1).Verifier, "zhao@firm.example")
	if k := d.p.running(d.c); slices.ContainsFunc(k, func(k ticking) bool { return k.ID == "C12" }) {
		t.Error("its clock runs on")
	}
}

// Three working days after the end the client is asked, once more a week later,
// and then left in peace.
func TestSurvey(t *testing.T) {
	d := answered(t, "zh")
	d.staff("kefu", "#完成 1 核对表已启用")
	want(t, "not by oneself", strings.Contains(d.refused("kefu", "#验收 1"), "另一人"), true)
	d.staff("zhao", "#验收")
	d.now = at("2026-12-29", 10)
	d.refused("kefu", "#结案")
	d.with("kefu", "#履行 1 已转账", "回单.pdf")
	d.staff("kefu", "#结案")
	want(t, "asked", d.sweep("2027-01-04", 9), []string{"survey 张堃"})
	want(t, "not twice", d.sweep("2027-01-04", 15), []string(nil))
	o := d.client("1. 4\n2：3\n3、5\n4) 1\n5=2分\n\n希望早些告知进展。")
	want(t, "thanked", sent(o, "survey_thanks"), []string{"zhangkun"})
	want(t, "the scores", d.c.Survey.Scores, []int{4, 3, 5, 1, 2})
	want(t, "the words", d.c.Survey.Text, "希望早些告知进展。")
	want(t, "a person looks at it", sent(o, "survey_low"), []string{"kefu", "zhao"})
	want(t, "no reminder after an answer", d.sweep("2027-01-11", 9), []string(nil))
	want(t, "the next mail is a mail", len(sent(d.client("1. 5\n2. 5\n3. 5"), "survey_thanks")), 0)
}

func TestScores(t *testing.T) {
	for _, c := range []struct {
		own  string
		want []int
		text string
	}{
		{"4 5 3 4 4", []int{4, 5, 3, 4, 4}, ""},
		{"4，5，3，4，4。\n谢谢", []int{4, 5, 3, 4, 4}, "谢谢"},
		{"1. 提出投诉是否方便 5\n2. 办理是否及时 4\n3. 办理是否公正 4", []int{5, 4, 4, 0, 0}, ""},
		{"1) Was it easy to make your complaint? 5\n2) 4 points\n5) 1", []int{5, 4, 0, 0, 1}, ""},
		{"我在12月3日付了5000元。\n1. 合同一份\n2. 收据两张", nil, ""},
		{"1. 9\n2. 0\n3. 7", nil, ""},
		{"", nil, ""},
	} {
		f, ok := readScores(c.own)
		if ok != (c.want != nil) || ok && (!slices.Equal(f.Scores, c.want) || f.Text != c.text) {
			t.Errorf("%q: %v %q %v", c.own, f.Scores, f.Text, ok)
		}
	}
}

// An office pays in its own currency: the configured one, or that of the country
// whose working days it counts. What is typed in another one is refused, never
// converted.
func TestAnOfficePaysInItsOwnCurrency(t *testing.T) {
	p := testPolicy(t, "en")
	want(t, "in China", p.Pays(), "")
	p.Calendar = &Calendar{Jurisdiction: "en-gb"}
	want(t, "in London", p.Pays(), "GBP")
	for _, a := range []string{"1200.50", "1,200.50", "£1,200.50", "1200.50 GBP", "1200.50 pounds", "GBP 1200.50"} {
		if got, err := readAmount(a, "GBP"); got != 120050 || err != nil {
			t.Errorf("%s: %d, %v", a, got, err)
		}
	}
	for _, a := range []string{"¥1200", "1200元", "CNY 1200", "€1200"} {
		if _, err := readAmount(a, "GBP"); err == nil || !strings.Contains(err.Error(), "another currency") {
			t.Errorf("%s in London: %v", a, err)
		}
	}
	if _, err := readAmount("£1200", ""); err == nil {
		t.Error("pounds in an office that pays in yuan")
	}
	pounds, yuan := Remedy{Amount: 120050, Currency: "GBP"}, Remedy{Amount: 120050}
	want(t, "written", []string{pounds.Sum("en"), pounds.Sum("zh"), yuan.Sum("en"), yuan.Sum("zh"), Remedy{}.Sum("en")},
		[]string{"£1,200.50", "1,200.50英镑", "CNY 1,200.50", "人民币1,200.50元", ""})
	want(t, "in a text", largest("I paid £12,500 and 300 pounds, and CNY 900,000 elsewhere.", "i paid £12,500 and 300 pounds, and cny 900,000 elsewhere.", "GBP"), 12500.0)
	level, why := p.Grade(&Case{Matter: "They lost £150,000 of mine."})
	want(t, "graded", string(level)+" "+fmt.Sprint(why), "major [it concerns £150,000, which is at least £100,000]")
	p.Currency = "EUR"
	want(t, "configured", p.Pays(), "EUR")
}
