package mailin

import (
	"regexp"
	"strings"

	"complaints"

	"github.com/emersion/go-message"
)

// readDSN reads what a delivery report says: the fields of RFC 3464 where it
// has them, else the words of the notice. It is meaningful only for a bounce.
func readDSN(root *part, h message.Header, m *complaints.Message) *complaints.DSN {
	quiet := &reader{Desk: Desk{Limits: Limits{}.WithDefaults()}, m: &complaints.Message{}}
	d := &complaints.DSN{}
	notice, copied := cutCopy(m.Text[:min(len(m.Text), 64<<10)])
	// Exchange encodes the report in base64, which RFC 3464 does not foresee.
	if all := root.findAll("message/delivery-status", "message/global-delivery-status"); len(all) > 0 {
		for _, p := range all { // some programs put their notice into one of its own
			quiet.recipientFields(quiet.decode(p), d)
		}
	} else if at := fieldsInText.FindStringIndex(m.Text); at != nil {
		// a report that lost its form on the way, or came within another one
		quiet.recipientFields(unquoted(m.Text[at[0]:min(len(m.Text), at[0]+64<<10)]), d)
	}
	var addressee []complaints.Address // of the mail that came back
	var within []byte
	if p := root.find("message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "text/rfc822-header", "message/global-headers"); p != nil {
		within = quiet.decode(p)
		addressee = quiet.returned(within, d)
	}
	if d.MessageID == "" && copied != "" {
		if to := quiet.returned([]byte(copied), d); len(addressee) == 0 {
			addressee = to
		}
	}
	for i := 0; d.MessageID == "" && i < min(len(m.Attachments), 10); i++ {
		// returned as a file, or under a type of the program's own
		if a := m.Attachments[i]; strings.HasPrefix(a.Type, "text/") || strings.HasPrefix(a.Type, "message/") || strings.HasSuffix(strings.ToLower(a.Name), ".eml") {
			if found := returnedID.FindSubmatch(a.Content[:min(len(a.Content), 64<<10)]); found != nil {
				d.MessageID = clean(string(found[1]))
			}
		}
	}
	readJSON(notice, d)
	if d.MessageID == "" {
		if found := returnedID.FindStringSubmatch(m.Text[:min(len(m.Text), 64<<10)]); found != nil {
			d.MessageID = clean(found[1])
		}
	}
	if d.MessageID == "" && len(m.References) > 0 {
		d.MessageID = m.References[len(m.References)-1]
	}
	if d.Recipient == "" {
		d.Recipient = failedRecipient(h, m, notice)
	}
	if at := fieldsInText.FindIndex(within); d.Recipient == "" && at != nil {
		quiet.recipientFields(within[at[0]:], d) // a report about a report
	}
	if d.Recipient == "" && len(addressee) == 1 {
		d.Recipient = addressee[0].Addr
	}
	readNotice(m.Subject, notice, d)
	if *d == (complaints.DSN{}) {
		return nil
	}
	return d
}

var (
	// how the copy of the mail is introduced that came back
	copyBegins = regexp.MustCompile(`(?i)^[\s>*=+#-]*(?:this is a copy of (?:the|your) message|below this line is a copy|(?:below is a |here is a )?copy of (?:the )?(?:original |your )?message|(?:the )?original (?:message|mail)(?: headers?)?(?: follows?| as follows|:|[ =*-]*$)|message headers? follows?|` +
		`(?:un(?:sent|delivered)|returned|rejected) (?:message|mail)(?: follows?|[ :=*-]*$)|the header of the original message|(?:the )?headers? of the (?:original |rejected )?message|included is a copy|your (?:original )?message (?:header|follows)|` +
		`(?:原始邮件|原邮件|原信|邮件头|退信原文|元のメッセージ|オリジナルメッセージ)(?:头|内容|如下|正文)?[\s:：=*-]*$|以下(?:是|为)(?:您|你)?(?:的)?原)`)
	copyField    = regexp.MustCompile(`(?i)^(?:received|return-path|message-id|from|to|subject|date|mime-version|content-type|x-[a-z-]+|dkim-signature|reply-to)[ \t]*:`)
	fieldsInText = regexp.MustCompile(`(?im)^[> \t]*(?:final|original)-recipient:[ \t]*\S`)
)

