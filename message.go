package complaints

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"time"
)

// Class says what kind of correspondent wrote a Message, and so what may be
// answered: nothing automatic is ever sent to Bounce, Auto, Own or Journal.
type Class string

// The classes of received mail.
const (
	Public  Class = "public"  // a person outside the firm: a client, or anyone else
	Staff   Class = "staff"   // the From address stands in the staff register
	Bounce  Class = "bounce"  // a delivery status notification (RFC 3464) or one of its non-standard forms
	Auto    Class = "auto"    // automatic mail (RFC 3834): vacation replies, lists, robots
	Own     Class = "own"     // our own mail come back: it carries our loop mark
	Journal Class = "journal" // the blind copy of a letter, evidence that the relay accepted it
)

// Address is a mailbox of RFC 5322 section 3.4. Addr is the addr-spec with the
// domain in lower case; it is empty when the field could not be read.
type Address struct {
	Name string `json:"name"`
	Addr string `json:"addr"`
}

// String gives the address for a person to read: Name <addr>.
func (a Address) String() string {
	if a.Name == "" {
		return a.Addr
	}
	return a.Name + " <" + a.Addr + ">"
}

// SameAddr reports whether two addr-specs name the same mailbox. Case is
// ignored throughout: no mail system in use tells Li@ from li@.
func SameAddr(a, b string) bool {
	return a != "" && strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
}

// Attachment is one file that came with a message. Size is in bytes of the
// decoded part; SHA256 is of the same bytes, in hex.
type Attachment struct {
	Name   string `json:"name"`
	Type   string `json:"type"` // media type in lower case, e.g. application/pdf
	Size   int    `json:"size"`
	SHA256 string `json:"sha256"`

	Content []byte `json:"-"` // the decoded bytes; kept in the blob store, not in events
}

// Auth is what is known of who sent a message. Every field is a result of our
// own hosts or our own verification, never a claim of the sender.
type Auth struct {
	DMARC     string   `json:"dmarc"`               // pass, fail, none, or "" when nobody of ours said (RFC 7489)
	DKIM      []string `json:"dkim"`                // the d= domains whose signature verified (RFC 6376)
	By        string   `json:"by"`                  // who says so: the authserv-id (RFC 8601), "dkim", or ""
	Away      bool     `json:"away,omitempty"`      // the DNS could not be asked for the key of a signature of the From domain, and nobody else vouches (temperror, RFC 8601 2.7.1)
	Submitter string   `json:"submitter,omitempty"` // smtp.auth of auth=pass: the account that submitted the mail (RFC 8601 2.7.4)
	Folder    string   `json:"folder,omitempty"`    // whose command folder it lay in: by the server's rights nobody else can have put it there
}

// Place is a folder on the IMAP server for the commands of one member of staff.
type Place struct {
	Owner string // addr-spec of the one who alone may put mail there; "": that is nobody
	Doubt string // why it is nobody

	DoubtZh string // the same in Chinese
}

// RSVP is the answer of a calendar program to an invitation (METHOD:REPLY,
// RFC 5546 section 3.2.3).
type RSVP struct {
	UID      string `json:"uid"`
	Attendee string `json:"attendee"` // addr-spec
	Status   string `json:"status"`   // ACCEPTED, DECLINED, TENTATIVE …
	Comment  string `json:"comment,omitempty"`
}

// DSN is what a bounce says of one recipient (RFC 3464). Fields that it does
// not give are empty.
type DSN struct {
	Recipient  string `json:"recipient"`  // Final-Recipient or Original-Recipient, addr-spec
	Action     string `json:"action"`     // failed, delayed, delivered, relayed, expanded
	Status     string `json:"status"`     // RFC 3463, e.g. 5.1.1
	Diagnostic string `json:"diagnostic"` // the remote server's words
	MessageID  string `json:"message_id"` // of the mail that could not be delivered, without <>
}

