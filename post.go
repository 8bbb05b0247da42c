package complaints

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Posted says that an issued letter went by post. The last one counts, until it
// has arrived.
type Posted struct {
	No       int    `json:"no"`
	Carrier  string `json:"carrier"`
	Tracking string `json:"tracking,omitempty"` // "" if the carrier gives none
	On       Date   `json:"on"`
}

// Kind names the fact in the log.
func (*Posted) Kind() string { return "posted" }

func (f *Posted) apply(c *Case, e *Event) error {
	r, err := c.letter(f.No)
	if err != nil {
		return err
	}
	if !r.Issued {
		return fmt.Errorf("letter %d is a draft: it cannot be posted", f.No)
	}
	r.Posted = f
	if r.Delivery != DeliveryAccepted {
		r.Delivery = DeliveryPosted
	}
	c.note(e, f.Kind(), fmt.Sprintf("%s: %s", r.Letter.Number, f))
	return nil
}

// String gives carrier, number and day.
func (f *Posted) String() string {
	return strings.Join(strings.Fields(fmt.Sprintf("%s %s %s", f.Carrier, f.Tracking, f.On)), " ")
}

// unreached reports whether a letter to the complainant has not reached them,
// and no mail is under way that may.
func (c *Case) unreached(r *LetterRecord) bool {
	return r.Issued && !r.Letter.Kind.Internal() && (r.Delivery == DeliveryFailed || r.Delivery == DeliveryPosted || r.Delivery == "" && c.Complainant.Addr == "")
}

// lastUnreached gives the newest letter that has not reached the complainant,
// or nil.
func (c *Case) lastUnreached() *LetterRecord {
	for i := len(c.Letters) - 1; i >= 0; i-- {
		if c.unreached(&c.Letters[i]) {
			return &c.Letters[i]
		}
	}
	return nil
}

// issuedLetter finds the letter to the complainant that a command names by its
// 发文字号; named is "" for the one that the command is most likely about.
func (s *session) issuedLetter(named string, likely *LetterRecord) (*LetterRecord, error) {
	var all []string
	for i := len(s.c.Letters) - 1; i >= 0; i-- {
		r := &s.c.Letters[i]
		if !r.Issued || r.Letter.Kind.Internal() {
			continue
		}
		if named == "" && likely == nil {
			likely = r
		}
		if flat := strings.NewReplacer("[", "〔", "]", "〕", "［", "〔", "］", "〕", "(", "〔", ")", "〕", " ", ""); named != "" && flat.Replace(named) == r.Letter.Number.String() {
			return r, nil
		}
		all = append(all, r.Letter.Number.String())
	}
	switch {
	case len(all) == 0:
		return nil, Refuse("本案还没有签发过致投诉人的函件。", "No letter to the complainant has been issued in this case.")
	case named != "":
		return nil, Refuse("本案没有文号为“%[1]s”的函件。已签发：%[2]s", "There is no letter %[1]q in this case. Issued: %[3]s", excerpt(named, 40), strings.Join(all, "、"), strings.Join(all, ", "))
	}
	return likely, nil
}

