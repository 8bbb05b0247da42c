package complaints

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Delivered says that the relay accepted a letter (SMTP 250), or that it came
// by post. For the result letter it opens the appeal window; for the decision it
// ends the internal procedure.
type Delivered struct {
	No          int    `json:"no"`
	To          string `json:"to"`
	Reply       string `json:"reply"` // the server's words; of the post, carrier and number
	AppealUntil Date   `json:"appeal_until,omitzero"`
	On          Date   `json:"on,omitzero"` // by post: the day on which it came
}

// Kind names the fact in the log.
func (*Delivered) Kind() string { return "delivered" }

func (f *Delivered) apply(c *Case, e *Event) error {
	r, err := c.letter(f.No)
	if err != nil {
		return err
	}
	r.Delivery, r.Delivered = DeliveryAccepted, e.At
	if !f.On.IsZero() {
		r.Delivered = f.On.Midnight(time.UTC).Add(12 * time.Hour) // on that day in every zone
	} else if !slices.Contains(r.Got, f.To) {
		r.Got = append(r.Got, f.To)
	}
	switch r.Letter.Kind {
	case CorrectionLetter:
		if !f.AppealUntil.IsZero() {
			c.AppealUntil = f.AppealUntil
		}
	case ResultLetter:
		if c.State == DecisionDraft {
			c.State = Decided
		}
		c.AppealUntil = f.AppealUntil
	case SettlementLetter:
		c.settled(e.At)
		c.AppealUntil = f.AppealUntil
	case DecisionLetter:
		if c.State == AppealReview {
			c.State = AppealDecided
			for no, f := range c.Appeal.Findings { // what the committee found instead
				if a := c.allegation(no); a != nil {
					a.Finding = f
				}
			}
		}
	}
	if !f.On.IsZero() {
		c.note(e, "arrived", fmt.Sprintf("%s: %s %s", r.Letter.Number, f.Reply, f.On))
		return nil
	}
	c.note(e, f.Kind(), fmt.Sprintf("%s → %s: %s", r.Letter.Number, f.To, f.Reply))
	return nil
}

// NotDelivered says that a mail to the client was refused or came back. A
// result letter that came back opens no appeal window.
type NotDelivered struct {
	No    int       `json:"no,omitempty"` // the letter it carried; 0: none
	To    string    `json:"to"`
	Reply string    `json:"reply"`
	At    time.Time `json:"at,omitzero"`
}

// Kind names the fact in the log.
func (*NotDelivered) Kind() string { return "undelivered" }

func (f *NotDelivered) apply(c *Case, e *Event) error {
	if f.No > 0 {
		r, err := c.letter(f.No)
		if err != nil {
			return err
		}
		r.Delivery = DeliveryFailed
		r.Got = slices.DeleteFunc(slices.Clone(r.Got), func(a string) bool { return SameAddr(a, f.To) })
		if r.Letter.Kind == ResultLetter || r.Letter.Kind == SettlementLetter {
			c.AppealUntil = Date{}
			if c.State == Decided {
				c.State = DecisionDraft
			}
		}
	}
	c.note(e, f.Kind(), f.To+": "+f.Reply)
	return nil
}

// Delivered decides what follows when the relay has accepted a mail. reply is
// the server's words. It is called once for each mail that carried an issued
// letter, in the transaction that marks it as accepted.
func (p *Policy) Delivered(c *Case, m Mail, reply string, at time.Time) Outcome {
	if c == nil || m.LetterNo == 0 || m.Draft || m.Staff {
		return Outcome{}
	}
	s := &session{p: p, c: c.Clone(), at: at, lang: p.Language, by: TheDesk}
	r, err := s.c.letter(m.LetterNo)
	if err != nil || r.Delivery == DeliveryFailed && r.Letter.Kind == AckLetter {
		return Outcome{} // the mail arrived, its letter could not be printed
	}
	if r.Posted != nil && r.Delivery == DeliveryAccepted {
		return Outcome{} // it came by post: that day counts
	}
	s.arrived(&Delivered{No: m.LetterNo, To: m.To.Addr, Reply: reply}, s.today())
	return s.out
}

