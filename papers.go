package complaints

import (
	"fmt"
	"strings"
	"time"
)

// materials lists what the committee had before it.
func (s *session) materials() []string {
	zh := s.c.Lang != "en"
	out := []string{pick(s.c.Lang, "您的投诉与申诉", "Your complaint and your appeal")}
	if r := s.c.LastLetter(ResultLetter); r != nil {
		out = append(out, pick(s.c.Lang, "处理结果告知书（"+r.Letter.Number.String()+"）", "The result letter ("+r.Letter.Number.String()+")"))
	}
	if s.c.Report != nil {
		out = append(out, pick(s.c.Lang, "书面调查报告", "The written report of the investigation"))
	}
	if n := len(s.c.Evidence); n > 0 {
		if zh {
			out = append(out, fmt.Sprintf("案卷证据材料%d件", n))
		} else {
			out = append(out, fmt.Sprintf("%d documents on the file", n))
		}
	}
	return out
}

func paragraphs(text string) []string {
	var out []string
	for _, l := range strings.Split(text, "\n") {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

// sendPapers sends members everything that they need for a case: one PDF, and
// in the mail itself what it is about. A letter that cannot be printed does not
// hold the papers up.
func (s *session) sendPapers(members []string) {
	no, template := s.papers(), "committee_papers"
	f := Facts{From: s.c.Complainant.Mailbox(), Level: s.p.votingDue(s.c).Due.String()}
	if s.c.State == AppealReview {
		template, f.Text = "appeal_papers", s.c.Appeal.Grounds
	} else {
		f.Text = s.c.Docket.Question
	}
	for _, a := range members {
		if p := s.p.Register.Find(a); p != nil {
			s.tell(p, template, f).LetterNo = no
		}
	}
}

// papers issues the committee's papers on a case and gives the letter's number
// in the case; 0 if they cannot be printed. Who is called in later gets the same.
func (s *session) papers() int {
	appeal := s.c.State == AppealReview
	since, recused := time.Time{}, s.c.Recusals
	if appeal {
		since = s.c.Appeal.At
	} else {
		since, recused = s.c.Docket.At, s.c.Docket.Recused
	}
	if r := s.c.LastLetter(PapersLetter); r != nil && r.Letter.Papers.Appeal == appeal && !r.Letter.Date.Before(DateOf(since.In(s.p.Location))) {
		return r.Letter.No
	}
	lang := s.p.Language
	f := &PapersFacts{Appeal: appeal, VoteBy: s.p.votingDue(s.c).Due, Quorum: s.p.Quorum, Report: s.annex()}
	f.Members, f.Recused = s.p.panelMembers(*s.c.seats(), recused, lang)
	if desk := s.desk(); len(desk) > 0 {
		f.Secretary = Contact{Name: desk[0].Name, Title: desk[0].Roles[0].In(lang), Phone: s.p.Firm.Phone, Email: desk[0].Address}
	}
	if appeal {
		f.Grounds, f.Questions = s.c.Appeal.Grounds, []string{s.tr("维持、变更、撤销原处理结果，或者发回重新调查", "Whether to uphold, change or set aside the outcome, or to have the complaint investigated afresh")}
		if r := s.c.LastLetter(ResultLetter); r != nil {
			f.Contested, f.IssuedOn, f.Result = r.Letter.Number, r.Letter.Date, r.Letter.Result
		}
		f.Limits = []LimitLine{{What: ClockWords("C10", lang), Start: s.c.Appeal.Due.Start, Due: s.c.Appeal.Due.Due}}
	} else {
		f.Questions = []string{s.c.Docket.Question}
		f.Limits = []LimitLine{{What: ClockWords("C4", lang), Start: s.c.Due.Start, Due: s.c.Due.Due, Done: DateOf(s.c.Report.ApprovedAt.In(s.p.Location))}}
	}
	l := s.letter(PapersLetter)
	l.Lang, l.To, l.Routes, l.Papers = lang, Address{Name: s.tr("投诉处理委员会各委员", "The members of the Complaints Committee")}, nil, f
	l.Signatory = f.Secretary
	for _, e := range s.c.Evidence {
		l.Enclosures = append(l.Enclosures, e.Name)
	}
	if s.p.Check != nil && s.p.Check(l) != nil {
		return 0
	}
	s.do(&Issued{Letter: &l, Number: l.Number, Date: s.today()})
	return len(s.c.Letters)
}

// annex is the report of the investigation as the papers carry it.
func (s *session) annex() *ReportFacts {
	if s.c.Report == nil {
		return nil
	}
	lang, day := s.p.Language, func(e Entry) Date { return DateOf(e.At.In(s.p.Location)) }
	name := func(addr string) string {
		if p := s.p.Register.Find(addr); p != nil {
			return p.Name
		}
		return addr
	}
	f := &ReportFacts{Complainant: s.c.Complainant.Name, Received: DateOf(s.c.Received.In(s.p.Location)), Registered: DateOf(s.c.Registered.In(s.p.Location)),
		Channel: s.c.Channel, Category: strings.TrimSpace(s.c.Category + " " + CategoryWords(s.c.Category, lang)), Severity: s.c.Severity.In(lang),
		Complaint: excerpt(s.c.Matter, 3000), Facts: paragraphs(s.c.Report.Text), Allegations: s.c.Allegations, Remedies: s.c.Remedies, Measures: s.c.Measures,
		Author: Contact{Name: name(s.c.Report.By), Title: TheHandler.In(lang)}, Version: s.c.Report.Version}
	for _, e := range s.c.Log {
		switch e.What {
		case "interview":
			f.Statements = append(f.Statements, CaseStep{On: day(e), Text: e.Text, By: name(e.By)})
		case "asked", "document":
			f.Steps = append(f.Steps, CaseStep{On: day(e), Text: e.Text, By: name(e.By)})
		}
	}
	for _, r := range s.c.RootCauses {
		f.Causes = append(f.Causes, strings.TrimSpace(r.Code+" "+CauseWords(r.Code, lang)+" "+r.Text))
	}
	return f
}