// posted is #邮寄: an issued letter went by post, or has arrived by post. What a
// client gets on paper starts the same limits as what comes by mail, on the day
// on which it is delivered.
func (s *session) posted(c *Command) (string, error) {
	r, err := s.issuedLetter(c.Args["letter"], s.c.lastUnreached())
	if err != nil {
		return "", err
	}
	f := Posted{No: r.Letter.No, Carrier: c.Args["carrier"], Tracking: c.Args["tracking"]}
	if v := c.Args["ems"]; v != "" {
		f.Carrier, f.Tracking = "EMS", v
	}
	if f.On, err = s.anyDate(c, "date"); err != nil {
		return "", err
	}
	day, err := s.anyDate(c, "delivered")
	if err != nil {
		return "", err
	}
	if was := r.Posted; was != nil { // what is not said again stands
		f.Carrier, f.Tracking = cmp.Or(f.Carrier, was.Carrier), cmp.Or(f.Tracking, was.Tracking)
		if f.On.IsZero() {
			f.On = was.On
		}
	} else if f.On.IsZero() {
		f.On = s.today()
	}
	title := r.Letter.Kind.In(s.lang) + " " + r.Letter.Number.String()
	switch {
	case f.Carrier == "":
		return "", Refuse("请写明由谁承运，如 承运=EMS。", "Say who carries it, as in carrier=EMS.")
	case f.Tracking == "":
		return "", Refuse("请写明单号；承运人不提供单号的，写 单号=无。", "Give the tracking number; if the carrier gives none, write tracking=none.")
	case f.On.Before(r.Letter.Date):
		return "", Refuse("寄出日期 %[1]s 早于函件签发的日期 %[2]s。", "The day of posting, %[3]s, comes before the letter's own, %[4]s.", f.On.In("zh"), r.Letter.Date.In("zh"), f.On.In("en"), r.Letter.Date.In("en"))
	case s.today().Before(f.On), s.today().Before(day):
		return "", Refuse("日期还没有到。", "That day has not come yet.")
	case !day.IsZero() && day.Before(f.On):
		return "", Refuse("送达日期 %[1]s 早于寄出日期 %[2]s。", "The day of delivery, %[3]s, comes before the day of posting, %[4]s.", day.In("zh"), f.On.In("zh"), day.In("en"), f.On.In("en"))
	}
	if none := strings.ToLower(f.Tracking); none == "无" || none == "none" {
		f.Tracking = "-"
	}
	var did []string
	if r.Posted == nil || *r.Posted != f {
		s.do(&f)
		did = append(did, s.tr("《%s》已记为邮寄：%s。", "Recorded as posted (%s): %s.", title, f.String()))
	}
	byMail := r.Delivery == DeliveryAccepted && len(r.Got) > 0
	came := r.Delivery == DeliveryAccepted && !byMail && DateOf(r.Delivered.In(s.p.Location)) == day
	switch {
	case day.IsZero() && r.Delivery != DeliveryAccepted:
		did = append(did, s.tr("送达后请发送 #邮寄 函=%[1]s 送达=日期；期限自送达日起算。", "When it has been delivered, send #posted letter=%[1]s delivered=date: time limits run from that day.", r.Letter.Number))
	case day.IsZero() || came:
	case byMail:
		did = append(did, s.tr("函件此前已由邮件系统接收，期限仍自那时起算。", "The mail system had accepted the letter before; its time limits run from then."))
	default:
		no := r.Letter.No
		s.arrived(&Delivered{No: no, To: s.c.Complainant.Name, Reply: strings.TrimSuffix(f.Carrier+" "+f.Tracking, " -"), On: day}, day)
		did = append(did, s.tr("《%s》已于%s送达。", "Delivered on %[2]s: %[1]s.", title, day.In(s.lang)))
		if until := s.c.AppealUntil; !until.IsZero() && s.c.Letters[no-1].Letter.Kind != DecisionLetter {
			did = append(did, s.tr("申诉期限至%s。", "An appeal is possible until %s.", until.In(s.lang)))
			if res := s.c.Letters[no-1].Letter.Result; res != nil && res.AppealUntil.Before(until) {
				did = append(did, s.tr("函件所写的日期（%s）较早，请告知投诉人以较晚的日期为准。", "The letter itself names an earlier day (%s): please tell the complainant that the later one counts.", res.AppealUntil.In(s.lang)))
			}
		}
	}
	if len(did) == 0 {
		return s.tr("已是这样，没有改动。", "It says so already; nothing changed."), nil
	}
	return strings.Join(did, pick(s.lang, "", " ")), nil
}

