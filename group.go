package complaints

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Similar is an open case that a new complaint looks like, and why: the codes
// are sender, words and matter.
type Similar struct {
	Ref string   `json:"ref"`
	Why []string `json:"why"`
}

// MergedInto ends a case whose complaint goes on under another number.
type MergedInto struct {
	Ref    string `json:"ref"`
	Reason string `json:"reason,omitempty"`
}

// Kind names the fact in the log.
func (*MergedInto) Kind() string { return "merged" }

func (f *MergedInto) apply(c *Case, e *Event) error {
	c.Was = c.State
	c.State, c.MergedInto, c.ClosedAt, c.ClosingCode = Merged, f.Ref, e.At, "merged"
	c.endPause(e.At)
	c.note(e, f.Kind(), strings.TrimSpace(f.Ref+" "+f.Reason))
	return nil
}

// Absorbed takes a merged case in: what was complained of, the evidence, and
// the earlier start of the clocks. Both numbers are kept.
type Absorbed struct {
	Ref         string        `json:"ref"`
	Matter      string        `json:"matter"`
	Received    time.Time     `json:"received"`
	Registered  time.Time     `json:"registered"`
	Due         Deadline      `json:"due"`
	Allegations []Allegation  `json:"allegations,omitempty"`
	Evidence    []Evidence    `json:"evidence,omitempty"`
	Members     []Complainant `json:"members,omitempty"` // complainants who join
	Merged      []string      `json:"merged,omitempty"`  // what had been merged into it before
}

// Kind names the fact in the log.
func (*Absorbed) Kind() string { return "absorbed" }

func (f *Absorbed) apply(c *Case, e *Event) error {
	c.Merged = append(append(c.Merged, f.Ref), f.Merged...)
	if len(c.Took) == 0 {
		c.Took = []Took{{Ref: c.Ref, Received: c.Received, Registered: c.Registered}}
	}
	took := Took{Ref: f.Ref, Received: f.Received, Registered: f.Registered, Refs: f.Merged}
	if f.Received.Before(c.Received) {
		c.Received = f.Received
	}
	if f.Registered.Before(c.Registered) {
		c.Registered = f.Registered
	}
	if !f.Due.Due.IsZero() && f.Due.Due.Before(c.Due.Due) {
		c.Due = f.Due
	}
	no := 0
	for _, a := range c.Allegations {
		no = max(no, a.No)
	}
	for _, a := range f.Allegations {
		if !slices.ContainsFunc(c.Allegations, func(b Allegation) bool { return a.Text == b.Text }) {
			no++
			c.Allegations = append(c.Allegations, Allegation{No: no, Text: a.Text, Respondent: a.Respondent})
			took.Nos = append(took.Nos, no)
		}
	}
	for _, x := range f.Evidence {
		if !slices.ContainsFunc(c.Evidence, func(y Evidence) bool { return x.SHA256 == y.SHA256 && x.Name == y.Name }) {
			c.Evidence = append(c.Evidence, x)
		}
	}
	for _, p := range f.Members {
		if !c.party(p.Addr) {
			took.Members = append(took.Members, p.Addr)
		}
	}
	c.join(f.Members)
	c.Took = append(slices.Clip(c.Took), took)
	c.note(e, f.Kind(), f.Ref+"\n"+f.Matter)
	return nil
}

// Took is what a merged case brought: its start, the allegations and the people
// that came with it, and what had been merged into it before.
type Took struct {
	Ref        string    `json:"ref"`
	Received   time.Time `json:"received"`
	Registered time.Time `json:"registered"`
	Nos        []int     `json:"nos,omitempty"`
	Members    []string  `json:"members,omitempty"`
	Refs       []string  `json:"refs,omitempty"`
}

// Parted undoes a merger in the case that had taken the other one in. The day by
// which the client was promised an answer stands, though it came from the other.
type Parted struct {
	Ref    string `json:"ref"`
	Reason string `json:"reason,omitempty"`
}

// Kind names the fact in the log.
func (*Parted) Kind() string { return "parted" }

