package complaints

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// staffMail carries out the commands of a member of staff, all or nothing, and
// answers with a transcript. A mail without commands is kept with its case.
func (s *session) staffMail() {
	s.who = s.p.Register.Find(s.m.From.Addr)
	if !s.who.Is(AnyStaff) || s.m.Froms > 1 {
		s.clientMail()
		return
	}
	s.by = s.who.Address
	cs := ParseCommands(s.m.OwnWords)
	if s.p.RequireDomain && !s.m.genuine() && !(s.m.Auth.Away && len(cs) > 0 && s.m.Released == "") {
		switch {
		case s.m.Auth.Away && s.m.Released == "":
			s.out.Hold = "its DKIM key could not be asked for"
		case s.m.Released == "":
			s.impersonated(cs)
		case s.c == nil:
			s.out.Hold = "in the name of staff, and its sender could not be verified; it is filed only in a case that is named"
		default: // its words are on file, its commands are not carried out
			s.clientMail()
		}
		return
	}
	if len(cs) == 0 {
		s.staffWords()
		return
	}
	answers := s.m
	if c := confirming(cs); c != nil {
		if err := s.redeem(c); err != nil {
			lines := []Line{{Command: c.Raw, Did: err.In(s.lang), Refused: true}}
			s.tell(s.who, "transcript", Facts{Subject: s.m.Subject, Transcript: lines, Reason: "refused"}).InReplyTo = s.m.MessageID
			return
		}
		cs = ParseCommands(s.m.OwnWords)
	}
	before, kept := s.c, s.out
	if before != nil {
		s.c = before.Clone()
	}
	s.mt = s.m.Meeting.Clone()
	lines, bad := s.carryOut(cs)
	if bad || s.err != nil {
		s.c, s.out, s.mt = before, kept, s.m.Meeting // nothing is done
		if s.err != nil && !bad {
			lines = append(lines, Line{Did: s.tr("本邮件与案件的当前状态不符，未执行任何命令。", "The mail does not fit the case as it stands; nothing was done."), Refused: true})
		}
		s.err, s.unproved = nil, false
		s.tell(s.who, "transcript", Facts{Subject: s.m.Subject, Transcript: lines, Reason: "refused"}).InReplyTo = answers.MessageID
		return
	}
	if s.unproved {
		s.c, s.out, s.mt = before, kept, s.m.Meeting // nothing is done before the code has come back
		if s.m.Auth.Away && !s.m.genuine() {
			why := s.tr("域名系统长时间无法查询，未能核实这封邮件确由您发出，因此请您确认。", "The DNS could not be asked for hours, so that it could not be verified that you wrote this mail; you are asked to confirm it.")
			lines = append(lines, Line{Did: why})
			if s.c != nil { // not by the one whose name it bears
				s.c, s.by = s.c.Clone(), TheDesk
				s.do(&Noted{What: "note", Text: s.tr("域名系统无法查询，未能核实来信人；命令待其以确认码确认。", "The DNS could not be asked, so that the sender of a mail could not be verified; its commands wait for a code.")})
			}
		}
		s.askToConfirm(cs, lines)
		return
	}
	if s.proved != nil {
		s.out.Confirmed = s.proved.Code
	}
	s.transcript(cs, lines)
	for i := range s.out.Mails { // the answer belongs to the mail that confirmed
		if m := &s.out.Mails[i]; m.InReplyTo == s.m.MessageID && SameAddr(m.To.Addr, s.who.Address) {
			m.InReplyTo = answers.MessageID
		}
	}
}

// impersonated deals with a mail in the name of a member of staff for which
// nobody vouches: nothing in it counts, it is held, the administrator is told,
// and so is the one whose name it bears, at the registered address.
func (s *session) impersonated(cs []Command) {
	s.out.Hold = "in the name of staff, and its sender could not be verified"
	if s.m.Recovered {
		s.forgotten(cs)
		return
	}
	s.alert("forged", "一封以本所人员名义发来的邮件无法核实，已暂存", "a mail in the name of a member of staff could not be verified; it is held")
	if s.damped() {
		return
	}
	var lines []string
	for _, c := range cs {
		lines = append(lines, c.Raw)
	}
	m := s.tell(s.who, "impersonated", Facts{Subject: s.m.Subject, Text: excerpt(strings.Join(lines, "\n"), 1000),
		Reason: s.tr("邮件不是经本所的邮件系统、以您的账号发出的", "the mail was not sent through the firm's mail system under your account")})
	m.Auto = true
}

