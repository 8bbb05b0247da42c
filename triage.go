package complaints

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Admitted takes a registered complaint in for review (受理).
type Admitted struct {
	Category string `json:"category,omitempty"`
}

// Kind names the fact in the log.
func (*Admitted) Kind() string { return "admitted" }

func (f *Admitted) apply(c *Case, e *Event) error {
	c.State = Triage
	if f.Category != "" {
		c.Category = f.Category
	}
	c.note(e, f.Kind(), f.Category)
	return nil
}

// Classified sets the main category (casework E.1).
type Classified struct {
	Category string `json:"category"`
}

// Kind names the fact in the log.
func (*Classified) Kind() string { return "classified" }

func (f *Classified) apply(c *Case, e *Event) error {
	c.Category = f.Category
	c.note(e, f.Kind(), f.Category)
	return nil
}

// Alleged adds one allegation, or with a known number replaces its text.
type Alleged struct {
	No         int    `json:"no"`
	Text       string `json:"text"`
	Respondent string `json:"respondent,omitempty"`
	Upheld     int    `json:"upheld,omitempty"` // see Allegation
}

// Kind names the fact in the log.
func (*Alleged) Kind() string { return "alleged" }

func (f *Alleged) apply(c *Case, e *Event) error {
	if a := c.allegation(f.No); a != nil {
		a.Text = f.Text
		if f.Respondent != "" {
			a.Respondent, a.Upheld = f.Respondent, f.Upheld
		}
	} else {
		c.Allegations = append(c.Allegations, Allegation{No: f.No, Text: f.Text, Respondent: f.Respondent, Upheld: f.Upheld})
	}
	c.note(e, f.Kind(), f.Text)
	return nil
}

// Accused lists the addresses of the people whom a mail's commands name as
// respondents, so that the store looks up what was upheld against them before.
func (p *Policy) Accused(m *Message) []string {
	var out []string
	for _, c := range ParseCommands(m.OwnWords) {
		if c.verb == nil || c.verb.En[0] != "allegation" || c.Args["respondent"] == "" {
			continue
		}
		if who := p.Register.Named(c.Args["respondent"]); who != nil && !slices.Contains(out, who.Address) {
			out = append(out, who.Address)
		}
	}
	return out
}

func (c *Case) allegation(no int) *Allegation {
	for i := range c.Allegations {
		if c.Allegations[i].No == no {
			return &c.Allegations[i]
		}
	}
	return nil
}

// Assigned asks a person to investigate; the person accepts or steps aside.
type Assigned struct {
	Person string `json:"person"`
}

// Kind names the fact in the log.
func (*Assigned) Kind() string { return "assigned" }

func (f *Assigned) apply(c *Case, e *Event) error {
	c.Assignee, c.Handler = f.Person, ""
	c.note(e, f.Kind(), f.Person)
	return nil
}

// TookOn makes the assignee the responsible person (责任人).
type TookOn struct {
	Person string `json:"person"`
}

// Kind names the fact in the log.
func (*TookOn) Kind() string { return "took_on" }

func (f *TookOn) apply(c *Case, e *Event) error {
	c.Handler, c.Assignee = f.Person, ""
	if c.State == Triage || c.State == Registered {
		c.State = Investigating
	}
	c.note(e, f.Kind(), f.Person)
	return nil
}

// Recused takes a person off the case, or off the committee for it (回避). With
// Appeal it holds only while an appeal is before the committee: whoever made
// the decision that is appealed against works on the case again afterwards.
type Recused struct {
	Person string `json:"person"`
	Reason string `json:"reason"`
	Appeal bool   `json:"appeal,omitempty"`
}

// Kind names the fact in the log.
func (*Recused) Kind() string { return "recused" }

func (f *Recused) apply(c *Case, e *Event) error {
	c.Recusals = append(c.Recusals, *f)
	if SameAddr(c.Assignee, f.Person) {
		c.Assignee = ""
	}
	if SameAddr(c.Handler, f.Person) {
		c.Handler = ""
	}
	if seats := c.seats(); seats != nil {
		*seats = slices.DeleteFunc(slices.Clone(*seats), func(a string) bool { return SameAddr(a, f.Person) })
	}
	c.note(e, f.Kind(), f.Person+": "+f.Reason)
	return nil
}

