package complaints

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// clientMail decides on a mail from outside the firm.
func (s *session) clientMail() {
	if s.c == nil {
		s.open()
		return
	}
	client := s.c.party(s.m.From.Addr)
	who := "client"
	if !client {
		who = "other"
	}
	s.do(&Heard{From: s.m.From, Who: who, Text: s.m.OwnWords, MessageID: s.m.MessageID, Attachments: s.m.Attachments})
	if !client && s.m.Released != "" { // somebody else's papers: those who work on the case hear of them
		for _, p := range s.handlers() {
			s.tell(p, "client_replied", Facts{Text: s.m.OwnWords, From: s.m.From, Subject: s.m.Subject, Attachments: s.m.Attachments})
		}
		return
	}
	s.lang = s.c.Lang
	if client && s.surveyed() {
		return
	}
	w := readWish(s.m.OwnWords)
	if !client {
		w = wish{} // a stranger who holds the reply address adds to the case and decides nothing
	}
	if client && s.c.State == AwaitingClient { // any reply lets the clocks run again
		old := s.c.Due.Due
		s.goOn("answered", s.at)
		s.tellClient("resumed", Facts{Subject: s.m.Subject, Reason: "answered", Level: old.String()})
	}
	told := s.grant(w)
	for _, p := range s.handlers() {
		s.tell(p, told, Facts{Text: s.m.OwnWords, From: s.m.From, Subject: s.m.Subject, Attachments: s.m.Attachments})
	}
}

// grant does what the client clearly wishes, and gives the template of the
// notice to staff. What is doubtful goes to staff as a question.
func (s *session) grant(w wish) (notice string) {
	notice = "client_replied"
	member := s.c.member(s.m.From.Addr) != nil
	if w.kind != "" && !w.clear {
		s.answer("unclear", Facts{})
		return notice
	}
	switch w.kind {
	case "status":
		s.answer("status", Facts{})
	case "appeal":
		return s.clientAppeals(w.text)
	case "accept":
		if member { // nobody accepts for the others
			s.answer("received", Facts{Attachments: s.m.Attachments})
		} else if s.settles() {
			s.do(&SettlementAgreed{On: s.today(), Text: s.m.OwnWords})
			s.answer("settlement_agreed", Facts{})
		} else if s.c.State == Decided && len(s.c.Remedies) > 0 {
			s.do(&OfferAccepted{Text: s.m.OwnWords})
			s.answer("offer_accepted", Facts{})
		} else {
			s.answer("unclear", Facts{})
		}
	case "confirm":
		if s.c.withdraws(s.m.From.Addr) && s.c.State.Open() {
			return s.withdrawn()
		}
		s.answer("received", Facts{Attachments: s.m.Attachments})
	case "goon":
		if s.c.withdraws(s.m.From.Addr) {
			s.do(&WithdrawalAnswered{Text: s.m.OwnWords, Member: member})
		}
		s.answer("received", Facts{Attachments: s.m.Attachments})
	case "withdraw":
		if s.c.State.Open() {
			s.do(&WithdrawalSought{Text: s.m.OwnWords, Member: member})
			s.answer("withdrawal", Facts{})
		} else {
			s.answer("unclear", Facts{})
		}
	default:
		s.answer("received", Facts{Attachments: s.m.Attachments})
	}
	return notice
}

// answer sends the client an automatic mail, unless the damper is down: two
// robots that answer each other stop after a few.
func (s *session) answer(template string, f Facts) *Mail {
	if s.damped() {
		return nil
	}
	f.Subject = s.m.Subject
	m := s.tellClient(template, f)
	m.Auto, m.InReplyTo = true, s.m.MessageID
	if p := s.c.member(s.m.From.Addr); p != nil {
		m.To = p.Mailbox()
		m.Key += "/" + strings.ToLower(p.Addr)
	}
	return m
}

func (s *session) damped() bool {
	if s.m.Automatic < s.p.AutomaticPerDay {
		return false
	}
	if s.m.Automatic == s.p.AutomaticPerDay {
		s.alert("damped", "今天对同一通信对象的自动回复已停止", "automatic answers to one correspondent have stopped for today")
	}
	return true
}

