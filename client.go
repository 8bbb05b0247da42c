package complaints

import (
	"regexp"
	"strings"
	"time"
	"unicode"
)

// clientMail decides on a mail from outside the firm.
func (s *session) clientMail() {
	if s.c == nil {
		s.open()
		return
	}
	client := s.c.party(s.m.From.Addr)
	who := "client"
	if !client {
		who = "other"
	}
	s.do(&Heard{From: s.m.From, Who: who, Text: s.m.OwnWords, MessageID: s.m.MessageID, Attachments: s.m.Attachments})
	if !client && s.m.Released != "" { // somebody else's papers: those who work on the case hear of them
		for _, p := range s.handlers() {
			s.tell(p, "client_replied", Facts{Text: s.m.OwnWords, From: s.m.From, Subject: s.m.Subject, Attachments: s.m.Attachments})
		}
		return
	}
	s.lang = s.c.Lang
	if client && s.surveyed() {
		return
	}
	w := readWish(s.m.OwnWords)
	if !client {
		w = wish{} // a stranger who holds the reply address adds to the case and decides nothing
	}
	if client && s.c.State == AwaitingClient { // any reply lets the clocks run again
		old := s.c.Due.Due
		s.goOn("answered", s.at)
		s.tellClient("resumed", Facts{Subject: s.m.Subject, Reason: "answered", Level: old.String()})
	}
	told := s.grant(w)
	for _, p := range s.handlers() {
		s.tell(p, told, Facts{Text: s.m.OwnWords, From: s.m.From, Subject: s.m.Subject, Attachments: s.m.Attachments})
	}
}

// grant does what the client clearly wishes, and gives the template of the
// notice to staff. What is doubtful goes to staff as a question.
func (s *session) grant(w wish) (notice string) {
	notice = "client_replied"
	if w.kind != "" && !w.clear {
		s.answer("unclear", Facts{})
		return notice
	}
	switch w.kind {
	case "status":
		s.answer("status", Facts{})
	case "appeal":
		return s.clientAppeals(w.text)
	case "accept":
		if s.c.State == Decided && len(s.c.Remedies) > 0 {
			s.do(&OfferAccepted{Text: s.m.OwnWords})
			s.answer("offer_accepted", Facts{})
		} else {
			s.answer("unclear", Facts{})
		}
	case "confirm":
		if s.c.Withdrawing && s.c.State.Open() {
			return s.withdrawn()
		}
		s.answer("received", Facts{Attachments: s.m.Attachments})
	case "goon":
		if s.c.Withdrawing {
			s.do(&WithdrawalAnswered{Text: s.m.OwnWords})
		}
		s.answer("received", Facts{Attachments: s.m.Attachments})
	case "withdraw":
		if s.c.State.Open() {
			s.do(&WithdrawalSought{Text: s.m.OwnWords})
			s.answer("withdrawal", Facts{})
		} else {
			s.answer("unclear", Facts{})
		}
	default:
		s.answer("received", Facts{Attachments: s.m.Attachments})
	}
	return notice
}

// answer sends the client an automatic mail, unless the damper is down: two
// robots that answer each other stop after a few.
func (s *session) answer(template string, f Facts) *Mail {
	if s.damped() {
		return nil
	}
	f.Subject = s.m.Subject
	m := s.tellClient(template, f)
	m.Auto, m.InReplyTo = true, s.m.MessageID
	if p := s.c.member(s.m.From.Addr); p != nil {
		m.To = p.Mailbox()
		m.Key += "/" + strings.ToLower(p.Addr)
	}
	return m
}

func (s *session) damped() bool {
	if s.m.Automatic < s.p.AutomaticPerDay {
		return false
	}
	if s.m.Automatic == s.p.AutomaticPerDay {
		s.alert("damped", "automatic answers to one correspondent have stopped for today")
	}
	return true
}

