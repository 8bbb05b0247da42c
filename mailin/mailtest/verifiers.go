package mailtest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// StartVerifiers starts OpenDKIM and OpenDMARC as mail administrators set them
// up, between a DNS that holds the TXT records and nothing else. It gives their
// sockets for PostfixOptions.Milters, in the order in which mail passes them;
// ok is false where one of the programs is not installed, or cannot be given an
// /etc/resolv.conf of its own.
func StartVerifiers(t testing.TB, txt map[string]string) (milters []string, ok bool) {
	t.Helper()
	unshare, dkim, dmarc := find("unshare"), find("opendkim"), find("opendmarc")
	if unshare == "" || dkim == "" || dmarc == "" || os.Geteuid() != 0 || exec.Command(unshare, "--mount", "true").Run() != nil {
		return nil, false
	}
	resolver := answer(t, txt)
	dir := folder(t)
	nobody := filepath.Join(dir, "nobody") // the hosts whose mail is not checked
	write(t, nobody, "192.0.2.1\n")
	write(t, filepath.Join(dir, "resolv.conf"), "nameserver "+resolver+"\n")
	for _, p := range []struct{ name, program, flag, conf string }{
		{"opendkim", dkim, "-x", "Mode v\nNameservers " + resolver + "\nInternalHosts " + nobody + "\nExternalIgnoreList " + nobody +
			"\nAlwaysAddARHeader yes\nDNSTimeout 5\n"},
		{"opendmarc", dmarc, "-c", "TrustedAuthservIDs " + AuthservID + "\nIgnoreHosts " + nobody + "\nSPFIgnoreResults true\nSPFSelfValidate true\n"},
	} {
		socket := freePort(t)
		host, port, _ := net.SplitHostPort(socket)
		conf := filepath.Join(dir, p.name+".conf")
		write(t, conf, p.conf+"AuthservID "+AuthservID+"\nSocket inet:"+port+"@"+host+"\nBackground no\nSyslog no\nUserID root\n")
		// OpenDMARC asks the servers of /etc/resolv.conf and of nothing else.
		run := run(t, filepath.Join(dir, p.name+".log"), func() error {
			c, err := net.Dial("tcp", socket)
			if err == nil {
				c.Close()
			}
			return err
		}, unshare, "--mount", "sh", "-c", `mount --bind "$1/resolv.conf" /etc/resolv.conf && exec "$2" -f "$3" "$4"`, "sh", dir, p.program, p.flag, conf)
		t.Cleanup(run.stop)
		milters = append(milters, "inet:"+socket)
	}
	return milters, true
}

// rspamdConf has Rspamd do what it does for authentication, with the modules
// that are delivered with it, and nothing else: the whole of it takes 20 s to start.
const rspamdConf = `options {
  filters = "dkim";
  url_tld = "%[1]s/tld";
  dns { nameserver = ["%[2]s:53:1"]; timeout = 2s; retransmits = 2; }
  local_addrs = ["192.0.2.1"];
  disable_hyperscan = true;
  tempdir = "%[1]s";
}
logging { type = "console"; level = "info"; }
worker "rspamd_proxy" {
  bind_socket = "%[3]s"; milter = yes; timeout = 30s; count = 1;
  upstream "local" { default = yes; self_scan = yes; }
}
modules {
  path = "/usr/share/rspamd/plugins/spf.lua";
  path = "/usr/share/rspamd/plugins/dmarc.lua";
  path = "/usr/share/rspamd/plugins/milter_headers.lua";
}
dkim { enabled = true; check_local = true; }
spf { enabled = true; check_local = true; }
dmarc { enabled = true; check_local = true; }
milter_headers {
  use = ["authentication-results"]; skip_local = false; skip_authenticated = false;
  routines { authentication-results { remove = 1; add_smtp_user = true; } }
}
actions { reject = 10000; }
`

// StartRspamd is StartVerifiers with Rspamd in their place, which writes all
// results into one field.
func StartRspamd(t testing.TB, txt map[string]string) (milters []string, ok bool) {
	t.Helper()
	rspamd := find("rspamd")
	if rspamd == "" || os.Geteuid() != 0 {
		return nil, false
	}
	resolver := answer(t, txt)
	dir, socket := folder(t), freePort(t)
	write(t, filepath.Join(dir, "tld"), "example\n")
	conf := filepath.Join(dir, "rspamd.conf")
	write(t, conf, fmt.Sprintf(rspamdConf, dir, resolver, socket))
	p := run(t, filepath.Join(dir, "rspamd.log"), func() error {
		c, err := net.Dial("tcp", socket)
		if err == nil {
			c.Close()
		}
		return err
	}, rspamd, "-f", "-i", "-u", "root", "-g", "root", "-c", conf, "--var=LOCAL_CONFDIR="+dir, "--var=DBDIR="+dir, "--var=RUNDIR="+dir, "--var=LOGDIR="+dir)
	t.Cleanup(p.stop)
	return []string{"inet:" + socket}, true
}

// answer serves TXT records over UDP (RFC 1035) until the test ends, at port 53
// of an address of the loopback network that no resolver of the machine uses,
// nor the test of another package.
func answer(t testing.TB, txt map[string]string) (resolver string) {
	t.Helper()
	var c net.PacketConn
	var err error
	for n := 7; n < 100; n++ {
		resolver = fmt.Sprintf("127.9.8.%d", n)
		if c, err = net.ListenPacket("udp", net.JoinHostPort(resolver, "53")); err == nil {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	go func() {
		for b := make([]byte, 4096); ; {
			n, from, err := c.ReadFrom(b)
			if err != nil {
				return
			}
			if reply, err := reply(b[:n], txt); err == nil {
				c.WriteTo(reply, from)
			}
		}
	}()
	return resolver
}

func reply(query []byte, txt map[string]string) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(query); err != nil || len(m.Questions) != 1 {
		return nil, fmt.Errorf("not one question: %w", err)
	}
	q := m.Questions[0]
	out := dnsmessage.Message{Header: dnsmessage.Header{ID: m.ID, Response: true, RecursionDesired: m.RecursionDesired, RecursionAvailable: true}, Questions: m.Questions}
	value, known := txt[strings.ToLower(strings.TrimSuffix(q.Name.String(), "."))]
	switch {
	case !known:
		out.RCode = dnsmessage.RCodeNameError
	case q.Type == dnsmessage.TypeTXT:
		var parts []string
		for ; len(value) > 255; value = value[255:] {
			parts = append(parts, value[:255])
		}
		out.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 60},
			Body:   &dnsmessage.TXTResource{TXT: append(parts, value)},
		}}
	}
	return out.Pack()
}
