package config

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"complaints/mailin/mailtest"

	"github.com/BurntSushi/toml"
)

const sample = "../../../systemd/complaintsd.toml"

// sound is the least that a configuration says.
const sound = `
[firm]
name = "明律律师事务所"
short = "明"
[mailbox]
server = "imap.firm.example"
user = "complaints@firm.example"
password_file = "pw"
[submission]
server = "127.0.0.1:2525"
tls = "none"
from = "complaints@firm.example"
[staff]
security = "security@firm.example"
`

// write puts files into a new folder and gives the path of c.toml in it.
func write(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{"c.toml": text, "pw": "geheim 秘密\r\n", "mailbox.password": "a", "submission.password": "b",
		"empty": "\n", "two": "a\nb\n", "font.otf": "OTTO0123456789", "keys": strings.Repeat("0f", 32) + "\n" + strings.Repeat("a0", 32) + "\n", "short": "0f0f\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "c.toml")
}

// said gives the mistakes without the name of the file.
func said(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("%v is no *Error", err)
	}
	var out []string
	for _, m := range e.All {
		m.File = ""
		out = append(out, strings.TrimPrefix(m.String(), ":"))
	}
	return out
}

func TestSoundConfiguration(t *testing.T) {
	path := write(t, sound)
	c, err := Read(path, "", true)
	if err != nil {
		t.Fatal(err)
	}
	if c.Mailbox.Addr != "imap.firm.example:993" || c.Mailbox.Folder != "INBOX" || time.Duration(c.Mailbox.Poll) != time.Minute {
		t.Errorf("mailbox: %+v", c.Mailbox)
	}
	if string(c.Mailbox.Password) != "geheim 秘密" {
		t.Errorf("password %q: only the line end is cut", string(c.Mailbox.Password))
	}
	if c.Policy.InvestigationDays != 7 || c.Limits.Header != 1<<20 || c.Limits.CommandMail != 256_000 {
		t.Errorf("defaults: %+v %+v", c.Policy, c.Limits)
	}
	if c.Location.String() != "Asia/Shanghai" {
		t.Errorf("location %v", c.Location)
	}
	if s := fmt.Sprintf("%v %+v %#v", c.Mailbox, c.Mailbox, c.Mailbox); strings.Contains(s, "geheim") {
		t.Error("a printed configuration shows the password")
	}
}

// A credential of systemd comes before a file beside the configuration.
func TestCredentialsComeFirst(t *testing.T) {
	path, creds := write(t, sound), t.TempDir()
	if err := os.WriteFile(filepath.Join(creds, "pw"), []byte("of systemd"), 0o400); err != nil {
		t.Fatal(err)
	}
	c, err := Read(path, creds, true)
	if err != nil {
		t.Fatal(err)
	}
	if string(c.Mailbox.Password) != "of systemd" {
		t.Errorf("password %q", string(c.Mailbox.Password))
	}
}

// The sample says every key that the struct has, and no other, with the
// defaults where there are any.
func TestSampleHoldsEveryKey(t *testing.T) {
	text, err := os.ReadFile(sample)
	if err != nil {
		t.Fatal(err)
	}
	var raw map[string]any
	md, err := toml.Decode(string(text), &raw)
	if err != nil {
		t.Fatal(err)
	}
	inSample := map[string]bool{}
	for _, k := range md.Keys() {
		inSample[k.String()] = true
	}
	known := knownKeys("", reflect.TypeFor[Config]())
	for _, k := range known {
		if !inSample[k] {
			t.Errorf("%s is in the struct and not in the sample", k)
		}
		delete(inSample, k)
	}
	for k := range inSample {
		t.Errorf("%s is in the sample and not in the struct", k)
	}
	c, err := Read(write(t, string(text)), "", true)
	if err != nil {
		t.Fatal(err)
	}
	d := defaults()
	if !reflect.DeepEqual(c.Policy, d.Policy) {
		t.Errorf("policy: the sample has %+v, the default is %+v", c.Policy, d.Policy)
	}
	if c.Limits != d.Limits {
		t.Errorf("limits: the sample has %+v, the default is %+v", c.Limits, d.Limits)
	}
	if c.Mailbox.Processed != d.Mailbox.Processed || c.Mailbox.TLS != d.Mailbox.TLS || c.Mailbox.Poll != d.Mailbox.Poll || c.Submission.JournalWait != d.Submission.JournalWait || c.StateDir != d.StateDir || c.Authentication.DKIM != d.Authentication.DKIM {
		t.Error("the sample has other values than the defaults")
	}
}

