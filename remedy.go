package complaints

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Remedy is one thing the firm offers or does for this client (casework E.5).
type Remedy struct {
	Kind     string `json:"kind"`               // apology, refund, reduction, compensation, correction …; "" if only words
	Amount   int64  `json:"amount,omitempty"`   // in hundredths: fen, pence; 0 if none
	Currency string `json:"currency,omitempty"` // ISO 4217; "" is the yuan
	Text     string `json:"text"`
	Due      Date   `json:"due,omitzero"`
}

// Sum writes the amount: 人民币5,000.00元, CNY 5,000.00, £5,000.00; "" if there is
// none.
func (r Remedy) Sum(lang string) string {
	if r.Amount == 0 {
		return ""
	}
	return Money(r.Amount, r.Currency, lang)
}

// Performed says that a remedy was carried out, with the proof.
type Performed struct {
	No          int          `json:"no"` // of the remedy, from 1
	On          Date         `json:"on"`
	Text        string       `json:"text,omitempty"`
	Attachments []Attachment `json:"attachments,omitempty"` // such as the payment slip
}

// Kind names the fact in the log.
func (*Performed) Kind() string { return "performed" }

func (f *Performed) apply(c *Case, e *Event) error {
	if f.No < 1 || f.No > len(c.Remedies) {
		return fmt.Errorf("there is no remedy %d", f.No)
	}
	c.keep(e, e.By, f.Attachments)
	p := *f
	p.Attachments = nil
	c.Performed = append(c.Performed, p)
	if c.State == Decided || c.State == AppealDecided {
		c.State = InRemedy
	}
	c.note(e, f.Kind(), strings.TrimSpace(fmt.Sprintf("%d %s %s", f.No, f.On, f.Text)))
	return nil
}

// Completed says that an improvement measure has been carried out.
type Completed struct {
	No          int          `json:"no"` // of the measure, from 1
	Text        string       `json:"text"`
	Attachments []Attachment `json:"attachments,omitempty"`
}

// Kind names the fact in the log.
func (*Completed) Kind() string { return "completed" }

func (f *Completed) apply(c *Case, e *Event) error {
	if f.No < 1 || f.No > len(c.Measures) {
		return fmt.Errorf("there is no measure %d", f.No)
	}
	c.keep(e, e.By, f.Attachments)
	c.MeasuresDone = append(c.MeasuresDone, MeasureDone{No: f.No, By: e.By, On: DateOf(e.At)})
	c.note(e, f.Kind(), fmt.Sprintf("%d %s", f.No, f.Text))
	return nil
}

// Verified is a second person's finding on a measure that was reported as
// carried out. A measure that was not is due again.
type Verified struct {
	No     int    `json:"no"`
	Passed bool   `json:"passed"`
	Text   string `json:"text,omitempty"`
}

// Kind names the fact in the log.
func (*Verified) Kind() string { return "verified" }

func (f *Verified) apply(c *Case, e *Event) error {
	i := slices.IndexFunc(c.MeasuresDone, func(d MeasureDone) bool { return d.No == f.No })
	if i < 0 {
		return fmt.Errorf("measure %d was not reported as done", f.No)
	}
	if f.Passed {
		c.MeasuresDone[i].Verifier = e.By
	} else {
		c.MeasuresDone = slices.Delete(c.MeasuresDone, i, i+1)
	}
	c.note(e, f.Kind(), strings.TrimSpace(fmt.Sprintf("%d %t %s", f.No, f.Passed, f.Text)))
	return nil
}

// MeasureDone is a measure that was carried out, and who has looked at it.
type MeasureDone struct {
	No       int    `json:"no"`
	By       string `json:"by"`
	On       Date   `json:"on"`
	Verifier string `json:"verifier,omitempty"` // address; "" until a second person has verified it
}

// Surveyed is the client's answer to the questions after the end of the case.
type Surveyed struct {
	Scores []int  `json:"scores"` // 1 to 5, in the order of the questions; 0: not answered
	Text   string `json:"text,omitempty"`
}

// Kind names the fact in the log.
func (*Surveyed) Kind() string { return "surveyed" }

