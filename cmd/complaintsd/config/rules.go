package config

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"image/png"
	"net"
	"net/mail"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"complaints/mailout/smime"
)

// checker holds a decoded configuration against what the daemon needs.
type checker struct {
	*reader
	cfg         *Config
	dir         string // of the configuration file
	credentials string // of systemd, or ""
	files       bool   // look at the files it names
}

func (k *checker) check() {
	c := k.cfg
	k.oneOf("language", c.Language, "zh", "en")
	loc, err := time.LoadLocation(c.Timezone)
	if err != nil || c.Timezone == "" || c.Timezone == "Local" {
		k.add("timezone", "there is no time zone %q: write one of the IANA table, such as \"Asia/Shanghai\"", c.Timezone)
	}
	c.Location = loc
	k.required("state_dir", c.StateDir, "a folder that the daemon may write, such as \"/var/lib/complaintsd\"")
	c.StateDir = k.path(c.StateDir)

	k.required("firm.name", c.Firm.Name, "the firm's full name as the letterhead has it")
	k.required("firm.short", c.Firm.Short, "the short name that begins the letter numbers, such as \"明\"")
	if c.Language == "en" {
		k.required("firm.name_en", c.Firm.NameEn, "the firm's name for English letters")
	}
	if c.Firm.Email != "" {
		k.address("firm.email", c.Firm.Email)
	}
	k.mailbox()
	k.submission()
	k.database()
	k.staff()
	k.authentication()
	k.policy()
	k.fonts()
	k.letters()
	k.smime()
	k.limits()
	for i, r := range c.ExternalRoute {
		key := fmt.Sprintf("external_route[%d].", i+1)
		k.required(key+"name", r.Name, "the name of the body")
		k.required(key+"contact", r.Contact, "its address or telephone number")
	}
}

var commandPlace = regexp.MustCompile(`%[un]`)

func (k *checker) mailbox() {
	m := &k.cfg.Mailbox
	k.server("mailbox", &m.Server, map[string]string{"implicit": "993", "starttls": "143", "none": "143"})
	k.required("mailbox.user", m.User, "the account of the desk's mailbox")
	if m.User != "" {
		k.required("mailbox.password_file", m.PasswordFile, "the file that holds the account's password")
	}
	named := map[string]string{}
	for _, f := range []struct{ key, name string }{{"mailbox.folder", m.Folder}, {"mailbox.processed", m.Processed}, {"mailbox.quarantine", m.Quarantine}, {"mailbox.journal", m.Journal}} {
		if f.name == "" && f.key == "mailbox.journal" {
			continue // no journal is allowed
		}
		k.required(f.key, f.name, "the name of a folder")
		if strings.ContainsFunc(f.name, unicode.IsControl) || strings.ContainsAny(f.name, "*%") {
			k.add(f.key, "holds a control character, * or %%: choose another name")
		}
		if other, taken := named[strings.ToLower(f.name)]; taken && f.name != "" {
			k.add(f.key, "is the same folder as %s: name another", other)
		}
		named[strings.ToLower(f.name)] = f.key
	}
	if rest := commandPlace.ReplaceAllString(m.Commands, ""); m.Commands != "" {
		switch {
		case len(commandPlace.FindAllString(m.Commands, -1)) != 1 || rest == "":
			k.add("mailbox.commands", "is %q: write the form of the folders' names with %%u for the address or %%n for the part before the @, once, such as \"Commands/%%u\"", m.Commands)
		case strings.ContainsFunc(rest, unicode.IsControl) || strings.ContainsAny(rest, "*%"):
			k.add("mailbox.commands", "holds a control character, * or a further %%: choose another name")
		}
	}
	if p := time.Duration(m.Poll); p < 100*time.Millisecond || p > time.Hour {
		k.add("mailbox.poll", "is %s: write a span between 100ms and 1h, such as \"1m\"", p)
	}
}

