// Package play plays a correspondence: people write to the desk, the desk
// answers, and what they get is held against what they should get. The demo
// plays one to show the desk at work; the scenario tests play many, through
// real servers.
//
// A correspondence is a txtar file that reads as one. Its parts:
//
//  1. `cast`: a line for each person, `name Display Name <address>`.
//  2. `staff.csv`: the register.
//  3. `2026-11-24 10:00 name`: a mail that this person writes then. Lines of
//     the form `Key: value` on top say how (see Letter); the rest is the body.
//  4. `to name`: the next mail that this person got and that has not been
//     claimed must hold each of these lines, in its subject, its text, or the
//     names of its attachments. A line that begins with `! ` must not be in it.
//  5. `nothing to name`: this person got nothing that has not been claimed.
//  6. `2026-12-01 09:00`: time passes.
//  7. `calendar`: whose working days are counted; without it, those of China.
//  8. `file NAME`: the content of an attachment, which is otherwise made up.
//  9. `authentication`: `none` where nobody verifies who sends mail.
//  10. `command folders`: a line for each person who has one.
package play

import (
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"time"

	"golang.org/x/tools/txtar"
)

// Script is a correspondence.
type Script struct {
	Title    string
	Staff    string // the register, CSV
	Cast     map[string]mail.Address
	Files    map[string][]byte // what attachments hold, by name
	Calendar string            // jurisdiction
	Open     bool              // nobody verifies who sends mail
	Alone    []string          // short names of those who have a command folder
	Steps    []Step
}

// Step is one part of a correspondence. Exactly one of Write, Expect and
// Nothing is set, or none: then only time passes.
type Step struct {
	Name    string // the part's name, for messages
	At      time.Time
	Write   *Letter
	Expect  *Expect
	Nothing string // short name of who got nothing
}

// Letter is a mail that a person writes.
type Letter struct {
	Who     string   // short name
	Subject string   // `Subject:`; default: Re: and the subject of what is answered
	To      string   // `To:`; default: the Reply-To of what is answered, else the desk
	Reply   string   // `Reply:` answers the newest mail that holds this text; default: the newest of all. `none` answers nothing
	Charset string   // `Charset:` UTF-8 or GB18030
	Attach  []string // `Attach:` names of files to make and attach
	From    string   // `From:` a forged address
	Open    bool     // `Auth: none`: not submitted through the firm's relay
	Again   bool     // `Again: yes`: the very bytes of this person's last mail
	Folder  string   // `Folder:` short name: not sent, but put into that person's command folder
	Header  []string // `Header:` further lines
	Body    string
}

// Expect is what a mail to a person must hold.
type Expect struct {
	Who   string
	Lines []string
}

var (
	writes  = regexp.MustCompile(`^(\d{4}-\d\d-\d\d \d\d:\d\d)(?: (\pL[\pL\pN_-]*))?$`)
	expects = regexp.MustCompile(`^(to|nothing to) (\pL[\pL\pN_-]*)$`)
	option  = regexp.MustCompile(`^(Subject|To|Reply|Charset|Attach|From|Auth|Again|Folder|Header): ?(.*)$`)
)

// Parse reads a correspondence; times are in loc.
func Parse(src []byte, loc *time.Location) (*Script, error) {
	a := txtar.Parse(src)
	s := &Script{Cast: map[string]mail.Address{}, Files: map[string][]byte{}}
	s.Title, _, _ = strings.Cut(strings.TrimSpace(string(a.Comment)), "\n")
	for _, f := range a.Files {
		if err := s.part(f.Name, string(f.Data), loc); err != nil {
			return nil, fmt.Errorf("part %q: %w", f.Name, err)
		}
	}
	return s, nil
}

func (s *Script) part(name, data string, loc *time.Location) error {
	switch {
	case name == "cast":
		return s.cast(data)
	case name == "staff.csv":
		s.Staff = data
		return nil
	case name == "calendar":
		s.Calendar = strings.TrimSpace(data)
		return nil
	case name == "authentication":
		s.Open = strings.TrimSpace(data) == "none"
		return nil
	case name == "command folders":
		s.Alone = lines(data)
		for _, short := range s.Alone {
			if _, ok := s.Cast[short]; !ok {
				return fmt.Errorf("there is no %s in the cast", short)
			}
		}
		return nil
	case strings.HasPrefix(name, "file "):
		s.Files[strings.TrimPrefix(name, "file ")] = []byte(data)
		return nil
	}
	if m := expects.FindStringSubmatch(name); m != nil {
		if _, ok := s.Cast[m[2]]; !ok {
			return fmt.Errorf("there is no %s in the cast", m[2])
		}
		step := Step{Name: name}
		if m[1] == "to" {
			step.Expect = &Expect{Who: m[2], Lines: lines(data)}
		} else {
			step.Nothing = m[2]
		}
		s.Steps = append(s.Steps, step)
		return nil
	}
	m := writes.FindStringSubmatch(name)
	if m == nil {
		return fmt.Errorf("it is none of: cast, staff.csv, a time and a name, to NAME, nothing to NAME")
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", m[1], loc)
	if err != nil {
		return err
	}
	step := Step{Name: name, At: at}
	if m[2] != "" {
		if _, ok := s.Cast[m[2]]; !ok {
			return fmt.Errorf("there is no %s in the cast", m[2])
		}
		step.Write = letter(m[2], data)
	}
	s.Steps = append(s.Steps, step)
	return nil
}

func (s *Script) cast(data string) error {
	for _, l := range lines(data) {
		short, rest, _ := strings.Cut(l, " ")
		a, err := mail.ParseAddress(quoteName(rest))
		if err != nil {
			return fmt.Errorf("%q: %w", l, err)
		}
		s.Cast[short] = *a
	}
	return nil
}

// quoteName lets a display name be written without quotation marks.
func quoteName(s string) string {
	i := strings.LastIndex(s, "<")
	if i < 0 {
		return s
	}
	return fmt.Sprintf("%q %s", strings.TrimSpace(s[:i]), s[i:])
}

func letter(who, data string) *Letter {
	l := &Letter{Who: who}
	rest := strings.Split(data, "\n")
	for len(rest) > 0 {
		m := option.FindStringSubmatch(rest[0])
		if m == nil {
			break
		}
		v := strings.TrimSpace(m[2])
		switch m[1] {
		case "Subject":
			l.Subject = v
		case "To":
			l.To = v
		case "Reply":
			l.Reply = v
		case "Charset":
			l.Charset = v
		case "Attach":
			l.Attach = append(l.Attach, v)
		case "From":
			l.From = v
		case "Auth":
			l.Open = v == "none"
		case "Again":
			l.Again = v == "yes"
		case "Folder":
			l.Folder = v
		case "Header":
			l.Header = append(l.Header, v)
		}
		rest = rest[1:]
	}
	l.Body = strings.Trim(strings.Join(rest, "\n"), "\n")
	return l
}

func lines(data string) []string {
	var out []string
	for _, l := range strings.Split(data, "\n") {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}
