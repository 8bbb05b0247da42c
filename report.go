package complaints

import "time"

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
