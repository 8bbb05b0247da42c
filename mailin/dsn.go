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
