package complaints

import (
	"fmt"
	"slices"
	"strings"
)

// Drafted puts a letter before a second person. A draft that is still pending
// is replaced: its approval, if any, is void.
type Drafted struct {
	Letter Letter `json:"letter"` // No: 0 for a new letter
}

// Kind names the fact in the log.
func (*Drafted) Kind() string { return "drafted" }

func (f *Drafted) apply(c *Case, e *Event) error {
	d := c.pendingDraft()
	if f.Letter.Kind == ReportLetter { // it stands beside the draft of a letter
		d = c.reportDraft()
	}
	if d != nil {
		f.Letter.No = d.Letter.No
		next := LetterRecord{Letter: f.Letter, Version: d.Version + 1, Drafter: e.By}
		if before := d.Letter; before.Kind == f.Letter.Kind {
			next.Previous = &before
		}
		*d = next
	} else {
		f.Letter.No = len(c.Letters) + 1
		c.Letters = append(c.Letters, LetterRecord{Letter: f.Letter, Version: 1, Drafter: e.By})
	}
	c.Letters[f.Letter.No-1].Letter.Ref = c.Ref
	c.note(e, f.Kind(), string(f.Letter.Kind))
	return nil
}

// DraftRendered is the hash of the PDF that the drafter and the approver saw:
// SHA-256, hex. It is recorded by the sender when it composes their mail.
type DraftRendered struct {
	No      int    `json:"no"`
	Version int    `json:"version"`
	SHA256  string `json:"sha256"`
}

// Kind names the fact in the log.
func (*DraftRendered) Kind() string { return "draft_rendered" }

func (f *DraftRendered) apply(c *Case, e *Event) error {
	r, err := c.letter(f.No)
	if err != nil {
		return err
	}
	if r.Version == f.Version {
		r.DraftHash = f.SHA256
	}
	c.note(e, f.Kind(), f.SHA256)
	return nil
}

// DraftReturned sends a draft back with a reason.
type DraftReturned struct {
	No     int    `json:"no"`
	Reason string `json:"reason"`
}

// Kind names the fact in the log.
func (*DraftReturned) Kind() string { return "draft_returned" }

func (f *DraftReturned) apply(c *Case, e *Event) error {
	r, err := c.letter(f.No)
	if err != nil {
		return err
	}
	r.DraftHash = ""
	c.note(e, f.Kind(), f.Reason)
	return nil
}

// Issued gives a letter its number and date (签发): from now on it is sent.
// DraftHash is the draft that was approved; both hashes stand in the log.
type Issued struct {
	No        int          `json:"no"` // 0: a letter without a draft, in Letter
	Letter    *Letter      `json:"letter,omitempty"`
	Number    LetterNumber `json:"number"`
	Date      Date         `json:"date"`
	DraftHash string       `json:"draft_hash,omitempty"`
}

// Kind names the fact in the log.
func (*Issued) Kind() string { return "issued" }

func (f *Issued) apply(c *Case, e *Event) error {
	no := f.No
	if no == 0 {
		no = len(c.Letters) + 1
		c.Letters = append(c.Letters, LetterRecord{Letter: *f.Letter, Version: 1, Drafter: e.By})
	}
	r, err := c.letter(no)
	if err != nil {
		return err
	}
	r.Letter.No, r.Letter.Ref = no, c.Ref
	r.Letter.Number, r.Letter.Date = f.Number, f.Date
	r.Issued, r.Approver, r.Previous = true, e.By, nil
	c.note(e, f.Kind(), f.Number.String())
	return nil
}

// SealUsed records that an issued letter bears the firm's seal: who authorised
// it by approving the letter, on which PDF, and which image it was.
type SealUsed struct {
	No     int    `json:"no"`
	By     string `json:"by"`     // who approved the letter
	SHA256 string `json:"sha256"` // of the PDF
	Image  string `json:"image"`  // SHA-256 of the seal's image
}

// Kind names the fact in the log.
func (*SealUsed) Kind() string { return "seal_used" }

func (f *SealUsed) apply(c *Case, e *Event) error {
	r, err := c.letter(f.No)
	if err != nil {
		return err
	}
	if !r.Issued {
		return fmt.Errorf("letter %d is a draft: it bears no seal", f.No)
	}
	c.note(e, f.Kind(), fmt.Sprintf("%s: %s %s", r.Letter.Number, f.By, f.SHA256))
	return nil
}