// Message is a received RFC 5322 mail as the desk reads it. Parsing never
// fails: what is wrong with the mail stands in Problems, and the raw bytes are
// kept beside it.
type Message struct {
	ID          int64        `json:"id,omitempty"` // the store's number; 0 until it is stored
	SHA256      string       `json:"sha256"`       // of the raw bytes, hex
	ContentHash string       `json:"content_hash"` // of the mail without its trace fields: equal for two copies of one mail
	Size        int          `json:"size"`         // raw bytes
	Class       Class        `json:"class"`
	Why         string       `json:"why"` // the mark that decided the class
	From        Address      `json:"from"`
	Froms       int          `json:"froms"` // how many addresses the From fields name; commands need exactly one
	ReplyTo     string       `json:"reply_to"`
	ReturnPath  string       `json:"return_path,omitempty"` // addr-spec, "<>" for the null path, "" if there is none
	To          []Address    `json:"to"`
	Cc          []Address    `json:"cc"`
	Delivered   []string     `json:"delivered,omitempty"` // Delivered-To, X-Original-To, Envelope-To: addresses of ours
	Subject     string       `json:"subject"`
	MessageID   string       `json:"message_id"` // without <>
	References  []string     `json:"references"` // References, then In-Reply-To if it is not among them; without <>, oldest first
	InReplyTo   []string     `json:"in_reply_to,omitempty"`
	Date        time.Time    `json:"date"`
	Charset     string       `json:"charset"`   // as decoded, of the text the reader sees
	Text        string       `json:"text"`      // the whole body as text, lines ended by \n
	OwnWords    string       `json:"own_words"` // what the author wrote: quotation and signature cut
	Attachments []Attachment `json:"attachments"`
	Auth        Auth         `json:"auth"`
	DSN         *DSN         `json:"dsn,omitempty"`
	RSVP        *RSVP        `json:"rsvp,omitempty"` // a calendar program's answer to an invitation
	Problems    []string     `json:"problems"`
	Hold        string       `json:"hold,omitempty"` // why the mail must be held whole (a limit of mail.md was met), or ""

	// Automatic is how many automatic mails went to Policy.Correspondent in
	// the last 24 hours; the store fills it in, and Policy.Receive damps by it.
	Automatic int `json:"-"`

	// What the receiver looks up for the policy before it decides.
	Forwarded *Message  `json:"-"` // the mail that this one passes on, or nil
	Similar   []Similar `json:"-"` // open cases that look like this new complaint
	Others    []*Case   `json:"-"` // the further cases that its commands name, locked
	Tables    []Table   `json:"-"` // working days that wait for a second person's approval

	Repeats   int64         `json:"-"` // an earlier mail with the same sender, date and words; 0: none
	Place     *Place        `json:"-"` // the command folder in which it lay; nil: it came by mail
	Recovered bool          `json:"-"` // it was dealt with before, and the database has gone back behind that
	Arrived   time.Time     `json:"-"` // when it came, if that was earlier: it was held
	Pen       []HeldMail    `json:"-"` // mails that are held, for the commands that deal with them
	Released  string        `json:"-"` // who released it from the holding pen; "" if it comes from the inbox
	Waiting   *Confirmation `json:"-"` // the commands that its code confirms, or nil
	Issued    int           `json:"-"` // letters that its author has issued in the 24 hours before, for a mail that approves one
	Misuses   int           `json:"-"` // reply addresses and codes that were not theirs, in the hour before, by anybody
	MisusesBy int           `json:"-"` // the same, by this sender
	Meeting   *Meeting      `json:"-"` // that the mail is about, locked; nil: none
	Committee *Committee    `json:"-"` // what is before the committee, for a mail that calls a meeting

	// Upheld counts, for the people whom Accused gives, the cases of the twelve
	// months before in which a complaint against them was upheld, by address.
	Upheld map[string]int `json:"-"`
}

// Recipients are all addresses the message was sent to as far as it tells,
// the envelope's first.
func (m *Message) Recipients() []string {
	all := append([]string(nil), m.Delivered...)
	for _, a := range m.To {
		all = append(all, a.Addr)
	}
	for _, a := range m.Cc {
		all = append(all, a.Addr)
	}
	return all
}

// Mail is an intent to send one mail to one recipient. It is recorded in the
// same transaction as the events that caused it, and composed by the sender
// after commit: once, then frozen. Key names the effect; the store refuses a
// second mail under the same key, so that nothing is said twice.
type Mail struct {
	Key       string  `json:"key"`
	To        Address `json:"to"`
	Lang      string  `json:"lang"`                // zh or en
	Template  string  `json:"template"`            // a name of package templates
	Auto      bool    `json:"auto,omitempty"`      // an automatic acknowledgement: MAIL FROM <> and counted by the damper
	Staff     bool    `json:"staff,omitempty"`     // to a person of the register: carries a capability token and the next commands
	LetterNo  int     `json:"letter_no,omitempty"` // the case's letter to render and attach; 0: none
	Draft     bool    `json:"draft,omitempty"`     // the letter is a draft: its hash is for approval, nothing is issued
	Facts     Facts   `json:"facts"`
	InReplyTo string  `json:"in_reply_to,omitempty"` // message-id of the mail that is answered, without <>
	Meeting   string  `json:"meeting,omitempty"`     // reference of the meeting that it is about, or NewMeeting; "": none
}