// Unplaced decides on a mail from outside that names a case it has no right to:
// it is kept for a person, who is told; the sender learns that it has arrived,
// and nothing of the case. A number alone opens nobody else's case, and a
// client who writes from another address is not turned away. of is the case, nil
// if there is none: whoever has a conflict in it reads nothing that names it.
func (p *Policy) Unplaced(m *Message, guess string, of *Case, at time.Time) Outcome {
	s := &session{p: p, m: m, at: at, by: m.From.Addr, lang: languageOf(m.Subject+m.OwnWords, p.Language)}
	s.countMisuse()
	s.out.Hold = "it names " + guess + ", and its sender is not known there"
	for _, who := range p.acting(of, Officer, Head) {
		s.tell(who, "unplaced", Facts{From: m.From, Subject: m.Subject, Of: guess, Text: m.OwnWords, Held: []HeldMail{{At: at, From: m.From.Addr, Subject: m.Subject, Guess: guess}}})
	}
	if m.From.Addr != "" && !s.damped() {
		s.send(Mail{To: m.From, Lang: s.lang, Template: "received", Auto: true, InReplyTo: m.MessageID, Facts: Facts{Subject: m.Subject, Attachments: nil}})
	}
	return s.out
}

// languageOf tells in which language a text is written: Chinese characters →
// zh, else Latin letters → en, else the default.
func languageOf(text, otherwise string) string {
	latin := 0
	for _, r := range text {
		if unicode.Is(unicode.Han, r) {
			return "zh"
		}
		if r < unicode.MaxASCII && unicode.IsLetter(r) {
			latin++
		}
	}
	if latin >= 20 {
		return "en"
	}
	return otherwise
}

// wish is what a client's mail asks the desk to do, as far as it can be told.
type wish struct {
	kind  string // status, appeal, accept, withdraw; "" none
	clear bool   // false: the word is there, the will is not certain
	text  string // what stands beside it
}

// wishes are the words, and the whole first lines that leave no doubt.
var wishes = []struct {
	kind    string
	command []string
	plain   *regexp.Regexp // the first line says just this
	mention *regexp.Regexp // it may mean it
}{
	{"appeal", []string{"申诉", "appeal"},
		regexp.MustCompile(`(?i)^(本人|我们?|现|特|特此)?(要|要求|正式|现|特此|决定|希望|请求)*(不服.{0,30}[，,；;]?(现|特)?(提出|要求|正式|特此)*申诉|(向.{0,20}委员会)?(提出|提起|进行)?申诉|不服|对[^。]{0,30}不服[^。]{0,20})$|^i (wish|want|would like) to appeal( against .{1,60}| to the .{1,40}| the .{1,60})?$|^i (hereby )?appeal( against .{1,60}| to .{1,60})?$|^(appeal|notice of appeal)$`),
		regexp.MustCompile(`(?i)申诉|不服|\bappeal`)},
	{"confirm", []string{"确认", "confirm"}, regexp.MustCompile(`(?i)^(是的?[，,、 ]*)?(我|本人)?确认(撤回|撤回投诉)?$|^(yes[，, ]*)?i confirm( (the withdrawal|that i withdraw( my complaint)?))?$`), nil},
	{"goon", []string{"继续", "continue"}, regexp.MustCompile(`(?i)^(不撤回[，,。 ]*)?请(你们|贵所)?继续(办理|处理|调查)?(本案|我的投诉)?$|^please (go on|continue)( with my (case|complaint))?$`), nil},
	{"withdraw", []string{"撤回", "withdraw"},
		regexp.MustCompile(`(?i)^(本人|我)?(要求?|申请|请求|决定|希望|同意)*(撤回|撤销)(本次|该|我的)?投诉$|^(撤回|撤诉)$|^(i (wish|want|would like) to|i( hereby)?|please) withdraw( my| this| the)?( complaint)?$|^withdraw$`),
		regexp.MustCompile(`(?i)撤回|撤诉|撤销投诉|\bwithdraw`)},
	{"accept", []string{"接受", "accept"},
		regexp.MustCompile(`(?i)^(本人|我)?(愿意|同意|决定)*(接受|同意)(上述|该|你们的?|贵所的?|这个)?(补救|处理|解决|退费|和解)?(方案|办法|结果|建议|提议)?$|^i (hereby |am happy to )?accept( (the|your|this) (offer|proposal|proposed remedy|outcome|result))?$|^accept(ed)?$`),
		regexp.MustCompile(`(?i)接受.{0,12}(方案|办法|结果|提议)|同意.{0,12}(方案|办法|结果)|\bi (would )?accept|\baccept\b.{0,20}\b(offer|proposal|remedy|outcome|result)`)},
	{"status", []string{"进度", "status", "progress"},
		regexp.MustCompile(`(?i)^(请问|想?问一?下?|查询|请告知)*(我的)?(案件|投诉|办理|处理)?的?(进度|进展)(如何|怎么样|怎样|到哪一?步了?)?(了|呢)?$|^(status|progress)( of my (complaint|case))?( please)?$|^(please tell me |can you tell me |could you tell me |what is |what's )(about )?the (status|progress) of my (complaint|case)( is)?$|^how is my (complaint|case) (going|getting on|progressing)$|^(is there )?any (news|update) (on|about) my (complaint|case)$`),
		nil},
}

