package mailout

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"complaints"
	"complaints/store"
)

// Calendar is an iCalendar object that a mail carries beside its text, so that
// calendar programs show it (RFC 6047).
type Calendar struct {
	Method  string // REQUEST or CANCEL
	Content string // RFC 5545, lines ended by CRLF
}

// invitation writes a meeting for one recipient: METHOD:REQUEST as long as it
// stands, each change under a higher SEQUENCE, METHOD:CANCEL once it is called
// off (RFC 5546 section 3.2). organizer is the reader's own address at the desk,
// to which their program answers. Nothing of any case stands in it: calendars are
// copied to telephones and shared with assistants.
func invitation(p *complaints.Policy, m *complaints.Meeting, organizer string, lang string, now time.Time) *Calendar {
	v := View{Lang: lang}
	method, status := "REQUEST", "CONFIRMED"
	if m.Cancelled != "" {
		method, status = "CANCEL", "CANCELLED"
	}
	_, domain, _ := strings.Cut(p.Address, "@")
	stamp := func(t time.Time) string { return t.UTC().Format("20060102T150405Z") }
	var b strings.Builder
	line := func(format string, args ...any) { foldLine(&b, fmt.Sprintf(format, args...)) }
	line("BEGIN:VCALENDAR")
	line("PRODID:-//complaintsd//committee//EN")
	line("VERSION:2.0")
	line("CALSCALE:GREGORIAN")
	line("METHOD:%s", method)
	line("BEGIN:VEVENT")
	line("UID:%s@%s", m.Ref, domain)
	line("SEQUENCE:%d", m.Revision)
	line("DTSTAMP:%s", stamp(now))
	line("DTSTART:%s", stamp(m.From))
	line("DTEND:%s", stamp(m.To))
	line("SUMMARY:%s", icsText(v.tr("投诉处理委员会", "Complaints Committee: ")+m.Title(lang, p.Location)))
	line("LOCATION:%s", icsText(m.Place))
	line("DESCRIPTION:%s", icsText(v.tr("议程和材料见投诉处理系统发给您的会议通知（%s）。", "Agenda and papers are in the invitation that the complaints desk sent to you (%s).", m.Ref)))
	line("ORGANIZER;CN=%s:mailto:%s", icsParam(deskName(p.Firm, lang)), organizer)
	for _, a := range m.Invited {
		who := p.Register.Find(a)
		if who == nil {
			continue
		}
		answer := "NEEDS-ACTION"
		if x := m.Answer(a); x != nil {
			answer = map[bool]string{true: "ACCEPTED", false: "DECLINED"}[x.Coming]
		}
		line("ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=%s;RSVP=TRUE;CN=%s:mailto:%s", answer, icsParam(who.Name), who.Address)
	}
	line("STATUS:%s", status)
	line("CLASS:PRIVATE")
	line("TRANSP:OPAQUE")
	line("END:VEVENT")
	line("END:VCALENDAR")
	return &Calendar{Method: method, Content: b.String()}
}

// foldLine writes a content line: no more than 75 octets on each, and no
// character is cut in two (RFC 5545 section 3.1).
func foldLine(b *strings.Builder, s string) {
	room := 75
	for len(s) > room {
		at := room
		for !utf8.RuneStart(s[at]) {
			at--
		}
		b.WriteString(s[:at] + "\r\n ")
		s, room = s[at:], 74
	}
	b.WriteString(s + "\r\n")
}

// icsText writes a value of type TEXT (RFC 5545 section 3.3.11).
func icsText(s string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`).Replace(strings.ReplaceAll(strings.TrimSpace(s), "\r", ""))
}

// icsParam writes the value of a parameter between quotation marks, with ^ as
// the escape sign (RFC 6868).
func icsParam(s string) string {
	return `"` + strings.NewReplacer("^", "^^", `"`, "^'", "\n", " ", "\r", "").Replace(s) + `"`
}