func (f *Parted) apply(c *Case, e *Event) error {
	i := slices.IndexFunc(c.Took, func(t Took) bool { return t.Ref == f.Ref })
	if i < 1 {
		return fmt.Errorf("%s was not merged into it", f.Ref)
	}
	x := c.Took[i]
	c.Took = slices.Delete(slices.Clone(c.Took), i, i+1)
	c.Merged = slices.DeleteFunc(slices.Clone(c.Merged), func(r string) bool { return r == f.Ref || slices.Contains(x.Refs, r) })
	c.Allegations = slices.DeleteFunc(slices.Clone(c.Allegations), func(a Allegation) bool { return slices.Contains(x.Nos, a.No) })
	c.Members = slices.DeleteFunc(slices.Clone(c.Members), func(p Complainant) bool { return slices.Contains(x.Members, p.Addr) })
	c.Received, c.Registered = c.Took[0].Received, c.Took[0].Registered
	for _, t := range c.Took[1:] { // the earliest start of those that are left
		if t.Received.Before(c.Received) {
			c.Received = t.Received
		}
		if t.Registered.Before(c.Registered) {
			c.Registered = t.Registered
		}
	}
	c.note(e, f.Kind(), strings.TrimSpace(f.Ref+" "+f.Reason))
	return nil
}

// TakenOut undoes a merger in the merged case: it goes on where it stood, its
// limit counted from its own start as if it had never been merged.
type TakenOut struct {
	Of       string     `json:"of"` // the case in which it was
	Due      Deadline   `json:"due"`
	Evidence []Evidence `json:"evidence,omitempty"` // that its complainants have sent since
	Heard    []Entry    `json:"heard,omitempty"`    // what they have written since; where it came in it stays on record too
	Reason   string     `json:"reason,omitempty"`
}

// Kind names the fact in the log.
func (*TakenOut) Kind() string { return "taken_out" }

func (f *TakenOut) apply(c *Case, e *Event) error {
	if c.State != Merged {
		return errors.New("it is not merged")
	}
	was := c.Was
	c.takeUp(e.At)
	if slices.Contains(atFirst, was) {
		c.State = was
	}
	c.MergedInto, c.Was, c.Due = "", "", f.Due
	c.Evidence = append(slices.Clip(c.Evidence), f.Evidence...)
	c.Log = append(slices.Clip(c.Log), f.Heard...)
	c.note(e, f.Kind(), strings.TrimSpace(f.Of+" "+f.Reason))
	return nil
}

// SplitOff moves allegations to a case of their own.
type SplitOff struct {
	Nos    []int  `json:"nos"`
	Ref    string `json:"ref"` // of the new case
	Reason string `json:"reason,omitempty"`

	opened *Opened // gets its number in the same transaction, first
}

// Kind names the fact in the log.
func (*SplitOff) Kind() string { return "split_off" }

func (f *SplitOff) apply(c *Case, e *Event) error {
	c.Allegations = slices.DeleteFunc(slices.Clone(c.Allegations), func(a Allegation) bool { return slices.Contains(f.Nos, a.No) })
	c.note(e, f.Kind(), strings.TrimSpace(f.Ref+" "+f.Reason))
	return nil
}

// Grouped adds complainants to a case: a group complaint, led by the first.
type Grouped struct {
	Members []Complainant `json:"members"`
}

// Kind names the fact in the log.
func (*Grouped) Kind() string { return "grouped" }

func (f *Grouped) apply(c *Case, e *Event) error {
	c.join(f.Members)
	c.note(e, f.Kind(), strconv.Itoa(len(f.Members)))
	return nil
}

// MemberLeft takes a member out of a group complaint, which goes on without.
type MemberLeft struct {
	Addr string `json:"addr"`
}

// Kind names the fact in the log.
func (*MemberLeft) Kind() string { return "member_left" }

func (f *MemberLeft) apply(c *Case, e *Event) error {
	c.Members = slices.DeleteFunc(slices.Clone(c.Members), func(p Complainant) bool { return SameAddr(p.Addr, f.Addr) })
	c.stays(f.Addr)
	c.note(e, f.Kind(), f.Addr)
	return nil
}