// arrived records that a letter came on a day, and what follows from that.
func (s *session) arrived(f *Delivered, day Date) {
	r := &s.c.Letters[f.No-1]
	if promised, _ := r.Letter.appealUntil(); !promised.IsZero() {
		if f.AppealUntil = s.appealDay(day); f.AppealUntil.Before(promised) {
			f.AppealUntil = promised
		}
	}
	first := s.c.appealed() // of a group each member gets it
	s.do(f)
	if r.Letter.Result != nil || r.Letter.Settlement != nil || r.Letter.Decision != nil {
		s.hand()
	}
	switch r.Letter.Kind {
	case DecisionLetter:
		if first {
			s.afterDecision()
		}
		fallthrough
	case ResultLetter, SettlementLetter, CorrectionLetter:
		for _, who := range s.handlers() {
			if s.who != nil && who == s.who { // who entered it reads the transcript
				continue
			}
			n := s.tell(who, "letter_sent", Facts{Reason: f.Reply})
			n.LetterNo, n.Draft = f.No, false
			if n.Key = fmt.Sprintf("%s/letter_sent/%d/%s", s.c.Ref, f.No, who.Address); !f.On.IsZero() {
				n.Key += "/" + f.On.String()
			} else if to := s.c.Letters[f.No-1].Resent; to != "" { // the first mail came back
				n.Key += "/" + to
			}
		}
	}
}

// afterDecision carries out what the committee ruled: an appeal that was
// remitted is investigated anew by somebody else, with a new limit.
func (s *session) afterDecision() {
	if s.c.Appeal == nil || s.c.Appeal.Ruling != Remit {
		return
	}
	s.do(&Remitted{Due: s.p.Calendar.WorkingDays(s.today(), s.p.InvestigationDays, nil)})
}

// Undelivered decides what follows when a mail was refused for good, or came
// back: it becomes a task for staff, and never a second attempt.
func (p *Policy) Undelivered(c *Case, m Mail, reply string, at time.Time) Outcome {
	if c == nil {
		s := &session{p: p, at: at, lang: p.Language, by: TheDesk}
		if m.Template != "alert" { // an alert that cannot be delivered must not raise another
			s.alert("undelivered", "本台的一封邮件未能送达：%s", "a mail of the desk could not be delivered: %s", reply)
		}
		return s.out
	}
	s := &session{p: p, c: c.Clone(), at: at, lang: p.Language, by: TheDesk}
	if m.Staff {
		s.alert("undelivered", "有关 %s、发给本所人员的一封邮件未能送达：%s", "a mail to staff on %s could not be delivered: %s", c.Ref, reply)
		return s.out
	}
	no := m.LetterNo
	stale := no > 0 && c.Letters[no-1].Resent != "" && !SameAddr(m.To.Addr, c.Letters[no-1].Resent) // of the address that it was sent to before
	if m.Draft || stale || c.member(m.To.Addr) != nil {                                             // the letter of a group stands if one of them does not get it
		no = 0
	}
	if no > 0 && (c.Letters[no-1].Delivery == DeliveryFailed || c.Letters[no-1].Posted != nil) {
		return Outcome{} // said before, or it went by post meanwhile
	}
	s.do(&NotDelivered{No: no, To: m.To.Addr, Reply: reply})
	for _, who := range s.handlers() {
		n := s.tell(who, "letter_failed", Facts{Reason: reply, Subject: m.Template, From: m.To})
		n.LetterNo = no // to be printed and posted
		n.Key = fmt.Sprintf("%s/letter_failed/%s/%s", s.c.Ref, m.Key, who.Address)
	}
	return s.out
}

// Doubtful decides what follows when nobody can know whether the relay took a
// mail to the client: it is not sent again, and a person is told. Without the
// journal's evidence a person settles it.
func (p *Policy) Doubtful(c *Case, m Mail, outbox int64, at time.Time) Outcome {
	s := &session{p: p, at: at, lang: p.Language, by: TheDesk}
	if c != nil {
		s.c = c.Clone()
	}
	if c == nil || m.Staff {
		s.alert("doubt", "第 %[1]d 号邮件是否已被发信服务器接收，无法确定：complaintsd outbox show %[1]d", "mail %[1]d may or may not have been taken by the relay: complaintsd outbox show %[1]d", outbox)
		return s.out
	}
	for _, who := range s.handlers() {
		n := s.tell(who, "letter_in_doubt", Facts{Reason: fmt.Sprint(outbox), Subject: m.Template, From: m.To})
		n.LetterNo = m.LetterNo
		n.Key = fmt.Sprintf("%s/letter_in_doubt/%d/%s", s.c.Ref, outbox, who.Address)
	}
	s.alert("doubt", "有关 %[2]s 的第 %[1]d 号邮件是否已被发信服务器接收，无法确定", "mail %[1]d on %[2]s may or may not have been taken by the relay", outbox, s.c.Ref)
	return s.out
}

