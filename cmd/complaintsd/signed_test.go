package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"log/slog"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"complaints"
	"complaints/cmd/complaintsd/daemon"
	"complaints/cmd/complaintsd/play"
	"complaints/mailin"
	"complaints/mailin/mailtest"
	"complaints/mailout/smime"
)

// TestSignedAndSealed plays the demo with the firm's seal and an S/MIME
// certificate that runs out on the way. Until then OpenSSL accepts every letter
// that the client gets; after that letters go out all the same, and the log
// says why they are unsigned. The seal stands on the letters that a person
// approved, and the case says who authorised it.
func TestSignedAndSealed(t *testing.T) {
	t.Parallel()
	src, err := os.ReadFile("demo/en.txtar")
	if err != nil {
		t.Fatal(err)
	}
	s, err := play.Parse(src, shanghai)
	if err != nil {
		t.Fatal(err)
	}
	ends := time.Date(2026, 12, 5, 0, 0, 0, 0, time.UTC)
	certificate, signer := certified(t, ends)
	seal := ring(t)
	log := &output{}
	w := unstarted(t, s, mailtest.PostfixOptions{}, 1)
	w.options = func(o *daemon.Options) {
		o.Seal, o.Signer, o.Log = seal, signer, slog.New(slog.NewTextHandler(log, nil))
	}
	w.start("en")
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	if err := (&play.Player{Script: s, Post: w, Desk: deskAddr}).Play(ctx); err != nil {
		t.Fatal(err)
	}
	w.oracle(ctx)

	inbox, err := w.Inbox(ctx, "hart@client.example")
	if err != nil {
		t.Fatal(err)
	}
	pdfs := map[string][]byte{} // by SHA-256
	signed, unsigned := 0, 0
	for _, raw := range inbox {
		entity := raw
		m := mailin.Parse(raw, mailin.Desk{})
		isSigned := bytes.Contains(raw, []byte("multipart/signed"))
		if isSigned {
			signed++
			entity = verified(t, raw, certificate)
			m.Attachments = mailin.Parse(append([]byte("From: <"+deskAddr+">\r\n"), entity...), mailin.Desk{}).Attachments
		}
		letter := false
		for _, a := range m.Attachments {
			if a.Type == "application/pdf" {
				sum := sha256.Sum256(a.Content)
				pdfs[hex.EncodeToString(sum[:])], letter = a.Content, true
			}
		}
		switch {
		case !letter && isSigned:
			t.Errorf("%q bears no letter and is signed", m.Subject)
		case letter && isSigned != m.Date.Before(ends):
			t.Errorf("%q of %v: signed %v", m.Subject, m.Date, isSigned)
		case letter && !isSigned:
			unsigned++
		}
	}
	if signed == 0 || unsigned == 0 {
		t.Errorf("%d letters are signed, %d are not", signed, unsigned)
	}
	if n := strings.Count(log.String(), "a letter goes without a signature"); n != unsigned || !log.has("the certificate was valid until 2026-12-05") {
		t.Errorf("%d lines for %d letters without a signature:\n%s", n, unsigned, log)
	}

	c, err := w.db.Case(ctx, "T2026-0001")
	if err != nil {
		t.Fatal(err)
	}
	events, err := w.db.Events(ctx, c.Ref)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(seal)
	sealed := map[complaints.LetterKind]bool{}
	for _, e := range events {
		f, ok := e.Fact.(*complaints.SealUsed)
		if !ok {
			continue
		}
		letter := c.Letters[f.No-1]
		sealed[letter.Letter.Kind] = true
		if f.By != letter.Approver || f.By == "" || f.SHA256 != letter.Hash || f.Image != hex.EncodeToString(sum[:]) {
			t.Errorf("the use of the seal on letter %d, approved by %s, SHA-256 %s: %+v", f.No, letter.Approver, letter.Hash, f)
		}
		if pdf := pdfs[f.SHA256]; pdf == nil {
			t.Errorf("the client has no PDF %s, whose seal is on record", f.SHA256)
		} else if images(t, pdf) == 0 {
			t.Errorf("letter %d bears no image of the seal", f.No)
		}
	}
	// Nobody approves an acknowledgement or the closing letter, so that nobody
	// has authorised a seal on them.
	for kind, want := range map[complaints.LetterKind]bool{complaints.AckLetter: false, complaints.ResultLetter: true, complaints.DecisionLetter: true, complaints.ClosureLetter: false} {
		i := slices.IndexFunc(c.Letters, func(r complaints.LetterRecord) bool { return r.Issued && r.Letter.Kind == kind })
		if i < 0 {
			t.Errorf("there is no letter %q", kind)
			continue
		}
		pdf := pdfs[c.Letters[i].Hash]
		if pdf == nil {
			t.Errorf("the client has no letter %q", kind)
		} else if sealed[kind] != want || (images(t, pdf) > 0) != want {
			t.Errorf("the letter %q: a seal on record %v, images %d; want %v", kind, sealed[kind], images(t, pdf), want)
		}
	}
}

// certified makes a certificate for the desk's address, valid until a day, and
// the file that names it as trusted.
func certified(t *testing.T, until time.Time) (file string, s *smime.Signer) {
	t.Helper()
	public, private := mailtest.MailCertificate(t, deskAddr, until.AddDate(-1, 0, 0), until)
	s, err := smime.Load(public, private)
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "desk.pem")
	if err := os.WriteFile(file, public, 0o600); err != nil {
		t.Fatal(err)
	}
	return file, s
}

// verified gives what a mail's signature is of. It fails unless OpenSSL accepts
// the signature, and refuses it once a byte of the letter is another.
func verified(t *testing.T, raw []byte, trusted string) []byte {
	t.Helper()
	verify := func(raw []byte) ([]byte, error) {
		var out, said bytes.Buffer
		cmd := exec.Command("openssl", "cms", "-verify", "-CAfile", trusted, "-no_check_time")
		cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(raw), &out, &said
		if err := cmd.Run(); err != nil {
			return nil, fmt.Errorf("%w: %s", err, said.String())
		}
		return out.Bytes(), nil
	}
	content, err := verify(raw)
	if err != nil {
		t.Fatal(err)
	}
	i := bytes.Index(raw, []byte("JVBERi0"))
	if i < 0 {
		t.Fatal("a signed mail without a PDF")
	}
	forged := bytes.Clone(raw)
	forged[i+7] ^= 1
	if _, err := verify(forged); err == nil {
		t.Error("OpenSSL accepts another PDF")
	}
	return content
}

// images counts the pictures of a PDF.
func images(t *testing.T, pdf []byte) int {
	t.Helper()
	cmd := exec.Command("pdfimages", "-list", "-")
	cmd.Stdin = bytes.NewReader(pdf)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return max(0, strings.Count(strings.TrimSpace(string(out)), "\n")-1)
}

// ring is the image of a seal.
func ring(t *testing.T) []byte {
	t.Helper()
	const n = 400
	img := image.NewNRGBA(image.Rect(0, 0, n, n))
	for y := range n {
		for x := range n {
			if d := math.Hypot(float64(x)-n/2, float64(y)-n/2); d < n/2-4 && d > n/2-24 {
				img.SetNRGBA(x, y, color.NRGBA{R: 210, G: 30, B: 30, A: 220})
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
