package mailout

import (
	"strings"
	"testing"

	"complaints"
	"complaints/mailin"
)

// An invitation is an iCalendar object that calendar programs take: its lines
// are folded, its names are quoted, a change has a higher SEQUENCE, and a
// cancellation the same UID.
func TestInvitation(t *testing.T) {
	w := newSample("zh")
	m := w.meeting("meeting_call")
	m.Place = "三楼会议室；东侧, 近电梯\n请出示证件"
	m.Answers = []complaints.Attendance{{Member: "sun@firm.example", Coming: true}, {Member: "wu@firm.example"}}
	organizer := complaints.Detailed(w.policy.Address, w.policy.Keys.Sign(m.Ref, complaints.ForStaff, "sun@firm.example", w.now))
	c := invitation(w.policy, m, organizer, "zh", w.now)
	for l := range strings.SplitSeq(strings.TrimSuffix(c.Content, "\r\n"), "\r\n") {
		if len(l) > 75 || strings.ContainsAny(l, "\r\n") {
			t.Errorf("a line of %d octets: %q", len(l), l)
		}
	}
	whole := strings.ReplaceAll(c.Content, "\r\n ", "")
	for _, want := range []string{"METHOD:REQUEST\r\n", "UID:M2026-0001@firm.example\r\n", "SEQUENCE:0\r\n", "DTSTART:20261215T060000Z\r\n", "DTEND:20261215T080000Z\r\n",
		`LOCATION:三楼会议室；东侧\, 近电梯\n请出示证件` + "\r\n", "STATUS:CONFIRMED\r\n", "mailto:" + organizer + "\r\n",
		`PARTSTAT=ACCEPTED;RSVP=TRUE;CN="孙立":mailto:sun@firm.example`, `PARTSTAT=DECLINED;RSVP=TRUE;CN="吴刚":mailto:wu@firm.example`, "PARTSTAT=NEEDS-ACTION"} {
		if !strings.Contains(whole, want) {
			t.Errorf("%q is not in\n%s", want, whole)
		}
	}
	if strings.Contains(whole, "T2026-") {
		t.Error("a case stands in a calendar")
	}
	if c := invitation(w.policy, w.meeting("meeting_cancelled"), organizer, "en", w.now); c.Method != "CANCEL" || !strings.Contains(c.Content, "SEQUENCE:1\r\n") || !strings.Contains(c.Content, "STATUS:CANCELLED\r\n") {
		t.Errorf("cancelled:\n%s", c.Content)
	}
	if got := icsParam(`Sun "Li" ^`); got != `"Sun ^'Li^' ^^"` {
		t.Error(got)
	}

	// In a mail it is an alternative of the words, and a file for programs that
	// want one; our own reader finds both.
	raw, err := Compose(Header{From: complaints.Address{Addr: w.policy.Address}, To: complaints.Address{Addr: "sun@firm.example"}, Subject: "会议通知", MessageID: "1@firm.example",
		Date: w.now, Auto: "auto-generated", Loop: "mark"}, Body{Text: "会议通知", HTML: "<p>会议通知</p>", Calendar: c, Attachments: []File{{Name: "meeting.ics", Type: "application/ics", Content: []byte(c.Content)}}})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(raw), "text/calendar; method=REQUEST; charset=UTF-8") {
		t.Errorf("no calendar part in\n%s", raw)
	}
	msg := mailin.Parse(raw, mailin.Desk{})
	if !strings.Contains(msg.Text, "METHOD: REQUEST") || len(msg.Problems) > 0 || msg.RSVP != nil {
		t.Errorf("read as %q, problems %v", msg.Text, msg.Problems)
	}
	reply := strings.NewReplacer("METHOD:REQUEST", "METHOD:REPLY").Replace(c.Content)
	reply = reply[:strings.Index(reply, "ATTENDEE")] + "ATTENDEE;PARTSTAT=DECLINED;CN=\"Sun: Li; member\":MAILTO:Sun@firm.example\r\nCOMMENT:出差\\, 下周回\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	answer := "From: sun@firm.example\r\nTo: " + organizer + "\r\nSubject: Declined\r\nMIME-Version: 1.0\r\nContent-Type: text/calendar; method=REPLY; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + reply
	got := mailin.Parse([]byte(answer), mailin.Desk{}).RSVP
	if got == nil || *got != (complaints.RSVP{UID: "M2026-0001@firm.example", Attendee: "sun@firm.example", Status: "DECLINED", Comment: "出差, 下周回"}) {
		t.Errorf("the answer is read as %+v", got)
	}
}
