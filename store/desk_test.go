package store

import (
	"bytes"
	"fmt"
	"testing"

	"complaints"
)

func TestRegister(t *testing.T) {
	db, ctx := open(t), t.Context()
	r, v, err := db.Register(ctx)
	if err != nil || v != 0 || len(r.With(complaints.AnyStaff)) != 0 {
		t.Fatalf("at first: %v, version %d, %v", r, v, err)
	}
	people := []complaints.Person{
		{Address: " Li@Firm.example", Name: "李", Department: "诉讼部", Roles: []complaints.Role{complaints.Investigator, complaints.Member}, Manager: "Wang@firm.example", Active: true, Licence: "1310"},
		{Address: "wang@firm.example", Name: "王", Roles: []complaints.Role{complaints.Head}, Active: true},
		{Address: "old@firm.example", Name: "旧", Active: false},
		{Address: "LI@firm.example", Name: "李明", Roles: []complaints.Role{complaints.Investigator}, Active: true},
	}
	for _, want := range []int64{1, 1} { // the second time nothing changes
		if v, err := db.ReplaceRegister(ctx, people, "admin@firm.example", noon); err != nil || v != want {
			t.Fatalf("version %d, %v", v, err)
		}
	}
	r, v, err = db.Register(ctx)
	must(t, err)
	li := r.Find("li@firm.example")
	if v != 1 || li == nil || li.Name != "李明" || !li.Is(complaints.Investigator) || li.Is(complaints.Member) || r.Find("old@firm.example") == nil {
		t.Errorf("version %d: %+v", v, li)
	}
	if v, err = db.ReplaceRegister(ctx, people[:2], "admin@firm.example", noon); err != nil || v != 2 {
		t.Fatalf("version %d, %v", v, err)
	}
	if r, _, err = db.Register(ctx); err != nil || r.Find("old@firm.example") != nil || r.Find("li@firm.example").Manager != "wang@firm.example" {
		t.Errorf("after the change: %v", err)
	}
	if v, err = db.DeskVersion(ctx); err != nil || v != 2 {
		t.Errorf("desk at %d, %v", v, err)
	}
	if n, err := db.VerifyChain(ctx, desk); err != nil || n != 2 {
		t.Errorf("the desk's log: %d, %v", n, err)
	}
	if _, err := db.ReplaceRegister(ctx, []complaints.Person{{Name: "无名"}}, "admin@firm.example", noon); err == nil {
		t.Error("a person without an address was taken")
	}
}

func TestTokenKeys(t *testing.T) {
	db, ctx := open(t), t.Context()
	first, err := db.TokenKeys(ctx)
	must(t, err)
	again, err := db.TokenKeys(ctx)
	must(t, err)
	if len(first) != 1 || len(first[0]) != 32 || !bytes.Equal(first[0], again[0]) {
		t.Fatalf("%d keys, then %d", len(first), len(again))
	}
	token, _ := complaints.ParseToken(first.Sign("T2026-0001", complaints.ForClient, "", noon))
	must(t, db.AddTokenKey(ctx, "admin@firm.example", noon))
	both, err := db.TokenKeys(ctx)
	must(t, err)
	if len(both) != 2 || bytes.Equal(both[0], first[0]) || !both.Verify(token, "", noon) {
		t.Errorf("after a new key: %d keys", len(both))
	}
}

func TestCalendar(t *testing.T) {
	db, ctx := open(t), t.Context()
	cn, err := db.Calendar(ctx, "cn")
	must(t, err)
	spring := complaints.Date{Year: 2026, Month: 2, Day: 17}
	if cn.Status(2026) != complaints.Official || cn.Working(spring) || !cn.Working(complaints.Date{Year: 2026, Month: 2, Day: 28}) {
		t.Errorf("the built-in table: %s, 17 February worked %v", cn.Status(2026), cn.Working(spring))
	}
	if cn.Status(2027) != complaints.Provisional {
		t.Errorf("2027 is %s", cn.Status(2027))
	}
	table := func(year int, status, off string) []byte {
		return fmt.Appendf(nil, `{"years":{"%d":{"status":%q,"document":"国办发明电〔2026〕9号","off":[[%q,"春节"]],"work":[]}}}`, year, status, off)
	}
	years, err := db.ImportCalendar(ctx, "cn", table(2027, "official", "2027-02-09"), "admin@firm.example", noon)
	if err != nil || len(years) != 1 || years[0] != 2027 {
		t.Fatalf("%v %v", years, err)
	}
	if cn, err = db.Calendar(ctx, "cn"); err != nil || cn.Status(2027) != complaints.Official || cn.Working(complaints.Date{Year: 2027, Month: 2, Day: 9}) || cn.Status(2026) != complaints.Official {
		t.Errorf("after the import: %v", err)
	}
	for _, year := range []int{2026, 2027} { // of the program, and imported
		_, err := db.ImportCalendar(ctx, "cn", table(year, "provisional", fmt.Sprintf("%d-02-09", year)), "admin@firm.example", noon)
		if complaints.AsRefusal(err) == nil {
			t.Errorf("a projection replaced the official %d: %v", year, err)
		}
	}
	if _, err := db.ImportCalendar(ctx, "cn", []byte(`{"years":{"2028":{"status":"official","off":[["2030-01-01","x"]]}}}`), "a@b", noon); err == nil {
		t.Error("a day of another year was taken")
	}
	gb, err := db.Calendar(ctx, "en-gb")
	if err != nil || gb.Status(2026) != complaints.Missing || !gb.Working(spring) {
		t.Errorf("a calendar of weekends only: %v", err)
	}
	if v, err := db.DeskVersion(ctx); err != nil || v != 1 {
		t.Errorf("desk at %d, %v", v, err)
	}
}
