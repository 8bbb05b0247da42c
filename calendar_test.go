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

// An independent count: walk the days of three years with plain maps.
func TestEveryStartDate(t *testing.T) {
	c := cnCalendar(t)
	works := func(d time.Time) bool {
		k := DateOf(d)
		for _, y := range []int{2024, 2025, 2026} {
			if _, off := c.Years[y].Off[k]; off {
				return false
			}
			if _, on := c.Years[y].Work[k]; on {
				return true
			}
		}
		return d.Weekday() != time.Saturday && d.Weekday() != time.Sunday
	}
	for d := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC); d.Before(time.Date(2026, 12, 15, 0, 0, 0, 0, time.UTC)); d = d.AddDate(0, 0, 1) {
		e, n := d, 0
		for n < 7 {
			e = e.AddDate(0, 0, 1)
			if works(e) {
				n++
			}
		}
		if got := c.WorkingDays(DateOf(d), 7, nil).Due; got != DateOf(e) {
			t.Fatalf("%s: %s, want %s", DateOf(d), got, DateOf(e))
		}
	}
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