// HeldMail decides what follows when a mail was put into quarantine unread: the
// administrator is told.
func (p *Policy) HeldMail(reason string, at time.Time) Outcome {
	s := &session{p: p, at: at, lang: p.Language, by: TheDesk}
	s.alert("held", "一封邮件已暂存：%s", "a mail was put into quarantine: %s", HoldWords(reason, p.Language))
	return s.out
}

// Deaf tells the administrator that no mail has been taken out of a folder for
// long, as far as the mail server says why.
func (p *Policy) Deaf(folder, detail string, since, at time.Time) Outcome {
	s := &session{p: p, at: at, lang: p.Language, by: TheDesk}
	s.alert("mailbox", "自 %[2]s 起，文件夹 %[1]s 中的邮件不能正常收取：%[3]s", "Since %[2]s mail in the folder %[1]s has not been taken in as it should: %[3]s",
		folder, since.In(p.Location).Format("2006-01-02 15:04"), detail)
	for i := range s.out.Mails {
		s.out.Mails[i].Key += "/" + folder // another one in the same hour is told of too
	}
	return s.out
}

// TooMany tells the administrator that automatic mails are put off, because as
// many as the desk sends in an hour have gone out.
func (p *Policy) TooMany(waiting int, at time.Time) Outcome {
	s := &session{p: p, at: at, lang: p.Language, by: TheDesk}
	s.alert("flood", "一小时内已发出 %[1]d 封自动回复，达到上限；另有 %[2]d 封顺延，将按每小时 %[1]d 封陆续发出，不会丢失。如系正常来信，请调高配置中的 automatic_per_hour；如系邮件轰炸，请先处理来源",
		"%[1]d automatic mails have gone out within an hour, which is the limit; %[2]d more wait and will go out at that pace: none is lost. If the mails that came are genuine, raise automatic_per_hour in the configuration; if they are a flood, stop its source first",
		p.AutomaticPerHour, waiting)
	return s.out
}

// ClocksDiffer tells the administrator that the clocks of the desk's machine and
// of its database differ.
func (p *Policy) ClocksDiffer(by time.Duration, at time.Time) Outcome {
	s := &session{p: p, at: at, lang: p.Language, by: TheDesk}
	s.alert("clock", "本台所在机器与数据库的时钟相差至少 %d 秒；期限按时钟计算，请校准时钟", "The clocks of the desk's machine and of its database differ by %d seconds at least; limits are counted by them: please set them right", int(by/time.Second))
	return s.out
}

// HeldMail is a mail that was kept and not taken in: it met a limit, or a
// person must say where it belongs. Reason and Guess are the desk's own.
type HeldMail struct {
	No      int64     `json:"no"` // 0 in the outcome that holds it: the database gives the number
	At      time.Time `json:"at"`
	From    string    `json:"from"`
	Subject string    `json:"subject"`
	Reason  string    `json:"reason"`          // in English; HoldWords says it in both languages
	Guess   string    `json:"guess,omitempty"` // the case that it may belong to
	SHA256  string    `json:"sha256,omitempty"`
	Size    int       `json:"size,omitempty"`

	Words string `json:"-"` // what its author wrote, where it could be read; only of one that is asked for
	Of    *Case  `json:"-"` // the case of Guess, or nil
}

// Release says what a person decided on a held mail: that it is taken in, to
// the case Ref or, if that is "", as it is read now; or, with Why, that it is
// not wanted.
type Release struct {
	No      int64
	By      string
	Ref     string
	Discard bool
	Why     string
}

// ForDesk is the reference in the reply address of a mail to staff that is
// about no case: it proves the person, and opens no case.
const ForDesk = "DESK"

// penVerbs are the commands that deal with held mail.
var penVerbs = []string{"held", "release", "discard"}

// Pen lists the numbers of held mails that the commands of a mail name; asks
// tells whether they deal with held mail at all.
func Pen(m *Message) (numbers []int64, asks bool) {
	for _, c := range ParseCommands(m.OwnWords) {
		if c.verb == nil || !slices.Contains(penVerbs, c.verb.En[0]) {
			continue
		}
		asks = true
		if n := c.number(); n > 0 {
			numbers = append(numbers, n)
		}
	}
	return numbers, asks
}

