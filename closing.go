package complaints

import (
	"slices"
	"strings"
	"time"
)

// ClosedCase ends the work, with a closing code of casework E.6.
type ClosedCase struct {
	Code   string `json:"code"`
	Reason string `json:"reason,omitempty"`
}

// Kind names the fact in the log.
func (*ClosedCase) Kind() string { return "closed" }

func (f *ClosedCase) apply(c *Case, e *Event) error {
	c.State, c.ClosedAt, c.ClosingCode = Closed, e.At, f.Code
	if f.Code == "withdrawn" {
		c.State = Withdrawn
	}
	c.note(e, f.Kind(), f.Code+" "+f.Reason)
	return nil
}

// Reopened takes a closed case up again, with the reason.
type Reopened struct {
	Reason string   `json:"reason"`
	Due    Deadline `json:"due"`
}

// Kind names the fact in the log.
func (*Reopened) Kind() string { return "reopened" }

func (f *Reopened) apply(c *Case, e *Event) error {
	c.State, c.ClosedAt, c.ClosingCode, c.Due = Investigating, time.Time{}, "", f.Due
	c.note(e, f.Kind(), f.Reason)
	return nil
}

// close ends the case and tells the client. While the appeal window is open
// only an accepted offer ends it.
func (s *session) close(c *Command) (string, error) {
	code := map[State]string{Decided: "no_appeal", AppealDecided: "appeal_decided", InRemedy: "settled"}[s.c.State]
	accepted := slices.ContainsFunc(s.c.Log, func(e Entry) bool { return e.What == "offer_accepted" })
	if accepted && s.c.State == Decided {
		code = "settled"
	}
	if v := c.Args["code"]; v != "" {
		got, ok := parseWord(v, closingCodes)
		if !ok {
			return "", Refuse("没有结案代码“%[1]s”。代码：%[2]s", "There is no closing code %[1]q. Codes: %[3]s", v, codeList(closingCodes, "zh"), codeList(closingCodes, "en"))
		}
		code = got
	}
	withdrawn := code == "withdrawn" && s.c.withdrawalSought()
	switch {
	case withdrawn:
	case s.c.State == Decided && !s.late() && !accepted:
		return "", Refuse("申诉期限到 %[1]s 才届满，期间不能结案；投诉人接受方案或撤回的除外。", "The time for an appeal runs until %[2]s; until then the case can be closed only if the client accepts the offer or withdraws.",
			s.c.AppealUntil.In("zh"), s.c.AppealUntil.In("en"))
	case s.c.State != Decided && s.c.State != AppealDecided && s.c.State != InRemedy:
		return "", Refuse("本案现为“%[1]s”，尚未答复投诉人，不能结案；投诉人已书面要求撤回的，用 #结案 代码=撤回。", "The case is %[2]s and the client has no answer yet, so it cannot be closed; if the client has asked in writing to withdraw, use #close code=withdrawn.",
			s.c.State.In("zh"), s.c.State.In("en"))
	}
	s.do(&ClosedCase{Code: code, Reason: c.Text})
	if s.c.Complainant.Addr != "" {
		s.tellClient("closed", Facts{Subject: s.c.Subject, Text: strings.TrimSpace(c.Text), Level: code})
	}
	return s.tr("已结案：%s。", "Closed: %s.", ClosingWords(code, s.lang)), nil
}

// withdrawalSought reports whether the client has asked to withdraw.
func (c *Case) withdrawalSought() bool {
	return slices.ContainsFunc(c.Log, func(e Entry) bool { return e.What == "withdrawal_sought" })
}

func (s *session) reopen(c *Command) (string, error) {
	s.do(&Reopened{Reason: c.Text, Due: s.p.Calendar.WorkingDays(s.today(), s.p.InvestigationDays, nil)})
	for _, p := range s.handlers() {
		if p != s.who {
			s.tell(p, "case_news", Facts{From: s.who.Mailbox(), Text: s.tr("本案已重开：%s", "The case has been reopened: %s", c.Text)})
		}
	}
	return s.tr("已重开；新的调查期限为 %s。", "Reopened; the investigation is now due by %s.", s.c.Due.Due.In(s.lang)), nil
}

func (s *session) language(c *Command) (string, error) {
	lang := ""
	if len(c.Words) > 0 {
		lang = map[string]string{"zh": "zh", "中文": "zh", "chinese": "zh", "en": "en", "英文": "en", "english": "en"}[strings.ToLower(c.Words[0])]
	}
	if lang == "" {
		return "", Refuse("语言写 zh 或 en。", "The language is zh or en.")
	}
	if lang == s.c.Lang {
		return s.tr("语言已是 %s，没有改动。", "The language is %s already; nothing changed.", lang), nil
	}
	s.do(&LanguageSet{Lang: lang})
	return s.tr("此后致投诉人的函件使用 %s。", "The client is written to in %s from now on.", lang), nil
}
