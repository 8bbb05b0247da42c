package mailin

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"complaints"
)

// rawMail makes a mail from header lines and a body.
func rawMail(body string, header ...string) []byte {
	h := append([]string{
		"From: Zhou Min <zhou@client.example>", "To: complaints@firm.example", "Subject: Fees charged twice",
		"Date: Tue, 3 Nov 2026 10:21:33 +0800", "Message-ID: <f1@client.example>", "MIME-Version: 1.0",
	}, header...)
	return []byte(strings.Join(h, "\r\n") + "\r\n\r\n" + body)
}

// nested makes multiparts, one in the other.
func nested(levels int) []byte {
	var b strings.Builder
	for i := range levels {
		fmt.Fprintf(&b, "--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n", i, i+1)
	}
	fmt.Fprintf(&b, "--b%d\r\n\r\ninnermost\r\n", levels)
	return rawMail(b.String(), "Content-Type: multipart/mixed; boundary=b0")
}

// TestLimits sends what a hostile sender would: each bomb must be taken in
// whole, with its header read, named by the limit it met, fast and in little
// memory.
func TestLimits(t *testing.T) {
	flat := func(part string, n int) []byte {
		return rawMail(strings.Repeat(part, n)+"--b--\r\n", "Content-Type: multipart/mixed; boundary=b")
	}
	repeat := strings.Repeat
	tests := map[string]struct {
		raw  func() []byte
		hold string // what Hold begins with; "" if the mail is just read
	}{
		"10,000 levels":            {func() []byte { return nested(10_000) }, "nested deeper than 20 levels"},
		"19 levels":                {func() []byte { return nested(18) }, ""},
		"100,000 parts":            {func() []byte { return flat("--b\r\n\r\nx\r\n", 100_000) }, "more than 1000 parts"},
		"201 attachments":          {func() []byte { return flat("--b\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nx\r\n", 201) }, "more than 200 attachments"},
		"header of 2 MB":           {func() []byte { return rawMail("x", "X-Fill: "+repeat("a", 2<<20)) }, "a header block larger than 1048576 bytes"},
		"header of 300,000 fields": {func() []byte { return rawMail("x", repeat("a:b\r\n", 300_000)+"X-End: 1") }, "a header block larger"},
		"part header of 2 MB":      {func() []byte { return flat("--b\r\nX-Fill: "+repeat("a", 2<<20)+"\r\n\r\nx\r\n", 1) }, "a header block larger"},
		"5,000 addresses":          {func() []byte { return rawMail("x", "Cc: "+repeat("a@b.example, ", 5000)+"c@d.example") }, "more than 500 addresses in Cc"},
		"51 hops": {func() []byte {
			return rawMail("x", repeat("Received: from a by b; Tue, 3 Nov 2026 10:21:33 +0800\r\n", 51)+"X-End: 1")
		}, "51 Received fields"},
		"3 MB of text": {func() []byte { return rawMail(repeat("a line of text that goes on\r\n", 100_000)) }, "more than 1000000 bytes of text"},
		"60 MB":        {func() []byte { return rawMail(repeat("a", 60_000_000)) }, "larger than 50000000 bytes"},
		"30 MB attachment": {func() []byte {
			return flat("--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"+base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("evidence "), 30_000_000/9))+"\r\n", 1)
		}, ""},
		"deep HTML": {func() []byte {
			return rawMail(repeat("<div><b>", 400_000)+"text"+repeat("</i>", 400_000), "Content-Type: text/html")
		}, ""},
		"open quotation marks": {func() []byte { return rawMail("x", "Cc: "+repeat(`"`, 400_001)) }, ""},
		"open comments":        {func() []byte { return rawMail("x", "Cc: "+repeat(`(`, 800_000)) }, ""},
		"open encoded words":   {func() []byte { return rawMail("x", "X-A: 1", "Cc: "+repeat("=?u?b?", 150_000)) }, ""},
		"cut base64 words":     {func() []byte { return rawMail("x", "Cc: "+repeat("=?utf-8?b?QQ?= ", 60_000)+"<a@b.example>") }, ""},
		"RFC 2231 segments": {func() []byte {
			return flat("--b\r\nContent-Disposition: attachment;"+segments(50_000)+"\r\n\r\nx\r\n", 1)
		}, ""},
		"parameters without end": {func() []byte { return rawMail("x", `Content-Type: text/plain; `+repeat(`a="`, 300_000)) }, ""},
		"multiparts, no boundary": {func() []byte {
			return flat("--b\r\nContent-Type: multipart/mixed; boundary=none\r\n\r\n"+repeat("--\r\n", 2000), 900)
		}, "more than 4000000 bytes of text"},
		"lines of dashes": {func() []byte { return flat("--b\r\n\r\n"+repeat("--\r\n", 100_000), 1) }, ""},
		"equals signs":    {func() []byte { return rawMail(repeat("=", 900_000), "Content-Transfer-Encoding: quoted-printable") }, ""},
		"quoted lines":    {func() []byte { return rawMail(repeat("On 3 Nov 2026\r\n", 30_000)) }, ""},
		"headings":        {func() []byte { return rawMail(repeat("From: a\r\n", 20_000)) }, ""},
		"rules":           {func() []byte { return rawMail(repeat("----------\r\n", 50_000)) }, ""},
		"introductions":   {func() []byte { return rawMail(repeat("On 3 Nov 2026, A wrote:\r\n> a\r\n", 15_000)) }, ""},
		"message-ids":     {func() []byte { return rawMail("x", "References: "+repeat("<a@b> c@d ", 90_000)) }, ""},
		"a winmail.dat of packed RTF": {func() []byte {
			return flat("--b\r\nContent-Type: application/ms-tnef\r\nContent-Transfer-Encoding: base64\r\n\r\n"+base64.StdEncoding.EncodeToString(rtfBomb(2_000_000))+"\r\n", 1)
		}, ""},
		"20,000 files in uuencode": {func() []byte {
			return rawMail(repeat("begin 644 a.txt\r\n#86)C\r\n`\r\nend\r\n", 20_000))
		}, "more than 200 attachments"},
		"uuencode that never ends": {func() []byte { return rawMail(repeat("begin 644 a.txt\r\n#86)C\r\n", 30_000)) }, ""},
		"deep ASN.1": {func() []byte {
			der := append(bytes.Repeat([]byte{0x30, 0x80}, 500_000), make([]byte, 1_000_000)...)
			return rawMail(base64.StdEncoding.EncodeToString(der), "Content-Type: application/pkcs7-mime", "Content-Transfer-Encoding: base64")
		}, ""},
		"a calendar of 300,000 lines": {func() []byte {
			return flat("--b\r\nContent-Type: text/calendar\r\n\r\n"+repeat("SUMMARY:x\r\n y\r\n", 150_000), 1)
		}, ""},
		"a zip of zeros": {func() []byte {
			var b bytes.Buffer
			z := zip.NewWriter(&b)
			w, _ := z.Create("a.txt")
			w.Write(make([]byte, 20_000_000))
			z.Close()
			return flat("--b\r\nContent-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"+base64.StdEncoding.EncodeToString(b.Bytes())+"\r\n", 1)
		}, ""},
		"a report of half a megabyte": {func() []byte {
			return rawMail(repeat("recipient a@b.example user unknown 550 5.1.1 following address\r\n", 8_000), "Return-Path: <>", "X-Failed-Recipients: ")
		}, ""},
		"a report of one line": {func() []byte { return rawMail("recipients "+repeat("x@", 450_000), "X-Failed-Recipients: ") }, ""},
		"a report of heads":    {func() []byte { return rawMail(repeat("From: a\r\nTo: b\r\n", 40_000), "X-Failed-Recipients: ") }, ""},
		"10,000 status groups": {func() []byte {
			return flat("--b\r\nContent-Type: message/delivery-status\r\n\r\n"+repeat("Final-Recipient: rfc822; a@b.example\r\nAction: delayed\r\n\r\n", 10_000), 1)
		}, ""},
		"one line of introductions":  {func() []byte { return rawMail(repeat("On 3 Nov 2026 10:21 A <a@b.example> wrote: ", 20_000)) }, ""},
		"unfinished introductions":   {func() []byte { return rawMail(repeat("3 Nov 2026 10:21 <a@b>\r\nx:\r\n", 25_000)) }, ""},
		"empty lines of quotations":  {func() []byte { return rawMail(repeat(">\r\n\r\n", 200_000)) }, ""},
		"signatures":                 {func() []byte { return rawMail(repeat("-- \r\nx\r\n", 100_000)) }, ""},
		"code that never ends":       {func() []byte { return rawMail(repeat("```\r\nx\r\n", 100_001)) }, ""},
		"format=flowed":              {func() []byte { return rawMail(repeat("> a \r\n", 160_000), "Content-Type: text/plain; format=flowed") }, ""},
		"an HTML of attributes":      {func() []byte { return rawMail("<p "+repeat(`a="b" `, 150_000)+">x", "Content-Type: text/html") }, ""},
		"an HTML of entities":        {func() []byte { return rawMail(repeat("&amp;", 190_000), "Content-Type: text/html") }, ""},
		"HTML quotations, 100,000":   {func() []byte { return rawMail(repeat("<blockquote>", 80_000)+"x<br>y", "Content-Type: text/html") }, ""},
		"HTML quotations and breaks": {func() []byte { return rawMail(repeat("<blockquote>a<br>", 50_000), "Content-Type: text/html") }, "more than"},
		"HTML lists in lists":        {func() []byte { return rawMail(repeat("<ol><li>", 100_000), "Content-Type: text/html") }, ""},
		"a title without end":        {func() []byte { return rawMail("<title>"+repeat("<p>", 300_000), "Content-Type: text/html") }, ""},
		"ISO-2022-JP of escapes": {func() []byte {
			return rawMail(repeat("\x1b$B!!\x1b(B", 120_000), "Content-Type: text/plain; charset=iso-2022-jp")
		}, ""},
		"UTF-7": {func() []byte { return rawMail(repeat("+AAA-", 190_000), "Content-Type: text/plain; charset=utf-7") }, ""},
		"100,000 parameters": {func() []byte {
			var b strings.Builder
			for i := range 90_000 {
				fmt.Fprintf(&b, ";a%d=b", i)
			}
			return rawMail("x", "Content-Type: text/plain"+b.String())
		}, ""},
		"50,000 encoded fields": {func() []byte { return rawMail("x", repeat("X-A: =?utf-8?q?a?=\r\n", 50_000)+"X-End: 1") }, ""},
		"authentication results": {func() []byte {
			return rawMail("x", "Authentication-Results: mx.firm.example; "+repeat("dmarc=pass;", 80_000))
		}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			raw := test.raw()
			peak := heapPeak()
			start := cpuTime(t)
			m := Parse(raw, Desk{AuthservID: "mx.firm.example", Limits: Limits{Time: slower * 5 * time.Second}}) // the limit that is meant is the one named
			took := cpuTime(t) - start
			mb := peak()
			if !strings.HasPrefix(m.Hold, test.hold) || (test.hold == "") != (m.Hold == "") {
				t.Errorf("Hold %q, want %q", m.Hold, test.hold)
			}
			if m.From.Addr != "zhou@client.example" || m.Subject != "Fees charged twice" || m.MessageID != "f1@client.example" {
				t.Errorf("the header was not read: %v %q %q", m.From, m.Subject, m.MessageID)
			}
			if took > slower*5*time.Second {
				t.Errorf("took %v", took)
			}
			if mb += len(raw) >> 20; mb > 256 {
				t.Errorf("took %d MiB", mb)
			}
			t.Logf("%v of CPU, %d MiB", took, mb)
		})
	}
}

