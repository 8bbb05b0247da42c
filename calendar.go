package complaints

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// YearStatus says how far a year's table of working days can be trusted.
type YearStatus string

// The states of a year's table.
const (
	Official    YearStatus = "official"    // loaded from the notice that fixes it
	Provisional YearStatus = "provisional" // a projection
	Missing     YearStatus = "missing"     // none loaded: weekends only
)

// Year is the table of one year: what differs from Monday to Friday.
type Year struct {
	Status   YearStatus
	Document string // number of the notice, e.g. 国办发明电〔2023〕7号
	Issued   Date
	Source   []string
	Off      map[Date]string // days off, with the holiday's name
	Work     map[Date]string // weekend days that are worked (调休)
}

// Calendar counts working days. Mon–Fri are worked unless listed off; Sat and
// Sun are off unless listed as worked. A Calendar never changes once made.
type Calendar struct {
	Jurisdiction string // cn, en-gb …
	Years        map[int]Year
}

// ParseCalendar reads the JSON form of a table: {"tz", "years": {"2026":
// {"status", "document", "issued", "source": [], "off": [[date, name]],
// "work": [[date, name]]}}}. Every date must lie in a year that is listed or
// in the December before it (a notice may move 31 December).
func ParseCalendar(jurisdiction string, b []byte) (*Calendar, error) {
	var in struct {
		Years map[int]struct {
			Status   YearStatus
			Document string
			Issued   Date
			Source   []string
			Off      [][]string
			Work     [][]string
		}
	}
	if err := json.Unmarshal(b, &in); err != nil {
		return nil, fmt.Errorf("calendar: %w", err)
	}
	if len(in.Years) == 0 {
		return nil, fmt.Errorf("calendar: no years in it")
	}
	c := &Calendar{Jurisdiction: jurisdiction, Years: map[int]Year{}}
	for y, t := range in.Years {
		switch t.Status {
		case Official, Provisional:
		default:
			return nil, fmt.Errorf("calendar %d: status %q: want official or provisional", y, t.Status)
		}
		year := Year{Status: t.Status, Document: t.Document, Issued: t.Issued, Source: t.Source}
		var err error
		if year.Off, err = readDays(y, t.Off); err != nil {
			return nil, err
		}
		if year.Work, err = readDays(y, t.Work); err != nil {
			return nil, err
		}
		for d := range year.Work {
			if _, both := year.Off[d]; both {
				return nil, fmt.Errorf("calendar %d: %s is both off and worked", y, d)
			}
			if wd := d.Weekday(); wd != time.Saturday && wd != time.Sunday {
				return nil, fmt.Errorf("calendar %d: %s is a weekday and needs no entry as worked", y, d)
			}
		}
		c.Years[y] = year
	}
	return c, nil
}

func readDays(year int, rows [][]string) (map[Date]string, error) {
	days := map[Date]string{}
	for _, row := range rows {
		if len(row) == 0 {
			return nil, fmt.Errorf("calendar %d: an empty row", year)
		}
		d, ok := ParseDate(row[0])
		if !ok {
			return nil, fmt.Errorf("calendar %d: %q is no date", year, row[0])
		}
		if d.Year != year && (d.Year != year-1 || d.Month != time.December) {
			return nil, fmt.Errorf("calendar %d: %s does not belong there", year, d)
		}
		if len(row) > 1 {
			days[d] = row[1]
		} else {
			days[d] = ""
		}
	}
	return days, nil
}

// Status says how far the table of a year can be trusted.
func (c *Calendar) Status(year int) YearStatus {
	if y, ok := c.Years[year]; ok {
		return y.Status
	}
	return Missing
}

// Working reports whether d is a working day. A year's notice may move a day
// of the December before, so the following year is asked first.
func (c *Calendar) Working(d Date) bool {
	for y := d.Year + 1; y >= d.Year; y-- {
		t, ok := c.Years[y]
		if !ok || y > d.Year && d.Month != time.December {
			continue
		}
		if _, off := t.Off[d]; off {
			return false
		}
		if _, work := t.Work[d]; work {
			return true
		}
	}
	wd := d.Weekday()
	return wd != time.Saturday && wd != time.Sunday
}

// Name gives the holiday that makes d a day off, or "".
func (c *Calendar) Name(d Date) string {
	for _, y := range []int{d.Year + 1, d.Year} {
		if n, ok := c.Years[y].Off[d]; ok {
			return n
		}
	}
	return ""
}

