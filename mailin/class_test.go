package mailin

import (
	"strings"
	"testing"

	"complaints"
)

// TestClass: each mark of mail.md, and the people who must not be taken for a
// machine.
func TestClass(t *testing.T) {
	const from = "From: Zhou Min <zhou@client.example>\n"
	const daemon = "From: postmaster@relay.example\n"
	tests := []struct {
		mail  string
		class complaints.Class
		why   string // a part of Why
	}{
		{from + "Subject: fees\n\nx", complaints.Public, ""},
		{from + "Auto-Submitted: no\n\nx", complaints.Public, ""},
		{from + "Auto-Submitted: No; (by hand)\n\nx", complaints.Public, ""},
		{from + "Auto-Submitted: auto-replied\n\nx", complaints.Auto, "Auto-Submitted"},
		{from + "Precedence: bulk\n\nx", complaints.Auto, "bulk"},
		{from + "Precedence: AUTO_REPLY\n\nx", complaints.Auto, "auto_reply"},
		{from + "Precedence: first-class\n\nx", complaints.Public, ""},
		{from + "X-Autoreply: yes\n\nx", complaints.Auto, "X-Autoreply"},
		{from + "X-Autorespond: x\n\nx", complaints.Auto, "X-Autorespond"},
		{from + "X-Auto-Response-Suppress: All\n\nx", complaints.Auto, "Suppress"},
		{from + "X-Auto-Response-Suppress: None\n\nx", complaints.Public, ""},
		{from + "List-Unsubscribe: <mailto:x@y.example>\n\nx", complaints.Auto, "List-Unsubscribe"},
		{"Return-Path: <>\n" + from + "Subject: hello\n\nx", complaints.Auto, "null return path"},
		{"Return-Path: <>\n" + from + "Subject: Undelivered mail\n\nx", complaints.Bounce, "null return path"},
		{"From: no-reply@shop.example\nSubject: your order\n\nx", complaints.Auto, "no-reply"},
		{"From: norepley@shop.example\n\nx", complaints.Public, ""},
		{"From: MAILER-DAEMON <>\nSubject: anything\n\nx", complaints.Bounce, "MAILER-DAEMON"},
		{daemon + "Subject: Undeliverable: letter\n\nx", complaints.Bounce, "Undeliver"},
		{daemon + "Subject: letter\n\nYour message could not be delivered", complaints.Bounce, "could not be delivered"},
		{daemon + "Subject: planned work on Sunday\n\nThe server is off at 9.", complaints.Auto, "postmaster"},
		{from + "X-Failed-Recipients: a@b.example\n\nx", complaints.Bounce, "X-Failed-Recipients"},
		{from + "Subject: =?utf-8?B?6Ieq5Yqo5Zue5aSN?=: fees\n\nx", complaints.Auto, "自动回复"},
		{from + "Subject: Automatic reply: fees\n\nx", complaints.Auto, "Automatic reply"},
		{from + "Subject: Out of office\n\nx", complaints.Auto, "Out of office"},
		{from + "Subject: Abwesenheitsnotiz: x\n\nx", complaints.Auto, "Abwesenheit"},
		{from + "Subject: Réponse automatique : x\n\nx", complaints.Auto, "Réponse"},
		{from + "Subject: Re: Automatic reply: fees\n\nx", complaints.Public, ""},
		{from + "Subject: 外出取证费用不合理\n\nx", complaints.Public, ""},
		{from + "Subject: 投诉：邮件被退回\n\n550 5.1.1 User unknown", complaints.Public, ""},
		{from + "Subject: Undelivered mail to your lawyer\n\nMy message could not be delivered", complaints.Public, ""},
		{"From: Postma <postma@client.example>\nSubject: delivery failed\n\nx", complaints.Public, ""},
		{from + "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\nx", complaints.Bounce, "delivery-status"},
		{from + "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\nx", complaints.Auto, "disposition"},
		{from + "Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\nx", complaints.Auto, "feedback"},
		{from + "X-Complaintsd-Loop: v1.desk.8c1f\n\nx", complaints.Own, "loop mark"},
		{from + "X-Complaintsd-Loop: v1.desk.0000\n\nx", complaints.Public, ""},
		{"From: Complaints@firm.example\n\nx", complaints.Auto, "own address"},
		{"From: Li <li@firm.example>\n\n#help", complaints.Staff, "register"},
		{"From: Li <li@firm.example>\nAuto-Submitted: auto-replied\n\n#help", complaints.Auto, "Auto-Submitted"},
		{"From: Li <li@firm.example>, x@y.example\n\n#help", complaints.Public, ""},
		{"From: li@firm.example <zhou@client.example>\n\n#help", complaints.Public, ""},
		{"From: Zhou <zhou@client.example>\nReply-To: li@firm.example\nSender: li@firm.example\n\n#help", complaints.Public, ""},
	}
	for _, test := range tests {
		m := Parse([]byte(test.mail), goldenDesk())
		if m.Class != test.class || !strings.Contains(m.Why, test.why) {
			t.Errorf("%q:\nclass %s (%s), want %s (%s)", test.mail, m.Class, m.Why, test.class, test.why)
		}
		if m.Class != complaints.Bounce && m.DSN != nil {
			t.Errorf("%q: a DSN of no bounce", test.mail)
		}
	}
}