var (
	edge  = " \t\u3000。．.，,！!？?：:；;～~"
	doubt = regexp.MustCompile(`(?i)[?？吗]|不(想|再|要|打算|准备|会|需要)?(提出|提起)?申诉|放弃|是否|能否|可否|如何|怎么|怎样|如果|假如|若|暂不|先不|不接受|不同意|不撤|保留|\bif\b|\bnot\b|n't|\bwhether\b|\bhow\b|\bmight\b|\bmay\b`)
)

// readWish reads the first line that is not blank. A command (#申诉) or a line
// that says nothing else is clear. A text that only mentions the word is not,
// and a line with a doubt in it never is.
func readWish(own string) wish {
	if cs := ParseCommands(own); len(cs) > 0 {
		for _, w := range wishes {
			for _, name := range w.command {
				if strings.EqualFold(cs[0].Verb, name) {
					return wish{kind: w.kind, clear: true, text: strings.TrimSpace(afterFirstLine(own, cs[0].Line, cs[0].Text))}
				}
			}
		}
		return wish{}
	}
	line, rest := firstLine(own)
	bare := strings.Trim(line, edge)
	for _, w := range wishes {
		if w.plain.MatchString(bare) && (!doubt.MatchString(line) || w.kind == "status") {
			return wish{kind: w.kind, clear: true, text: rest}
		}
	}
	// A first sentence may say it and give the grounds in the same breath.
	first, after, _ := strings.Cut(line, "。")
	if len(after) == 0 {
		first, after, _ = strings.Cut(line, ". ")
	}
	for _, w := range wishes {
		if first != line && w.plain.MatchString(strings.Trim(first, edge)) && !doubt.MatchString(first) {
			return wish{kind: w.kind, clear: true, text: strings.TrimSpace(after + "\n" + rest)}
		}
	}
	for _, w := range wishes {
		if w.mention != nil && w.mention.MatchString(own) {
			return wish{kind: w.kind, text: own}
		}
	}
	return wish{}
}

// firstLine gives the first line that is neither blank nor a salutation, and
// what stands below it.
func firstLine(own string) (line, rest string) {
	lines := strings.Split(own, "\n")
	for i, l := range lines {
		t := strings.TrimSpace(l)
		if t == "" || salutation.MatchString(t) {
			continue
		}
		return t, strings.TrimSpace(strings.Join(lines[i+1:], "\n"))
	}
	return "", ""
}

var salutation = regexp.MustCompile(`(?i)^(您好|你好|尊敬的.{0,20}|.{0,12}(律师|老师|先生|女士|经理|客服部?|客户服务部|律师事务所|贵所)|dear .{1,40}|hello|hi|good (morning|afternoon))[\s!！,，:：。.您你好]*$`)

// afterFirstLine is the text that a client wrote beside a command of theirs:
// all lines below it, for no client knows where a text ends.
func afterFirstLine(own string, line int, text string) string {
	lines := strings.Split(own, "\n")
	below := strings.TrimSpace(strings.Join(lines[min(line, len(lines)):], "\n"))
	head, _, _ := strings.Cut(text, "\n")
	if head != "" && !strings.HasPrefix(below, head) {
		return head + "\n" + below
	}
	return below
}