// NextWorking gives d, or the first working day after it (民法典 203 ¶1).
func (c *Calendar) NextWorking(d Date) Date {
	for !c.Working(d) {
		d = d.Add(1)
	}
	return d
}

// Date is a calendar day without a time zone. The zero Date is no date.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf gives the day of t in t's own location.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// ParseDate reads 2026-11-24, 2026/11/24, 2026.11.24 or 2026年11月24日.
func ParseDate(s string) (Date, bool) {
	for _, f := range []string{"2006-1-2", "2006/1/2", "2006.1.2", "2006年1月2日"} {
		if t, err := time.Parse(f, s); err == nil {
			return DateOf(t), true
		}
	}
	return Date{}, false
}

// IsZero reports whether there is no date.
func (d Date) IsZero() bool { return d == Date{} }

// Midnight is the beginning of the day in a location.
func (d Date) Midnight(loc *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, loc)
}

// Add gives the day n days later.
func (d Date) Add(n int) Date {
	if day := d.Day + n; day >= 1 && day <= 28 {
		return Date{d.Year, d.Month, day}
	}
	return DateOf(time.Date(d.Year, d.Month, d.Day+n, 0, 0, 0, 0, time.UTC))
}

// Before reports whether d is earlier than e.
func (d Date) Before(e Date) bool { return d.number() < e.number() }

func (d Date) number() int { return d.Year*10000 + int(d.Month)*100 + d.Day }

// Weekday gives the day of the week.
func (d Date) Weekday() time.Weekday { return d.Midnight(time.UTC).Weekday() }

// String gives 2026-11-24, or "" for no date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return string(d.append(make([]byte, 0, 10)))
}

func (d Date) append(b []byte) []byte {
	for _, x := range [...]int{d.Year / 100, d.Year % 100, -1, int(d.Month), -1, d.Day} {
		if x < 0 {
			b = append(b, '-')
		} else {
			b = append(b, byte('0'+x/10), byte('0'+x%10))
		}
	}
	return b
}

// In gives the date as a letter writes it: 2026年11月24日, 24 November 2026.
func (d Date) In(lang string) string {
	if d.IsZero() {
		return ""
	}
	if lang == "en" {
		return fmt.Sprintf("%d %s %d", d.Day, d.Month, d.Year)
	}
	return fmt.Sprintf("%d年%d月%d日", d.Year, d.Month, d.Day)
}

// MarshalText gives 2026-11-24.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what ParseDate reads; an empty text is no date.
func (d *Date) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Date{}
		return nil
	}
	v, ok := ParseDate(string(b))
	if !ok {
		return fmt.Errorf("date %q: want YYYY-MM-DD", b)
	}
	*d = v
	return nil
}

// Deadline is a day by whose end (24:00, 民法典 203 ¶2) something is due, and
// how it was counted.
type Deadline struct {
	Start       Date   `json:"start"` // not counted (民法典 201 ¶1)
	Limit       int    `json:"limit"` // days
	Working     bool   `json:"working"`
	Due         Date   `json:"due"`
	Provisional bool   `json:"provisional,omitempty"` // a year without an official table is touched
	Steps       []Step `json:"steps,omitempty"`

	Told    Date `json:"told,omitzero"`    // what the client was told before a new table made the limit earlier
	Counted Date `json:"counted,omitzero"` // the limit by a new table that makes it later: the date that was told stands
}

// Step is one line of the arithmetic: a day that was counted, or a span that
// was not, and why.
type Step struct {
	From   Date   `json:"from"`
	To     Date   `json:"to"`
	Count  int    `json:"count,omitempty"`  // the n of “day n”; 0: not counted
	Reason string `json:"reason,omitempty"` // start, weekend, makeup, paused, rolled, or a holiday's name
}

// At is the moment at which the deadline has passed: 24:00 of the due day.
func (d Deadline) At(loc *time.Location) time.Time { return d.Due.Add(1).Midnight(loc) }