// Resent sends an issued letter that came back to another address of the
// client's, which is theirs from now on. What becomes of the first mail says
// nothing about the letter any more.
type Resent struct {
	No     int    `json:"no"`
	Old    string `json:"old"`
	To     string `json:"to"`
	Reason string `json:"reason"`
}

// Kind names the fact in the log.
func (*Resent) Kind() string { return "resent" }

func (f *Resent) apply(c *Case, e *Event) error {
	r, err := c.letter(f.No)
	if err != nil {
		return err
	}
	if !r.Issued {
		return fmt.Errorf("letter %d is a draft: it cannot be sent", f.No)
	}
	r.Resent, c.Complainant.Addr = f.To, f.To
	if r.Delivery == DeliveryFailed {
		r.Delivery = ""
	}
	c.note(e, f.Kind(), fmt.Sprintf("%s: %s → %s: %s", r.Letter.Number, f.Old, f.To, f.Reason))
	return nil
}

var plainAddr = regexp.MustCompile(`^[^\s<>,;@"()]+@[^\s<>,;@"()]+\.[^\s<>,;@"().]+$`)

// resend is #寄送: the same letter, number and bytes, to another address.
func (s *session) resend(c *Command) (string, error) {
	r, err := s.issuedLetter(c.Args["letter"], s.c.lastUnreached())
	if err != nil {
		return "", err
	}
	to, title := strings.ToLower(strings.Trim(c.Args["to"], "<>＜＞")), r.Letter.Kind.In(s.lang)+" "+r.Letter.Number.String()
	switch {
	case !plainAddr.MatchString(to):
		return "", Refuse("请写明投诉人提供的邮箱：地址=name@example.com", "Give the address that the client gave: to=name@example.com")
	case s.p.Register.Find(to).Is(AnyStaff) || SameAddr(to, s.p.Address):
		return "", Refuse("%[1]s 是本所的邮箱，不是投诉人的。", "%[1]s is an address of the firm, not the client's.", to)
	case s.c.member(to) != nil:
		return "", Refuse("%[1]s 是本案另一位投诉人的邮箱。", "%[1]s is the address of another complainant in this case.", to)
	case r.Delivery == DeliveryAccepted:
		return "", Refuse("《%[1]s》已于%[2]s送达，不必再寄；期限自那时起算。", "The letter (%[3]s) was delivered on %[4]s; its time limits run from then.", title, s.p.day(r.Delivered).In("zh"), title, s.p.day(r.Delivered).In("en"))
	case r.Delivery == "" && s.c.Complainant.Addr != "":
		return "", Refuse("《%[1]s》正在发送，尚无退回的消息；确有退回的，届时再用 #寄送。", "The letter (%[1]s) is on its way and has not come back; if it does, use #resend then.", title)
	}
	no, kind, lang := r.Letter.No, r.Letter.Kind, r.Letter.Lang
	s.do(&Resent{No: no, Old: s.c.Complainant.Addr, To: to, Reason: c.Text})
	s.send(Mail{To: s.c.Complainant.Mailbox(), Lang: lang, Template: issuedBy(kind), LetterNo: no, Facts: Facts{Subject: s.c.Subject, Level: s.c.ClosingCode}})
	return s.tr("《%s》正在原样发往 %s，此后与投诉人以该邮箱联系；送达后您会收到通知，期限自送达起算。", "The letter (%s) is on its way, unchanged, to %s, which is the client's address from now on. You will be told when it has been delivered: time limits run from then.", title, to), nil
}

// resends reports whether a letter goes out again in what is decided here: to
// one address, not to a whole group.
func (s *session) resends(no int) bool {
	return slices.ContainsFunc(s.out.Events, func(e Event) bool { f, ok := e.Fact.(*Resent); return ok && f.No == no })
}

