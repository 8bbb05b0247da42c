package play

import (
	"context"
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"

	"complaints"
	"complaints/mailin"
)

// Post is the world in which a correspondence is played: the demo's servers,
// or real ones.
type Post interface {
	// Send hands a mail over: submitted with the sender's account if auth,
	// else brought to the MX by a stranger.
	Send(ctx context.Context, from string, auth bool, to string, raw []byte) error
	// Inbox gives all mails of an address so far, oldest first.
	Inbox(ctx context.Context, addr string) ([][]byte, error)
	// Settle waits until the desk has worked off all that was sent.
	Settle(ctx context.Context) error
	// Jump sets the desk's clock and lets it look at its limits.
	Jump(ctx context.Context, at time.Time) error
}

// Filer is a Post in which there are command folders.
type Filer interface {
	// File puts a mail into owner's folder, under the account of who.
	File(ctx context.Context, who, owner string, raw []byte) error
}

// Mail is a mail as the player saw it go by.
type Mail struct {
	At   time.Time
	From string // short name, or "" for the desk
	To   string // short name, or "" for the desk
	Raw  []byte
	Msg  *complaints.Message
}

// Player plays one correspondence.
type Player struct {
	Script *Script
	Post   Post
	Desk   string     // the desk's address
	Seen   func(Mail) // called for each mail, in order; may be nil

	inbox map[string][]*got
	last  map[string][]byte
	lastT map[string]string
	now   time.Time
	n     int
}

// got is a mail in a person's inbox.
type got struct {
	Mail
	claimed bool
}