// WorkingDays counts n working days after start. A day is consumed if it lies
// after the start day, is a working day, and running says that the clock is
// running at its 24:00; running may be nil. A clock that never runs again has
// no deadline: the count stops after four years with a zero Due.
func (c *Calendar) WorkingDays(start Date, n int, running func(Date) bool) Deadline {
	d := Deadline{Start: start, Limit: n, Working: true}
	d.add(Step{From: start, To: start, Reason: "start"})
	day, last := start, start.Add(4*366)
	for count := 0; count < n; {
		day = day.Add(1)
		if last.Before(day) {
			return d
		}
		d.Provisional = d.Provisional || c.open(day)
		switch {
		case !c.Working(day):
			d.add(Step{From: day, To: day, Reason: cmp.Or(c.Name(day), "weekend")})
		case running != nil && !running(day):
			d.add(Step{From: day, To: day, Reason: "paused"})
		default:
			count++
			s := Step{From: day, To: day, Count: count}
			if wd := day.Weekday(); wd == time.Saturday || wd == time.Sunday {
				s.Reason = "makeup"
			}
			d.add(s)
		}
	}
	d.Due = day
	return d
}

// after counts n working days after start, without the arithmetic.
func (c *Calendar) after(start Date, n int) Deadline {
	d := Deadline{Start: start, Limit: n, Working: true, Due: start}
	for n > 0 {
		if d.Due = d.Due.Add(1); c.Working(d.Due) {
			n--
		}
		d.Provisional = d.Provisional || c.open(d.Due)
	}
	return d
}

// back gives the day n working days before d.
func (c *Calendar) back(d Date, n int) Date {
	for n > 0 {
		if d = d.Add(-1); c.Working(d) {
			n--
		}
	}
	return d
}

// CalendarDays counts n days after start; a last day that is not worked moves
// to the next working day (民法典 203 ¶1).
func (c *Calendar) CalendarDays(start Date, n int) Deadline {
	d := Deadline{Start: start, Limit: n}
	last := start.Add(n)
	d.add(Step{From: start, To: start, Reason: "start"})
	d.add(Step{From: start.Add(1), To: last, Count: n})
	d.Due = c.NextWorking(last)
	if d.Due != last {
		d.add(Step{From: last.Add(1), To: d.Due, Reason: "rolled"})
	}
	for day := last; !d.Due.Before(day); day = day.Add(1) {
		d.Provisional = d.Provisional || c.open(day)
	}
	return d
}

// open reports whether it may still change if d is worked: its year has no
// official table. (The last days of December stay open until the next year's
// notice; that is said only of days after the 25th.)
func (c *Calendar) open(d Date) bool {
	if c.Status(d.Year) != Official {
		return true
	}
	return d.Month == time.December && d.Day > 30 && c.Status(d.Year+1) != Official
}

// add joins a span to the one before it if both were left out for one reason.
func (d *Deadline) add(s Step) {
	if n := len(d.Steps); n > 0 && s.Count == 0 && d.Steps[n-1].Count == 0 && d.Steps[n-1].Reason == s.Reason && s.Reason != "start" {
		d.Steps[n-1].To = s.To
		return
	}
	d.Steps = append(d.Steps, s)
}

// Explain tells the arithmetic in one sentence: 11月24日起算，当日不计；第1日至
// 第3日 11月25日至11月27日；11月28日至11月29日周末不计 … ；第7日 12月3日。
func (d Deadline) Explain(lang string) string {
	var parts []string
	for i := 0; i < len(d.Steps); i++ {
		s := d.Steps[i]
		// A clock that stands still for months has its days of rest in between.
		for j := i + 1; s.Reason == "paused" && j < len(d.Steps) && d.Steps[j].Count == 0; j++ {
			if d.Steps[j].Reason == "paused" {
				s.To, i = d.Steps[j].To, j
			}
		}
		first, plain := s, func(x Step) bool { return x.Count > 0 && x.Reason == "" }
		for plain(s) && i+2 < len(d.Steps) && plain(d.Steps[i+1]) { // days in a row, all but the last of all
			i++
			s = d.Steps[i]
		}
		if first.Count != s.Count {
			from, to := first.From.short(lang), s.To.short(lang)
			parts = append(parts, pick(lang, fmt.Sprintf("第%d日至第%d日 %s至%s", first.Count, s.Count, from, to), fmt.Sprintf("days %d to %d are %s to %s", first.Count, s.Count, from, to)))
			continue
		}
		parts = append(parts, s.explain(lang))
	}
	if !d.Counted.IsZero() {
		parts = append(parts, pick(lang, "按更新后的工作日表为"+d.Counted.In(lang)+"，仍以已告知的"+d.Due.In(lang)+"为准",
			"the new table of working days gives "+d.Counted.In(lang)+", but "+d.Due.In(lang)+", which you were told, stands"))
	}
	if lang == "en" {
		return strings.Join(parts, "; ") + "."
	}
	return strings.Join(parts, "；") + "。"
}

