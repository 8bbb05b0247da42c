package complaints

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Asked is a question put to the client, or to a member of staff, from the
// case's address.
type Asked struct {
	To   string `json:"to"`
	Text string `json:"text"`
	Due  Date   `json:"due,omitzero"`
}

// Kind names the fact in the log.
func (*Asked) Kind() string { return "asked" }

func (f *Asked) apply(c *Case, e *Event) error {
	c.note(e, f.Kind(), f.Text)
	return nil
}

// Requested asks the client, once and completely, for what is missing; until
// the reply the clocks stand still.
type Requested struct {
	Items []InfoItem `json:"items"`
	Due   Deadline   `json:"due"`          // C6
	Old   Date       `json:"old"`          // limit of the investigation before
	At    time.Time  `json:"at,omitzero"`  // filled in from the event
	No    int        `json:"no,omitempty"` // filled in: the how-manieth request
}

// Kind names the fact in the log.
func (*Requested) Kind() string { return "requested" }

func (f *Requested) apply(c *Case, e *Event) error {
	x := *f
	x.At, x.No = e.At, 1
	if c.Request != nil {
		x.No = c.Request.No + 1
	}
	x.Due.Steps = nil
	c.Request, c.State = &x, AwaitingClient
	c.Pauses = append(c.Pauses, Span{From: e.At, Ground: "information"})
	var items []string
	for i, it := range f.Items {
		items = append(items, fmt.Sprintf("%d. %s", i+1, it.Text))
	}
	c.note(e, f.Kind(), strings.Join(items, " "))
	return nil
}

// Noted is something the investigator puts on file: a note, an interview, a
// document.
type Noted struct {
	What        string       `json:"what"` // note, interview, document
	With        string       `json:"with,omitempty"`
	Text        string       `json:"text"`
	Attachments []Attachment `json:"attachments,omitempty"`
}

// Kind names the fact in the log.
func (*Noted) Kind() string { return "noted" }

func (f *Noted) apply(c *Case, e *Event) error {
	c.keep(e, e.By, f.Attachments)
	text := f.Text
	if f.With != "" {
		text = f.With + ": " + text
	}
	if f.What == "interview" {
		c.hear(f.With, e.At)
	}
	c.note(e, f.What, text)
	return nil
}

// Found is the finding on one allegation, with its reason.
type Found struct {
	No       int      `json:"no"`
	Finding  Finding  `json:"finding"`
	Reason   string   `json:"reason"`
	Evidence []string `json:"evidence,omitempty"` // what it rests on

	Attachments []Attachment `json:"attachments,omitempty"` // that came with it
}

// Kind names the fact in the log.
func (*Found) Kind() string { return "found" }

func (f *Found) apply(c *Case, e *Event) error {
	a := c.allegation(f.No)
	if a == nil {
		return fmt.Errorf("there is no allegation %d", f.No)
	}
	a.Finding, a.Reason, a.Evidence = f.Finding, f.Reason, f.Evidence
	c.keep(e, e.By, f.Attachments)
	c.note(e, f.Kind(), fmt.Sprintf("%d %s: %s", f.No, f.Finding, f.Reason))
	return nil
}

// RootCause is a cause by the code of casework E.4, with text.
type RootCause struct {
	Code string `json:"code"`
	Text string `json:"text,omitempty"`
}

// Kind names the fact in the log.
func (*RootCause) Kind() string { return "root_cause" }

func (f *RootCause) apply(c *Case, e *Event) error {
	for i, r := range c.RootCauses {
		if r.Code == f.Code {
			c.RootCauses[i] = *f
			c.note(e, f.Kind(), f.Code+" "+f.Text)
			return nil
		}
	}
	c.RootCauses = append(c.RootCauses, *f)
	c.note(e, f.Kind(), f.Code+" "+f.Text)
	return nil
}

// date reads a date argument that must not lie in the past.
func (s *session) date(c *Command, key string) (Date, error) {
	v := c.Args[key]
	if v == "" {
		return Date{}, nil
	}
	d, err := s.anyDate(c, key)
	if err != nil {
		return d, err
	}
	if d.Before(s.today()) {
		return Date{}, Refuse("%s 已过。", "%s is past.", v)
	}
	return d, nil
}