// Settlement is an early resolution of a simple complaint (casework A Ch.4):
// the terms that were put to the client. The last terms count.
type Settlement struct {
	Terms  []Remedy `json:"terms"`
	Until  Date     `json:"until"`           // last day on which the client may agree to them
	Agreed Date     `json:"agreed,omitzero"` // zero until the client has agreed
	How    string   `json:"how,omitempty"`   // the client's words, or how they were given
	Taken  string   `json:"taken,omitempty"` // who put the client's yes on record: their address, or of staff
}

// SettlementOffered puts terms to the client.
type SettlementOffered struct {
	Terms []Remedy `json:"terms"`
	Until Date     `json:"until"`
}

// Kind names the fact in the log.
func (*SettlementOffered) Kind() string { return "settlement_offered" }

func (f *SettlementOffered) apply(c *Case, e *Event) error {
	c.Settlement = &Settlement{Terms: f.Terms, Until: f.Until}
	var terms []string
	for _, r := range f.Terms {
		terms = append(terms, r.Text)
	}
	c.note(e, f.Kind(), strings.Join(terms, "\n"))
	return nil
}

// SettlementAgreed is the client's yes: their own mail, or what they said and a
// member of staff put on record.
type SettlementAgreed struct {
	On          Date         `json:"on"`
	Text        string       `json:"text"`
	Attachments []Attachment `json:"attachments,omitempty"`
}

// Kind names the fact in the log.
func (*SettlementAgreed) Kind() string { return "settlement_agreed" }

func (f *SettlementAgreed) apply(c *Case, e *Event) error {
	if c.Settlement == nil {
		return errors.New("no terms have been put to the client")
	}
	x := *c.Settlement
	x.Agreed, x.How, x.Taken = f.On, f.Text, e.By
	c.Settlement = &x
	c.keep(e, e.By, f.Attachments)
	c.note(e, f.Kind(), f.On.String()+" "+f.Text)
	return nil
}

// settled is the case once the client has the settlement in writing: what was
// agreed is carried out, and no limit of the investigation runs any more.
func (c *Case) settled(at time.Time) {
	if c.Settlement != nil && slices.Contains(unsettled, c.State) {
		c.endPause(at)
		c.State, c.Remedies = InRemedy, c.Settlement.Terms
	}
}

// settles reports whether the client's yes, today, agrees to the terms that
// were put to them.
func (s *session) settles() bool {
	x := s.c.Settlement
	return x != nil && x.Agreed.IsZero() && !x.Until.Before(s.today()) && slices.Contains(settleable, s.c.State)
}

var listMark = regexp.MustCompile(`^\s*(?:[-•·]|\d{1,2}[.、．)）])\s*`)

// terms reads what is to be agreed, one step a line, each as #补救 has it.
func (s *session) terms(text string) ([]Remedy, error) {
	var out []Remedy
	for _, line := range paragraphs(text) {
		c := parseCommand("remedy", listMark.ReplaceAllString(line, ""))
		r, err := s.readRemedy(&c)
		switch {
		case err != nil:
			return nil, err
		case r.Text == "":
			return nil, Refuse("“%[1]s”没有写明内容。", "%[1]q does not say what is to be done.", excerpt(line, 60))
		case r.Due.IsZero():
			return nil, Refuse("“%[1]s”没有写明履行期限：期限=。", "%[1]q has no date of performance: due=.", excerpt(line, 60))
		}
		out = append(out, r)
	}
	return out, nil
}

