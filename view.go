package complaints

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// show sends the whole case to who asks.
func (s *session) show() (string, error) {
	s.tell(s.who, "view", Facts{})
	return s.tr("本案全部内容如下。", "The whole case follows."), nil
}

// list sends the open cases that concern who asks: all of them for the desk.
func (s *session) list() (string, error) {
	f := Facts{Of: s.who.Address}
	if s.who.Is(Officer, Head, Chair, Auditor) {
		f.Of = ""
	}
	s.tell(s.who, "list", f)
	return s.tr("未结案件如下。", "The open cases follow."), nil
}

// help sends what this person may do now with this case.
func (s *session) help() (string, error) {
	s.tell(s.who, "help", Facts{Transcript: s.p.Help(s.c, s.who)})
	return s.tr("此刻可用的命令如下。", "What you may do now follows."), nil
}

// Help lists what a person may do now with a case, or without one: the usage
// of each command, and its effect.
func (p *Policy) Help(c *Case, who *Person) []Line {
	var out []Line
	for _, v := range p.possible(c, who) {
		out = append(out, Line{Command: v.Usage(p.Language), Did: pick(p.Language, v.Does[0], v.Does[1])})
	}
	return out
}

// Next lists the commands that move a case on, ready to send, for one person:
// what every mail to staff carries.
func (p *Policy) Next(c *Case, who *Person, at time.Time) []Action {
	if c == nil || who == nil {
		return nil
	}
	var out []Action
	for _, v := range p.possible(c, who) {
		out = append(out, p.ready(v, c, who, at)...)
	}
	return out
}

// ready fills a command in for the case in hand. Commands that do not move the
// case on are left to #帮助.
func (p *Policy) ready(v *Verb, c *Case, who *Person, at time.Time) []Action {
	lang, name := p.Language, "#"+v.Name(p.Language)
	one := func(args, text string) []Action {
		return []Action{{Label: pick(lang, v.Does[0], v.Does[1]), Line: strings.TrimSpace(name + " " + args), Text: text}}
	}
	switch v.En[0] {
	case "admit":
		return one("", "")
	case "allegation":
		if c.State == Registered || c.State == Triage {
			return one("", pick(lang, "（写下投诉事项，每项一条命令）", "(the allegation; one command for each)"))
		}
	case "assign":
		if c.Handler == "" {
			return one(p.likely(c), "")
		}
	case "accept":
		return one("", "")
	case "recuse":
		if SameAddr(c.Assignee, who.Address) || c.State == AppealReview {
			return one("", pick(lang, "（写明理由）", "(the reason)"))
		}
	case "ask":
		if slices.Contains(working, c.State) && SameAddr(c.Handler, who.Address) {
			return one("", pick(lang, "（写下要问投诉人的问题）", "(your question to the client)"))
		}
	case "interview":
		return one(pick(lang, "对象=姓名", "with=name"), pick(lang, "（访谈摘要）", "(summary of the interview)"))
	case "finding":
		for _, a := range c.Allegations {
			if a.Finding == "" {
				no := strconv.Itoa(a.No)
				return one(no+pick(lang, "=成立", "=upheld"), pick(lang, "（事实、依据、结论和理由）", "(facts, basis, conclusion and reasons)"))
			}
		}
	case "cause":
		if len(c.RootCauses) == 0 {
			return one("", pick(lang, "（代码和说明，如 P2 疏忽）", "(code and text, such as P2 oversight)"))
		}
	case "report":
		if len(c.Allegations) > 0 && len(c.unanswered()) == 0 {
			return one("", pick(lang, "（书面报告正文）", "(text of the written report)"))
		}
	case "draft":
		if c.awaitsCommittee() {
			return nil
		}
		return p.readyDraft(c, at)
	case "approve":
		return p.readyApproval(one, c, who)
	case "return":
		if c.State == ReportReview || c.pendingDraft() != nil {
			return one("", pick(lang, "（写明理由）", "(the reason)"))
		}
	case "refer-committee":
		if c.awaitsCommittee() && c.Severity.Major() {
			return one("", "")
		}
	case "opinion":
		if !c.Docket.Ballot {
			return one("", pick(lang, "（您的意见）", "(your opinion)"))
		}
	case "name-chair":
		if c.seats() != nil && !p.mayChair(c) && p.substitute(c) == nil {
			return one(p.chairCandidate(c), "")
		}
	case "admit-appeal":
		if c.Appeal.Late && c.Appeal.Admitted == "" {
			return one("", pick(lang, "（受理的理由）", "(why it is admitted)"))
		}
		return one("", "")
	case "decline-appeal":
		if c.Appeal.Late {
			return one("", pick(lang, "（不受理的理由）", "(why it is not admitted)"))
		}
	case "vote":
		if c.State == CommitteePre {
			if !c.Docket.Ballot {
				return nil
			}
			return one(InFavour.In(lang), pick(lang, "（理由）", "(reasons)"))
		}
		return one(Affirm.In(lang), pick(lang, "（理由）", "(reasons)"))
	case "decide":
		if c.State == CommitteePre {
			if !p.quorate(c) {
				return nil
			}
			return one(c.Docket.leading()[0].In(lang), pick(lang, "（委员会的意见）", "(the committee's opinion)"))
		}
		if p.quorate(c) && c.pendingDraft() == nil {
			return one(c.Appeal.leading()[0].In(lang), pick(lang, "（决定理由）", "(reasons of the decision)"))
		}
	case "close":
		s := session{p: p, c: c, at: at}
		if c.State == AppealDecided || c.State == InRemedy || c.State == Decided && s.late() {
			return one("", "")
		}
		if c.withdrawalSought() {
			return one(pick(lang, "代码=撤回", "code=withdrawn"), "")
		}
	case "reopen":
		return nil
	case "show":
		return one("", "")
	}
	return nil
}

