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
		{"From: \"Post\" <>\nSubject: Mail Error\n\nYour letter cannot be delivered to wang.", complaints.Bounce, "no sender at all"},
		{"From: <>\nSubject: re\n\nYou wrote to wang@relay.example, which is not a valid user here.", complaints.Bounce, "no sender at all"},
		{"From: E500_Service@relay.example\nSubject: Returned Mail - Error\n\n------ Failed Recipients ------\n\n<client@x.example>: mailbox unavailable. [SMTP Error Code 550]", complaints.Bounce, "Subject"},
		{"From: gateway@relay.example\nSubject: RE: letter : non remis (delivery failed)\n\n****\nVotre message n'a pas pu etre remis a\nclient@x.example\n\nYour message could not be delivered", complaints.Bounce, "Subject"},
		{"From: scanner@relay.example\nSubject: Delivery failure notification\n\nYour message with Subject: fees... and more\ncould not be delivered to the following recipients:", complaints.Bounce, "Subject"},
		{"From: MAILER-DAEMON@relay.example\nSubject: abuse\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nA recipient complains of a message.\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n--b--\n", complaints.Auto, "feedback-report"},
		{from + "Subject: AUTO: Zhou Min is out of the office. (returning 3 May)\n\nx", complaints.Auto, "out of the office"},
		{from + "Subject: auto: the seller was out of the office again\n\nMy car is still not repaired.", complaints.Public, ""},
		{from + "Subject: Returned mail - what does it mean?\n\nI had a letter of yours returned. Your message could not be read.", complaints.Public, ""},
		{daemon + "Subject: Undeliverable: letter\n\nx", complaints.Bounce, "Undeliver"},
		{daemon + "Subject: letter\n\nYour message could not be delivered", complaints.Bounce, "could not be delivered"},
		{daemon + "Subject: planned work on Sunday\n\nThe server is off at 9.", complaints.Auto, "postmaster"},
		{"From: Mail Delivery System <gate7@relay.example>\nSubject: Undeliverable: letter\n\nx", complaints.Bounce, "Undeliver"},
		{"From: gate7@relay.example\nSubject: Undelivered Mail Returned to Sender\n\nThis is the mail system at host relay.example.\n\n<a@b.example>: unknown", complaints.Bounce, "mail system"},
		{"From: gate7@relay.example\nSubject: Delivery failure\n\nUnable to deliver your message", complaints.Bounce, "Unable"},
		{from + "Subject: Delivery failure\n\nYour courier did not deliver the file to me.", complaints.Public, ""},
		{from + "Subject: Undelivered mail\n\nWhat I sent on 3 May could not be delivered; see below.\n\nThis is the mail system at host x.", complaints.Public, ""},
		{from + "Subject: 系统退信\n\n我发给贵所律师的邮件被退回，请查明。", complaints.Public, ""},
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
			Recipient: "d@x.example", Action: "delayed", Status: "4.0.0", MessageID: "letter-9@firm.example"},
	}
	for mail, want := range tests {
		m := Parse([]byte(mail), Desk{})
		if m.Class != complaints.Bounce || m.DSN == nil || *m.DSN != want {
			t.Errorf("%q:\n got %s %+v\nwant %+v", mail, m.Class, m.DSN, want)
		}
	}
}