// Each row changes one thing of the sound configuration and names the mistake.
func TestMistakes(t *testing.T) {
	for _, tt := range []struct{ old, new, want string }{
		{`[mailbox]`, "[mailbox]\npol = \"1m\"", `mailbox.pol: is unknown: did you mean mailbox.poll?`},
		{`[mailbox]`, "[mailbox]\nfrom = \"a@b.example\"", `mailbox.from: is unknown here: it belongs under [submission]`},
		{`[mailbox]`, "[mailbox]\nxyzzyxyzzy = 1", `mailbox.xyzzyxyzzy: is unknown: known here are ca_file, commands, folder`},
		{`[firm]`, "[frim]\nname=\"x\"\n[firm]", `frim: is unknown: did you mean firm?`},
		{`[firm]`, "[firm]\ntimezone = \"Asia/Shanghai\"", `firm.timezone: is unknown here: it belongs at the top of the file`},
		{`[staff]`, "staff = 1\n[staffx]", `is unknown`},
		{`[firm]`, "language = \"fr\"\n[firm]", `language: is "fr": write "zh" or "en"`},
		{`[firm]`, "language = \"en\"\n[firm]", `firm.name_en: is missing`},
		{`[firm]`, "timezone = \"Asia/Peking\"\n[firm]", `timezone: there is no time zone "Asia/Peking"`},
		{`short = "明"`, ``, `firm.short: is missing`},
		{`[mailbox]`, "[mailbox]\npoll = 60", `mailbox.poll: has a value of the wrong kind: write a span of time with its unit`},
		{`[mailbox]`, "[mailbox]\npoll = \"3h\"", `mailbox.poll: is 3h0m0s: write a span between`},
		{`[mailbox]`, "[mailbox]\nprocessed = \"inbox\"", `mailbox.processed: is the same folder as mailbox.folder`},
		{`[mailbox]`, "[mailbox]\nquarantine = \"Processed\"", `mailbox.quarantine: is the same folder as mailbox.processed`},
		{`[mailbox]`, "[mailbox]\ntls = \"none\"", `mailbox.tls: is "none", but imap.firm.example is another machine`},
		{`[mailbox]`, "[mailbox]\ntls = \"ssl\"", `mailbox.tls: is "ssl": write "implicit" or "starttls" or "none"`},
		{`[mailbox]`, "[mailbox]\nca_file = \"pw\"", `mailbox.ca_file: `},
		{`"imap.firm.example"`, `"imap.firm.example:imap:1"`, `mailbox.server: is "imap.firm.example:imap:1": write host or host:port`},
		{`"imap.firm.example"`, `"imaps://imap.firm.example"`, `mailbox.server: is`},
		{`"pw"`, `"nowhere"`, `nowhere cannot be read (no such file or directory)`},
		{`"pw"`, `"empty"`, `must hold the password and nothing else`},
		{`"pw"`, `"two"`, `must hold the password and nothing else`},
		{`from = "complaints@firm.example"`, `from = "complaints+x@firm.example"`, `submission.from: has a + in it`},
		{`from = "complaints@firm.example"`, `from = "投诉@firm.example"`, `submission.from: is "投诉@firm.example": write a plain address`},
		{`from = "complaints@firm.example"`, `from = "Desk <complaints@firm.example>"`, `submission.from: is`},
		{`from = "complaints@firm.example"`, ``, `submission.from: is missing`},
		{`[submission]`, "[submission]\nuser = \"u\"", `submission.password_file: is missing: name the file that holds the password of u`},
		{`[submission]`, "[submission]\njournal = \"journal@firm.example\"", `mailbox.journal: is missing: write the folder into which your mail server delivers journal@firm.example`},
		{`[mailbox]`, "[mailbox]\njournal = \"Journal\"", `submission.journal: is missing: write the address that your mail server delivers into the folder "Journal"`},
		{`[submission]`, "[submission]\njournal_wait = \"0s\"", `submission.journal_wait: is 0s: write a span between 1s and 24h`},
		{`"security@firm.example"`, `"Complaints+a@firm.example"`, `staff.security: is the desk's own address`},
		{`[staff]`, "[staff]\nadmins = [\"it@firm.example\", \"it\"]", `staff.admins[2]: is "it": write a plain address`},
		{`[staff]`, "[staff]\nadmins = \"it@firm.example\"", `staff.admins: has a value of the wrong kind: write a list of texts`},
		{`[staff]`, "[staff]\nregister = \"none.csv\"", `none.csv cannot be read`},
		{`[firm]`, "[database]\nurl = \"mysql://u:geheim@h/d\"\n[firm]", `database.url: is no address of PostgreSQL`},
		{`[firm]`, "[database]\nurl = \"postgres://h\"\n[firm]", `database.url: names no database`},
		{`[firm]`, "[database]\nurl = \"host=db.firm.example\"\n[firm]", `database.url: names no database`},
		{`[firm]`, "[authentication]\nposition = 1\n[firm]", `authentication.position: has no use without authentication.authserv_id`},
		{`[firm]`, "[authentication]\nauthserv_id = \"mx.firm.example; x\"\n[firm]", `authentication.authserv_id: is no identifier`},
		{`[firm]`, "[authentication]\nkey_file = \"short\"\n[firm]", `holds a line that is no key`},
		{`[firm]`, "[policy]\nquorum = 0\n[firm]", `policy.quorum: is 0: write a number from 1 to 25`},
		{`[firm]`, "[policy]\nquorum = \"3\"\n[firm]", `policy.quorum: has a value of the wrong kind: write a whole number`},
		{`[firm]`, "[policy]\ndigest_at = \"8 Uhr\"\n[firm]", `policy.digest_at: is "8 Uhr": write a time of day`},
		{`[firm]`, "[policy]\nextension_cap = 3\n[firm]", `policy.extension_cap: is less than one extension (7)`},
		{`[firm]`, "[policy]\nsupplement_days = 5\n[firm]", `policy.supplement_reminder_days: is not before the end`},
		{`[firm]`, "[fonts]\nbody = \"font.otf\"\n[firm]", `is no TrueType font of its own`},
		{`[firm]`, "[limits]\nparsed = \"200 MB\"\n[firm]", `limits.parsed: is more than limits.stored`},
		{`[firm]`, "[limits]\nstored = 50\n[firm]", `limits.stored: has a value of the wrong kind: write a size with its unit`},
		{`[firm]`, "[[external_route]]\nname = \"律协\"\n[firm]", `external_route[1].contact: is missing`},
		{`[firm]`, "[external_route]\nname = \"律协\"\n[firm]", `external_route: is a list of tables: write [[external_route]]`},
	} {
		if !strings.Contains(sound, tt.old) {
			t.Fatalf("%q is not in the sound configuration", tt.old)
		}
		_, err := Read(write(t, strings.Replace(sound, tt.old, tt.new, 1)), "", true)
		got := said(t, err)
		if !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, tt.want) }) {
			t.Errorf("%s -> %s:\n got %q\nwant %q", tt.old, tt.new, got, tt.want)
		}
		for _, s := range got {
			if strings.Contains(s, "geheim") {
				t.Errorf("a password is shown: %s", s)
			}
		}
	}
}

