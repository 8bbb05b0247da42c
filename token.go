package complaints

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Purpose says what a token is good for.
type Purpose byte

// The purposes of a token.
const (
	ForClient Purpose = 'c' // add to the case; bound to no person
	ForStaff  Purpose = 's' // command the case; bound to one person
	ForBounce Purpose = 'b' // return path of one outgoing mail (VERP); Ref is its outbox number
	ForCanary Purpose = 'd' // a test of the mail system: it is kept, and nothing follows from it
)

// Token is the detail of a recipient address (RFC 5233): complaints+<detail>@.
// The MAC is 128 bits of HMAC-SHA256 over reference, purpose, person and
// expiry, so a token of another case, person or purpose does not verify.
type Token struct {
	Ref     string // case, or outbox number
	Purpose Purpose
	Expiry  int // weeks since 2020-01-01 UTC
	mac     string
}

// Keyring holds the HMAC keys: the first signs, all verify, so that a key can
// be rotated out.
type Keyring [][]byte

var (
	tokenEpoch  = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	tokenBase32 = base32.StdEncoding.WithPadding(base32.NoPadding)
)

// tokenLife is how long a reply address works: a case with its appeal and the
// firm's long-stop fits into it.
const tokenLife = 104 // weeks

// TokenLife is how long a reply address may still be answered to: so long a key
// that signs no more is kept.
const TokenLife = (tokenLife + 1) * 7 * 24 * time.Hour

func week(t time.Time) int { return int(t.Sub(tokenEpoch) / (7 * 24 * time.Hour)) }

func mac(key []byte, ref string, p Purpose, person string, expiry int) string {
	h := hmac.New(sha256.New, key)
	fmt.Fprintf(h, "complaintsd token 1\n%s\n%c\n%s\n%d", strings.ToUpper(ref), p, strings.ToLower(person), expiry)
	return strings.ToLower(tokenBase32.EncodeToString(h.Sum(nil)[:16]))
}

// Sign makes the detail for an address: <ref>.<purpose><expiry><mac>, at most
// 45 bytes, lower case, so that it survives every mail system.
func (k Keyring) Sign(ref string, p Purpose, person string, now time.Time) string {
	expiry := week(now) + tokenLife
	return fmt.Sprintf("%s.%c%03x%s", strings.ToLower(ref), p, expiry, mac(k[0], ref, p, person, expiry))
}

// ParseToken reads the detail of an address; false if it has not the form of
// a token. Nothing is verified yet.
func ParseToken(detail string) (Token, bool) {
	ref, rest, ok := strings.Cut(strings.ToLower(detail), ".")
	if !ok || len(rest) != 1+3+26 || ref == "" {
		return Token{}, false
	}
	t := Token{Ref: strings.ToUpper(ref), Purpose: Purpose(rest[0]), mac: rest[4:]}
	if _, err := fmt.Sscanf(rest[1:4], "%03x", &t.Expiry); err != nil {
		return Token{}, false
	}
	switch t.Purpose {
	case ForClient, ForStaff, ForBounce, ForCanary:
		return t, true
	}
	return Token{}, false
}

// Verify reports whether a token was signed by one of the keys for this person
// ("" for purposes bound to none) and has not expired.
func (k Keyring) Verify(t Token, person string, now time.Time) bool {
	if t.Purpose != ForStaff {
		person = ""
	}
	if t.mac == "" || week(now) > t.Expiry {
		return false
	}
	for _, key := range k {
		if hmac.Equal([]byte(mac(key, t.Ref, t.Purpose, person, t.Expiry)), []byte(t.mac)) {
			return true
		}
	}
	return false
}

// Detailed puts a detail into an address: complaints@f → complaints+detail@f.
func Detailed(addr, detail string) string {
	local, domain, _ := strings.Cut(addr, "@")
	return local + "+" + detail + "@" + domain
}

// CaseKeys are what a message says of the case it belongs to, strongest first.
type CaseKeys struct {
	Token      *Token   // from a recipient address; not verified
	MessageIDs []string // that it refers to, newest first
	Ref        string   // reference number in the subject
}

// KeysOf reads the keys of a message. desk is the address of the desk without
// a detail.
func KeysOf(m *Message, desk string) CaseKeys {
	var k CaseKeys
	local, domain, _ := strings.Cut(strings.ToLower(desk), "@")
	for _, r := range m.Recipients() {
		l, d, ok := strings.Cut(strings.ToLower(r), "@")
		detail, found := strings.CutPrefix(l, local+"+")
		if !ok || !found || d != domain {
			continue
		}
		if t, ok := ParseToken(detail); ok {
			k.Token = &t
			break
		}
	}
	for i := len(m.References) - 1; i >= 0 && len(k.MessageIDs) < 50; i-- {
		k.MessageIDs = append(k.MessageIDs, m.References[i])
	}
	k.Ref = FindRef(m.Subject)
	return k
}