// category reads the category of a command: category=F6, or the bare code.
func (c *Command) category() (string, error) {
	code := c.Args["category"]
	if code == "" && len(c.Words) > 0 {
		code = c.Words[0]
	}
	if code == "" {
		return "", nil
	}
	got, ok := readCode(code, categories)
	if !ok {
		return "", Refuse("没有类别“%[1]s”。类别：%[2]s", "There is no category %[1]q. Categories: %[3]s", code, codeList(categories, "zh"), codeList(categories, "en"))
	}
	return got, nil
}

func (s *session) admit(c *Command) (string, error) {
	code, err := c.category()
	if err != nil {
		return "", err
	}
	s.do(&Admitted{Category: code})
	if code == "" {
		return s.tr("已受理，转入初审。尚未分类，可用 #分类 补上。", "Taken in for review. It has no category yet: use #classify."), nil
	}
	return s.tr("已受理，转入初审；类别 %s %s。", "Taken in for review; category %s, %s.", code, CategoryWords(code, s.lang)) + s.advice(), nil
}

func (s *session) classify(c *Command) (string, error) {
	code, err := c.category()
	if err != nil {
		return "", err
	}
	if code == "" {
		return "", Refuse("缺少类别代码，如 #分类 F6。", "The category is missing, as in #classify F6.")
	}
	if code == s.c.Category {
		return s.tr("类别已是 %s，没有改动。", "The category is %s already; nothing changed.", code), nil
	}
	s.do(&Classified{Category: code})
	return s.tr("类别改为 %s %s。", "The category is now %s, %s.", code, CategoryWords(code, s.lang)) + s.advice(), nil
}

func (s *session) allege(c *Command) (string, error) {
	f := &Alleged{Text: c.Text}
	for _, a := range s.c.Allegations {
		f.No = max(f.No, a.No)
		if a.Text == c.Text && c.Args["no"] == "" {
			return s.tr("第%d项已是这样，没有改动。", "Allegation %d says so already; nothing changed.", a.No), nil
		}
	}
	f.No++
	if no := c.Args["no"]; no != "" {
		n, err := strconv.Atoi(no)
		if err != nil || s.c.allegation(n) == nil {
			return "", Refuse("没有第%s项投诉事项。", "There is no allegation %s.", no)
		}
		f.No = n
	}
	if who := c.Args["respondent"]; who != "" {
		f.Respondent = who
		if p := s.p.Register.Named(who); p != nil {
			f.Respondent, f.Upheld = p.Address, s.m.Upheld[p.Address]
			if SameAddr(p.Address, s.c.Handler) || SameAddr(p.Address, s.who.Address) {
				return "", Refuse("%s正在办理本案，不能同时是被投诉人；请先另行指派。", "%s is working on this case and cannot be its respondent; assign somebody else first.", p.Name)
			}
		}
	}
	s.do(f)
	return s.tr("第%d项：%s", "Allegation %d: %s", f.No, excerpt(f.Text, 60)) + s.advice(), nil
}

func (s *session) assign(c *Command) (string, error) {
	if len(c.Words) == 0 {
		return "", Refuse("请写明指派给谁，如 #指派 li@firm.example。", "Say whom to assign, as in #assign li@firm.example.")
	}
	p := s.p.Register.Named(strings.Join(c.Words, " ")) // a name may have several words
	switch {
	case p == nil:
		return "", Refuse("名册中没有“%[1]s”。可指派：%[2]s", "There is nobody %[1]q in the register. You may assign: %[3]s", strings.Join(c.Words, " "), s.candidates("zh"), s.candidates("en"))
	case !p.Is(Investigator):
		return "", Refuse("%[1]s 不是调查人员。可指派：%[2]s", "%[1]s is no investigator. You may assign: %[3]s", p.Name, s.candidates("zh"), s.candidates("en"))
	case s.c.Conflicted(p):
		return "", Refuse("%s 是本案被投诉人或已回避，不能担任责任人。", "%s is a respondent of this case or has stepped aside.", p.Name)
	case SameAddr(s.c.Handler, p.Address):
		return s.tr("%s 已是责任人，没有改动。", "%s is the responsible person already; nothing changed.", p.Name), nil
	case SameAddr(s.c.Assignee, p.Address):
		return s.tr("已请过 %s，等其答复，没有改动。", "%s has been asked already; nothing changed.", p.Name), nil
	}
	s.do(&Assigned{Person: p.Address})
	s.tell(p, "assigned", Facts{Text: s.c.Matter, From: s.who.Mailbox()})
	return s.tr("已请 %s 担任责任人，等其接受。", "%s has been asked to take the case on.", p.Name), nil
}

