package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"complaints"
	"complaints/cmd/complaintsd/config"
	"complaints/mailin/mailtest"
	"complaints/store"
	"complaints/store/cluster/clustertest"
)

const desk = "complaints@firm.example"

// desktop is a configuration whose values a test changes.
type desktop struct {
	imap, imapTLS, smtp, smtpTLS string
	user, database, extra        string
	password                     string
	folders                      string // form of the command folders
	ca                           []byte
}

// write gives the path of the configuration file.
func (d desktop) write(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	ca := ""
	if d.ca != nil {
		ca = `ca_file = "ca.pem"`
	}
	folders := ""
	if d.folders != "" {
		folders = fmt.Sprintf("\ncommands = %q", d.folders)
	}
	text := fmt.Sprintf(`
state_dir = "state"
[firm]
name = "明律律师事务所"
short = "明"
[mailbox]
server = %[1]q
tls = %[2]q
user = %[3]q
password_file = "pw"
%[7]s
journal = "Journal"%[9]s
[submission]
server = %[4]q
tls = %[5]q
user = %[3]q
password_file = "pw"
%[7]s
from = "complaints@firm.example"
journal = "journal@firm.example"
[database]
url = %[6]q
[staff]
register = "staff.csv"
security = "security@firm.example"
admins = ["it@firm.example"]
[[external_route]]
name = "律师协会"
name_en = "Bar Association"
contact = "12348"
%[8]s`, d.imap, d.imapTLS, d.user, d.smtp, d.smtpTLS, d.database, ca, d.extra, folders)
	staff := "address,name,role\nzhou@firm.example,周敏,head\nwang@firm.example,王芳,officer+admin\nli@firm.example,李雷,investigator\n" +
		"chen@firm.example,陈晨,chair\nsun@firm.example,孙丽,member\nhe@firm.example,何平,member\n"
	for name, content := range map[string]string{"c.toml": text, "pw": d.password + "\n", "ca.pem": string(d.ca), "staff.csv": staff} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "c.toml")
}

// servers starts a real Dovecot and Postfix, and gives a database.
func servers(t *testing.T, cert *mailtest.Certificate) desktop {
	t.Helper()
	mailtest.Need(t)
	dovecot := mailtest.StartDovecot(t, mailtest.DovecotOptions{Users: []string{desk}, Folders: []string{"Journal"}, TLS: cert})
	postfix := mailtest.StartPostfix(t, dovecot, mailtest.PostfixOptions{TLS: cert})
	return desktop{imap: dovecot.IMAPS, imapTLS: "implicit", smtp: postfix.Submission, smtpTLS: "starttls",
		user: desk, password: mailtest.Password, ca: cert.CA, database: clustertest.URL(t)}
}