// errataLine is one correction in a command: where, what it said, what it says.
var errataLine = regexp.MustCompile(`(?i)^\s*(?:[-•·]\s*)?(?:位置|where)\s*[=＝:：]\s*(.+?)[\s，,；;]+(?:原文|was)\s*[=＝:：]\s*(.+?)[\s，,；;]+(?:更正为|更正|is)\s*[=＝:：]\s*(.+?)(?:[\s，,；;]+(?:原因|reason)\s*[=＝:：]\s*(.+?))?\s*$`)

var reasonKey = regexp.MustCompile(`(?i)^(?:原因|理由|reason)\s*[=＝:：]\s*`)

// correct is #更正: a letter of its own says what was wrong in one that was
// issued. That one stays as it is; a second person approves the correction, and
// it goes to whoever got the letter.
func (s *session) correct(c *Command) (string, error) {
	if d := s.c.pendingDraft(); d != nil && d.Letter.Kind != CorrectionLetter && d.DraftHash != "" {
		return "", Refuse("《%[1]s》的草稿待批准，请先批准或者退回。", "A draft of another letter (%[2]s) is waiting: approve it or send it back first.", d.Letter.Kind.In("zh"), d.Letter.Kind.In("en"))
	}
	of, err := s.issuedLetter(c.Args["letter"], nil)
	if err != nil {
		return "", err
	}
	f := &CorrectionFacts{Of: of.Letter.Number, OfKind: of.Letter.Kind, IssuedOn: of.Letter.Date}
	var reason []string
	for _, line := range strings.Split(c.Text, "\n") {
		if m := errataLine.FindStringSubmatch(line); m != nil {
			for i := range m {
				m[i] = strings.Trim(m[i], `"“”「」`)
			}
			f.Errata = append(f.Errata, Erratum{Where: m[1], Was: m[2], Is: m[3]})
			line = m[4]
		}
		if line = reasonKey.ReplaceAllString(strings.TrimSpace(line), ""); line != "" {
			reason = append(reason, line)
		}
	}
	f.Reason = strings.Join(reason, "\n")
	switch {
	case len(f.Errata) == 0:
		return "", Refuse("请逐行写明更正的内容：位置=第四部分第1项 原文=3,000元 更正为=5,000元", "Write each correction on a line of its own: where=\"part 4, item 1\" was=\"RMB 3,000\" is=\"RMB 5,000\"")
	case f.Reason == "":
		return "", Refuse("请写明差错的原因：原因=录入时看错金额", "Say how the mistake came about: reason=the amount was misread")
	}
	if err := s.quoted(of, f.Errata); err != nil {
		return "", err
	}
	if v := strings.ToLower(c.Args["appeal"]); v == "重算" || v == "重新计算" || v == "anew" {
		if of.Letter.Kind != ResultLetter || s.c.Appeal != nil {
			return "", Refuse("只有更正处理结果告知书、且投诉人尚未申诉的，才能重新计算申诉期限。", "The time for an appeal runs anew only if a result letter is corrected against which nobody has appealed.")
		}
		f.AppealUntil = s.appealDay(s.p.Calendar.WorkingDays(s.today(), s.p.ResultDays, nil).Due)
	} else if v != "" && v != "不变" && v != "unchanged" {
		return "", Refuse("申诉期限写“重算”或“不变”。", "The appeal is anew or unchanged.")
	}
	approvers := s.reviewers()
	if of.Letter.Kind == DecisionLetter || s.c.Severity.Major() {
		if chair := slices.DeleteFunc(slices.Clone(s.p.chairOf(s.c)), func(p *Person) bool { return p == s.who }); len(chair) > 0 {
			approvers = chair
		}
	}
	if len(approvers) == 0 {
		return "", Refuse("没有可以批准的第二人；请联系管理员核对名册。", "There is no second person who may approve it; please tell the administrator.")
	}
	l := s.letter(CorrectionLetter)
	l.To, l.Lang, l.Subject, l.Correction = of.Letter.To, of.Letter.Lang, of.Letter.Subject, f
	title := Head
	if s.p.isChair(s.c, approvers[0]) {
		title = Chair
	}
	l.Signatory = Contact{Name: approvers[0].Name, Title: title.In(l.Lang)}
	return s.draftFor(l, approvers)
}