// heapPeak watches the heap; the function it gives ends the watch and tells by
// how many MiB the heap grew at most.
func heapPeak() func() int {
	percent := debug.SetGCPercent(50)
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before, most := m.HeapAlloc, m.HeapAlloc
	stop, done := make(chan bool), make(chan bool)
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
	}()
	return func() int {
		close(stop)
		<-done
		debug.SetGCPercent(percent)
		return int((most - before) >> 20)
	}
}

// cpuTime is what this process has used so far: the clock on the wall tells
// what the neighbours do.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		t.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// rtfBomb is a winmail.dat whose body unpacks to nine times its size.
func rtfBomb(size int) []byte {
	packed := make([]byte, 0, size)
	for len(packed) < size {
		packed = append(packed, 0xff)
		for range 8 { // 17 bytes from the dictionary each
			packed = append(packed, 0x00, 0x1f)
		}
	}
	rtf := binary.LittleEndian.AppendUint32(nil, uint32(len(packed)+12))
	rtf = binary.LittleEndian.AppendUint32(rtf, 1<<31-1)
	rtf = append(append(rtf, "LZFu\x00\x00\x00\x00"...), packed...)
	props := binary.LittleEndian.AppendUint32(nil, 1)
	props = binary.LittleEndian.AppendUint32(props, mapiRTF<<16|0x102)
	props = binary.LittleEndian.AppendUint32(props, 1)
	props = binary.LittleEndian.AppendUint32(props, uint32(len(rtf)))
	props = append(props, rtf...)
	b := binary.LittleEndian.AppendUint32(nil, tnefMagic)
	b = append(b, 1, 0, 1)
	b = binary.LittleEndian.AppendUint32(b, 6<<16|tnefMessage)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(props)))
	return append(append(b, props...), 0, 0)
}

