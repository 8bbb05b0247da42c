package mailout

import (
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// State is what became of one submission.
type State string

// The states in which a submission ends.
const (
	Accepted State = "accepted" // 250 to the final dot: the relay has the mail, whatever follows
	Retry    State = "retry"    // surely not accepted; the same bytes may be sent again
	Failed   State = "failed"   // refused for good (5yz): sending again is of no use
	InDoubt  State = "in doubt" // the final dot may have left and no reply was read
)

// Stage is the step of the SMTP dialogue at which a submission ended.
type Stage string

// The stages, in their order.
const (
	StageCheck   Stage = "check"   // nothing was said: the relay cannot take these bytes or addresses as they are
	StageConnect Stage = "connect" // TCP, TLS, greeting, EHLO, STARTTLS, AUTH
	StageMail    Stage = "MAIL"
	StageRcpt    Stage = "RCPT"
	StageData    Stage = "DATA"
	StageBody    Stage = "body" // after 354, before the final dot
	StageDot     Stage = "dot"  // the final dot may have left
)

// Result tells what became of one submission.
type Result struct {
	State    State
	Stage    Stage
	Code     int    // reply code of RFC 5321 section 4.2; 0 if no reply was read
	Enhanced string // status code of RFC 3463, e.g. 5.1.1, or ""
	Reply    string // the server's words on one line, without the codes; may name the recipient, so it belongs in the database and not in the log
	QueuedAs string // the relay's own number for the mail, or ""
	Relay    bool   // the relay or our configuration is at fault, not this mail
	Journal  string // why the journal was refused, on one line; "" if it was not
	Err      error  // what broke when no reply was read, or why nothing was sent
}

// String is for the log: no address, no words of the server.
func (r Result) String() string {
	s := string(r.State) + " at " + string(r.Stage)
	if r.Code != 0 {
		s += fmt.Sprintf(": %d", r.Code)
		if r.Enhanced != "" {
			s += " " + r.Enhanced
		}
	}
	if r.Err != nil {
		s += ": " + oneLine(r.Err.Error(), maxReply)
	}
	return s
}

// maxReply bounds what is kept of a server's words, in runes.
const maxReply = 500

var (
	enhanced = regexp.MustCompile(`^([245]\.\d{1,3}\.\d{1,3})(?:\s+|$)`)
	queuedAs = regexp.MustCompile(`(?i)(?:queued (?:mail )?as|\bid=)\s*<?([A-Za-z0-9][\w.@-]{3,60})`)
)

// judge classes the error that ended a submission at a stage by the reply code
// alone. The client library's own idea of temporary and permanent is not used:
// it takes every network error for permanent.
func judge(stage Stage, err error) Result {
	r := Result{State: Retry, Stage: stage}
	reply := replyIn(err)
	if reply == nil {
		r.Err = err
		r.Relay = stage == StageConnect
		if stage == StageDot {
			r.State = InDoubt
		}
		return r
	}
	r.read(reply.Code, reply.Msg)
	switch {
	case stage == StageDot && r.Code == 250:
		r.State = Accepted
	case stage == StageConnect:
		// Nobody has been named yet: no refusal here is about this mail.
		r.Relay = true
		r.Err = err
	case needsAuth(r.Code) && stage != StageDot:
		r.Relay = true
	case r.Code/100 == 5:
		r.State = Failed
	case r.Code/100 == 4:
	case stage == StageDot:
		r.State = InDoubt // neither yes nor no
	default:
		r.Relay = true // a positive reply where none belongs
	}
	return r
}

// bare is how the reader names a reply that is a code and nothing else, which a
// client must understand all the same (RFC 5321 section 4.2).
var bare = regexp.MustCompile(`^short response: "([2-5]\d\d)"$`)

// replyIn finds the server's reply in an error, or gives nil if there was none.
func replyIn(err error) *textproto.Error {
	var reply *textproto.Error
	if errors.As(err, &reply) {
		return reply
	}
	var short textproto.ProtocolError
	if errors.As(err, &short) {
		if m := bare.FindStringSubmatch(string(short)); m != nil {
			code, _ := strconv.Atoi(m[1]) // three digits
			return &textproto.Error{Code: code}
		}
	}
	return nil
}

// needsAuth tells the refusals of RFC 4954 section 6: the relay wants
// authentication or encryption that our configuration does not give.
func needsAuth(code int) bool {
	return code == 530 || code == 534 || code == 535 || code == 538
}

// read takes a reply apart.
func (r *Result) read(code int, msg string) {
	msg = strings.TrimSpace(msg)
	r.Code = code
	if m := enhanced.FindStringSubmatch(msg); m != nil {
		r.Enhanced = m[1]
		// Each line of a reply repeats the status code (RFC 2034 section 4).
		var lines []string
		for l := range strings.Lines(msg) {
			lines = append(lines, enhanced.ReplaceAllString(strings.TrimSpace(l), ""))
		}
		msg = strings.Join(lines, " ")
	}
	r.Reply = oneLine(msg, maxReply)
	if m := queuedAs.FindStringSubmatch(r.Reply); m != nil && code == 250 {
		r.QueuedAs = m[1]
	}
}

// oneLine makes any text harmless where one line is wanted: valid UTF-8, each
// run of control characters and spaces one space, no characters that turn the
// direction of writing, at most n runes.
func oneLine(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			return ' '
		case turns(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return cut(strings.TrimSpace(strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' }), " ")), n)
}

// turns reports whether r is an invisible sign that turns the direction of
// writing (UAX #9), by which a name can be made to look like another.
func turns(r rune) bool {
	return r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069' || r == '\u200E' || r == '\u200F' || r == '\u061C'
}

// cut shortens a text to n runes, the last of which says so.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
