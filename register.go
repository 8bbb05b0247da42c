package complaints

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Opened registers a complaint (chapter 4): the five fields, when it was
// received and through which channel.
type Opened struct {
	Ref         string       `json:"ref"` // given by the store when it records the event
	Year        int          `json:"year"`
	Complainant Complainant  `json:"complainant"`
	Channel     string       `json:"channel"`
	Subject     string       `json:"subject"`
	Matter      string       `json:"matter"`
	Received    time.Time    `json:"received"`
	Lang        string       `json:"lang"`
	Policy      string       `json:"policy"`
	MessageID   string       `json:"message_id,omitempty"`
	Missing     []string     `json:"missing,omitempty"`
	Attachments []Attachment `json:"attachments,omitempty"`
	Due         Deadline     `json:"due"`
	Registrar   string       `json:"registrar,omitempty"`  // member of staff who entered it or passed it on
	Registered  time.Time    `json:"registered,omitzero"`  // earlier than this event, if it was part of another case
	SplitFrom   string       `json:"split_from,omitempty"` // that case
	Similar     []Similar    `json:"similar,omitempty"`    // open cases that it looks like
	Marks       []string     `json:"marks,omitempty"`      // numbers of matters and contracts that it names
}

// Kind names the fact in the log.
func (*Opened) Kind() string { return "opened" }

func (f *Opened) apply(c *Case, e *Event) error {
	c.Ref, c.State, c.Lang, c.Policy = f.Ref, Registered, f.Lang, f.Policy
	c.Channel, c.Complainant, c.Subject, c.Matter = f.Channel, f.Complainant, f.Subject, f.Matter
	c.Received, c.Registered, c.Missing, c.Due = f.Received, e.At, f.Missing, f.Due
	if !f.Registered.IsZero() {
		c.Registered = f.Registered
	}
	c.Registrar, c.SplitFrom, c.Similar, c.Marks = f.Registrar, f.SplitFrom, f.Similar, f.Marks
	c.LastMessage = f.MessageID
	c.keep(e, f.Complainant.Addr, f.Attachments)
	c.note(e, f.Kind(), f.SplitFrom)
	return nil
}

// Heard adds a mail to the case.
type Heard struct {
	From        Address      `json:"from"`
	Who         string       `json:"who"` // client, staff, other, auto
	Text        string       `json:"text"`
	MessageID   string       `json:"message_id"`
	Attachments []Attachment `json:"attachments,omitempty"`
}

// Kind names the fact in the log.
func (*Heard) Kind() string { return "heard" }

func (f *Heard) apply(c *Case, e *Event) error {
	c.keep(e, f.From.Addr, f.Attachments)
	c.note(e, "heard_"+f.Who, f.Text)
	if f.Who == "client" {
		c.LastMessage = f.MessageID
	}
	return nil
}

// Vulnerable notes that the complainant is in a vulnerable position, by what, and
// what they need (casework E.3); of what ails them no more than that takes.
type Vulnerable struct {
	Drivers []string `json:"drivers,omitempty"` // health, event, resilience, capability
	Cause   bool     `json:"cause,omitempty"`   // that nobody heeded it is what they complain of
	Need    string   `json:"need,omitempty"`
	Lifted  bool     `json:"lifted,omitempty"` // it is so no more
}

// Kind names the fact in the log.
func (*Vulnerable) Kind() string { return "vulnerable" }

func (f *Vulnerable) apply(c *Case, e *Event) error {
	if c.Support = f; f.Lifted {
		c.Support = nil
	}
	c.note(e, f.Kind(), f.Need)
	return nil
}

// intake is a complaint as it came in, through whichever channel.
type intake struct {
	Complainant
	channel, subject, matter string
	received                 time.Time
	answers                  string // message-id that the acknowledgement answers
	files                    []Attachment
	typed                    bool // by a member of staff: the damper, which is for robots, does not hold it up
}

// open registers a complaint that a client wrote to the desk.
func (s *session) open() {
	m := s.m
	in := intake{Complainant: Complainant{Name: m.From.Name, Addr: m.From.Addr}, channel: "email", subject: m.Subject, matter: m.OwnWords,
		received: s.at, answers: m.MessageID, files: m.Attachments}
	if strings.TrimSpace(in.matter) == "" {
		in.matter = m.Text
	}
	s.register(in)
}

