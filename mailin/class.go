package mailin

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strconv"
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
	systemTitle = regexp.MustCompile(`(?i)^\W*(?:(?:internet )?mail(?:er)? delivery (?:sub-?system|system|service|agent)|mail(?:er)?[- ]daemon|mail system|delivery subsystem|system administrator|interscan (?:mss|notification)|mailmarshal|mail administrator|(?:邮件|郵件)?(?:投递|系统|退信)(?:系统|管理员|通知)?|系统退信)\W*$`)
	noReplyName = regexp.MustCompile(`(?i)^(?:no|not|do-?not|dont)[-_.]?reply\b|^auto-?(?:reply|responder)\b|^(?:notifications?|mailer)[-_.]?no-?reply`)

	// what reports say, in the languages of the large providers
	bounceSubject = regexp.MustCompile(`(?i)undeliver|delivery (?:status|failure|failed|report|notification|has|error|problem|delay)|delivery.{0,12}fail|returned? mail|returned to sender|mail (?:delivery|system error|could not)|` +
		`failure notice|non[- ]?delivery|not (?:be )?delivered|could(?:n't| not) (?:be )?(?:deliver|send)|delayed mail|message (?:status|delayed|delivery)|permanent delivery|transient delivery|mail status|` +
		`退信|退件|系统退|投递失败|投递状态|发送失败|未送达|无法送达|无法投递|未能送达|邮件被退回|退回|未传递|传递失败|延迟投递|無法傳遞|無法送達|傳送失敗|未傳遞|` +
		`配信(?:不能|エラー|失敗|できません)|エラー通知|送信エラー|返送|전송 ?실패|배달(?:되지|할 수 없)|발송 ?실패|반송|` +
		`unzustellbar|zustell|non remis|non[- ]?remise|non (?:distribu|délivr)|échec|no (?:se (?:pudo|puede|ha podido) )?entrega|no entregado|devuelto|não (?:é possível |foi )?entreg|falha (?:na|de) entrega|non recapita|recapito non|mancat[ao] (?:consegna|recapito)|` +
		`niet bezorgd|onbestelbaar|niet[- ]afgeleverd|kunde inte leverer|kan ikke leveres|niedostarcz|nie (?:można|udało się) dostarczyć|nedoruč|teslim edilemedi|недоставл|не (?:был[оа]? )?доставлен|не удается доставить|warning[-:]+ ?could not send`)
	bounceBody = regexp.MustCompile(`(?i)this is the (?:mail system|mail delivery|postfix|qmail|courier)|the qmail-send program|(?:created|generated) automatically by (?:the )?(?:mail|a mail)|mail delivery (?:subsystem|system)|` +
		`(?:could|can)(?:n't|not| not) be delivered|undeliverable|unable to deliver|wasn't able to deliver|(?:was|were) not delivered|not been delivered|(?:did|does) not reach|delivery (?:to the following|has failed|failed|status)|` +
		`returned (?:below|to sender|message)|the following (?:address|recipient|message to)|permanent(?:ly)? (?:fatal )?(?:error|failure|rejected)|transcript of session|could not deliver|had (?:permanent|transient)|` +
		`user unknown|unknown user|mailbox (?:unavailable|full|not found)|(?:^|\s)[45]\d\d[ -][45]\.\d\.\d|over quota|unrouteable|no such (?:user|recipient)|not a valid (?:user|recipient|address|mailbox)|recipient (?:address )?rejected|` +
		`退信|退回|无法投递|投递失败|无法送达|未能送达|未送达|发送失败|收件人不存在|对方(?:服务器|邮箱)|无法发送到以下收件人|無法傳遞|無法送達|` +
		`配信できません|送信できませ|お届けできません|見つかりません|届けることができ|エラー|전송하지 못|배달(?:되지|하지) 못|존재하지 않는|` +
		`konnte nicht (?:zugestellt|ausgeliefert)|nicht zustellbar|n'a pas pu être (?:remis|livré|distribué)|no se (?:pudo|ha podido) entregar|não (?:pôde|foi possível) (?:ser )?entreg|non (?:è stato possibile|ha potuto) (?:consegnare|recapitare)|не (?:может быть|удалось) доставл?|не доставлено`)
	// how reports begin whoever sends them; a person who passes one on writes
	// something above it, or “Fwd:” before it
	strongSubject = regexp.MustCompile(`(?i)^(?:undeliver(?:able|ed)(?: (?:e-?)?mail| message|:)|returned mail(?::| [-–])|non-delivery\b|failure notice$|.*\(delivery failed\)$|mail delivery fail|delivery (?:status )?(?:notification|failure)|delivery (?:has )?failed|message status - undeliverable|mail system error|mail (?:error$|could not be delivered)|系统退信|退信通知|邮件被退回)`)
	strongBody    = regexp.MustCompile(`(?i)^\W*(?:this is (?:the (?:mail system|postfix|qmail|courier|mailer-daemon)|an automatically generated delivery)|hi\. this is the|this message was created automatically by|this (?:message|report) (?:is|was) (?:automatically )?generated|the (?:original|following) (?:message|mail) (?:was|to|could)|your message(?:[^.]{0,200}| with subject:[^\n]{0,200}\n)(?:did not reach|could not be delivered|was not delivered)|votre message n'a pas p[uû]|failed recipients\b|non-delivery report|delivery to the following|message from .{1,80}\n\W*(?:unable to deliver|the following mail)|sorry, we were unable to deliver|unable to deliver|an error occurred (?:while|when) (?:trying to )?deliver|抱歉，您的邮件被退回|您发送的邮件)`)

	// how the subjects of vacation replies begin, and what may follow: “Re:”
	// before it is a person's answer to one, and a person complains of one
	autoSubject = regexp.MustCompile(`(?i)^[^\pL\pN]*(?:auto(?:matic|mated)?[- ]?(?:reply|response|respons|responder|answer|antwort|acknowledge?ment)|auto[- ]?respond|autosvar|out[- ]of[- ](?:the[- ])?office|ooo|auto: [^\n]{1,80} (?:is|are) out of the office|on (?:vacation|(?:annual )?leave|holiday)|away from (?:my |the )?(?:desk|office|mail)|vacation|` +
		`【?(?:系统|系統)?(?:自动|自動)(?:回复|答复|应答|回覆|答覆|応答|返信|回答)(?:邮件|信)?|(?:我)?不在(?:办公室|辦公室)|(?:外出|休假|假期)自动(?:回复|答复)|不在(?:のお知らせ|通知)|(?:休暇|不在)の(?:ため|お知らせ)|` +
		`réponse automatique|absence du bureau|(?:message|notification|avis) d['’]absence|absente?(?:\(e\))?(?: du bureau)?|respuesta automática|fuera de (?:la )?oficina|ausente(?: de la oficina)?|(?:mensaje|aviso) de ausencia|resposta automática|fora do escritório|ausência (?:temporária|do escritório)|(?:mensagem|aviso) de ausência|` +
		`risposta automatica|fuori (?:ufficio|sede)|assente|assenza dall['’]ufficio|automatisch(?:e)? antwoord|afwezig|afwezigheids?(?:bericht|melding|assistent)|automatische (?:antwort|rückmeldung|empfangsbestätigung|eingangsbestätigung)|abwesenheits?(?:notiz|benachrichtigung|meldung|nachricht|agent|assistent)|abwesend|nicht im büro|außer haus|` +
		`автоответ(?:чик)?|автоматический ответ|вне офиса|(?:уведомление об )?отсутстви[еи](?: на рабочем месте| в офисе)?|부재중(?: ?(?:입니다|안내|알림|자동 ?(?:회신|응답)))?|자동 ?(?:회신|응답|답장)|automatick[áa] odpověď|automatiskt? (?:svar|svarmelding)|frånvaro(?:meddelande)?|automaattinen vastaus|automatyczna odpowiedź|autoodpowiedź|otomatik yanıt|automatikus válasz|trả lời tự động)` +
		`(?:\s*(?:[:：\-–—(（\[\]【】|,.!！/]|$)|\s*(?:您|你)的(?:邮件|来信)|\s+(?:re|to|from|of|reply|message|response|notification|notice|until|till|auto\w*|an|auf|für|von|vom|bis|à|du|jusqu|hasta|dal|fino|até|tot|до|с)(?:\s|[:：]|$))`)
	// what automatic answers say of themselves, where they bear no mark
	autoWords = regexp.MustCompile(`(?i)^[\s>*【\[(（-]*(?:(?:hello|hi|dear [^\n,]{0,40}|您好|你好|尊敬的[^\n]{0,20})[ ,，!！。:：]*\s*)?(?:` +
		`(?:please note that )?this is an? auto(?:mat(?:ic|ed)|mated)?(?:ally generated)?[- ]?(?:e-?mail |mail |message )?(?:reply|response|answer|message|acknowledg|e-?mail)|this (?:e-?mail|message) (?:is|was|has been) (?:generated automatically|automatically (?:generated|sent))|` +
		`(?:这|此|本)(?:是|邮件|信|封)?[^\n。]{0,12}自动(?:回复|发送|答复|生成|发出)|以下(?:为|是)自动回复|自动回复[:：]|【自动回复】|(?:此|本)(?:為|為系統|信件為)[^\n。]{0,8}自動(?:回覆|發送)|` +
		`dies(?:e|es)? (?:ist eine |nachricht wurde )?(?:automatisch|e-mail wurde automatisch)|ceci est (?:un message|une réponse|un e-?mail) automatique|(?:este es|esta es|éste es) (?:un(?:a)? )?(?:mensaje|respuesta|correo) automátic|esta é uma (?:resposta|mensagem) automática|questo è un messaggio automatico|questa è una risposta automatica|` +
		`(?:これ|このメール|本メール)は[^\n。]{0,12}自動(?:返信|応答|配信|送信)|(?:이|본) (?:메일|메시지)[은는][^\n.]{0,12}자동|это автоматический ответ|данное (?:письмо|сообщение) (?:сгенерировано|отправлено) автоматически)`)
	answerTo    = regexp.MustCompile(`(?i)^\s*(?:re|aw|sv|antw|回复|回覆|答复)\s*[:：]`)
	awayWords   = regexp.MustCompile(`(?i)\b(?:i am|i'm|i will be|i shall be|we are)\b[^.\n]{0,30}\b(?:out of (?:the )?office|on (?:annual |sick |maternity |parental )?leave|on vacation|on holiday|away from (?:my desk|the office))|(?:我|本人)[^。\n]{0,10}(?:休假|休年假|出差|不在办公室|外出|度假)|bin ich (?:nicht im (?:büro|haus)|im urlaub|abwesend)|je suis (?:actuellement )?(?:absente?|en congés?)|estoy (?:fuera de la oficina|de vacaciones)|sono (?:assente|in ferie|fuori ufficio)|estou (?:de férias|ausente|fora do)|休暇中|不在にして|부재중|휴가|в отпуске|отсутствую`)
	insteadWord = regexp.MustCompile(`(?i)(?:urgent|immediate|emergenc|during my absence|in my absence|upon my return|when i return|limited access to)|(?:如有|如遇)?[^。\n]{0,4}(?:紧急|急事)[^。\n]{0,12}(?:联系|致电|拨打)|返回后[^。\n]{0,8}(?:回复|答复)|dringend|während meiner abwesenheit|urgence|en mon absence|urgente|mia assenza|minha ausência|お急ぎ|至急|급한|срочн`)
	sesBounce   = regexp.MustCompile(`"notificationType"\s*:\s*"Bounce"`)
	abuseFrom   = regexp.MustCompile(`(?i)^\s*complaint about message from [\d.:a-f]+\s*$`) // Hotmail's feedback
	nobodyFrom  = regexp.MustCompile(`<\s*>\s*$`)
	// of the answer of Dovecot for a mailbox that takes nothing
	rejected = regexp.MustCompile(`(?i)^\s*auto-replied\s*\(rejected\)`)
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
	if root.find("message/feedback-report") != nil {
		return "" // of abuse (RFC 5965), whoever sends it
	}
	if v := h.Get("Auto-Submitted"); rejected.MatchString(v) && root.find("message/disposition-notification") != nil {
		return "Auto-Submitted: " + clean(v) // a mailbox that took the mail and threw it away
	}
	if strings.EqualFold(root.params["report-type"], "delivery-status") {
		return "Content-Type: report-type=delivery-status"
	}
	for _, f := range []string{"X-Failed-Recipients", "X-Ms-Exchange-Message-Is-Ndr"} {
		if h.Has(f) {
			return f
		}
	}
	if h.Has("X-Amz-Sns-Message-Id") && sesBounce.MatchString(m.Text[:min(len(m.Text), 8<<10)]) {
		return "a notice of Amazon SES: notificationType Bounce"
	}
	// From here on it is the non-standard forms: a mail system's name alone
	// says enough if it is the daemon's, else a word of the subject or of the
	// notice must say the same.
	local := localPart(m.From.Addr)
	if daemonName.MatchString(local) {
		return "From: " + local
	}
	master, nobody, noReply := masterName.MatchString(local) || systemTitle.MatchString(m.From.Name), nullSender(m), noReplyName.MatchString(local)
	nobody = nobody || !strings.Contains(m.From.Addr, "@") && nobodyFrom.MatchString(h.Get("From"))
	strong := strongSubject.MatchString(m.Subject)
	if !master && !nobody && !noReply && !strong || root.params["report-type"] != "" || autoSubject.MatchString(m.Subject) {
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
	case nobody && !strings.Contains(m.From.Addr, "@") && body != "":
		return "no sender at all, text: " + body
	case (nobody || noReply) && body != "" && root.find("message/rfc822", "text/rfc822-headers") != nil:
		return "a mail that came back, text: " + body
	case strong && strongBody.MatchString(m.Text[:min(len(m.Text), 1<<10)]) && len(m.InReplyTo) == 0:
		return "Subject: " + subject + ", text: " + body
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
		case "bulk", "list", "junk", "auto_reply", "auto-reply", "autoreply", "auto":
			return "Precedence: " + v
		}
	}
	for _, f := range []string{"X-Autoreply", "X-Autorespond", "X-Autoresponse", "X-Autogenerated", "X-Auto-Response-Suppress", "X-Mail-Autoreply", "X-Auto-Reply", "X-Autoreply-From", "X-Autoreply-Domain", "X-Vacation", "X-Fc-Machinegenerated", "X-Hmxmroriginalrecipient"} {
		if v := strings.ToLower(strings.TrimSpace(h.Get(f))); h.Has(f) && v != "no" && v != "none" {
			return f
		}
	}
	for _, f := range []string{"List-Id", "List-Post", "List-Help", "List-Unsubscribe", "List-Owner", "List-Archive", "List-Subscribe", "Mailing-List", "X-Mailing-List", "X-Mlserver", "X-Ml-Name", "X-Beenthere"} {
		if h.Has(f) {
			return f
		}
	}
	if h.Get("X-Ms-Exchange-Generated-Message-Source") == "Mailbox Rules Agent" {
		return "X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent"
	}
	if subject := autoSubject.FindString(m.Subject); subject != "" {
		return "Subject: " + strings.Trim(subject, " :：-–—(（[]【】|,，.!！/")
	}
	if abuseFrom.MatchString(m.Subject) && root.find("message/rfc822") != nil {
		return "a feedback report of Hotmail"
	}
	local := localPart(m.From.Addr)
	if isDaemon(m.From.Addr) || noReplyName.MatchString(local) {
		return "From: " + local
	}
	if nullSender(m) {
		return "null return path"
	}
	return unmarked(m)
}

