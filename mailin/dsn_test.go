package mailin

import (
	"strings"
	"testing"

	"complaints"
)

// A notice of one mail system, and what it says of the letter. All of them
// went to the desk about a letter <l7@firm.example> to client@x.example.
type notice struct {
	name, mail string
	want       complaints.DSN
}

const letterHead = "Return-Path: <complaints@firm.example>\nReceived: from firm.example by relay.example; Tue, 3 Nov 2026 10:21:33 +0800\nDate: Tue, 3 Nov 2026 10:21:33 +0800\nFrom: Desk <complaints@firm.example>\nTo: client@x.example\nSubject: Decision\nMessage-ID: <l7@firm.example>\nX-Mailer: desk 5.1.4\n"

func noticesOfSystems() []notice {
	head := func(from, subject, more string) string {
		return "Return-Path: <>\nReceived: from relay.example (relay.example [5.2.2.9]) by mx.firm.example (Postfix 3.5.18)\nFrom: " + from + "\nTo: complaints@firm.example\nSubject: " + subject + "\nMessage-ID: <n1@relay.example>\nDate: Tue, 3 Nov 2026 10:25:00 +0800\nMIME-Version: 1.0\n" + more + "\n"
	}
	failed := func(status, diagnostic string) complaints.DSN {
		return complaints.DSN{Recipient: "client@x.example", Action: "failed", Status: status, Diagnostic: diagnostic, MessageID: "l7@firm.example"}
	}
	const plain = "Content-Type: text/plain; charset=utf-8\n"
	return []notice{
		{"Postfix", head("MAILER-DAEMON@relay.example (Mail Delivery System)", "Undelivered Mail Returned to Sender", "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n") +
			"--b\nContent-Description: Notification\n\nThis is the mail system at host relay.example.\n\n<client@x.example>: host mx.x.example[4.2.2.1] said: 550 5.1.1 unknown (in reply to RCPT TO command)\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example\n\nFinal-Recipient: rfc822; client@x.example\nOriginal-Recipient: rfc822;client@x.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 unknown\n--b\nContent-Type: text/rfc822-headers\n\n" + letterHead + "--b--\n",
			failed("5.1.1", "550 5.1.1 unknown")},
		{"Postfix, delayed", head("MAILER-DAEMON@relay.example", "Delayed Mail (still being retried)", "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n") +
			"--b\n\nTHIS IS A WARNING ONLY.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example\n\nFinal-Recipient: rfc822; client@x.example\nAction: delayed\nStatus: 4.4.1\nDiagnostic-Code: X-Postfix; connect to mx.x.example: timed out\nWill-Retry-Until: Sun, 8 Nov 2026 10:25:00 +0800\n--b\nContent-Type: text/rfc822-headers\n\n" + letterHead + "--b--\n",
			complaints.DSN{Recipient: "client@x.example", Action: "delayed", Status: "4.4.1", Diagnostic: "connect to mx.x.example: timed out", MessageID: "l7@firm.example"}},
		{"Exim", head("Mail Delivery System <Mailer-Daemon@relay.example>", "Mail delivery failed: returning message to sender", "X-Failed-Recipients: client@x.example\nAuto-Submitted: auto-replied\n") +
			"This message was created automatically by mail delivery software (Exim 4.92.3).\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  client@x.example\n    SMTP error from remote mail server after RCPT TO:<client@x.example>:\n    host mx.x.example [5.5.5.5]: 550 5.7.1 Relay denied\n\n------ This is a copy of the message, including all the headers. ------\n\n" + letterHead + "\nbody 550 5.2.2\n",
			failed("5.7.1", "host mx.x.example [5.5.5.5]: 550 5.7.1 Relay denied")},
		{"qmail", head("MAILER-DAEMON@relay.example", "failure notice", "") +
			"Hi. This is the qmail-send program at relay.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<client@x.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\n" + letterHead + "\nbody\n",
			failed("5.1.1", "Sorry, no mailbox here by that name. (#5.1.1)")},
		{"sendmail 8", head("Mail Delivery Subsystem <MAILER-DAEMON@relay.example>", "Returned mail: see transcript for details", "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n") +
			"--b\n\n   ----- The following addresses had permanent fatal errors -----\n<client@x.example>\n    (reason: 552 5.2.2 Over quota)\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example\nReceived-From-MTA: DNS; firm.example\n\nFinal-Recipient: RFC822; client@x.example\nAction: failed\nStatus: 5.2.2\nRemote-MTA: DNS; mx.x.example\nDiagnostic-Code: SMTP; 552 5.2.2 Over quota\n--b\nContent-Type: message/rfc822\n\n" + letterHead + "\nbody\n--b--\n",
			failed("5.2.2", "552 5.2.2 Over quota")},
		{"Courier", head("\"Courier mail server at relay.example\" <@>", "NOTICE: mail delivery status.", "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n") +
			"--b\n\nThis is a delivery status notification from relay.example.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example\n\nFinal-Recipient: rfc822; client@x.example\nAction: failed\nStatus: 5.0.0\nRemote-MTA: dns; mx.x.example [4.4.4.4]\nDiagnostic-Code: smtp; 550 no such user\n--b\nContent-Type: text/rfc822-headers\n\n" + letterHead + "--b--\n",
			failed("5.0.0", "550 no such user")},
		{"Exchange, in German, encoded", head("postmaster@x.onmicrosoft.example", "=?utf-8?Q?Unzustellbar:_Decision?=", "X-MS-Exchange-Message-Is-Ndr:\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n") +
			"--b\nContent-Type: text/html; charset=utf-8\n\n<p>Ihre Nachricht an client@x.example konnte nicht zugestellt werden.</p>\n--b\nContent-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\nUmVwb3J0aW5nLU1UQTogZG5zO3guZXhhbXBsZQoKRmluYWwtUmVjaXBpZW50OiByZmM4MjI7Y2xpZW50QHguZXhhbXBsZQpBY3Rpb246IGZhaWxlZApTdGF0dXM6IDUuMS4xMApEaWFnbm9zdGljLUNvZGU6IHNtdHA7NTUwIDUuMS4xMCBSRVNPTFZFUi5BRFIuUmVjaXBpZW50Tm90Rm91bmQK\n--b\nContent-Type: message/rfc822\n\n" + letterHead + "\nbody\n--b--\n",
			failed("5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound")},
		{"Gmail, of old", head("Mail Delivery Subsystem <mailer-daemon@googlemail.com>", "Delivery Status Notification (Failure)", "X-Failed-Recipients: client@x.example\n") +
			"Delivery to the following recipient failed permanently:\n\n     client@x.example\n\nTechnical details of permanent failure:\nGoogle tried to deliver your message, but it was rejected by the server for the recipient domain x.example.\n\nThe error that the other server returned was:\n550 5.2.1 The email account is inactive\n\n----- Original message -----\n\n" + letterHead + "\nbody\n",
			failed("5.2.1", "550 5.2.1 The email account is inactive")},
		{"Yahoo", head("MAILER-DAEMON@yahoo.example", "Failure Notice", "") +
			"Sorry, we were unable to deliver your message to the following address.\n\n<client@x.example>:\nRemote host said: 550 user not found [RCPT_TO]\n\n--- Below this line is a copy of the message.\n\n" + letterHead + "\nbody",
			failed("5.1.1", "Remote host said: 550 user not found [RCPT_TO]")},
		{"Domino", head("postmaster@x.example", "DELIVERY FAILURE: User client (client@x.example) not listed in Domino Directory", "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n") +
			"--b\n\nYour message\n\n  Subject: Decision\n\nwas not delivered to:\n\n  client@x.example\n\nbecause:\n\n  User client (client@x.example) not listed in Domino Directory\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns;mail.x.example\n\nFinal-Recipient: rfc822;client@x.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: X-Notes; User client (client@x.example) not listed in Domino Directory\n--b\nContent-Type: message/rfc822\n\n" + letterHead + "\n--b--\n",
			failed("5.1.1", "User client (client@x.example) not listed in Domino Directory")},
		{"MDaemon", head("MDaemon at x.example <MDaemon@x.example>", "Permanent Delivery Failure", plain) +
			"-----------------------------------------------\nPERMANENT DELIVERY FAILURE NOTIFICATION\n-----------------------------------------------\n\nThe attached message had PERMANENT fatal delivery errors.\n\nAddress(es) which failed:\n\n  client@x.example\n\n--- Session Transcript ---\n  >>> RCPT To:<client@x.example>\n  <<< 550 5.1.1 <client@x.example>: Recipient unknown\n--- End Transcript ---\n: Message contains [1] file attachments\n\nMessage-ID: l7@firm.example\n",
			failed("5.1.1", "<<< 550 5.1.1 <client@x.example>: Recipient unknown")},
		{"QQ", head("PostMaster@qq.example", "=?utf-8?B?57O757uf6YCA5L+h?=/Systems bounce", "Content-Type: text/html; charset=utf-8\n") +
			"<div><p>抱歉，您的邮件被退回来了……</p><table><tr><td>原邮件信息：</td><td>时间 2026-11-03 10:21:33<br>主题 Decision<br>收件人 <a>client@x.example</a></td></tr><tr><td>退信原因：</td><td>收件人邮箱地址不存在，邮件无法送达。(550 Mailbox not found)</td></tr><tr><td>发件人</td><td>complaints@firm.example</td></tr></table></div>\n\n",
			complaints.DSN{Recipient: "client@x.example", Action: "failed", Status: "5.1.1", Diagnostic: "退信原因： 收件人邮箱地址不存在，邮件无法送达。(550 Mailbox not found)"}},
		{"163", head("Postmaster@163.example", "=?gbk?B?z7XNs83L0MU=?=", "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n") +
			"--b\nContent-Type: text/html; charset=gbk\n\n<p>postmaster</p>\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mail.163.example\n\nFinal-Recipient: RFC822; client@x.example\nAction: failed\nDiagnostic-Code: SMTP; SMTP error, RCPT TO: 552 Quota exceeded\n--b\nContent-Type: message/rfc822\n\n" + letterHead + "\n--b--\n",
			failed("5.2.2", "SMTP error, RCPT TO: 552 Quota exceeded")},
		{"a Chinese system of its own", head("=?utf-8?B?6YKu5Lu257O757uf?= <postmaster@mail.example.cn>", "=?utf-8?B?6YCA5L+h6YCa55+l?=", plain) +
			"尊敬的用户：\n\n您发送的邮件无法投递到以下收件人：\n\n    client@x.example\n\n原因：对方邮箱空间已满。\n\n如需帮助，请联系 help@mail.example.cn。\n\n--------原始邮件头--------\n" + letterHead,
			failed("5.2.2", "")},
		{"Japanese carrier", head("Mail System <MAILER-DAEMON@docomo.example>", "Mail System Error - Returned Mail", plain) +
			"The following addresses had delivery problems:\n\n<client@x.example>\n    550 Unknown user client@x.example\n\n" + letterHead,
			failed("5.1.1", "550 Unknown user client@x.example")},
		{"GMX, in German", head("GMX Mailer Daemon <mailer-daemon@gmx.example>", "Mail delivery failed: returning message to sender", plain) +
			"This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of\nits recipients. This is a permanent error.\n\nThe following address failed:\n\nclient@x.example:\nSMTP error from remote server for RCPT TO command, host: mx.x.example (4.4.7.7) reason: 550 5.4.1 Recipient address rejected\n\n--- The header of the original message is following. ---\n\n" + letterHead,
			failed("5.4.1", "SMTP error from remote server for RCPT TO command, host: mx.x.example (4.4.7.7) reason: 550 5.4.1 Recipient address rejected")},
		{"mail.ru", head("mailer-daemon@corp.mail.example.ru", "=?utf-8?B?0J3QtdC00L7RgdGC0LDQstC70LXQvdC90L7QtSDRgdC+0L7QsdGJ0LXQvdC40LU=?=", plain) +
			"Это письмо создано автоматически сервером Mail.Ru.\n\nК сожалению, Ваше письмо не может быть доставлено одному или нескольким получателям:\n\n  client@x.example\n    550 Message was not accepted -- invalid mailbox.\n\n------ This is a copy of the message, including all the headers. ------\n\n" + letterHead,
			failed("5.1.1", "550 Message was not accepted -- invalid mailbox.")},
		{"Naver, in Korean", head("postmaster@naver.example", "=?utf-8?B?W+uEpOydtOuyhF0g66mU7J28IOyghOyGoSDsi6TtjKgg7JWI64K0?=", plain) +
			"메일을 전송하지 못했습니다.\n받는 사람: client@x.example\n오류: 550 5.1.1 존재하지 않는 아이디\n\n" + letterHead,
			failed("5.1.1", "오류: 550 5.1.1 존재하지 않는 아이디")},
		{"OpenSMTPD", head("Mailer Daemon <MAILER-DAEMON@relay.example>", "Delivery status notification: error", plain) +
			"    Hi!\n\n    This is the MAILER-DAEMON, please DO NOT REPLY to this email.\n\n    An error has occurred while attempting to deliver a message for\n    the following list of recipients:\n\nclient@x.example: 550 5.7.26 Unauthenticated\n\n    Below is a copy of the original message:\n\n" + letterHead,
			failed("5.7.26", "client@x.example: 550 5.7.26 Unauthenticated")},
		{"Amazon, in JSON", "X-Amz-Sns-Message-Id: 1\n" + head("AWS <no-reply@sns.amazonaws.example>", "AWS Notification Message", plain) +
			`{"notificationType":"Bounce","bounce":{"bounceType":"Permanent","bouncedRecipients":[{"emailAddress":"client@x.example","action":"failed","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 user unknown"}]},"mail":{"messageId":"l7@firm.example"}}`,
			failed("5.1.1", "550 5.1.1 user unknown")},
		{"a report that lost its form", head("postmaster@relay.example", "Undeliverable: Decision", plain) +
			"Delivery has failed to these recipients:\n\n> Reporting-MTA: dns; relay.example\n>\n> Final-Recipient: rfc822;client@x.example\n> Action: failure\n> Status: 5.7.1\n> Diagnostic-Code: smtp;550 5.7.1 blocked\n\nIn-Reply-To: x\nMessage-ID: <l7@firm.example>\n",
			failed("5.7.1", "550 5.7.1 blocked")},
		{"a source route, a pipe, an action of its own", head("MAILER-DAEMON@relay.example", "failed", "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n") +
			"--b\n\nx\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; r\n\nFinal-Recipient: rfc822;|/usr/bin/procmail\nOriginal-Recipient: rfc822;@relay.example:client@x.example\nAction: expired\nStatus: 4.4.7 (timed out)\n--b\nContent-Type: message/rfc822\n\n" + letterHead + "\n--b--\n",
			failed("4.4.7", "")},
		{"nothing but words", head("MAILER-DAEMON@relay.example", "Undeliverable Mail", plain) +
			"Delivery failed 20 attempts: client@x.example\n\nOriginal message follows.\n",
			complaints.DSN{Recipient: "client@x.example", Action: "failed", Status: "5.4.7"}},
		{"Dovecot, of a full mailbox", head("Mail Delivery Subsystem <postmaster@x.example>", "Rejected: Decision", "Auto-Submitted: auto-replied (rejected)\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\n") +
			"--b\nContent-Type: text/plain\n\nYour message to <client@x.example> was automatically rejected:\nQuota exceeded\n--b\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; client@x.example\nOriginal-Message-ID: <l7@firm.example>\nDisposition: automatic-action/MDN-sent-automatically; deleted\n--b\nContent-Type: message/rfc822\n\n" + letterHead + "--b--\n",
			complaints.DSN{Recipient: "client@x.example", Action: "failed", Status: "5.2.2", MessageID: "l7@firm.example"}},
		{"Sun, which names its own host", head("postmaster@x.example", "Delivery Notification: Delivery has failed", "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n") +
			"--b\n\nThis report relates to a message you sent.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns;x.example\n\nOriginal-recipient: rfc822;client@x.example\nFinal-recipient: rfc822;client@ims-daemon\nAction: failed\nStatus: 5.2.2\n--b\nContent-Type: text/rfc822-headers\n\n" + letterHead + "--b--\n",
			complaints.DSN{Recipient: "client@x.example", Action: "failed", Status: "5.2.2", MessageID: "l7@firm.example"}},
		{"Exchange 5.5, an address of X.400", head("System Administrator <postmaster@x.example>", "Undeliverable: Decision", plain) +
			"Your message\n\n  To:      Client\n  Subject: Decision\n  Sent:    Tue, 3 Nov 2026 10:21:00 +0800\n\ndid not reach the following recipient(s):\n\nc=US;a= ;p=X;o=Nexus;dda:SMTP=client@x.example; on Tue, 3 Nov 2026\n10:25:00 +0800\n    The recipient name is not recognized\n    Unknown Recipient\n",
			complaints.DSN{Recipient: "client@x.example", Action: "failed", Status: "5.1.1"}},
		{"AOL, which names its users only", head("Mail Delivery Subsystem <MAILER-DAEMON@x.example>", "Mail Delivery Problem", plain) +
			"Sorry complaints@firm.example. Your mail to the following recipients could not be delivered because they are not accepting mail from desk@lists.example:\n\tclient\n",
			complaints.DSN{Recipient: "client@x.example", Action: "failed", Status: "5.7.1"}},
		{"a directory, which names its users only", head("Mail Delivery Subsystem <MAILER-DAEMON@x.example>", "Returned mail", plain) +
			" --------Message not delivered to the following:\n\n client    No matches to nameserver query\n\n --------Error Detail:\n\n Try NAME@directory.x.example instead.\n",
			complaints.DSN{Recipient: "client@x.example", Action: "failed", Status: "5.0.0"}},
		{"a notice in a report of its own", head("Mail Administrator <Postmaster@x.example>", "Mail System Error - Returned Mail", "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n") +
			"--b\nContent-Type: message/delivery-status\n\nThis Message was undeliverable: the mailbox is restricted.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x.example\n\nFinal-Recipient: RFC822; <client@x.example>\nAction: failed\nStatus: 5.3.0\n--b--\n",
			complaints.DSN{Recipient: "client@x.example", Action: "failed", Status: "5.3.0"}},
		{"a report in the text, from no daemon", head("x.example", "Undelivered Mail Returned to Sender", plain) +
			"An error occurred while trying to deliver the mail to the following recipients:\nclient@x.example\n\nTechnical report:\n\nReporting-MTA: dns; a2.x.example\n\nAction: failed\nFinal-Recipient: rfc822; client@x.example\nDiagnostic-Code: smtp; 550 5.1.1 User unknown\nStatus: 5.1.1\n",
			complaints.DSN{Recipient: "client@x.example", Action: "failed", Status: "5.1.1", Diagnostic: "550 5.1.1 User unknown"}},
		{"no mail host", head("MAILER-DAEMON@x.example", "Failure Notice", plain) + "Sorry, we were unable to deliver your message to the following address.\n\n<client@y.example>:\nNo mx record found for domain=y.example\n",
			complaints.DSN{Recipient: "client@y.example", Action: "failed", Status: "5.1.2"}},
		{"a full folder", head("MAILER-DAEMON@x.example", "failure notice", plain) + "Your mail message to the following address(es) could not be delivered.\n\n<client@y.example>:\nchild status 100...The e-mail message could not be delivered because the user's mailfolder is full.\n",
			complaints.DSN{Recipient: "client@y.example", Action: "failed", Status: "5.2.2"}},
		{"given up after hours", head("MAILER-DAEMON@x.example", "Delivery status notification", plain) + "Delivery to the following recipients was aborted after 5.0 hour(s):\n\n  * client@y.example\n",
			complaints.DSN{Recipient: "client@y.example", Action: "failed", Status: "5.4.7"}},
		{"a warning without a code", head("Mailer-Daemon@x.example", "Warning: message delayed 48 hours", plain) +
			"A message that you sent has not yet been delivered to:\n\n  client@x.example\n",
			complaints.DSN{Recipient: "client@x.example", Action: "delayed", Status: "4.0.0"}},
		{"qmail, in Spanish, under empty lines", "\n   \n" + head("MAILER-DAEMON@x.example", "failure notice", "Content-Type: multipart/mixed; boundary=b\n") +
			"--b\n\nSu mensaje no pudo ser entregado.\n\n<client@x.example>:\nEsta casilla ha expirado por falta de uso.\n--b\nContent-Type: message/rfc822\n\n" + letterHead + "\nbody\n--b--\n",
			complaints.DSN{Recipient: "client@x.example", Action: "failed", Status: "5.2.1", MessageID: "l7@firm.example"}},
	}
}

// TestNotices: the recipient, the status and the letter, out of what the mail
// systems of the world send back.
func TestNotices(t *testing.T) {
	for _, n := range noticesOfSystems() {
		for _, end := range []string{"\n", "\r\n"} {
			m := Parse([]byte(strings.ReplaceAll(n.mail, "\n", end)), Desk{Address: "complaints@firm.example"})
			switch {
			case m.Class != complaints.Bounce:
				t.Errorf("%s: class %s (%s)", n.name, m.Class, m.Why)
			case m.DSN == nil:
				t.Errorf("%s: nothing read", n.name)
			case *m.DSN != n.want:
				t.Errorf("%s:\n got %+v\nwant %+v", n.name, *m.DSN, n.want)
			}
		}
	}
}
