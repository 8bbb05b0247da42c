package complaints

import (
	"fmt"
	"strings"
	"time"
)

// Deadline is a day by whose end (24:00, 民法典 203 ¶2) something is due, and
// how it was counted.
type Deadline struct {
	Start       Date   `json:"start"` // not counted (民法典 201 ¶1)
	Limit       int    `json:"limit"` // days
	Working     bool   `json:"working"`
	Due         Date   `json:"due"`
	Provisional bool   `json:"provisional,omitempty"` // a year without an official table is touched
	Steps       []Step `json:"steps,omitempty"`
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
			reason := c.Name(day)
			if reason == "" {
				reason = "weekend"
			}
			d.add(Step{From: day, To: day, Reason: reason})
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

// Explain tells the arithmetic in one sentence: 11月24日登记，不计；第1日
// 11月25日 … ；第7日 12月3日。
func (d Deadline) Explain(lang string) string {
	var parts []string
	for _, s := range d.Steps {
		parts = append(parts, s.explain(lang))
	}
	if lang == "en" {
		return strings.Join(parts, "; ") + "."
	}
	return strings.Join(parts, "；") + "。"
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