// The journal is an address and the folder into which it is delivered; the
// desk's own address would make complaints of the copies.
func TestJournalIsAnAddressAndItsFolder(t *testing.T) {
	for address, want := range map[string]string{
		"journal@firm.example":            "",
		"complaints+journal@firm.example": "",
		"Complaints@firm.example":         "submission.journal: is the desk's own address",
		"J <journal@firm.example>":        "submission.journal: is \"J <journal@firm.example>\": write a plain address",
	} {
		text := strings.Replace(sound, "[mailbox]", "[mailbox]\njournal = \"Journal\"", 1)
		text = strings.Replace(text, "[submission]", fmt.Sprintf("[submission]\njournal = %q", address), 1)
		c, err := Read(write(t, text), "", true)
		got := strings.Join(said(t, err), "\n")
		switch {
		case want == "" && (err != nil || c.Submission.Journal != address || time.Duration(c.Submission.JournalWait) != 15*time.Minute):
			t.Errorf("%s: %v", address, err)
		case !strings.Contains(got, want):
			t.Errorf("%s: %q", address, got)
		}
	}
}

// One reading names all mistakes, each once, in the order of the lines.
func TestAllMistakesAtOnce(t *testing.T) {
	_, err := Read(write(t, `language = "de"
timezone = "Mars/Olympus"
[firm]
name = "明律"
sort = "明"
[mailbox]
server = 993
user = "desk"
password_file = "pw"
poll = 5
[submission]
server = "smtp.firm.example:587"
tls = "none"
from = "desk+x@firm.example"
[staff]
security = "nobody"
`), "", true)
	var lines []string
	number := regexp.MustCompile(`^(\d+): ([\w.]+):`)
	for _, s := range said(t, err) {
		m := number.FindStringSubmatch(s)
		if m == nil {
			t.Fatalf("%q does not begin with its line and key", s)
		}
		lines = append(lines, m[1]+" "+m[2])
	}
	want := []string{"1 language", "2 timezone", "3 firm.short", "5 firm.sort", "7 mailbox.server", "10 mailbox.poll",
		"13 submission.tls", "14 submission.from", "16 staff.security"}
	if !slices.Equal(lines, want) {
		t.Errorf("got  %q\nwant %q", lines, want)
	}
}

func TestWhatIsNoTOML(t *testing.T) {
	_, err := Read(write(t, "language = \"zh\"\n[firm\nname = 1\n"), "", true)
	got := said(t, err)
	if len(got) != 1 || !strings.HasPrefix(got[0], "2: ") || !strings.Contains(got[0], "is not TOML") {
		t.Errorf("got %q", got)
	}
	_, err = Read(filepath.Join(t.TempDir(), "none.toml"), "", true)
	if got := said(t, err); len(got) != 1 || !strings.Contains(got[0], "cannot be read (no such file or directory)") {
		t.Errorf("got %q", got)
	}
}