func (c *Case) join(members []Complainant) {
	for _, p := range members {
		if !c.party(p.Addr) {
			c.Members = append(c.Members, p)
		}
	}
}

// member finds a member of a group complaint other than who leads it, or nil.
func (c *Case) member(addr string) *Complainant {
	for i := range c.Members {
		if SameAddr(c.Members[i].Addr, addr) {
			return &c.Members[i]
		}
	}
	return nil
}

// party reports whether an address is the complainant's or a member's.
func (c *Case) party(addr string) bool {
	return SameAddr(c.Complainant.Addr, addr) || c.member(addr) != nil
}

// addressee is to whom letters are written: the complainant, or the group by
// its leader's name. One letter goes to all, so that what was approved is what
// each of them gets.
func (c *Case) addressee() Address {
	a := c.Complainant.Mailbox()
	if n := len(c.Members); n > 0 {
		a.Name += fmt.Sprintf(pick(c.Lang, "等%d人", " and %d others"), n+map[bool]int{true: 0, false: 1}[c.Lang == "en"])
	}
	return a
}

// answersTo reports whether a reference names this case, or one that was
// merged into it.
func (c *Case) answersTo(ref string) bool {
	return strings.EqualFold(c.Ref, ref) || slices.ContainsFunc(c.Merged, func(m string) bool { return strings.EqualFold(m, ref) })
}

// share sends to each member of a group what the one who leads it is sent as
// an issued letter, or as the news that the case is closed.
func (s *session) share() {
	if s.c == nil || len(s.c.Members) == 0 {
		return
	}
	for _, m := range slices.Clone(s.out.Mails) {
		if m.Staff || m.Draft || m.LetterNo == 0 && m.Template != "closed" || m.LetterNo > 0 && s.resends(m.LetterNo) || !SameAddr(m.To.Addr, s.c.Complainant.Addr) {
			continue
		}
		for _, p := range s.c.Members {
			copy := m
			copy.To, copy.InReplyTo = p.Mailbox(), ""
			copy.Key += "/" + strings.ToLower(p.Addr)
			s.out.Mails = append(s.out.Mails, copy)
		}
	}
}

// beside begins work on a further case in the same session.
func (s *session) beside(c *Case, part string) *session {
	return &session{p: s.p, c: c.Clone(), m: s.m, at: s.at, by: s.by, who: s.who, lang: s.lang, part: s.part + part}
}

// also puts what was decided on a further case into the outcome. base is that
// case as it was.
func (s *session) also(base *Case, o *session) {
	if o.err != nil && s.err == nil {
		s.err = o.err
	}
	s.out.Other = append(s.out.Other, Part{Case: base, Events: o.out.Events, Mails: o.out.Mails})
}