// quoted demands that a letter says what its correction claims that it says.
func (s *session) quoted(of *LetterRecord, errata []Erratum) error {
	if s.p.Words == nil {
		return nil
	}
	lines, err := s.p.Words(of.Letter)
	if err != nil {
		return nil // it was printed by a version with other texts
	}
	squeeze := func(t string) string { return strings.Join(strings.Fields(t), "") }
	all := squeeze(strings.Join(lines, ""))
	for _, e := range errata {
		if !strings.Contains(all, squeeze(e.Was)) {
			return Refuse("《%[1]s》中没有“%[3]s”，请照原文抄写。", "The letter (%[2]s) does not say %[3]q; please copy its words.", of.Letter.Number, of.Letter.Number, excerpt(e.Was, 60))
		}
	}
	return nil
}

// sendCorrection sends an issued correction to whoever got the letter that it
// mends: by post if that went by post.
func (s *session) sendCorrection(no int) string {
	f := s.c.Letters[no-1].Letter.Correction
	var of *LetterRecord
	for i := range s.c.Letters {
		if s.c.Letters[i].Letter.Number == f.Of {
			of = &s.c.Letters[i]
		}
	}
	if of == nil || of.Posted != nil || s.c.Complainant.Addr == "" {
		s.pass(no, s.tr("原函系邮寄送达，请将所附更正函邮寄给投诉人，并以 #邮寄 记录。", "The letter that it corrects went by post: please post the attached correction to the complainant, and record it with #posted."))
		return s.tr("已批准并签发；原函系邮寄送达，更正函随信发给您和经办人，请邮寄。", "Approved and issued. The letter that it corrects went by post; the correction goes to you and to those who work on the case, to be posted.")
	}
	facts := Facts{Subject: s.c.Subject}
	s.tellClient("corrected", facts).LetterNo = no
	for _, addr := range of.Got {
		if !s.c.party(addr) { // who has left the case, or has another address now
			s.send(Mail{To: Address{Addr: addr}, Lang: s.c.Lang, Template: "corrected", Facts: facts}).LetterNo = no
		}
	}
	return s.tr("已批准并签发，正在发给 %s。", "Approved and issued; it is on its way to %s.", s.c.Complainant.Mailbox())
}

// ReportedOut names a letter to a regulator that is being drafted, and why.
type ReportedOut struct {
	Body   string `json:"body"`
	Reason string `json:"reason"`
}

// Kind names the fact in the log.
func (*ReportedOut) Kind() string { return "reported_out" }

func (f *ReportedOut) apply(c *Case, e *Event) error {
	c.note(e, f.Kind(), f.Body+": "+f.Reason)
	return nil
}

// reportOut is #移送: a report to a regulator, issued by a second person.
func (s *session) reportOut(c *Command) (string, error) {
	r, err := s.route(c)
	if err != nil {
		return "", err
	}
	approvers := s.reviewers()
	if len(approvers) == 0 {
		return "", Refuse("没有可以批准的第二人；请联系管理员核对名册。", "There is no second person who may approve it; please tell the administrator.")
	}
	l := s.letter(RegulatorLetter)
	l.To, l.Lang, l.Signatory, l.Seal, l.Routes = Address{Name: r.In(s.p.Language).Name}, s.p.Language, Contact{Name: approvers[0].Name, Title: Head.In(s.p.Language)}, true, nil
	f := &RegulatorFacts{Proposal: c.Text, Case: ReportFacts{Complainant: s.c.Complainant.Name, Received: DateOf(s.c.Received.In(s.p.Location)),
		Registered: DateOf(s.c.Registered.In(s.p.Location)), Channel: s.c.Channel, Complaint: excerpt(s.c.Matter, 1000), Allegations: s.c.Allegations,
		Remedies: s.c.Remedies, Measures: s.c.promised()}}
	if a := s.annex(); a != nil {
		f.Case.Steps, f.Case.Facts = a.Steps, a.Facts
	}
	for _, e := range s.c.Evidence {
		f.Materials = append(f.Materials, e.Name)
	}
	l.Regulator = f
	s.do(&ReportedOut{Body: r.Name, Reason: c.Text})
	return s.draftFor(l, approvers)
}