// Unplaced decides on a mail from outside that names a case it has no right to:
// it is kept for a person, who is told; the sender learns that it has arrived,
// and nothing of the case. A number alone opens nobody else's case, and a
// client who writes from another address is not turned away.
func (p *Policy) Unplaced(m *Message, guess string, at time.Time) Outcome {
	s := &session{p: p, m: m, at: at, by: m.From.Addr, lang: languageOf(m.Subject+m.OwnWords, p.Language)}
	s.countMisuse()
	s.out.Hold = "it names " + guess + ", and its sender is not known there"
	for _, who := range s.desk() {
		s.tell(who, "unplaced", Facts{From: m.From, Subject: m.Subject, Of: guess, Text: m.OwnWords, Held: []HeldMail{{At: at, From: m.From.Addr, Subject: m.Subject, Guess: guess}}})
	}
	if m.From.Addr != "" && !s.damped() {
		s.send(Mail{To: m.From, Lang: s.lang, Template: "received", Auto: true, InReplyTo: m.MessageID, Facts: Facts{Subject: m.Subject, Attachments: nil}})
	}
	return s.out
}

// languageOf tells in which language a text is written: Chinese characters →
// zh, else Latin letters → en, else the default.
func languageOf(text, otherwise string) string {
	latin := 0
	for _, r := range text {
		if unicode.Is(unicode.Han, r) {
			return "zh"
		}
		if r < unicode.MaxASCII && unicode.IsLetter(r) {
			latin++
		}
	}
	if latin >= 20 {
		return "en"
	}
	return otherwise
}

// wish is what a client's mail asks the desk to do, as far as it can be told.
type wish struct {
	kind  string // status, appeal, accept, withdraw; "" none
	clear bool   // false: the word is there, the will is not certain
	text  string // what stands beside it
}

// wishes are the words, and the whole first lines that leave no doubt.
var wishes = []struct {
	kind    string
	command []string
	plain   *regexp.Regexp // the first line says just this
	mention *regexp.Regexp // it may mean it
}{
	{"appeal", []string{"申诉", "appeal"},
		regexp.MustCompile(`(?i)^(本人|我们?|现|特|特此)?(要|要求|正式|现|特此|决定|希望|请求)*(不服.{0,30}[，,；;]?(现|特)?(提出|要求|正式|特此)*申诉|(向.{0,20}委员会)?(提出|提起|进行)?申诉|不服|对[^。]{0,30}不服[^。]{0,20})$|^i (wish|want|would like) to appeal( against .{1,60}| to the .{1,40}| the .{1,60})?$|^i (hereby )?appeal( against .{1,60}| to .{1,60})?$|^(appeal|notice of appeal)$`),
		regexp.MustCompile(`(?i)申诉|不服|\bappeal`)},
	{"confirm", []string{"确认", "confirm"}, regexp.MustCompile(`(?i)^(是的?[，,、 ]*)?(我|本人)?确认(撤回|撤回投诉)?$|^(yes[，, ]*)?i confirm( (the withdrawal|that i withdraw( my complaint)?))?$`), nil},
	{"goon", []string{"继续", "continue"}, regexp.MustCompile(`(?i)^(不撤回[，,。 ]*)?请(你们|贵所)?继续(办理|处理|调查)?(本案|我的投诉)?$|^please (go on|continue)( with my (case|complaint))?$`), nil},
	{"withdraw", []string{"撤回", "withdraw"},
		regexp.MustCompile(`(?i)^(本人|我)?(要求?|申请|请求|决定|希望|同意)*(撤回|撤销)(本次|该|我的)?投诉$|^(撤回|撤诉)$|^(i (wish|want|would like) to|i( hereby)?|please) withdraw( my| this| the)?( complaint)?$|^withdraw$`),
		regexp.MustCompile(`(?i)撤回|撤诉|撤销投诉|\bwithdraw`)},
	{"accept", []string{"接受", "accept"},
		regexp.MustCompile(`(?i)^(本人|我)?(愿意|同意|决定)*(接受|同意)(上述|该|你们的?|贵所的?|这个)?(补救|处理|解决|退费)?(方案|结果|建议|提议)?$|^i (hereby |am happy to )?accept( (the|your|this) (offer|proposal|proposed remedy|outcome|result))?$|^accept(ed)?$`),
		regexp.MustCompile(`(?i)接受.{0,12}(方案|结果|提议)|同意.{0,12}(方案|结果)|\bi (would )?accept|\baccept\b.{0,20}\b(offer|proposal|remedy|outcome|result)`)},
	{"status", []string{"进度", "status", "progress"},
		regexp.MustCompile(`(?i)^(请问|想?问一?下?|查询|请告知)*(我的)?(案件|投诉|办理|处理)?的?(进度|进展)(如何|怎么样|怎样|到哪一?步了?)?(了|呢)?$|^(status|progress)( of my (complaint|case))?( please)?$|^(please tell me |can you tell me |could you tell me |what is |what's )(about )?the (status|progress) of my (complaint|case)( is)?$|^how is my (complaint|case) (going|getting on|progressing)$|^(is there )?any (news|update) (on|about) my (complaint|case)$`),
		nil},
}