// merge is #合并: this case goes on as part of another one.
func (s *session) merge(c *Command) (string, error) {
	ref := ""
	if len(c.Words) > 0 {
		ref = FindRef(c.Words[0])
	}
	if ref == "" {
		return "", Refuse("请写明并入哪一件，如 #合并 T2026-0003。", "Say into which case, as in #merge T2026-0003.")
	}
	i := slices.IndexFunc(s.m.Others, func(o *Case) bool { return o.Ref == ref })
	switch {
	case s.c.answersTo(ref):
		return "", Refuse("不能把案件并入它自己。", "A case cannot be merged into itself.")
	case i < 0:
		return "", Refuse("没有案件 %s。", "There is no case %s.", ref)
	}
	lead := s.m.Others[i]
	joins := append([]Complainant{s.c.Complainant}, s.c.Members...)
	joins = slices.DeleteFunc(joins, func(p Complainant) bool { return p.Addr == "" || lead.party(p.Addr) })
	agreed := yes(c.Args["consent"])
	switch {
	case lead.Conflicted(s.who) || !s.p.allows(lead, s.who, c.verb.Roles):
		return "", Refuse("您与案件 %s 有利害关系，不能把案件并入其中。", "You have a conflict of interest in case %s and cannot merge a case into it.", ref)
	case !lead.State.Open():
		return "", Refuse("案件 %[1]s 现为“%[2]s”，不能再并入案件。", "Case %[1]s is %[3]s; nothing can be merged into it.", ref, lead.State.In("zh"), lead.State.In("en"))
	case s.c.Answer() != nil && s.c.Answer().Issued:
		return "", Refuse("本案已答复投诉人，不能再合并。", "The client has the result of this case already; it can no longer be merged.")
	case len(joins) > 0 && !agreed:
		return "", Refuse("两案的投诉人不同。合并后作为群体投诉办理，须先征得各方同意，再发送 #合并 %[1]s 同意=是。",
			"The two cases have different complainants. Merged, they become a group complaint: ask for their consent first, then send #merge %[1]s consent=yes.", ref)
	}
	from := s.c.Ref
	o := s.beside(lead, "/"+ref)
	o.do(&Absorbed{Ref: from, Matter: s.c.Matter, Received: s.c.Received, Registered: s.c.Registered, Due: s.c.Due, Allegations: s.c.Allegations,
		Evidence: s.c.Evidence, Members: joins, Merged: s.c.Merged})
	for _, p := range o.handlers() {
		if p != s.who {
			o.tell(p, "case_news", Facts{From: s.who.Mailbox(), Text: s.tr("案件 %s 已并入本案。其投诉内容：\n\n%s", "Case %s has been merged into this one. It said:\n\n%s", from, s.c.Matter)})
		}
	}
	s.do(&MergedInto{Ref: ref, Reason: c.Text})
	s.also(lead, o)
	if s.c.Complainant.Addr != "" {
		s.tellClient("merged", Facts{Subject: s.c.Subject, Reason: ref, Level: o.c.Due.Due.String()})
	}
	return s.tr("本案已并入 %s；两个案号都保留，期限以先登记的为准（%s），此后来信归入该案。", "Merged into %s: both numbers are kept, the earlier start of the time limit counts (%s), and further mail goes to that case.",
		ref, o.c.Due.Due.In(s.lang)), nil
}

