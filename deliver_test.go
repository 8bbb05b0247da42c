package complaints

import (
	"strings"
	"testing"
	"time"
)

// Who deals with held mail, and what they do not see.
func TestHeldMail(t *testing.T) {
	d := newDesk(t, "zh", "2026-11-24")
	d.client("王明律师收费不合理，请处理。")
	d.staff("kefu", "#事项 被投诉人=wang@firm.example 收费过高")
	pen := []HeldMail{
		{No: 1, At: d.now, From: "x@mail.example", Subject: "补充", Reason: "it names T2026-0001, and its sender is not known there", Guess: "T2026-0001", Words: "凭证在我这里", SHA256: "ab", Of: d.c},
		{No: 2, At: d.now, From: "y@mail.example", Subject: "促销", Reason: "automatic mail that names no case (Precedence: bulk)"},
	}
	write := func(who, body string) Outcome {
		m := d.message(who+"@firm.example", "", body)
		m.To = []Address{{Addr: Detailed(deskAddr, d.p.Keys.Sign(ForDesk, ForStaff, who+"@firm.example", d.now))}}
		m.Pen, m.Others = pen, []*Case{d.c}
		_, o := d.p.Receive(nil, m, d.now)
		return o
	}
	o := write("kefu", "#隔离 1")
	if len(o.Mails) != 1 || o.Mails[0].Template != "held" || o.Mails[0].Facts.Text != "凭证在我这里" || len(o.Mails[0].Facts.Attachments) != 1 {
		t.Errorf("one of them: %+v", o.Mails)
	}
	o = write("kefu", "#放行 1 T2026-0001\n#丢弃 2 广告")
	want(t, "decided", o.Released, []Release{{No: 1, By: "kefu@firm.example", Ref: "T2026-0001"}, {No: 2, By: "kefu@firm.example", Discard: true, Why: "广告"}})
	for body, part := range map[string]string{
		"#放行":                     "请写明编号",
		"#放行 9":                   "没有待处理的第 9 号",
		"#放行 1 T2026-0007":        "没有案件 T2026-0007",
		"#丢弃 2":                   "缺少内容",
		"#放行 1 T2026-0001\n#放行 8": "没有待处理的第 8 号",
		"#放行 1 某案":                "不是案号",
		"#备注 这封信已看过\n#放行 1 T2026-0001": "没有指明案件",
	} {
		o := write("kefu", body)
		if said, no := answer(t, o); !no || len(o.Released) > 0 || !strings.Contains(said, part) {
			t.Errorf("%s: %q", body, said)
		}
	}
	o = write("li", "#放行 1")
	if said, _ := answer(t, o); len(o.Released) > 0 || !strings.Contains(said, "这条命令由") {
		t.Errorf("an investigator: %q", said)
	}
	// An officer who is complained of does not see what is written about it.
	d.p.Register.Find("wang@firm.example").Roles = []Role{Officer}
	o = write("wang", "#隔离")
	want(t, "shown to the respondent", len(o.Mails[0].Facts.Held), 1)
	o = write("wang", "#放行 1")
	if said, _ := answer(t, o); len(o.Released) > 0 || !strings.Contains(said, "没有待处理的第 1 号") {
		t.Errorf("the respondent: %q", said)
	}
	m := d.message("kefu@firm.example", "", "#丢弃 2 广告")
	m.To, m.Pen = []Address{{Addr: deskAddr}}, pen
	_, o = d.p.Receive(nil, m, d.now)
	if said, _ := answer(t, o); len(o.Released) > 0 || !strings.Contains(said, "专用回复地址") {
		t.Errorf("without the reply address: %q", said)
	}
	day, _ := ParseDate("2026-11-24")
	want(t, "without an administrator the head hears of it", len(d.p.PenDigest(pen, nil, day)), 1)
	d.p.Admins = []string{"chen@firm.example"}
	mails := d.p.PenDigest(pen, nil, day)
	want(t, "the administrator, once a day", mails[0].Key, "held/2026-11-24/chen@firm.example")
	want(t, "nothing held, nothing said", len(d.p.PenDigest(nil, nil, day)), 0)
	want(t, "but what is wrong is", len(d.p.PenDigest(nil, []string{"x"}, day)), 1)
	for reason := range map[string]bool{"more than 1000 parts": true, "larger than 50000000 bytes": true, "it could not be taken in: x": true} {
		if HoldWords(reason, "zh") == reason || HoldWords(reason, "en") == "" {
			t.Errorf("%q has no words", reason)
		}
	}
}

// A mail in the name of staff that is released is paper: nothing in it is done.
func TestReleasedMailsCommandNothing(t *testing.T) {
	d := newDesk(t, "zh", "2026-11-24")
	d.client("收费不合理，请处理。")
	d.p.RequireDomain = true
	m := d.message("kefu@firm.example", "[T2026-0001]", "#受理 类别=F1")
	m.Released, m.Arrived = "zhao@firm.example", d.now.Add(-time.Hour)
	o := d.receive(m)
	want(t, "no command", d.c.State, Registered)
	want(t, "on file", len(o.Events), 1)
	want(t, "the client hears nothing of it", len(sent(o, "received")), 0)
	_, o = d.p.Receive(nil, m, d.now)
	if o.Hold == "" || len(o.Mails) > 0 {
		t.Errorf("without a case: %+v", o)
	}
	m = d.message("kefu@firm.example", "[T2026-0001]", "#受理 类别=F1")
	m.Released, m.Auth = "zhao@firm.example", Auth{DKIM: []string{"firm.example"}}
	if d.receive(m); d.c.State != Triage {
		t.Error("one whose sender can be verified now is not carried out")
	}
}