func TestCheckOnRealServers(t *testing.T) {
	good := servers(t, mailtest.NewCertificate(t, "127.0.0.1", false))
	nobody := closedPort(t)
	for _, tt := range []struct {
		name   string
		change func(*desktop)
		code   int
		stdout []string // regular expressions
		stderr []string // one for each line
	}{
		{name: "sound", change: func(*desktop) {}, stdout: []string{
			`c.toml: no mistake\n`,
			`mailbox +logged in to 127\.0\.0\.1:\d+ as complaints@firm\.example \(mail is announced, mail is moved in one step\); will be made at the first start: Processed, Quarantine\n`,
			`submission +127\.0\.0\.1:\d+ greets; logged in as complaints@firm\.example\n`,
			`database +connected; empty: the first start makes the tables\n`,
			`commands by mail:\n  R .*yes: a DKIM signature`,
		}},
		{name: "starttls", change: func(d *desktop) { d.imap, d.imapTLS = startTLSPort(t, d), "starttls" }, stdout: []string{`mailbox +logged in`}},
		{name: "own MX", change: func(d *desktop) { d.extra = "[authentication]\nauthserv_id = \"mx.firm.example\"\ndkim = false\n" },
			stdout: []string{`R .*yes: dmarc=pass from mx\.firm\.example\n`, `X .*smtp\.auth of this person`}},
		{name: "nobody vouches", change: func(d *desktop) { d.extra = "[authentication]\ndkim = false\n" }, stdout: []string{`W .*only after a confirmation`, `X .*no: set`}},
		{name: "quorum", change: func(d *desktop) { d.extra = "[policy]\nquorum = 4\n" }, stdout: []string{`consider +the committee has 3 members and policy\.quorum is 4`}},
		{name: "wrong password", change: func(d *desktop) { d.password = "wrong-horse" }, code: 1, stderr: []string{
			`complaintsd check: mailbox: .*: the server refuses user complaints@firm\.example \(.*\): check mailbox\.user and the password in mailbox\.password_file`,
			`complaintsd check: submission: .*: the server refuses user complaints@firm\.example \(535 .*\): check submission\.user and the password`,
		}},
		{name: "IMAP away", change: func(d *desktop) { d.imap = nobody }, code: 75, stderr: []string{`mailbox: ` + nobody + `: nothing answers on this port`}},
		{name: "SMTP away", change: func(d *desktop) { d.smtp = nobody }, code: 75, stderr: []string{`submission: ` + nobody + `: nothing answers on this port`}},
		{name: "unknown host", change: func(d *desktop) { d.imap = "imap.firm.invalid:993" }, code: 75, stderr: []string{`mailbox: .*the name imap\.firm\.invalid cannot be resolved now`}},
		{name: "database away", change: func(d *desktop) { d.database = "postgres://desk@" + nobody + "/desk?sslmode=disable" }, code: 75, stderr: []string{`database: open database at .*nobody listens there`}},
		{name: "no such database", change: func(d *desktop) { d.database = renameDB.ReplaceAllString(d.database, "dbname='elsewhere'") }, code: 1, stderr: []string{`database: .*there is no such database: make it with createdb`}},
		{name: "away and refused", change: func(d *desktop) {
			d.imap, d.database = nobody, renameDB.ReplaceAllString(d.database, "dbname='elsewhere'")
		}, code: 1, stderr: []string{`mailbox: `, `database: `}},
		{name: "TLS where there is none", change: func(d *desktop) { d.imap = d.smtp }, code: 1, stderr: []string{`mailbox: .*does not begin with TLS: write tls = "starttls"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := good
			tt.change(&d)
			code, stdout, stderr := complaintsd(t, "check", "-config", d.write(t))
			judge(t, code, tt.code, stdout, tt.stdout, stderr, tt.stderr)
			if strings.Contains(stdout+stderr, d.password) {
				t.Error("the password is shown")
			}
		})
	}
}

// check looks at each command folder: is it there, may the desk take mail out
// of it, and may somebody else put mail in?
func TestCheckCommandFolders(t *testing.T) {
	mailtest.Need(t)
	dovecot := mailtest.StartDovecot(t, mailtest.DovecotOptions{Users: []string{desk}, Folders: []string{"Journal"}, Alone: []string{"zhou@firm.example", "wang@firm.example"}})
	postfix := mailtest.StartPostfix(t, dovecot, mailtest.PostfixOptions{})
	d := desktop{imap: dovecot.IMAP, imapTLS: "none", smtp: postfix.Submission, smtpTLS: "none", user: desk, password: mailtest.Password,
		database: clustertest.URL(t), folders: "Commands/%u"}
	look := func(want int, out, errs []string) {
		t.Helper()
		code, stdout, stderr := complaintsd(t, "check", "-config", d.write(t))
		judge(t, code, want, stdout, out, stderr, errs)
	}
	look(0, []string{`folders +2 command folders can be read\n`, `consider +without a command folder: .*li@firm\.example`, `W, X  in Commands/%u`}, nil)

	mine := "user=" + desk + " lrwstea\n"
	dovecot.Rights("zhou@firm.example", "user=zhou@firm.example lrwsi\nauthenticated lri\n"+mine)
	dovecot.Rights("wang@firm.example", "user=wang@firm.example lrwsi\nuser="+desk+" lrwste\n")
	dovecot.Rights("left@firm.example", mine)
	look(0, []string{`Commands/zhou@firm\.example may be written by others \(authenticated\): it proves nothing`,
		`Commands/wang@firm\.example is believed to be wang@firm\.example's alone: the server does not say`,
		`Commands/left@firm\.example is nobody's: .* belongs to nobody in the register; mail in it is held`}, nil)

	dovecot.Rights("wang@firm.example", "user=wang@firm.example lrwsi\nuser="+desk+" lr\n")
	look(1, nil, []string{`command folder Commands/wang@firm\.example: the desk has the rights lr there, and needs t too`})
	d.folders = "Befehle/%n"
	look(1, nil, []string{`mailbox\.commands: there is no folder of the form Befehle/%n that the desk can see`})
	for _, wrong := range []string{"Commands", "%u", "Commands/%u/%n", "Commands/%x/%u", "Commands/*%u"} {
		d.folders = wrong
		look(78, nil, []string{`mailbox\.commands: `})
	}
}

var renameDB = regexp.MustCompile(`dbname='[^']*'`)

// startTLSPort is the port of IMAP without implicit TLS of the same Dovecot.
func startTLSPort(t *testing.T, d *desktop) string {
	t.Helper()
	cert := mailtest.NewCertificate(t, "127.0.0.1", false)
	d.ca = append(append([]byte(nil), d.ca...), cert.CA...)
	return mailtest.StartDovecot(t, mailtest.DovecotOptions{Users: []string{desk}, Folders: []string{"Journal"}, TLS: cert}).IMAP
}

// Without a register of its own the configuration is held against the stored one.
func TestCheckReadsTheStoredRegister(t *testing.T) {
	ctx := context.Background()
	d := desktop{imap: closedPort(t), imapTLS: "none", smtp: closedPort(t), smtpTLS: "none", user: desk, password: "x", database: clustertest.URL(t)}
	path := d.write(t)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Replace(text, []byte(`register = "staff.csv"`), nil, 1), 0o600); err != nil {
		t.Fatal(err)
	}
	_, stdout, _ := complaintsd(t, "check", "-config", path)
	if !strings.Contains(stdout, "there is no staff register yet") {
		t.Errorf("an empty database:\n%s", stdout)
	}
	db, err := store.Open(ctx, d.database, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	people := []complaints.Person{{Address: "wang@firm.example", Name: "王芳", Roles: []complaints.Role{complaints.Officer}, Active: true}}
	if _, err := db.ReplaceRegister(ctx, people, "test", time.Now()); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := complaintsd(t, "check", "-config", path)
	for _, want := range []string{"database    connected; 1 active people in the register", "consider    nobody is head", "consider    nobody is chair"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is missing in\n%s", want, stdout)
		}
	}
	if code != exitAway {
		t.Errorf("exit %d\n%s", code, stderr)
	}
}