// candidates lists who may be assigned.
func (s *session) candidates(lang string) string {
	var out []string
	for _, p := range s.free(Investigator) {
		out = append(out, p.Name+" "+p.Address)
	}
	if len(out) == 0 {
		return pick(lang, "（暂无）", "(nobody)")
	}
	return strings.Join(out, pick(lang, "、", ", "))
}

func (s *session) takeOn() (string, error) {
	if s.c.State == Registered {
		s.do(&Admitted{})
	}
	s.do(&TookOn{Person: s.who.Address})
	if s.c.Complainant.Addr != "" { // the client hears of each change (C14): who is responsible now
		s.do(&Progressed{})
		s.tellClient("progress", Facts{Subject: s.c.Subject})
	}
	for _, p := range s.desk() {
		if p != s.who {
			s.tell(p, "took_on", Facts{From: s.who.Mailbox()})
		}
	}
	return s.tr("您已是本案责任人；书面报告须于 %s 前提交并获批准。", "You are the responsible person; the written report must be filed and approved by %s.", s.c.Due.Due.In(s.lang)), nil
}

// RecusalSought says that somebody should stand aside; who decides answers by
// recusing them, or by leaving it.
type RecusalSought struct {
	Person string `json:"person"`
	Reason string `json:"reason"`
}

// Kind names the fact in the log.
func (*RecusalSought) Kind() string { return "recusal_sought" }

func (f *RecusalSought) apply(c *Case, e *Event) error {
	c.note(e, f.Kind(), f.Person+": "+f.Reason)
	return nil
}

// recuse is #回避: somebody steps aside, or says that another should. That is
// decided by the head; of the head by the chair, of the chair by management.
func (s *session) recuse(c *Command) (string, error) {
	who := s.who
	if name := c.Args["person"]; name != "" {
		if who = s.p.Register.Named(name); who == nil {
			return "", Refuse("名册中没有“%[1]s”。", "There is nobody %[1]q in the register.", name)
		}
	}
	deciders := s.recusers(who)
	switch {
	case s.c.Conflicted(who):
		return s.tr("%s 已不办理本案，没有改动。", "%s is off this case already; nothing changed.", who.Name), nil
	case who == s.who && !s.p.allows(s.c, who, []Role{TheAssignee, TheHandler, ThePanel, Officer, Head, Chair}):
		return "", Refuse("您不在本案中任职，无须回避；认为他人应当回避的，写明 人=地址。", "You have no part in this case. If another should stand aside, name them: person=address.")
	case who != s.who && !slices.Contains(deciders, s.who):
		s.do(&RecusalSought{Person: who.Address, Reason: c.Text})
		for _, p := range deciders {
			s.tell(p, "case_news", Facts{From: s.who.Mailbox(), Text: s.tr("%[1]s 提出 %[2]s 应当回避：%[3]s\n\n请您决定。同意的，回复：#回避 人=%[4]s 理由=…；不同意的，请以 #备注 记下理由。",
				"%[1]s says that %[2]s should stand aside: %[3]s\n\nPlease decide. If you agree, reply: #recuse person=%[4]s reason=…; if not, record why by #note.", s.who.Name, who.Name, c.Text, who.Address)})
		}
		return s.tr("已记录，由 %s 决定。", "On record; %s will decide.", people(deciders, s.lang)), nil
	}
	panel := s.c.sits(who)
	s.do(&Recused{Person: who.Address, Reason: c.Text})
	told := s.desk()
	if panel {
		told = s.free(Chair)
		s.refill()
	}
	said := s.tr("%s 申请回避：%s", "%s has stepped aside: %s", who.Name, c.Text)
	if who != s.who {
		said = s.tr("%s 回避本案，由 %s 决定：%s", "%[1]s is off this case, as %[2]s has decided: %[3]s", who.Name, s.who.Name, c.Text)
		s.tell(who, "case_news", Facts{Text: s.tr("经 %s 决定，您回避本案，不再办理，也不再查阅。理由：%s", "%s has decided that you stand aside from this case; you neither act on it nor read it any longer. Reason: %s", s.who.Name, c.Text)})
	}
	for _, p := range told {
		if p != s.who || who == s.who {
			s.tell(p, "case_news", Facts{From: s.who.Mailbox(), Text: said})
		}
	}
	if who != s.who {
		return s.tr("已记录：%s 回避，不再办理本案。", "On record: %s is off this case.", who.Name), nil
	}
	return s.tr("已记录您的回避；您不再办理本案。", "Your recusal is on record; you are no longer on this case."), nil
}

