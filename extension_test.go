package complaints

import (
	"strings"
	"testing"
)

// underWay is a case that li investigates: registered Tuesday 24 November,
// report due Thursday 3 December.
func underWay(t *testing.T) *desk {
	d := newDesk(t, "zh", "2026-11-24")
	d.client("收费不合理，律师没有到庭。")
	d.staff("kefu", "#受理 类别=F1\n#事项 收费过高\n#指派 li@firm.example")
	d.staff("li", "#接受")
	return d
}

// First by the head, second by the chair, never a third; 7 + 7 working days.
// Start 24 November, limit 7: 3 December. +5: limit 12: 10 December. +7: limit
// 19: 21 December.
func TestTwoExtensionsAndNoThird(t *testing.T) {
	d := underWay(t)
	for line, says := range map[string]string{
		"#延期": "原因类别",
		"#延期 天数=5 依据=工作繁忙 太忙":   "不是理由",
		"#延期 天数=9 依据=专业鉴定 笔迹鉴定": "最多 7 个工作日",
		"#延期 天数=5 依据=专业鉴定":      "具体原因",
	} {
		if said := d.refused("li", line); !strings.Contains(said, says) {
			t.Errorf("%s: %q", line, said)
		}
	}
	if said := d.refused("zhao", "#延期 同意"); !strings.Contains(said, "没有待批准") {
		t.Errorf("granted before it was asked: %q", said)
	}
	o := d.staff("li", "#延期 天数=5 依据=专业鉴定 笔迹鉴定须一周")
	want(t, "asked of", sent(o, "extension_asked"), []string{"zhao"})
	d.staff("li", "#延期 天数=5 依据=专业鉴定 笔迹鉴定须一周")
	if said := d.refused("zhao", "#延期 不同意"); !strings.Contains(said, "理由") {
		t.Errorf("refused without a reason: %q", said)
	}
	d.staff("zhao", "#延期 不同意 先完成访谈")
	want(t, "refused", d.c.ExtensionAsked == nil, true)
	d.staff("li", "#延期 天数=5 依据=专业鉴定 笔迹鉴定须一周")
	o = d.staff("zhao", "#延期 同意")
	want(t, "due", d.c.Due.Due.String(), "2026-12-10")
	want(t, "the client is told in writing", sent(o, "delayed"), []string{"zhangkun"})
	l := d.c.LastLetter(DelayLetter).Letter.Delay
	want(t, "both dates", []string{l.OldDue.String(), l.NewDue.Due.String()}, []string{"2026-12-03", "2026-12-10"})

	o = d.staff("li", "#延期 天数=7 依据=专业鉴定 鉴定机构要求补充样本")
	want(t, "the second is the chair's", sent(o, "extension_asked"), []string{"chen"})
	if said := d.refused("zhao", "#延期 同意"); !strings.Contains(said, "陈思远") {
		t.Errorf("the head grants the second: %q", said)
	}
	d.staff("chen", "#延期 同意 天数=6")
	want(t, "due", d.c.Due.Due.String(), "2026-12-18")
	if said := d.refused("li", "#延期 天数=1 依据=专业鉴定 再等一天"); !strings.Contains(said, "第三次") {
		t.Errorf("a third: %q", said)
	}
	d.now = at("2026-12-19", 9)
	if said := d.refused("li", "#延期 天数=1 依据=专业鉴定 再等一天"); !strings.Contains(said, "已过") {
		t.Errorf("after the limit: %q", said)
	}
	if said := d.refused("kefu", "#延期 天数=1 依据=专业鉴定 再等一天"); !strings.Contains(said, "使用") {
		t.Errorf("by an officer: %q", said)
	}
}