// unquoted takes the marks of quotation off the lines that have those of the
// first.
func unquoted(s string) []byte {
	prefix := s[:len(s)-len(strings.TrimLeft(s, "> \t"))]
	var b []byte
	for line := range strings.SplitAfterSeq(s, "\n") {
		b = append(b, strings.TrimPrefix(line, prefix)...)
	}
	return b
}

// cutCopy parts the words of a report from the copy of the mail that came
// back, where that stands in the text itself: addresses and numbers in it say
// nothing of what went wrong.
func cutCopy(s string) (notice, copied string) {
	at := 0
	for line := range strings.SplitAfterSeq(s, "\n") {
		text := strings.TrimLeft(line, "> \t")
		if copyField.MatchString(text) && isHead(s[at:]) {
			return s[:at], string(unquoted(s[at:]))
		}
		if copyBegins.MatchString(line) && len(strings.TrimSpace(s[:at])) > 0 {
			return s[:at], strings.TrimLeft(s[at+len(line):], "\n >-=")
		}
		at += len(line)
	}
	return s, ""
}

// isHead reports whether the head of a mail begins here: at least three of the
// fields that each mail has, one of them such as no letter is begun with.
func isHead(s string) bool {
	fields, trace := 0, false
	for range 12 {
		line, rest, _ := strings.Cut(s, "\n")
		if line = strings.ToLower(strings.TrimLeft(line, "> \t")); copyField.MatchString(line) {
			fields++
			trace = trace || !strings.HasPrefix(line, "from") && !strings.HasPrefix(line, "to") && !strings.HasPrefix(line, "date") && !strings.HasPrefix(line, "subject")
		}
		s = rest
	}
	return fields >= 3 && trace
}

// returned reads the head of the mail that came back: its Message-ID into d,
// and to whom it went.
func (r *reader) returned(b []byte, d *complaints.DSN) []complaints.Address {
	head, _ := r.header(b, nil)
	if ids := parseIDs(head.Get("Message-Id")); len(ids) > 0 && d.MessageID == "" {
		d.MessageID = ids[0]
	}
	return parseAddresses(head.Get("To"), 2)
}

// recipientFields reads the groups of a delivery-status body (RFC 3464 2.1):
// the first recipient to whom delivery failed, else the first.
func (r *reader) recipientFields(b []byte, d *complaints.DSN) {
	for range 1000 {
		var h message.Header
		h, b = r.header(b, nil)
		recipient := addrSpec(h.Get("Final-Recipient"))
		for _, f := range []string{"Original-Recipient", "X-Actual-Recipient"} {
			// a host without a domain is known to that mail system only
			if other := addrSpec(h.Get(f)); recipient == "" || !abroad(recipient) && abroad(other) {
				recipient = other
			}
		}
		action := strings.ToLower(strings.TrimSpace(clean(h.Get("Action"))))
		action, _, _ = strings.Cut(action, " ")
		if recipient != "" || action != "" {
			if d.Action == "" || d.Action != "failed" && action == "failed" {
				*d = complaints.DSN{
					Recipient: recipient, Action: action, MessageID: d.MessageID,
					Status:     statusCode.FindString(h.Get("Status")),
					Diagnostic: afterType(h.Get("Diagnostic-Code")),
				}
			}
		}
		if len(b) == 0 {
			break
		}
	}
	switch d.Action {
	case "", "failed", "delayed", "delivered", "relayed", "expanded":
	case "deliverable": // the answer to a mail that only asked
		d.Action = "delivered"
	default: // failure, expired, bounced …
		d.Action = "failed"
	}
}

// abroad reports an address that means the same everywhere.
func abroad(addr string) bool {
	_, domain, _ := strings.Cut(addr, "@")
	return strings.Contains(domain, ".")
}

// afterType drops the type of a DSN field: “rfc822; a@b”, “smtp; 550 …”.
func afterType(v string) string {
	if kind, rest, ok := strings.Cut(v, ";"); ok && !strings.ContainsAny(strings.TrimSpace(kind), " @") {
		v = rest
	}
	return strings.Trim(decodeHeader(v), "<> ")
}

// addrSpec gives the address of a DSN field without its type and its route.
func addrSpec(v string) string {
	v = afterType(v)
	if a := parseAddresses(v, 1); len(a) > 0 && strings.Contains(a[0].Addr, "@") && strings.Contains(v, " ") {
		v = a[0].Addr
	}
	if route, rest, ok := strings.Cut(v, ":"); ok && strings.HasPrefix(route, "@") {
		v = rest
	}
	return strings.Trim(v, "<> '")
}

