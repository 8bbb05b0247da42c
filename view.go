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
	switch {
	case s.who.Is(Officer, Head, Chair, Auditor, Management):
		f.Of = ""
	case s.who.Is(Admin):
		f.Of, f.Level = "", "metadata"
	}
	s.tell(s.who, "list", f)
	return s.tr("未结案件如下。", "The open cases follow."), nil
}

// help sends what this person may do now with this case.
func (s *session) help() (string, error) {
	s.tell(s.who, "help", Facts{Transcript: s.p.Help(s.c, s.who, s.at)})
	return s.tr("此刻可用的命令如下。", "What you may do now follows."), nil
}

// Help lists what a person may do now with a case, or without one: the usage
// of each command, its effect, and an example for the case in hand.
func (p *Policy) Help(c *Case, who *Person, at time.Time) []Line {
	var out []Line
	for _, v := range p.possible(c, who) {
		l := Line{Command: v.Usage(p.Language), Did: pick(p.Language, v.Does[0], v.Does[1])}
		if e := p.example(v, c, who, at); e != "" && e != l.Command {
			l.Did += pick(p.Language, "。例：", ". Example: ") + e
		}
		out = append(out, l)
	}
	return out
}

// example is a command as it may be sent about the case in hand; "" if there
// is nothing to say beyond the usage.
func (p *Policy) example(v *Verb, c *Case, who *Person, at time.Time) string {
	lang := p.Language
	with := func(zh, en string) string { return "#" + v.Name(lang) + " " + pick(lang, zh, en) }
	today := DateOf(at.In(p.Location))
	soon := p.Calendar.WorkingDays(today, 5, nil).Due.String()
	if v.En[0] == "register" {
		day := today.Add(-1).String() + " 15:20"
		return with("渠道=电话 收到="+day+" 姓名=张三 电话=138-0000-0000 事项=开庭前没有告知时间", "channel=phone received=\""+day+"\" name=\"Jane Doe\" phone=5550100 matter=Nobody told me when the hearing was")
	}
	if c == nil {
		return ""
	}
	if as := p.ready(v, c, who, at); len(as) > 0 && len(as[0].Line) > len(v.Name(lang))+1 {
		return as[0].Line
	}
	switch v.En[0] {
	case "classify":
		if c.Category == "" {
			return with("F6", "F6")
		}
	case "severity":
		level, _ := p.Grade(c)
		if severityRank[level] > severityRank[c.Severity] && level != Normal {
			return with(level.In("zh"), level.In("en"))
		}
	case "vulnerable":
		return with("情形=健康 听力不便，请以书面联系，不要打电话", "driver=health hard of hearing: please write, do not call")
	case "merge":
		if len(c.Similar) > 0 {
			return with(c.Similar[0].Ref, c.Similar[0].Ref)
		}
	case "split":
		if n := len(c.Allegations); n > 1 {
			return with(strconv.Itoa(c.Allegations[n-1].No), strconv.Itoa(c.Allegations[n-1].No))
		}
	case "ask":
		return with("期限="+soon+" 请问您何时付款？", "due="+soon+" When did you pay?")
	case "note":
		return with("已电话联系"+c.Complainant.Name, "called "+c.Complainant.Name)
	case "notify":
		if u := (&session{p: p, c: c}).unheard(); len(u) > 0 {
			return with("被投诉人="+u[0]+" 期限="+soon, "respondent=\""+u[0]+"\" due="+soon)
		}
	case "remedy", "settle":
		return with("类型=退费 金额=1000 期限="+soon+" 退还部分代理费", "kind=refund amount=1000 due="+soon+" part of the fee is refunded")
	case "measure":
		return with("负责人=诉讼部主管 期限="+soon+" 开庭排期由两人核对", "owner=\"Head of Litigation\" due="+soon+" two people check the diary")
	case "refer", "report-out", "outside":
		if len(p.Routes) > 0 {
			r := p.Routes[0]
			return with("机构="+r.Name+" 理由", "body=\""+r.In("en").Name+"\" reason")
		}
	case "posted":
		return with("承运=EMS 单号=1234567890123 日期="+today.String(), "carrier=EMS tracking=1234567890123 date="+today.String())
	case "correct":
		return with("位置=第四部分第1项 原文=3,000元 更正为=5,000元 原因=录入时看错金额", "where=\"part 4, item 1\" was=\"RMB 3,000\" is=\"RMB 5,000\" reason=the amount was misread")
	case "language":
		other := map[string]string{"zh": "en", "en": "zh"}[c.Lang]
		return with(other, other)
	case "outcome":
		if c.Outside != nil {
			return with("处理=继续 "+c.Outside.Body+"已作出处理", "then=continue "+c.Outside.Body+" has decided")
		}
	}
	return ""
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
		if SameAddr(c.Assignee, who.Address) || (c.State == AppealReview || c.State == CommitteePre) && c.sits(who) {
			return []Action{{Label: pick(lang, "退出本案，并记下理由", "takes you off this case and records why"), Line: name, Text: pick(lang, "（写明理由）", "(the reason)")}}
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
		if len(c.Allegations) > 0 && len(c.unanswered()) == 0 && len((&session{p: p, c: c}).unheard()) == 0 {
			return one("", pick(lang, "（书面报告正文）", "(text of the written report)"))
		}
	case "extend":
		return p.readyExtension(one, c, who, at)
	case "resume":
		if c.State == AwaitingClient || c.Stay != nil {
			return one("", pick(lang, "（写明原因）", "(the reason)"))
		}
	case "suspend":
		if c.Stay != nil && !DateOf(at.In(p.Location)).Before(c.Stay.ReviewOn) {
			return one("", pick(lang, "（复核意见：为何继续中止）", "(why the suspension goes on)"))
		}
	case "delay":
		if c.Due.Due.Before(DateOf(at.In(p.Location))) && c.pendingDraft() == nil {
			return one("", pick(lang, "（迟延的具体原因）", "(the specific reason for the delay)"))
		}
	case "settle":
		if x := c.Settlement; x != nil && !x.Agreed.IsZero() && c.pendingDraft() == nil {
			return []Action{{Label: pick(lang, "投诉人已同意：拟出和解确认书，送另一人批准", "the client has agreed: draft the letter that confirms it, for a second person to approve"), Line: name}}
		}
	case "draft":
		if r := c.LastLetter(ResultLetter); c.awaitsCommittee() || r != nil && c.unreached(r) {
			return nil
		}
		return p.readyDraft(c, at)
	case "approve":
		return p.readyApproval(one, c, who)
	case "return":
		if c.State == ReportReview || c.pendingDraft() != nil {
			return one("", pick(lang, "（写明理由）", "(the reason)"))
		}
	case "posted":
		if r := c.lastUnreached(); r != nil && r.Posted != nil {
			return one(pick(lang, "函=", "letter=")+r.Letter.Number.String()+pick(lang, " 送达=", " delivered=")+DateOf(at.In(p.Location)).String(), "")
		} else if r != nil && r.Letter.Kind != AckLetter {
			return one(pick(lang, "函=", "letter=")+r.Letter.Number.String()+pick(lang, " 承运=EMS 单号= 日期=", " carrier=EMS tracking= date=")+DateOf(at.In(p.Location)).String(), "")
		}
	case "resend":
		if r := c.lastUnreached(); r != nil && r.Delivery == DeliveryFailed && r.Letter.Kind != AckLetter {
			return one(pick(lang, "函=", "letter=")+r.Letter.Number.String()+pick(lang, " 地址=", " to="), pick(lang, "（投诉人何时、怎样告知该邮箱）", "(when and how the client gave it)"))
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
		if (c.State == AppealDecided || c.State == InRemedy && (c.ruled() || c.accepted() || s.late()) || c.State == Decided && s.late()) && len(c.outstanding()) == 0 {
			return one("", "")
		}
		if c.Withdrawing {
			return one(pick(lang, "代码=撤回", "code=withdrawn"), "")
		}
	case "performed":
		if left := c.outstanding(); len(left) > 0 && (c.State == InRemedy || c.State == AppealDecided || c.State == Decided && (&session{p: p, c: c, at: at}).late()) {
			return one(strconv.Itoa(left[0]), pick(lang, "（请附付款凭证或其他证明）", "(please attach the proof)"))
		}
	case "completed":
		for i, m := range c.Measures {
			if c.done(i+1) == nil && c.State != Decided && c.runs(m) && (p.owner(m) == who || p.owner(m) == nil) {
				return one(strconv.Itoa(i+1), pick(lang, "（怎样完成的；请附证明材料）", "(what was done; please attach what shows it)"))
			}
		}
	case "verified":
		for _, d := range c.MeasuresDone {
			if d.Verifier == "" && !SameAddr(d.By, who.Address) {
				return one(strconv.Itoa(d.No), "")
			}
		}
	case "reopen":
		if c.State != Closed && c.State != InRemedy {
			return one("", pick(lang, "（写明理由）", "(the reason)"))
		}
	case "outcome":
		return one(pick(lang, "处理=结案", "then=close"), pick(lang, "（外部机构的处理结果）", "(what the outside body decided)"))
	case "merge":
		if len(c.Similar) > 0 && (c.State == Registered || c.State == Triage) {
			return one(c.Similar[0].Ref, "")
		}
	case "notify":
		if u := (&session{p: p, c: c}).unheard(); len(u) > 0 && slices.Contains(working, c.State) && !slices.ContainsFunc(c.Hearings, func(h Hearing) bool { return p.samePerson(h.Person, u[0]) }) {
			return one(pick(lang, "被投诉人="+u[0], "respondent=\""+u[0]+"\""), "")
		}
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
	if len(c.promised()) > 0 {
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
		if r := c.reportDraft(); r != nil && r.DraftHash != "" {
			return one(r.DraftHash[:12], "")
		}
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
	case SameAddr(d.Drafter, who.Address), SameAddr(c.Handler, who.Address):
		return false
	case d.Letter.Kind == ResultLetter && c.Severity.Major():
		return p.isChair(c, who) && !c.awaitsCommittee()
	}
	return true
}

// readyExtension offers the answer to who may give it, and the request to who
// may make it once the limit is near.
func (p *Policy) readyExtension(one func(args, text string) []Action, c *Case, who *Person, at time.Time) []Action {
	_, d := c.limit()
	today := DateOf(at.In(p.Location))
	switch x := c.ExtensionAsked; {
	case d.Due.Before(today):
	case x != nil && !SameAddr(x.By, who.Address) && who.Is(Head, Chair, Management):
		return one(pick(p.Language, "同意", "granted"), "")
	case x == nil && SameAddr(c.Handler, who.Address) && !today.Before(p.Calendar.back(d.Due, 2)):
		return one(pick(p.Language, "天数=3 依据=", "days=3 ground="), pick(p.Language, "（具体原因；依据写补充材料、关键人员不在、外部机构材料、专业鉴定等）", "(the specific reason; the ground is expert, outside, key_person or the like)"))
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

// Task is something that is due with a person: a line of their digest.
type Task struct {
	Person string // address
	Item
}

// Tasks lists what is due on a case within two working days, or overdue, and
// with whom: who has the clock in hand, and above them as it is overdue. A
// request for more time waits with who may grant it.
func (p *Policy) Tasks(c *Case, at time.Time) []Task {
	s := &session{p: p, c: c, at: at, lang: p.Language, by: TheDesk}
	var out []Task
	today := s.today()
	add := func(who *Person, clock string, due Date) {
		t := Task{who.Address, Item{Ref: c.Ref, Clock: clock, Due: due, Late: due.Before(today)}}
		for i := range out { // a person has one line for a case: the limit that ends first
			if out[i].Person == t.Person {
				if t.Due.Before(out[i].Due) {
					out[i] = t
				}
				return
			}
		}
		out = append(out, t)
	}
	for _, k := range p.running(c) {
		if k.Steps != "ladder" || today.Before(p.Calendar.back(k.Due.Due, 2)) {
			continue
		}
		roles := slices.Clone(k.hands(c))
		for l := range p.levels(k) {
			if !l.At.After(at) && strings.HasPrefix(l.ID, "over") {
				roles = append(roles, l.Who...)
			}
		}
		for _, who := range s.reminded(roles) {
			add(who, k.ID, k.Due.Due)
		}
	}
	if x := c.ExtensionAsked; x != nil {
		if _, grantors, err := s.room(x.By); err == nil {
			for _, who := range grantors {
				_, d := c.limit()
				add(who, "C7", d.Due)
			}
		}
	}
	return out
}

// DigestDay gives the day whose digest may be sent now: a working day on which
// its hour has come. There is none for days that are past.
func (p *Policy) DigestDay(at time.Time) (day Date, ok bool) {
	day = DateOf(at.In(p.Location))
	return day, p.Calendar.Working(day) && !at.Before(day.Midnight(p.Location).Add(clockTime(p.DigestAt)))
}

// Digest makes one mail for each person out of what is due with them: overdue
// first, then by date. Its key holds day and address, so that nobody gets two.
func (p *Policy) Digest(tasks []Task, day Date) []Mail {
	of := map[string][]Item{}
	for _, t := range tasks {
		of[t.Person] = append(of[t.Person], t.Item)
	}
	var out []Mail
	for _, who := range p.Register.With(AnyStaff) {
		items := of[who.Address]
		if len(items) == 0 {
			continue
		}
		slices.SortStableFunc(items, func(a, b Item) int {
			if n := a.Due.number() - b.Due.number(); n != 0 {
				return n
			}
			return strings.Compare(a.Ref, b.Ref)
		})
		out = append(out, Mail{Key: fmt.Sprintf("digest/%s/%s", day, who.Address), To: who.Mailbox(), Lang: p.Language, Template: "digest", Staff: true,
			Facts: Facts{Items: items[:min(200, len(items))]}})
	}
	return out
}

// CalendarDue asks the administrators for next year's working days (C19): from
// the day of the year that the policy names, once a week, until the table is
// loaded.
func (p *Policy) CalendarDue(at time.Time) []Mail {
	today := DateOf(at.In(p.Location))
	from, err := time.Parse("01-02", p.CalendarFrom)
	start := Date{today.Year, from.Month(), from.Day()}
	if err != nil || today.Before(start) || p.Calendar.Status(today.Year+1) == Official {
		return nil
	}
	week := int(today.Midnight(time.UTC).Sub(start.Midnight(time.UTC)).Hours()) / (24 * 7)
	var out []Mail
	for _, who := range p.admins() {
		out = append(out, Mail{Key: fmt.Sprintf("calendar/%d/week%d/%s", today.Year+1, week, who.Address), To: who.Mailbox(), Lang: p.Language,
			Template: "calendar_missing", Staff: true, Facts: Facts{Subject: fmt.Sprint(today.Year + 1)}})
	}
	return out
}

// ClockWords names a clock.
func ClockWords(id, lang string) string {
	for i := range clocks {
		if clocks[i].ID == id {
			return pick(lang, clocks[i].Name[0], clocks[i].Name[1])
		}
	}
	return id
}

// since is the day from which the limits of a case run that began at a time: a
// case that was taken up anew begins again on that day.
func (p *Policy) since(c *Case, began time.Time) Date {
	if p.day(c.Registered).Before(c.Due.Start) && !c.last("remitted", "reopened", "ex_officio").IsZero() {
		return c.Due.Start
	}
	return p.day(began)
}

// Overdue reports whether the clock that matters most on a case has passed.
func (p *Policy) Overdue(c *Case, at time.Time) (Date, bool) {
	var due Date
	for _, k := range p.running(c) {
		if k.Steps == "ladder" && !strings.HasPrefix(k.ID, "S") {
			due = k.Due.Due
		}
	}
	return due, !due.IsZero() && !at.Before(Deadline{Due: due}.At(p.Location))
}
