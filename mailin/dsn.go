package mailin

import (
	"regexp"
	"strings"

	"complaints"

	"github.com/emersion/go-message"
)

// find gives the first part, in the order of the mail, of one of the media
// types; nil if there is none. Attached messages are not looked into.
func (p *part) find(media ...string) *part {
	for _, m := range media {
		if p.media == m {
			return p
		}
	}
	for _, kid := range p.kids {
		if found := kid.find(media...); found != nil {
			return found
		}
	}
	return nil
}

// readDSN reads what a delivery report says: the fields of RFC 3464 where it
// has them, else the words of the notice. It is meaningful only for a bounce.
func readDSN(root *part, h message.Header, m *complaints.Message) *complaints.DSN {
	quiet := &reader{Desk: Desk{Limits: Limits{}.withDefaults()}, m: &complaints.Message{}}
	d := &complaints.DSN{}
	if p := root.find("message/delivery-status", "message/global-delivery-status"); p != nil {
		quiet.recipientFields(quiet.decode(p), d)
	}
	if p := root.find("message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "text/rfc822-header", "message/global-headers"); p != nil {
		returned, _ := quiet.header(quiet.decode(p), nil)
		if ids := parseIDs(returned.Get("Message-Id")); len(ids) > 0 {
			d.MessageID = ids[0]
		}
	}
	readNotice(h, m, d)
	if *d == (complaints.DSN{}) {
		return nil
	}
	return d
}

// recipientFields reads the groups of a delivery-status body (RFC 3464 2.1):
// the first recipient to whom delivery failed, else the first.
func (r *reader) recipientFields(b []byte, d *complaints.DSN) {
	for range 1000 {
		var h message.Header
		h, b = r.header(b, nil)
		recipient := afterType(h.Get("Final-Recipient"))
		if recipient == "" {
			recipient = afterType(h.Get("Original-Recipient"))
		}
		action := strings.ToLower(strings.TrimSpace(clean(h.Get("Action"))))
		action, _, _ = strings.Cut(action, " ")
		if recipient != "" || action != "" {
			if d.Action == "" || d.Action != "failed" && action == "failed" {
				*d = complaints.DSN{
					Recipient: recipient, Action: action,
					Status:     statusCode.FindString(h.Get("Status")),
					Diagnostic: afterType(h.Get("Diagnostic-Code")),
				}
			}
		}
		if len(b) == 0 {
			return
		}
	}
}

// afterType drops the type of a DSN field: “rfc822; a@b”, “smtp; 550 …”.
func afterType(v string) string {
	if kind, rest, ok := strings.Cut(v, ";"); ok && !strings.ContainsAny(strings.TrimSpace(kind), " @") {
		v = rest
	}
	return strings.Trim(decodeHeader(v), "<> ")
}

var (
	statusCode    = regexp.MustCompile(`\b[245]\.\d{1,3}\.\d{1,3}\b`)
	replyCode     = regexp.MustCompile(`(?m)(?:^|[\s:>(,;'"#])([45])\d\d[ -](?:[45]\.\d{1,3}\.\d{1,3}\b)?`)
	noticeAddress = regexp.MustCompile(`[\w.!#$%&'*+/=?^{|}~-]+@[\w-]+(?:\.[\w-]+)+`)
	returnedID    = regexp.MustCompile(`(?im)^[> \t]*message-id:\s*<?([^<>\s]+@[^<>\s]+)>?`)
	delayWords    = regexp.MustCompile(`(?i)delay|warning|still being retried|not yet been delivered|延迟|延時|暂时未能|遅延`)
)

// readNotice fills in from the words of a report what its fields do not give.
func readNotice(h message.Header, m *complaints.Message, d *complaints.DSN) {
	words := m.Text[:min(len(m.Text), 32<<10)]
	if d.MessageID == "" {
		if found := returnedID.FindStringSubmatch(words); found != nil {
			d.MessageID = clean(found[1])
		}
	}
	if d.MessageID == "" && len(m.References) > 0 {
		d.MessageID = m.References[len(m.References)-1]
	}
	if d.Recipient == "" {
		d.Recipient = failedRecipient(h, m, words)
	}
	if d.Status == "" {
		if d.Status = statusCode.FindString(d.Diagnostic); d.Status == "" {
			d.Status = statusCode.FindString(words)
		}
	}
	if d.Status == "" {
		if code := replyCode.FindStringSubmatch(d.Diagnostic + "\n" + words); code != nil {
			d.Status = code[1] + ".0.0"
		}
	}
	if d.Diagnostic == "" {
		for line := range strings.SplitSeq(words, "\n") {
			if len(line) < 1000 && (replyCode.MatchString(line) || statusCode.MatchString(line)) {
				d.Diagnostic = strings.TrimSpace(line)
				break
			}
		}
	}
	if d.Action == "" && d.Recipient != "" {
		d.Action = "failed"
		if delayWords.MatchString(m.Subject) {
			d.Action = "delayed"
		}
	}
}

// failedRecipient finds to whom a mail could not be delivered: the field of
// Exim and Gmail, else the first address of the notice that is neither the
// reader's nor the mail system's own.
func failedRecipient(h message.Header, m *complaints.Message, words string) string {
	if a := parseAddresses(h.Get("X-Failed-Recipients"), 1); len(a) > 0 {
		return a[0].Addr
	}
	before, _, _ := strings.Cut(words, "Message-ID:")
	for _, a := range noticeAddress.FindAllString(before, 50) {
		a = strings.Trim(a, "'")
		ours := complaints.SameAddr(a, m.From.Addr)
		for _, to := range m.Recipients() {
			ours = ours || complaints.SameAddr(a, to)
		}
		if !ours && !isDaemon(a) {
			return a
		}
	}
	return ""
}
