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