// unmarked finds the automatic answers of programs that set no mark: they say
// so in their first words, or say who is away, and what to do instead, in an
// answer that is short, quotes nothing and brings nothing. A person who is
// away and says so writes more than that, or answers above a quotation.
func unmarked(m *complaints.Message) string {
	if len(m.OwnWords) > 1500 || len(m.Attachments) > 0 {
		return ""
	}
	if said := autoWords.FindString(m.OwnWords); said != "" {
		return "text: " + clean(strings.TrimSpace(said))
	}
	if !answerTo.MatchString(m.Subject) || len(m.Text) > len(m.OwnWords)+300 || strings.Contains(m.Text, "\n>") {
		return ""
	}
	away, instead := awayWords.FindString(m.OwnWords), insteadWord.FindString(m.OwnWords)
	if away == "" || instead == "" {
		return ""
	}
	return "text: " + clean(away) + " … " + clean(instead)
}

// find gives the first part, in the order of the mail, of one of the media
// types; nil if there is none. Attached messages are not looked into.
func (p *part) find(media ...string) *part {
	if all := p.findAll(media...); len(all) > 0 {
		return all[0]
	}
	return nil
}

func (p *part) findAll(media ...string) (all []*part) {
	if slices.Contains(media, p.media) {
		all = append(all, p)
	}
	for _, kid := range p.kids {
		all = append(all, kid.findAll(media...)...)
	}
	return all
}