// Play plays all steps. The error names the step that did not come as it
// should.
func (p *Player) Play(ctx context.Context) error {
	p.inbox, p.last, p.lastT = map[string][]*got{}, map[string][]byte{}, map[string]string{}
	for _, s := range p.Script.Steps {
		if err := p.step(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return nil
}

func (p *Player) step(ctx context.Context, s Step) error {
	switch {
	case s.Expect != nil:
		return p.expect(s.Expect)
	case s.Nothing != "":
		for _, g := range p.inbox[s.Nothing] {
			if !g.claimed {
				return fmt.Errorf("%s got %q", s.Nothing, g.Msg.Subject)
			}
		}
		return nil
	}
	if !s.At.IsZero() && s.At.After(p.now) {
		p.now = s.At
		if err := p.Post.Jump(ctx, s.At); err != nil {
			return err
		}
		if err := p.collect(ctx); err != nil {
			return err
		}
	}
	if s.Write == nil {
		return nil
	}
	if err := p.write(ctx, s.Write); err != nil {
		return err
	}
	return p.collect(ctx)
}

// write sends a person's mail.
func (p *Player) write(ctx context.Context, l *Letter) error {
	who := p.Script.Cast[l.Who]
	raw, to := p.last[l.Who], p.lastT[l.Who]
	if !l.Again {
		answered, err := p.answered(l)
		if err != nil {
			return err
		}
		from := who
		if l.From != "" {
			from.Address = l.From
		}
		to = l.To
		var subject, quoted, id string
		if answered != nil {
			id, subject = answered.Msg.MessageID, "Re: "+strings.TrimPrefix(answered.Msg.Subject, "Re: ")
			quoted = quote(answered, who.Address)
			if to == "" {
				to = answered.Msg.ReplyTo
			}
		}
		if l.Subject != "" {
			subject = l.Subject
		}
		if to == "" {
			to = p.Desk
		}
		p.n++
		body, err := p.fill(l)
		if err != nil {
			return err
		}
		raw, err = write(l, p.Script.Files, from, to, subject, body, quoted, id, fmt.Sprintf("%d.%d@%s", p.now.Unix(), p.n, domain(who.Address)), p.now)
		if err != nil {
			return err
		}
	}
	p.last[l.Who], p.lastT[l.Who] = raw, to
	p.seen(Mail{At: p.now, From: l.Who, Raw: raw, Msg: mailin.Parse(raw, mailin.Desk{})})
	envelope := who.Address
	if l.From != "" && l.Open {
		envelope = l.From
	}
	if l.Folder != "" {
		filer, ok := p.Post.(Filer)
		if !ok {
			return fmt.Errorf("there are no command folders in this world")
		}
		if err := filer.File(ctx, who.Address, p.Script.Cast[l.Folder].Address, raw); err != nil {
			return err
		}
		return p.Post.Settle(ctx)
	}
	if err := p.Post.Send(ctx, envelope, !l.Open, to, raw); err != nil {
		return err
	}
	return p.Post.Settle(ctx)
}

// answered finds the mail that a letter answers; nil for a first letter.
func (p *Player) answered(l *Letter) (*got, error) {
	box := p.inbox[l.Who]
	if l.Reply == "none" || len(box) == 0 && l.Reply == "" {
		return nil, nil
	}
	for _, g := range slices.Backward(box) {
		if l.Reply == "" || strings.Contains(g.Msg.Subject+"\n"+g.Msg.Text, l.Reply) {
			return g, nil
		}
	}
	return nil, fmt.Errorf("%s got no mail that holds %q", l.Who, l.Reply)
}

var hashInMail = regexp.MustCompile(`\b([0-9a-f]{12})\b`)

var codeInMail = regexp.MustCompile(`(?:确认码|Code)[：:]\s*([0-9a-f]{16})`)

// fill puts the hash of the draft that this person got last into {hash}, and
// the last confirmation code into {code}.
func (p *Player) fill(l *Letter) (string, error) {
	body := l.Body
	for place, form := range map[string]*regexp.Regexp{"{hash}": hashInMail, "{code}": codeInMail} {
		if !strings.Contains(body, place) {
			continue
		}
		found := ""
		for _, g := range slices.Backward(p.inbox[l.Who]) {
			if m := form.FindStringSubmatch(g.Msg.Text); m != nil {
				found = m[1]
				break
			}
		}
		if found == "" {
			return "", fmt.Errorf("%s got no mail with what belongs in %s", l.Who, place)
		}
		body = strings.ReplaceAll(body, place, found)
	}
	return body, nil
}

// quote quotes a mail below the answer, as mail programs do.
func quote(g *got, to string) string {
	zh := strings.ContainsFunc(g.Msg.Text, func(r rune) bool { return r >= 0x4e00 && r <= 0x9fff })
	var b strings.Builder
	if zh {
		fmt.Fprintf(&b, "\n\n------------------ 原始邮件 ------------------\n发件人: %s\n收件人: %s\n主题: %s\n\n", g.Msg.From, to, g.Msg.Subject)
	} else {
		fmt.Fprintf(&b, "\n\nOn %s, %s wrote:\n", g.Msg.Date.Format("Mon, 2 Jan 2006 at 15:04"), g.Msg.From)
	}
	for _, l := range strings.Split(strings.TrimSpace(g.Msg.Text), "\n") {
		b.WriteString("> " + l + "\n")
	}
	return b.String()
}

// collect looks what came into everybody's inbox.
func (p *Player) collect(ctx context.Context) error {
	for _, short := range sortedCast(p.Script.Cast) {
		all, err := p.Post.Inbox(ctx, p.Script.Cast[short].Address)
		if err != nil {
			return err
		}
		for _, raw := range all[min(len(p.inbox[short]), len(all)):] {
			m := Mail{At: p.now, To: short, Raw: raw, Msg: mailin.Parse(raw, mailin.Desk{})}
			p.inbox[short] = append(p.inbox[short], &got{Mail: m})
			p.seen(m)
		}
	}
	return nil
}

// expect claims the first mail that holds every line.
func (p *Player) expect(e *Expect) error {
	var near string
	best := -1
	for _, g := range p.inbox[e.Who] {
		if g.claimed {
			continue
		}
		missing := g.lacks(e.Lines)
		if len(missing) == 0 {
			g.claimed = true
			return nil
		}
		if n := len(e.Lines) - len(missing); n > best {
			best, near = n, fmt.Sprintf("the nearest, %q, has it wrong in %q:\n%s", g.Msg.Subject, missing, g.Msg.Text)
		}
	}
	if best < 0 {
		return fmt.Errorf("%s got no mail", e.Who)
	}
	return fmt.Errorf("%s got no mail that fits; %s", e.Who, near)
}

// lacks names the lines that a mail does not hold, or holds and should not.
// White space counts as one space, so that a wrapped line is found.
func (g *got) lacks(lines []string) []string {
	all := "Subject: " + g.Msg.Subject + "\nFrom: " + g.Msg.From.String() + "\n" + g.Msg.Text + "\n"
	for _, a := range g.Msg.Attachments {
		all += a.Name + "\n"
	}
	all = flat(quoteMark.ReplaceAllString(all, ""))
	var out []string
	for _, l := range lines {
		not, forbidden := strings.CutPrefix(l, "! ")
		if strings.Contains(all, flat(not)) == forbidden {
			out = append(out, l)
		}
	}
	return out
}

var quoteMark = regexp.MustCompile(`(?m)^> ?`)

func flat(s string) string { return strings.Join(strings.Fields(s), " ") }

func (p *Player) seen(m Mail) {
	if p.Seen != nil {
		p.Seen(m)
	}
}

func sortedCast(c map[string]mail.Address) []string {
	var out []string
	for k := range c {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func domain(addr string) string {
	_, d, _ := strings.Cut(addr, "@")
	return d
}

// Names gives the short names of a cast, sorted.
func (s *Script) Names() []string { return sortedCast(s.Cast) }