// Suspended on Thursday 26 November, resumed on Tuesday 1 December: the days 26,
// 27 and 30 do not count, so 3 December becomes 8 December.
func TestSuspensionAndResumption(t *testing.T) {
	d := underWay(t)
	d.now = at("2026-11-26", 11)
	if said := d.refused("zhao", "#中止 依据=工作繁忙 太忙"); !strings.Contains(said, "不是理由") {
		t.Errorf("suspended for being busy: %q", said)
	}
	o := d.staff("zhao", "#中止 依据=诉讼 同一事实已起诉")
	d.state(Suspended)
	want(t, "told in writing", sent(o, "delayed"), []string{"zhangkun"})
	d.now = at("2026-11-27", 11)
	d.staff("zhao", "#中止 依据=诉讼 复核：案件尚未判决")
	want(t, "review", d.c.Stay.ReviewOn.String(), "2026-12-28")
	d.now = at("2026-12-01", 11)
	if said := d.refused("zhao", "#恢复"); !strings.Contains(said, "原因") {
		t.Errorf("resumed without a reason: %q", said)
	}
	if said := d.refused("li", "#恢复 判决已生效"); !strings.Contains(said, "由负责人恢复") {
		t.Errorf("resumed by the investigator: %q", said)
	}
	d.staff("zhao", "#恢复 判决已生效")
	d.state(Investigating)
	want(t, "due", d.c.Due.Due.String(), "2026-12-08")
	gross, net := d.p.Spent(d.c, at("2026-12-08", 18))
	want(t, "gross and net", []int{gross, net}, []int{10, 7})
	d.now = at("2026-12-02", 9)
	d.staff("zhao", "#中止 依据=诉讼 二审")
	d.now = at("2027-06-10", 9)
	if said := d.refused("zhao", "#中止 依据=诉讼 仍在二审"); !strings.Contains(said, "委员会决定") {
		t.Errorf("beyond 180 days by the head: %q", said)
	}
	d.staff("chen", "#中止 依据=诉讼 仍在二审")
}

func TestRequestForInformation(t *testing.T) {
	d := underWay(t)
	if said := d.refused("li", "#补正\n付款凭证"); !strings.Contains(said, "用途") {
		t.Errorf("an item without its use: %q", said)
	}
	o := d.staff("li", "#补正\n1. 付款凭证 | 核实付款日期和金额\n2. 微信记录｜核实约定内容")
	d.state(AwaitingClient)
	want(t, "asked", sent(o, "information"), []string{"zhangkun"})
	want(t, "items", len(d.c.Request.Items), 2)
	d.now = at("2026-11-30", 9)
	d.client("凭证在此。")
	d.state(Investigating)
	// Paused from 24 November to 30 November: 24 to 27 do not count; the 30th does.
	want(t, "due", d.c.Due.Due.String(), "2026-12-08")
	if said := d.refused("li", "#补正\n合同 | 核对条款"); !strings.Contains(said, "负责人同意") {
		t.Errorf("a second time: %q", said)
	}
	d.staff("zhao", "#补正\n合同 | 核对条款")
	o = d.staff("li", "#恢复 投诉人来电说明没有其他材料")
	d.state(Investigating)
	want(t, "told", sent(o, "resumed"), []string{"zhangkun"})
	d.staff("zhao", "#补正\n合同 | 核对条款")
	reminded := d.sweep("2026-12-09", 9)
	if len(reminded) == 0 {
		t.Error("no reminder while the client is silent")
	}
	d.sweep("2026-12-16", 9)
	d.state(Investigating) // the wait is over: decide on what is held
}

// A missed limit drafts the letter that tells the client, for the head.
func TestMissedReport(t *testing.T) {
	d := underWay(t)
	d.sweep("2026-12-04", 9)
	p := d.c.pendingDraft()
	if p == nil || p.Letter.Kind != DelayLetter {
		t.Fatal("no letter about the missed limit was drafted")
	}
	want(t, "what it says", strings.Contains(p.Letter.Delay.Reason, "尚有1项未查清"), true)
	d.mails = nil
	d.render()
	o := d.staff("zhao", "#批准 "+d.c.pendingDraft().DraftHash[:12])
	want(t, "the client is told", sent(o, "delayed"), []string{"zhangkun"})
	breached := false
	for _, b := range d.c.Breaches {
		breached = breached || b.Clock == "C4"
	}
	want(t, "on record", breached, true)
	d.staff("li", "#迟延 至=2026-12-10 鉴定意见本周才收到")
}

func TestWordsOfGrounds(t *testing.T) {
	for g := range delayGrounds {
		if GroundWords(g, "zh") == "" || GroundWords(g, "en") == "" {
			t.Errorf("ground %s has no words", g)
		}
	}
	for _, k := range []LetterKind{AckLetter, DelayLetter, PapersLetter} {
		if k.In("zh") == "" || k.In("en") == "" {
			t.Errorf("letter %s has no name", k)
		}
	}
	want(t, "internal", []bool{PapersLetter.Internal(), ResultLetter.Internal()}, []bool{true, false})
}