// Numbered gives the number in the outbox of a mail of ours, by its Message-ID;
// 0 if it is not ours.
func Numbered(m *complaints.Message) int64 {
	number, _, _ := strings.Cut(m.MessageID, ".")
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || m.Class != complaints.Own {
		return 0
	}
	return n
}

// contentHash identifies a mail whatever way it came: trace fields, which each
// host adds, do not count, nor do line ends and empty lines at the end.
func contentHash(h message.Header, body []byte) string {
	sum := sha256.New()
	for _, name := range []string{"From", "To", "Cc", "Subject", "Date", "Message-Id"} {
		for _, v := range h.Values(name) {
			fmt.Fprintf(sum, "%s:%s\n", name, strings.Join(strings.Fields(v), " "))
		}
	}
	body = bytes.TrimRight(body, "\r\n")
	for len(body) > 0 {
		line, rest := cutLine(body)
		sum.Write([]byte("\n"))
		sum.Write(line)
		body = rest
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// WithoutTrace takes off the fields that relays and mailboxes put on top of a
// mail (RFC 5321 section 4.4, RFC 8601).
func WithoutTrace(raw []byte) []byte {
	for {
		name, _, ok := bytes.Cut(raw, []byte(":"))
		switch {
		case !ok:
			return raw
		case slices.ContainsFunc([]string{"Return-Path", "Delivered-To", "X-Original-To", "Received", "Authentication-Results"}, func(s string) bool { return strings.EqualFold(s, string(name)) }):
		default:
			return raw
		}
		for { // the field with the lines that continue it
			end := bytes.IndexByte(raw, '\n')
			if end < 0 {
				return raw
			}
			raw = raw[end+1:]
			if len(raw) == 0 || raw[0] != ' ' && raw[0] != '\t' {
				break
			}
		}
	}
}