func (f *Surveyed) apply(c *Case, e *Event) error {
	s := *f
	c.Survey = &s
	c.note(e, f.Kind(), strings.TrimSpace(strings.Trim(fmt.Sprint(f.Scores), "[]")+" "+f.Text))
	return nil
}

// Low reports whether an answer needs a person's attention: a 1 anywhere, or
// 2 and less on average.
func (f *Surveyed) Low() bool {
	sum, n := 0, 0
	for _, v := range f.Scores {
		if v == 1 {
			return true
		}
		if v > 0 {
			sum, n = sum+v, n+1
		}
	}
	return n > 0 && sum <= 2*n
}

// surveyed takes a client's answer to the questions; false if the mail is none.
func (s *session) surveyed() bool {
	if s.c.State.Open() || s.c.Survey != nil || !slices.ContainsFunc(s.c.Reminded, func(m string) bool { return strings.HasPrefix(m, "C13@") }) {
		return false
	}
	f, ok := readScores(s.m.OwnWords)
	if !ok || surveyDue(s.p, s.c).Due.Add(s.p.SurveyClose).Before(s.today()) {
		return false
	}
	s.do(&f)
	s.answer("survey_thanks", Facts{Text: f.Text})
	if f.Low() || f.Text != "" {
		var lines []string
		for i, q := range SurveyQuestions(s.p.Language) {
			if f.Scores[i] > 0 {
				lines = append(lines, fmt.Sprintf("%s %d", q, f.Scores[i]))
			}
		}
		text := strings.Join(lines, "\n")
		if f.Text != "" {
			text += "\n\n" + f.Text
		}
		for _, who := range s.free(Head, Officer) {
			s.tell(who, "survey_low", Facts{Text: text, From: s.m.From})
		}
	}
	return true
}

// outstanding are the remedies that were promised and not performed yet, by
// number.
func (c *Case) outstanding() []int {
	var out []int
	for i := range c.Remedies {
		if !slices.ContainsFunc(c.Performed, func(p Performed) bool { return p.No == i+1 }) {
			out = append(out, i+1)
		}
	}
	return out
}

// done gives how a measure was carried out, nil if it was not yet.
func (c *Case) done(no int) *MeasureDone {
	i := slices.IndexFunc(c.MeasuresDone, func(d MeasureDone) bool { return d.No == no })
	if i < 0 {
		return nil
	}
	return &c.MeasuresDone[i]
}

// owner finds the person who carries a measure out: the register's person whom
// it names; nil if it names a post only.
func (p *Policy) owner(m Measure) *Person {
	for _, who := range p.Register.With(AnyStaff) {
		if SameAddr(m.Person, who.Address) || m.Person == "" && who.Name == m.Owner {
			return who
		}
	}
	return nil
}

// owns reports whether a person carries out one of the measures of a case.
func (p *Policy) owns(c *Case, who *Person) bool {
	return who != nil && slices.ContainsFunc(c.Measures, func(m Measure) bool { return p.owner(m) == who })
}

// number reads which remedy or measure a command is about: its first word, or
// the only one that is left.
func (s *session) number(c *Command, n int, left []int) (int, error) {
	word := ""
	if len(c.Words) > 0 {
		word = c.Words[0]
	}
	_, err := strconv.Atoi(word)
	if err != nil && len(left) == 1 { // only one can be meant: the word begins the text
		c.Text = strings.TrimSpace(word + " " + c.Text)
		return left[0], nil
	}
	if no, err := strconv.Atoi(word); err == nil && no >= 1 && no <= n {
		return no, nil
	}
	var list []string
	for _, x := range left {
		list = append(list, strconv.Itoa(x))
	}
	return 0, Refuse("请写明是第几项（尚未完成的：%[1]s），如 %[2]s。", "Say which one (left: %[1]s), as in %[3]s.", strings.Join(list, " "), c.verb.Usage("zh"), c.verb.Usage("en"))
}