// recusers are who decides whether a person must stand aside.
func (s *session) recusers(who *Person) []*Person {
	role := Head
	for range 3 {
		out := s.free(role)
		if role == Management {
			out = s.p.management(s.c)
		}
		if !slices.Contains(out, who) {
			return out
		}
		role = above[role]
	}
	return nil
}

func codeList(codes map[string][2]string, lang string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(codes)) {
		out = append(out, k+" "+pick(lang, codes[k][0], codes[k][1]))
	}
	return strings.Join(out, pick(lang, "；", "; "))
}

// Hearing is what is known of one person's being heard: asked for a statement,
// and heard, in an interview or by it.
type Hearing struct {
	Person string    `json:"person"` // address, or name as it was written
	Asked  time.Time `json:"asked,omitzero"`
	Due    Date      `json:"due,omitzero"`
	Heard  time.Time `json:"heard,omitzero"`
}

func (c *Case) hear(person string, at time.Time) {
	for i := range c.Hearings {
		if c.Hearings[i].Person == person {
			c.Hearings[i].Heard = at
			return
		}
	}
	c.Hearings = append(c.Hearings, Hearing{Person: person, Heard: at})
}

// RespondentAsked sends a respondent the allegations against them.
type RespondentAsked struct {
	Person string `json:"person"`
	Due    Date   `json:"due"`
	Text   string `json:"text,omitempty"`
}

// Kind names the fact in the log.
func (*RespondentAsked) Kind() string { return "respondent_asked" }

func (f *RespondentAsked) apply(c *Case, e *Event) error {
	i := slices.IndexFunc(c.Hearings, func(h Hearing) bool { return h.Person == f.Person })
	if i < 0 {
		c.Hearings = append(c.Hearings, Hearing{Person: f.Person})
		i = len(c.Hearings) - 1
	}
	c.Hearings[i].Asked, c.Hearings[i].Due = e.At, f.Due
	c.note(e, f.Kind(), strings.TrimSpace(f.Person+" "+f.Text))
	return nil
}

// Stated is a respondent's own statement.
type Stated struct {
	Person      string       `json:"person"`
	Text        string       `json:"text"`
	Attachments []Attachment `json:"attachments,omitempty"`
}

// Kind names the fact in the log.
func (*Stated) Kind() string { return "stated" }

func (f *Stated) apply(c *Case, e *Event) error {
	c.keep(e, f.Person, f.Attachments)
	c.hear(f.Person, e.At)
	c.note(e, f.Kind(), f.Person+": "+f.Text)
	return nil
}