// misplaced deals with a mail in a command folder that is not its owner's own,
// or of which nobody knows who put it there: it is held, and nothing in it counts.
func (s *session) misplaced() {
	owner := s.p.Register.Find(s.m.Place.Owner)
	if !owner.Is(AnyStaff) {
		s.out.Hold = "in a command folder that proves nobody: " + s.m.Place.Doubt
		s.alert("folder", "%[1]s；其中的邮件已暂存，内容一概不执行", "%[2]s; its mail is held, and nothing in it is carried out", s.m.Place.DoubtZh, s.m.Place.Doubt)
		return
	}
	s.out.Hold = "in the command folder of " + owner.Address + ", and not written by them"
	if s.damped() {
		return
	}
	author := s.m.From.Addr
	if s.m.Froms != 1 {
		author = s.tr("%d 个地址", "%d addresses", s.m.Froms)
	}
	why := s.tr("这封邮件放在您的命令文件夹中，但发件人是 %s，不是您本人的登记地址；其中内容一概未执行，邮件已暂存。该文件夹只放您自己写的邮件；要转交他人来信，请把它转发给本台。",
		"This mail lay in your command folder, but it is from %s and not from your registered address; nothing in it was carried out, and it is held. Only mails that you wrote belong there; to pass somebody else's mail on, forward it to the desk.", author)
	m := s.tell(owner, "transcript", Facts{Subject: s.m.Subject, Transcript: []Line{{Did: why, Refused: true}}, Reason: "refused"})
	m.Auto = true
}

// carryOut runs the commands one after the other on the copy of the case.
func (s *session) carryOut(cs []Command) (lines []Line, bad bool) {
	if len(cs) > maxCommands || len(s.m.OwnWords) > maxCommandMail {
		return []Line{{Refused: true, Did: s.tr("一封邮件最多 %d 条命令、256 kB 正文；请分开发送。", "A mail may hold %d commands and 256 kB of text at most; please send them apart.", maxCommands)}}, true
	}
	errs := 0
	for i := range cs {
		did, err := s.run1(&cs[i])
		var r *Refusal
		switch {
		case errors.As(err, &r):
			errs++
			lines = append(lines, Line{Command: cs[i].Raw, Did: r.In(s.lang), Refused: true})
		case err != nil:
			s.err = err
			return lines, false
		default:
			lines = append(lines, Line{Command: cs[i].Raw, Did: did})
		}
		if errs == maxErrors {
			lines = append(lines, Line{Refused: true, Did: s.tr("已有 %d 行有误，其余各行未再检查。", "%d lines are wrong; the rest was not looked at.", errs)})
			break
		}
	}
	return lines, errs > 0
}

// transcript answers a command mail that was carried out. What a single
// reading command brings up is the answer itself.
func (s *session) transcript(cs []Command, lines []Line) {
	reading := func(c Command) bool { return c.verb.Layer == Reads }
	if len(cs) == 1 && reading(cs[0]) {
		for i := range s.out.Mails {
			if m := &s.out.Mails[i]; SameAddr(m.To.Addr, s.who.Address) {
				m.InReplyTo, m.Facts.Subject = s.m.MessageID, s.m.Subject
				if m.Template != "help" {
					m.Facts.Transcript = lines
				}
				return
			}
		}
	}
	s.tell(s.who, "transcript", Facts{Subject: s.m.Subject, Transcript: lines}).InReplyTo = s.m.MessageID
}

// hint is a text that our own mails hold in place of the words to come.
var hint = regexp.MustCompile(`^(（[^（）]{1,80}）|\([^()]{1,80}\))$`)