// anyDate reads a date that may be past.
func (s *session) anyDate(c *Command, key string) (Date, error) {
	d, ok := ParseDate(c.Args[key])
	if !ok && c.Args[key] != "" {
		return Date{}, Refuse("“%s”不是日期，请写成 2026-12-01。", "%q is no date; write it as 2026-12-01.", c.Args[key])
	}
	return d, nil
}

func (s *session) ask(c *Command) (string, error) {
	due, err := s.date(c, "due")
	if err != nil {
		return "", err
	}
	if s.c.Complainant.Addr == "" {
		return "", Refuse("投诉人没有电子邮件地址，请以电话或信函联系并用 #备注 记录。", "The complainant has no email address; please call or write, and record it with #note.")
	}
	s.do(&Asked{To: s.c.Complainant.Addr, Text: c.Text, Due: due})
	m := s.tellClient("question", Facts{Text: c.Text, From: s.who.Mailbox(), Subject: s.c.Subject})
	m.Facts.Level = due.String()
	return s.tr("已以本案地址发给 %s；对方的回复会存入案卷并转给您。", "Sent to %s from the case's address; the reply will be put on file and passed to you.", s.c.Complainant.Mailbox()), nil
}

var itemNumber = regexp.MustCompile(`^\s*(?:\d{1,2}\s*[.、．)）]|[-•·])\s*`)

// request is #补正: one list of what is missing, each with what it is needed
// for. The responsible person sends it once; a second time the head does.
func (s *session) request(c *Command) (string, error) {
	if s.c.Request != nil && !slices.Contains(s.free(Head), s.who) {
		return "", Refuse("补充材料已要求过一次；再次要求须经负责人同意，由负责人发送同样的命令。", "The client has been asked once; a second request needs the head's consent, who sends the same command.")
	}
	f := &Requested{Old: s.c.Due.Due, Due: s.p.Calendar.WorkingDays(s.today(), s.p.SupplementDays, nil)}
	for _, l := range paragraphs(c.Text) {
		what, why, ok := strings.Cut(strings.ReplaceAll(itemNumber.ReplaceAllString(l, ""), "｜", "|"), "|")
		if !ok || strings.TrimSpace(what) == "" || strings.TrimSpace(why) == "" {
			return "", Refuse("每行写一项材料和用途，用“|”分开，如：1. 付款凭证 | 核实付款日期和金额。这一行缺少用途：%[1]s", "Write one item a line and what it is needed for, parted by |, as in: 1. proof of payment | to check date and amount. This line lacks it: %[1]s", excerpt(l, 60))
		}
		f.Items = append(f.Items, InfoItem{Text: strings.TrimSpace(what), Why: strings.TrimSpace(why)})
	}
	s.do(f)
	l := s.letter(InformationLetter)
	l.Information = &InformationFacts{Received: DateOf(s.c.Received.In(s.p.Location)), Items: f.Items, Due: f.Due, PausedFrom: s.today(), OldDue: f.Old, ReplyTo: s.p.Address}
	l.Signatory = Contact{Name: s.who.Name, Title: pick(s.c.Lang, "调查责任人", "Investigator")}
	if err := s.issue(l, "information"); err != nil {
		return "", err
	}
	return s.tr("补充材料通知书已发给投诉人，共%d项，请于 %s 前答复；调查期限自今日起停止计算，收到答复即恢复。", "The client is asked for %d items by %s. The investigation's clock stands still from today until the reply.", len(f.Items), f.Due.Due.In(s.lang)), nil
}

