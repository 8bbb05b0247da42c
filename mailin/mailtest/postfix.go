package mailtest

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"complaints/store/cluster/lastwill"
)

// Gone is a domain whose every address is accepted and then bounced, with a
// delivery status notification (RFC 3464) to the envelope sender: nobody there
// has a mailbox.
const Gone = "gone.example"

// PostfixOptions say what Postfix does beside its usual work.
type PostfixOptions struct {
	Results map[string]string // envelope sender at the MX port → results such as "dmarc=pass header.from=client.example"
	Lax     bool              // leaves in what a mail brings along in the server's own name
	Milters []string          // asked about each mail at the MX port, see StartVerifiers
	TLS     *Certificate      // STARTTLS on both ports; nil = no TLS
}

// Postfix is a running mail server that delivers to a Dovecot.
type Postfix struct {
	MX         string // host:port for the world: no authentication, no relaying
	Submission string // host:port for authenticated users, who send under their own addresses only
	Log        string // path of the log

	t      testing.TB
	dir    string
	policy *policy
	proc   *process
	will   *lastwill.Will
}

// StartPostfix returns a running Postfix that ends with the test. It hosts the
// domains of d's users: a recipient there without an account is refused with
// 550 at RCPT TO. Deferred mail is tried again every second.
func StartPostfix(t testing.TB, d *Dovecot, opt PostfixOptions) *Postfix {
	t.Helper()
	Need(t)
	dir := folder(t)
	p := &Postfix{
		MX:         freePort(t),
		Submission: freePort(t),
		Log:        filepath.Join(dir, "log/mail.log"),
		t:          t,
		dir:        dir,
		policy:     startPolicy(t),
	}
	p.makeFolders()
	p.configure(d, opt)
	t.Cleanup(p.Stop)
	p.Start()
	return p
}

// Start starts Postfix, again after Stop, on the same ports and with its queue.
func (p *Postfix) Start() {
	p.t.Helper()
	if p.proc != nil {
		return
	}
	master := find("/usr/lib/postfix/sbin/master")
	if master == "" {
		master = find("/usr/libexec/postfix/master")
	}
	// The submission port gives no greeting while Dovecot is away.
	ready := func() error { return errors.Join(greets(p.MX, "220")(), greets(p.Submission, "")()) }
	// The master itself, in the foreground: the command "postfix start" checks
	// the whole installation first and takes seconds.
	p.proc = run(p.t, filepath.Join(p.dir, "log/master.log"), ready, master, "-c", filepath.Join(p.dir, "conf"), "-d")
	will, err := lastwill.Leave(endGroup, strconv.Itoa(p.proc.cmd.Process.Pid), p.dir)
	if err != nil {
		p.t.Fatal(err)
	}
	p.will = will
}

// Stop ends Postfix; open connections break. Its queue stays.
func (p *Postfix) Stop() {
	if p.proc == nil {
		return
	}
	p.proc.stop()
	p.proc = nil
	p.will.Revoke()
}

// Signal sends a signal to Postfix and every process it started.
func (p *Postfix) Signal(sig syscall.Signal) {
	p.t.Helper()
	if err := syscall.Kill(-p.proc.cmd.Process.Pid, sig); err != nil {
		p.t.Fatal(err)
	}
}

// Refuse answers RCPT TO at the submission port with reply, "451 4.3.2 …" or
// "550 5.1.1 …", where the recipient contains match; "" matches all. An empty
// reply ends it.
func (p *Postfix) Refuse(match, reply string) { p.policy.refuse(match, reply) }

// Flush tries all deferred mail at once.
func (p *Postfix) Flush() {
	p.t.Helper()
	cmd := exec.Command(find("postqueue"), "-c", filepath.Join(p.dir, "conf"), "-f")
	// postqueue is set-gid, and then refuses a configuration that the machine's
	// own does not list in alternate_config_directories. Started with that
	// group, it gains nothing by the bit and takes ours.
	_, postdrop := owners(p.t)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 0, Gid: uint32(postdrop)}}
	if out, err := cmd.CombinedOutput(); err != nil {
		p.t.Fatalf("postqueue -f: %v\n%s", err, out)
	}
}

// Queued returns how many mails are in the queue, waiting or on their way.
func (p *Postfix) Queued() int {
	p.t.Helper()
	n := 0
	for _, q := range []string{"incoming", "active", "deferred"} {
		err := filepath.WalkDir(filepath.Join(p.dir, "queue", q), func(_ string, e fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // delivered while we looked
			}
			if err == nil && e.Type().IsRegular() {
				n++
			}
			return err
		})
		if err != nil {
			p.t.Fatal(err)
		}
	}
	return n
}

// makeFolders makes the queue as Postfix's own post-install does.
func (p *Postfix) makeFolders() {
	p.t.Helper()
	type owned struct {
		name     string
		mode     os.FileMode
		uid, gid int
	}
	postfix, postdrop := owners(p.t)
	folders := []owned{
		{"conf", 0o755, 0, 0}, {"log", 0o755, 0, 0}, {"data", 0o700, postfix, 0}, {"queue", 0o755, 0, 0},
		{"queue/pid", 0o755, 0, 0}, {"queue/maildrop", 0o730, postfix, postdrop}, {"queue/public", 0o710, postfix, postdrop},
	}
	for _, name := range []string{"active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace"} {
		folders = append(folders, owned{"queue/" + name, 0o700, postfix, 0})
	}
	for _, f := range folders {
		path := filepath.Join(p.dir, f.name)
		err := errors.Join(os.Mkdir(path, f.mode), os.Chmod(path, f.mode), os.Chown(path, f.uid, f.gid))
		if err != nil {
			p.t.Fatal(err)
		}
	}
}

// owners returns the user and the group that Debian's package makes for Postfix.
func owners(t testing.TB) (postfix, postdrop int) {
	t.Helper()
	postfix, _ = ids(t, "postfix")
	g, err := user.LookupGroup("postdrop")
	if err != nil {
		t.Fatal(err)
	}
	postdrop, _ = strconv.Atoi(g.Gid)
	return postfix, postdrop
}