// register opens a case: never refused for what is missing, which the
// acknowledgement lists. What was received long ago is on record as late.
func (s *session) register(in intake) {
	in.Name, in.matter, in.subject = strings.TrimSpace(in.Name), strings.TrimSpace(in.matter), strings.TrimSpace(in.subject)
	lang := languageOf(in.subject+in.matter, s.p.Language)
	lacking := in.missing()
	if in.Name == "" {
		in.Name, _, _ = strings.Cut(in.Addr, "@")
	}
	if in.Name == "" {
		in.Name = pick(lang, "来电人", "Unnamed caller")
	}
	if in.subject == "" && in.channel != "email" {
		in.subject = excerpt(strings.Join(strings.Fields(in.matter), " "), map[string]int{"zh": 30, "en": 60}[lang])
	}
	from := s.today()
	if s.p.InvestigationStart == "receipt" {
		from = s.p.day(in.received)
	}
	due := s.p.Calendar.WorkingDays(from, s.p.InvestigationDays, nil)
	f := &Opened{
		Year: s.at.In(s.p.Location).Year(), Complainant: in.Complainant, Channel: in.channel,
		Subject: in.subject, Matter: in.matter, Received: in.received, Lang: lang, Policy: s.p.Version,
		MessageID: in.answers, Missing: lacking, Attachments: in.files, Due: due, Similar: s.m.Similar, Marks: Marks(in.subject + "\n" + in.matter),
	}
	if s.who != nil {
		f.Registrar = s.who.Address
	}
	s.c, s.lang = &Case{}, lang
	s.do(f)
	if late := s.at.Sub(in.received) - time.Duration(s.p.RegistrationHours)*time.Hour; late > 0 {
		s.do(&Breached{Clock: "C1", Person: s.by, Minutes: int((late + time.Minute - 1) / time.Minute)})
	}
	if in.typed || !s.damped() {
		s.acknowledge(in.answers)
	}
	s.announce(in.Complainant.Mailbox(), in.files)
}

// announce tells the desk of a new case, with what it noticed about it.
func (s *session) announce(from Address, files []Attachment) {
	for _, p := range s.desk() {
		if p != s.who {
			s.tell(p, "new_case", Facts{Text: s.c.Matter, From: from, Subject: s.c.Subject, Attachments: files, Notes: s.p.notices(s.c)})
		}
	}
}

// missing names which of the five fields of chapter 4 a complaint does not
// give. The time is always there: the arrival, or what the registrar says.
func (in *intake) missing() []string {
	var out []string
	if in.Name == "" {
		out = append(out, "name")
	}
	if in.Addr == "" && in.Phone == "" {
		out = append(out, "contact")
	}
	if in.matter == "" {
		out = append(out, "matter")
	}
	if len(in.files) == 0 {
		out = append(out, "evidence")
	}
	return out
}

// acknowledge issues the letter of acknowledgement, if there is an address to
// send it to. answers is the message-id that it answers.
func (s *session) acknowledge(answers string) {
	if s.c.Complainant.Addr == "" {
		return
	}
	var files []string
	for _, a := range s.c.Evidence {
		files = append(files, a.Name)
	}
	l := s.letter(AckLetter)
	l.Ack = &AckFacts{
		Received: s.c.Received.In(s.p.Location), Registered: s.c.Registered.In(s.p.Location), Channel: s.c.Channel, Summary: excerpt(s.c.Matter, 400),
		Attachments: files, Missing: s.c.Missing, Due: s.c.Due, ReplyTo: s.p.Address,
	}
	s.do(&Issued{Letter: &l, Number: l.Number, Date: s.today()})
	m := s.tellClient("ack", Facts{Subject: s.c.Subject})
	m.Auto, m.InReplyTo, m.LetterNo = true, answers, len(s.c.Letters)
}

// Correspondent is whom an automatic answer to a mail would go to: the
// complainant whom a web form names or whose mail is passed on, else its sender.
func (p *Policy) Correspondent(m *Message) string {
	if p.isForm(m) {
		return readForm(m).Addr
	}
	if m.Forwarded != nil {
		return m.Forwarded.From.Addr
	}
	return m.From.Addr
}