var (
	statusCode    = regexp.MustCompile(`\b[245]\.\d{1,3}\.\d{1,3}\b`)
	afterReply    = regexp.MustCompile(`\b[45]\d\d[ -]+#?\(?([45]\.\d{1,3}\.\d{1,3})\b`)
	markedStatus  = regexp.MustCompile(`(?i)(?:\(?#|status(?: code)?[: ]+|dsn[=: ]+|error(?: code)?[: ]+)([45]\.\d{1,3}\.\d{1,3})\b`)
	bareStatus    = regexp.MustCompile(`(?:^|[\s(<\[:;,"'“（：])([45]\.\d{1,3}\.\d{1,3})(?:[\s)>\]:;,"'”）：]|\.?$|\.\s)`)
	beforeVersion = regexp.MustCompile(`(?i)(?:exim|postfix|sendmail|version|release|server|qmail|courier|groupwise|imail|\bver?)\.?[ /:]*$`)
	replyCode     = regexp.MustCompile(`(?m)(?:^|[\s:>(,;'"#=：（])([45])\d\d(?:[ -]|: |[])）]|$)(?:[45]\.\d{1,3}\.\d{1,3}\b)?`)
	noticeAddress = regexp.MustCompile(`[\w.!#$%&*+/=?^{|}~-]+@[\w-]+(?:\.[\w-]+)+`)
	lineAddress   = regexp.MustCompile(`(?m)^[ \t>*]*<([^<>\s@]+@[^<>\s]+)>[ \t]*(?:[:：(（]|$|\.\.\.)`)
	namedAddress  = regexp.MustCompile(`(?i)(?:deliver(?:y|ed)?(?: your (?:mail|message))?(?: failed)? to|recipients?(?: address(?:es)?)?|following (?:address|recipient|user)(?:\(?e?s\)?)?|could not send to|sent to|收件人(?:地址|邮箱)?|收信人|收件者|無法傳遞至|无法(?:发送|投递|送达)到?|未能送达|发送至|宛先)[^@\n]{0,60}?(?:\n[ \t]*){0,2}[^@\n]{0,60}?[^\w.!#$%&*+/=?^{|}~@-]([\w.!#$%&*+/=?^{|}~-]+@[\w-]+(?:\.[\w-]+)+)`)
	localNames    = regexp.MustCompile(`(?i)(?:following (?:recipient|address|user)[^\n]{0,60}[^:]{0,200}|not delivered to the following):[ \t]*\n+[ \t]+([\w.-]{1,64})(?:[ \t]*(?:\n|$)| {3})`)
	returnedID    = regexp.MustCompile(`(?im)^[> \t|]*message-id[ \t]*:\s*<?([^<>\s]+@[^<>\s]+)>?`)
	delayWords    = regexp.MustCompile(`(?i)delay|warning|still being retried|not yet been delivered|will (?:be retried|keep trying|continue trying|retry)|延迟|延時|暂时未能|遅延|verzögert|retard`)
	gaveUp        = regexp.MustCompile(`(?i)giv(?:ing|en) up|too long|retry time(?:out)? exceeded|message expired|expired|for the last \d+ (?:second|hour|day)|exceeded the (?:maximum )?(?:time|retry)|超时退信|投递超时|已超过`)
)

// readNotice fills in from the words of a report what its fields do not give.
func readNotice(subject, words string, d *complaints.DSN) {
	if d.Status == "" {
		if d.Status = firstStatus(d.Diagnostic); d.Status == "" {
			d.Status = firstStatus(words)
		}
	}
	if d.Diagnostic == "" {
		for line := range strings.SplitSeq(words, "\n") {
			if len(line) < 1000 && (replyCode.MatchString(line) || firstStatus(line) != "") {
				d.Diagnostic = strings.TrimSpace(line)
				break
			}
		}
	}
	if d.Status == "" {
		d.Status = statusOf(d, subject+"\n"+words)
	}
	if d.Action == "" && d.Recipient != "" {
		d.Action = "failed"
		if delayWords.MatchString(subject) {
			d.Action = "delayed"
		}
	}
	if d.Status == "" && d.Action == "failed" {
		d.Status = "5.0.0" // it failed, and why is not said (RFC 3463 section 3.1)
	}
}