// settlement is #和解: terms are put to the client; once the client's yes is on
// record the letter that confirms them is drafted, and a second person issues it.
func (s *session) settlement(c *Command) (string, error) {
	terms, err := s.terms(c.Text)
	if err != nil {
		return "", err
	}
	x := s.c.Settlement
	until := s.p.Calendar.after(s.p.day(s.c.Registered), s.p.EarlyResolution).Due
	isNew := len(terms) > 0 && (x == nil || !slices.Equal(terms, x.Terms))
	switch {
	case s.p.EarlyResolution == 0:
		return "", Refuse("本所的制度没有设即时处理；请按一般程序办理。", "The firm's policy knows no early resolution; please handle the case in the usual way.")
	case s.c.Severity.Major():
		return "", Refuse("重大案件须经委员会审议，不适用即时处理。", "A major case goes before the committee; it is not for early resolution.")
	case len(s.c.Members) > 0:
		return "", Refuse("群体投诉不适用即时处理：须每位投诉人分别同意，请按一般程序办理。", "A group complaint is not for early resolution: each complainant would have to agree. Please handle it in the usual way.")
	case len(s.c.Allegations) == 0:
		return "", Refuse("请先用 #事项 写明投诉事项：确认书须逐项列明。", "Note first by #allegation what is complained of: the letter lists it.")
	case len(terms) == 0 && x == nil:
		return "", Refuse("请写明商定的办法，每行一项：类型=退费 金额=2000 期限=2026-12-10 内容", "Write the terms, one a line: kind=refund amount=2000 due=2026-12-10 what")
	case isNew && until.Before(s.today()):
		return "", Refuse("即时处理应在登记后%[1]d个工作日内（%[2]s前）达成，期限已过；请按一般程序办理，用 #补救 写入处理结果告知书。",
			"Early resolution is for the %[1]d working days after registration (until %[3]s), which are over. Please go the usual way and put the offer into the result letter by #remedy.", s.p.EarlyResolution, until.In("zh"), until.In("en"))
	}
	if isNew {
		s.do(&SettlementOffered{Terms: terms, Until: until})
	}
	if err := s.agreed(c); err != nil {
		return "", err
	}
	x = s.c.Settlement
	switch {
	case !x.Agreed.IsZero():
		return s.confirmSettlement()
	case !isNew:
		return s.tr("这些办法已向投诉人提出，尚待答复（%s前）；投诉人以其他方式同意的，请写 #和解 同意=日期 方式=怎样同意的。", "These terms are before the client, who may agree until %s. If the client has agreed in another way, send #settle agreed=date how=how.", x.Until.In(s.lang)), nil
	case s.c.Complainant.Addr == "":
		return s.tr("已记下；投诉人没有电子邮件地址，请以电话等方式说明。投诉人同意的（%s前），请发送 #和解 同意=日期 方式=怎样同意的。", "Noted. The client has no email address: please tell them. If they agree, until %s, send #settle agreed=date how=how.", x.Until.In(s.lang)), nil
	}
	s.tellClient("settlement_offer", Facts{Subject: s.c.Subject})
	return s.tr("已向投诉人提出，请其在%s前答复；其间调查照常进行。投诉人接受后您会收到通知。", "Put to the client, who is asked to answer by %s; the investigation goes on meanwhile. You will be told when the client accepts.", x.Until.In(s.lang)), nil
}

// agreed puts on record that the client has agreed otherwise than by mail.
func (s *session) agreed(c *Command) error {
	on, err := s.anyDate(c, "agreed")
	if err != nil {
		return err
	}
	how, x := strings.TrimSpace(c.Args["how"]), s.c.Settlement
	switch {
	case on.IsZero() && how == "":
		return nil
	case on.IsZero() || how == "":
		return Refuse("投诉人以电话等方式同意的，请写明日期和经过：同意=2026-11-25 方式=来电，由周敏接听", "If the client agreed by telephone or otherwise, say when and how: agreed=2026-11-25 how=call taken by Ann Lee")
	case s.today().Before(on):
		return Refuse("日期还没有到。", "That day has not come yet.")
	case on.Before(s.p.day(s.c.Received)):
		return Refuse("同意的日期 %[1]s 早于收到投诉的日期。", "The client agreed on %[2]s, before the complaint came in.", on.In("zh"), on.In("en"))
	case x.Until.Before(on):
		return Refuse("即时处理应在 %[1]s 前同意；请按一般程序办理。", "Early resolution had to be agreed by %[2]s; please handle the case in the usual way.", x.Until.In("zh"), x.Until.In("en"))
	}
	if x.Agreed.IsZero() {
		s.do(&SettlementAgreed{On: on, Text: how, Attachments: s.m.Attachments})
	}
	return nil
}