// channels are the ways in which a complaint reaches the firm.
var channels = map[string][2]string{
	"phone": {"电话", "telephone"}, "visit": {"来访", "visit"}, "post": {"信函", "letter"}, "web": {"网站", "website"},
	"regulator": {"监管", "regulator"}, "email": {"电子邮件", "email"},
}

// registerFor is #登记: a member of staff enters a complaint that came by
// telephone, visit, post, website or from a regulator.
func (s *session) registerFor(c *Command) (string, error) {
	channel, ok := parseWord(c.Args["channel"], channels)
	if !ok {
		return "", Refuse("请写明渠道：渠道=电话、来访、信函、网站或监管。", "Say by which channel it came: channel=phone, visit, post, web or regulator.")
	}
	if c.Args["received"] == "" {
		return "", Refuse("请写明实际收到的时间，如 收到=2026-11-23 15:20；登记时限从那一刻起算。", "Say when it was actually received, as in received=2026-11-23 15:20: the time limit runs from that moment.")
	}
	at, ok := parseMoment(c.Args["received"], s.p.Location)
	switch {
	case !ok:
		return "", Refuse("“%s”不是时间，请写成 2026-11-23 15:20。", "%q is no time; write it as 2026-11-23 15:20.", c.Args["received"])
	case at.After(s.at):
		return "", Refuse("收到时间 %s 还没有到，请核对。", "The time of receipt, %s, has not come yet; please check it.", c.Args["received"])
	}
	in := intake{Complainant: Complainant{Name: c.Args["name"], Addr: c.Args["email"], Phone: c.Args["phone"]}, channel: channel, typed: true,
		matter: c.Args["matter"] + "\n" + c.Text, received: at, files: s.m.Attachments}
	if in.Addr != "" && !address.MatchString(in.Addr) {
		return "", Refuse("“%s”不是电子邮件地址；不清楚的，不写即可。", "%q is no email address; leave it out if it is not known.", in.Addr)
	}
	lang := s.lang
	s.register(in)
	s.lang = lang
	did := s.tr("已登记，案号见本邮件主题；调查期限 %s。", "Registered; its number stands in the subject of this mail. The investigation is due by %s.", s.c.Due.Due.In(lang))
	if in.Addr == "" {
		did += s.tr("投诉人没有电子邮件地址，受理告知请以电话或信函送达，并用 #备注 记录。", " The complainant has no email address: please acknowledge by telephone or post, and record it with #note.")
	}
	if n := len(s.c.Breaches); n > 0 {
		did += s.tr("应在收到后%d小时内登记，迟延%s，已记录。", " It should have been registered within %d hours of receipt; that it is %s late is on record.", s.p.RegistrationHours, HowLate(s.c.Breaches[0].Minutes, lang))
	}
	if len(s.c.Missing) > 0 {
		did += s.tr("尚缺：%s。", " Still missing: %s.", fields(s.c.Missing, lang))
	}
	return did, nil
}

// HowLate writes a number of minutes as a person says it: 19小时11分钟, 3 days 2
// hours.
func HowLate(minutes int, lang string) string {
	days, hours, rest := minutes/(24*60), minutes/60%24, minutes%60
	var out []string
	for _, x := range []struct {
		n      int
		zh, en string
	}{{days, "天", "day"}, {hours, "小时", "hour"}, {rest, "分钟", "minute"}} {
		switch {
		case x.n == 0 || x.en == "minute" && days > 0:
		case lang != "en":
			out = append(out, fmt.Sprint(x.n, x.zh))
		case x.n == 1:
			out = append(out, "1 "+x.en)
		default:
			out = append(out, fmt.Sprint(x.n, " ", x.en, "s"))
		}
	}
	if len(out) == 0 {
		return pick(lang, "不足1分钟", "less than a minute")
	}
	return strings.Join(out, pick(lang, "", " "))
}

var (
	address = regexp.MustCompile(`^[^\s<>,;"@]+@[^\s<>,;"@]+$`)
	moment  = regexp.MustCompile(`^\s*(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[T\s　]*(?:(上午|下午)?\s*(\d{1,2})[:：时点](\d{1,2})?分?)?(?:[:：]\d{2})?\s*$`)
)

