package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"complaints/cmd/complaintsd/play"
	"complaints/mailin/mailtest"
)

// bomb is a mail that should not hurt.
type bomb struct {
	name string
	held bool // kept whole for a person; else taken in
	raw  []byte
}

func bombs() []bomb {
	head := func(n int, more string) string {
		return fmt.Sprintf("From: Bomber <b%d@client.example>\r\nTo: complaints@firm.example\r\nSubject: bomb %d\r\nMessage-ID: <bomb%d@client.example>\r\nDate: Tue, 24 Nov 2026 09:00:00 +0800\r\nMIME-Version: 1.0\r\n%s", n, n, n, more)
	}
	var nested, flat bytes.Buffer
	nested.WriteString(head(3, "Content-Type: multipart/mixed; boundary=\"b0\"\r\n\r\n"))
	for i := range 10_000 {
		fmt.Fprintf(&nested, "--b%d\r\nContent-Type: multipart/mixed; boundary=\"b%d\"\r\n\r\n", i, i+1)
	}
	flat.WriteString(head(4, "Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n"))
	for range 100_000 {
		flat.WriteString("--b\r\n\r\nx\r\n")
	}
	flat.WriteString("--b--\r\n")
	var addresses, segments, deep strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&addresses, "\r\n a%d@client.example,", i)
		fmt.Fprintf(&segments, ";\r\n filename*%d=a", i)
	}
	for range 150_000 {
		deep.WriteString("<div><b>")
	}
	var zipped bytes.Buffer
	z := zip.NewWriter(&zipped)
	if f, err := z.Create("zeros.txt"); err == nil {
		f.Write(make([]byte, 50<<20)) // into a buffer: nothing fails
	}
	z.Close()
	file := bytes.Repeat([]byte("0123456789abcdef"), 30<<20/16)
	var big bytes.Buffer
	big.WriteString(head(6, "Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSee the scan.\r\n--b\r\nContent-Type: application/pdf; name=\"scan.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\n"))
	for s := base64.StdEncoding.EncodeToString(file); s != ""; {
		n := min(76, len(s))
		big.WriteString(s[:n] + "\r\n")
		s = s[n:]
	}
	big.WriteString("--b--\r\n")
	return []bomb{
		{"NUL", false, []byte(head(1, "Content-Type: text/plain\r\n\r\n") + "The fee\x00 was wrong.\x00\r\n")},
		{"invalid UTF-8", false, []byte(head(2, "Content-Type: text/plain; charset=utf-8\r\n\r\n") + "The fee \xff\xfe\xc3\x28 was wrong.\r\n")},
		{"10,000 nested parts", true, nested.Bytes()},
		{"100,000 flat parts", true, flat.Bytes()},
		{"a header of 1 MiB", true, []byte(head(5, "X-Long: "+strings.Repeat("x", 1<<20)+"\r\nContent-Type: text/plain\r\n\r\n") + "The fee was wrong.\r\n")},
		{"an attachment of 30 MB", false, big.Bytes()},
		{"20,000 addresses", true, []byte(head(7, "Cc: b@client.example,"+addresses.String()+"\r\n z@client.example\r\nContent-Type: text/plain\r\n\r\n") + "The fee was wrong.\r\n")},
		{"a file name in 20,000 segments", false, []byte(head(8, "Content-Type: multipart/mixed; boundary=b\r\n\r\n") + "--b\r\nContent-Type: text/plain\r\n\r\nThe eighth fee was wrong.\r\n--b\r\nContent-Disposition: attachment" + segments.String() + "\r\n\r\nx\r\n--b--\r\n")},
		{"a zip of zeros", false, []byte(head(9, "Content-Type: multipart/mixed; boundary=b\r\n\r\n") + "--b\r\nContent-Type: text/plain\r\n\r\nThe ninth fee was wrong.\r\n--b\r\nContent-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString(zipped.Bytes()) + "\r\n--b--\r\n")},
		{"HTML 300,000 elements deep", false, []byte(head(10, "Content-Type: text/html\r\n\r\n") + deep.String() + "The tenth fee was wrong.\r\n")},
	}
}

// Each of them is taken in or held, nothing is lost, and the next mail goes on.
func TestBombsThroughTheMailbox(t *testing.T) {
	s, err := play.Parse([]byte("-- cast --\nzhou Grace Zhou <zhou@firm.example>\nhart Jane Hart <hart@client.example>\n-- staff.csv --\n"+
		"address,name,department,role,manager,active,licence\nzhou@firm.example,Grace Zhou,Client Services,officer,,yes,\n"), shanghai)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, s, "en")
	ctx := context.Background()
	slower := int(raced())
	all := bombs()
	for i, b := range all {
		debug.FreeOSMemory()
		before := residentMiB(t)
		mailtest.Append(t, w.dovecot, deskAddr, "INBOX", b.raw)
		start, used := time.Now(), cpuTime(t)
		var open, held int
		for {
			c, err := w.db.Counts(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if c.Open+c.Held > i {
				open, held = c.Open, c.Held
				break
			}
			if time.Since(start) > 2*time.Minute {
				t.Fatalf("%s: neither taken in nor held", b.name)
			}
			time.Sleep(5 * time.Millisecond)
		}
		cpu, grown := cpuTime(t)-used, residentMiB(t)-before
		t.Logf("%s (%d bytes): %.1f s, %.2f s of CPU, +%d MiB resident; %d cases, %d held", b.name, len(b.raw), time.Since(start).Seconds(), cpu.Seconds(), grown, open, held)
		if cpu > time.Duration(slower)*5*time.Second || grown > slower*256 {
			t.Errorf("%s: %v of CPU, %d MiB", b.name, cpu, grown)
		}
		wasHeld := 0
		for _, x := range all[:i+1] {
			if x.held {
				wasHeld++
			}
		}
		if held != wasHeld {
			t.Errorf("%s: %d are held, want %d", b.name, held, wasHeld)
		}
	}
	raw := "From: Jane Hart <hart@client.example>\r\nTo: complaints@firm.example\r\nSubject: after the bombs\r\nMessage-ID: <after@client.example>\r\n\r\nMy fee was wrong as well.\r\n"
	if err := w.Send(ctx, "hart@client.example", false, deskAddr, []byte(raw)); err != nil {
		t.Fatal(err)
	}
	if got := w.dovecot.Wait("hart@client.example", "INBOX", 1); !bytes.Contains(got[0].Raw, []byte("application/pdf")) {
		t.Error("the next mail was not acknowledged")
	}
	if n := len(w.dovecot.Mails(deskAddr, "Quarantine")); n != 4 {
		t.Errorf("%d mails in the quarantine folder, want 4", n)
	}
	list, err := w.db.QuarantineList(ctx, "held")
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range list {
		if _, raw, err := w.db.QuarantineShow(ctx, h.ID); err != nil || int64(len(raw)) != h.Size || h.Size < 400_000 {
			t.Errorf("held mail %d: %d bytes of %d, %v", h.ID, len(raw), h.Size, err)
		}
	}
}

// cpuTime is what this process has used so far.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		t.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// residentMiB is how much memory this process has now.
func residentMiB(t *testing.T) int {
	t.Helper()
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	var size, resident int
	fmt.Sscan(string(b), &size, &resident)
	return resident * os.Getpagesize() >> 20
}