// TestAutomaticSubjects: the vacation replies of the common languages, and the
// people who write of absences.
func TestAutomaticSubjects(t *testing.T) {
	for class, subjects := range map[complaints.Class]string{
		complaints.Auto: `Automatic reply: Your complaint|Automatic reply|Auto-Reply: [T2026-0003]|AutoReply: fees|Auto Response: fees|Auto response to fees|Automated response: x|Automated Acknowledgement|Out of Office: x|Out of Office AutoReply: fees|Out of the office until Monday|OOO: x|OOO|
On leave until 3 May|On vacation|On annual leave: x|Away from my desk|Vacation reply|Vacation: x|
自动回复: 关于投诉|自动回复：关于投诉|自动答复: 关于投诉|自动答复|【自动回复】您好|[自动回复]关于投诉|系统自动回复|自动回复 Re: 投诉|自动回复您的邮件|自動回覆: 投訴|自動答覆：投訴|自动应答：x|不在办公室|不在办公室: x|我不在办公室|休假自动回复：x|
自動応答: 苦情|自動返信: 苦情|自動返信|不在通知|【自動返信】お問い合わせ|자동 회신: 불만|자동응답: x|부재중|부재중 자동 응답|부재중: x|
Automatische Antwort: Beschwerde|Abwesenheitsnotiz: x|Abwesenheitsnotiz|Abwesenheitsbenachrichtigung|Abwesend: x|Nicht im Büro: x|Außer Haus bis 3. Mai|Automatische Eingangsbestätigung|
Réponse automatique : plainte|Réponse automatique|Absence du bureau|Message d'absence|Absent du bureau : x|Absente: x|Respuesta automática: queja|Fuera de la oficina|Fuera de oficina: x|Ausente: x|Mensaje de ausencia|
Risposta automatica: reclamo|Fuori ufficio|Fuori ufficio: x|Assente: x|Assenza dall'ufficio|Resposta automática: queixa|Fora do escritório|Ausência temporária|Aviso de ausência|
Автоматический ответ: жалоба|Автоответ: x|Автоответ|Вне офиса: x|Отсутствие на рабочем месте|Автоответчик|
Automatisch antwoord: klacht|Afwezigheidsbericht|Afwezig: x|Autosvar: x|Automatiskt svar: x|Automatická odpověď: x|Automatyczna odpowiedź: x|Autoodpowiedź|Otomatik Yanıt: x|Automaattinen vastaus: x`,
		complaints.Public: `Re: Automatic reply: fees|Automatic replies are all I get|AW: Automatische Antwort: x|Your automatic reply of 3 May|Out of office hours nobody answers|Autopilot|On holiday my lawyer missed the deadline|On leave? My lawyer is never there|
自动回复太多，没有人处理我的投诉|投诉：只有自动回复|回复: 自动回复: 投诉|不在办公室，电话也打不通|外出取证费用不合理|休假期间律师失联|系统退费|自动扣费问题|
Abwesenheit meines Anwalts bei der Verhandlung|Absence de réponse|Absence de mon avocat|Ausencia de mi abogado|Ausência do advogado|Assenza dell'avvocato|Отсутствие ответа|Отпуск адвоката|不在の弁護士について|부재중인 변호사|
Vacation home contract|Away from home when served|Respuesta a su carta|Autonomous vehicles case|OOOPS|Automatisch verlängerter Vertrag`,
	} {
		for subject := range strings.SplitSeq(strings.ReplaceAll(subjects, "\n", ""), "|") {
			m := Parse([]byte("From: Zhou Min <zhou@client.example>\nSubject: "+subject+"\n\nx"), Desk{})
			if m.Class != class {
				t.Errorf("%q is %s (%s), not %s", subject, m.Class, m.Why, class)
			}
		}
	}
}

// TestUnmarkedAnswers: what says in its first words that nobody wrote it, and
// people who are away, or write of machines.
func TestUnmarkedAnswers(t *testing.T) {
	auto := []string{
		"This is an automatic reply. I am travelling.", "Hello,\n\nThis is an automated response to your e-mail.", "This e-mail was generated automatically.",
		"您好，\n\n这是一封自动回复邮件，我会尽快处理。", "此邮件为系统自动回复，请勿直接回复。", "本邮件由系统自动发送，请勿回复。", "自动回复：您好，邮件已收到。", "【自动回复】邮件已收到，谢谢！",
		"Dies ist eine automatische Antwort.", "Diese E-Mail wurde automatisch erstellt.", "Ceci est une réponse automatique.", "Este es un mensaje automático.", "Esta é uma resposta automática.",
		"Questa è una risposta automatica.", "このメールは自動返信です。", "이 메일은 자동으로 발송되었습니다.", "Это автоматический ответ.",
		"I am out of the office until 5 May with limited access to e-mail.", "I'm on annual leave. In urgent cases please call 5550 0100.", "您好！我正在休假，如有急事请联系李律师 5550 0100。", "我目前出差，返回后会尽快回复您。",
		"Ich bin im Urlaub. In dringenden Fällen wenden Sie sich an …\nbin ich im Urlaub", "Je suis absente jusqu'au 5 mai. En cas d'urgence, …",
	}
	human := []string{
		"I got your automatic reply. Is this an automatic message machine?", "您好，收到的是自动回复，请人工处理。", "我的邮件只收到“自动回复：已收到”，没有下文。", "我正在出差，下周二可以面谈。",
		"I am on holiday until Monday, so I cannot send the receipts before.", "I am out of the office today; yes, I agree to the extension.", "请说明：这是系统自动扣费吗？",
	}
	for _, words := range auto {
		m := Parse([]byte("From: Zhou Min <zhou@client.example>\nSubject: Re: [T2026-0002] fees\nContent-Type: text/plain; charset=utf-8\n\n"+words), Desk{})
		if m.Class != complaints.Auto || !strings.HasPrefix(m.Why, "text: ") {
			t.Errorf("%q is %s (%s)", words, m.Class, m.Why)
		}
	}
	for _, words := range human {
		for _, subject := range []string{"Re: [T2026-0002] fees", "fees"} {
			m := Parse([]byte("From: Zhou Min <zhou@client.example>\nSubject: "+subject+"\nContent-Type: text/plain; charset=utf-8\n\n"+words), Desk{})
			if m.Class != complaints.Public {
				t.Errorf("%q is %s (%s)", words, m.Class, m.Why)
			}
		}
	}
	// the same words above what they answer, or with a file, are a person's
	quoted := auto[17] + "\n\nOn 3 Nov 2026, at 10:21, Desk wrote:\n> " + strings.Repeat("Please send the receipts. ", 20)
	if m := Parse([]byte("From: Zhou Min <zhou@client.example>\nSubject: Re: fees\n\n"+quoted), Desk{}); m.Class != complaints.Public {
		t.Errorf("above a quotation: %s (%s)", m.Class, m.Why)
	}
}