// Facts are what a mail says beside the case itself, which the sender reads
// when it composes. A template uses those it needs.
type Facts struct {
	Subject     string       `json:"subject,omitempty"`     // subject of the mail that is answered
	Text        string       `json:"text,omitempty"`        // words passed on: a question, a client's reply, a note
	From        Address      `json:"from,omitzero"`         // whose words they are
	Reason      string       `json:"reason,omitempty"`      // why: of a refusal, a return, a failure
	Transcript  []Line       `json:"transcript,omitempty"`  // what each command line did
	Attachments []Attachment `json:"attachments,omitempty"` // sent along, by their hash
	Of          string       `json:"of,omitempty"`          // list: whose cases ("" all)
	Hash        string       `json:"hash,omitempty"`        // short hash of a draft, 12 hex digits
	Clock       string       `json:"clock,omitempty"`       // reminder: which clock
	Level       string       `json:"level,omitempty"`       // reminder: which level
	Notes       []string     `json:"notes,omitempty"`       // what the desk noticed, one sentence each
	Items       []Item       `json:"items,omitempty"`       // digest: what is due
	Held        []HeldMail   `json:"held,omitempty"`        // mails that are held
}

// Item is one limit in a daily digest.
type Item struct {
	Ref   string `json:"ref"`
	Clock string `json:"clock"`
	Due   Date   `json:"due"`
	Late  bool   `json:"late,omitempty"`

	Name, Subject string `json:"-"` // filled in when it is written, for who may read the case
}

// Line is one line of a transcript: the command as read, what it did, and
// whether it was refused. A refused line means that nothing was done.
type Line struct {
	Command string `json:"command"`
	Did     string `json:"did"`
	Refused bool   `json:"refused,omitempty"`
}

// Outcome is what the policy decided: events to remember and mails to send.
// It is recorded whole, in one transaction, or not at all.
type Outcome struct {
	Events []Event
	Mails  []Mail
	Alerts []Alert // for the security address and the log; no content of cases
	Hold   string  // why the message belongs into the holding pen; "" if it does not
	Other  []Part  // what it does to further cases; recorded first, in the same transaction

	Misuse    string        // a reply address or a code that was not the sender's: which; "" if there was none
	Released  []Release     // held mails on which a person decided
	Ask       *Confirmation // commands that wait for a code, or nil
	Confirmed string        // the code by which commands were carried out; it works no more
	Meeting   *MeetingPart  // what it does to a meeting, or nil

	Proposed *Table // working days put forward, or nil
	Loaded   *Table // working days approved: they take effect, or nil
}

// Part is what an outcome does to a further case: Case is as it was locked, or
// empty for one that the first event opens.
type Part struct {
	Case   *Case
	Events []Event
	Mails  []Mail
}

// Alert is something the administrator should know.
type Alert struct {
	Kind string // forged, damped, held …
	Text string
}

// Action is a command ready to send: shown as a line of text and as a mailto:
// link (RFC 6068) whose subject, recipient and body are filled in.
type Action struct {
	Label string // what it does, in the reader's language
	Line  string // the command line, e.g. "#指派 li@firm.example"
	Text  string // lines below it that the sender is to fill in, or ""
}

// Refusal is an error that a person reads: what was not done and what is
// possible instead, in both languages of the desk. Any other error is logged
// and not shown.
type Refusal struct {
	Line int // line of the mail, from 1; 0 if it is about no line
	Zh   string
	En   string
}

// Error gives the English text.
func (r *Refusal) Error() string { return r.En }

// In gives the text in a language: zh or en.
func (r *Refusal) In(lang string) string { return pick(lang, r.Zh, r.En) }

// Refuse makes a Refusal from two formats with the same arguments.
func Refuse(zh, en string, args ...any) *Refusal {
	return &Refusal{Zh: fmt.Sprintf(zh, args...), En: fmt.Sprintf(en, args...)}
}

// AsRefusal finds the Refusal in an error's chain, or gives nil.
func AsRefusal(err error) *Refusal {
	var r *Refusal
	if errors.As(err, &r) {
		return r
	}
	return nil
}

// pick chooses between the two languages of the desk.
func pick(lang, zh, en string) string {
	if lang == "en" {
		return en
	}
	return zh
}

// finder is a regular expression that is tried only on texts with one of the
// stems without which it cannot match. Most texts hold none.
type finder struct {
	*regexp.Regexp
	stems []string // in lower case; nil: it is always tried
}

func find(form string) finder {
	parsed, err := syntax.Parse(form, syntax.Perl)
	if err != nil {
		panic(err) // a form is a constant
	}
	return finder{regexp.MustCompile(form), stems(parsed)}
}

// may reports whether a text can match that is this one in lower case.
func (f finder) may(lower string) bool {
	return f.stems == nil || slices.ContainsFunc(f.stems, func(s string) bool { return strings.Contains(lower, s) })
}