// run1 checks one command and runs it.
func (s *session) run1(c *Command) (string, error) {
	v := c.verb
	if c.stray {
		return "", Refuse("这一行写在其他文字之后，没有当作命令执行。命令请写在邮件最前面。",
			"This line stands below other text and was not read as a command. Commands belong at the top of the mail.")
	}
	if v == nil {
		if near := closest(c.Verb); near != nil {
			return "", Refuse("没有“%[1]s”这条命令。您要写的是否为：%[2]s", "There is no command %[1]q. Did you mean: %[3]s", c.Verb, near.Usage("zh"), near.Usage("en"))
		}
		return "", Refuse("没有“%s”这条命令。发送 #帮助 可看到您此刻可用的命令。", "There is no command %q. Send #help to see what you may do now.", c.Verb)
	}
	if err := s.permit(v); err != nil {
		return "", err
	}
	c.Text = strings.TrimSpace(c.Text)
	c.Text = strings.TrimSpace(c.Args["reason"] + "\n" + c.Text)
	if hint.MatchString(c.Text) {
		return "", Refuse("请把括号里的提示换成实际内容：%[1]s", "Please put your own words in place of the hint: %[1]s", excerpt(c.Text, 60))
	}
	if v.Text == MustText && c.Text == "" {
		return "", Refuse("缺少内容。用法：%[1]s", "The text is missing. Usage: %[2]s", v.Usage("zh"), v.Usage("en"))
	}
	if v.Text == NoText && c.Text != "" {
		return "", Refuse("“%[3]s”是多余的。用法：%[1]s", "%[3]q does not belong here. Usage: %[2]s", v.Usage("zh"), v.Usage("en"), excerpt(c.Text, 30))
	}
	did, err := s.run(c)
	if err == nil && s.err != nil {
		err = s.err
	}
	return did, err
}

// permit checks who may use a verb here and now. Its refusals say what is
// possible instead.
func (s *session) permit(v *Verb) error {
	if s.c == nil {
		if v.NoCase && v.Layer == Reads {
			return nil
		}
		if v.NoCase || v.En[0] == "approve" && len(s.m.Tables) > 0 || s.onMeeting(v) {
			return s.trust(v)
		}
		return Refuse("这封邮件没有指明案件。请回复本台发出的案件邮件，或在主题中写上案号（如 [T2026-0001]）。",
			"The mail names no case. Reply to a mail of the case, or put its number (such as [T2026-0001]) into the subject.")
	}
	if v.NoCase && v.States != nil && len(v.States) == 0 {
		return Refuse("#%[1]s 请另写一封邮件到 %[3]s，不要回复已有案件的邮件；一封邮件一件。", "#%[2]s needs a mail of its own to %[3]s, not a reply on another case; one mail for each.", v.Zh[0], v.En[0], s.p.Address)
	}
	if s.c.Conflicted(s.who) && !v.NoCase && !s.p.ownPart(s.c, s.who, v) {
		return Refuse("您与本案有利害关系或已回避，不能查看或处理本案。", "You have a conflict of interest in this case, or have stepped aside; you may neither read it nor act on it.")
	}
	if !v.NoCase && !s.p.mayUse(s.c, s.who, v) || v.NoCase && !s.p.allows(s.c, s.who, v.Roles) {
		return Refuse("这条命令由%[1]s使用。", "This command is for %[2]s.", rolesIn(v.Roles, "zh"), rolesIn(v.Roles, "en"))
	}
	if !v.In(s.c.State) {
		can := s.p.possible(s.c, s.who)
		return Refuse("本案现为“%[1]s”，不能用 #%[3]s。此刻可用：%[5]s", "The case is %[2]s; #%[4]s cannot be used now. You may use: %[6]s",
			s.c.State.In("zh"), s.c.State.In("en"), v.Zh[0], v.En[0], names(can, "zh"), names(can, "en"))
	}
	if v.Layer == Reads {
		return nil
	}
	return s.trust(v)
}

// possible lists the verbs that a person may use on a case now.
func (p *Policy) possible(c *Case, who *Person) []*Verb {
	var out []*Verb
	for _, v := range Vocabulary() {
		switch {
		case c == nil && (!v.NoCase || v.Meeting || !who.Is(v.Roles...)), c != nil && !v.In(c.State), v.En[0] == "confirm": // its mail asks for that
		case c != nil && !v.NoCase && !p.mayUse(c, who, v):
		case v.En[0] == "completed" && c != nil && len(c.Measures) == 0, v.En[0] == "verified" && c != nil && len(c.MeasuresDone) == 0: // there is none
		case slices.Contains(penVerbs, v.En[0]) && !p.keepsPen(who):
		case (v.En[0] == "approve" || v.En[0] == "return") && c != nil && c.State != ReportReview && c.pendingDraft() == nil: // nothing waits for it
		default:
			out = append(out, v)
		}
	}
	return out
}