// unheard names the respondents who have not been heard yet.
func (s *session) unheard() []string {
	var out []string
	for _, a := range s.c.Allegations {
		if a.Respondent == "" || slices.ContainsFunc(s.c.Hearings, func(h Hearing) bool { return !h.Heard.IsZero() && s.p.samePerson(h.Person, a.Respondent) }) {
			continue
		}
		name := a.Respondent
		if p := s.p.Register.Named(name); p != nil {
			name = p.Name
		}
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// samePerson reports whether two texts name one person: by address, by name, or
// by a name with a title.
func (p *Policy) samePerson(a, b string) bool {
	for _, who := range []*Person{p.Register.Named(a), p.Register.Named(b)} {
		if who != nil {
			is := func(x string) bool { return SameAddr(x, who.Address) || strings.Contains(x, who.Name) }
			return is(a) && is(b)
		}
	}
	return a != "" && b != "" && (strings.Contains(a, b) || strings.Contains(b, a))
}

// notify is #通知: the respondent gets the allegations against them, and until
// when to state what they have to say. They learn no more of the case.
func (s *session) notify(c *Command) (string, error) {
	name := c.Args["respondent"]
	if name == "" {
		if u := s.unheard(); len(u) == 1 {
			name = u[0]
		} else {
			return "", Refuse("请写明通知谁，如 #通知 被投诉人=王明 期限=2026-12-01。", "Say whom to notify, as in #notify respondent=wang@firm.example due=2026-12-01.")
		}
	}
	due, err := s.date(c, "due")
	if err != nil {
		return "", err
	}
	p := s.p.Register.Named(name)
	switch {
	case p == nil:
		return "", Refuse("名册中没有“%[1]s”，无法发送通知；请以 #访谈 听取其陈述。", "There is nobody %[1]q in the register to write to; please hear them by #interview.", name)
	case !s.c.respondent(p):
		return "", Refuse("%s 不是本案的被投诉人；请先用 #事项 被投诉人= 列明。", "%s is no respondent of this case; name them by #allegation respondent= first.", p.Name)
	}
	if due.IsZero() {
		due = s.p.Calendar.WorkingDays(s.today(), 3, nil).Due
	}
	var mine []Allegation
	var lines []string
	for _, a := range s.c.Allegations {
		if a.Against(p) {
			mine = append(mine, Allegation{No: a.No, Text: a.Text})
			lines = append(lines, fmt.Sprintf("%d. %s", a.No, a.Text))
		}
	}
	l := s.letter(RespondentLetter)
	l.To, l.Lang, l.Routes, l.Contact = p.Mailbox(), s.p.Language, nil, Contact{Name: s.who.Name, Email: s.p.Address}
	head := s.free(Head)
	l.Respondent = &RespondentFacts{Complainant: s.c.Complainant.Name, Registered: DateOf(s.c.Registered.In(s.p.Location)), Allegations: mine,
		ReplyBy: Deadline{Start: s.today(), Due: due}, ReplyTo: s.p.Address, Investigator: Contact{Name: s.who.Name, Email: s.who.Address}}
	if len(head) > 0 {
		l.Respondent.RecusalTo = head[0].Name + " " + head[0].Address
	}
	s.do(&RespondentAsked{Person: p.Address, Due: due, Text: c.Text})
	s.do(&Issued{Letter: &l, Number: l.Number, Date: s.today()})
	m := s.tell(p, "respondent", Facts{From: Address{Name: s.c.Complainant.Name}, Text: strings.Join(lines, "\n"), Reason: c.Text, Level: due.String()})
	m.LetterNo = len(s.c.Letters)
	return s.tr("已通知 %[1]s，请其于 %[2]s 前陈述；陈述送达后您会收到。", "%[1]s has been notified and is asked for a statement by %[2]s; it will be passed to you.", p.Name, due.In(s.lang)), nil
}

// state is #陈述: what the respondent has to say goes on file and to those who
// work on the case.
func (s *session) state(text string) string {
	s.do(&Stated{Person: s.who.Address, Text: text, Attachments: s.m.Attachments})
	for _, p := range s.handlers() {
		s.tell(p, "case_news", Facts{From: s.who.Mailbox(), Text: s.tr("被投诉人%s的陈述：\n\n%s", "Statement of the respondent, %s:\n\n%s", s.who.Name, text), Attachments: s.m.Attachments})
	}
	return s.tr("您的陈述已存入案卷，并转交调查责任人。需要补充的，可再次发送。", "Your statement is on file and has been passed to the investigator. You may send more.")
}
