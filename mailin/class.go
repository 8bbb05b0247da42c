package mailin

import (
	"regexp"
	"strings"

	"complaints"

	"github.com/emersion/go-message"
)

// class decides what kind of correspondent wrote, and says by which mark. The
// order matters: what must never be answered is found first.
func (r *reader) class(root *part, h message.Header) (complaints.Class, string) {
	for _, v := range h.Values("X-Complaintsd-Loop") {
		if r.OwnMark != nil && r.OwnMark(strings.TrimSpace(v)) {
			return complaints.Own, "X-Complaintsd-Loop: our loop mark"
		}
	}
	if why := bounceMark(root, h, r.m); why != "" {
		return complaints.Bounce, why
	}
	if why := autoMark(root, h, r.m); why != "" {
		return complaints.Auto, why
	}
	if complaints.SameAddr(r.m.From.Addr, r.Address) {
		return complaints.Auto, "From is the desk's own address"
	}
	if r.IsStaff != nil && r.m.Froms == 1 && r.IsStaff(r.m.From.Addr) {
		return complaints.Staff, "From is in the staff register"
	}
	return complaints.Public, "no mark of automatic mail"
}

var (
	// who sends reports: surely, often, and who reads no answer
	daemonName  = regexp.MustCompile(`(?i)^(?:mailer[-_.]?daemon|mail[-_.]?daemon|mdaemon|maildeliverysystem|double-bounce)\b`)
	masterName  = regexp.MustCompile(`(?i)^(?:post[-_.]?master|bounces?|mail-?error|returned-?mail|system)\b`)
	noReplyName = regexp.MustCompile(`(?i)^(?:no|not|do-?not|dont)[-_.]?reply\b|^auto-?(?:reply|responder)\b|^(?:notifications?|mailer)[-_.]?no-?reply`)

	// what reports say, in the languages of the large providers
	bounceSubject = regexp.MustCompile(`(?i)undeliver|delivery (?:status|failure|failed|report|notification|has|error|problem|delay)|delivery.{0,12}fail|returned? mail|returned to sender|mail (?:delivery|system error|could not)|` +
		`failure notice|non[- ]?delivery|not (?:be )?delivered|could(?:n't| not) (?:be )?(?:deliver|send)|delayed mail|message (?:status|delayed|delivery)|permanent delivery|transient delivery|mail status|` +
		`退信|退件|系统退|投递失败|投递状态|发送失败|未送达|无法送达|无法投递|未能送达|邮件被退回|退回|未传递|传递失败|延迟投递|無法傳遞|無法送達|傳送失敗|未傳遞|` +
		`配信(?:不能|エラー|失敗|できません)|エラー通知|送信エラー|返送|unzustellbar|zustell|non remis|échec|no entregado|non recapitat|niet bezorgd|недоставл|не доставлен|warning[-:]+ ?could not send`)
	bounceBody = regexp.MustCompile(`(?i)this is the (?:mail system|mail delivery|postfix|qmail|courier)|the qmail-send program|(?:created|generated) automatically by (?:the )?(?:mail|a mail)|mail delivery (?:subsystem|system)|` +
		`(?:could|can)(?:n't|not| not) be delivered|undeliverable|unable to deliver|wasn't able to deliver|(?:was|were) not delivered|not been delivered|(?:did|does) not reach|delivery (?:to the following|has failed|failed|status)|` +
		`returned (?:below|to sender|message)|the following (?:address|recipient|message to)|permanent(?:ly)? (?:fatal )?(?:error|failure|rejected)|transcript of session|could not deliver|had (?:permanent|transient)|` +
		`user unknown|unknown user|mailbox (?:unavailable|full|not found)|(?:^|\s)[45]\d\d[ -][45]\.\d\.\d|over quota|unrouteable|no such (?:user|recipient)|recipient (?:address )?rejected|` +
		`退信|退回|无法投递|投递失败|无法送达|未能送达|未送达|发送失败|收件人不存在|对方(?:服务器|邮箱)|无法发送到以下收件人|無法傳遞|無法送達|` +
		`配信できません|送信できませ|お届けできません|見つかりません|届けることができ|エラー`)
	// how vacation replies begin; “Re:” before it is a person's answer to one
	autoSubject = regexp.MustCompile(`(?i)^\W*(?:auto(?:matic|mated)?[- ]?(?:reply|response|answer|antwort)|auto[- ]?reply|autosvar|out[- ]of[- ](?:the[- ])?office|ooo\b|on (?:vacation|leave|holiday)\b|away from|vacation (?:reply|response|notice|message)|` +
		`自动(?:回复|答复|应答|回覆)|自動(?:回覆|回复|答覆|応答|返信)|【?自动回复|不在办公室|外出自动|休假自动|réponse automatique|absence du bureau|respuesta automática|resposta automática|risposta automatica|` +
		`automatisch(?:e)? antwoord|automatische antwort|abwesenheit|afwezig|автоответ|автоматический ответ|부재중|자동 ?회신|automatické|automatisk)`)
	// the one value of Auto-Submitted that a person's mail may have
	noMail = regexp.MustCompile(`^\s*(?i:no)\s*(?:[;(]|$)`)
)