// Recounted is a running limit counted anew by another table of working days.
type Recounted struct {
	Table int64    `json:"table"` // the event of the desk that loaded it
	Clock string   `json:"clock"`
	Old   Date     `json:"old"` // as the client was told
	New   Date     `json:"new"` // by the table
	Due   Deadline `json:"due"` // the earlier of the two
}

// Kind names the fact in the log.
func (*Recounted) Kind() string { return "recounted" }

func (f *Recounted) apply(c *Case, e *Event) error {
	if f.Clock == "C10" && c.Appeal != nil {
		c.Appeal.Due = f.Due
	} else {
		c.Due = f.Due
	}
	x := *f
	x.Due.Steps = nil
	c.Recounts = append(c.Recounts, x)
	c.note(e, f.Kind(), fmt.Sprintf("%s %s → %s", f.Clock, f.Old, f.New))
	return nil
}

// Recount counts the running limits of a case by the calendar in force. The
// earlier of the old and the new date binds the staff; a client who was told
// the earlier one keeps it. What stands still is counted when it goes on.
func (p *Policy) Recount(c *Case, table int64, at time.Time) Outcome {
	s := &session{p: p, c: c.Clone(), at: at, lang: p.Language, by: TheDesk}
	for _, k := range p.running(c) {
		if k.ID != "C4" && k.ID != "C10" {
			continue
		}
		told := k.Due.Due
		if !k.Due.Told.IsZero() {
			told = k.Due.Told
		}
		d := p.Calendar.WorkingDays(k.Due.Start, k.Due.Limit, ranAt(c.Pauses, p.Location))
		f := &Recounted{Table: table, Clock: k.ID, Old: told, New: d.Due}
		switch {
		case d.Due.Before(told):
			d.Told = told
		case told.Before(d.Due):
			d.Counted, d.Due = d.Due, told
		}
		if d.Due == k.Due.Due && d.Counted == k.Due.Counted && d.Provisional == k.Due.Provisional {
			continue
		}
		f.Due = d
		s.do(f)
	}
	return s.out
}

func (s Step) explain(lang string) string {
	span := s.From.short(lang)
	if s.From != s.To {
		if lang == "en" {
			span += " to " + s.To.short(lang)
		} else {
			span += "至" + s.To.short(lang)
		}
	}
	switch {
	case s.Reason == "start":
		return pick(lang, span+"起算，当日不计", span+" is the starting day and is not counted")
	case s.Count > 0 && s.From != s.To:
		return pick(lang, fmt.Sprintf("%s计%d日", span, s.Count), fmt.Sprintf("%s counts %d days", span, s.Count))
	case s.Reason == "makeup":
		return pick(lang, fmt.Sprintf("第%d日 %s（调休上班）", s.Count, span), fmt.Sprintf("day %d is %s (a working weekend day)", s.Count, span))
	case s.Count > 0:
		return pick(lang, fmt.Sprintf("第%d日 %s", s.Count, span), fmt.Sprintf("day %d is %s", s.Count, span))
	case s.Reason == "weekend":
		return pick(lang, span+"周末不计", span+" weekend, not counted")
	case s.Reason == "paused":
		return pick(lang, span+"中止，不计", span+" paused, not counted")
	case s.Reason == "rolled":
		return pick(lang, "末日非工作日，顺延至"+s.To.short(lang), "the last day is not a working day, so it moves to "+s.To.short(lang))
	default:
		return pick(lang, span+s.Reason+"放假，不计", span+" public holiday ("+holiday(s.Reason)+"), not counted")
	}
}

// holiday gives a Chinese public holiday its English name; other names stay.
func holiday(name string) string {
	en := map[string]string{
		"元旦": "New Year", "春节": "Spring Festival", "清明节": "Qingming", "劳动节": "Labour Day", "端午节": "Dragon Boat Festival",
		"中秋节": "Mid-Autumn Festival", "国庆节": "National Day", "国庆节、中秋节": "National Day and Mid-Autumn Festival",
	}[name]
	if en == "" {
		return name
	}
	return en
}

func (d Date) short(lang string) string {
	if lang == "en" {
		return fmt.Sprintf("%d %s", d.Day, d.Month.String()[:3])
	}
	return fmt.Sprintf("%d月%d日", d.Month, d.Day)
}
