// Package config reads and checks the configuration of the daemon.
//
//  1. Load decodes the file key by key over the defaults. A key that is
//     unknown or has a value of the wrong kind is a mistake, and the rest is
//     read all the same.
//  2. Every value is held against its rule. Paths become absolute: relative
//     to the file, passwords first among systemd's credentials.
//  3. The files that are named are read: passwords, keys, fonts.
//  4. All mistakes are given at once, each with its line, its key and what to
//     write instead; there is no configuration with a mistake in it.
//
// ReadRegister reads the staff register in the same manner, and Gaps says
// which roles nobody holds.
package config

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
	_ "time/tzdata" // time zones on a machine that has no table of them

	"complaints"
	"complaints/mailout/smime"
)

// Config is the configuration file (TOML). systemd/complaintsd.toml says in
// words what each key means; a test holds the two together.
type Config struct {
	Language       string             `toml:"language"` // zh or en, for clients who show no preference
	Timezone       string             `toml:"timezone"` // IANA name
	StateDir       string             `toml:"state_dir"`
	Firm           complaints.Firm    `toml:"firm"`
	Mailbox        Mailbox            `toml:"mailbox"`
	Submission     Submission         `toml:"submission"`
	Database       Database           `toml:"database"`
	Staff          Staff              `toml:"staff"`
	Authentication Authentication     `toml:"authentication"`
	Policy         Policy             `toml:"policy"`
	Fonts          Fonts              `toml:"fonts"`
	Letters        Letters            `toml:"letters"`
	SMIME          SMIME              `toml:"smime"`
	ExternalRoute  []complaints.Route `toml:"external_route"`
	Limits         Limits             `toml:"limits"`

	Location *time.Location // of Timezone
}

// Server is a mail server and the account on it.
type Server struct {
	Addr         string `toml:"server"` // host:port once it is read; the port may be left out in the file
	TLS          string `toml:"tls"`    // implicit, starttls or none
	CAFile       string `toml:"ca_file"`
	User         string `toml:"user"`
	PasswordFile string `toml:"password_file"`

	Password     Secret // of PasswordFile
	PasswordPath string // where it was read: beside the file, or a credential
}

// TLSConfig is for the connection to the server, whose certificate must name
// it and come from CAFile, or from the system's authorities if that is "".
func (s Server) TLSConfig() (*tls.Config, error) {
	host, _, err := net.SplitHostPort(s.Addr)
	if err != nil {
		return nil, err
	}
	c := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if s.CAFile == "" {
		return c, nil
	}
	pem, err := os.ReadFile(s.CAFile)
	if err != nil {
		return nil, err
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", s.CAFile)
	}
	return c, nil
}

// Mailbox is the IMAP account in which the desk lives.
type Mailbox struct {
	Server
	Folder     string   `toml:"folder"`
	Processed  string   `toml:"processed"`
	Quarantine string   `toml:"quarantine"`
	Journal    string   `toml:"journal"`  // folder of the blind copies; "" if there is none
	Commands   string   `toml:"commands"` // form of the names of the command folders: %u is an address, %n the part before the @; "" if there are none
	Poll       Duration `toml:"poll"`
}

// Submission is the SMTP account through which the desk speaks.
type Submission struct {
	Server
	From        string   `toml:"from"`         // the desk's own address, without a detail
	Journal     string   `toml:"journal"`      // where a blind copy of each mail goes; "" if there is none
	JournalWait Duration `toml:"journal_wait"` // for the copy of a mail in doubt; then staff are told
}

// Database names PostgreSQL; an empty URL is a private cluster.
type Database struct {
	URL          string `toml:"url"` // postgres://…, or host=… dbname=…
	PasswordFile string `toml:"password_file"`
	User         string `toml:"user"` // system account of a private cluster, where the daemon runs as root; "" looks for one

	Password     Secret
	PasswordPath string
}

