package complaints

import (
	"encoding/json"
	"fmt"
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
	for _, y := range []int{d.Year + 1, d.Year} {
		t, ok := c.Years[y]
		if !ok {
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
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
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
