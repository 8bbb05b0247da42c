package complaints

import (
	"strings"
	"testing"
)

// Allegation × respondent × evidence × finding × reason: what a finding rests
// on is named by its number, by its name, in words, by what came with the
// mail, or is the whole file; on nothing no report is filed.
func TestFindingsRestOnEvidence(t *testing.T) {
	for _, lang := range []string{"zh", "en"} {
		d := newDesk(t, lang, "2026-11-24")
		d.client("收费不合理，请处理。")
		d.staff("kefu", "#admit category=F1\n#allegation 收费过高\n#allegation 没有票据\n#allegation 态度不好\n#assign li@firm.example")
		d.staff("li", "#accept")
		d.staff("li", "#finding 1=upheld 收费高于约定一成，应予退还。\n#finding 2=not_upheld 票据已于十月开具并寄出。\n#finding 3=undetermined 双方说法不一，没有第三人在场。")
		if said := d.refused("li", "#report\n一、基本情况"); !strings.Contains(said, map[string]string{"zh": "第1、2项", "en": "1, 2"}[lang]) {
			t.Errorf("%s: a report on nothing: %q", lang, said)
		}
		m := d.message("li@firm.example", "Re: case", "#evidence 合同与票据")
		m.Attachments = []Attachment{{Name: "委托合同.pdf", SHA256: "aa"}, {Name: "发票.jpg", SHA256: "bb"}}
		d.receive(m)
		d.staff("li", "#interview with=前台 承认未起身接待")
		for line, rests := range map[string][]string{
			"#finding 1=upheld evidence=2,1 收费高于约定一成，应予退还。": {"发票.jpg", "委托合同.pdf"},
			"#finding 1=upheld evidence=法院笔录 收费高于约定一成。":     {"法院笔录"},
			"#finding 1=upheld 委托合同第五条约定五千元，实收六千元，应予退还。":    {"委托合同.pdf"},
			"#finding 1=upheld 收费高于约定一成，应予退还，理由见调查经过各次谈话。":  {"案卷材料（文件2份，访谈、陈述和记录1份）"},
		} {
			d.staff("li", line)
			want(t, line, d.c.Allegations[0].Evidence, rests)
		}
		if said := d.refused("li", "#finding 1=upheld evidence=7 收费高于约定一成。"); !strings.Contains(said, "1 委托合同.pdf") {
			t.Errorf("%s: an item that is not there: %q", lang, said)
		}
		m = d.message("li@firm.example", "Re: case", "#finding 2=partly 票据只开了一半，另一半于十一月补开。")
		m.Attachments = []Attachment{{Name: "补开票据.pdf", SHA256: "cc"}}
		d.receive(m)
		want(t, "came with the finding", d.c.Allegations[1].Evidence, []string{"补开票据.pdf"})
		want(t, "and is on file", len(d.c.Evidence), 3)
		d.staff("li", "#report\n一、基本情况")
		d.state(ReportReview)
		want(t, "the third rests on the file", len(d.c.Allegations[2].Evidence), 1)
	}
}

// A client who is written to in English reads in English what a finding rests on.
func TestWholeFileInEnglish(t *testing.T) {
	for _, c := range []struct {
		files, notes int
		says         string
	}{{0, 0, ""}, {1, 0, "the papers on file (1 document)"}, {2, 2, "the papers on file (2 documents, 2 interviews, statements and notes)"}, {0, 1, "the papers on file (1 interview, statement or note)"}} {
		k := &Case{}
		for range c.files {
			k.Evidence = append(k.Evidence, Evidence{})
		}
		for range c.notes {
			k.Log = append(k.Log, Entry{What: "interview"})
		}
		want(t, c.says, k.whole("en"), c.says)
	}
}

// Casework E.3: three complaints upheld against one person within twelve months
// make the next one major.
func TestRepeatedRespondent(t *testing.T) {
	d := newDesk(t, "zh", "2026-11-24")
	d.client("收费不合理，请处理。")
	m := d.message("kefu@firm.example", "Re: case", "#受理\n#事项 被投诉人=王明 未告知开庭时间\n#事项 前台态度不好\n#事项 被投诉人=外人 迟到")
	want(t, "looked up", d.p.Accused(m), []string{"wang@firm.example"})
	m.Upheld = map[string]int{"wang@firm.example": 3}
	o := d.receive(m)
	want(t, "on record", d.c.Allegations[0].Upheld, 3)
	if !strings.Contains(did(o), "#定级 重大") || !strings.Contains(did(o), "对王明的投诉十二个月内已有3件成立") {
		t.Errorf("told %q", did(o))
	}
	d = newDesk(t, "zh", "2026-11-24")
	d.client("收费不合理，请处理。")
	m = d.message("kefu@firm.example", "Re: case", "#受理\n#事项 被投诉人=王明 未告知开庭时间")
	m.Upheld = map[string]int{"wang@firm.example": 2}
	if o = d.receive(m); strings.Contains(did(o), "#定级") {
		t.Errorf("two are not three: %q", did(o))
	}
}