// firstStatus finds a status code (RFC 3463) in words: first such as stands
// beside a reply code or is called one; versions of programs and IP addresses
// look alike.
func firstStatus(s string) string {
	for _, form := range []*regexp.Regexp{afterReply, markedStatus} {
		if found := form.FindStringSubmatch(s); found != nil {
			return found[1]
		}
	}
	for rest := s; ; {
		at := bareStatus.FindStringSubmatchIndex(rest)
		if at == nil {
			return ""
		}
		if !beforeVersion.MatchString(rest[max(0, at[2]-30):at[2]]) {
			return rest[at[2]:at[3]]
		}
		rest = rest[at[3]:]
	}
}

// notices are what reports say that give no status code (RFC 3463), and the
// one they mean. Where several fit the first counts.
var notices = []struct {
	status string
	words  *regexp.Regexp
}{
	{".2.2", regexp.MustCompile(`(?i)over ?quota|quota (?:\w+ )?exceed|(?:full|agotado) (?:e-?mail |mail )?(?:box|mailbox)|mailbox (?:is )?full|casilla.{0,20}(?:llena|agotad)|exceed.{0,20}quota|mail ?(?:box|folder) (?:is |was )?(?:over)?full|mailbox exceeded|exceeded the local limit|out of (?:disk )?space|空间(?:已满|不足)|(?:邮箱|容量|空间)已?满|超出.{0,6}容量|容量が`)},
	{".3.4", regexp.MustCompile(`(?i)too (?:large|big)|size limit|exceeds.{0,20}size|邮件(?:过大|太大)|超过.{0,8}大小`)},
	{".4.6", regexp.MustCompile(`(?i)too many hops|mail loop|routing loop|邮件循环|投递循环`)},
	{".1.3", regexp.MustCompile(`(?i)malformed address|bad address syntax|地址格式(?:错误|不正确)`)},
	{".1.10", regexp.MustCompile(`(?i)null mx|indicated no SMTP service|does not accept (?:e-?)?mail`)},
	{".1.2", regexp.MustCompile(`(?i)(?:host|domain)(?: name)?(?: is)? (?:unknown|not found)|unknown (?:host|domain)|no such (?:domain|host)|host \S{1,100} not found|no mx record|domain.{0,40}does not exist|unrouteable mail domain|域名(?:不存在|错误)|无法解析`)},
	{".1.1", regexp.MustCompile(`(?i)user (?:is )?unknown|unknown (?:user|recipient|local)|no such (?:user|recipient|address|account|person|mailbox)|(?:user|mailbox|recipient|account|address)(?:[^.\n]|\.\S){0,60}(?:not found|does ?n.t exist|doesn't have|does not have|not exist|not listed|invalid)|invalid (?:user|recipient|mailbox|address)|isn't a valid|name is not recognized|invalid final delivery userid|no valid recipients|this-(?:local-part|message)\S*|unrouteable address|check if address is correct|couldn't be found|wasn't found|` +
		`(?:用户|收件人|邮箱|账号|帐号|帐户|账户|地址)[^。\n]{0,16}(?:不存在|无效|有误|未找到)|找不到[^。\n]{0,20}(?:地址|用户|收件人)|不存在的(?:用户|邮箱|地址)|ユーザー?(?:が|は)[^。\n]{0,12}(?:ません|存在)|見つかりません|リストにありません`)},
	{".2.1", regexp.MustCompile(`(?i)(?:account|mailbox|user)[^.\n]{0,30}(?:disabled|inactive|suspended|locked)|(?:casilla|cuenta)[^.\n]{0,20}(?:expirad|inactiv|suspendid)|(?:账号|帐号|邮箱|用户)[^。\n]{0,8}(?:停用|禁用|冻结|锁定|注销)`)},
	{".7.1", regexp.MustCompile(`(?i)\bspam\b|black ?list|block(?:ed|list)|policy|not (?:permitted|allowed|authori[sz]ed)|permission|access denied|rejected|not accepting mail from|dmarc|\bspf\b|unsolicited|拒收|拒绝|垃圾邮件|黑名单|没有权限|被屏蔽`)},
	{".4.1", regexp.MustCompile(`(?i)connection (?:was )?(?:refused|dropped|lost|reset|timed? ?out)|could not initiate|no route|timed? ?out|could not connect|not responding|network error|socket error|did not accept our requests to connect|host (?:is )?(?:not reachable|unreachable)|连接(?:超时|失败|被拒)|超时`)},
	{".4.7", regexp.MustCompile(`(?i)giv(?:ing|en) up|retry time(?:out)? exceeded|expired|delivery failed \d+ attempts|been in the queue too long|aborted after [\d.]+ hour|failing for a long time|投递超时`)},
}