// Sealed is the hash of the issued PDF.
type Sealed struct {
	No     int    `json:"no"`
	SHA256 string `json:"sha256"`
}

// Kind names the fact in the log.
func (*Sealed) Kind() string { return "sealed" }

func (f *Sealed) apply(c *Case, e *Event) error {
	r, err := c.letter(f.No)
	if err != nil {
		return err
	}
	r.Hash = f.SHA256
	c.note(e, f.Kind(), f.SHA256)
	return nil
}

func (c *Case) letter(no int) (*LetterRecord, error) {
	if no < 1 || no > len(c.Letters) {
		return nil, fmt.Errorf("there is no letter %d", no)
	}
	return &c.Letters[no-1], nil
}

// draft builds the result letter from what the case holds.
func (s *session) draft(c *Command) (string, error) {
	var faults []Refusal
	if open := s.c.unanswered(); len(open) > 0 || len(s.c.Allegations) == 0 {
		faults = append(faults, *Refuse("有投诉事项尚无认定", "an allegation has no finding"))
	}
	if who := s.unheard(); len(who) > 0 && (s.c.Report == nil || s.c.Report.Unheard == "") {
		faults = append(faults, *Refuse("尚未听取被投诉人%[1]s的陈述", "the respondent (%[1]s) has not been heard", strings.Join(who, pick(s.lang, "、", ", "))))
	}
	if len(s.c.promised()) == 0 {
		faults = append(faults, *Refuse("没有改进措施（#措施 负责人= 期限= 内容）", "there is no improvement measure (#measure owner= due= text)"))
	}
	if s.c.awaitsCommittee() {
		faults = append(faults, *Refuse("重大案件须先经委员会审议（#上会），并由主任委员结束审议", "a major case goes before the committee first (#refer-committee), until the chair has closed the matter"))
	}
	if len(faults) > 0 {
		return "", allFaults(faults)
	}
	approvers := s.approvers()
	if len(approvers) == 0 {
		return "", Refuse("没有可以批准的第二人；请联系管理员核对名册。", "There is no second person who may approve it; please tell the administrator.")
	}
	l := s.letter(ResultLetter)
	until := s.appealDay(s.lastIssueDay())
	l.Result = &ResultFacts{
		Received: DateOf(s.c.Received.In(s.p.Location)), Allegations: s.c.Allegations, Done: s.steps(), Remedies: s.c.Remedies, Measures: s.c.promised(),
		AppealUntil: until, AppealTo: s.p.Address, Remarks: c.Text, Signatory: Contact{Name: approvers[0].Name, Title: Head.In(s.c.Lang)},
	}
	if s.c.Severity.Major() {
		l.Result.Signatory.Title = Chair.In(s.c.Lang)
	}
	if len(s.c.Remedies) > 0 {
		l.Result.AcceptBy = until
	}
	if s.p.Check != nil {
		if err := s.p.Check(l); err != nil {
			return "", err
		}
	}
	s.putBefore(l, approvers)
	return s.tr("草稿已生成，随信发给您和 %s。批准人核对 PDF 后引用校验码批准。", "The draft goes to you and to %s, who approves it by quoting its hash.", people(approvers, s.lang)), nil
}

// putBefore drafts a letter and mails the PDF to the drafter and to those who
// may approve it.
func (s *session) putBefore(l Letter, approvers []*Person) {
	l.Seal = l.Seal || s.p.Seal && !l.Kind.Internal() // whoever approves it authorises the seal
	s.do(&Drafted{Letter: l})
	d := s.c.pendingDraft()
	if d == nil {
		return
	}
	if !slices.Contains(approvers, s.who) {
		m := s.tell(s.who, "draft", Facts{})
		m.LetterNo, m.Draft, m.InReplyTo = d.Letter.No, true, s.m.MessageID
	}
	for _, p := range approvers {
		m := s.tell(p, "draft_approval", Facts{From: s.who.Mailbox()})
		m.LetterNo, m.Draft = d.Letter.No, true
	}
}

// approvers may approve a result letter of this person's: a head who did not
// draft it, or else the chair; on a major case the chair.
func (s *session) approvers() []*Person {
	if s.c.Severity.Major() {
		return slices.DeleteFunc(slices.Clone(s.p.chairOf(s.c)), func(p *Person) bool { return p == s.who || SameAddr(p.Address, s.c.Handler) })
	}
	return s.reviewers()
}