// localPart is the part of an addr-spec before the @.
func localPart(addr string) string {
	local, _, _ := strings.Cut(addr, "@")
	return strings.Trim(local, `"`)
}

// isDaemon reports the address of a mail system.
func isDaemon(addr string) bool {
	local := localPart(addr)
	return daemonName.MatchString(local) || masterName.MatchString(local)
}

// nullSender reports the null return path, which only automatic mail has
// (RFC 5321 4.5.5), also as some relays write it.
func nullSender(m *complaints.Message) bool {
	return m.ReturnPath == "<>" || daemonName.MatchString(localPart(m.ReturnPath))
}

// bounceMark finds a delivery report. A person who writes about a bounce, or
// forwards one, has no mail system's address and no null return path.
func bounceMark(root *part, h message.Header, m *complaints.Message) string {
	if root.find("message/delivery-status", "message/global-delivery-status") != nil {
		return "a delivery-status part (RFC 3464)"
	}
	if strings.EqualFold(root.params["report-type"], "delivery-status") {
		return "Content-Type: report-type=delivery-status"
	}
	for _, f := range []string{"X-Failed-Recipients", "X-Ms-Exchange-Message-Is-Ndr"} {
		if h.Has(f) {
			return f
		}
	}
	// From here on it is the non-standard forms: a mail system's name alone
	// says enough if it is the daemon's, else a word of the subject or of the
	// notice must say the same.
	local := localPart(m.From.Addr)
	if daemonName.MatchString(local) {
		return "From: " + local
	}
	master, nobody, noReply := masterName.MatchString(local), nullSender(m), noReplyName.MatchString(local)
	if !master && !nobody && !noReply || root.params["report-type"] != "" || autoSubject.MatchString(m.Subject) {
		return ""
	}
	subject := bounceSubject.FindString(m.Subject)
	body := strings.TrimSpace(bounceBody.FindString(m.Text[:min(len(m.Text), 8<<10)]))
	switch {
	case master && subject != "":
		return "From: " + local + ", Subject: " + subject
	case master && body != "":
		return "From: " + local + ", text: " + body
	case nobody && subject != "":
		return "null return path, Subject: " + subject
	case nobody && m.From.Addr == "" && body != "":
		return "no sender at all, text: " + body
	case noReply && subject != "" && body != "":
		return "From: " + local + ", Subject: " + subject
	}
	return ""
}

// autoMark finds the marks of automatic mail: RFC 3834, and the fields and
// names in use beside it.
func autoMark(root *part, h message.Header, m *complaints.Message) string {
	for _, v := range h.Values("Auto-Submitted") {
		if !noMail.MatchString(v) {
			return "Auto-Submitted: " + clean(v)
		}
	}
	if t := strings.ToLower(root.params["report-type"]); t != "" {
		return "Content-Type: report-type=" + clean(t)
	}
	if p := root.find("message/feedback-report", "message/disposition-notification"); p != nil {
		return "a part of type " + p.media
	}
	for _, v := range h.Values("Precedence") {
		switch v = strings.ToLower(strings.TrimSpace(v)); v {
		case "bulk", "list", "junk", "auto_reply":
			return "Precedence: " + v
		}
	}
	for _, f := range []string{"X-Autoreply", "X-Autorespond", "X-Autoresponse", "X-Autogenerated", "X-Auto-Response-Suppress", "X-Mail-Autoreply", "X-Hmxmroriginalrecipient"} {
		if v := strings.ToLower(strings.TrimSpace(h.Get(f))); h.Has(f) && v != "no" && v != "none" {
			return f
		}
	}
	for _, f := range []string{"List-Id", "List-Post", "List-Help", "List-Unsubscribe", "List-Owner", "List-Archive", "List-Subscribe", "Mailing-List"} {
		if h.Has(f) {
			return f
		}
	}
	if subject := autoSubject.FindString(m.Subject); subject != "" {
		return "Subject: " + strings.TrimSpace(subject)
	}
	local := localPart(m.From.Addr)
	if isDaemon(m.From.Addr) || noReplyName.MatchString(local) {
		return "From: " + local
	}
	if nullSender(m) {
		return "null return path"
	}
	return ""
}

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
	quiet := &reader{Desk: Desk{Limits: Limits{}.WithDefaults()}, m: &complaints.Message{}}
	d := &complaints.DSN{}
	var addressee []complaints.Address // of the mail that came back
	// Exchange encodes the report in base64, which RFC 3464 does not foresee.
	if p := root.find("message/delivery-status", "message/global-delivery-status"); p != nil {
		quiet.recipientFields(quiet.decode(p), d)
	}
	if p := root.find("message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "text/rfc822-header", "message/global-headers"); p != nil {
		returned, _ := quiet.header(quiet.decode(p), nil)
		if ids := parseIDs(returned.Get("Message-Id")); len(ids) > 0 {
			d.MessageID = ids[0]
		}
		addressee = parseAddresses(returned.Get("To"), 2)
	}
	for i := 0; d.MessageID == "" && i < min(len(m.Attachments), 10); i++ {
		// returned as a file, or under a type of the program's own
		if a := m.Attachments[i]; strings.HasPrefix(a.Type, "text/") || strings.HasPrefix(a.Type, "message/") || strings.HasSuffix(strings.ToLower(a.Name), ".eml") {
			if found := returnedID.FindSubmatch(a.Content[:min(len(a.Content), 64<<10)]); found != nil {
				d.MessageID = clean(string(found[1]))
			}
		}
	}
	readNotice(h, m, d)
	if d.Recipient == "" && len(addressee) == 1 {
		d.Recipient = addressee[0].Addr
	}
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
		d.Status = statusOf(d, m.Subject+"\n"+words)
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

