package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"complaints"
	"complaints/cmd/complaintsd/config"
	"complaints/cmd/complaintsd/doctor"
	"complaints/cmd/complaintsd/play"
	"complaints/mailin"
	"complaints/mailin/mailtest"
)

// Forged marks go through a real MX: one that removes what claims to be its
// own, and one that does not, believed by a desk that trusts one hop too many.
// OpenDKIM and OpenDMARC, where they are installed, write results of their own
// and leave in what a mail brings along: that is the server's to remove.
func TestDoctor(t *testing.T) {
	const cast = `-- cast --
张堃 张堃 <zhangkun@client.example>
周敏 周敏 <zhoumin@firm.example>
何平 何平 <heping@firm.example>
-- staff.csv --
address,name,department,role,manager,active,licence
zhoumin@firm.example,周敏,客户服务部,officer+head,,yes,
heping@firm.example,何平,行政部,admin,,yes,
-- 2026-11-25 10:00 张堃 --
Subject: 收费问题
贵所多收了我两千元，请退还。
-- to 张堃 --
投诉受理告知书
-- to 周敏 --
[T2026-0001]
-- 2026-11-25 10:10 周敏 --
Reply: 新投诉
#受理 类别=F1
-- to 周敏 --
%s
-- 2026-11-25 10:20 周敏 --
Reply: 新投诉
#查看
-- to 周敏 --
案件全貌
-- 2026-11-26 08:35 --
`
	for name, tt := range map[string]struct {
		lax    bool
		milter bool
		hops   int
		off    bool
		plain  string // what became of the mark in the plain spelling
		answer string // to a command, afterwards
	}{
		"removes them, and one hop too many":         {false, false, 2, false, "stripped", "命令已执行"},
		"leaves them in below our own":               {true, false, 1, true, "left in", "命令未执行"},
		"leaves them in where the desk trusts them":  {true, false, 2, true, "believed", "命令未执行"},
		"leaves that to OpenDKIM and OpenDMARC":      {true, true, 1, true, "left in", "命令未执行"},
		"removes them before OpenDKIM and OpenDMARC": {false, true, 1, false, "stripped", "命令已执行"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := play.Parse([]byte(strings.Replace(cast, "%s", tt.answer, 1)), shanghai)
			if err != nil {
				t.Fatal(err)
			}
			o := mailtest.PostfixOptions{Lax: tt.lax}
			if tt.milter {
				ok := false
				if o.Milters, ok = mailtest.StartVerifiers(t, map[string]string{"_dmarc.firm.example": "v=DMARC1; p=none", "firm.example": "v=spf1 -all"}); !ok {
					t.Log("they are not installed")
					return
				}
			}
			w := newWorldWith(t, s, "zh", o, tt.hops)
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
			defer cancel()
			p, err := w.daemon.Policy(ctx)
			if err != nil {
				t.Fatal(err)
			}
			v, err := doctor.Visit(ctx, doctor.Options{DB: w.db, Policy: p, MX: w.postfix.MX, AuthservID: mailtest.AuthservID, Wait: 30 * time.Second, Now: w.now,
				Submit: func(ctx context.Context, to string, raw []byte) error { return w.Send(ctx, deskAddr, true, to, raw) }})
			if err != nil {
				t.Fatal(err)
			}
			became := map[string]string{}
			for _, f := range v.Findings {
				became[f.What] = f.Result
				if f.Result == "believed" && f.What != "a mail of our own" && f.What != "our server's name as it is" {
					t.Errorf("%s: %s", f.What, f.Result)
				}
			}
			if v.Off != tt.off || became["our server's name as it is"] != tt.plain {
				t.Errorf("off %v: %+v", v.Off, v.Findings)
			}
			if became["a mail of our own"] != "believed" {
				t.Errorf("our own mail is not known: %+v", v.Findings)
			}
			if len(v.Findings) != 10 {
				t.Errorf("%d canaries", len(v.Findings))
			}
			if err := w.db.RecordVerdict(ctx, v, "test", p.Judged(v, w.now()).Mails, w.now()); err != nil {
				t.Fatal(err)
			}
			w.sent += len(v.Findings) - 1 // but for our own, which was counted
			pl := &play.Player{Script: s, Post: w, Desk: deskAddr}
			if err := pl.Play(ctx); err != nil {
				t.Fatal(err)
			}
			c, err := w.db.Counts(ctx)
			if err != nil || c.Open != 1 || c.Held != 0 {
				t.Errorf("the canaries made cases or were held: %+v %v", c, err)
			}
			var told strings.Builder
			for _, addr := range []string{"heping@firm.example", "postmaster@firm.example"} {
				for _, m := range w.dovecot.Mails(addr, "INBOX") {
					told.WriteString(mailin.Parse(m.Raw, mailin.Desk{}).Text)
				}
			}
			if n := strings.Count(told.String(), "改动类命令已停用"); (n >= 2) != tt.off {
				t.Errorf("administrators were told %d times:\n%s", n, told.String())
			}
		})
	}
}

// A verdict is shown by check, and an old one is asked for again.
func TestCheckShowsTheVerdict(t *testing.T) {
	cfg := &config.Config{Location: shanghai}
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, shanghai)
	for _, tt := range []struct {
		v    *complaints.Verdict
		want string
	}{
		{nil, "run complaintsd doctor"},
		{&complaints.Verdict{At: now.Add(-time.Hour)}, "no forged mark was believed"},
		{&complaints.Verdict{At: now.AddDate(0, -4, 0)}, "That is long ago"},
		{&complaints.Verdict{At: now, Off: true, Findings: []complaints.Trial{{What: "with a version", Result: "believed"}}}, "are off"},
	} {
		if got := judged(tt.v, cfg, now); !strings.Contains(got, tt.want) {
			t.Errorf("%+v: %s", tt.v, got)
		}
	}
}
