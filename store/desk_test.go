package store

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

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
		{Address: "wu@firm.example", Name: "吴", Roles: []complaints.Role{complaints.Member}, Active: true, Capacity: "外聘委员", Term: complaints.Date{Year: 2028, Month: 6, Day: 30}, AlternateFor: "any"},
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
	if wu := r.Find("wu@firm.example"); wu == nil || wu.Capacity != "外聘委员" || wu.Term.String() != "2028-06-30" || wu.AlternateFor != complaints.AnyMember || !li.Term.IsZero() {
		t.Errorf("a member of the committee: %+v", wu)
	}
	if v, err = db.ReplaceRegister(ctx, append(people[:1:1], people[2]), "admin@firm.example", noon); err != nil || v != 2 {
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

// A key that signs no more verifies until its last address has expired; one
// that was revoked verifies nothing from then on.
func TestTokenKeysEnd(t *testing.T) {
	db, ctx := open(t), t.Context()
	_, err := db.TokenKeys(ctx)
	must(t, err)
	now := time.Now()
	must(t, db.Tx(ctx, func(tx *Tx) error { // made, and followed by another, long ago
		_, err := tx.tx.ExecContext(ctx, `update secrets set made_at = $1`, now.Add(-2*complaints.TokenLife))
		return err
	}))
	must(t, db.AddTokenKey(ctx, "admin", now.Add(-complaints.TokenLife-time.Hour)))
	must(t, db.AddTokenKey(ctx, "admin", now.Add(-time.Hour)))
	keys, err := db.TokenKeys(ctx)
	must(t, err)
	list, err := db.TokenKeyList(ctx)
	must(t, err)
	if len(keys) != 2 || len(list) != 3 || !list[0].Until.IsZero() || !list[2].Until.Before(now) || !list[1].Until.After(now) {
		t.Fatalf("%d keys, %+v", len(keys), list)
	}
	old, _ := complaints.ParseToken(complaints.Keyring{keys[1]}.Sign("T2026-0001", complaints.ForStaff, "li@firm.example", now))
	version, err := db.DeskVersion(ctx)
	must(t, err)
	must(t, db.RevokeTokenKey(ctx, 3, "admin", "it was in a backup that was lost", now))
	if keys, err = db.TokenKeys(ctx); err != nil || len(keys) != 2 || !keys.Verify(old, "li@firm.example", now) {
		t.Errorf("the signing key revoked: %d keys, %v", len(keys), err)
	}
	must(t, db.RevokeTokenKey(ctx, 2, "admin", "known to a former employee", now))
	if keys, err = db.TokenKeys(ctx); err != nil || len(keys) != 1 || keys.Verify(old, "li@firm.example", now) {
		t.Errorf("the old key revoked: %d keys, %v", len(keys), err)
	}
	if v, err := db.DeskVersion(ctx); err != nil || v <= version {
		t.Error("daemons do not hear of it")
	}
	if err := db.RevokeTokenKey(ctx, 2, "admin", "again", now); !NotFound(err) {
		t.Errorf("revoked twice: %v", err)
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
	none, err := db.Calendar(ctx, "de")
	if err != nil || none.Status(2026) != complaints.Missing || !none.Working(spring) {
		t.Errorf("a calendar of weekends only: %v", err)
	}
	if v, err := db.DeskVersion(ctx); err != nil || v != 1 {
		t.Errorf("desk at %d, %v", v, err)
	}
}

// England and Wales, as the program comes with it and as it is loaded. From
// Thursday 2 April 2026: Good Friday and Easter Monday are off, so 7, 8, 9, 10,
// 13, 14, 15 April. From 23 December: 24, 29, 30, 31, then a year without table.
func TestEnglishCalendar(t *testing.T) {
	db, ctx := open(t), t.Context()
	body, err := os.ReadFile("calendar/en_gb_bank_holidays_2026.json")
	must(t, err)
	_, err = db.ImportCalendar(ctx, "en-gb-office", body, "admin@firm.example", noon)
	must(t, err)
	for _, name := range []string{"en-gb", "en-gb-office"} {
		c, err := db.Calendar(ctx, name)
		must(t, err)
		easter := c.WorkingDays(complaints.Date{Year: 2026, Month: 4, Day: 2}, 7, nil)
		if easter.Due.String() != "2026-04-15" || easter.Provisional || !strings.Contains(easter.Explain("en"), "public holiday (Good Friday)") {
			t.Errorf("%s: Easter: %s, %s", name, easter.Due, easter.Explain("en"))
		}
		year := c.WorkingDays(complaints.Date{Year: 2026, Month: 12, Day: 23}, 7, nil)
		if year.Due.String() != "2027-01-05" || !year.Provisional {
			t.Errorf("%s: over the year: %s %v", name, year.Due, year.Provisional)
		}
	}
}

// A table that came by mail waits in the desk's log until a second person
// approves it; then the limits are to be counted anew, once.
func TestTableWaitsForApproval(t *testing.T) {
	db, ctx := open(t), t.Context()
	body := []byte(`{"years":{"2027":{"status":"official","off":[["2027-01-01","元旦"],["2027-01-04","元旦"]],"work":[]}}}`)
	table := &complaints.Table{Jurisdiction: "cn", Years: []int{2027}, Body: body, Hash: strings.Repeat("ab", 32), Source: "https://www.gov.example", Document: "9号", By: "qian@firm.example"}
	record := func(n int, o complaints.Outcome) {
		t.Helper()
		must(t, db.Tx(ctx, func(tx *Tx) error {
			m, raw := letterFrom("qian@firm.example", fmt.Sprintf("t%d@mail.example", n), fmt.Sprint("表", n))
			if _, err := tx.AddMessage(ctx, m, raw, Arrival{"INBOX", 1, uint32(n)}, noon); err != nil {
				return err
			}
			return tx.Record(ctx, nil, m, o, nil)
		}))
	}
	waiting := func() (list []complaints.Table) {
		must(t, db.Tx(ctx, func(tx *Tx) (err error) { list, err = tx.Tables(ctx); return err }))
		return list
	}
	record(1, complaints.Outcome{Proposed: table})
	list := waiting()
	if len(list) != 1 || list[0].Hash != table.Hash || list[0].Document != "9号" {
		t.Fatalf("waiting: %+v", list)
	}
	if c, err := db.Calendar(ctx, "cn"); err != nil || c.Status(2027) != complaints.Provisional {
		t.Errorf("in force before approval: %v", err)
	}
	if n, err := db.Uncounted(ctx); err != nil || n != 0 {
		t.Errorf("to be counted: %d %v", n, err)
	}
	list[0].Approver = "zhao@firm.example"
	record(2, complaints.Outcome{Loaded: &list[0]})
	if c, err := db.Calendar(ctx, "cn"); err != nil || c.Status(2027) != complaints.Official || c.Working(complaints.Date{Year: 2027, Month: 1, Day: 4}) {
		t.Errorf("after approval: %v", err)
	}
	if len(waiting()) != 0 {
		t.Error("it still waits")
	}
	n, err := db.Uncounted(ctx)
	if err != nil || n != 2 {
		t.Fatalf("to be counted: %d %v", n, err)
	}
	mail := complaints.Mail{Key: "calendar/2/zhao", To: complaints.Address{Addr: "zhao@firm.example"}, Template: "calendar_changed", Staff: true}
	must(t, db.Counted(ctx, n, []complaints.Mail{mail}, noon))
	must(t, db.Send(ctx, []complaints.Mail{mail}, noon)) // the key is there: nothing more
	if n, err := db.Uncounted(ctx); err != nil || n != 0 {
		t.Errorf("to be counted again: %d %v", n, err)
	}
	if c, err := db.Counts(ctx); err != nil || c.Pending != 1 {
		t.Errorf("%d mails: %v", c.Pending, err)
	}
	if _, err := db.VerifyChain(ctx, "desk"); err != nil {
		t.Error(err)
	}
}