// drivers are what puts somebody in a vulnerable position (casework E.3).
var drivers = map[string][2]string{
	"health": {"健康", "health"}, "event": {"变故", "event"}, "resilience": {"承受力", "resilience"}, "capability": {"能力", "capability"},
}

// DriverWords names a driver of vulnerability.
func DriverWords(d, lang string) string { return inWords(d, lang, drivers) }

// vulnerable is #弱势: what the complainant needs, told to whoever works on the
// case; no letter says it.
func (s *session) vulnerable(c *Command) (string, error) {
	f := &Vulnerable{Cause: yes(c.Args["cause"]), Need: c.Text, Lifted: yes(c.Args["lifted"])}
	for _, word := range strings.FieldsFunc(c.Args["driver"], func(r rune) bool { return strings.ContainsRune(",、;+", r) }) {
		d, ok := parseWord(word, drivers)
		if !ok {
			return "", Refuse("情形写健康、变故、承受力、能力，可写多项。", "A driver is health, event, resilience or capability; several may be given.")
		}
		f.Drivers = append(f.Drivers, d)
	}
	switch {
	case f.Lifted && s.c.Support == nil:
		return s.tr("本案没有这样的记录，没有改动。", "Nothing of the kind is on record; nothing changed."), nil
	case f.Lifted:
		s.do(f)
		return s.tr("已解除，原记录仍在案件经过中。", "Lifted; what was noted stays in the log of the case."), nil
	case f.Need == "":
		return "", Refuse("请写明投诉人需要怎样的照顾，例如“听力不便，请以书面联系”。", "Please say what the complainant needs, for example: hard of hearing, please write.")
	}
	s.do(f)
	for _, p := range s.handlers() {
		if p != s.who {
			s.tell(p, "case_news", Facts{From: s.who.Mailbox(), Text: s.tr("投诉人需要照顾：%s", "The complainant needs support: %s", f.Need)})
		}
	}
	did := s.tr("已记录投诉人的需要，经办人已获知；函件中不会写出。", "Noted what the complainant needs; whoever works on the case knows. No letter says it.")
	if !s.c.Severity.Major() {
		did += s.tr("投诉人已因此受到损害的，请定为重大（#定级 重大）。", " If they have come to harm by it, please grade the case major (#severity major).")
	}
	return did, nil
}

// reportDraft gives the report that has not been approved, as the PDF to be
// issued, or nil. It waits beside the draft of a letter and never voids it.
func (c *Case) reportDraft() *LetterRecord {
	if r := c.LastLetter(ReportLetter); r != nil && !r.Issued {
		return r
	}
	return nil
}

