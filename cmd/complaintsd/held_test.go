package main

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"complaints/cmd/complaintsd/play"
	"complaints/mailin"
	"complaints/mailin/mailtest"
)

// A mail that somebody put into the quarantine folder, or took out of it, is
// noticed the next morning.
func TestMailboxAndDatabaseDiffer(t *testing.T) {
	s, err := play.Parse([]byte(`-- cast --
何平 何平 <heping@firm.example>
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
	if text := said(25); strings.Contains(text, "隔离文件夹中有") || !strings.Contains(text, "第 1 号") {
		t.Errorf("all is well:\n%s", text)
	}
	mailtest.Append(t, w.dovecot, deskAddr, "Quarantine", []byte(robot))
	if text := said(26); !strings.Contains(text, "隔离文件夹中有 2 封邮件，而数据库记有 1 封") {
		t.Errorf("one more in the folder:\n%s", text)
	}
}