// readyDraft offers the draft of the result letter; until there is a measure,
// together with the remedy and the measure that it is made of.
func (p *Policy) readyDraft(c *Case, at time.Time) []Action {
	lang := p.Language
	verb := func(en string) string { return "#" + findVerb(en).Name(lang) }
	draft := Action{Label: pick(lang, "生成处理结果告知书草稿，送另一人批准", "draft the result letter and put it before a second person"), Line: verb("draft")}
	if len(c.Measures) > 0 {
		return []Action{draft}
	}
	soon := DateOf(at.In(p.Location)).Add(14).String()
	draft.Line = verb("remedy") + pick(lang, " 类型=退费 金额=1000 期限=", " kind=refund amount=1000 due=") + soon
	draft.Text = pick(lang, "（补救内容；没有补救则删去这两行）", "(what is offered; without a remedy delete these two lines)") + "\n" +
		verb("measure") + pick(lang, " 负责人=岗位 期限=", " owner=post due=") + soon + "\n" + pick(lang, "（改进措施）", "(the improvement)") + "\n" + verb("draft")
	return []Action{draft}
}

// readyApproval offers the approval of the report, or of the very draft that
// the reader has before them.
func (p *Policy) readyApproval(one func(args, text string) []Action, c *Case, who *Person) []Action {
	d := c.pendingDraft()
	switch {
	case c.State == ReportReview && !SameAddr(c.Report.By, who.Address):
		return one("", "")
	case d != nil && d.DraftHash != "" && (p.signs(c, d, who)):
		return one(d.DraftHash[:12], "")
	}
	return nil
}

// signs reports whether a person may approve a draft as it stands.
func (p *Policy) signs(c *Case, d *LetterRecord, who *Person) bool {
	switch {
	case d.Letter.Kind == DecisionLetter:
		return p.isChair(c, who)
	case SameAddr(d.Drafter, who.Address):
		return false
	case d.Letter.Kind == ResultLetter && c.Severity.Major():
		return p.isChair(c, who) && !c.awaitsCommittee()
	}
	return true
}

// likely names the investigator without a conflict who comes first.
func (p *Policy) likely(c *Case) string {
	for _, who := range p.Register.With(Investigator) {
		if !c.Conflicted(who) {
			return who.Address
		}
	}
	return pick(p.Language, "地址", "address")
}

// materials lists what the committee had before it.
func (s *session) materials() []string {
	zh := s.c.Lang != "en"
	out := []string{pick(s.c.Lang, "您的投诉与申诉", "Your complaint and your appeal")}
	if r := s.c.LastLetter(ResultLetter); r != nil {
		out = append(out, pick(s.c.Lang, "处理结果告知书（"+r.Letter.Number.String()+"）", "The result letter ("+r.Letter.Number.String()+")"))
	}
	if s.c.Report != nil {
		out = append(out, pick(s.c.Lang, "书面调查报告", "The written report of the investigation"))
	}
	if n := len(s.c.Evidence); n > 0 {
		if zh {
			out = append(out, fmt.Sprintf("案卷证据材料%d件", n))
		} else {
			out = append(out, fmt.Sprintf("%d documents on the file", n))
		}
	}
	return out
}