func (s *session) note(c *Command) (string, error) {
	f := &Noted{What: c.verb.En[0], With: c.Args["with"], Text: c.Text, Attachments: s.m.Attachments}
	if f.What == "evidence" {
		f.What = "document"
		if len(s.m.Attachments) == 0 {
			return "", Refuse("邮件没有附件；请把证据作为附件一并发送。", "The mail has no attachment; please send the evidence with it.")
		}
	}
	if f.What == "interview" && f.With == "" {
		return "", Refuse("请写明访谈对象，如 #访谈 对象=王明 摘要。", "Say whom you interviewed, as in #interview with=\"Wang Ming\" summary.")
	}
	s.do(f)
	if n := len(s.m.Attachments); n > 0 {
		return s.tr("已存入案卷，连同附件 %d 件。", "Put on file with %d attachments.", n), nil
	}
	return s.tr("已存入案卷。", "Put on file."), nil
}

// finding reads one argument of a command, such as 1=成立.
func (s *session) finding(no int, word string) (*Allegation, Finding, error) {
	a := s.c.allegation(no)
	if a == nil {
		return nil, "", Refuse("没有第%d项投诉事项；本案共 %d 项。", "There is no allegation %d; the case has %d.", no, len(s.c.Allegations))
	}
	f, ok := ParseFinding(word)
	if !ok {
		return nil, "", Refuse("“%s”不是认定结论；可写：成立、部分成立、不成立、无法查实。", "%q is no finding; write upheld, partly, not_upheld or undetermined.", word)
	}
	return a, f, nil
}

func (s *session) find(c *Command) (string, error) {
	var did []string
	for _, key := range slices.Sorted(maps.Keys(c.Args)) {
		no, err := strconv.Atoi(key)
		if err != nil {
			continue
		}
		a, f, err := s.finding(no, c.Args[key])
		if err != nil {
			return "", err
		}
		reason := c.Text
		if reason == "" {
			reason = a.Reason
		}
		if strings.TrimSpace(reason) == "" {
			return "", Refuse("请写明第%d项的事实、依据和理由；没有理由的认定不能写进告知书。", "Give the facts, the basis and the reasons for allegation %d; a finding without them cannot stand in a letter.", no)
		}
		rests, err := s.basis(c.Args["evidence"], reason)
		if err != nil {
			return "", err
		}
		s.do(&Found{No: no, Finding: f, Reason: reason, Evidence: rests, Attachments: s.m.Attachments})
		did = append(did, s.tr("第%d项：%s", "allegation %d: %s", no, f.In(s.lang))+s.restsOn(rests))
	}
	if len(did) == 0 {
		return "", Refuse("请写明对哪一项作何认定，如 #认定 1=成立 理由。", "Say what you find on which allegation, as in #finding 1=upheld reasons.")
	}
	return strings.Join(did, pick(s.lang, "；", "; ")), nil
}

func (s *session) cause1(c *Command) (string, error) {
	if len(c.Words) == 0 {
		return "", Refuse("缺少根因代码：%[1]s", "The code is missing: %[2]s", codeList(causes, "zh"), codeList(causes, "en"))
	}
	code, ok := readCode(c.Words[0], causes)
	if !ok {
		return "", Refuse("没有根因“%[1]s”。代码：%[2]s", "There is no root cause %[1]q. Codes: %[3]s", c.Words[0], codeList(causes, "zh"), codeList(causes, "en"))
	}
	s.do(&RootCause{Code: code, Text: c.Text})
	return s.tr("根本原因 %s %s。", "Root cause %s, %s.", code, CauseWords(code, s.lang)), nil
}

// Report is the written report of the investigation (chapter 5).
type Report struct {
	Version    int       `json:"version"`
	Text       string    `json:"text"`
	Unheard    string    `json:"unheard,omitempty"` // why a respondent could not be heard
	By         string    `json:"by"`
	At         time.Time `json:"at"`
	Approver   string    `json:"approver,omitempty"`
	ApprovedAt time.Time `json:"approved_at,omitzero"`
}

// Reported files the written report for review.
type Reported struct {
	Text        string       `json:"text"`
	Unheard     string       `json:"unheard,omitempty"` // why a respondent could not be heard
	Attachments []Attachment `json:"attachments,omitempty"`
}

// Kind names the fact in the log.
func (*Reported) Kind() string { return "reported" }