// statusOf gives a status for a report that has none: its class by the reply
// code, the rest by its words.
func statusOf(d *complaints.DSN, words string) string {
	class := ""
	code := replyCode.FindStringSubmatch(d.Diagnostic + "\n" + words)
	if code != nil {
		class = code[1]
	}
	if class == "" && d.Action != "failed" && delayWords.MatchString(words) && !gaveUp.MatchString(words) {
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
	if class == "" {
		return ""
	}
	return class + ".0.0" // of its class, undefined
}

// failedRecipient finds to whom a mail could not be delivered: the field of
// Exim and Gmail, an address at the start of a line in the manner of qmail and
// Postfix, one that the words name, else the first of the notice that is
// neither the reader's nor the mail system's own.
func failedRecipient(h message.Header, m *complaints.Message, words string) string {
	if a := parseAddresses(h.Get("X-Failed-Recipients"), 1); len(a) > 0 {
		return a[0].Addr
	}
	other := func(a string) bool {
		if complaints.SameAddr(a, m.From.Addr) || daemonName.MatchString(localPart(a)) {
			return false
		}
		for _, to := range m.Recipients() {
			if complaints.SameAddr(a, to) {
				return false
			}
		}
		return true
	}
	// the daemon's own users, by their names alone
	if found := localNames.FindStringSubmatch(words); found != nil && daemonName.MatchString(localPart(m.From.Addr)) {
		_, domain, _ := strings.Cut(m.From.Addr, "@")
		return found[1] + "@" + domain
	}
	for _, form := range []*regexp.Regexp{lineAddress, namedAddress} {
		for _, found := range form.FindAllStringSubmatch(words, 20) {
			if a := strings.TrimPrefix(strings.Trim(found[1], "'.,;"), "SMTP="); other(a) { // X.400 names so the address of the Internet
				return a
			}
		}
	}
	for _, a := range noticeAddress.FindAllString(words, 50) {
		if a = strings.Trim(a, "'."); other(a) && !masterName.MatchString(localPart(a)) {
			return a
		}
	}
	// a mail to oneself
	if found := lineAddress.FindStringSubmatch(words); found != nil {
		return found[1]
	}
	return ""
}

var jsonField = regexp.MustCompile(`"(emailAddress|action|status|diagnosticCode|messageId)"\s*:\s*"((?:[^"\\]|\\.){1,1000})"`)

// readJSON reads the notices that Amazon SES sends in JSON.
func readJSON(words string, d *complaints.DSN) {
	if !strings.Contains(words, `"notificationType"`) {
		return
	}
	for _, f := range jsonField.FindAllStringSubmatch(words, 100) {
		value := clean(strings.NewReplacer(`\"`, `"`, `\\`, `\`, `\n`, " ").Replace(f[2]))
		for name, to := range map[string]*string{"emailAddress": &d.Recipient, "action": &d.Action, "status": &d.Status, "diagnosticCode": &d.Diagnostic, "messageId": &d.MessageID} {
			if f[1] == name && *to == "" {
				*to = afterType(value)
			}
		}
	}
}

// parseIDs reads msg-ids with and without angle brackets, without repetition.
func parseIDs(v string) []string {
	var ids []string
	v = clean(v)
	for v != "" && len(ids) < 1000 {
		var id string
		if i := strings.IndexByte(v, '<'); i >= 0 {
			for _, f := range strings.FieldsFunc(v[:i], blankOrComma) {
				if f = strings.Trim(f, ">"); strings.Contains(f, "@") && !strings.Contains(f, ">") {
					ids = append(ids, f)
				}
			}
			id, v, _ = strings.Cut(v[i+1:], ">")
			id = strings.Trim(strings.Join(strings.Fields(id), ""), "<")
			if id != "" {
				ids = append(ids, id)
			}
			continue
		}
		for _, f := range strings.FieldsFunc(v, blankOrComma) {
			if strings.Contains(f, "@") || !strings.ContainsAny(v, " ,") {
				if f, _, _ = strings.Cut(strings.TrimLeft(f, ">"), ">"); f != "" {
					ids = append(ids, f)
				}
			}
		}
		break
	}
	seen := map[string]bool{}
	out := ids[:0]
	for _, id := range ids {
		if !seen[id] && len(id) <= 998 {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

func blankOrComma(r rune) bool { return r == ' ' || r == ',' || r == '\t' || r == ';' }