// TestDSN: of several recipients the one that failed is reported, and the mail
// that came back is known by its Message-ID.
func TestDSN(t *testing.T) {
	report := func(status, returned string) string {
		return "From: MAILER-DAEMON@relay.example\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n" +
			"--b\n\nnotice\n--b\nContent-Type: message/delivery-status\n\n" + status + "\n--b\n" + returned + "\n--b--\n"
	}
	const headers = "Content-Type: text/rfc822-headers\n\nSubject: x\nMessage-ID: <letter-9@firm.example>\n"
	const nested = "Content-Type: message/rfc822\n\nMessage-ID: <letter-9@firm.example>\n\nMessage-ID: <no@x.example>\n"
	tests := map[string]complaints.DSN{
		report("Reporting-MTA: dns; r\n\nFinal-Recipient: rfc822; a@x.example\nAction: delivered\nStatus: 2.0.0\n\nFinal-Recipient: rfc822;<b@x.example>\nAction: Failed (bounced)\nStatus: 5.2.2 (full)\nDiagnostic-Code: smtp; 552 5.2.2 full", headers): {
			Recipient: "b@x.example", Action: "failed", Status: "5.2.2", Diagnostic: "552 5.2.2 full", MessageID: "letter-9@firm.example"},
		report("Reporting-MTA: dns; r\n\nOriginal-Recipient: rfc822; a@x.example\nAction: delayed\nStatus: 4.4.1", nested): {
			Recipient: "a@x.example", Action: "delayed", Status: "4.4.1", MessageID: "letter-9@firm.example"},
		"From: MAILER-DAEMON@relay.example\nSubject: failure notice\nTo: complaints@firm.example\n\n<c@x.example>:\nRemote host said: 554 no\n\nMessage-ID: <letter-9@firm.example>\nTo: c@x.example\n": {
			Recipient: "c@x.example", Action: "failed", Status: "5.0.0", Diagnostic: "Remote host said: 554 no", MessageID: "letter-9@firm.example"},
		"From: MAILER-DAEMON@relay.example\nSubject: Delayed Mail\nX-Failed-Recipients: d@x.example\nIn-Reply-To: <letter-9@firm.example>\n\nstill trying\n": {
			Recipient: "d@x.example", Action: "delayed", MessageID: "letter-9@firm.example"},
	}
	for mail, want := range tests {
		m := Parse([]byte(mail), Desk{})
		if m.Class != complaints.Bounce || m.DSN == nil || *m.DSN != want {
			t.Errorf("%q:\n got %s %+v\nwant %+v", mail, m.Class, m.DSN, want)
		}
	}
}