// lastIssueDay is the latest day on which the result should go out (C5): the
// appeal window that the draft promises is counted from it, so that approval
// on any day up to it leaves the client the full window.
func (s *session) lastIssueDay() Date {
	day := s.today()
	if at := s.c.Inquired(); !at.IsZero() {
		due := s.p.Calendar.WorkingDays(s.p.day(at), s.p.ResultDays, nil).Due
		if day.Before(due) {
			day = due
		}
	}
	return day
}

func (s *session) appealDay(from Date) Date {
	return s.p.Calendar.CalendarDays(from, s.p.AppealDays).Due
}

// steps tells what was done, one sentence each, from the case's own log.
func (s *session) steps() []string {
	zh := s.c.Lang != "en"
	say := func(cond bool, a, b string, args ...any) []string {
		if !cond {
			return nil
		}
		if zh {
			return []string{fmt.Sprintf(a, args...)}
		}
		return []string{fmt.Sprintf(b, args...)}
	}
	days := func(what string) string {
		var out []string
		for _, e := range s.c.Log {
			if d := DateOf(e.At.In(s.p.Location)).In(s.c.Lang); e.What == what && !slices.Contains(out, d) {
				out = append(out, d)
			}
		}
		return strings.Join(out, pick(s.c.Lang, "、", ", "))
	}
	var out []string
	files := 0
	for _, e := range s.c.Evidence {
		if SameAddr(e.From, s.c.Complainant.Addr) {
			files++
		}
	}
	out = append(out, say(files > 0, "查阅您提交的材料%d件", "We read the %d documents that you sent us", files)...)
	asked := days("asked")
	out = append(out, say(asked != "", "于%s以书面方式向您了解情况", "We wrote to you for further information on %s", asked)...)
	met := days("interview")
	out = append(out, say(met != "", "于%s访谈有关人员", "We interviewed the people concerned on %s", met)...)
	papers := days("document")
	out = append(out, say(papers != "", "于%s调取并核对有关文件", "We obtained and checked the relevant documents on %s", papers)...)
	if r := s.c.Report; r != nil && r.Approver != "" {
		day := DateOf(r.At.In(s.p.Location)).In(s.c.Lang)
		out = append(out, say(true, "于%s形成书面调查报告，并经审核批准", "A written report was filed on %s and has been reviewed and approved", day)...)
	}
	return out
}

