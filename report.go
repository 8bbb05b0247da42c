package complaints

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Report is the written report of the investigation (chapter 5).
type Report struct {
	Version    int       `json:"version"`
	Text       string    `json:"text"`
	By         string    `json:"by"`
	At         time.Time `json:"at"`
	Approver   string    `json:"approver,omitempty"`
	ApprovedAt time.Time `json:"approved_at,omitzero"`
}

// Reported files the written report for review.
type Reported struct {
	Text        string       `json:"text"`
	Attachments []Attachment `json:"attachments,omitempty"`
}

// Kind names the fact in the log.
func (*Reported) Kind() string { return "reported" }

func (f *Reported) apply(c *Case, e *Event) error {
	version := 1
	if c.Report != nil {
		version = c.Report.Version + 1
	}
	c.Report = &Report{Version: version, Text: f.Text, By: e.By, At: e.At}
	c.State = ReportReview
	c.keep(e, e.By, f.Attachments)
	c.note(e, f.Kind(), f.Text)
	return nil
}

// ReportApproved ends the investigation: the clock C4 stops.
type ReportApproved struct{}

// Kind names the fact in the log.
func (*ReportApproved) Kind() string { return "report_approved" }

func (f *ReportApproved) apply(c *Case, e *Event) error {
	c.Report.Approver, c.Report.ApprovedAt = e.By, e.At
	c.State = DecisionDraft
	c.note(e, f.Kind(), "")
	return nil
}

// ReportReturned sends the report back with a reason.
type ReportReturned struct {
	Reason string `json:"reason"`
}

// Kind names the fact in the log.
func (*ReportReturned) Kind() string { return "report_returned" }

func (f *ReportReturned) apply(c *Case, e *Event) error {
	c.State = Investigating
	c.note(e, f.Kind(), f.Reason)
	return nil
}

// unanswered lists the allegations that have no finding yet.
func (c *Case) unanswered() []string {
	var out []string
	for _, a := range c.Allegations {
		if a.Finding == "" {
			out = append(out, strconv.Itoa(a.No))
		}
	}
	return out
}

func (s *session) report(c *Command) (string, error) {
	if len(s.c.Allegations) == 0 {
		return "", Refuse("本案还没有投诉事项；请客服部先用 #事项 列明。", "The case has no allegations yet; list them with #allegation first.")
	}
	if open := s.c.unanswered(); len(open) > 0 {
		return "", Refuse("第%[1]s项还没有认定；报告须逐项答复，请先用 #认定。", "Allegation %[2]s has no finding yet; the report must answer each one: use #finding first.",
			strings.Join(open, "、"), strings.Join(open, ", "))
	}
	s.do(&Reported{Text: c.Text, Attachments: s.m.Attachments})
	reviewers := s.reviewers()
	if len(reviewers) == 0 {
		return "", Refuse("没有可以审核本报告的负责人；请联系管理员核对名册。", "Nobody in the register may review this report; please tell the administrator.")
	}
	for _, p := range reviewers {
		s.tell(p, "report_review", Facts{Text: c.Text, From: s.who.Mailbox(), Attachments: s.m.Attachments})
	}
	return s.tr("报告第%d版已送 %s 审核。", "Version %d of the report is with %s for review.", s.c.Report.Version, people(reviewers, s.lang)), nil
}

// reviewers may approve what the person who writes has done: the heads, or the
// chair where there is none without a conflict.
func (s *session) reviewers() []*Person {
	other := func(p *Person) bool { return p == s.who || SameAddr(p.Address, s.c.Handler) }
	out := slices.DeleteFunc(s.free(Head), other)
	if len(out) == 0 {
		out = slices.DeleteFunc(s.free(Chair), other)
	}
	return out
}

func people(ps []*Person, lang string) string {
	var out []string
	for _, p := range ps {
		out = append(out, p.Name)
	}
	return strings.Join(out, pick(lang, "、", ", "))
}

// approveReport ends the investigation; a second person does it.
func (s *session) approveReport() (string, error) {
	if SameAddr(s.c.Report.By, s.who.Address) {
		return "", Refuse("报告由您提交，须由另一人批准。", "You filed the report; a second person must approve it.")
	}
	s.do(&ReportApproved{})
	due := s.p.Calendar.WorkingDays(s.today(), s.p.ResultDays, nil)
	for _, p := range s.handlers() {
		if p != s.who {
			s.tell(p, "report_approved", Facts{From: s.who.Mailbox(), Level: due.Due.String()})
		}
	}
	return s.tr("报告已批准。处理结果告知书须于 %s 前发出；请起草：#补救、#措施、#拟稿。", "The report is approved. The result letter is due by %s: #remedy, #measure, #draft.", due.Due.In(s.lang)), nil
}

// giveBack returns a report, or a draft, to who wrote it.
func (s *session) giveBack(c *Command) (string, error) {
	if s.c.State == ReportReview {
		s.do(&ReportReturned{Reason: c.Text})
		for _, p := range s.handlers() {
			if p != s.who {
				s.tell(p, "report_returned", Facts{Reason: c.Text, From: s.who.Mailbox()})
			}
		}
		return s.tr("报告已退回。", "The report has been sent back."), nil
	}
	d := s.c.pendingDraft()
	if d == nil {
		return "", Refuse("没有待批准的草稿。", "No draft is waiting for approval.")
	}
	s.do(&DraftReturned{No: d.Letter.No, Reason: c.Text})
	for _, p := range s.handlers() {
		if p != s.who {
			s.tell(p, "draft_returned", Facts{Reason: c.Text, From: s.who.Mailbox()})
		}
	}
	return s.tr("草稿已退回；修改后请重新 #拟稿。", "The draft has been sent back; draft it anew when it is mended."), nil
}
