package complaints

import (
	"fmt"
	"time"
)

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