// staffWords keeps a mail without commands: on the case if it names one, in
// the holding pen if not.
func (s *session) staffWords() {
	if s.c == nil && s.m.Forwarded != nil && !s.p.Register.Find(s.m.Forwarded.From.Addr).Is(AnyStaff) {
		s.forwarded()
		return
	}
	if s.c != nil && s.c.respondent(s.who) && findVerb("statement").In(s.c.State) && strings.TrimSpace(s.m.OwnWords) != "" && s.trust(findVerb("statement")) == nil && !s.unproved {
		did := s.state(s.m.OwnWords) // an answer to the notice, without a command
		s.tell(s.who, "transcript", Facts{Subject: s.m.Subject, Transcript: []Line{{Command: s.tr("陈述", "Statement"), Did: did}}}).InReplyTo = s.m.MessageID
		return
	}
	if s.c == nil || s.c.Conflicted(s.who) {
		s.out.Hold = "mail from staff that names no case and holds no command"
		if !s.damped() {
			m := s.tell(s.who, "help", Facts{Subject: s.m.Subject, Reason: "no_case", Transcript: s.p.Help(nil, s.who, s.at)})
			m.Auto, m.InReplyTo = true, s.m.MessageID
		}
		return
	}
	s.do(&Heard{From: s.m.From, Who: "staff", Text: s.m.OwnWords, MessageID: s.m.MessageID, Attachments: s.m.Attachments})
	if s.damped() {
		return
	}
	m := s.tell(s.who, "note_kept", Facts{Subject: s.m.Subject, Text: s.m.OwnWords, Attachments: s.m.Attachments})
	m.Auto, m.InReplyTo = true, s.m.MessageID
	m.Facts.Attachments = nil
}

// rsvp records what a member's calendar program answered. It is a robot's mail:
// it is answered by nothing.
func (s *session) rsvp() {
	s.who, s.mt = s.p.Register.Find(s.m.From.Addr), s.m.Meeting.Clone()
	t := s.m.token(s.p.Address)
	known := t != nil && t.Purpose == ForStaff && strings.EqualFold(t.Ref, s.mt.Ref) && s.who != nil && s.p.Keys.Verify(*t, s.who.Address, s.at)
	r := s.m.RSVP
	switch {
	case !s.who.Is(AnyStaff) || !s.mt.invites(s.who.Address) || !SameAddr(r.Attendee, s.who.Address), !known && !s.m.genuine():
		s.out.Hold = "an answer to an invitation, and its sender could not be verified or is not invited"
		return
	case s.mt.Cancelled != "" || !s.at.Before(s.mt.To):
		return
	}
	s.by = s.who.Address
	coming := strings.EqualFold(r.Status, "ACCEPTED")
	if !coming && !strings.EqualFold(r.Status, "DECLINED") {
		return // tentative: there is no answer yet
	}
	if x := s.mt.Answer(s.who.Address); x == nil || x.Coming != coming {
		s.answerCall(coming, r.Comment)
	}
}

func names(vs []*Verb, lang string) string {
	var out []string
	for _, v := range vs {
		out = append(out, "#"+v.Name(lang))
	}
	return strings.Join(out, " ")
}

var roleWords = map[Role][2]string{
	Officer: {"客服专员", "client-services officers"}, Head: {"客服部负责人", "the head of client services"}, Member: {"委员", "committee members"},
	Chair: {"主任委员", "the committee's chair"}, Auditor: {"审计", "auditors"}, TheHandler: {"本案责任人", "the responsible person of the case"},
	TheAssignee: {"被指派的人", "the person who was asked to investigate"}, ThePanel: {"审理本案的委员", "the members who sit on this case"},
	TheSilent: {"尚未答复的委员", "the members who have not answered yet"}, TheSenior: {"任期最长的委员", "the member with the longest term"}, AnyStaff: {"本所人员", "staff"},
	TheRespondent: {"被投诉人", "the respondent"}, TheOwner: {"措施负责人", "who carries the measure out"},
	Investigator: {"调查人员", "investigators"}, Counsel: {"法律顾问", "counsel"}, Management: {"管理层", "management"}, HR: {"人力资源", "HR"}, Admin: {"管理员", "administrators"},
}