var (
	edge  = " \t\u3000。．.，,！!？?：:；;～~"
	doubt = regexp.MustCompile(`(?i)[?？吗]|不(想|再|要|打算|准备|会|需要)?(提出|提起)?申诉|放弃|是否|能否|可否|如何|怎么|怎样|如果|假如|若|暂不|先不|不接受|不同意|不撤|保留|\bif\b|\bnot\b|n't|\bwhether\b|\bhow\b|\bmight\b|\bmay\b`)
)

// readWish reads the first line that is not blank. A command (#申诉) or a line
// that says nothing else is clear. A text that only mentions the word is not,
// and a line with a doubt in it never is.
func readWish(own string) wish {
	if cs := ParseCommands(own); len(cs) > 0 {
		for _, w := range wishes {
			for _, name := range w.command {
				if strings.EqualFold(cs[0].Verb, name) {
					return wish{kind: w.kind, clear: true, text: strings.TrimSpace(afterFirstLine(own, cs[0].Line, cs[0].Text))}
				}
			}
		}
		return wish{}
	}
	line, rest := firstLine(own)
	bare := strings.Trim(line, edge)
	for _, w := range wishes {
		if w.plain.MatchString(bare) && (!doubt.MatchString(line) || w.kind == "status") {
			return wish{kind: w.kind, clear: true, text: rest}
		}
	}
	// A first sentence may say it and give the grounds in the same breath.
	first, after, _ := strings.Cut(line, "。")
	if len(after) == 0 {
		first, after, _ = strings.Cut(line, ". ")
	}
	for _, w := range wishes {
		if first != line && w.plain.MatchString(strings.Trim(first, edge)) && !doubt.MatchString(first) {
			return wish{kind: w.kind, clear: true, text: strings.TrimSpace(after + "\n" + rest)}
		}
	}
	for _, w := range wishes {
		if w.mention != nil && w.mention.MatchString(own) {
			return wish{kind: w.kind, text: own}
		}
	}
	return wish{}
}

// firstLine gives the first line that is neither blank nor a salutation, and
// what stands below it.
func firstLine(own string) (line, rest string) {
	lines := strings.Split(own, "\n")
	for i, l := range lines {
		t := strings.TrimSpace(l)
		if t == "" || salutation.MatchString(t) {
			continue
		}
		return t, strings.TrimSpace(strings.Join(lines[i+1:], "\n"))
	}
	return "", ""
}

var salutation = regexp.MustCompile(`(?i)^(您好|你好|尊敬的.{0,20}|.{0,12}(律师|老师|先生|女士|经理|客服部?|客户服务部|律师事务所|贵所)|dear .{1,40}|hello|hi|good (morning|afternoon))[\s!！,，:：。.您你好]*$`)

// afterFirstLine is the text that a client wrote beside a command of theirs:
// all lines below it, for no client knows where a text ends.
func afterFirstLine(own string, line int, text string) string {
	lines := strings.Split(own, "\n")
	below := strings.TrimSpace(strings.Join(lines[min(line, len(lines)):], "\n"))
	head, _, _ := strings.Cut(text, "\n")
	if head != "" && !strings.HasPrefix(below, head) {
		return head + "\n" + below
	}
	return below
}