// DSN gives the address with the password of the file in it, or "" for a
// private cluster. It is a secret: never log it.
func (d Database) DSN() string {
	if d.URL == "" || d.Password == "" {
		return d.URL
	}
	if keywords.MatchString(d.URL) {
		quote := strings.NewReplacer(`\`, `\\`, `'`, `\'`)
		return d.URL + " password='" + quote.Replace(string(d.Password)) + "'"
	}
	u, err := url.Parse(d.URL)
	if err != nil {
		return d.URL
	}
	u.User = url.UserPassword(u.User.Username(), string(d.Password))
	return u.String()
}

// Staff names those whom the daemon itself must know. Everybody else
// stands in the register.
type Staff struct {
	Register   string   `toml:"register"` // CSV that is imported at start; "" if it was imported by hand
	Security   string   `toml:"security"`
	Management []string `toml:"management"`
	Admins     []string `toml:"admins"`
}

// Authentication says whose word is believed about who sent a mail.
type Authentication struct {
	AuthservID string `toml:"authserv_id"` // RFC 8601 2.2; "" believes no Authentication-Results
	Position   int    `toml:"position"`    // Received fields of our own hosts above the field
	DKIM       bool   `toml:"dkim"`        // verify signatures ourselves (RFC 6376)
	KeyFile    string `toml:"key_file"`    // of the reply tokens; "" keeps them in the database

	Keys complaints.Keyring // of KeyFile
}

// Fonts names the firm's own TrueType files; "" takes the built-in one.
type Fonts struct {
	Body    string `toml:"body"`
	Title   string `toml:"title"`
	Heading string `toml:"heading"`
	Kai     string `toml:"kai"`
}

// Letters is what the firm adds to its letters.
type Letters struct {
	Seal string `toml:"seal"` // PNG with a transparent ground; "" leaves room for a seal by hand

	Image []byte // of Seal
}

// SMIME names the PEM files with which mails that carry a letter are signed;
// both "" signs none.
type SMIME struct {
	Certificate string `toml:"certificate"` // and those above it
	Key         string `toml:"key"`

	Signer *smime.Signer
}

// Limits bounds what any one mail may cost. Nothing over a limit is lost.
type Limits struct {
	Parsed        Size     `toml:"parsed"`
	Stored        Size     `toml:"stored"`
	Header        Size     `toml:"header"`
	Depth         int      `toml:"depth"`
	Parts         int      `toml:"parts"`
	Addresses     int      `toml:"addresses"` // in one field
	Attachments   int      `toml:"attachments"`
	Decoded       Size     `toml:"decoded"`
	Text          Size     `toml:"text"` // of one part
	CPU           Duration `toml:"cpu"`
	Hops          int      `toml:"hops"` // Received fields
	CommandMail   Size     `toml:"command_mail"`
	Commands      int      `toml:"commands"`
	CommandErrors int      `toml:"command_errors"`
}

// defaults is the configuration before the file is read.
func defaults() Config {
	return Config{
		Language: "zh",
		Timezone: "Asia/Shanghai",
		StateDir: "/var/lib/complaintsd",
		Mailbox: Mailbox{Server: Server{TLS: "implicit"},
			Folder: "INBOX", Processed: "Processed", Quarantine: "Quarantine", Poll: Duration(time.Minute)},
		Submission:     Submission{Server: Server{TLS: "implicit"}, JournalWait: Duration(15 * time.Minute)},
		Authentication: Authentication{DKIM: true},
		Policy:         policyDefaults(),
		Limits: Limits{
			Parsed: 50e6, Stored: 100e6, Header: 1 << 20, Depth: 20, Parts: 1000, Addresses: 500,
			Attachments: 200, Decoded: 100e6, Text: 1e6, CPU: Duration(5 * time.Second), Hops: 50,
			CommandMail: 256e3, Commands: 50, CommandErrors: 5,
		},
	}
}

// Load reads the file and everything it names, and checks it. Relative
// paths are relative to the file. The error is an *Error with every
// mistake that was found.
func Load(path string) (*Config, error) {
	return Read(path, os.Getenv("CREDENTIALS_DIRECTORY"), true)
}

// Read is Load with the folder of systemd's credentials given;
// without files, no file beside the configuration is looked at.
func Read(path, credentials string, files bool) (*Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, &Error{[]Mistake{{File: path, Text: fmt.Sprintf("cannot be read (%v): name a file that the daemon may read", reason(err))}}}
	}
	cfg := defaults()
	r := reader{file: path, lines: keyLines(string(text))}
	if r.decode(string(text), &cfg) {
		k := checker{reader: &r, cfg: &cfg, dir: filepath.Dir(path), credentials: credentials, files: files}
		k.check()
	}
	if len(r.mistakes) > 0 {
		return nil, &Error{sorted(r.mistakes)}
	}
	return &cfg, nil
}
