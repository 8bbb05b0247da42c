package mailtest

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"complaints/store/cluster/lastwill"
)

// DovecotOptions say whom Dovecot serves and how.
type DovecotOptions struct {
	Users   []string          // addresses: the login names, with Password
	Folders []string          // beside INBOX, in every account; made on first use
	Into    map[string]string // "journal@firm.example": "complaints@firm.example/Journal": an address delivered into a folder of a user
	Alone   []string          // of Users: each has a folder Commands/ADDRESS into which nobody else may put mail, and of which the first of Users may take it
	Without []string          // capabilities that are not announced: MOVE, UIDPLUS, IDLE …
	TLS     *Certificate      // serve STARTTLS and IMAPS with it; nil = no TLS
}

// Dovecot is a running IMAP, LMTP and SASL server.
type Dovecot struct {
	IMAP  string // host:port
	IMAPS string // host:port of implicit TLS, with Options.TLS
	LMTP  string // path of the unix socket
	Auth  string // path of the unix socket for SASL (Dovecot's protocol)
	Log   string // path of the log

	t     testing.TB
	users []string // every address that is delivered
	dir   string
	uid   int // owner of all mail
	gid   int
	proc  *process
	will  *lastwill.Will
}

// StartDovecot returns a running Dovecot that ends with the test. It takes about
// 20 ms. The address user+detail@domain belongs to user@domain.
func StartDovecot(t testing.TB, opt DovecotOptions) *Dovecot {
	t.Helper()
	if find("dovecot") == "" {
		lack(t, "dovecot is not installed: "+install)
	}
	dir := folder(t)
	d := &Dovecot{
		IMAP: freePort(t),
		LMTP: filepath.Join(dir, "run/lmtp"),
		Auth: filepath.Join(dir, "run/auth-client"),
		Log:  filepath.Join(dir, "dovecot.log"),
		t:    t,
		dir:  dir,
	}
	if opt.TLS != nil {
		d.IMAPS = freePort(t)
	}
	d.users = slices.Concat(opt.Users, slices.Sorted(maps.Keys(opt.Into)))
	d.configure(opt)
	t.Cleanup(d.Stop)
	d.Start()
	return d
}

// Start starts Dovecot, again after Stop, on the same ports.
func (d *Dovecot) Start() {
	d.t.Helper()
	if d.proc != nil {
		return
	}
	d.proc = run(d.t, d.Log, greets(d.IMAP, "* OK"), find("dovecot"), "-F", "-c", filepath.Join(d.dir, "dovecot.conf"))
	will, err := lastwill.Leave(endGroup, strconv.Itoa(d.proc.cmd.Process.Pid), d.dir)
	if err != nil {
		d.t.Fatal(err)
	}
	d.will = will
}

// Stop ends Dovecot; open connections break. What was delivered stays.
func (d *Dovecot) Stop() {
	if d.proc == nil {
		return
	}
	d.proc.stop()
	d.proc = nil
	d.will.Revoke()
}

// Signal sends a signal to Dovecot and every process it started: SIGSTOP
// freezes it with its connections open, SIGCONT lets it go on.
func (d *Dovecot) Signal(sig syscall.Signal) {
	d.t.Helper()
	if err := syscall.Kill(-d.proc.cmd.Process.Pid, sig); err != nil {
		d.t.Fatal(err)
	}
}

// Doveadm runs doveadm for this Dovecot and returns its output.
func (d *Dovecot) Doveadm(args ...string) string {
	d.t.Helper()
	args = append([]string{"-c", filepath.Join(d.dir, "dovecot.conf")}, args...)
	out, err := exec.Command("doveadm", args...).CombinedOutput()
	if err != nil {
		d.t.Fatalf("doveadm %s: %v\n%s", strings.Join(args[2:], " "), err, out)
	}
	return string(out)
}

