package complaints

import (
	"strings"
	"testing"
	"time"
)

// The vectors of casework 0.3: registration date → seventh working day.
func TestSevenWorkingDays(t *testing.T) {
	c := cnCalendar(t)
	for _, v := range [][2]string{
		{"2024-02-01", "2024-02-09"}, {"2024-09-12", "2024-09-24"}, {"2024-09-27", "2024-10-12"}, {"2025-01-22", "2025-02-07"},
		{"2025-04-25", "2025-05-08"}, {"2025-09-26", "2025-10-13"}, {"2025-12-29", "2026-01-08"}, {"2026-02-12", "2026-02-28"},
		{"2026-02-13", "2026-03-02"}, {"2026-02-14", "2026-03-03"}, {"2026-04-30", "2026-05-13"}, {"2026-06-18", "2026-06-30"},
		{"2026-09-16", "2026-09-24"}, {"2026-09-24", "2026-10-12"}, {"2026-09-30", "2026-10-15"},
	} {
		start, _ := ParseDate(v[0])
		d := c.WorkingDays(start, 7, nil)
		if d.Due.String() != v[1] || d.Provisional {
			t.Errorf("%s: due %s (provisional %v), want %s", v[0], d.Due, d.Provisional, v[1])
		}
	}
	start, _ := ParseDate("2026-12-23")
	if d := c.WorkingDays(start, 7, nil); !d.Provisional || d.Due.Year != 2027 {
		t.Errorf("2026-12-23: due %s, provisional %v; 2027 has no table", d.Due, d.Provisional)
	}
}

// An independent count, from the notices as the specification has them, for
// every start date from the first day of the tables to the last whose seventh
// working day lies in a year that has one: 15 December and a week further, for
// whatever comes after 2026-12-22 is provisional.
func TestEveryStartDate(t *testing.T) {
	c := cnCalendar(t)
	off, worked := map[string]bool{}, map[string]bool{}
	for _, span := range strings.Fields(`
		2024-01-01+1 2024-02-10+8 2024-04-04+3 2024-05-01+5 2024-06-10+1 2024-09-15+3 2024-10-01+7
		2025-01-01+1 2025-01-28+8 2025-04-04+3 2025-05-01+5 2025-05-31+3 2025-10-01+8
		2026-01-01+3 2026-02-15+9 2026-04-04+3 2026-05-01+5 2026-06-19+3 2026-09-25+3 2026-10-01+7`) {
		day, _ := time.Parse(time.DateOnly, span[:10])
		for range span[11] - '0' {
			off[day.Format(time.DateOnly)] = true
			day = day.AddDate(0, 0, 1)
		}
	}
	for _, day := range strings.Fields(`
		2024-02-04 2024-02-18 2024-04-07 2024-04-28 2024-05-11 2024-09-14 2024-09-29 2024-10-12
		2025-01-26 2025-02-08 2025-04-27 2025-09-28 2025-10-11
		2026-01-04 2026-02-14 2026-02-28 2026-05-09 2026-09-20 2026-10-10`) {
		worked[day] = true
	}
	works := func(d time.Time) bool {
		k := d.Format(time.DateOnly)
		weekend := d.Weekday() == time.Saturday || d.Weekday() == time.Sunday
		return !off[k] && (!weekend || worked[k])
	}
	starts := 0
	for d, last := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 12, 22, 0, 0, 0, 0, time.UTC); !d.After(last); d = d.AddDate(0, 0, 1) {
		e, n := d, 0
		for n < 7 {
			e = e.AddDate(0, 0, 1)
			if works(e) {
				n++
			}
		}
		got := c.WorkingDays(DateOf(d), 7, nil)
		if got.Due != DateOf(e) || c.after(DateOf(d), 7).Due != DateOf(e) || c.back(DateOf(e), 7) != DateOf(d) && works(d) {
			t.Fatalf("%s: %s, want %s", DateOf(d), got.Due, DateOf(e))
		}
		if want := e.Format("01-02") == "12-31" && e.Year() == 2026; got.Provisional != want { // the next notice may move that day
			t.Fatalf("%s: due %s, provisional %v", DateOf(d), got.Due, got.Provisional)
		}
		starts++
	}
	want(t, "start dates", starts, 366+365+356)
	days := map[int]int{}
	for d := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC); d.Year() < 2027; d = d.AddDate(0, 0, 1) {
		if c.Working(DateOf(d)) {
			days[d.Year()]++
		}
	}
	want(t, "working days", days, map[int]int{2024: 251, 2025: 248, 2026: 248})
}