func segments(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "\r\n filename*%d=a;", i)
	}
	return b.String()
}

// TestTimeLimit: reading that takes too long ends, and the mail is held.
func TestTimeLimit(t *testing.T) {
	m := Parse(rawMail(strings.Repeat("<p>text", 100_000), "Content-Type: text/html"), Desk{Limits: Limits{Time: 1}})
	if m.Hold != "reading took longer than 1ns" || m.From.Addr != "zhou@client.example" {
		t.Errorf("Hold %q, From %v", m.Hold, m.From)
	}
}

// TestLimitsAreSettings: the desk's own limits hold, not only the defaults.
func TestLimitsAreSettings(t *testing.T) {
	two := rawMail("--b\r\n\r\na\r\n--b\r\n\r\nb\r\n--b--\r\n", "Content-Type: multipart/mixed; boundary=b")
	for name, d := range map[string]Desk{
		"parts": {Limits: Limits{Parts: 2}}, "parsed": {Limits: Limits{Parsed: 100}},
		"header": {Limits: Limits{Header: 100}}, "decoded": {Limits: Limits{Decoded: 1}},
	} {
		if m := Parse(two, d); m.Hold == "" {
			t.Errorf("%s: not held", name)
		}
	}
	if m := Parse(two, Desk{}); m.Hold != "" || m.Text != "a\n\nb" || m.Class != complaints.Public {
		t.Errorf("with the defaults: %q %q", m.Hold, m.Text)
	}
}