// approve approves the report, or the draft whose hash it quotes.
func (s *session) approve(c *Command) (string, error) {
	if s.c == nil {
		return s.approveTable(c)
	}
	d := s.c.pendingDraft()
	if r := s.c.reportDraft(); s.c.State == ReportReview && (d == nil || len(c.Words) == 0 || r != nil && c.quotes(r.DraftHash)) {
		return s.approveReport(c, r)
	}
	if d == nil {
		return "", Refuse("没有待批准的草稿。", "No draft is waiting for approval.")
	}
	ruling := d.Letter.Kind == DecisionLetter
	switch {
	case ruling && !s.p.isChair(s.c, s.who):
		return "", Refuse("申诉决定书由主任委员签发。", "The committee's decision is issued by the chair.")
	case d.Letter.Kind == ResultLetter && s.c.Severity.Major() && !s.p.isChair(s.c, s.who):
		return "", Refuse("重大案件的处理结果告知书由主任委员签发。", "The result letter of a major case is issued by the committee's chair.")
	case d.Letter.Kind == ResultLetter && s.c.awaitsCommittee():
		return "", Refuse("本案已定为重大案件，须先经委员会审议（#上会）再签发。", "The case has been graded major: it goes before the committee (#refer-committee) before the result is issued.")
	case d.Letter.Correction != nil && d.Letter.Correction.OfKind == DecisionLetter && !s.p.isChair(s.c, s.who) && !s.p.isChair(s.c, s.p.Register.Find(d.Drafter)):
		return "", Refuse("申诉决定书的更正函由主任委员签发。", "A correction of the committee's decision is issued by its chair.")
	case !ruling && SameAddr(s.c.Handler, s.who.Address):
		return "", Refuse("您是本案责任人，函件须由另一人批准。", "You are responsible for this case; somebody else must approve its letters.")
	case !ruling && SameAddr(d.Drafter, s.who.Address):
		return "", Refuse("草稿由您起草，须由另一人批准。", "You drafted this letter; a second person must approve it.")
	case d.DraftHash == "":
		return "", Refuse("草稿尚未生成 PDF，或已被退回；收到草稿邮件后再批准。", "The draft has no PDF yet, or was sent back; approve it when its mail has come.")
	case len(c.Words) == 0:
		return "", Refuse("请引用您核对过的那份草稿的校验码：#批准 校验码（见草稿邮件）。", "Quote the hash of the draft that you checked: #approve hash (it stands in the draft's mail).")
	}
	if !c.quotes(d.DraftHash) {
		return "", Refuse("校验码 %s 不是现行草稿的校验码：草稿可能已经更改，请核对最新一份草稿。", "The hash %s is not that of the draft as it stands: it may have been changed; please check the newest one.", excerpt(c.Words[0], 64))
	}
	if until, verb := d.Letter.appealUntil(); !until.IsZero() && until.Before(s.appealDay(s.today())) {
		return "", Refuse("草稿所写的申诉截止日（%[1]s）已不足 %[3]d 天，请重新 #%[4]s。", "The draft's limit for an appeal (%[2]s) now leaves fewer than %[3]d days; please #%[5]s it anew.",
			until.In("zh"), until.In("en"), s.p.AppealDays, findVerb(verb).Zh[0], verb)
	}
	if x := d.Letter.Settlement; x != nil && (s.c.Settlement == nil || s.c.Settlement.Agreed != x.AgreedOn || !slices.Equal(x.Agreed, s.c.Settlement.Terms)) {
		return "", Refuse("草稿所写的办法与投诉人现在同意的不符，请重新 #和解。", "The draft does not hold what the client has agreed to by now; please #settle anew.")
	} else if x != nil && !slices.Contains(settleable, s.c.State) {
		return "", Refuse("本案现为“%[1]s”，不能再签发和解确认书；请退回草稿。", "The case is %[2]s: the settlement can no longer be confirmed; send the draft back.", s.c.State.In("zh"), s.c.State.In("en"))
	}
	if s.p.Proof != nil {
		// A version of the desk with other texts or typefaces would issue what
		// nobody has approved.
		if now, err := s.p.Proof(d.Letter); err != nil || now != d.DraftHash {
			return "", Refuse("草稿生成之后，系统的函件文本或字体有变更，现在签发的函件会与草稿不同；请重新拟稿。", "The desk's letter texts or typefaces have changed since this draft was made: the letter would differ from it. Please draft it anew.")
		}
	}
	if limit := s.p.LettersPerStaffDay; limit > 0 && s.m.Issued >= limit {
		return "", Refuse("您在二十四小时内已签发 %[1]d 封函件，达到上限，本封未签发；请稍后再批，或由另一位有权签发的人批准。确需提高上限的，请管理员调整 letters_per_staff_day。",
			"You have issued %[1]d letters within 24 hours, which is the limit; this one was not. Please approve it later, or let somebody else who may do so. The administrator can raise letters_per_staff_day.", s.m.Issued)
	}
	kind := d.Letter.Kind
	s.do(&Issued{No: d.Letter.No, Number: LetterNumber{Firm: s.p.Firm.Short, Kind: s.p.Firm.Series(kind), Year: s.today().Year}, Date: s.today(), DraftHash: d.DraftHash})
	no := d.Letter.No
	s.afterIssue(kind)
	switch {
	case kind.Internal():
		s.pass(no, s.tr("《%s》已签发，请送交收件人。", "The letter (%s) has been issued; please hand it over.", kind.In(s.lang)))
		return s.tr("已批准并签发，PDF 随信发给您和经办人，请送交收件人。", "Approved and issued; the PDF goes to you and to those who work on the case, to be handed over."), nil
	case kind == CorrectionLetter:
		return s.sendCorrection(no), nil
	case s.c.Complainant.Addr == "":
		s.pass(no, s.tr("投诉人没有电子邮件地址，请邮寄所附《%s》。", "The complainant has no email address; please post the attached letter (%s).", kind.In(s.lang)))
		return s.tr("已签发；投诉人没有电子邮件地址，请邮寄。", "Issued; the complainant has no email address, so please post it."), nil
	}
	s.tellClient(issuedBy(kind), Facts{Subject: s.c.Subject, Level: s.c.ClosingCode}).LetterNo = no
	return s.tr("已批准并签发，正在发给 %s；送达后您会收到通知。", "Approved and issued; it is on its way to %s. You will be told when it has been delivered.", s.c.Complainant.Mailbox()), nil
}