// perform records that a remedy was carried out and tells the client. What was
// paid needs its proof.
func (s *session) perform(c *Command) (string, error) {
	left := s.c.outstanding()
	if len(left) == 0 {
		return "", Refuse("本案没有尚未履行的补救。", "No remedy of this case is outstanding.")
	}
	no, err := s.number(c, len(s.c.Remedies), left)
	if err != nil {
		return "", err
	}
	r := s.c.Remedies[no-1]
	f := &Performed{No: no, Text: c.Text, Attachments: s.m.Attachments}
	if f.On, err = s.anyDate(c, "on"); err != nil {
		return "", err
	}
	if f.On.IsZero() {
		f.On = s.today()
	}
	switch {
	case !slices.Contains(left, no):
		return s.tr("补救第%d项此前已记为履行，没有改动。", "Remedy %d is on record as performed; nothing changed.", no), nil
	case s.today().Before(f.On):
		return "", Refuse("履行日期 %[1]s 还没有到。", "The date %[2]s has not come yet.", f.On.In("zh"), f.On.In("en"))
	case r.Amount > 0 && len(f.Attachments) == 0 && !s.c.onFile(c.Args["proof"]):
		return "", Refuse("第%[1]d项涉及款项，请随邮件附上付款凭证；凭证已在案卷的，写 凭证=文件名。", "Remedy %[1]d is a payment: please attach the proof, or name the file if it is on record: proof=name.", no)
	}
	s.do(f)
	s.tellPerformed(no)
	if left = s.c.outstanding(); len(left) > 0 {
		return s.tr("第%d项已记为履行，投诉人已获告知；尚余%d项。", "Remedy %d is on record as performed and the client is told; %d left.", no, len(left)), nil
	}
	return s.tr("第%d项已记为履行，投诉人已获告知；补救已全部履行，可以结案。", "Remedy %d is on record as performed and the client is told. Nothing is outstanding; the case can be closed.", no), nil
}

// tellPerformed tells the client, once for all that one mail records.
func (s *session) tellPerformed(no int) {
	if s.c.Complainant.Addr == "" {
		return
	}
	for i := range s.out.Mails {
		if m := &s.out.Mails[i]; m.Template == "performed" {
			m.Facts.Notes = append(m.Facts.Notes, strconv.Itoa(no))
			return
		}
	}
	s.tellClient("performed", Facts{Subject: s.c.Subject, Notes: []string{strconv.Itoa(no)}})
}

// onFile reports whether the case holds a file of this name.
func (c *Case) onFile(name string) bool {
	return name != "" && slices.ContainsFunc(c.Evidence, func(e Evidence) bool { return strings.EqualFold(e.Name, name) })
}

// complete records that a measure was carried out, for a second person to see.
func (s *session) complete(c *Command) (string, error) {
	var left []int
	for i, m := range s.c.Measures {
		mine := s.p.owner(m) == s.who || s.p.allows(s.c, s.who, staffOfCase)
		if s.c.done(i+1) == nil && mine && s.c.runs(m) {
			left = append(left, i+1)
		}
	}
	if len(left) == 0 {
		return "", Refuse("没有由您负责而尚未完成的改进措施。", "No measure of this case is left for you to carry out.")
	}
	no, err := s.number(c, len(s.c.Measures), left)
	switch {
	case err != nil:
		return "", err
	case s.c.done(no) != nil:
		return s.tr("措施第%d项此前已报完成，没有改动。", "Measure %d is on record as done; nothing changed.", no), nil
	case !slices.Contains(left, no):
		return "", Refuse("措施第%[1]d项不由您负责。", "Measure %[1]d is not yours to carry out.", no)
	case c.Text == "":
		return "", Refuse("请写明怎样完成的，并附上证明材料。", "Say what was done, and attach what shows it.")
	}
	s.do(&Completed{No: no, Text: c.Text, Attachments: s.m.Attachments})
	for _, who := range s.free(Head, Officer) {
		if who != s.who {
			s.tell(who, "measure_done", Facts{Text: c.Text, Level: strconv.Itoa(no), From: s.who.Mailbox(), Attachments: s.m.Attachments, Notes: s.c.Measures[no-1].notes()})
		}
	}
	return s.tr("措施第%d项已报完成，待另一人验收。", "Measure %d is reported as done; a second person verifies it.", no), nil
}

