package complaints

import (
	"maps"
	"slices"
	"strconv"
	"strings"
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
}

// Kind names the fact in the log.
func (*Alleged) Kind() string { return "alleged" }

func (f *Alleged) apply(c *Case, e *Event) error {
	if a := c.allegation(f.No); a != nil {
		a.Text = f.Text
		if f.Respondent != "" {
			a.Respondent = f.Respondent
		}
	} else {
		c.Allegations = append(c.Allegations, Allegation{No: f.No, Text: f.Text, Respondent: f.Respondent})
	}
	c.note(e, f.Kind(), f.Text)
	return nil
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

// Graded sets how grave the case is (casework E.3).
type Graded struct {
	Level  Severity `json:"level"`
	Reason string   `json:"reason,omitempty"`
}

// Kind names the fact in the log.
func (*Graded) Kind() string { return "graded" }

func (f *Graded) apply(c *Case, e *Event) error {
	c.Severity = f.Level
	c.note(e, f.Kind(), strings.TrimSpace(string(f.Level)+" "+f.Reason))
	return nil
}

// grade is #定级: anybody on the case may grade it up; only the chair grades it
// down, with reasons. A major case goes before the committee; of a critical one
// management is told at once.
func (s *session) grade(c *Command) (string, error) {
	word := ""
	if len(c.Words) > 0 {
		word = c.Words[0]
	}
	level, ok := parseWord(word, severityWords)
	if !ok {
		return "", Refuse("请写明级别：一般、较大、重大、特别重大。", "Say which grade: normal, elevated, major or critical.")
	}
	if level == s.c.Severity {
		return s.tr("级别已是“%s”，没有改动。", "The grade is %s already; nothing changed.", level.In(s.lang)), nil
	}
	lower := severityRank[level] < severityRank[s.c.Severity]
	chairs := s.free(Chair)
	switch {
	case lower && !slices.Contains(chairs, s.who):
		return "", Refuse("本案已定为“%[1]s”，调低须由主任委员说明理由。", "The case is graded %[2]s; only the committee's chair may lower that, with reasons.", s.c.Severity.In("zh"), s.c.Severity.In("en"))
	case lower && c.Text == "":
		return "", Refuse("调低级别须写明理由。", "Lowering the grade needs a reason.")
	}
	before := s.c.Severity
	s.do(&Graded{Level: level, Reason: c.Text})
	if !level.Major() || lower {
		return s.tr("级别定为“%s”。", "Graded %s.", level.In(s.lang)), nil
	}
	told := chairs
	if level == Critical {
		told = append(slices.Clone(chairs), s.p.management(s.c)...)
	}
	for _, p := range append(told, s.free(Head)...) {
		if p != s.who && len(sentTo(s.out.Mails, "graded", p.Address)) == 0 && !(before.Major() && slices.Contains(chairs, p)) {
			s.tell(p, "graded", Facts{From: s.who.Mailbox(), Reason: c.Text, Level: string(level)})
		}
	}
	did := s.tr("级别定为“%s”；答复投诉人之前须经投诉处理委员会审议。", "Graded %s: it goes before the Complaints Committee before the client is answered.", level.In(s.lang))
	if level == Critical {
		did += s.tr("已告知管理层。", " Management has been told.")
	}
	return did, nil
}

func sentTo(mails []Mail, template, addr string) []Mail {
	return slices.DeleteFunc(slices.Clone(mails), func(m Mail) bool { return m.Template != template || !SameAddr(m.To.Addr, addr) })
}

// management lists who of management may know of a case: by the register, and
// by the configuration.
func (p *Policy) management(c *Case) []*Person {
	out := p.acting(c, Management)
	for _, a := range p.Management {
		who := p.Register.Find(a)
		if who == nil {
			who = &Person{Address: a, Active: true, Roles: []Role{Management}}
		}
		if !c.Conflicted(who) && !slices.ContainsFunc(out, func(x *Person) bool { return SameAddr(x.Address, a) }) {
			out = append(out, who)
		}
	}
	return out
}

// advice is a sentence for who has just changed the case, if it may be graver
// than it is graded.
func (s *session) advice() string {
	level, why := s.p.Grade(s.c)
	if severityRank[level] <= max(severityRank[s.c.Severity], severityRank[Normal]) {
		return ""
	}
	return s.tr("建议定级为“%[1]s”（%[2]s）：#定级 %[1]s", " Suggested grade: %[1]s (%[2]s): #severity %[1]s", level.In(s.lang), strings.Join(why, pick(s.lang, "；", "; ")))
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
			f.Respondent = p.Address
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
	p := s.p.Register.Named(c.Words[0])
	switch {
	case p == nil:
		return "", Refuse("名册中没有“%[1]s”。可指派：%[2]s", "There is nobody %[1]q in the register. You may assign: %[3]s", c.Words[0], s.candidates("zh"), s.candidates("en"))
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
	for _, p := range s.desk() {
		if p != s.who {
			s.tell(p, "took_on", Facts{From: s.who.Mailbox()})
		}
	}
	return s.tr("您已是本案责任人；书面报告须于 %s 前提交并获批准。", "You are the responsible person; the written report must be filed and approved by %s.", s.c.Due.Due.In(s.lang)), nil
}

func (s *session) recuse(c *Command) (string, error) {
	panel := s.c.sits(s.who)
	s.do(&Recused{Person: s.who.Address, Reason: c.Text})
	told := s.desk()
	if panel {
		told = s.free(Chair)
		s.refill()
	}
	for _, p := range told {
		s.tell(p, "case_news", Facts{From: s.who.Mailbox(), Text: s.tr("%s 申请回避：%s", "%s has stepped aside: %s", s.who.Name, c.Text)})
	}
	return s.tr("已记录您的回避；您不再办理本案。", "Your recusal is on record; you are no longer on this case."), nil
}

func codeList(codes map[string][2]string, lang string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(codes)) {
		out = append(out, k+" "+pick(lang, codes[k][0], codes[k][1]))
	}
	return strings.Join(out, pick(lang, "；", "; "))
}