// issue gives a letter that needs no draft its number and sends it. Where the
// client has no address, who wrote the command gets it, to be posted.
func (s *session) issue(l Letter, template string) error {
	if s.p.Check != nil {
		if err := s.p.Check(l); err != nil {
			return err
		}
	}
	s.do(&Issued{Letter: &l, Number: l.Number, Date: s.today()})
	no := len(s.c.Letters)
	if s.c.Complainant.Addr != "" {
		s.tellClient(template, Facts{Subject: s.c.Subject}).LetterNo = no
		return nil
	}
	s.pass(no, s.tr("投诉人没有电子邮件地址，请邮寄所附《%s》。", "The complainant has no email address; please post the attached letter (%s).", l.Kind.In(s.lang)))
	return nil
}

// pass gives an issued letter to those who work on the case, to be handed over.
func (s *session) pass(no int, text string) {
	told := s.handlers()
	if s.who != nil && !slices.Contains(told, s.who) {
		told = append(told, s.who)
	}
	for _, p := range told {
		s.tell(p, "case_news", Facts{Text: text}).LetterNo = no
	}
}

// appealUntil is the day until which a letter promises that an appeal may be
// made, and the verb that drafts such a letter; zero if it promises none.
func (l *Letter) appealUntil() (day Date, verb string) {
	switch {
	case l.Result != nil:
		return l.Result.AppealUntil, "draft"
	case l.Settlement != nil:
		return l.Settlement.AppealUntil, "settle"
	case l.Correction != nil:
		return l.Correction.AppealUntil, "correct"
	}
	return Date{}, ""
}

// issuedBy names the mail that carries a letter to the complainant.
func issuedBy(k LetterKind) string {
	switch k {
	case AckLetter:
		return "ack"
	case CorrectionLetter:
		return "corrected"
	case InformationLetter:
		return "information"
	case DecisionLetter:
		return "decision"
	case SettlementLetter:
		return "settled"
	case DelayLetter:
		return "delayed"
	case DeclinedLetter, ReferralLetter, NotPursuedLetter, ClosureLetter:
		return "ended"
	}
	return "result"
}

// allFaults joins several refusals into one that names each.
func allFaults(fs []Refusal) *Refusal {
	var zh, en []string
	for _, f := range fs {
		zh, en = append(zh, f.Zh), append(en, f.En)
	}
	return Refuse("%[1]s。", "%[2]s.", strings.Join(zh, "；"), strings.Join(en, "; "))
}

// delay is #迟延: the letter that tells the client that a limit was missed.
func (s *session) delay(c *Command) (string, error) {
	if s.today().Before(s.c.Due.Due) {
		return "", Refuse("期限 %[1]s 未到；需要更多时间的，请用 #延期 申请。", "The limit of %[2]s has not come; if more time is needed, ask by #extend.", s.c.Due.Due.In("zh"), s.c.Due.Due.In("en"))
	}
	if busy.MatchString(c.Text) {
		_, err := c.ground(nil)
		return "", err
	}
	until, err := s.date(c, "until")
	if err != nil {
		return "", err
	}
	approvers := s.reviewers()
	if len(approvers) == 0 {
		return "", Refuse("没有可以批准的第二人；请联系管理员核对名册。", "There is no second person who may approve it; please tell the administrator.")
	}
	l := s.lateLetter(c.Text, until)
	if s.p.Check != nil {
		if err := s.p.Check(l); err != nil {
			return "", err
		}
	}
	s.putBefore(l, approvers)
	return s.tr("草稿已生成，随信发给您和 %s。批准人核对 PDF 后引用校验码批准。", "The draft goes to you and to %s, who approves it by quoting its hash.", people(approvers, s.lang)), nil
}

// lateLetter tells of a missed limit and of the day by which the report is now
// expected: the one given, or a few working days from today.
func (s *session) lateLetter(reason string, until Date) Letter {
	today, days := s.today(), 0
	for d := today; d.Before(until); {
		if d = d.Add(1); s.p.Calendar.Working(d) {
			days++
		}
	}
	if days == 0 {
		days = s.p.ProgressDays
	}
	l := s.delayLetter(DelayLate, "", reason, s.c.Due.Due)
	l.Delay.NewDue = s.p.Calendar.WorkingDays(today, days, nil)
	l.Delay.ApprovedBy, l.Signatory = Contact{Title: Head.In(s.c.Lang)}, Contact{Title: Head.In(s.c.Lang)}
	if by := s.reviewers(); len(by) > 0 {
		l.Delay.ApprovedBy.Name, l.Signatory.Name = by[0].Name, by[0].Name
	}
	return l
}