func TestPause(t *testing.T) {
	c := cnCalendar(t)
	day := func(s string) Date { d, _ := ParseDate(s); return d }
	// Registered Tuesday 24 November; paused on Thursday the 26th, resumed on
	// Tuesday 1 December. Counted: 25; 26, 27, 30 are not (paused at their
	// 24:00); 1, 2, 3, 4, 7, 8 December are days 2 to 7.
	running := func(d Date) bool { return d.Before(day("2026-11-26")) || !d.Before(day("2026-12-01")) }
	d := c.WorkingDays(day("2026-11-24"), 7, running)
	want(t, "due", d.Due.String(), "2026-12-08")
	// Pause and resume on one day cost nothing: the clock runs at 24:00.
	want(t, "same day", c.WorkingDays(day("2026-11-24"), 7, func(Date) bool { return true }).Due.String(), "2026-12-03")
	never := c.WorkingDays(day("2026-11-24"), 7, func(Date) bool { return false })
	if !never.Due.IsZero() {
		t.Errorf("a clock that never runs is due %s", never.Due)
	}
}

func TestAppealWindowRollsForward(t *testing.T) {
	c := cnCalendar(t)
	start, _ := ParseDate("2026-09-02") // + 30 = 2 October, a holiday until the 7th
	d := c.CalendarDays(start, 30)
	want(t, "due", d.Due.String(), "2026-10-08")
	if e := d.Explain("zh"); !strings.Contains(e, "顺延至10月8日") {
		t.Error(e)
	}
	if e := d.Explain("en"); !strings.Contains(e, "moves to 8 Oct") {
		t.Error(e)
	}
	start, _ = ParseDate("2026-12-10")
	if d := c.CalendarDays(start, 30); !d.Provisional {
		t.Error("a window that ends in 2027 is provisional")
	}
}

func TestExplain(t *testing.T) {
	c := cnCalendar(t)
	start, _ := ParseDate("2026-09-30")
	d := c.WorkingDays(start, 3, nil)
	want(t, "zh", d.Explain("zh"), "9月30日起算，当日不计；10月1日至10月7日国庆节放假，不计；第1日至第2日 10月8日至10月9日；第3日 10月10日（调休上班）。")
	want(t, "en", d.Explain("en"), "30 Sep is the starting day and is not counted; 1 Oct to 7 Oct public holiday (National Day), not counted; days 1 to 2 are 8 Oct to 9 Oct; day 3 is 10 Oct (a working weekend day).")
	start, _ = ParseDate("2026-11-27")
	want(t, "weekend", c.WorkingDays(start, 1, nil).Explain("zh"), "11月27日起算，当日不计；11月28日至11月29日周末不计；第1日 11月30日。")
	if e := c.WorkingDays(start, 1, func(d Date) bool { return d.Day != 30 }).Explain("en"); !strings.Contains(e, "30 Nov paused") {
		t.Error(e)
	}
}

func TestCalendarTablesAreChecked(t *testing.T) {
	for _, c := range []struct{ in, says string }{
		{`{`, "calendar"},
		{`{"years":{}}`, "no years"},
		{`{"years":{"2027":{"status":"perhaps"}}}`, "official or provisional"},
		{`{"years":{"2027":{"status":"official","off":[["soon"]]}}}`, "no date"},
		{`{"years":{"2027":{"status":"official","off":[[]]}}}`, "empty row"},
		{`{"years":{"2027":{"status":"official","off":[["2025-01-01","x"]]}}}`, "does not belong"},
		{`{"years":{"2027":{"status":"official","work":[["2027-01-04"]]}}}`, "weekday"},
		{`{"years":{"2027":{"status":"official","off":[["2027-01-02","x"]],"work":[["2027-01-02"]]}}}`, "both off and worked"},
	} {
		if _, err := ParseCalendar("cn", []byte(c.in)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", c.in, err, c.says)
		}
	}
	// The notice of a year may move the 31st of December before it.
	c, err := ParseCalendar("cn", []byte(`{"years":{"2026":{"status":"official"},"2027":{"status":"official","off":[["2026-12-31","元旦"]]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	d, _ := ParseDate("2026-12-31")
	if c.Working(d) {
		t.Error("2026-12-31 was made a day off by the notice of 2027")
	}
	want(t, "status", []YearStatus{c.Status(2027), c.Status(2030)}, []YearStatus{Official, Missing})
}

func TestDates(t *testing.T) {
	for _, s := range []string{"2026-11-04", "2026/11/4", "2026.11.4", "2026年11月4日"} {
		d, ok := ParseDate(s)
		if !ok || d.String() != "2026-11-04" {
			t.Errorf("%s: %v", s, d)
		}
	}
	d, _ := ParseDate("2026-11-04")
	want(t, "zh", d.In("zh"), "2026年11月4日")
	want(t, "en", d.In("en"), "4 November 2026")
	want(t, "none", []string{Date{}.In("zh"), Date{}.String()}, []string{"", ""})
	var e Date
	if e.UnmarshalText([]byte("x")) == nil || e.UnmarshalText(nil) != nil || e.UnmarshalText([]byte("2026-11-04")) != nil || e != d {
		t.Error("reading dates as text")
	}
	if _, ok := ParseDate("2026-02-30"); ok {
		t.Error("30 February")
	}
}