// Anybody on the case may say that another should stand aside; the head decides,
// of the head the chair, and never the one concerned.
func TestSomebodySaysThatAnotherShouldStandAside(t *testing.T) {
	d := underWay(t)
	o := d.staff("kefu", "#回避 人=李娜 与投诉人同村")
	want(t, "asked", sent(o, "case_news"), []string{"zhao"})
	if text := o.Mails[0].Facts.Text; !strings.Contains(text, "#回避 人=li@firm.example") {
		t.Errorf("not ready to send: %q", text)
	}
	want(t, "nothing yet", d.c.Handler, "li@firm.example")
	o = d.staff("zhao", "#回避 人=li@firm.example 理由=与投诉人同村")
	want(t, "off the case", d.c.Handler, "")
	want(t, "told", sent(o, "case_news"), []string{"li", "kefu"})
	if d.p.MayRead(d.c, d.p.Register.Find("li@firm.example")) {
		t.Error("whoever is recused still reads the case")
	}
	before := d.c.Seq
	d.staff("zhao", "#回避 人=li@firm.example 理由=与投诉人同村")
	want(t, "said twice", d.c.Seq, before)
	o = d.staff("kefu", "#回避 人=赵刚 曾承办同一案件")
	want(t, "of the head the chair decides", sent(o, "case_news"), []string{"chen"})
	d.staff("chen", "#回避 人=赵刚 曾承办同一案件")
	want(t, "the head is off", len(d.c.Recusals), 2)
	if said := d.refused("kefu", "#回避 人=无此人 认识"); !strings.Contains(said, "名册中没有") {
		t.Errorf("nobody: %q", said)
	}
}

// An outside body is asked again on the day that was noted.
func TestOutsideBodyIsAskedAgain(t *testing.T) {
	d := underWay(t)
	d.staff("kefu", "#外部 机构=市律师协会 期限=2026-12-18 已受理")
	want(t, "early", d.sweep("2026-12-17", 18), []string(nil))
	want(t, "on the day", d.sweep("2026-12-18", 9), []string{"EX T 周敏", "EX T 赵刚"})
	want(t, "once", d.sweep("2026-12-25", 9), []string(nil))
	want(t, "no breach of ours", len(d.c.Breaches), 0)
}

// Where the policy counts from receipt, what came by telephone on Monday and
// was entered on Tuesday is due a day earlier.
func TestInvestigationCountedFromReceipt(t *testing.T) {
	for start, due := range map[string]string{"registration": "2026-12-03", "receipt": "2026-12-02"} {
		d := newDesk(t, "zh", "2026-11-24")
		d.p.InvestigationStart = start
		m := d.message("kefu@firm.example", "登记", "#登记 渠道=电话 收到=2026-11-23 15:20 姓名=何平 电话=1390000 事项=没有提醒上诉期")
		m.To = []Address{{Addr: deskAddr}}
		d.receive(m)
		want(t, start, d.due(), due)
	}
}

// A firm with a Latin short name numbers its letters in Latin series.
func TestSeriesOfLetters(t *testing.T) {
	for k := range series {
		zh := LetterNumber{Firm: "明", Kind: Firm{Short: "明"}.Series(k), Year: 2026, N: 3}
		en := LetterNumber{Firm: "HM", Kind: Firm{Short: "HM"}.Series(k), Year: 2026, N: 3}
		if !strings.HasPrefix(zh.String(), "明律投") || !strings.HasSuffix(zh.String(), "〔2026〕3号") || len(en.Kind) != 3 || en.String() != "HM/"+en.Kind+"/2026/3" {
			t.Errorf("%s: %s, %s", k, zh, en)
		}
	}
	want(t, "before issue", LetterNumber{Firm: "HM", Kind: "RES", Year: 2026}.String(), "")
}

func TestHowLate(t *testing.T) {
	for n, says := range map[int][2]string{0: {"不足1分钟", "less than a minute"}, 1: {"1分钟", "1 minute"}, 1151: {"19小时11分钟", "19 hours 11 minutes"}, 60: {"1小时", "1 hour"}, 3*24*60 + 125: {"3天2小时", "3 days 2 hours"}} {
		want(t, says[1], [2]string{HowLate(n, "zh"), HowLate(n, "en")}, says)
	}
	want(t, "no word is cut", excerpt("Says that the time for an appeal ran out", 30), "Says that the time for an …")
	want(t, "Chinese is", excerpt("委托合同上的签名不是我签的", 6), "委托合同上的……")
}