// on makes the view one about a meeting. rows are the cases on its agenda; of
// those from which the reader is recused they hold the number alone.
func (v View) on(m *complaints.Meeting) View {
	v.Meeting, v.Ref, v.Actions = m, m.Ref, nil
	if r := m.Minutes; r != nil {
		v.Number = r.Letter.Number.String()
	}
	for _, a := range v.policy.NextOn(m, v.policy.Register.Find(v.To.Addr), v.now) {
		v.Actions = append(v.Actions, v.ready(a))
	}
	return v
}

// Session names the mail's meeting; "" without one.
func (v View) Session() string {
	if v.Meeting == nil {
		return ""
	}
	return v.Meeting.Title(v.Lang, v.location())
}

// When writes the time of a meeting with the day of the week: 2026年12月15日
// （星期二）14:00至16:00.
func (v View) When() string {
	if v.Meeting == nil {
		return ""
	}
	from, to := v.Meeting.From.In(v.location()), v.Meeting.To.In(v.location())
	day := complaints.DateOf(from).In(v.Lang)
	weekday := "星期" + string([]rune("日一二三四五六")[from.Weekday()])
	return v.tr(fmt.Sprintf("%s（%s）%s至%s", day, weekday, from.Format("15:04"), to.Format("15:04")),
		fmt.Sprintf("%s, %s, %s to %s", from.Weekday(), day, from.Format("15:04"), to.Format("15:04 (UTC-07:00)")))
}

// Attending lists who is invited to the meeting and what they have answered.
func (v View) Attending() []Guest {
	if v.Meeting == nil {
		return nil
	}
	var out []Guest
	for _, a := range v.Meeting.Invited {
		g := Guest{Name: v.Who(a), Answer: v.tr("尚未答复", "no answer yet")}
		if x := v.Meeting.Answer(a); x != nil && x.Coming {
			g.Answer = v.tr("出席", "will attend")
		} else if x != nil {
			g.Answer = v.tr("请假", "apologies")
			if x.Reason != "" {
				g.Answer += v.tr("：", ": ") + x.Reason
			}
		}
		out = append(out, g)
	}
	return out
}

// Guest is one who is invited.
type Guest struct{ Name, Answer string }

// Invited reports whether the reader is invited to the meeting, and not only
// told of it.
func (v View) Invited() bool {
	if v.Meeting == nil {
		return false
	}
	for _, a := range v.Meeting.Invited {
		if complaints.SameAddr(a, v.To.Addr) {
			return true
		}
	}
	return false
}

// Quorum is how many members a meeting needs.
func (v View) Quorum() int { return v.policy.Quorum }

// CategoryName names a category of complaints; those not yet classified too.
func (v View) CategoryName(code string) string {
	if code == "-" {
		return v.tr("未分类", "not yet classified")
	}
	return strings.TrimSpace(code + " " + complaints.CategoryWords(code, v.Lang))
}

// Resolutions are what the meeting resolved, by its minutes.
func (v View) Resolutions() []string {
	if v.Meeting == nil || v.Meeting.Minutes == nil || v.Meeting.Minutes.Letter.Minutes == nil {
		return nil
	}
	var out []string
	for _, x := range v.Meeting.Minutes.Letter.Minutes.Items {
		if x.Resolved != "" {
			out = append(out, strings.TrimSpace(x.Ref+" "+x.Title)+v.tr("：", ": ")+x.Resolved)
		}
	}
	return out
}

// recused is the level of minutes that their reader gets in part.
const recused = "recused"

// fitMinutes takes out of minutes what concerns a case that their reader may
// not know of, and says so: they are complained of in it, or have stepped aside.
func (s *Sender) fitMinutes(ctx context.Context, p *complaints.Policy, meeting *complaints.Meeting, m complaints.Mail) (*complaints.Meeting, complaints.Mail, error) {
	if m.Template != "minutes" || meeting.Minutes == nil || meeting.Minutes.Letter.Minutes == nil {
		return meeting, m, nil
	}
	who, out, f := p.Register.Find(m.To.Addr), meeting.Clone(), *meeting.Minutes.Letter.Minutes
	var barred []string
	for _, it := range f.Items {
		c, err := s.DB.Case(ctx, it.Ref)
		if it.Ref == "" || store.NotFound(err) {
			continue
		}
		if err != nil {
			return nil, m, err
		}
		if c.Conflicted(who) {
			barred = append(barred, it.Ref)
		}
	}
	if len(barred) == 0 {
		return meeting, m, nil
	}
	f.Items = slices.DeleteFunc(slices.Clone(f.Items), func(it complaints.MinuteItem) bool { return slices.Contains(barred, it.Ref) })
	f.Actions = slices.DeleteFunc(slices.Clone(f.Actions), func(a complaints.Measure) bool { return slices.Contains(barred, a.Case) })
	out.Minutes.Letter.Minutes, m.Facts.Level = &f, recused
	return out, m, nil
}