// reportLetter is the report as filed, to be printed. What the case does not
// hold by now it says to be open.
func (s *session) reportLetter() Letter {
	f := s.annex()
	f.Steps = append([]CaseStep{{On: f.Registered, Text: s.tr("登记投诉", "The complaint was registered")}}, f.Steps...)
	f.Steps = append(f.Steps, CaseStep{On: s.today(), Text: s.tr("提交书面调查报告（期限：%s）", "The written report was filed (due by %s)", s.c.Due.Due.In(s.p.Language)), By: f.Author.Name})
	if f.Complaint == "" {
		for _, a := range f.Allegations {
			f.Complaint += fmt.Sprintf("%d. %s\n", a.No, a.Text)
		}
	}
	if s.c.Report.Unheard != "" {
		f.Responsibility = append(f.Responsibility, s.tr("未听取被投诉人陈述的原因：%s", "Why a respondent has not been heard: %s", s.c.Report.Unheard))
	}
	if len(f.Causes) == 0 {
		f.Responsibility = append(f.Responsibility, s.tr("根本原因没有另行认定，见查明的事实。", "No root cause has been recorded apart; see the facts that were established."))
	}
	if len(f.Remedies) == 0 {
		f.Opinion = []string{s.tr("按上述认定答复投诉人；补救办法在拟定处理结果告知书时提出。", "The complainant is answered as found above; what remedy is offered is proposed with the result letter.")}
	}
	l := s.letter(ReportLetter)
	l.Lang, l.To, l.Routes, l.Report = s.p.Language, Address{}, nil, f
	for _, e := range s.c.Evidence {
		l.Enclosures = append(l.Enclosures, e.Name)
	}
	return l
}

// approveReport ends the investigation; a second person does it. r is the PDF
// that was reviewed; nil if the report was filed by a version that made none.
func (s *session) approveReport(c *Command, r *LetterRecord) (string, error) {
	v := s.c.Report.Version
	switch quoted := len(c.Words) > 0; {
	case SameAddr(s.c.Report.By, s.who.Address):
		return "", Refuse("报告由您提交，须由另一人批准。", "You filed the report; a second person must approve it.")
	case quoted && (r == nil || r.DraftHash == ""):
		return "", Refuse("报告第%[1]d版还没有生成 PDF，收到审核邮件后再引用其校验码批准。", "Version %[1]d of the report has no PDF yet; quote its hash when its mail has come.", v)
	case quoted && !c.quotes(r.DraftHash):
		return "", Refuse("校验码 %[1]s 不是现行报告（第%[2]d版）的校验码：报告可能已经重新提交，请核对最新一版。", "The hash %[1]s is not that of the report as it stands (version %[2]d): it may have been filed anew; please check the newest one.", excerpt(c.Words[0], 64), v)
	case !quoted && v > 1 && !s.m.Date.IsZero() && s.m.Date.Before(s.c.Report.At.Truncate(time.Minute)):
		return "", Refuse("您的邮件写于报告第%[1]d版提交之前；请核对这一版，再行批准。", "Your mail was written before version %[1]d of the report was filed; please check that version, then approve it.", v)
	case r != nil && r.DraftHash != "" && s.p.Proof != nil:
		if now, err := s.p.Proof(r.Letter); err != nil || now != r.DraftHash {
			return "", Refuse("报告提交之后，系统的函件文本或字体有变更，定稿会与您核对的 PDF 不同；请 #退回，由责任人重新提交。", "The desk's letter texts or typefaces have changed since the report was filed: the final PDF would differ from the one you checked. Please #return it, to be filed anew.")
		}
	}
	s.do(&ReportApproved{})
	no := 0
	if r != nil {
		no = r.Letter.No
		s.do(&Issued{No: no, Number: LetterNumber{Firm: s.p.Firm.Short, Kind: s.p.Firm.Series(ReportLetter), Year: s.today().Year}, Date: s.today(), DraftHash: r.DraftHash})
	}
	due := s.p.Calendar.WorkingDays(s.today(), s.p.ResultDays, nil)
	told := s.handlers()
	if no > 0 && !slices.Contains(told, s.who) {
		told = append(told, s.who)
	}
	for _, p := range told {
		if no > 0 || p != s.who {
			s.tell(p, "report_approved", Facts{From: s.who.Mailbox(), Level: due.Due.String()}).LetterNo = no
		}
	}
	return s.tr("报告第%d版已批准。处理结果告知书须于 %s 前发出；请起草：#补救、#措施、#拟稿。", "Version %d of the report is approved. The result letter is due by %s: #remedy, #measure, #draft.", v, due.Due.In(s.lang)), nil
}