// commandLife is how old a mail may be whose commands are carried out, and
// dateSlip how far its date may lie ahead. A signature stays valid for years;
// the mail that it is on does not.
const (
	commandLife = 7 * 24 * time.Hour
	dateSlip    = 24 * time.Hour
)

// trust demands, for a command that changes something, that the mail came to
// the address which only this person was given for this case, and that it is of
// these days and no copy. Where nobody can verify a domain, and for what goes
// outside where no account is known, it leaves the commands to a confirmation.
func (s *session) trust(v *Verb) error {
	if s.m.Repeats != 0 {
		return Refuse("这封邮件的日期和内容与此前处理过的一封相同，未再执行。如需再次执行，请重新写一封。",
			"This mail has the date and the words of one that was dealt with before; nothing was done again. If you mean it anew, please write a new mail.")
	}
	came := s.at
	if !s.m.Arrived.IsZero() {
		came = s.m.Arrived
	}
	if s.proved == nil && (s.m.Date.IsZero() || came.Sub(s.m.Date) > commandLife || s.m.Date.Sub(came) > dateSlip) {
		return Refuse("邮件的日期缺失、早于%[1]d天前或晚于现在，其中的命令未执行。请核对电脑时钟，重新发送。",
			"The date of this mail is missing, more than %[1]d days old, or in the future; its commands were not carried out. Please check your clock and send it anew.", int(commandLife/(24*time.Hour)))
	}
	desk := s.c == nil && slices.Contains(penVerbs, v.En[0])
	if (s.c != nil || desk || s.onMeeting(v)) && s.proved == nil {
		t := s.m.token(s.p.Address)
		named := t != nil && t.Purpose == ForStaff && (s.c != nil && s.c.answersTo(t.Ref) || s.mt != nil && strings.EqualFold(t.Ref, s.mt.Ref) || desk && t.Ref == ForDesk)
		if !named || !s.p.Keys.Verify(*t, s.who.Address, s.at) {
			return Refuse("为防冒名，改动案件的命令须发到本台给您的专用回复地址。请直接回复本邮件，并保留同样的命令。",
				"To guard against forgery, a command that changes a case must be sent to the reply address that the desk gave to you. Reply to this mail with the same command.")
		}
	}
	switch {
	case s.p.Verdict.blocks(s.m):
		return Refuse("邮件系统检查发现，伪造的认证标记没有被剔除，凭这类标记执行的命令自%[1]s起停用；查看类命令不受影响。请管理员处理后重新运行 complaintsd doctor。",
			"The mail system was found to let forged marks of authentication through; since %[1]s no command that relies on them is carried out. Reading still works. An administrator must see to it and run complaintsd doctor again.", s.p.Verdict.At.In(s.p.Location).Format("2006-01-02 15:04"))
	case s.p.Confirm && v.Layer == Outward && !s.m.placed():
		return Refuse("本所的邮件系统尚不能核实发件人，对外或无法撤回的命令不能经邮件执行；请管理员在配置中设置 authentication。",
			"The firm's mail system cannot verify who sent a mail, so what goes outside or cannot be undone is not done by mail; an administrator must set up authentication.")
	case s.proved != nil || v.En[0] == "confirm":
	case s.p.Confirm && !s.m.placed(), s.p.RequireDomain && !s.m.genuine(): // the latter: the DNS was away
		s.unproved = true
	case v.Layer == Outward && s.p.RequireDomain && !s.m.submitted() && v.En[0] != "approve":
		// An approval needs no code: it is a second person's, and quotes the
		// hash of the letter that goes out.
		s.unproved = true
	}
	return nil
}

func (m *Message) token(desk string) *Token { return KeysOf(m, desk).Token }

// submitted reports whether the mail was handed in from the account of its
// From address, as our own server says.
func (m *Message) submitted() bool {
	return m.Froms <= 1 && SameAddr(m.Auth.Submitter, m.From.Addr) || m.placed()
}

// placed reports whether the author of the mail put it into the folder that is
// open to nobody else.
func (m *Message) placed() bool { return m.Froms == 1 && SameAddr(m.Auth.Folder, m.From.Addr) }

// genuine reports whether our own hosts or our own verification vouch for the
// domain or the account of From.
func (m *Message) genuine() bool {
	_, domain, _ := strings.Cut(strings.ToLower(m.From.Addr), "@")
	return m.Froms <= 1 && (m.Auth.DMARC == "pass" || slices.Contains(m.Auth.DKIM, domain) || m.submitted())
}

// Confirmation is a mail whose commands wait for a one-time code, which is sent
// to the registered address of the one in whose name it came. It is bound to
// that person, to the case, and to these very commands.
type Confirmation struct {
	Code    string // 16 hexadecimal digits
	Person  string // address
	Ref     string // of the case; "" for commands about none
	Digest  string // SHA-256 of the commands and their text, hex
	Expires time.Time

	Used time.Time // zero: it has not been
	Mail *Message  // the mail that waits, as it was read; only when it is looked up
}