func (f *Reported) apply(c *Case, e *Event) error {
	version := 1
	if c.Report != nil {
		version = c.Report.Version + 1
	}
	c.Report = &Report{Version: version, Text: f.Text, Unheard: f.Unheard, By: e.By, At: e.At}
	c.State = ReportReview
	c.keep(e, e.By, f.Attachments)
	c.note(e, f.Kind(), f.Text)
	return nil
}

// ReportApproved ends the investigation: the clock C4 stops.
type ReportApproved struct{}

// Kind names the fact in the log.
func (*ReportApproved) Kind() string { return "report_approved" }

func (f *ReportApproved) apply(c *Case, e *Event) error {
	c.Report.Approver, c.Report.ApprovedAt = e.By, e.At
	c.State = DecisionDraft
	c.note(e, f.Kind(), "")
	return nil
}

// ReportReturned sends the report back with a reason.
type ReportReturned struct {
	Reason string `json:"reason"`
}

// Kind names the fact in the log.
func (*ReportReturned) Kind() string { return "report_returned" }

func (f *ReportReturned) apply(c *Case, e *Event) error {
	c.State = Investigating
	c.note(e, f.Kind(), f.Reason)
	return nil
}

// unanswered lists the allegations that have no finding yet.
func (c *Case) unanswered() []string {
	var out []string
	for _, a := range c.Allegations {
		if a.Finding == "" {
			out = append(out, strconv.Itoa(a.No))
		}
	}
	return out
}

func (s *session) report(c *Command) (string, error) {
	if len(s.c.Allegations) == 0 {
		return "", Refuse("本案还没有投诉事项；请客服部先用 #事项 列明。", "The case has no allegations yet; list them with #allegation first.")
	}
	if open := s.c.unanswered(); len(open) > 0 {
		return "", Refuse("第%[1]s项还没有认定；报告须逐项答复，请先用 #认定。", "Allegation %[2]s has no finding yet; the report must answer each one: use #finding first.",
			strings.Join(open, "、"), strings.Join(open, ", "))
	}
	if who := s.unheard(); len(who) > 0 && c.Args["unheard"] == "" {
		return "", Refuse("尚未听取被投诉人%[1]s的陈述；请先 #访谈 或 #通知。确实无法听取的，写明 #报告 未听取=原因。",
			"The respondent (%[2]s) has not been heard yet: #interview or #notify first. If that is impossible, say why: #report unheard=reason.", strings.Join(who, "、"), strings.Join(who, ", "))
	}
	for _, a := range s.c.Allegations { // found before anything was on file
		if all := s.c.whole(s.c.Lang); len(a.Evidence) == 0 && all != "" {
			s.do(&Found{No: a.No, Finding: a.Finding, Reason: a.Reason, Evidence: []string{all}})
		}
	}
	if open := s.c.groundless(); len(open) > 0 {
		return "", Refuse("第%[1]s项的认定没有依据任何证据，案卷中也没有材料；请用 #取证、#访谈 存入，再用 #认定 %[3]s=… 证据= 写明依据。",
			"The finding on allegation %[2]s rests on no evidence and there is nothing on file: put it there by #evidence or #interview, then name it, as in #finding %[3]s=… evidence=.",
			strings.Join(open, "、"), strings.Join(open, ", "), open[0])
	}
	s.do(&Reported{Text: c.Text, Unheard: c.Args["unheard"], Attachments: s.m.Attachments})
	reviewers := s.reviewers()
	if len(reviewers) == 0 {
		return "", Refuse("没有可以审核本报告的负责人；请联系管理员核对名册。", "Nobody in the register may review this report; please tell the administrator.")
	}
	l := s.reportLetter()
	if s.p.Check != nil {
		if err := s.p.Check(l); err != nil {
			return "", err
		}
	}
	s.do(&Drafted{Letter: l})
	for _, p := range reviewers {
		m := s.tell(p, "report_review", Facts{Text: c.Text, From: s.who.Mailbox(), Attachments: s.m.Attachments})
		if r := s.c.reportDraft(); r != nil {
			m.LetterNo, m.Draft = r.Letter.No, true
		}
	}
	return s.tr("报告第%d版已送 %s 审核。", "Version %d of the report is with %s for review.", s.c.Report.Version, people(reviewers, s.lang)), nil
}