// verify is a second person's finding on a measure.
func (s *session) verify(c *Command) (string, error) {
	var left []int
	for _, d := range s.c.MeasuresDone {
		if d.Verifier == "" {
			left = append(left, d.No)
		}
	}
	if len(left) == 0 {
		return "", Refuse("没有待验收的改进措施。", "No measure waits to be verified.")
	}
	no, err := s.number(c, len(s.c.Measures), left)
	if err != nil {
		return "", err
	}
	verdict := strings.ToLower(c.Args["result"])
	failed := slices.Contains([]string{"不通过", "未通过", "failed", "no"}, verdict)
	switch d := s.c.done(no); {
	case verdict != "" && !failed && !slices.Contains([]string{"通过", "passed", "yes"}, verdict):
		return "", Refuse("结果只能写 通过 或者 不通过。", "The result is passed or failed.")
	case !slices.Contains(left, no):
		return "", Refuse("措施第%[1]d项没有待验收的完成报告。", "Measure %[1]d has not been reported as done, or is verified.", no)
	case d != nil && SameAddr(d.By, s.who.Address) || s.p.owner(s.c.Measures[no-1]) == s.who:
		return "", Refuse("措施由您完成，须由另一人验收。", "You carried the measure out; a second person must verify it.")
	case failed && c.Text == "":
		return "", Refuse("不通过的，请写明还缺什么。", "If it is not accepted, say what is lacking.")
	}
	by := s.c.done(no).By
	s.do(&Verified{No: no, Passed: !failed, Text: c.Text})
	if !failed {
		return s.tr("措施第%d项已验收。", "Measure %d is verified.", no), nil
	}
	if p := s.p.Register.Find(by); p != nil {
		s.tell(p, "measure", Facts{Text: c.Text, Level: strconv.Itoa(no), From: s.who.Mailbox(), Notes: s.c.Measures[no-1].notes()})
	}
	return s.tr("措施第%d项未通过验收，完成人已获告知。", "Measure %d is not accepted; who carried it out is told.", no), nil
}

// hand tells those who carry out measures what they promised, once the client
// has it in writing.
func (s *session) hand() {
	for i, m := range s.c.Measures {
		if who := s.p.owner(m); who != nil && s.c.done(i+1) == nil && !m.Inner { // of a follow-up they know already
			n := s.tell(who, "measure", Facts{Level: strconv.Itoa(i + 1), Notes: m.notes()})
			n.Key = fmt.Sprintf("%s/measure/%d/%s/%s", s.c.Ref, i+1, m.Due, who.Address)
		}
	}
}

// notes is what a mail to its owner says of a measure: its text, the post, the
// day. The owner may not be allowed to read the case.
func (m Measure) notes() []string { return []string{m.Text, m.Owner, m.Due.String()} }

// after are the states in which what a letter promised is carried out.
var after = []State{Decided, InRemedy, AppealLodged, AppealReview, AppealDecided, Closed}

// promised are the measures that letters to the client name.
func (c *Case) promised() []Measure {
	return slices.DeleteFunc(slices.Clone(c.Measures), func(m Measure) bool { return m.Inner })
}

// followUpsOnly drops the measures that a result promised which is void: the
// follow-ups stay, under numbers of their own.
func (c *Case) followUpsOnly() {
	var done []MeasureDone
	for i, m := range c.Measures {
		if d := c.done(i + 1); m.Inner && d != nil {
			x := *d
			x.No = 1 + len(slices.DeleteFunc(slices.Clone(c.Measures[:i]), func(m Measure) bool { return !m.Inner }))
			done = append(done, x)
		}
	}
	c.Measures, c.MeasuresDone = slices.DeleteFunc(slices.Clone(c.Measures), func(m Measure) bool { return !m.Inner }), done
}

// runs reports whether a measure is to be carried out already: one that the
// client is promised after the letter that says so, a follow-up at once.
func (c *Case) runs(m Measure) bool { return m.Inner || slices.Contains(after, c.State) }

// measureDue is the first day on which a measure is due that is not done yet.
func measureDue(_ *Policy, c *Case) Deadline {
	var d Deadline
	for i, m := range c.Measures {
		if c.runs(m) && c.done(i+1) == nil && !m.Due.IsZero() && (d.Due.IsZero() || m.Due.Before(d.Due)) {
			d.Due = m.Due
		}
	}
	return d
}

// surveyDue is when a client is asked how they found it: some days after the
// end of a case that was answered.
func surveyDue(p *Policy, c *Case) Deadline {
	if c.Survey != nil || c.Complainant.Addr == "" || c.ClosedAt.IsZero() || p.SurveyDays == 0 || c.Answer() == nil {
		return Deadline{}
	}
	return p.Calendar.after(p.day(c.ClosedAt), p.SurveyDays)
}