// parseMoment reads a day and a time of day in the forms that people write; a
// day alone is its beginning.
func parseMoment(v string, loc *time.Location) (time.Time, bool) {
	m := moment.FindStringSubmatch(v)
	if m == nil {
		return time.Time{}, false
	}
	d, ok := ParseDate(fmt.Sprintf("%s-%02s-%02s", m[1], m[2], m[3]))
	hour, _ := strconv.Atoi(m[5])
	minute, _ := strconv.Atoi(m[6])
	if m[4] == "下午" && hour < 12 {
		hour += 12
	}
	if !ok || hour > 23 || minute > 59 {
		return time.Time{}, false
	}
	return time.Date(d.Year, d.Month, d.Day, hour, minute, 0, 0, loc), true
}

// forwarded registers a client's mail that an employee passes on: its author
// is the complainant, and the employee is on record and told the number.
func (s *session) forwarded() {
	f := s.m.Forwarded
	in := intake{Complainant: Complainant{Name: f.From.Name, Addr: f.From.Addr}, channel: "email", subject: f.Subject, matter: f.OwnWords,
		received: s.at, answers: f.MessageID, files: s.m.Attachments}
	if strings.TrimSpace(in.matter) == "" {
		in.matter = f.Text
	}
	if !f.Date.IsZero() && f.Date.Before(s.at) && s.at.Sub(f.Date) < 90*24*time.Hour {
		in.received = f.Date // when it reached the firm, as far as can be told
	}
	s.register(in)
	s.lang = s.p.Language
	did := s.tr("您转来的 %s 的来信已登记为投诉，案号见本邮件主题。谢谢您及时转交。", "The mail of %s that you passed on is registered as a complaint; its number stands in the subject. Thank you for passing it on.", f.From)
	if len(s.c.Breaches) > 0 {
		did += s.tr("应在收到后%d小时内登记，迟延%s，已记录。", " It should have been registered within %d hours of receipt; that it is %s late is on record.", s.p.RegistrationHours, HowLate(s.c.Breaches[0].Minutes, s.lang))
	}
	s.tell(s.who, "transcript", Facts{Subject: s.m.Subject, Transcript: []Line{{Command: s.tr("转来的邮件", "Forwarded mail"), Did: did}}}).InReplyTo = s.m.MessageID
}

// isForm reports whether a mail comes from the firm's own web form.
func (p *Policy) isForm(m *Message) bool {
	return p.WebForm != "" && m.Froms <= 1 && SameAddr(m.From.Addr, p.WebForm)
}

// formMail registers what was entered into the web form.
func (s *session) formMail() {
	if s.p.RequireDomain && !s.m.genuine() {
		s.out.Hold = "in the name of the web form, and its sender could not be verified"
		s.alert("forged", "一封以网站表单名义发来的邮件无法核实，已暂存", "a mail in the name of the web form could not be verified; it is held")
		return
	}
	in := readForm(s.m)
	in.channel = "web"
	if in.received.IsZero() || in.received.After(s.at) {
		in.received = s.at
	}
	s.register(in)
}

// formFields are the labels of a web form, in lower case without blanks.
var formFields = map[string]string{
	"姓名": "name", "投诉人": "name", "投诉人姓名": "name", "name": "name", "fullname": "name", "yourname": "name",
	"电话": "phone", "手机": "phone", "联系电话": "phone", "phone": "phone", "telephone": "phone", "tel": "phone", "mobile": "phone",
	"邮箱": "email", "电子邮箱": "email", "电子邮件": "email", "email": "email", "e-mail": "email", "emailaddress": "email",
	"主题": "subject", "标题": "subject", "事由": "subject", "subject": "subject", "title": "subject",
	"投诉内容": "matter", "投诉事项": "matter", "内容": "matter", "事项": "matter", "留言": "matter", "complaint": "matter", "message": "matter", "details": "matter", "matter": "matter",
	"时间": "time", "提交时间": "time", "投诉时间": "time", "time": "time", "submitted": "time", "submittedat": "time", "date": "time",
}

func formField(label string) string {
	return formFields[strings.Join(strings.Fields(strings.ToLower(label)), "")]
}

