package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"strings"
	"time"

	"complaints"
	"complaints/cmd/complaintsd/config"
	"complaints/mailin"
)

// inspected is how the desk reads one mail, in the names of the interface.
// Lists are never null.
type inspected struct {
	File        string                  `json:"file"`
	Class       complaints.Class        `json:"class"`
	Why         string                  `json:"why"`
	From        complaints.Address      `json:"from"`
	ReplyTo     string                  `json:"reply_to"`
	To          []complaints.Address    `json:"to"`
	Cc          []complaints.Address    `json:"cc"`
	Subject     string                  `json:"subject"`
	MessageID   string                  `json:"message_id"`
	References  []string                `json:"references"`
	Date        string                  `json:"date"` // RFC 3339, "" if the mail has none
	Charset     string                  `json:"charset"`
	Text        string                  `json:"text"`
	OwnWords    string                  `json:"own_words"`
	Attachments []complaints.Attachment `json:"attachments"`
	CaseKeys    inspectedKeys           `json:"case_keys"`
	Commands    []inspectedCommand      `json:"commands"`
	Auth        complaints.Auth         `json:"auth"`
	DSN         *complaints.DSN         `json:"dsn,omitempty"`
	Hold        string                  `json:"hold,omitempty"`
	Problems    []string                `json:"problems"`
}

type inspectedKeys struct {
	Token      string   `json:"token"`
	MessageIDs []string `json:"message_ids"`
	Ref        string   `json:"ref"`
}

type inspectedCommand struct {
	Line  int               `json:"line"`
	Verb  string            `json:"verb"`
	Args  map[string]string `json:"args"`
	Words []string          `json:"words"`
	Text  string            `json:"text,omitempty"`
}

// inspect prints how the desk reads each mail: one JSON object a line. It
// writes nothing else anywhere. A file that cannot be read is a line too, with
// the reason among its problems, and makes the exit code 1.
func inspect(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	fs := newFlags("inspect")
	path := fs.String("config", "", "configuration `FILE`; without it nobody is staff and nobody's word is believed")
	if code, done := parseFlags(fs, args, stdout, stderr); done {
		return code
	}
	if fs.NArg() == 0 {
		return fail(stderr, "inspect", usagef("name the mails to read, or - for standard input"))
	}
	desk, err := inspectDesk(*path)
	if err != nil {
		return fail(stderr, "inspect", err)
	}
	code := exitDone
	out := json.NewEncoder(stdout)
	out.SetEscapeHTML(false)
	for _, file := range fs.Args() {
		raw, err := readMail(file, stdin, desk.Limits.Parsed)
		m := mailin.Parse(raw, desk)
		if err != nil {
			code = exitError
			m.Problems = []string{err.Error()}
		}
		if err := out.Encode(inspectMessage(file, m, desk.Address, *path != "")); err != nil {
			return fail(stderr, "inspect", err)
		}
	}
	return code
}

// readMail reads a file, or standard input for “-”. Of a mail that is larger
// than max bytes it reads one byte more than that: the rest is not looked at.
func readMail(file string, stdin io.Reader, max int) ([]byte, error) {
	var b bytes.Buffer
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		if info, err := f.Stat(); err == nil {
			b.Grow(int(min(info.Size(), int64(max))) + bytes.MinRead + 1)
		}
		stdin = f
	}
	_, err := b.ReadFrom(io.LimitReader(stdin, int64(max)+1))
	return b.Bytes(), err
}

// inspectDesk makes the desk as a configuration describes it, the default one
// without. The password files are not read. The register is the CSV file that
// the configuration names: no database is asked.
func inspectDesk(path string) (mailin.Desk, error) {
	desk := mailin.Desk{Limits: mailin.Limits{}.WithDefaults()}
	if path == "" {
		return desk, nil
	}
	c, err := config.Read(path, "", false)
	if err != nil {
		return desk, err
	}
	desk = readingDesk(c)
	desk.Limits = desk.Limits.WithDefaults()
	if c.Staff.Register != "" {
		people, err := config.ReadRegister(c.Staff.Register)
		if err != nil {
			return desk, err
		}
		register := complaints.NewRegister(people)
		desk.IsStaff = func(addr string) bool {
			p := register.Find(addr)
			return p != nil && p.Active
		}
	}
	return desk, nil
}

// inspectMessage puts a message into the names of the interface. Commands are
// read from staff; without a configuration nobody is known to be staff, and
// those that any person wrote are shown.
func inspectMessage(file string, m *complaints.Message, desk string, configured bool) inspected {
	in := inspected{
		File: file, Class: m.Class, Why: m.Why, From: m.From, ReplyTo: m.ReplyTo, To: m.To, Cc: m.Cc,
		Subject: m.Subject, MessageID: m.MessageID, References: m.References, Charset: m.Charset, Text: m.Text,
		OwnWords: m.OwnWords, Attachments: m.Attachments, Auth: m.Auth, DSN: m.DSN, Hold: m.Hold, Problems: m.Problems,
		Commands: []inspectedCommand{},
	}
	if !m.Date.IsZero() {
		in.Date = m.Date.Format(time.RFC3339)
	}
	base, token := tokenOf(m, desk)
	keys := complaints.KeysOf(m, base)
	in.CaseKeys = inspectedKeys{Token: token, MessageIDs: append([]string{}, keys.MessageIDs...), Ref: keys.Ref}
	if m.Class == complaints.Staff || m.Class == complaints.Public && !configured {
		for _, c := range complaints.ParseCommands(m.OwnWords) {
			in.Commands = append(in.Commands, inspectedCommand{c.Line, c.Verb, c.Args, c.Words, c.Text})
		}
	}
	return in
}

// tokenOf finds the token in the recipient addresses, and the desk's address
// where no configuration names it.
func tokenOf(m *complaints.Message, desk string) (base, token string) {
	for _, r := range m.Recipients() {
		local, domain, _ := strings.Cut(strings.ToLower(r), "@")
		local, detail, _ := strings.Cut(local, "+")
		addr := local + "@" + domain
		if _, ok := complaints.ParseToken(detail); ok && (desk == "" || complaints.SameAddr(addr, desk)) {
			return addr, detail
		}
	}
	return desk, ""
}