// stems gives strings of which every match holds at least one, in lower case;
// nil if there are none.
func stems(re *syntax.Regexp) (list []string) {
	switch re.Op {
	case syntax.OpLiteral:
		return []string{strings.ToLower(string(re.Rune))}
	case syntax.OpCharClass: // of a few
		for i := 0; i < len(re.Rune); i += 2 {
			if re.Rune[i+1]-re.Rune[i] > 3 || len(list) > 8 {
				return nil
			}
			for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
				list = append(list, strings.ToLower(string(r)))
			}
		}
	case syntax.OpCapture, syntax.OpPlus:
		return stems(re.Sub[0])
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			more := stems(sub)
			if more == nil {
				return nil
			}
			list = append(list, more...)
		}
	case syntax.OpConcat: // the part whose shortest stem is the longest
		least := 0
		for _, sub := range re.Sub {
			if more := stems(sub); more != nil {
				if n := len(slices.MinFunc(more, func(a, b string) int { return len(a) - len(b) })); n > least {
					list, least = more, n
				}
			}
		}
	}
	return list
}

var markForm = regexp.MustCompile(`[（(〔\[]\d{4}[)）〕\]]\s?[\p{Han}\d]{2,20}\d{1,6}号|\b[A-Z]{1,6}[-/]?\d{4}[-/]\d{2,8}\b`)

// Marks finds the numbers of court cases, contracts and matters in a text, by
// which two complaints can be seen to be about one matter: at most ten.
func Marks(text string) []string {
	var out []string
	for _, m := range markForm.FindAllString(text, 40) {
		m = strings.NewReplacer("（", "(", "）", ")", "〔", "(", "〕", ")", "[", "(", "]", ")", " ", "").Replace(m)
		if FindRef(m) == "" && !slices.Contains(out, m) && len(out) < 10 {
			out = append(out, m)
		}
	}
	return out
}

var likeness = map[string][2]string{
	"sender": {"同一投诉人", "the same complainant"}, "words": {"内容相同", "the same words"}, "subject": {"同一投诉人就同一事由", "the same complainant on the same subject"},
	"matter": {"涉及同一案号或合同", "the same court case or contract"},
}

// notices is what the desk noticed about a new case, for staff: cases that it
// looks like, and how grave it may be.
func (p *Policy) notices(c *Case) []string {
	lang := p.Language
	var out []string
	for _, s := range c.Similar {
		var why []string
		for _, w := range s.Why {
			why = append(why, pick(lang, likeness[w][0], likeness[w][1]))
		}
		out = append(out, fmt.Sprintf(pick(lang, "与 %[1]s 可能重复（%[2]s）；确认重复的，回复 #合并 %[1]s。", "It may double %[1]s (%[2]s); if so, reply #merge %[1]s."),
			s.Ref, strings.Join(why, pick(lang, "、", ", "))))
	}
	if level, why := p.Grade(c); level != Normal {
		out = append(out, fmt.Sprintf(pick(lang, "建议定级为“%[1]s”（%[2]s）；同意的，回复 #定级 %[1]s。", "Suggested grade: %[1]s (%[2]s); if you agree, reply #severity %[1]s."),
			level.In(lang), strings.Join(why, pick(lang, "；", "; "))))
	}
	return out
}

// Names lists the further cases that a mail's commands name, for the store to
// lock before the policy decides: at most five.
func Names(m *Message) []string {
	var out []string
	for _, c := range ParseCommands(m.OwnWords) {
		at := -1 // the word that names one
		if c.verb != nil {
			at = slices.Index([]string{"merge", "release"}, c.verb.En[0])
			if c.verb.En[0] == "split" {
				at = 0
			}
		}
		if at < 0 || len(c.Words) <= at {
			continue
		}
		if ref := FindRef(c.Words[at]); ref != "" && !slices.Contains(out, ref) && len(out) < 5 {
			out = append(out, ref)
		}
	}
	return out
}

// headline is a line of a report that is only a heading, with its own number.
var headline = regexp.MustCompile(`^(?:[一二三四五六七八九十]{1,3}、|（[一二三四五六七八九十]{1,3}）|\d{1,2}[.．、])\s*([^。；：;:.!?！？]{1,30})$`)

// statements are the paragraphs of a report, which its PDF numbers: a heading
// goes with what stands below it.
func statements(text string) []string {
	var out []string
	for _, p := range paragraphs(text) {
		if n := len(out); n > 0 && !headline.MatchString(p) {
			if m := headline.FindStringSubmatch(out[n-1]); m != nil {
				colon := "："
				if len(m[1]) == len([]rune(m[1])) {
					colon = ": "
				}
				out[n-1] = m[1] + colon + p
				continue
			}
		}
		out = append(out, p)
	}
	return out
}