func paragraphs(text string) []string {
	var out []string
	for _, l := range strings.Split(text, "\n") {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

// sendPapers sends members everything that they need for a case: one PDF, and
// in the mail itself what it is about. A letter that cannot be printed does not
// hold the papers up.
func (s *session) sendPapers(members []string) {
	no, template := s.papers(), "committee_papers"
	f := Facts{From: s.c.Complainant.Mailbox(), Level: s.p.votingDue(s.c).Due.String()}
	if s.c.State == AppealReview {
		template, f.Text = "appeal_papers", s.c.Appeal.Grounds
	} else {
		f.Text = s.c.Docket.Question
	}
	for _, a := range members {
		if p := s.p.Register.Find(a); p != nil {
			s.tell(p, template, f).LetterNo = no
		}
	}
}

// papers issues the committee's papers on a case and gives the letter's number
// in the case; 0 if they cannot be printed. Who is called in later gets the same.
func (s *session) papers() int {
	appeal := s.c.State == AppealReview
	var since time.Time
	recused := s.c.Recusals
	if appeal {
		since = s.c.Appeal.At
	} else {
		since, recused = s.c.Docket.At, s.c.Docket.Recused
	}
	if r := s.c.LastLetter(PapersLetter); r != nil && r.Letter.Papers.Appeal == appeal && !r.Letter.Date.Before(DateOf(since.In(s.p.Location))) {
		return r.Letter.No
	}
	lang := s.p.Language
	f := &PapersFacts{Appeal: appeal, VoteBy: s.p.votingDue(s.c).Due, Quorum: s.p.Quorum, Report: s.annex()}
	f.Members, f.Recused = s.p.panelMembers(*s.c.seats(), recused, lang)
	if desk := s.desk(); len(desk) > 0 {
		f.Secretary = Contact{Name: desk[0].Name, Title: desk[0].Roles[0].In(lang), Phone: s.p.Firm.Phone, Email: desk[0].Address}
	}
	if appeal {
		f.Grounds, f.Questions = s.c.Appeal.Grounds, []string{s.tr("维持、变更、撤销原处理结果，或者发回重新调查", "Whether to uphold, change or set aside the outcome, or to have the complaint investigated afresh")}
		if r := s.c.LastLetter(ResultLetter); r != nil {
			f.Contested, f.IssuedOn, f.Result = r.Letter.Number, r.Letter.Date, r.Letter.Result
		}
		f.Limits = []LimitLine{{What: ClockWords("C10", lang), Start: s.c.Appeal.Due.Start, Due: s.c.Appeal.Due.Due}}
	} else {
		f.Questions = []string{s.c.Docket.Question}
		f.Limits = []LimitLine{{What: ClockWords("C4", lang), Start: s.c.Due.Start, Due: s.c.Due.Due, Done: DateOf(s.c.Report.ApprovedAt.In(s.p.Location))}}
	}
	l := s.letter(PapersLetter)
	l.Lang, l.To, l.Routes, l.Papers = lang, Address{Name: s.tr("投诉处理委员会各委员", "The members of the Complaints Committee")}, nil, f
	l.Signatory = f.Secretary
	for _, e := range s.c.Evidence {
		l.Enclosures = append(l.Enclosures, e.Name)
	}
	if s.p.Check != nil && s.p.Check(l) != nil {
		return 0
	}
	s.do(&Issued{Letter: &l, Number: l.Number, Date: s.today()})
	return len(s.c.Letters)
}

// annex is the report of the investigation as the papers carry it.
func (s *session) annex() *ReportFacts {
	if s.c.Report == nil {
		return nil
	}
	lang, day := s.p.Language, func(e Entry) Date { return DateOf(e.At.In(s.p.Location)) }
	name := func(addr string) string {
		if p := s.p.Register.Find(addr); p != nil {
			return p.Name
		}
		return addr
	}
	f := &ReportFacts{Complainant: s.c.Complainant.Name, Received: DateOf(s.c.Received.In(s.p.Location)), Registered: DateOf(s.c.Registered.In(s.p.Location)),
		Channel: s.c.Channel, Category: strings.TrimSpace(s.c.Category + " " + CategoryWords(s.c.Category, lang)), Severity: s.c.Severity.In(lang),
		Complaint: excerpt(s.c.Matter, 3000), Facts: paragraphs(s.c.Report.Text), Allegations: s.c.Allegations, Remedies: s.c.Remedies, Measures: s.c.Measures,
		Author: Contact{Name: name(s.c.Report.By), Title: TheHandler.In(lang)}, Version: s.c.Report.Version}
	for _, e := range s.c.Log {
		switch e.What {
		case "interview":
			f.Statements = append(f.Statements, CaseStep{On: day(e), Text: e.Text, By: name(e.By)})
		case "asked", "document":
			f.Steps = append(f.Steps, CaseStep{On: day(e), Text: e.Text, By: name(e.By)})
		}
	}
	for _, r := range s.c.RootCauses {
		f.Causes = append(f.Causes, strings.TrimSpace(r.Code+" "+CauseWords(r.Code, lang)+" "+r.Text))
	}
	return f
}
