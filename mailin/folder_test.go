package mailin

import (
	"context"
	"strings"
	"testing"
	"time"

	"complaints/mailin/mailtest"
)

const li, zhao = "li@firm.example", "zhao@firm.example"

// alone is a Dovecot in which two people have a command folder each.
func alone(t *testing.T, without ...string) (*box, *Server) {
	t.Helper()
	b := &box{Dovecot: mailtest.StartDovecot(t, mailtest.DovecotOptions{Users: []string{imapUser, li, zhao}, Alone: []string{li, zhao}, Without: without}), t: t}
	s := b.server()
	s.Commands, s.Poll = "Commands/%u", 50*time.Millisecond
	s.Owners = func(context.Context) ([]string, error) { return []string{li, zhao}, nil }
	return b, s
}

// place says whose folder the mails lay in, by subject.
func (d *watched) places() map[string]string {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := map[string]string{}
	for _, m := range d.mails {
		switch {
		case m.Place == nil:
			out[subjectOf(m.Raw)] = "inbox"
		case m.Place.Owner != "":
			out[subjectOf(m.Raw)] = m.Place.Owner
		default:
			out[subjectOf(m.Raw)] = m.Place.Doubt
		}
	}
	return out
}

// What lies in a command folder is its owner's: nobody else can put it there,
// whose name it bears does not matter here, and it is moved like any mail.
func TestCommandFolders(t *testing.T) {
	b, s := alone(t)
	d := watch(t, s, &watched{})
	mailtest.Append(t, b.Dovecot, li, "Commands/"+li, imapMail("by li", 100))
	mailtest.Append(t, b.Dovecot, zhao, "Commands/"+zhao, imapMail("by zhao", 100))
	mailtest.Append(t, b.Dovecot, imapUser, "INBOX", imapMail("by mail", 100))
	d.has(3)
	got := d.places()
	if got["by li"] != li || got["by zhao"] != zhao || got["by mail"] != "inbox" {
		t.Errorf("%v", got)
	}
	b.settled(0, 3)
	if n := len(b.Mails(li, "Commands/"+li)); n != 0 {
		t.Errorf("%d mails are left in the folder", n)
	}
	c := mailtest.Dial(t, b.Dovecot, li)
	defer c.Close()
	raw := imapMail("forged", 100)
	cmd := c.Append("Commands/"+zhao, int64(len(raw)), nil)
	_, _ = cmd.Write(raw)
	_ = cmd.Close()
	if _, err := cmd.Wait(); refused(err) == nil {
		t.Fatalf("li may write into zhao's folder: %v", err)
	}

	// A folder goes and comes back; the other is read meanwhile.
	b.Vanish(zhao)
	d.until("the folder is missed", 5*time.Second, func() bool { return strings.Contains(d.log.String(), "a command folder") })
	mailtest.Append(t, b.Dovecot, li, "Commands/"+li, imapMail("meanwhile", 100))
	d.has(4)
	b.Rights(zhao, "user="+zhao+" lrwsi\nuser="+imapUser+" lrwstea\n")
	mailtest.Append(t, b.Dovecot, zhao, "Commands/"+zhao, imapMail("back", 100))
	d.has(5)
	if got := d.places(); got["meanwhile"] != li || got["back"] != zhao {
		t.Errorf("%v", got)
	}

	// The server ends and starts again: nothing is handed over twice.
	b.Stop()
	b.Start()
	mailtest.Append(t, b.Dovecot, li, "Commands/"+li, imapMail("after", 100))
	d.has(6)
	b.settled(0, 6)
	if n := len(d.subjects()); n != 6 {
		t.Errorf("%d mails were handed over: %q", n, d.subjects())
	}
}

