package complaints

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// materials lists what the committee had before it.
func (s *session) materials() []string {
	zh := s.c.Lang != "en"
	out := []string{pick(s.c.Lang, "您的投诉与申诉", "Your complaint and your appeal")}
	if r := s.c.Answer(); r != nil {
		name := pick(s.c.Lang, "处理结果告知书", "The result letter")
		if r.Letter.Kind == SettlementLetter {
			name = pick(s.c.Lang, "和解确认书", "The letter confirming the settlement")
		}
		out = append(out, fmt.Sprintf(pick(s.c.Lang, "%s（%s）", "%s (%s)"), name, r.Letter.Number))
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
	since, recused := time.Time{}, s.c.Recusals
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
		if r := s.c.Answer(); r != nil {
			f.Contested, f.IssuedOn, f.Result, f.Settlement = r.Letter.Number, r.Letter.Date, r.Letter.Result, r.Letter.Settlement
		}
		f.Limits = []LimitLine{{What: ClockWords("C10", lang), Start: s.c.Appeal.Due.Start, Due: s.c.Appeal.Due.Due}}
	} else {
		f.Questions = []string{s.c.Docket.Question}
		f.Limits = []LimitLine{{What: ClockWords("C4", lang), Start: s.c.Due.Start, Due: s.c.Due.Due}}
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
		Complaint: excerpt(s.c.Matter, 3000), Facts: statements(s.c.Report.Text), Allegations: s.c.Allegations, Remedies: s.c.Remedies, Measures: s.c.Measures,
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

// MinutesRecord is the minutes of a meeting and what became of them. Hash is
// the SHA-256 (hex) of what they say: the approval quotes it.
type MinutesRecord struct {
	Letter   Letter    `json:"letter"`
	Version  int       `json:"version"`
	By       string    `json:"by"`
	Presided string    `json:"presided"` // who approves them
	Hash     string    `json:"hash"`
	Returned string    `json:"returned,omitempty"` // why they were sent back
	Approved time.Time `json:"approved,omitzero"`
}

// MinutesFiled puts minutes before who presided; a new version voids the last.
type MinutesFiled struct {
	ofMeeting
	Letter   Letter `json:"letter"`
	Presided string `json:"presided"`
	Hash     string `json:"hash"`
}

// Kind names the fact in the log.
func (*MinutesFiled) Kind() string { return "minutes_filed" }

func (f *MinutesFiled) hold(m *Meeting, e *Event) {
	version := 1
	if m.Minutes != nil {
		version = m.Minutes.Version + 1
	}
	m.Minutes = &MinutesRecord{Letter: f.Letter, Version: version, By: e.By, Presided: f.Presided, Hash: f.Hash}
}

// MinutesReturned sends minutes back to who wrote them.
type MinutesReturned struct {
	ofMeeting
	Reason string `json:"reason"`
}

// Kind names the fact in the log.
func (*MinutesReturned) Kind() string { return "minutes_returned" }

func (f *MinutesReturned) hold(m *Meeting, _ *Event) { m.Minutes.Returned = f.Reason }

// MinutesIssued approves the minutes: they get their number and stand.
type MinutesIssued struct {
	ofMeeting
	Number LetterNumber `json:"number"`
	Date   Date         `json:"date"`
}

// Kind names the fact in the log.
func (*MinutesIssued) Kind() string { return "minutes_issued" }

func (f *MinutesIssued) hold(m *Meeting, e *Event) {
	m.Minutes.Letter.Number, m.Minutes.Letter.Date, m.Minutes.Approved = f.Number, f.Date, e.At
}

// fileMinutes is #纪要: the minutes go before who presided.
func (s *session) fileMinutes(c *Command) (string, error) {
	if err := s.atMeeting(Chair, Officer, Head); err != nil {
		return "", err
	}
	m, loc := s.mt, s.p.Location
	if s.at.Before(m.From) {
		return "", Refuse("会议还没有开始。", "The meeting has not begun.")
	}
	if m.Minutes != nil && !m.Minutes.Approved.IsZero() {
		return "", Refuse("纪要已批准（%[1]s），不再更改。", "The minutes are approved (%[1]s) and stand.", m.Minutes.Letter.Number)
	}
	f := &MinutesFacts{Title: m.Title(s.p.Language, loc), From: m.From.In(loc), To: m.To.In(loc), Place: m.Place, Quorum: s.p.Quorum,
		Secretary: Contact{Name: s.who.Name, Title: pick(s.p.Language, "记录人", "Secretary")}}
	presided, present, err := s.roll(c, f)
	if err != nil {
		return "", err
	}
	if v := c.Args["until"]; v != "" {
		end, ok := s.p.ending(f.From, v)
		if !ok {
			return "", Refuse("“%s”不是结束时间，请写成 至=16:00。", "%q is no end; write it as until=16:00.", v)
		}
		f.To = end
	}
	if f.Next, err = s.date(c, "next"); err != nil {
		return "", err
	}
	if err := s.minute(c.Text, f, present); err != nil {
		return "", err
	}
	l := Letter{Kind: MinutesLetter, Lang: s.p.Language, Ref: m.Ref, No: 1, Number: LetterNumber{Firm: s.p.Firm.Short, Kind: series[MinutesLetter], Year: s.today().Year},
		Firm: s.p.Firm, To: Address{Name: s.tr("投诉处理委员会各委员", "The members of the Complaints Committee")}, Subject: f.Title, Minutes: f,
		Contact: f.Secretary, Signatory: f.Chair, Policy: s.p.Version}
	if s.p.Check != nil {
		if err := s.p.Check(l); err != nil {
			return "", err
		}
	}
	body, err := json.Marshal(f)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(body)
	s.meet(&MinutesFiled{Letter: l, Presided: presided.Address, Hash: hex.EncodeToString(sum[:])})
	s.tell(presided, "minutes_approval", Facts{From: s.who.Mailbox(), Hash: s.mt.Minutes.Hash}).Draft = true
	did := s.tr("纪要已送%s批准；批准后编号，发给各委员。", "The minutes are with %s for approval; then they get their number and go to the members.", presided.Name)
	if n := len(f.Actions); n > 0 {
		k := len(slices.DeleteFunc(slices.Clone(f.Actions), func(a Measure) bool { return a.Case == "" || s.lacking(nil, a) != "" }))
		did += s.tr("后续工作%d项，其中%d项批准后即成为所属案件的措施，由系统催办。", " Of %d follow-ups, %d become measures of their cases upon approval, with reminders.", n, k)
		if k < n {
			did += s.tr("其余没有写明案件、责任人或者期限，届时退回补充。", " The others name no case, no person or no date, and will come back to be completed.")
		}
	}
	return did, nil
}

// roll reads who was there, who presided and who was excused. Who is not named
// was there if they had said that they would come.
func (s *session) roll(c *Command, f *MinutesFacts) (presided *Person, present []*Person, err error) {
	names := strings.FieldsFunc(c.Args["present"], func(r rune) bool { return strings.ContainsRune("、,，;；", r) })
	for _, n := range names {
		who := s.p.Register.Named(n)
		if who == nil {
			return nil, nil, Refuse("名册中没有“%s”，请写姓名或地址。", "There is nobody named %q in the register; write the name or the address.", strings.TrimSpace(n))
		}
		present = append(present, who)
	}
	for _, a := range s.mt.Invited {
		who, said := s.p.Register.Find(a), s.mt.Answer(a)
		switch {
		case who == nil:
		case len(names) == 0 && said != nil && said.Coming:
			present = append(present, who)
		case !slices.Contains(present, who):
			reason := s.tr("未到会", "absent")
			if said != nil && !said.Coming {
				reason = said.Reason
			}
			f.Excused = append(f.Excused, PanelMember{Name: who.Name, Capacity: capacity(who, s.p.Language), Reason: reason})
		}
	}
	var members []*Person
	for _, who := range present {
		x := PanelMember{Name: who.Name, Capacity: capacity(who, s.p.Language)}
		if !s.mt.invites(who.Address) {
			if who.Is(Officer, Head) {
				x.Capacity = who.Roles[0].In(s.p.Language)
			}
			f.Guests = append(f.Guests, x)
			continue
		}
		f.Present, members = append(f.Present, x), append(members, who)
		if who.Is(Chair) && presided == nil {
			presided = who
		}
	}
	if n := c.Args["chair"]; n != "" {
		if presided = s.p.Register.Named(n); !slices.Contains(members, presided) {
			return nil, nil, Refuse("“%s”没有到会，不能主持。", "%q was not there and cannot have presided.", n)
		}
	}
	switch {
	case len(members) == 0:
		return nil, nil, Refuse("请写明到会人员：到会=陈思远、孙丽", "Say who was there: present=Grace Chen, Li Sun")
	case presided == nil:
		return nil, nil, Refuse("主任委员没有到会；请写明由哪位委员主持：主持=%[1]s", "The chair was not there; say which member presided: chair=%[1]s", members[0].Name)
	}
	f.Chair = Contact{Name: presided.Name, Title: pick(s.p.Language, "主持人", "Chair of the meeting")}
	if presided.Is(Chair) {
		f.Chair.Title = Chair.In(s.p.Language)
	}
	return presided, members, nil
}

// settleMinutes is #批准 and #退回 on a meeting, by who presided.
func (s *session) settleMinutes(c *Command, yes bool) (string, error) {
	if err := s.atMeeting(Chair, Member); err != nil {
		return "", err
	}
	r := s.mt.Minutes
	switch {
	case r == nil || !r.Approved.IsZero() || r.Returned != "":
		return "", Refuse("没有待批准的纪要。", "No minutes are waiting for approval.")
	case !SameAddr(r.Presided, s.who.Address):
		return "", Refuse("纪要由会议主持人批准。", "The minutes are approved by who presided.")
	case yes && !c.quotes(r.Hash):
		return "", Refuse("请引用纪要的校验码：#批准 %[1]s", "Quote the hash of the minutes: #approve %[1]s", r.Hash[:12])
	case !yes:
		s.meet(&MinutesReturned{Reason: c.Text})
		if who := s.p.Register.Find(r.By); who.Is(AnyStaff) && who != s.who {
			s.tell(who, "minutes_returned", Facts{From: s.who.Mailbox(), Reason: c.Text})
		}
		return s.tr("纪要已退回。", "The minutes have been sent back."), nil
	}
	s.meet(&MinutesIssued{Number: r.Letter.Number, Date: s.today()})
	told := s.p.attending(s.mt)
	if who := s.p.Register.Find(r.By); who.Is(AnyStaff) && !slices.Contains(told, who) {
		told = append(told, who)
	}
	for _, who := range told {
		s.tell(who, "minutes", Facts{})
	}
	did := s.tr("纪要已批准、编号，并发给各委员。", "The minutes are approved, have their number, and go to the members.")
	return did + s.followUps(r.Letter.Minutes.Actions), nil
}

// Resolving lists the cases that the minutes name which a mail may approve, for
// the store to lock before the policy decides.
func Resolving(m *Message) []string {
	var out []string
	if m.Meeting == nil || m.Meeting.Minutes == nil || !slices.ContainsFunc(ParseCommands(m.OwnWords), func(c Command) bool { return c.verb == findVerb("approve") }) {
		return nil
	}
	for _, a := range m.Meeting.Minutes.Letter.Minutes.Actions {
		if a.Case != "" {
			out = append(out, a.Case)
		}
	}
	slices.Sort(out) // everybody locks in the same order
	return slices.Compact(out)
}

// lacking says what a follow-up needs before somebody can be reminded of it; ""
// if nothing. c is its case, if it is known.
func (s *session) lacking(c *Case, a Measure) string {
	who := s.p.owner(a)
	switch {
	case who == nil:
		return s.tr("没有写明责任人", "it names no person")
	case c != nil && c.Conflicted(who):
		return s.tr("%s与本案有利害关系，请改由他人负责", "%s has a conflict of interest in the case: please name somebody else", who.Name)
	case a.Due.IsZero():
		return s.tr("没有写明期限", "it names no date")
	case a.Due.Before(s.today()):
		return s.tr("期限已过", "its date is past")
	}
	return ""
}

// followUps makes measures of what approved minutes give people to do, each in
// the case under whose item it stands. What cannot be one goes back to the
// secretary and to who presided, with the command to complete. It says what
// became of them.
func (s *session) followUps(actions []Measure) string {
	made, left := 0, map[string][]Line{}
	with := map[string]*session{} // by the case's reference; "": none
	base := map[string]*Case{}
	for _, a := range actions {
		key := ""
		if i := slices.IndexFunc(s.m.Others, func(o *Case) bool { return a.Case != "" && o.answersTo(a.Case) }); i >= 0 {
			c := s.m.Others[i]
			if key = c.Ref; with[key] == nil {
				with[key], base[key] = s.beside(c, "/"+key), c
			}
		}
		o, m := with[key], a
		m.Case, m.Meeting, m.Inner = "", s.mt.Ref, true
		var c *Case
		if o != nil {
			c = o.c
		}
		why := s.lacking(c, m)
		switch {
		case o != nil && slices.Contains(o.c.Measures, m):
		case o != nil && why == "":
			o.give(m)
			made++
		default:
			if o == nil {
				why = strings.Trim(s.tr("没有写在任何案件的议题之下", "it stands under the item of no case")+s.tr("；", "; ")+why, "；; ")
			}
			left[key] = append(left[key], Line{Command: m.followUp(s.lang), Did: why})
		}
	}
	back := 0
	for _, key := range slices.Sorted(maps.Keys(left)) {
		back += len(left[key])
		o := cmp.Or(with[key], s)
		for _, who := range s.minuting(o.c) {
			o.tell(who, "followups", Facts{Reason: s.mt.Title(s.p.Language, s.p.Location), Level: s.mt.Ref, Transcript: left[key]})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(with)) {
		s.also(base[key], with[key])
	}
	did := ""
	if made > 0 {
		did += s.tr("%d项后续工作已成为案件的措施，责任人已获告知。", " %d follow-ups are measures of their cases now, and those who carry them out know.", made)
	}
	if back > 0 {
		did += s.tr("%d项待补充，另函附有命令。", " %d need completing: another mail brings the command.", back)
	}
	return did
}

// minuting are those who complete a follow-up: who wrote the minutes and who
// presided, as far as they may act on the case; failing them, the desk.
func (s *session) minuting(c *Case) []*Person {
	var out []*Person
	for _, a := range []string{s.mt.Minutes.By, s.mt.Minutes.Presided} {
		who := s.p.Register.Find(a)
		if who.Is(findVerb("followup").Roles...) && !slices.Contains(out, who) && (c == nil || s.p.mayUse(c, who, findVerb("followup"))) {
			out = append(out, who)
		}
	}
	if len(out) == 0 && c != nil {
		return s.p.acting(c, Officer, Head)
	}
	return out
}

// followUp is the command that gives it to somebody.
func (m Measure) followUp(lang string) string {
	line := "#" + findVerb("followup").Name(lang) + pick(lang, " 会议=", " meeting=") + m.Meeting
	if m.Owner != "" && m.Owner != m.Person {
		line += pick(lang, " 负责人="+m.Owner, ` owner="`+m.Owner+`"`)
	}
	line += pick(lang, " 人=", " person=") + m.Person + pick(lang, " 期限=", " due=")
	if !m.Due.IsZero() {
		line += m.Due.String()
	}
	return line + " " + m.Text
}

// NextOn lists the commands that a person may send about a meeting now.
func (p *Policy) NextOn(m *Meeting, who *Person, at time.Time) []Action {
	lang := p.Language
	var out []Action
	add := func(zh, en, verb, args, text string) {
		out = append(out, Action{Label: pick(lang, zh, en), Line: strings.TrimSpace("#" + findVerb(verb).Name(lang) + " " + args), Text: text})
	}
	reason := pick(lang, "（写明原因）", "(the reason)")
	runs := who.Is(Chair, Officer, Head) || who != nil && SameAddr(m.Secretary, who.Address)
	switch r := m.Minutes; {
	case who == nil || m.Cancelled != "" || r != nil && !r.Approved.IsZero():
	case r != nil && r.Returned == "":
		if SameAddr(r.Presided, who.Address) {
			add("批准附件中的纪要", "Approve the minutes attached", "approve", r.Hash[:12], "")
			add("退回纪要", "Send the minutes back", "return", "", reason)
		}
	case at.Before(m.From):
		x := m.Answer(who.Address)
		if m.invites(who.Address) && (x == nil || !x.Coming) {
			add("出席", "I will attend", "attend", "", "")
		}
		if m.invites(who.Address) && (x == nil || x.Coming) {
			add("请假", "I cannot come", "apologies", "", reason)
		}
		if runs {
			add("改期", "Move the meeting", "reschedule", pick(lang, "时间=", "on=")+m.From.In(p.Location).Format("2006-01-02 15:04"), reason)
			add("取消会议", "Cancel the meeting", "cancel-meeting", "", reason)
		}
	case runs:
		add("整理纪要，送主持人批准", "Write the minutes, for whoever presided to approve", "minutes", "", p.minutesForm(m))
	}
	return out
}

// minutesForm is the minutes with what is known of the meeting, for the
// secretary to fill in.
func (p *Policy) minutesForm(m *Meeting) string {
	form := ""
	for _, item := range append(slices.Clone(m.Docket), m.Agenda...) {
		form += pick(p.Language, "议题：", "Item: ") + item + "\n" + pick(p.Language, "（讨论情况）\n决议：\n", "(what was said)\nResolved:\n")
	}
	if form == "" {
		form = pick(p.Language, "议题：\n（讨论情况）\n决议：\n", "Item:\n(what was said)\nResolved:\n")
	}
	return form + pick(p.Language, "（后续：负责人=岗位 期限=日期 要做的事）", "(Action: owner=post due=date what is to be done)")
}
