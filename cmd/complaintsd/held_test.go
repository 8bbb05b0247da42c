package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"complaints/cmd/complaintsd/daemon"
	"complaints/cmd/complaintsd/play"
	"complaints/mailin"
	"complaints/mailin/mailtest"
	"complaints/store"
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

// More automatic mails than go out in an hour: the rest is put off, a letter of
// staff is not, and the administrator hears of it once.
func TestFloodIsPaced(t *testing.T) {
	const flood = 5
	cast := "-- cast --\n何平 何平 <heping@firm.example>\n"
	for n := range flood {
		cast += fmt.Sprintf("路人%d 路人 <passer%d@client.example>\n", n, n)
	}
	s, err := play.Parse([]byte(cast+"-- staff.csv --\naddress,name,department,role,manager,active,licence\nheping@firm.example,何平,行政部,admin,,yes,\n"), shanghai)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	w := unstarted(t, s, mailtest.PostfixOptions{}, 1)
	w.options = func(o *daemon.Options) { o.Policy.AutomaticPerHour, o.Policy.Security = 2, "heping@firm.example" }
	w.start("zh")
	for n := range flood {
		if err := w.Send(ctx, fmt.Sprintf("passer%d@client.example", n), false, deskAddr, fmt.Appendf(nil, "From: passer%d@client.example\r\nTo: %s\r\nSubject: matter %d\r\nMessage-ID: <%d@client.example>\r\n\r\nNobody has called me back about matter %d.\r\n", n, deskAddr, n, n, n)); err != nil {
			t.Fatal(err)
		}
	}
	alerts, sent, waiting := 0, 0, 0
	if err := waitFor(ctx, 30*time.Second, func() (bool, string, error) {
		if err := w.daemon.Sweep(ctx); err != nil {
			return false, "", err
		}
		alerts, sent, waiting = 0, 0, 0
		list, err := w.db.Outbox(ctx, store.OutboxFilter{})
		for _, o := range list {
			switch {
			case o.Mail.Template == "alert" && o.State == store.Accepted:
				alerts++
				if !strings.Contains(o.Mail.Facts.Text, "顺延") {
					t.Errorf("another alert: %s", o.Mail.Facts.Text)
				}
			case o.Mail.Auto && o.State == store.Accepted:
				sent++
			case o.Mail.Auto:
				waiting++
			}
		}
		return alerts > 0 && sent+waiting == flood, fmt.Sprintf("%d sent, %d wait, %d alerts", sent, waiting, alerts), err
	}); err != nil {
		t.Fatal(err)
	}
	if err := w.daemon.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	if sent != 2 || waiting != flood-2 || alerts != 1 {
		t.Errorf("%d sent, %d wait, %d alerts", sent, waiting, alerts)
	}
}

// The administrator hears of a mailbox that cannot be read, of a command folder
// that is gone, and of clocks that differ: once, after a while.
func TestDeafDeskTells(t *testing.T) {
	s, err := play.Parse([]byte("-- cast --\n何平 何平 <heping@firm.example>\n-- command folders --\n何平\n-- staff.csv --\naddress,name,department,role,manager,active,licence\nheping@firm.example,何平,行政部,admin,,yes,\n"), shanghai)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	var slow atomic.Int64
	var log output
	w := unstarted(t, s, mailtest.PostfixOptions{}, 1)
	w.options = func(o *daemon.Options) {
		o.Machine = func() time.Time { return time.Now().Add(-time.Duration(slow.Load())) }
		o.Mailbox.Pause = 50 * time.Millisecond
		o.Mailbox.Log = slog.New(slog.NewTextHandler(&log, nil))
		o.State = func(text string) { _, _ = log.Write([]byte(text + "\n")) }
	}
	w.start("zh")
	told := func() (texts []string) {
		t.Helper()
		if err := w.daemon.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		list, err := w.db.Outbox(ctx, store.OutboxFilter{})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range list {
			if o.Mail.Template == "alert" {
				texts = append(texts, o.Mail.Facts.Text)
			}
		}
		return texts
	}
	said := func(n int, part string) {
		t.Helper()
		texts := told()
		if len(texts) != n || n > 0 && !strings.Contains(texts[0], part) {
			t.Errorf("%d alerts, want %d, the last with %q: %q", len(texts), n, part, texts)
		}
	}
	logged := func(what string) {
		t.Helper()
		if err := waitFor(ctx, 30*time.Second, func() (bool, string, error) { return log.has(what), what, nil }); err != nil {
			t.Fatal(err)
		}
	}
	logged("watching Commands/heping@firm.example")
	said(0, "")
	slow.Store(int64(time.Minute))
	said(1, "时钟相差至少 59 秒")
	said(1, "")
	slow.Store(0)

	w.dovecot.Vanish("heping@firm.example")
	logged("a command folder")
	said(1, "")
	w.setClock(w.now().Add(11 * time.Minute))
	said(2, "文件夹 Commands/heping@firm.example 中的邮件不能正常收取")
	w.setClock(w.now().Add(time.Hour))
	said(2, "")

	w.dovecot.Stop()
	logged("the mailbox cannot be read")
	w.setClock(w.now().Add(11 * time.Minute))
	said(3, "文件夹 INBOX 中的邮件不能正常收取")
	w.dovecot.Start()
}
