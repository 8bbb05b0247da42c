package store

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"complaints"
)

// defaultCalendar is the table of mainland China that the program comes with:
// each year names the notice of the State Council's office that fixes it, or
// says that it is a projection.
//
//go:embed calendar/cn_workdays.json
var defaultCalendar []byte

// table is the JSON form of a calendar, by year.
type table struct {
	Years map[int]json.RawMessage `json:"years"`
}

// Calendar reads the working days of a jurisdiction (cn, en-gb …): the years
// that were imported, and for cn those that the program comes with beside
// them. A jurisdiction that nobody knows has weekends only.
func (db *DB) Calendar(ctx context.Context, jurisdiction string) (c *complaints.Calendar, err error) {
	t := table{Years: map[int]json.RawMessage{}}
	if jurisdiction == "cn" {
		if err := json.Unmarshal(defaultCalendar, &t); err != nil {
			return nil, fmt.Errorf("built-in calendar: %w", err)
		}
	}
	err = db.read(ctx, func(tx *Tx) error {
		rows, err := tx.tx.QueryContext(ctx, `select year, body from calendars where jurisdiction = $1`, clean(jurisdiction))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var year int
			var body []byte
			if err := rows.Scan(&year, &body); err != nil {
				return err
			}
			t.Years[year] = body
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read calendar %s: %w", jurisdiction, err)
	}
	if len(t.Years) == 0 {
		return &complaints.Calendar{Jurisdiction: jurisdiction, Years: map[int]complaints.Year{}}, nil
	}
	whole, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("calendar %s: %w", jurisdiction, err)
	}
	return complaints.ParseCalendar(jurisdiction, whole)
}

// ImportCalendar takes the years of a table (the JSON form of
// complaints.ParseCalendar) into the calendar of a jurisdiction; years that it
// does not name stay. A projection never replaces an official table: that is a
// Refusal, and then nothing is imported. What was imported stands in the desk's
// log. It gives the years.
func (db *DB) ImportCalendar(ctx context.Context, jurisdiction string, body []byte, by string, at time.Time) (years []int, err error) {
	parsed, err := complaints.ParseCalendar(jurisdiction, body)
	if err != nil {
		return nil, err
	}
	var t table
	if err := json.Unmarshal(body, &t); err != nil {
		return nil, fmt.Errorf("calendar: %w", err)
	}
	before, err := db.Calendar(ctx, jurisdiction)
	if err != nil {
		return nil, err
	}
	for y, year := range parsed.Years {
		if before.Status(y) == complaints.Official && year.Status != complaints.Official {
			return nil, complaints.Refuse("%d年已有正式的工作日安排，不能以预估数据替换。", "%d has an official table already; a projection cannot replace it.", y)
		}
		years = append(years, y)
	}
	slices.Sort(years)
	err = db.Tx(ctx, func(tx *Tx) error {
		for _, y := range years {
			_, err := tx.tx.ExecContext(ctx, `
				insert into calendars (jurisdiction, year, status, body) values ($1, $2, $3, $4)
				on conflict (jurisdiction, year) do update set status = excluded.status, body = excluded.body`,
				clean(jurisdiction), y, string(parsed.Years[y].Status), string(cleanJSON(t.Years[y])))
			if err != nil {
				return err
			}
		}
		return tx.deskEvent(ctx, by, "calendar_imported", map[string]any{"jurisdiction": jurisdiction, "years": t.Years}, at)
	})
	if err != nil {
		return nil, fmt.Errorf("import calendar %s: %w", jurisdiction, err)
	}
	return years, nil
}