func (k *checker) submission() {
	s := &k.cfg.Submission
	k.server("submission", &s.Server, map[string]string{"implicit": "465", "starttls": "587", "none": "25"})
	switch {
	case s.User != "" && s.PasswordFile == "":
		k.add("submission.password_file", "is missing: name the file that holds the password of %s", s.User)
	case s.User == "" && s.PasswordFile != "":
		k.add("submission.user", "is missing: name the account to which the password belongs")
	}
	k.required("submission.from", s.From, "the address of the desk, such as \"complaints@firm.example\"")
	if s.From == "" || !k.address("submission.from", s.From) {
		return
	}
	if strings.Contains(s.From, "+") {
		k.add("submission.from", "has a + in it: write the plain address; the desk adds +case.token to it")
	}
	k.journal()
}

// journal is two keys, and neither has any use alone: without the address no
// copy is sent, without the folder nobody reads it.
func (k *checker) journal() {
	s, folder := &k.cfg.Submission, k.cfg.Mailbox.Journal
	switch {
	case s.Journal == "" && folder != "":
		k.add("submission.journal", "is missing: write the address that your mail server delivers into the folder %q, or leave mailbox.journal empty", folder)
	case s.Journal != "" && folder == "":
		k.add("mailbox.journal", "is missing: write the folder into which your mail server delivers %s, or leave submission.journal empty", s.Journal)
	case s.Journal != "" && k.address("submission.journal", s.Journal) && strings.EqualFold(s.Journal, s.From):
		k.add("submission.journal", "is the desk's own address: its copies would come in as complaints; write one that is delivered into the folder %q", folder)
	}
	if d := time.Duration(s.JournalWait); d < time.Second || d > 24*time.Hour {
		k.add("submission.journal_wait", "is %s: write a span between 1s and 24h, such as \"15m\"", d)
	}
}

func (k *checker) database() {
	d := &k.cfg.Database
	if d.URL == "" {
		if d.PasswordFile != "" {
			k.add("database.password_file", "has no use without database.url: a private cluster needs no password")
		}
		if d.User != "" && !accountName.MatchString(d.User) {
			k.add("database.user", "is no name of a system account: write one, such as \"postgres\"")
		}
		return
	}
	u, err := url.Parse(d.URL)
	isURL := err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql")
	switch {
	case !isURL && !keywords.MatchString(d.URL): // the parser's error would quote the URL, and with it a password
		k.add("database.url", "is no address of PostgreSQL: write postgres://user@host/database, or \"\" for a private cluster")
		return
	case !strings.Contains(d.URL, "dbname=") && (!isURL || strings.Trim(u.Path, "/") == ""):
		k.add("database.url", "names no database: write postgres://user@host/database")
	}
	d.Password, d.PasswordPath = k.secret("database.password_file", d.PasswordFile)
}

var (
	accountName = regexp.MustCompile(`^[a-z_][a-z0-9_-]{0,31}$`)
	keywords    = regexp.MustCompile(`^\s*[a-z_]+\s*=`) // host=… dbname=…, the other form of PostgreSQL
)

func (k *checker) staff() {
	s := &k.cfg.Staff
	k.required("staff.security", s.Security, "the address that gets alerts")
	people := map[string]string{"staff.security": s.Security}
	for i, a := range s.Management {
		people[fmt.Sprintf("staff.management[%d]", i+1)] = a
	}
	for i, a := range s.Admins {
		people[fmt.Sprintf("staff.admins[%d]", i+1)] = a
	}
	for key, a := range people {
		if k.address(key, a) && k.cfg.IsDesk(a) {
			k.add(key, "is the desk's own address: name a person, or alerts come back as mail")
		}
	}
	if s.Register != "" {
		s.Register = k.file("staff.register", s.Register)
	}
}

// IsDesk reports whether mail to a comes back to the desk.
func (c *Config) IsDesk(a string) bool {
	local, domain, _ := strings.Cut(strings.ToLower(a), "@")
	local, _, _ = strings.Cut(local, "+")
	return local+"@"+domain == strings.ToLower(c.Submission.From)
}