func judge(t *testing.T, code, wantCode int, stdout string, wantOut []string, stderr string, wantErr []string) {
	t.Helper()
	if code != wantCode {
		t.Errorf("exit %d, want %d", code, wantCode)
	}
	for _, want := range wantOut {
		if !regexp.MustCompile(want).MatchString(stdout) {
			t.Errorf("stdout lacks %s", want)
		}
	}
	for _, want := range wantErr {
		if !regexp.MustCompile(`(?m)^.*` + want + `.*$`).MatchString(stderr) {
			t.Errorf("stderr lacks %s", want)
		}
	}
	if n := strings.Count(stderr, "\n"); n != len(wantErr) {
		t.Errorf("%d lines on stderr, want %d", n, len(wantErr))
	}
	if t.Failed() {
		t.Logf("stdout:\n%sstderr:\n%s", stdout, stderr)
	}
}

func TestCheckCertificates(t *testing.T) {
	mailtest.Need(t)
	for _, tt := range []struct{ name, host, want string }{
		{"expired", "127.0.0.1", `the certificate is not valid today \(from 2000-01-01 to 2001-01-01\): renew it on the server`},
		{"another name", "imap.elsewhere.example", `the certificate is not for 127\.0\.0\.1 but for imap\.elsewhere\.example`},
		{"unknown authority", "127.0.0.1", `from an authority this machine does not know: name its file as ca_file`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cert := mailtest.NewCertificate(t, tt.host, tt.name == "expired")
			d := servers(t, cert)
			if tt.name == "unknown authority" {
				d.ca = mailtest.NewCertificate(t, tt.host, false).CA
			}
			code, stdout, stderr := complaintsd(t, "check", "-config", d.write(t))
			judge(t, code, exitError, stdout, nil, stderr, []string{"mailbox: .*" + tt.want, "submission: .*" + tt.want})
		})
	}
}