var formLine = regexp.MustCompile(`^[\s　]*\**([^:：=＝\n]{1,30}?)\**[\s　]*[:：=＝][\s　]*(.*)$`)

// readForm reads labelled lines, or a JSON or CSV part. A line without a label
// goes on with the field above it; what no label is known for stays with the
// matter, so that nothing is lost.
func readForm(m *Message) intake {
	in := intake{subject: m.Subject, answers: m.MessageID}
	var matter []string
	put := func(label, value string) {
		value = strings.TrimSpace(value)
		switch formField(label) {
		case "name":
			in.Name = value
		case "phone":
			in.Phone = value
		case "email":
			if address.MatchString(value) {
				in.Addr = strings.ToLower(value)
			} else if value != "" {
				matter = append(matter, label+": "+value)
			}
		case "subject":
			in.subject = value
		case "matter":
			matter = append([]string{value}, matter...)
		case "time":
			in.received, _ = parseMoment(value, m.Date.Location())
		default:
			switch {
			case value == "":
			case label == "":
				matter = append(matter, value)
			default:
				matter = append(matter, label+": "+value)
			}
		}
	}
	structured := false // by a part of its own
	for _, a := range m.Attachments {
		rows := formPart(a)
		for _, r := range rows {
			put(r[0], r[1])
		}
		if structured = structured || len(rows) > 0; len(rows) == 0 {
			in.files = append(in.files, a)
		}
	}
	if !structured {
		var label, value string
		for _, l := range strings.Split(m.Text, "\n") {
			if f := formLine.FindStringSubmatch(l); f != nil && (formField(f[1]) != "" || formField(label) != "matter") {
				put(label, value)
				label, value = f[1], f[2]
				continue
			}
			value += "\n" + l
		}
		put(label, value)
	}
	in.matter = strings.TrimSpace(strings.Join(matter, "\n"))
	return in
}

// formPart reads a JSON object or a CSV table (a heading and one row, or rows
// of label and value) of a form; nil for any other file.
func formPart(a Attachment) [][2]string {
	var out [][2]string
	switch {
	case strings.HasPrefix(a.Type, "application/json"):
		var fields map[string]any
		if json.Unmarshal(a.Content, &fields) != nil {
			return nil
		}
		for _, k := range slices.Sorted(maps.Keys(fields)) {
			out = append(out, [2]string{k, fmt.Sprint(fields[k])})
		}
	case a.Type == "text/csv":
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(a.Content), "\ufeff"))).ReadAll()
		switch {
		case err != nil || len(rows) == 0:
		case len(rows[0]) == 2 && formFields[strings.ToLower(strings.TrimSpace(rows[0][1]))] == "":
			for _, r := range rows {
				out = append(out, [2]string{r[0], r[1]})
			}
		case len(rows) == 2:
			for i, k := range rows[0] {
				out = append(out, [2]string{k, rows[1][i]})
			}
		}
	}
	return out
}

// fields names those of the five fields of chapter 4.
func fields(missing []string, lang string) string {
	words := map[string][2]string{"name": {"姓名", "name"}, "contact": {"联系方式", "contact"}, "matter": {"投诉事项", "matter"}, "evidence": {"证据材料", "evidence"}}
	var out []string
	for _, m := range missing {
		out = append(out, pick(lang, words[m][0], words[m][1]))
	}
	return strings.Join(out, pick(lang, "、", ", "))
}

// letter begins a letter of a kind to the complainant.
func (s *session) letter(k LetterKind) Letter {
	contact := Contact{Phone: s.p.Firm.Phone, Email: s.p.Address, Name: pick(s.c.Lang, "客户服务部", "Client Services"), Title: ""}
	if h := s.p.Register.Find(s.c.Handler); h != nil {
		contact.Name, contact.Title = h.Name, pick(s.c.Lang, "调查责任人", "Investigator")
	}
	return Letter{
		Kind: k, Lang: s.c.Lang, Ref: s.c.Ref, Firm: s.p.Firm, To: s.c.addressee(), Subject: s.c.Subject,
		Number: LetterNumber{Firm: s.p.Firm.Short, Kind: s.p.Firm.Series(k), Year: s.today().Year}, Contact: contact, Routes: s.p.Routes, Policy: s.c.Policy,
	}
}