func (k *checker) authentication() {
	a := &k.cfg.Authentication
	if strings.ContainsFunc(a.AuthservID, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`;"()/`, r) }) {
		k.add("authentication.authserv_id", "is no identifier: write the first word of the Authentication-Results field of your mail server, such as \"mx.firm.example\"")
	}
	k.within("authentication.position", a.Position, 0, 10)
	if a.Position != 0 && a.AuthservID == "" {
		k.add("authentication.position", "has no use without authentication.authserv_id: write both or neither")
	}
	if a.KeyFile != "" {
		a.KeyFile = k.credential(a.KeyFile)
		k.keys(a)
	}
}

// keys reads the key file: one key in hexadecimal on each line, the first
// signs, all verify.
func (k *checker) keys(a *Authentication) {
	if !k.files {
		return
	}
	b, err := os.ReadFile(a.KeyFile)
	if err != nil {
		k.add("authentication.key_file", "%s cannot be read (%v): write a key into it with openssl rand -hex 32", a.KeyFile, reason(err))
		return
	}
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		key, err := hex.DecodeString(line)
		if err != nil || len(key) < 32 {
			k.add("authentication.key_file", "%s holds a line that is no key: write the output of openssl rand -hex 32, one key a line", a.KeyFile)
			return
		}
		a.Keys = append(a.Keys, key)
	}
	if len(a.Keys) == 0 {
		k.add("authentication.key_file", "%s is empty: write a key into it with openssl rand -hex 32", a.KeyFile)
	}
}

func (k *checker) fonts() {
	f := &k.cfg.Fonts
	for _, n := range []struct {
		key  string
		path *string
	}{{"fonts.body", &f.Body}, {"fonts.title", &f.Title}, {"fonts.heading", &f.Heading}, {"fonts.kai", &f.Kai}} {
		if *n.path == "" {
			continue
		}
		*n.path = k.file(n.key, *n.path)
		if !k.files {
			continue
		}
		b, err := os.ReadFile(*n.path)
		if err != nil || len(b) < 12 {
			k.add(n.key, "%s is no font: name a TrueType file (.ttf)", *n.path)
			continue
		}
		switch binary.BigEndian.Uint32(b) {
		case 0x00010000, 0x74727565: // 1.0, “true”
		default: // OTTO (CFF outlines) and ttcf (a collection) cannot be embedded
			k.add(n.key, "%s is no TrueType font of its own (.otf and .ttc cannot be used): name a .ttf file", *n.path)
		}
	}
}

// letters reads the image of the seal, which must be one that can be printed.
func (k *checker) letters() {
	l := &k.cfg.Letters
	if l.Seal == "" {
		return
	}
	if l.Seal = k.file("letters.seal", l.Seal); !k.files {
		return
	}
	b, err := os.ReadFile(l.Seal)
	if err != nil {
		return // noted
	}
	size, err := png.DecodeConfig(bytes.NewReader(b))
	switch {
	case err != nil:
		k.add("letters.seal", "%s is no PNG image: name one with a transparent ground", l.Seal)
	case min(size.Width, size.Height) < 300 || max(size.Width, size.Height) > 4000:
		k.add("letters.seal", "%s has %d by %d pixels: it is printed 42 mm wide and needs 300 to 4000 either way", l.Seal, size.Width, size.Height)
	default:
		l.Image = b
	}
}

// smime reads certificate and key of the signature.
func (k *checker) smime() {
	c := &k.cfg.SMIME
	switch {
	case c.Certificate == "" && c.Key == "":
		return
	case c.Certificate == "":
		k.add("smime.certificate", "is missing: name the PEM file with the certificate of smime.key")
		return
	case c.Key == "":
		k.add("smime.key", "is missing: name the PEM file with the key of smime.certificate")
		return
	}
	c.Certificate, c.Key = k.path(c.Certificate), k.credential(c.Key)
	if !k.files {
		return
	}
	certificates, err := os.ReadFile(c.Certificate)
	if err != nil {
		k.add("smime.certificate", "%s cannot be read (%v): name a file that the daemon may read", c.Certificate, reason(err))
		return
	}
	key, err := os.ReadFile(c.Key)
	if err != nil {
		k.add("smime.key", "%s cannot be read (%v): name a file that the daemon may read", c.Key, reason(err))
		return
	}
	if c.Signer, err = smime.Load(certificates, key); err != nil {
		k.add("smime.key", "%v: write certificate and key in PEM, RSA or ECDSA, the key without a pass phrase", err)
	}
}