// notices are what reports say that give no status code (RFC 3463), and the
// one they mean. Where several fit the first counts.
var notices = []struct {
	status string
	words  *regexp.Regexp
}{
	{".2.2", regexp.MustCompile(`(?i)over ?quota|quota (?:is )?exceed|exceed.{0,20}quota|mail ?box (?:is )?full|out of (?:disk )?space|空间(?:已满|不足)|(?:邮箱|容量|空间)已?满|超出.{0,6}容量|容量が`)},
	{".3.4", regexp.MustCompile(`(?i)too (?:large|big)|size limit|exceeds.{0,20}size|邮件(?:过大|太大)|超过.{0,8}大小`)},
	{".1.2", regexp.MustCompile(`(?i)(?:host|domain)(?: name)?(?: is)? (?:unknown|not found)|unknown host|no such domain|域名(?:不存在|错误)|无法解析`)},
	{".1.1", regexp.MustCompile(`(?i)user (?:is )?unknown|unknown (?:user|recipient|local)|no such (?:user|recipient|address|account|person|mailbox)|(?:user|mailbox|recipient|account|address)[^.\n]{0,40}(?:not found|does ?n.t exist|doesn't have|not exist|not listed|invalid)|invalid (?:user|recipient|mailbox|address)|isn't a valid|this-(?:local-part|message)\S*|` +
		`(?:用户|收件人|邮箱|账号|帐号|帐户|账户|地址)[^。\n]{0,16}(?:不存在|无效|有误|未找到)|找不到[^。\n]{0,20}(?:地址|用户|收件人)|不存在的(?:用户|邮箱|地址)|ユーザー?(?:が|は)[^。\n]{0,12}(?:ません|存在)|見つかりません`)},
	{".2.1", regexp.MustCompile(`(?i)(?:account|mailbox|user)[^.\n]{0,30}(?:disabled|inactive|suspended|locked)|(?:账号|帐号|邮箱|用户)[^。\n]{0,8}(?:停用|禁用|冻结|锁定|注销)`)},
	{".7.1", regexp.MustCompile(`(?i)\bspam\b|black ?list|block(?:ed|list)|policy|not (?:permitted|allowed|authori[sz]ed)|permission|access denied|rejected|dmarc|\bspf\b|unsolicited|拒收|拒绝|垃圾邮件|黑名单|没有权限|被屏蔽`)},
	{".4.1", regexp.MustCompile(`(?i)connection (?:refused|timed? ?out)|no route|timed? ?out|could not connect|not responding|连接(?:超时|失败|被拒)|超时`)},
}

// statusOf gives a status for a report that has none: its class by the reply
// code, the rest by its words.
func statusOf(d *complaints.DSN, words string) string {
	class := ""
	code := replyCode.FindStringSubmatch(d.Diagnostic + "\n" + words)
	if code != nil {
		class = code[1]
	}
	if class == "" && (delayWords.MatchString(words) && d.Action != "failed") {
		class = "4"
	}
	head := d.Diagnostic + "\n" + words[:min(len(words), 4<<10)]
	for _, n := range notices {
		if n.words.MatchString(head) {
			if class == "" {
				class = "5"
			}
			return class + n.status
		}
	}
	if code == nil {
		return ""
	}
	return class + ".0.0"
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