// NextDay is a working day soon, for a meeting that is to be called.
func (v View) NextDay() string {
	return v.policy.Calendar.WorkingDays(v.today(), 3, nil).Due.String()
}

// meetingMails are about a meeting, or about the want of one.
var meetingMails = []string{"meeting_call", "meeting_moved", "meeting_cancelled", "meeting_answers", "minutes_due", "minutes_approval", "minutes_returned", "minutes"}

// meeting is a meeting of the sample firm as far as it has come when a mail is
// sent; nil for mails about none.
func (w *sampleFirm) meeting(name string) *complaints.Meeting {
	if !slices.Contains(meetingMails, name) {
		return nil
	}
	at := func(hour int) time.Time { return time.Date(2026, 12, 15, hour, 0, 0, 0, w.now.Location()) }
	m := &complaints.Meeting{Ref: "M2026-0001", Slot: complaints.Slot{From: at(14), To: at(16), Place: w.tr("三楼会议室", "Room 3")}, Secretary: "chen@firm.example",
		Agenda: []string{w.tr("第四季度投诉趋势", "Trends of the fourth quarter")}, Docket: []string{"T2026-0001", "T2026-0002"},
		Figures: complaints.Figures{Since: complaints.Date{Year: 2026, Month: 9, Day: 15}, Received: 9, Closed: 6, Open: 4, Overdue: 1, Found: 11, Upheld: 5, Appeals: 2, Changed: 1, Breaches: 3, Vulnerable: 2, Unheeded: 1,
			Categories: []complaints.Category{{Code: "F6", N: 5}, {Code: "-", N: 4}}},
		Invited: []string{"wu@firm.example", "zheng@firm.example", "sun@firm.example"}}
	switch {
	case name == "meeting_cancelled":
		m.Cancelled, m.Revision = w.tr("主任委员出庭", "The chair is in court"), 1
	case name == "meeting_answers" || name == "minutes_due":
		m.Answers = []complaints.Attendance{{Member: "wu@firm.example", Reason: w.tr("出差", "travelling")}, {Member: "sun@firm.example", Coming: true}}
		if name == "minutes_due" {
			m.From, m.To = m.From.AddDate(0, 0, -14), m.To.AddDate(0, 0, -14)
		}
	case strings.HasPrefix(name, "minutes"):
		m.From, m.To = m.From.AddDate(0, 0, -8), m.To.AddDate(0, 0, -8)
		m.Minutes = &complaints.MinutesRecord{Presided: "sun@firm.example", By: "chen@firm.example", Hash: strings.Repeat("c4", 32), Letter: complaints.Letter{Minutes: &complaints.MinutesFacts{
			Items: []complaints.MinuteItem{{Title: w.tr("退费争议", "Refund dispute"), Ref: "T2026-0001", Resolved: w.tr("同意退还全部代理费", "The whole fee is refunded")},
				{Title: w.tr("第四季度投诉趋势", "Trends of the fourth quarter")}},
			Actions: []complaints.Measure{{Text: w.tr("结案时出具费用结算单", "A statement of fees at the end of each matter"), Owner: w.tr("财务部主管", "Head of Finance"), Due: complaints.Date{Year: 2026, Month: 12, Day: 31}}}}}}
		if name == "minutes_returned" {
			m.Minutes.Returned = w.tr("漏记表决情况", "The vote is missing")
		}
		if name == "minutes" {
			m.Minutes.Approved, m.Minutes.Letter.Number = w.now, complaints.LetterNumber{Firm: "明", Kind: "律投纪", Year: 2026, N: 1}
		}
	}
	return m
}
