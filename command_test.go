package complaints

import (
	"strings"
	"testing"
	"time"
)

func TestParseCommands(t *testing.T) {
	for _, c := range []struct {
		name, own string
		want      []string // verb|args|words|text
	}{
		{"plain", "#受理 类别=F6", []string{"受理|category=F6||"}},
		{"full width", "＃受理　类别＝F6", []string{"受理|category=F6||"}},
		{"colons", "#受理：类别：F6", []string{"受理|category=F6||"}},
		{"a space after the mark", "# 指派 li@firm.example", []string{"指派||li@firm.example|"}},
		{"English", "#Assign li@firm.example", []string{"Assign||li@firm.example|"}},
		{"blank lines before", "\n\n  #接受\n", []string{"接受|||"}},
		{"quoted value", `#措施 负责人="财务部 主管" 期限=2026-12-18 书面确认`, []string{"措施|due=2026-12-18 owner=财务部 主管||书面确认"}},
		{"Chinese quotes and commas", "#措施 负责人=“财务部”，期限=2026-12-18，书面确认", []string{"措施|due=2026-12-18 owner=财务部||书面确认"}},
		{"text below", "#报告\n一、经过\n\n二、结论\n#备注 完", []string{"报告|||一、经过\n\n二、结论", "备注|||完"}},
		{"stop word", "#备注 甲\n#完\n#备注 乙", []string{"备注|||甲"}},
		{"dashes stop", "#备注 甲\n乙\n--\n#备注 丙", []string{"备注|||甲\n乙"}},
		{"numbers are keys of findings", "#认定 1=成立 2=不成立 依据合同", []string{"认定|1=成立 2=不成立||依据合同"}},
		{"a hash before a number is text", "#报告\n#1 项成立", []string{"报告|||#1 项成立"}},
		{"blanks of every kind", "#措施\u00a0负责人=财务部\u2003期限=2026-12-18\v书面确认\u00a0", []string{"措施|due=2026-12-18 owner=财务部||书面确认"}},
		{"a blank before the first word", "#指派 \u2009\fli@firm.example", []string{"指派||li@firm.example|"}},
		{"unknown keys stay text", "#备注 已核对 a=b", []string{"备注|||已核对 a=b"}},
		{"a URL stays text", "#备注 见 https://x.example/a=b", []string{"备注|||见 https://x.example/a=b"}},
		{"words above: no commands", "您好，\n#接受", nil},
		{"only words", "已阅", nil},
		{"empty", "", nil},
		{"CRLF", "#备注 甲\r\n乙\r\n", []string{"备注|||甲\n乙"}},
		{"vote", "#表决 维持 理由充分，同意", []string{"表决||维持|理由充分，同意"}},
	} {
		var got []string
		for _, x := range ParseCommands(c.own) {
			var args []string
			for _, k := range sortedKeys(x.Args) {
				args = append(args, k+"="+x.Args[k])
			}
			got = append(got, strings.Join([]string{x.Verb, strings.Join(args, " "), strings.Join(x.Words, " "), x.Text}, "|"))
		}
		want(t, c.name, got, c.want)
	}
}

func TestCommandBelowTextIsNotRun(t *testing.T) {
	d := newDesk(t, "zh", "2026-11-24")
	d.client("收费不合理，请处理。")
	said := d.refused("kefu", "#受理\n谢谢！\n#语言 en")
	if !strings.Contains(said, "其他文字之后") {
		t.Errorf("answered %q", said)
	}
}

func TestTooManyCommands(t *testing.T) {
	d := newDesk(t, "zh", "2026-11-24")
	d.client("收费不合理，请处理。")
	if said := d.refused("kefu", strings.Repeat("#备注 一\n", 51)); !strings.Contains(said, "最多 50 条") {
		t.Errorf("answered %q", said)
	}
	if said := d.refused("kefu", "#备注 "+strings.Repeat("长", 100_000)); !strings.Contains(said, "256 kB") {
		t.Errorf("answered %q", said)
	}
}

func TestEveryVerbIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, v := range Vocabulary() {
		for _, n := range append([]string{v.Zh[0], v.En[0]}, v.Alias...) {
			if seen[strings.ToLower(n)] {
				t.Errorf("two commands are called %s", n)
			}
			seen[strings.ToLower(n)] = true
			if findVerb(n) != v {
				t.Errorf("%s is not found by its name", n)
			}
		}
		if v.Does[0] == "" || v.Does[1] == "" || len(v.Roles) == 0 {
			t.Errorf("%s: no effect or no roles", v.En[0])
		}
		for _, r := range v.Roles {
			if r.In("zh") == "" || r.In("en") == "" {
				t.Errorf("%s: role %s has no words", v.En[0], r)
			}
		}
		// Every row has its work: the dispatcher knows the name.
		s := &session{p: testPolicy(t, "zh"), c: &Case{Seq: 1, State: Registered, Appeal: &Appeal{}, Docket: &Docket{}, Report: &Report{}}, m: &Message{}, who: testRegister().Find("li@firm.example"), at: at("2026-11-24", 9)}
		if _, err := s.run(&Command{verb: v, Args: map[string]string{}, Text: "x"}); err != nil && AsRefusal(err) == nil {
			t.Errorf("%s: %v", v.En[0], err)
		}
	}
}

func TestClosest(t *testing.T) {
	for in, out := range map[string]string{"受里": "受理", "asign": "指派", "aprove": "批准", "不知所云": ""} {
		got := ""
		if v := closest(in); v != nil {
			got = v.Zh[0]
		}
		want(t, in, got, out)
	}
}

func TestTokens(t *testing.T) {
	k := Keyring{[]byte("new"), []byte("old")}
	now := at("2026-11-24", 9)
	detail := k.Sign("T2026-0012", ForStaff, "li@firm.example", now)
	if len("complaints+"+detail) > 64 {
		t.Errorf("local part of %d bytes", len("complaints+"+detail))
	}
	tok, ok := ParseToken(strings.ToUpper(detail))
	if !ok || !k.Verify(tok, "LI@firm.example", now) {
		t.Fatal("a token in upper case does not verify")
	}
	other := func(f func(*Token)) Token { x := tok; f(&x); return x }
	for name, bad := range map[string]bool{
		"another person":  k.Verify(tok, "wang@firm.example", now),
		"another case":    k.Verify(other(func(t *Token) { t.Ref = "T2026-0013" }), "li@firm.example", now),
		"another purpose": k.Verify(other(func(t *Token) { t.Purpose = ForClient }), "li@firm.example", now),
		"longer life":     k.Verify(other(func(t *Token) { t.Expiry++ }), "li@firm.example", now),
		"expired":         k.Verify(tok, "li@firm.example", now.Add(106*7*24*time.Hour)),
		"another key":     Keyring{[]byte("x")}.Verify(tok, "li@firm.example", now),
		"no token":        k.Verify(Token{}, "", now),
	} {
		if bad {
			t.Errorf("%s verifies", name)
		}
	}
	old, _ := ParseToken(Keyring{[]byte("old")}.Sign("T2026-0012", ForClient, "", now))
	if !k.Verify(old, "anyone@client.example", now) {
		t.Error("a token of the key before does not verify")
	}
	for _, s := range []string{"", "t2026-0001", "t2026-0001.", "t2026-0001.s", detail[:len(detail)-1], "x." + strings.Repeat("z", 30), strings.Replace(detail, ".s", ".q", 1)} {
		if _, ok := ParseToken(s); ok {
			t.Errorf("%q is read as a token", s)
		}
	}
}

func TestKeysOf(t *testing.T) {
	k := Keyring{[]byte("k")}
	detail := k.Sign("T2026-0001", ForClient, "", at("2026-11-24", 9))
	m := &Message{Subject: "Re: [t2026-12] 退费", References: []string{"a@x", "b@x"}, To: []Address{{Addr: "Complaints+" + detail + "@Firm.example"}}}
	got := KeysOf(m, deskAddr)
	want(t, "token", got.Token.Ref, "T2026-0001")
	want(t, "ids, newest first", got.MessageIDs, []string{"b@x", "a@x"})
	want(t, "ref needs four digits", got.Ref, "")
	m.Subject = "关于T2026-0012的处理"
	want(t, "ref beside Chinese", KeysOf(m, deskAddr).Ref, "T2026-0012")
	m.To[0].Addr = "complaints+" + detail + "@evil.example"
	if KeysOf(m, deskAddr).Token != nil {
		t.Error("a token at a foreign domain is taken")
	}
}

func sortedKeys(m map[string]string) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	for i := range out {
		for j := i; j > 0 && out[j] < out[j-1]; j-- {
			out[j], out[j-1] = out[j-1], out[j]
		}
	}
	return out
}