// number is the first word as a number; 0 if it is none.
func (c *Command) number() int64 {
	if len(c.Words) == 0 {
		return 0
	}
	n, err := strconv.ParseInt(strings.Trim(c.Words[0], "第号#No.№"), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// shown leaves out of held mails those that a person must not see: whoever has
// a conflict in a case learns nothing of what is written about it.
func shown(list []HeldMail, who *Person) []HeldMail {
	var out []HeldMail
	for _, h := range list {
		if h.Of == nil || !h.Of.Conflicted(who) {
			out = append(out, h)
		}
	}
	return out
}

// keepsPen reports whether a person deals with held mail.
func (p *Policy) keepsPen(who *Person) bool {
	return who.Is(Officer, Head, Admin) || slices.Contains(p.admins(), who)
}

// held finds a held mail that this person may deal with.
func (s *session) held(c *Command) (*HeldMail, error) {
	if !s.p.keepsPen(s.who) {
		return nil, Refuse("这条命令由%[1]s使用。", "This command is for %[2]s.", rolesIn(c.verb.Roles, "zh"), rolesIn(c.verb.Roles, "en"))
	}
	n := c.number()
	if n == 0 {
		return nil, Refuse("请写明编号：%[1]s。编号见 #隔离 的清单。", "Give its number: %[2]s. The numbers stand in the list that #held sends.", c.verb.Usage("zh"), c.verb.Usage("en"))
	}
	for _, h := range shown(s.m.Pen, s.who) {
		if h.No == n {
			return &h, nil
		}
	}
	return nil, Refuse("没有待处理的第 %d 号邮件：编号有误，或已由他人处理。", "No mail %d is held: the number is wrong, or somebody has dealt with it.", n)
}

// pen is #隔离: the list of held mails, or one of them whole.
func (s *session) pen(c *Command) (string, error) {
	if len(c.Words) == 0 && s.p.keepsPen(s.who) {
		list := shown(s.m.Pen, s.who)
		s.tell(s.who, "held", Facts{Held: list[:min(len(list), maxShown)], Level: strconv.Itoa(len(list))})
		return s.tr("共 %d 封，见所附清单。", "%d in all; the list follows.", len(list)), nil
	}
	h, err := s.held(c)
	if err != nil {
		return "", err
	}
	f := Facts{Held: []HeldMail{*h}, Level: "1"}
	if s.who.Is(Officer, Head) { // an administrator sees that it is there, and not what it says
		f.Text = h.Words
		f.Attachments = []Attachment{{Name: fmt.Sprintf("%d.eml", h.No), Type: "message/rfc822", Size: h.Size, SHA256: h.SHA256}}
	}
	s.tell(s.who, "held", f)
	return s.tr("第 %d 号邮件如下。", "Mail %d follows.", h.No), nil
}

// maxShown is how many held mails one mail lists.
const maxShown = 100

// release is #放行: a held mail is taken in after all. Commands in the name of
// staff stay without effect: only their author can send them, not who releases
// the mail.
func (s *session) release(c *Command) (string, error) {
	h, err := s.held(c)
	if err != nil {
		return "", err
	}
	r := Release{No: h.No, By: s.who.Address}
	if len(c.Words) > 1 {
		if r.Ref = FindRef(c.Words[1]); r.Ref == "" {
			return "", Refuse("“%[1]s”不是案号。", "%[1]q is no case number.", excerpt(c.Words[1], 30))
		}
		i := slices.IndexFunc(s.m.Others, func(o *Case) bool { return o.Ref == r.Ref })
		if i < 0 {
			return "", Refuse("没有案件 %[1]s。", "There is no case %[1]s.", r.Ref)
		}
		if s.m.Others[i].Conflicted(s.who) {
			return "", Refuse("您与案件 %[1]s 有利害关系，不能把邮件归入其中。", "You have a conflict of interest in case %[1]s and cannot file a mail there.", r.Ref)
		}
	}
	s.out.Released = append(s.out.Released, r)
	if r.Ref != "" {
		return s.tr("第 %d 号邮件已放行，归入 %s。", "Mail %d has been released, into %s.", h.No, r.Ref), nil
	}
	return s.tr("第 %d 号邮件已放行，按其内容收入。", "Mail %d has been released, and is taken in as it reads.", h.No), nil
}

// discard is #丢弃: a held mail is not wanted. Its bytes stay.
func (s *session) discard(c *Command) (string, error) {
	h, err := s.held(c)
	if err != nil {
		return "", err
	}
	s.out.Released = append(s.out.Released, Release{No: h.No, By: s.who.Address, Discard: true, Why: c.Text})
	return s.tr("第 %d 号邮件已注明不予收入，原件仍保存。", "Mail %d is noted as not wanted; the original is kept.", h.No), nil
}

// HeldAgain tells whoever released a mail that it was not taken in, and why.
func (p *Policy) HeldAgain(r Release, reason string, at time.Time) Outcome {
	s := &session{p: p, at: at, lang: p.Language, by: TheDesk}
	who := p.Register.Find(r.By)
	if !who.Is(AnyStaff) {
		return s.out
	}
	line := Line{Command: s.tr("#放行 %d %s", "#release %d %s", r.No, r.Ref), Did: HoldWords(reason, p.Language), Refused: true}
	m := Mail{Key: fmt.Sprintf("held/%d/%s/again/%s", r.No, who.Address, at.UTC().Format("20060102T150405")), To: who.Mailbox(), Lang: p.Language, Template: "transcript", Staff: true,
		Facts: Facts{Transcript: []Line{line}, Reason: "refused"}}
	s.out.Mails = append(s.out.Mails, m)
	return s.out
}

// PenDigest is what administrators hear of once a day: the mails that are held,
// and what is wrong with the mail set-up, one sentence each. Without an
// administrator the heads hear of it. There is no mail if there is nothing.
func (p *Policy) PenDigest(list []HeldMail, notes []string, day Date) []Mail {
	told := p.admins()
	if len(told) == 0 {
		told = p.Register.With(Head)
	}
	var out []Mail
	for _, who := range told {
		mine := shown(list, who)
		if len(mine) == 0 && len(notes) == 0 {
			continue
		}
		out = append(out, Mail{Key: fmt.Sprintf("held/%s/%s", day, who.Address), To: who.Mailbox(), Lang: p.Language, Template: "held", Staff: true,
			Facts: Facts{Held: mine[:min(len(mine), maxShown)], Level: strconv.Itoa(len(mine)), Notes: notes}})
	}
	return out
}

// CountsDiffer says that the quarantine folder and the database disagree on how
// many mails were put there: somebody moved or deleted some, or they were put
// there by something else than the desk.
func (p *Policy) CountsDiffer(lies, known int) string {
	return fmt.Sprintf(pick(p.Language, "隔离文件夹中有 %d 封邮件，而数据库记有 %d 封：可能有人移动或删除了邮件。数据库中的原件完整。",
		"The quarantine folder holds %d mails and the database knows %d: somebody may have moved or deleted some. The originals in the database are whole."), lies, known)
}

// MailLeft says that mail has not been taken out of a folder of the desk for long.
func (p *Policy) MailLeft(folder string, n int, since time.Time) string {
	return fmt.Sprintf(pick(p.Language, "文件夹 %[1]s 中至少有 %[2]d 封邮件没有被取走，最早的一封自 %[3]s 起留在那里。请查看本台的日志和该文件夹的权限。",
		"At least %[2]d mails have been left lying in the folder %[1]s, the oldest since %[3]s. Please look into the desk's log, and at the rights of that folder."),
		folder, n, since.In(p.Location).Format("2006-01-02 15:04"))
}

// holdWords are the reasons for which the desk holds a mail, by how they begin.
var holdWords = [][3]string{
	{"in the name of staff", "以本所人员名义发来，无法核实发件人", "in the name of a member of staff; its sender could not be verified"},
	{"in the name of the web form", "以网站表单名义发来，无法核实发件人", "in the name of the web form; its sender could not be verified"},
	{"in a command folder", "放在不能证明发件人的命令文件夹中", "it lay in a command folder that proves nobody"},
	{"in the command folder of", "放在命令文件夹中，但不是该文件夹的主人所写", "it lay in a command folder, and was not written by its owner"},
	{"an answer to an invitation", "对会议邀请的答复，发件人无法核实或未受邀请", "an answer to an invitation; its sender could not be verified, or is not invited"},
	{"mail from staff that names no case", "本所人员来信，未指明案件，也没有命令", "from a member of staff; it names no case and holds no command"},
	{"automatic mail that names no case", "自动发出的邮件，未指明案件", "an automatic mail that names no case"},
	{"it names ", "提到案号，但发件人不是该案的投诉人", "it names a case, and its sender is not known there"},
	{"its DKIM key", "域名系统长时间无法查询，未能核实发件人", "its sender could not be verified: the DNS could not be asked for hours"},
	{"it could not be taken in", "收入时出错", "it could not be taken in"},
	{"the reader failed", "内容无法解析", "it could not be read"},
	{"larger than", "超过大小上限", "it is larger than the limit"},
	{"reading took longer", "解析耗时超过上限", "reading it took longer than the limit"},
}

// HoldWords says why a mail is held.
func HoldWords(reason, lang string) string {
	for _, w := range holdWords {
		if strings.HasPrefix(reason, w[0]) {
			return pick(lang, w[1], w[2])
		}
	}
	return pick(lang, "超过处理上限（"+reason+"）", "over a limit: "+reason)
}