// confirmSettlement drafts the letter that confirms what was agreed.
func (s *session) confirmSettlement() (string, error) {
	if d := s.c.pendingDraft(); d != nil && d.Letter.Kind != SettlementLetter && d.DraftHash != "" {
		return "", Refuse("《%[1]s》的草稿待批准，请先批准或者退回。", "A draft of another letter (%[2]s) is waiting: approve it or send it back first.", d.Letter.Kind.In("zh"), d.Letter.Kind.In("en"))
	}
	if r := s.c.LastLetter(SettlementLetter); r != nil && r.Issued && r.Delivery != DeliveryFailed {
		return s.tr("和解确认书（%s）已经签发。", "The letter that confirms the settlement (%s) has been issued.", r.Letter.Number), nil
	}
	approvers := s.reviewers()
	if len(approvers) == 0 {
		return "", Refuse("没有可以批准的第二人；请联系管理员核对名册。", "There is no second person who may approve it; please tell the administrator.")
	}
	x, l := s.c.Settlement, s.letter(SettlementLetter)
	l.Settlement = &SettlementFacts{
		Received: s.p.day(s.c.Received), Allegations: slices.Clone(s.c.Allegations), AgreedOn: x.Agreed, Agreed: x.Terms, Measures: s.c.promised(),
		AppealUntil: s.appealDay(s.p.Calendar.after(s.today(), s.p.ResultDays).Due), AppealTo: s.p.Address,
	}
	for i := range l.Settlement.Allegations { // nothing was found, and who is complained of is nobody's business
		a := &l.Settlement.Allegations[i]
		*a = Allegation{No: a.No, Text: a.Text}
	}
	l.Signatory = Contact{Name: approvers[0].Name, Title: Head.In(s.c.Lang)}
	return s.draftFor(l, approvers)
}

var (
	scoreLine = regexp.MustCompile(`^\s*([1-5])\s*(?:[.．、:：=＝)）\]】]|\s)\s*(?:.*?[:：=＝?？\s])?\s*([1-5])\s*(?:分|points?)?\s*[.。]?\s*$`)
	scoreRow  = regexp.MustCompile(`^\s*([1-5])(?:[\s,，、;；/]+([1-5]))(?:[\s,，、;；/]+([1-5]))(?:[\s,，、;；/]+([1-5]))(?:[\s,，、;；/]+([1-5]))\s*[.。]?\s*$`)
)

// readScores reads an answer to the questions: a line for each, “1. 4”, or all
// five figures in one line. What else was written is the remark. Less than
// three answers are no answer.
func readScores(own string) (f Surveyed, ok bool) {
	f.Scores = make([]int, len(questions))
	var rest []string
	n := 0
	for _, l := range strings.Split(own, "\n") {
		if m := scoreRow.FindStringSubmatch(l); m != nil && n == 0 {
			for i, v := range m[1:] {
				f.Scores[i], _ = strconv.Atoi(v)
			}
			n = len(questions)
			continue
		}
		if m := scoreLine.FindStringSubmatch(l); m != nil {
			q, _ := strconv.Atoi(m[1])
			if f.Scores[q-1] == 0 {
				f.Scores[q-1], _ = strconv.Atoi(m[2])
				n++
				continue
			}
		}
		rest = append(rest, l)
	}
	f.Text = strings.TrimSpace(strings.Join(rest, "\n"))
	return f, n >= 3
}

// questions are what a client is asked after the end (casework A Ch.13): how
// the complaint was handled, apart from what came of it.
var questions = [][2]string{
	{"提出投诉是否方便", "Was it easy to make your complaint?"},
	{"办理是否及时", "Was it dealt with promptly?"},
	{"办理是否公正", "Was it dealt with fairly?"},
	{"理由和依据是否说明清楚", "Were the reasons explained clearly?"},
	{"对处理结果是否满意", "Are you satisfied with the outcome?"},
}

// SurveyQuestions gives the questions in a language, in their order.
func SurveyQuestions(lang string) []string {
	var out []string
	for _, q := range questions {
		out = append(out, pick(lang, q[0], q[1]))
	}
	return out
}