// codeLife is how long a code works.
const codeLife = 24 * time.Hour

// maxMisuses is how many addresses or codes that are not theirs are accepted
// from one sender in an hour before codes are no longer looked at, and from all
// before somebody is told.
const maxMisuses = 10

// code signs what is to be confirmed. Nobody without the key can guess it, and
// no two mails have the same.
func (k Keyring) code(w Confirmation, m *Message, at time.Time) string {
	h := hmac.New(sha256.New, k[0])
	fmt.Fprintf(h, "complaintsd confirmation 1\n%s\n%s\n%s\n%s\n%s\n%d", strings.ToLower(w.Person), w.Ref, w.Digest, m.ContentHash, m.SHA256, at.UnixNano())
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// digest is over commands as they were read, so that whatever changes what
// they do changes it.
func digest(cs []Command) string {
	h := sha256.New()
	for _, c := range cs {
		fmt.Fprintf(h, "%q %q\n", c.Raw, c.Text)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// confirming finds the command that confirms others; nil if it does not stand
// alone.
func confirming(cs []Command) *Command {
	if len(cs) == 1 && cs[0].verb != nil && cs[0].verb.En[0] == "confirm" {
		return &cs[0]
	}
	return nil
}

// Confirms gives the code that a mail from staff brings back, or "".
func Confirms(m *Message) string {
	if c := confirming(ParseCommands(m.OwnWords)); c != nil && len(c.Words) == 1 {
		return strings.ToLower(c.Words[0])
	}
	return ""
}

// confirmAlone answers a confirmation that stands among other commands.
func (s *session) confirmAlone() (string, error) {
	return "", Refuse("#确认 须单独写在一封邮件里。", "#confirm must stand in a mail of its own.")
}

// askToConfirm holds commands back, and sends the code to the registered
// address with what will happen.
func (s *session) askToConfirm(cs []Command, lines []Line) {
	w := Confirmation{Person: s.who.Address, Digest: digest(cs), Expires: s.at.Add(codeLife)}
	if s.c != nil {
		w.Ref = s.c.Ref
	}
	w.Code = s.p.Keys.code(w, s.m, s.at)
	s.out.Ask = &w
	m := s.tell(s.who, "confirm", Facts{Subject: s.m.Subject, Transcript: lines, Hash: w.Code, Level: w.Expires.In(s.p.Location).Format("2006-01-02 15:04")})
	m.InReplyTo = s.m.MessageID
}

// redeem puts the mail that was confirmed in place of the one that confirms.
// The commands are checked anew: the case may have moved on.
func (s *session) redeem(c *Command) *Refusal {
	w := s.m.Waiting
	if err := s.permit(c.verb); err != nil {
		if r := AsRefusal(err); r != nil {
			return r
		}
	}
	ref := ""
	if s.c != nil {
		ref = s.c.Ref
	}
	switch {
	case s.m.MisusesBy >= maxMisuses:
		return Refuse("一小时内错误的确认码过多，暂不受理；请稍后再试。此事已报告管理员。", "Too many wrong codes within an hour; please try again later. The administrator has been told.")
	case w == nil || !SameAddr(w.Person, s.who.Address):
		s.misused("code")
		return Refuse("没有待您确认的命令使用这个确认码。请核对系统发给您的确认邮件。", "No commands of yours wait for this code. Please check the mail in which the desk asked you to confirm.")
	case w.Ref != ref:
		s.misused("code")
		return Refuse("这个确认码属于另一案件。请直接回复系统发给您的确认邮件。", "This code belongs to another case. Please reply to the mail in which the desk asked you to confirm.")
	case !w.Used.IsZero():
		return Refuse("这个确认码已经用过，命令已执行，未再执行。", "This code has been used: the commands have been carried out, and were not carried out again.")
	case s.at.After(w.Expires):
		return Refuse("这个确认码已过有效期，命令没有执行；请重新发送命令。", "This code has expired and nothing was done; please send the commands anew.")
	case w.Mail == nil || w.Digest != digest(ParseCommands(w.Mail.OwnWords)):
		return Refuse("待确认的命令已无法读出，请重新发送命令。", "The commands that waited cannot be read any more; please send them anew.")
	}
	s.m, s.proved = w.Mail, w
	return nil
}

// forgotten tells a member of staff of a mail that the desk dealt with before its
// database went back: that it came out of their command folder nobody knows now.
func (s *session) forgotten(cs []Command) {
	if s.damped() {
		return
	}
	l := Line{Refused: true, Did: s.tr("本台的数据库恢复到了较早的备份，因此重新读取已处理过的邮件。这封邮件当时可能取自您的命令文件夹，现已无从核实，其中的命令没有再次执行，邮件已暂存。请查看有关案件；如果缺少这些命令的结果，请重新发送。",
		"The desk's database was restored from an earlier backup, and the mails dealt with since are read again. This one may have come out of your command folder, which cannot be established any more: its commands were not carried out again, and it is held. Please look at the case, and send them anew if what they did is missing.")}
	for _, c := range cs {
		l.Command = strings.TrimSpace(l.Command + "\n" + c.Raw)
	}
	s.tell(s.who, "transcript", Facts{Subject: s.m.Subject, Transcript: []Line{l}, Reason: "refused"}).Auto = true
}

// countMisuse notes a reply address that was not signed for this sender: cut
// short, edited, of another person, or expired.
func (s *session) countMisuse() {
	if s.m.Class != Public && s.m.Class != Staff {
		return
	}
	if t := s.m.token(s.p.Address); t != nil && t.Purpose != ForBounce && !s.p.Keys.Verify(*t, s.m.From.Addr, s.at) {
		s.misused("reply address")
	}
}

// misused notes that somebody used what was not theirs. One is a slip; many
// are somebody who tries.
func (s *session) misused(what string) {
	s.out.Misuse = what
	if s.m.Misuses+1 >= maxMisuses {
		s.alert("guessing", "一小时内收到 %d 个不属于其发件人的回复地址或确认码，均未被接受", "%d reply addresses or confirmation codes that were not their sender's have come within an hour; none was accepted", s.m.Misuses+1)
	}
}

// Verdict is what complaintsd doctor found out about the mail system: whether a
// stranger can bring marks of our own server along.
type Verdict struct {
	At       time.Time `json:"at"`
	MX       string    `json:"mx"`
	Off      bool      `json:"off"` // what changes something is not carried out on the strength of such marks
	Findings []Trial   `json:"findings"`
}

// Trial is what became of one canary: stripped, refused, left in (and not
// believed), believed, not believed, lost, or without a mark.
type Trial struct {
	What   string `json:"what"`
	Result string `json:"result"`
	Detail string `json:"detail,omitempty"`
}

// blocks reports whether the commands of a mail are switched off: the marks on
// which it relies may be forged. A signature that we verified ourselves is none.
func (v *Verdict) blocks(m *Message) bool {
	if v == nil || !v.Off || m.placed() {
		return false
	}
	_, domain, _ := strings.Cut(strings.ToLower(m.From.Addr), "@")
	return !slices.Contains(m.Auth.DKIM, domain)
}

// Judged tells the administrator of a verdict that switches commands off, or on
// again.
func (p *Policy) Judged(v *Verdict, at time.Time) Outcome {
	s := &session{p: p, at: at, lang: p.Language, by: TheDesk}
	if was := p.Verdict != nil && p.Verdict.Off; v.Off != was {
		s.alert("doctor", "%s", "%s", p.VerdictWords(v))
	}
	return s.out
}

// VerdictWords says in one sentence what a verdict means.
func (p *Policy) VerdictWords(v *Verdict) string {
	var through []string
	for _, f := range v.Findings {
		if f.Result == "believed" || f.Result == "left in" {
			through = append(through, f.What+" ("+f.Result+")")
		}
	}
	day := v.At.In(p.Location).Format("2006-01-02 15:04")
	if !v.Off {
		return fmt.Sprintf(pick(p.Language, "%[1]s 检查邮件系统：伪造的认证标记均未被采信，命令照常执行。", "The mail system was examined on %[1]s: no forged mark was believed, and commands are carried out."), day)
	}
	return fmt.Sprintf(pick(p.Language, "%[1]s 检查邮件系统：伪造的认证标记未被剔除，凭这类标记的改动类命令已停用。请在邮件服务器上设置剔除后重新运行 complaintsd doctor。涉及：%[2]s",
		"The mail system was examined on %[1]s and lets forged marks through; commands that change something on the strength of such marks are off. Have your mail server remove them, then run complaintsd doctor again. It concerns: %[2]s"),
		day, strings.Join(through, pick(p.Language, "；", "; ")))
}

var refForm = regexp.MustCompile(`(?i)\bT(\d{4})-(\d{4,7})\b`)

// FormatRef gives T2026-0012.
func FormatRef(year, n int) string { return fmt.Sprintf("T%04d-%04d", year, n) }

// FindRef finds the first case reference in a text, e.g. a subject, and gives
// it in its plain form; "" if there is none.
func FindRef(s string) string {
	m := refForm.FindStringSubmatch(s)
	if m == nil {
		return ""
	}
	y, _ := strconv.Atoi(m[1])
	n, _ := strconv.Atoi(m[2])
	if n == 0 {
		return ""
	}
	return strings.ToUpper(FormatRef(y, n))
}