// In gives the role in words.
func (r Role) In(lang string) string {
	w := roleWords[r]
	return pick(lang, w[0], w[1])
}

func rolesIn(rs []Role, lang string) string {
	var out []string
	for _, r := range rs {
		out = append(out, r.In(lang))
	}
	return strings.Join(out, pick(lang, "、", ", "))
}

// run finds a verb's work in its family's file.
func (s *session) run(c *Command) (string, error) {
	switch c.verb.En[0] {
	case "register":
		return s.registerFor(c)
	case "merge":
		return s.merge(c)
	case "split":
		return s.split(c)
	case "group":
		return s.group(c)
	case "severity":
		return s.grade(c)
	case "vulnerable":
		return s.vulnerable(c)
	case "admit":
		return s.admit(c)
	case "classify":
		return s.classify(c)
	case "allegation":
		return s.allege(c)
	case "assign":
		return s.assign(c)
	case "accept":
		return s.takeOn()
	case "recuse":
		return s.recuse(c)
	case "ask":
		return s.ask(c)
	case "interview", "note", "evidence":
		return s.note(c)
	case "notify":
		return s.notify(c)
	case "statement":
		return s.state(c.Text), nil
	case "decline":
		return s.decline(c)
	case "not-complaint":
		return s.notComplaint(c)
	case "refer":
		return s.refer(c)
	case "not-pursued":
		return s.notPursued(c)
	case "outside":
		return s.goOutside(c)
	case "outcome":
		return s.outcome(c)
	case "report-out":
		return s.reportOut(c)
	case "continue":
		return s.continueAnyway(c)
	case "finding":
		return s.find(c)
	case "cause":
		return s.cause1(c)
	case "remedy":
		return s.remedy(c)
	case "measure":
		return s.measure(c)
	case "followup":
		return s.follow(c)
	case "performed":
		return s.perform(c)
	case "completed":
		return s.complete(c)
	case "verified":
		return s.verify(c)
	case "report":
		return s.report(c)
	case "calendar":
		return s.calendar(c)
	case "request":
		return s.request(c)
	case "extend":
		return s.extend(c)
	case "delay":
		return s.delay(c)
	case "suspend":
		return s.suspend(c)
	case "resume":
		return s.resume(c)
	case "settle":
		return s.settlement(c)
	case "draft":
		return s.draft(c)
	case "approve":
		if s.c == nil && s.mt != nil {
			return s.settleMinutes(c, true)
		}
		return s.approve(c)
	case "return":
		if s.c == nil && s.mt != nil {
			return s.settleMinutes(c, false)
		}
		return s.giveBack(c)
	case "meeting":
		return s.callMeeting(c)
	case "reschedule":
		return s.moveMeeting(c)
	case "cancel-meeting":
		return s.cancelMeeting(c)
	case "attend":
		return s.attend(c, true)
	case "apologies":
		return s.attend(c, false)
	case "minutes":
		return s.fileMinutes(c)
	case "resend":
		return s.resend(c)
	case "posted":
		return s.posted(c)
	case "correct":
		return s.correct(c)
	case "appeal":
		return s.appealFor(c)
	case "refer-committee":
		return s.toCommittee(c)
	case "opinion":
		return s.opine(c)
	case "name-chair":
		return s.nameChair(c)
	case "admit-appeal":
		return s.admitAppeal(c)
	case "decline-appeal":
		return s.declineAppeal(c)
	case "vote":
		return s.vote(c)
	case "decide":
		return s.decide(c)
	case "close":
		return s.close(c)
	case "reopen":
		return s.reopen(c)
	case "language":
		return s.language(c)
	case "show":
		return s.show()
	case "confirm":
		return s.confirmAlone()
	case "held":
		return s.pen(c)
	case "release":
		return s.release(c)
	case "discard":
		return s.discard(c)
	case "list":
		return s.list()
	case "help":
		return s.help()
	}
	return "", fmt.Errorf("command %s has no work", c.verb.En[0])
}