// takeOut is #拆分 of a case that was merged into this one: it goes on by itself.
func (s *session) takeOut(ref, reason string) (string, error) {
	i := slices.IndexFunc(s.c.Took, func(t Took) bool { return t.Ref == ref })
	j := slices.IndexFunc(s.m.Others, func(o *Case) bool { return o.Ref == ref })
	switch {
	case i < 1 || j < 0 || s.m.Others[j].MergedInto != s.c.Ref:
		var list []string
		for _, t := range s.c.Took[min(1, len(s.c.Took)):] {
			list = append(list, t.Ref)
		}
		if len(list) == 0 {
			return "", Refuse("没有案件并入本案，%[1]s 不能拆出。", "No case was merged into this one, so %[1]s cannot be taken out.", ref)
		}
		return "", Refuse("%[1]s 没有直接并入本案；可以拆出的：%[2]s", "%[1]s was not itself merged into this case; these can be taken out: %[3]s", ref, strings.Join(list, "、"), strings.Join(list, ", "))
	case s.m.Others[j].Conflicted(s.who):
		return "", Refuse("您与案件 %s 有利害关系，不能把它拆出。", "You have a conflict of interest in case %s and cannot take it out.", ref)
	}
	took, was := s.c.Took[i], s.m.Others[j]
	for _, no := range took.Nos {
		if a := s.c.allegation(no); a != nil && a.Finding != "" {
			return "", Refuse("第%[2]d项投诉事项来自 %[1]s，已有认定，不能再拆出；两案请一并答复。", "Allegation %[2]d came from %[1]s and has a finding: it can no longer be taken out. Please answer both together.", ref, no)
		}
	}
	if left := len(s.c.Allegations) - len(took.Nos); left < 1 && len(s.c.Allegations) > 0 {
		return "", Refuse("拆出 %[1]s 后本案没有投诉事项；请先用 #事项 写明本案自己的投诉事项。", "Without %[1]s no allegation would be left here; note first by #allegation what this case is about.", ref)
	}
	f := &TakenOut{Of: s.c.Ref, Reason: reason, Due: s.p.Calendar.WorkingDays(was.Due.Start, was.Due.Limit, ranAt(was.Pauses, s.p.Location))}
	for _, e := range s.c.Evidence {
		if was.party(e.From) && e.At.After(was.ClosedAt) {
			f.Evidence = append(f.Evidence, e)
		}
	}
	for _, e := range s.c.Log {
		if strings.TrimSpace(e.Text) != "" && was.party(e.By) && e.At.After(was.ClosedAt) {
			f.Heard = append(f.Heard, Entry{At: e.At, By: e.By, What: "heard_client", Text: "[" + s.c.Ref + "] " + e.Text})
		}
	}
	o := s.beside(was, "/"+ref)
	o.do(f)
	s.do(&Parted{Ref: ref, Reason: reason})
	if o.c.Complainant.Addr != "" {
		o.tellClient("taken_out", Facts{Subject: o.c.Subject, Reason: s.c.Ref})
		o.share()
	}
	if a := s.c.Complainant.Addr; a != "" && !SameAddr(a, o.c.Complainant.Addr) {
		s.tellClient("taken_out", Facts{Subject: s.c.Subject, Of: ref})
	}
	meanwhile := ""
	for _, e := range f.Heard {
		meanwhile += "\n\n" + DateOf(e.At.In(s.p.Location)).In(s.p.Language) + pick(s.p.Language, "：", ": ") + excerpt(e.Text, 400)
	}
	if n := len(f.Heard); n > 0 {
		meanwhile = "\n\n" + s.tr("合并期间投诉人来信%d封，已列入案卷：", "Mails that the complainant wrote meanwhile, on file here now (%d):", n) + meanwhile
	}
	for _, x := range []struct {
		*session
		other, more string
	}{{s, ref, ""}, {o, s.c.Ref, meanwhile}} {
		for _, p := range x.handlers() {
			if p != s.who || x.more != "" {
				x.tell(p, "case_news", Facts{From: s.who.Mailbox(), Text: strings.TrimSpace(s.tr("本案与 %s 不再合并，各自办理；本案的调查期限为%s。%s", "This case and %s are no longer dealt with together. The investigation of this one is due by %s. %s", x.other, x.c.Due.Due.In(s.p.Language), reason)) + x.more})
			}
		}
	}
	s.also(was, o)
	did := s.tr("%s 已拆出，恢复为“%s”，调查期限%s，自其原登记日起算；各方均已获告知。", "%s is a case of its own again: %s, its investigation due by %s, counted from its own registration. Everybody is told.",
		ref, o.c.State.In(s.lang), o.c.Due.Due.In(s.lang))
	if len(f.Heard)+len(f.Evidence) > 0 {
		did += s.tr("其投诉人在合并期间的来信%d封、材料%d件已列入该案案卷，本案仍保留收到的记录。", " What its complainant sent meanwhile is on file there now: mails %d, documents %d. The record that they came in stays here.", len(f.Heard), len(f.Evidence))
	}
	return did, nil
}