// A folder into which others may write, or whose owner is not known any more,
// proves nothing. Who may write is asked again for each mail.
func TestCommandFolderOfDoubt(t *testing.T) {
	b, s := alone(t)
	const gone = "gone@firm.example"
	b.Rights(gone, "user="+zhao+" lrwsi\nuser="+imapUser+" lrwstea\n")
	d := watch(t, s, &watched{})
	mailtest.Append(t, b.Dovecot, li, "Commands/"+li, imapMail("alone", 100))
	mailtest.Append(t, b.Dovecot, zhao, "Commands/"+gone, imapMail("of nobody", 100))
	d.has(2)
	for subject, acl := range map[string]string{
		"anyone":        "anyone lri\n",
		"authenticated": "authenticated lrp\n",
		"a colleague":   "user=" + zhao + " lri\n",
		"can grant":     "user=" + zhao + " lra\n",
	} {
		b.Rights(li, "user="+li+" lrwsi\nuser="+imapUser+" lrwstea\n"+acl)
		mailtest.Append(t, b.Dovecot, li, "Commands/"+li, imapMail(subject, 100))
		d.until(subject, 10*time.Second, func() bool { return subjectOf(d.mails[len(d.mails)-1].Raw) == subject })
	}
	b.Rights(li, "user="+li+" lrwsi\nuser="+imapUser+" lrwstea\nuser="+zhao+" lr\n")
	mailtest.Append(t, b.Dovecot, li, "Commands/"+li, imapMail("a reader", 100))
	d.has(7)
	got := d.places()
	for subject, want := range map[string]string{"alone": li, "a reader": li, "of nobody": "belongs to nobody", "anyone": "anyone may write", "authenticated": "authenticated may write",
		"a colleague": zhao + " may write", "can grant": zhao + " may write"} {
		if !strings.Contains(got[subject], want) || want != li && got[subject] == li {
			t.Errorf("%s: %q, want %q", subject, got[subject], want)
		}
	}
}

// What complaintsd check asks of the folders.
func TestCommandFoldersLookedAt(t *testing.T) {
	b, s := alone(t)
	const wang, gone = "wang@firm.example", "gone@firm.example"
	s.Owners = func(context.Context) ([]string, error) { return []string{li, wang, zhao}, nil }
	b.Rights(gone, "user="+imapUser+" lrwstea\n")
	b.Rights(zhao, "user="+zhao+" lrwsi\nuser="+imapUser+" lrs\n")
	look := func() map[string]string {
		t.Helper()
		all, err := s.CommandFolders(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]string{}
		for _, f := range all {
			switch {
			case f.Err != nil:
				out[f.Name] = f.Err.Error()
			case !f.Asked:
				out[f.Name] = "not known"
			default:
				out[f.Name] = "others: " + strings.Join(f.Others, " ")
			}
		}
		return out
	}
	got := look()
	for name, want := range map[string]string{li: "others: ", wang: "is not there", zhao: "needs t too", gone: "belongs to nobody"} {
		if !strings.Contains(got["Commands/"+name], want) || len(got) != 4 {
			t.Errorf("%s: %q, want %q", name, got["Commands/"+name], want)
		}
	}
	b.Rights(li, "user="+li+" lrwsi\nuser="+imapUser+" lrwste\n")
	b.Rights(zhao, "user="+zhao+" lrwsi\nuser="+imapUser+" lrwstea\nuser="+li+" i\n")
	if got := look(); got["Commands/"+li] != "not known" || got["Commands/"+zhao] != "others: "+li {
		t.Errorf("%v", got)
	}
	s.Commands = "Commands/%n" // fits no folder that is there
	if got := look(); !strings.HasSuffix(got["Commands/li"], "is not there") {
		t.Errorf("%v", got)
	}
}

// A server without ACL (RFC 4314) is believed as the administrator set it up.
func TestCommandFolderWithoutACL(t *testing.T) {
	b, s := alone(t, "MOVE") // 2.3 then announces a list without ACL
	d := watch(t, s, &watched{})
	mailtest.Append(t, b.Dovecot, li, "Commands/"+li, imapMail("by li", 100))
	d.has(1)
	if got := d.places(); got["by li"] != li {
		t.Errorf("%v", got)
	}
}