// reviewers may approve what the person who writes has done: the heads, or the
// chair where there is none without a conflict.
func (s *session) reviewers() []*Person {
	other := func(p *Person) bool { return p == s.who || SameAddr(p.Address, s.c.Handler) }
	out := slices.DeleteFunc(s.free(Head), other)
	if len(out) == 0 {
		out = slices.DeleteFunc(s.free(Chair), other)
	}
	return out
}

func people(ps []*Person, lang string) string {
	var out []string
	for _, p := range ps {
		out = append(out, p.Name)
	}
	return strings.Join(out, pick(lang, "、", ", "))
}

// giveBack returns a report, or a draft, to who wrote it.
func (s *session) giveBack(c *Command) (string, error) {
	if s.c.State == ReportReview {
		s.do(&ReportReturned{Reason: c.Text})
		for _, p := range s.handlers() {
			if p != s.who {
				s.tell(p, "report_returned", Facts{Reason: c.Text, From: s.who.Mailbox()})
			}
		}
		return s.tr("报告已退回。", "The report has been sent back."), nil
	}
	d := s.c.pendingDraft()
	if d == nil {
		return "", Refuse("没有待批准的草稿。", "No draft is waiting for approval.")
	}
	s.do(&DraftReturned{No: d.Letter.No, Reason: c.Text})
	for _, p := range s.handlers() {
		if p != s.who {
			s.tell(p, "draft_returned", Facts{Reason: c.Text, From: s.who.Mailbox()})
		}
	}
	return s.tr("草稿已退回；修改后请重新 #拟稿。", "The draft has been sent back; draft it anew when it is mended."), nil
}

// RemedyOffered adds a remedy to what the result letter will offer.
type RemedyOffered struct {
	Remedy
}

// Kind names the fact in the log.
func (*RemedyOffered) Kind() string { return "remedy_offered" }

func (f *RemedyOffered) apply(c *Case, e *Event) error {
	c.Remedies = append(c.Remedies, f.Remedy)
	c.note(e, f.Kind(), f.Text)
	return nil
}

// MeasureSet adds an improvement measure, with owner and date (chapter 12).
type MeasureSet struct {
	Measure
}

// Kind names the fact in the log.
func (*MeasureSet) Kind() string { return "measure_set" }

func (f *MeasureSet) apply(c *Case, e *Event) error {
	c.Measures = append(c.Measures, f.Measure)
	c.note(e, f.Kind(), f.Text)
	return nil
}

// readRemedy reads one remedy: its kind, amount, day and words.
func (s *session) readRemedy(c *Command) (Remedy, error) {
	r := Remedy{Text: c.Text}
	var err error
	if r.Due, err = s.date(c, "due"); err != nil {
		return r, err
	}
	if k := c.Args["kind"]; k != "" {
		var ok bool
		if r.Kind, ok = parseWord(k, remedyKinds); !ok {
			return r, Refuse("没有补救类型“%[1]s”。类型：%[2]s", "There is no kind of remedy %[1]q. Kinds: %[3]s", k, codeList(remedyKinds, "zh"), codeList(remedyKinds, "en"))
		}
	}
	if a := c.Args["amount"]; a != "" {
		r.Currency = s.p.Pays()
		if r.Amount, err = readAmount(a, r.Currency); err != nil {
			return r, err
		}
	}
	return r, nil
}

func (s *session) remedy(c *Command) (string, error) {
	r, err := s.readRemedy(c)
	if err != nil {
		return "", err
	}
	for i, old := range s.c.Remedies {
		if old == r {
			return s.tr("补救方案第%d项已是这样，没有改动。", "Remedy %d says so already; nothing changed.", i+1), nil
		}
	}
	s.do(&RemedyOffered{Remedy: r})
	return s.tr("补救方案第%d项已记下。", "Remedy %d is noted.", len(s.c.Remedies)), nil
}