// remedyDue is the first day on which a remedy is due that was promised and not
// performed yet.
func remedyDue(p *Policy, c *Case) Deadline {
	if c.State == Decided {
		return Deadline{}
	}
	var d Deadline
	for _, no := range c.outstanding() {
		if r := c.Remedies[no-1]; !r.Due.IsZero() && (d.Due.IsZero() || r.Due.Before(d.Due)) {
			d.Due = r.Due
		}
	}
	return d
}

func (s *session) measure(c *Command) (string, error) {
	m := Measure{Text: c.Text, Owner: c.Args["owner"]}
	var err error
	if m.Due, err = s.date(c, "due"); err != nil {
		return "", err
	}
	if v := c.Args["person"]; v != "" {
		who := s.p.Register.Find(v)
		if who == nil {
			return "", Refuse("人员名册中没有 %[1]s。", "There is nobody %[1]s in the register.", v)
		}
		m.Person = who.Address
	}
	if m.Owner == "" || m.Due.IsZero() {
		return "", Refuse("改进措施须写明岗位和期限：%[1]s", "A measure needs a post and a date: %[2]s", c.verb.Usage("zh"), c.verb.Usage("en"))
	}
	for i, old := range s.c.Measures {
		if old == m {
			return s.tr("改进措施第%d项已是这样，没有改动。", "Measure %d says so already; nothing changed.", i+1), nil
		}
	}
	s.do(&MeasureSet{Measure: m})
	return s.tr("改进措施第%d项已记下。", "Measure %d is noted.", len(s.c.Measures)), nil
}

// readFollowUp reads who does what by when; the person by address or name. What
// is missing stays empty.
func (s *session) readFollowUp(c *Command) (Measure, error) {
	m := Measure{Text: strings.TrimSpace(c.Text), Owner: c.Args["owner"], Meeting: c.Args["meeting"]}
	switch who := s.p.Register.Named(cmp.Or(c.Args["person"], m.Owner)); {
	case m.Text == "":
		return m, Refuse("后续工作请写明要做的事：“%s”应写成 后续：负责人=财务部主管 人=姓名 期限=2026-12-31 内容", "A follow-up says what is to be done; write %q as followup: owner=\"Head of Finance\" person=name due=2026-12-31 text", c.Raw)
	case who == nil && c.Args["person"] != "":
		return m, Refuse("名册中没有“%s”，请写姓名或地址。", "There is nobody named %q in the register; write the name or the address.", c.Args["person"])
	case who != nil:
		m.Person, m.Owner = who.Address, cmp.Or(m.Owner, who.Name)
	}
	var err error
	m.Due, err = s.anyDate(c, "due")
	return m, err
}

// follow is #后续.
func (s *session) follow(c *Command) (string, error) {
	m, err := s.readFollowUp(c)
	if err != nil {
		return "", err
	}
	m.Inner = true
	if why := s.lacking(s.c, m); why != "" {
		return "", Refuse("%[1]s。用法：%[2]s", "Not carried out: %[1]s. Usage: %[3]s", why, c.verb.Usage("zh"), c.verb.Usage("en"))
	}
	if i := slices.Index(s.c.Measures, m); i >= 0 {
		return s.tr("第%d项措施已是这样，没有改动。", "Measure %d says so already; nothing changed.", i+1), nil
	}
	s.give(m)
	return s.tr("已记为第%d项措施，%s已获告知，%s前完成。", "Measure %d: %s knows, and it is to be done by %s.", len(s.c.Measures), s.p.owner(m).Name, m.Due.In(s.lang)), nil
}

// give puts a follow-up on file and hands it to who carries it out.
func (s *session) give(m Measure) {
	s.do(&MeasureSet{Measure: m})
	no := len(s.c.Measures)
	s.tell(s.p.owner(m), "measure", Facts{Of: "followup", Reason: m.Meeting, Level: strconv.Itoa(no), From: s.who.Mailbox(), Notes: m.notes()}).Key = fmt.Sprintf("%s/measure/%d/%s/%s", s.c.Ref, no, m.Due, m.Person)
}