// split is #拆分: allegations go on as a case of their own.
func (s *session) split(c *Command) (string, error) {
	if len(c.Words) > 0 {
		if ref := FindRef(c.Words[0]); ref != "" {
			return s.takeOut(ref, c.Text)
		}
	}
	var nos []int
	if len(c.Words) > 0 {
		for _, f := range strings.FieldsFunc(c.Words[0], func(r rune) bool { return strings.ContainsRune(",，、+", r) }) {
			no, err := strconv.Atoi(f)
			if err != nil || s.c.allegation(no) == nil {
				return "", Refuse("没有第%s项投诉事项。", "There is no allegation %s.", f)
			}
			if !slices.Contains(nos, no) {
				nos = append(nos, no)
			}
		}
	}
	switch {
	case len(nos) == 0:
		return "", Refuse("请写明把哪几项投诉事项另立一案，如 #拆分 2,3。", "Say which allegations become a case of their own, as in #split 2,3.")
	case len(nos) >= len(s.c.Allegations):
		return "", Refuse("本案至少要留下一项投诉事项。", "At least one allegation must stay with this case.")
	}
	var texts []string
	for _, no := range nos {
		texts = append(texts, s.c.allegation(no).Text)
	}
	f := &Opened{Year: s.at.In(s.p.Location).Year(), Complainant: s.c.Complainant, Channel: s.c.Channel, Subject: s.c.Subject, Matter: strings.Join(texts, "\n"),
		Received: s.c.Received, Registered: s.c.Registered, Lang: s.c.Lang, Policy: s.c.Policy, MessageID: s.c.LastMessage, Due: s.c.Due,
		Registrar: s.who.Address, SplitFrom: s.c.Ref, Marks: s.c.Marks}
	o := s.beside(&Case{}, fmt.Sprintf("/split%d", len(s.out.Other)))
	o.do(f)
	if len(s.c.Members) > 0 {
		o.do(&Grouped{Members: s.c.Members})
	}
	o.do(&Admitted{Category: s.c.Category})
	for i, no := range nos {
		a := s.c.allegation(no)
		o.do(&Alleged{No: i + 1, Text: a.Text, Respondent: a.Respondent})
	}
	o.acknowledge(s.c.LastMessage)
	o.share()
	for _, p := range o.desk() {
		o.tell(p, "new_case", Facts{Text: o.c.Matter, From: s.c.Complainant.Mailbox(), Subject: o.c.Subject})
	}
	s.do(&SplitOff{Nos: nos, Reason: c.Text, opened: f})
	s.also(&Case{}, o)
	return s.tr("已另立一案，案号见随后的新案邮件；期限仍自原登记日起算。", "A case of its own has been opened; its number comes with its mail. Its time limit runs from the same start date."), nil
}

var personLine = regexp.MustCompile(`^\s*(?:[-•·\d.、]+\s*)?(.*?)\s*[<＜(（]?([^\s<>＜＞()（）,;，；"]+@[^\s<>＜＞()（）,;，；"]+)[>＞)）]?\s*$`)

// group is #群体: further complainants join the case.
func (s *session) group(c *Command) (string, error) {
	var members []Complainant
	for _, l := range strings.FieldsFunc(c.Args["members"]+"\n"+c.Text, func(r rune) bool { return strings.ContainsRune("\n,，;；", r) }) {
		if strings.TrimSpace(l) == "" {
			continue
		}
		m := personLine.FindStringSubmatch(l)
		if m == nil {
			return "", Refuse("“%s”没有写出电子邮件地址；每行一人：姓名 <地址>。", "%q holds no email address; write one person a line: Name <address>.", excerpt(l, 60))
		}
		p := Complainant{Name: strings.TrimSpace(m[1]), Addr: strings.ToLower(m[2])}
		if p.Name == "" {
			p.Name, _, _ = strings.Cut(p.Addr, "@")
		}
		if !s.c.party(p.Addr) && !slices.ContainsFunc(members, func(x Complainant) bool { return SameAddr(x.Addr, p.Addr) }) {
			members = append(members, p)
		}
	}
	if strings.TrimSpace(c.Args["members"]+c.Text) == "" {
		return "", Refuse("缺少内容：请写明成员，每行一人：姓名 <地址>。", "Name the members, one a line: Name <address>.")
	}
	if len(members) == 0 {
		return s.tr("各位成员都已在案，没有改动。", "All of them are members already; nothing changed."), nil
	}
	s.do(&Grouped{Members: members})
	for _, p := range members {
		s.send(Mail{To: p.Mailbox(), Lang: s.c.Lang, Template: "grouped", Facts: Facts{Subject: s.c.Subject}})
	}
	did := s.tr("本案作为群体投诉办理，共%d人，每人都会收到函件。", "Handled as a group complaint of %d; each of them gets every letter.", len(s.c.Members)+1)
	return did + s.advice(), nil
}