// Without files, only the text of the configuration counts.
func TestOffline(t *testing.T) {
	if _, err := Read(write(t, strings.Replace(sound, `"pw"`, `"nowhere"`, 1)), "", false); err != nil {
		t.Error(err)
	}
}

func TestDSNTakesThePasswordFromTheFile(t *testing.T) {
	c, err := Read(write(t, "[database]\nurl = \"postgres://desk@db.firm.example/desk?sslmode=verify-full\"\npassword_file = \"pw\"\n"+sound), "", true)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Database.DSN(), "postgres://desk:geheim%20%E7%A7%98%E5%AF%86@db.firm.example/desk?sslmode=verify-full"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	d := Database{URL: "host=/run/postgresql dbname=desk", Password: `it's \`}
	if got, want := d.DSN(), `host=/run/postgresql dbname=desk password='it\'s \\'`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestKeyFile(t *testing.T) {
	c, err := Read(write(t, "[authentication]\nkey_file = \"keys\"\n"+sound), "", true)
	if err != nil {
		t.Fatal(err)
	}
	if keys := c.Authentication.Keys; len(keys) != 2 || keys[0][0] != 0x0f || keys[1][0] != 0xa0 {
		t.Errorf("keys %x", keys)
	}
}

func TestSize(t *testing.T) {
	for text, want := range map[string]Size{"50 MB": 50_000_000, "1MiB": 1 << 20, "256 kB": 256_000, "1.5 GB": 1_500_000_000, "7 B": 7} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want {
			t.Errorf("%q: %d, %v, want %d", text, s, err, want)
		}
	}
	for _, text := range []string{"", "50", "MB", "50 mb", "-1 MB", "1e3 MB", "NaN MB", "9999999 GB"} {
		if err := new(Size).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

func TestClosest(t *testing.T) {
	for s, want := range map[string]string{"pol": "poll", "passwordfile": "password_file", "Folder": "folder", "xyz": ""} {
		if got := Closest(s, []string{"poll", "password_file", "folder"}); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

func TestAdvice(t *testing.T) {
	path := write(t, sound+"[database]\nurl = \"postgres://desk:geheim@db.firm.example/desk\"\n[policy]\nquorum = 2\n[[external_route]]\nname = \"律协\"\ncontact = \"12348\"\n")
	c, err := Read(path, "", true)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(filepath.Dir(path), "pw"), 0o644); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(c.Advice(time.Now()), "\n")
	for _, want := range []string{"mailbox.password_file: everybody on this machine may read it: chmod 600 ", "database.url holds a password", "mailbox.journal is not set", "policy.quorum is less than 3", "external route 律协 has no name_en", "staff.admins is empty"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	if strings.Contains(got, "geheim") {
		t.Errorf("the password is shown:\n%s", got)
	}
}

// The seal and the signature: what cannot be used is found before a letter
// would need it.
func TestSealAndSignature(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, b []byte) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	picture := func(side int) []byte {
		var b bytes.Buffer
		if err := png.Encode(&b, image.NewNRGBA(image.Rect(0, 0, side, side))); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	public, private := mailtest.MailCertificate(t, "complaints@firm.example", time.Now().Add(-time.Hour), time.Now().Add(10*24*time.Hour))
	certificate, keyFile := file("cert.pem", public), file("key.pem", private)
	for _, tt := range []struct{ text, want string }{
		{"[letters]\nseal = \"nowhere.png\"\n", "letters.seal"},
		{"[letters]\nseal = \"" + file("text.png", []byte("no image")) + "\"\n", "no PNG image"},
		{"[letters]\nseal = \"" + file("small.png", picture(100)) + "\"\n", "100 by 100 pixels"},
		{"[smime]\ncertificate = \"" + certificate + "\"\n", "smime.key"},
		{"[smime]\ncertificate = \"" + certificate + "\"\nkey = \"" + certificate + "\"\n", "cannot be read"},
	} {
		if _, err := Read(write(t, sound+tt.text), "", true); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.text, err)
		}
	}
	cfg, err := Read(write(t, sound+"[letters]\nseal = \""+file("seal.png", picture(500))+"\"\n[smime]\ncertificate = \""+certificate+"\"\nkey = \""+keyFile+"\"\n"), "", true)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Letters.Image == nil || cfg.SMIME.Signer == nil {
		t.Fatal("seal or signer is missing")
	}
	if got := strings.Join(cfg.Advice(time.Now()), "\n"); !strings.Contains(got, "smime.certificate ends on") {
		t.Errorf("a certificate that ends in ten days: %s", got)
	}
}