// Five mistakes in one file are five lines, and nothing is connected.
func TestCheckNamesEveryMistake(t *testing.T) {
	path := desktop{imap: "imap.firm.example", imapTLS: "none", smtp: "smtp.firm.example", smtpTLS: "tls", user: desk, password: "x", database: "mysql://db",
		extra: "limit = 1\n[policy]\nquorum = 0\ntriage_day = 3\n[limits]\ndepth = \"20\"\n"}.write(t)
	code, stdout, stderr := complaintsd(t, "check", "-config", path)
	judge(t, code, exitConfig, stdout, nil, stderr, []string{
		`c\.toml:8: mailbox\.tls: is "none", but imap\.firm\.example is another machine`,
		`c\.toml:15: submission\.tls: is "tls": write "implicit" or "starttls" or "none"`,
		`c\.toml:22: database\.url: is no address of PostgreSQL`,
		`c\.toml:33: policy\.quorum: is 0: write a number from 1 to 25`,
		`c\.toml:34: policy\.triage_day: is unknown: did you mean policy\.triage_days\?`,
		`c\.toml:36: limits\.depth: has a value of the wrong kind: write a whole number`,
		`external_route\[1\]\.limit: has a value of the wrong kind: write a text in quotation marks`,
	})
	if stdout != "" {
		t.Errorf("stdout: %s", stdout)
	}
}

func TestCheckReadsTheRegister(t *testing.T) {
	path := desktop{imap: "127.0.0.1:1", imapTLS: "none", smtp: "127.0.0.1:1", smtpTLS: "none", user: desk, password: "x"}.write(t)
	register := filepath.Join(filepath.Dir(path), "staff.csv")
	if err := os.WriteFile(register, []byte("address,name,role\nli@firm.example,李雷,boss\n,王芳,head\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := complaintsd(t, "check", "-config", path)
	judge(t, code, exitConfig, stdout, nil, stderr, []string{`staff\.csv:2: role: There is no role "boss"`, `staff\.csv:3: address: is ""`})
	code, stdout, stderr = complaintsd(t, "check", "-offline", "-config", path)
	judge(t, code, exitDone, stdout, []string{`no mistake in the text`}, stderr, nil)
}

// A server that accepts and says nothing is away, not a hang.
func TestCheckDoesNotWaitForever(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	silent := l.Addr().String()
	cert := mailtest.NewCertificate(t, "127.0.0.1", false)
	for _, tls := range []string{"implicit", "starttls", "none"} {
		path := desktop{imap: silent, imapTLS: tls, smtp: silent, smtpTLS: tls, user: desk, password: "x", ca: cert.CA}.write(t)
		cfg, err := config.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		findings, _, _ := probe(ctx, cfg)
		for _, r := range findings[:2] {
			var stderr bytes.Buffer
			if r.err == nil || fail(&stderr, "check", r.err) != exitAway || !strings.Contains(stderr.String(), "no answer in time") {
				t.Errorf("tls %s, %s: %v", tls, r.name, r.err)
			}
		}
		cancel()
	}
}

// closedPort is an address on which nothing listens: no server of a test that
// runs beside this one is ever given port 1.
func closedPort(*testing.T) string { return "127.0.0.1:1" }
