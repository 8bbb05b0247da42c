package main

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"complaints/cmd/complaintsd/play"
	"complaints/mailin"
	"complaints/mailin/mailtest"
)

// A mail that somebody put into the quarantine folder, or took out of it, is
// noticed the next morning; so is mail that the desk cannot move out of a
// folder. What was held out of a command folder lies where it belongs.
func TestMailboxAndDatabaseDiffer(t *testing.T) {
	s, err := play.Parse([]byte(`-- cast --
何平 何平 <heping@firm.example>
-- command folders --
何平
-- staff.csv --
address,name,department,role,manager,active,licence
heping@firm.example,何平,行政部,admin,,yes,
`), shanghai)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, s, "zh")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	robot := "From: robot@elsewhere.example\r\nTo: " + deskAddr + "\r\nAuto-Submitted: auto-generated\r\nSubject: x\r\n\r\nx\r\n"
	if err := w.Send(ctx, "robot@elsewhere.example", false, deskAddr, []byte(robot)); err != nil {
		t.Fatal(err)
	}
	const heping = "heping@firm.example"
	anothers := "From: zhang@client.example\r\nTo: " + deskAddr + "\r\nSubject: in the wrong folder\r\nMessage-ID: <2@client.example>\r\n\r\nx\r\n"
	if err := w.File(ctx, heping, heping, []byte(anothers)); err != nil {
		t.Fatal(err)
	}
	if err := w.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	said := func(day int) string {
		if err := w.Jump(ctx, time.Date(2026, 11, day, 9, 0, 0, 0, shanghai)); err != nil {
			t.Fatal(err)
		}
		all, err := w.Inbox(ctx, "heping@firm.example")
		if err != nil {
			t.Fatal(err)
		}
		for _, raw := range slices.Backward(all) {
			if m := mailin.Parse(raw, mailin.Desk{}); strings.HasPrefix(m.Subject, "暂存邮件") {
				return m.Text
			}
		}
		return ""
	}
	if text := said(25); strings.Contains(text, "隔离文件夹中有") || !strings.Contains(text, "第 1 号") || !strings.Contains(text, "第 2 号") || strings.Contains(text, "没有被取走") {
		t.Errorf("all is well:\n%s", text)
	}
	mailtest.Append(t, w.dovecot, deskAddr, "Quarantine", []byte(robot))
	if text := said(26); !strings.Contains(text, "隔离文件夹中有 3 封邮件，而数据库记有 2 封") {
		t.Errorf("one more in the folder:\n%s", text)
	}
	// The desk may read the folder and take nothing out of it.
	w.dovecot.Rights(heping, "user="+heping+" lrwsi\nuser="+deskAddr+" lr\n")
	old := mailtest.Dial(t, w.dovecot, heping)
	defer old.Close()
	mail := strings.ReplaceAll(anothers, "<2@", "<3@")
	put := old.Append("Commands/"+heping, int64(len(mail)), &imap.AppendOptions{Time: time.Now().Add(-2 * time.Hour)})
	_, _ = put.Write([]byte(mail))
	_ = put.Close()
	if _, err := put.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := waitFor(ctx, 30*time.Second, func() (bool, string, error) {
		c, err := w.db.Counts(ctx)
		return c.Arrivals == 3, "the third mail is taken in", err
	}); err != nil {
		t.Fatal(err)
	}
	w.setClock(time.Date(2026, 11, 27, 9, 0, 0, 0, shanghai))
	if err := w.daemon.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	left := func() bool {
		for _, m := range w.dovecot.Mails(heping, "INBOX") {
			if strings.Contains(mailin.Parse(m.Raw, mailin.Desk{}).Text, "文件夹 Commands/"+heping+" 中至少有 1 封邮件没有被取走") {
				return true
			}
		}
		return false
	}
	if err := waitFor(ctx, 30*time.Second, func() (bool, string, error) { return left(), "what is left lying is told", nil }); err != nil {
		t.Fatal(err)
	}
}