func (k *checker) limits() {
	l := &k.cfg.Limits
	for _, n := range []struct {
		key         string
		value       int
		least, most int
	}{
		{"depth", l.Depth, 1, 100}, {"parts", l.Parts, 1, 10_000}, {"addresses", l.Addresses, 1, 10_000},
		{"attachments", l.Attachments, 1, 10_000}, {"hops", l.Hops, 5, 1000},
		{"commands", l.Commands, 1, 1000}, {"command_errors", l.CommandErrors, 1, 100},
	} {
		k.within("limits."+n.key, n.value, n.least, n.most)
	}
	for _, n := range []struct {
		key   string
		value Size
	}{{"parsed", l.Parsed}, {"stored", l.Stored}, {"header", l.Header}, {"decoded", l.Decoded}, {"text", l.Text}, {"command_mail", l.CommandMail}} {
		if n.value < 1000 || n.value > 1<<30 {
			k.add("limits."+n.key, "is %d bytes: write between \"1 kB\" and \"1 GiB\"", n.value)
		}
	}
	if l.Parsed > l.Stored {
		k.add("limits.parsed", "is more than limits.stored: a mail that is not kept cannot be read")
	}
	if d := time.Duration(l.CPU); d < 100*time.Millisecond || d > time.Minute {
		k.add("limits.cpu", "is %s: write a span between 100ms and 1m, such as \"5s\"", d)
	}
}

// server checks a mail server and reads its password. ports are the usual
// ones, added where none is written.
func (k *checker) server(at string, s *Server, ports map[string]string) {
	k.oneOf(at+".tls", s.TLS, "implicit", "starttls", "none")
	k.required(at+".server", s.Addr, "the server's name, with its port if it is not the usual one")
	if s.Addr != "" {
		usual := cmp.Or(ports[s.TLS], ports["implicit"]) // a wrong tls was noted
		host, port, err := net.SplitHostPort(s.Addr)
		if err != nil && !strings.Contains(s.Addr, ":") {
			host, port, err = s.Addr, usual, nil
		}
		if n, perr := net.LookupPort("tcp", port); err != nil || perr != nil || n == 0 || host == "" || strings.ContainsAny(host, "/ @") {
			k.add(at+".server", "is %q: write host or host:port, such as \"mail.firm.example:%s\"", s.Addr, usual)
			return
		}
		s.Addr = net.JoinHostPort(host, port)
		if s.TLS == "none" && !loopback(host) {
			k.add(at+".tls", "is \"none\", but %s is another machine: write \"implicit\" or \"starttls\", or passwords and complaints travel in the open", host)
		}
	}
	if s.CAFile != "" {
		s.CAFile = k.file(at+".ca_file", s.CAFile)
		if k.files && s.Addr != "" {
			if _, err := s.TLSConfig(); err != nil {
				k.add(at+".ca_file", "%v: name a PEM file with the authority's certificate", err)
			}
		}
	}
	s.Password, s.PasswordPath = k.secret(at+".password_file", s.PasswordFile)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

func (k *checker) required(key, value, what string) {
	if strings.TrimSpace(value) == "" {
		k.add(key, "is missing: write %s", what)
	}
}

func (k *checker) oneOf(key, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		k.add(key, "is %q: write \"%s\"", value, strings.Join(allowed, `" or "`))
	}
}

func (k *checker) within(key string, n, least, most int) {
	if n < least || n > most {
		k.add(key, "is %d: write a number from %d to %d", n, least, most)
	}
}

// address checks a plain addr-spec.
func (k *checker) address(key, a string) bool {
	if !plainAddress(a) {
		k.add(key, "is %q: write a plain address, such as \"li@firm.example\"", a)
		return false
	}
	return true
}

// plainAddress reports whether a is one addr-spec in ASCII and nothing else.
func plainAddress(a string) bool {
	parsed, err := mail.ParseAddress(a)
	return err == nil && parsed.Address == a && parsed.Name == "" && !strings.ContainsFunc(a, func(r rune) bool { return r <= ' ' || r > '~' })
}
