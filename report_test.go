package complaints

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// filed is a case whose report has been filed, sent back and filed again.
func filed(t *testing.T, lang string) (d *desk, first string) {
	d = newDesk(t, lang, "2026-11-24")
	d.client("收费不合理，请处理。")
	d.staff("kefu", "#受理\n#事项 收费过高\n#事项 被投诉人=孙丽 没有回复电话\n#指派 li@firm.example")
	d.staff("li", "#接受\n#访谈 对象=孙丽 称已回复。\n#认定 1=成立 合同第三条写明须到庭，承办人未到。\n#认定 2=不成立 通话记录显示已回复四次。\n#报告\n一、基本情况")
	first = d.c.reportDraft().DraftHash
	d.staff("zhao", "#退回 请写明依据")
	d.now = d.now.Add(time.Hour)
	return d, first
}

// A hash approves exactly the version of the report that it belongs to.
func TestReportIsApprovedByItsHash(t *testing.T) {
	for lang, said := range map[string]string{"zh": "不是现行报告（第2版）的校验码", "en": "not that of the report as it stands (version 2)"} {
		d, first := filed(t, lang)
		if no := d.refused("zhao", "#批准 "+first[:12]); !strings.Contains(no, "草稿") && !strings.Contains(no, "draft") {
			t.Errorf("a report that was sent back: %q", no)
		}
		before := d.message("zhao@firm.example", "Re: report", "#批准")
		d.now = d.now.Add(time.Hour)
		o := d.staff("li", "#报告\n一、基本情况\n二、依据")
		want(t, "review", sent(o, "report_review"), []string{"zhao"})
		r := d.c.reportDraft()
		if m := o.Mails[0]; m.LetterNo != r.Letter.No || !m.Draft {
			t.Errorf("the reviewer's mail carries letter %d, draft %v", m.LetterNo, m.Draft)
		}
		want(t, "versions", []int{r.Version, r.Letter.Report.Version, len(d.c.Letters)}, []int{2, 2, 2})
		want(t, "addressee", r.Letter.To, Address{})
		hash := r.DraftHash
		if line := d.nextLine("zhao", "批准", "approve"); !strings.HasSuffix(line, " "+hash[:12]) {
			t.Errorf("the ready command is %q, the hash %.12s", line, hash)
		}
		if got := d.refused("zhao", "#批准 "+first[:12]); !strings.Contains(got, said) {
			t.Errorf("hash of the first version: %q", got)
		}
		d.receive(before) // written before the second version was filed
		d.state(ReportReview)
		d.refused("li", "#批准 "+hash[:12])
		d.refused("sun", "#批准 "+hash[:12])
		o = d.staff("zhao", "#批准 "+hash[:12])
		d.state(DecisionDraft)
		want(t, "who gets the report", sent(o, "report_approved"), []string{"li", "kefu", "zhao"})
		r = d.c.LastLetter(ReportLetter)
		for _, m := range o.Mails {
			if m.LetterNo != 0 && (!m.Staff || m.Template != "report_approved" || m.LetterNo != r.Letter.No || m.Draft) {
				t.Errorf("%s to %s carries letter %d", m.Template, m.To.Addr, m.LetterNo)
			}
		}
		want(t, "record", []string{r.Letter.Number.String(), r.Approver, r.DraftHash}, []string{"明律投查〔2026〕1号", "zhao@firm.example", hash})
	}
}

// Without a hash the version on file is approved, beside a letter's draft too.
func TestReportIsApprovedWithoutAHash(t *testing.T) {
	d, _ := filed(t, "zh")
	d.now = at("2026-12-04", 10)
	d.staff("kefu", "#迟延 须等待笔迹鉴定意见，预计12月7日作出。")
	letter := d.c.pendingDraft()
	want(t, "the letter's draft", letter.Letter.Kind, DelayLetter)
	d.staff("li", "#报告\n一、基本情况\n二、依据")
	want(t, "still there", []int{d.c.pendingDraft().Letter.No, d.c.pendingDraft().Version}, []int{letter.Letter.No, 1})
	d.staff("zhao", "#批准 "+d.c.pendingDraft().DraftHash[:12])
	d.state(ReportReview)
	want(t, "the letter is issued", d.c.LastLetter(DelayLetter).Issued, true)
	d.staff("zhao", "#批准")
	d.state(DecisionDraft)
	want(t, "number", d.c.LastLetter(ReportLetter).Letter.Number.String(), "明律投查〔2026〕1号")
}

// Whoever is complained of neither reviews the report nor gets it.
func TestReportKeepsAwayFromTheRespondent(t *testing.T) {
	d := registered(t)
	d.staff("kefu", "#受理\n#事项 被投诉人=赵刚 拒不受理投诉\n#指派 li@firm.example")
	d.staff("li", "#接受\n#访谈 对象=赵刚 称已处理。\n#认定 1=成立 登记簿没有记录。")
	o := d.staff("li", "#报告 事实清楚")
	want(t, "review", sent(o, "report_review"), []string{"chen"})
	hash := d.c.reportDraft().DraftHash
	if said := d.refused("zhao", "#批准 "+hash[:12]); !strings.Contains(said, "利害关系") {
		t.Errorf("the respondent approves: %q", said)
	}
	o = d.staff("chen", "#批准 "+hash[:12])
	want(t, "who gets the report", sent(o, "report_approved"), []string{"li", "chen", "kefu"})
}

// nextLine gives the ready command of a verb that somebody is offered.
func (d *desk) nextLine(who string, verbs ...string) string {
	for _, a := range d.p.Next(d.c, d.p.Register.Find(who+"@firm.example"), d.now) {
		for _, v := range verbs {
			if strings.HasPrefix(a.Line, "#"+v) {
				return a.Line
			}
		}
	}
	return ""
}

// The PDF of a report numbers its paragraphs; a heading is none of them.
func TestStatements(t *testing.T) {
	for text, want := range map[string][]string{
		"一、基本情况\n投诉人称未到庭。\n二、认定\n（一）未到庭\n属实。\n\n另查明：已退费。": {"基本情况：投诉人称未到庭。", "二、认定", "未到庭：属实。", "另查明：已退费。"},
		"1. The complaint\nNobody came.\nNobody called.":  {"The complaint: Nobody came.", "Nobody called."},
		"1. 未到庭属实\n2. 收费属实":                               {"1. 未到庭属实", "2. 收费属实"},
	} {
		if got := statements(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q", text, got)
		}
	}
}