// configure writes the configuration for the version that is installed.
func (d *Dovecot) configure(opt DovecotOptions) {
	d.t.Helper()
	v := values{Dir: d.dir, Alone: opt.Alone != nil, Folders: opt.Folders, TLS: opt.TLS != nil, Without: opt.Without}
	_, v.Port, _ = strings.Cut(d.IMAP, ":")
	_, v.TLSPort, _ = strings.Cut(d.IMAPS, ":")
	v.UID, v.GID = os.Geteuid(), os.Getegid()
	if v.UID == 0 {
		// Dovecot never touches mail as root.
		v.Root = true
		v.UID, v.GID = ids(d.t, "nobody")
	} else {
		u, uerr := user.Current()
		g, gerr := user.LookupGroupId(strconv.Itoa(v.GID))
		if err := errors.Join(uerr, gerr); err != nil {
			d.t.Fatal(err)
		}
		v.User, v.Group = u.Username, g.Name
	}
	version, err := exec.Command(find("dovecot"), "--version").Output()
	if err != nil {
		d.t.Fatalf("dovecot --version: %v", err)
	}
	v.V24 = !strings.HasPrefix(string(version), "2.2") && !strings.HasPrefix(string(version), "2.3")
	if opt.TLS != nil {
		write(d.t, filepath.Join(d.dir, "cert.pem"), string(opt.TLS.Cert))
		write(d.t, filepath.Join(d.dir, "key.pem"), string(opt.TLS.Key))
	}
	write(d.t, filepath.Join(d.dir, "dovecot.conf"), v.conf(d.t))
	write(d.t, filepath.Join(d.dir, "users"), d.accounts(opt, v))
	for _, name := range []string{"mail", "run", "state"} {
		if err := os.Mkdir(filepath.Join(d.dir, name), 0o755); err != nil {
			d.t.Fatal(err)
		}
	}
	d.uid, d.gid = v.UID, v.GID
	for _, user := range opt.Alone {
		d.Rights(user, fmt.Sprintf("user=%s lrwsi\nuser=%s lrwstea\n", user, opt.Users[0]))
	}
	d.own("mail")
}

// Rights sets who may do what in the command folder of a name, as the file
// dovecot-acl has it, and makes the folder if it is missing.
func (d *Dovecot) Rights(name, acl string) {
	d.t.Helper()
	for _, sub := range []string{"cur", "new", "tmp"} {
		if err := os.MkdirAll(filepath.Join(d.commands(name), sub), 0o755); err != nil {
			d.t.Fatal(err)
		}
	}
	file := filepath.Join(d.commands(name), "dovecot-acl")
	write(d.t, file+".new", acl)
	d.own("mail/commands")
	if err := os.Rename(file+".new", file); err != nil {
		d.t.Fatal(err)
	}
}

// own gives a folder and all in it to the owner of all mail.
func (d *Dovecot) own(dir string) {
	d.t.Helper()
	err := filepath.WalkDir(filepath.Join(d.dir, dir), func(path string, _ os.DirEntry, err error) error {
		if errors.Is(err, os.ErrNotExist) {
			return nil // Dovecot's temporary file
		}
		return errors.Join(err, os.Lchown(path, d.uid, d.gid))
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		d.t.Fatal(err)
	}
}

// Vanish removes a command folder with all that is in it.
func (d *Dovecot) Vanish(name string) {
	d.t.Helper()
	// At once: Dovecot may be writing there.
	if err := os.Rename(d.commands(name), filepath.Join(d.dir, "gone-"+name)); err != nil {
		d.t.Fatal(err)
	}
}

func (d *Dovecot) commands(name string) string { return filepath.Join(d.dir, "mail/commands", name) }

// accounts is the file of users: name:password:uid:gid::home::extra.
func (d *Dovecot) accounts(opt DovecotOptions, v values) string {
	var b strings.Builder
	for _, user := range opt.Users {
		fmt.Fprintf(&b, "%s:{PLAIN}%s:%d:%d::%s::\n", user, Password, v.UID, v.GID, d.home(user))
	}
	for addr, target := range opt.Into {
		user, folder, ok := strings.Cut(target, "/")
		if !ok || !slices.Contains(opt.Users, user) {
			d.t.Fatalf("mailtest: Into wants user/folder of a user, not %q", target)
		}
		// An account whose INBOX is the other account's folder.
		inbox := d.maildir(user, folder)
		extra := fmt.Sprintf("userdb_mail=maildir:%s/Maildir:INBOX=%s", d.home(addr), inbox)
		if v.V24 {
			extra = fmt.Sprintf("userdb_mail_path=%s/Maildir userdb_mail_inbox_path=%s", d.home(addr), inbox)
		}
		fmt.Fprintf(&b, "%s:{PLAIN}%s:%d:%d::%s::%s\n", addr, Password, v.UID, v.GID, d.home(addr), extra)
	}
	return b.String()
}

func (d *Dovecot) home(user string) string { return filepath.Join(d.dir, "mail", user) }

// maildir is the folder on disk of an IMAP folder (Maildir++).
func (d *Dovecot) maildir(user, folder string) string {
	root := filepath.Join(d.home(user), "Maildir")
	if folder == "" || folder == "INBOX" {
		return root
	}
	if name, ok := strings.CutPrefix(folder, "Commands/"); ok {
		return d.commands(name)
	}
	return filepath.Join(root, "."+strings.ReplaceAll(folder, "/", "."))
}
