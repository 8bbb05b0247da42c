package complaints

import (
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
		return p.readyDraft(c, at)
	case "approve":
		return p.readyApproval(one, c, who)
	case "return":
		if c.State == ReportReview || c.pendingDraft() != nil {
			return one("", pick(lang, "（写明理由）", "(the reason)"))
		}
	case "vote":
		return one(Affirm.In(lang), pick(lang, "（理由）", "(reasons)"))
	case "decide":
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
	case d != nil && d.DraftHash != "" && (d.Letter.Kind == DecisionLetter && who.Is(Chair) || d.Letter.Kind != DecisionLetter && !SameAddr(d.Drafter, who.Address)):
		return one(d.DraftHash[:12], "")
	}
	return nil
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
