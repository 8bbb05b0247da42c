package complaints

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// FuzzCommands: the command reader. No words and no recipient address make a
// change on a case unless the address holds a token that verifies for the
// sender; with it, the desk never fails, and every command line is answered.
func FuzzCommands(f *testing.F) {
	for _, v := range Vocabulary() {
		f.Add("#"+v.Zh[0]+" "+v.Zh[1], deskAddr, byte(0))
		f.Add("#"+v.En[0]+" "+v.En[1]+"\ntext\n#end", "complaints+t2026-0001.s15daaaaaaaaaaaaaaaaaaaaaaaaaa@firm.example", byte(3))
	}
	f.Add("＃受理　类别＝F6\n#备注 “甲”，乙\n--\n#结案", deskAddr, byte(1))
	people := []string{"kefu", "zhao", "li", "wang", "chen", "sun", "gone"}
	f.Fuzz(func(t *testing.T, own, to string, who byte) {
		if !utf8.ValidString(own) || !utf8.ValidString(to) {
			t.Skip("the reader gives valid text")
		}
		addr := people[int(who)%len(people)] + "@firm.example"
		d := newDesk(t, "zh", "2026-11-24")
		d.client("收费不合理，请处理。")
		before, _ := json.Marshal(d.c)
		m := d.message(addr, "[T2026-0001]", own)
		m.To = []Address{{Addr: to}}
		cs := ParseCommands(own)
		for _, c := range cs {
			if c.Raw == "" || c.Line < 1 || !strings.Contains(own, c.Verb) {
				t.Fatalf("command %+v", c)
			}
		}
		tok := KeysOf(m, deskAddr).Token
		if tok == nil || !d.p.Keys.Verify(*tok, addr, d.now) {
			_, o := d.p.Receive(d.c, m, d.now)
			for _, e := range o.Events {
				if k := e.Fact.Kind(); k != "heard" && k != "noted" {
					t.Fatalf("%s by %q without a token", k, own)
				}
			}
			for _, p := range o.Other {
				if len(p.Events) > 0 {
					t.Fatalf("another case is changed by %q", own)
				}
			}
			if after, _ := json.Marshal(d.c); string(after) != string(before) {
				t.Fatal("Receive changed the case it was given")
			}
		}
		// the same with the token: done whole, or refused whole
		m = d.message(addr, "[T2026-0001]", own)
		o := d.receive(m)
		for _, mail := range o.Mails {
			if mail.Template == "transcript" && mail.Facts.Reason == "refused" && len(o.Events) > 0 {
				t.Fatalf("%q was refused and did something", own)
			}
		}
	})
}

// FuzzToken: no detail of an address verifies but one that was signed, for the
// person, the purpose and the time it was signed for.
func FuzzToken(f *testing.F) {
	k := Keyring{[]byte("a key of the test"), []byte("an older one")}
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	const person = "kefu@firm.example"
	signed := []string{}
	for _, p := range []Purpose{ForClient, ForStaff, ForBounce} {
		for _, ref := range []string{"T2026-0001", "4711"} {
			signed = append(signed, k.Sign(ref, p, person, now))
		}
	}
	for _, s := range signed {
		f.Add(s)
		f.Add(strings.ToUpper(s))
		f.Add(s[:len(s)-1])
		f.Add(s + "x")
		f.Add(strings.Replace(s, ".s", ".c", 1))
	}
	f.Add("t2026-0001.s000aaaaaaaaaaaaaaaaaaaaaaaaaa")
	f.Fuzz(func(t *testing.T, detail string) {
		tok, ok := ParseToken(detail)
		if !ok {
			return
		}
		if !k.Verify(tok, person, now) {
			return
		}
		if !slices.Contains(signed, strings.ToLower(detail)) {
			t.Fatalf("%q verifies, and nobody signed it", detail)
		}
		if tok.Purpose == ForStaff && k.Verify(tok, "li@firm.example", now) {
			t.Fatalf("%q verifies for another person", detail)
		}
		if k.Verify(tok, person, now.AddDate(3, 0, 0)) || (Keyring{[]byte("guess")}).Verify(tok, person, now) {
			t.Fatalf("%q verifies too long or under any key", detail)
		}
	})
}

// FuzzCalendar: a table is refused or is one in which days can be counted.
func FuzzCalendar(f *testing.F) {
	b, err := os.ReadFile("store/calendar/cn_workdays.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"years":{"2026":{"status":"official","off":[["2026-01-01","元旦"]],"work":[["2026-01-04","调休"]]}}}`))
	f.Add([]byte(`{"years":{"2026":{"status":"provisional","off":[["2025-12-31"],["2026-01-01",""]]}}}`))
	f.Add([]byte(`{"years":{"0":{"status":"official"},"-1":{"status":"official","work":[[]]}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := ParseCalendar("cn", b)
		if (c == nil) == (err == nil) {
			t.Fatalf("%v, %v", c, err)
		}
		if err != nil {
			return
		}
		for y, year := range c.Years {
			for d := range year.Work {
				if _, off := year.Off[d]; off {
					t.Fatalf("%s is off and worked", d)
				}
			}
			if y < 1900 || y > 2200 || len(year.Off) > 300 {
				continue
			}
			first := Date{Year: y, Month: time.January, Day: 1}
			fast, told := c.after(first, 5).Due, c.WorkingDays(first, 5, nil).Due
			if !first.Before(fast) || !c.Working(fast) || !told.IsZero() && told != fast {
				t.Fatalf("five working days after %s: %s, %s", first, fast, told)
			}
		}
	})
}
