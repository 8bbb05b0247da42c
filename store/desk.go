package store

import (
	"cmp"
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"

	"complaints"
)

// deskEvent adds an event to the stream of the desk: what belongs to no case
// and has a history all the same.
func (tx *Tx) deskEvent(ctx context.Context, by, kind string, fact any, at time.Time) error {
	body, err := json.Marshal(fact)
	if err != nil {
		return fmt.Errorf("%s: %w", kind, err)
	}
	// The desk has no row to lock; two writers take turns here.
	if _, err := tx.tx.ExecContext(ctx, `select pg_advisory_xact_lock(hashtextextended('complaintsd desk', 0))`); err != nil {
		return err
	}
	seq, prev, err := tx.head(ctx, desk)
	if err != nil {
		return err
	}
	e := &entry{stream: desk, seq: seq + 1, at: micro(at), by: clean(by), kind: kind, body: cleanJSON(body)}
	e.link(prev)
	return tx.add(ctx, e)
}

// DeskVersion is the number of the last event of the desk. It is cheap to ask:
// a daemon reads register and calendar again when it has grown.
func (db *DB) DeskVersion(ctx context.Context) (version int64, err error) {
	err = db.read(ctx, func(tx *Tx) error {
		seq, _, err := tx.head(ctx, desk)
		version = int64(seq)
		return err
	})
	return version, err
}

// ReplaceRegister makes people the staff register; a later row for the same
// address wins. The former register stays in the desk's log. If nothing would
// change nothing is written. It gives the desk's version.
func (db *DB) ReplaceRegister(ctx context.Context, people []complaints.Person, by string, at time.Time) (version int64, err error) {
	rows := map[string]complaints.Person{}
	for _, p := range people {
		p = complaints.Person{
			Address: strings.ToLower(strings.TrimSpace(clean(p.Address))), Name: clean(p.Name), Department: clean(p.Department),
			Roles: p.Roles, Manager: strings.ToLower(strings.TrimSpace(clean(p.Manager))), Active: p.Active, Licence: clean(p.Licence),
			Capacity: clean(p.Capacity), Term: p.Term, AlternateFor: strings.ToLower(strings.TrimSpace(clean(p.AlternateFor))),
		}
		if p.Address == "" {
			return 0, fmt.Errorf("staff register: %q has no address", p.Name)
		}
		rows[p.Address] = p
	}
	list := make([]complaints.Person, 0, len(rows))
	for _, p := range rows {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b complaints.Person) int { return cmp.Compare(a.Address, b.Address) })
	err = db.Tx(ctx, func(tx *Tx) error {
		if _, err := tx.tx.ExecContext(ctx, `lock table staff in share row exclusive mode`); err != nil {
			return err
		}
		before, err := tx.staff(ctx)
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(normal(before), normal(list)) {
			if err := tx.writeStaff(ctx, list); err != nil {
				return err
			}
			if err := tx.deskEvent(ctx, by, "register_replaced", list, at); err != nil {
				return err
			}
		}
		seq, _, err := tx.head(ctx, desk)
		version = int64(seq)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("replace staff register: %w", err)
	}
	return version, nil
}

// normal makes registers comparable: no role is nil, whatever it came from.
func normal(people []complaints.Person) []complaints.Person {
	out := slices.Clone(people)
	for i := range out {
		if len(out[i].Roles) == 0 {
			out[i].Roles = nil
		}
	}
	return out
}

func (tx *Tx) writeStaff(ctx context.Context, list []complaints.Person) error {
	var address, name, department, roles, manager, licence, capacity, term, alternate []string
	var active []bool
	for _, p := range list {
		words := make([]string, len(p.Roles))
		for i, r := range p.Roles {
			words[i] = string(r)
		}
		address, name, department = append(address, p.Address), append(name, p.Name), append(department, p.Department)
		roles, manager, licence = append(roles, strings.Join(words, "+")), append(manager, p.Manager), append(licence, p.Licence)
		active = append(active, p.Active)
		capacity, term, alternate = append(capacity, p.Capacity), append(term, p.Term.String()), append(alternate, p.AlternateFor)
	}
	if _, err := tx.tx.ExecContext(ctx, `delete from staff`); err != nil {
		return err
	}
	_, err := tx.tx.ExecContext(ctx, `
		insert into staff (address, name, department, roles, manager, active, licence, capacity, term, alternate_for)
		select x.address, x.name, x.department, x.roles, x.manager, x.active, x.licence, x.capacity, nullif(x.term, '')::date, x.alternate_for
		from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bool[], $7::text[], $8::text[], $9::text[], $10::text[])
			as x(address, name, department, roles, manager, active, licence, capacity, term, alternate_for)`,
		pq.Array(address), pq.Array(name), pq.Array(department), pq.Array(roles), pq.Array(manager), pq.Array(active), pq.Array(licence),
		pq.Array(capacity), pq.Array(term), pq.Array(alternate))
	return err
}

func (tx *Tx) staff(ctx context.Context) (list []complaints.Person, err error) {
	rows, err := tx.tx.QueryContext(ctx, `
		select address, name, department, roles, manager, active, licence, capacity, coalesce(to_char(term, 'YYYY-MM-DD'), ''), alternate_for
		from staff order by address collate "C"`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var p complaints.Person
		var roles, term string
		if err := rows.Scan(&p.Address, &p.Name, &p.Department, &roles, &p.Manager, &p.Active, &p.Licence, &p.Capacity, &term, &p.AlternateFor); err != nil {
			return nil, err
		}
		p.Term, _ = complaints.ParseDate(term)
		if p.Roles, err = complaints.ParseRoles(roles); err != nil {
			return nil, fmt.Errorf("%s: %w", p.Address, err)
		}
		list = append(list, p)
	}
	return list, rows.Err()
}

// Register reads the staff register and the desk's version it belongs to.
func (db *DB) Register(ctx context.Context) (r *complaints.Register, version int64, err error) {
	err = db.read(ctx, func(tx *Tx) error {
		// The version first: a change in between is then read again, not missed.
		seq, _, err := tx.head(ctx, desk)
		if err != nil {
			return err
		}
		version = int64(seq)
		list, err := tx.staff(ctx)
		r = complaints.NewRegister(list)
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("read staff register: %w", err)
	}
	return r, version, nil
}

// calendars are the tables that the program comes with: mainland China, where
// each year names the notice of the State Council's office that fixes it or
// says that it is a projection, and England and Wales.
//
//go:embed calendar/*.json
var calendars embed.FS

// builtIn names the files of these tables by jurisdiction.
func builtIn(jurisdiction string) string {
	switch jurisdiction {
	case "cn":
		return "calendar/cn_workdays.json"
	case "en-gb":
		return "calendar/en_gb_bank_holidays_2026.json"
	}
	return ""
}

// table is the JSON form of a calendar, by year.
type table struct {
	Years map[int]json.RawMessage `json:"years"`
}

// Calendar reads the working days of a jurisdiction (cn, en-gb …): the years
// that were imported, and for cn and en-gb those that the program comes with
// beside them. A jurisdiction that nobody knows has weekends only.
func (db *DB) Calendar(ctx context.Context, jurisdiction string) (c *complaints.Calendar, err error) {
	t := table{Years: map[int]json.RawMessage{}}
	if file := builtIn(jurisdiction); file != "" {
		body, err := calendars.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(body, &t)
		}
		if err != nil {
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
		return tx.loadYears(ctx, jurisdiction, parsed, t, map[string]any{"jurisdiction": jurisdiction, "years": t.Years}, by, at)
	})
	if err != nil {
		return nil, fmt.Errorf("import calendar %s: %w", jurisdiction, err)
	}
	return years, nil
}

// loadYears puts tables in force; fact is what the desk's log says of it.
func (tx *Tx) loadYears(ctx context.Context, jurisdiction string, parsed *complaints.Calendar, t table, fact any, by string, at time.Time) error {
	for y, body := range t.Years {
		_, err := tx.tx.ExecContext(ctx, `
			insert into calendars (jurisdiction, year, status, body) values ($1, $2, $3, $4)
			on conflict (jurisdiction, year) do update set status = excluded.status, body = excluded.body`,
			clean(jurisdiction), y, string(parsed.Years[y].Status), string(cleanJSON(body)))
		if err != nil {
			return err
		}
	}
	return tx.deskEvent(ctx, by, "calendar_imported", fact, at)
}

// tables records what an outcome does to the working days: a table that was
// put forward waits in the desk's log, one that was approved takes effect.
func (tx *Tx) tables(ctx context.Context, o complaints.Outcome, at time.Time) error {
	if p := o.Proposed; p != nil {
		if err := tx.deskEvent(ctx, p.By, "calendar_proposed", p, at); err != nil {
			return err
		}
	}
	p := o.Loaded
	if p == nil {
		return nil
	}
	parsed, err := complaints.ParseCalendar(p.Jurisdiction, p.Body)
	if err != nil {
		return err
	}
	var t table
	if err := json.Unmarshal(p.Body, &t); err != nil {
		return fmt.Errorf("calendar: %w", err)
	}
	return tx.loadYears(ctx, p.Jurisdiction, parsed, t, p, p.Approver, at)
}

// Tables lists the tables of working days that were put forward and not yet
// approved, the newest first.
func (tx *Tx) Tables(ctx context.Context) (list []complaints.Table, err error) {
	rows, err := tx.tx.QueryContext(ctx, `
		select p.body from events e join payloads p using (stream, seq)
		where stream = $1 and e.kind = 'calendar_proposed' and p.body is not null and not exists (
			select from events l join payloads x using (stream, seq)
			where stream = $1 and l.kind = 'calendar_imported' and l.seq > e.seq and x.body ->> 'hash' = p.body ->> 'hash')
		order by seq desc limit 20`, desk)
	if err != nil {
		return nil, fmt.Errorf("tables that wait: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var body []byte
		var t complaints.Table
		if err := rows.Scan(&body); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(body, &t); err != nil {
			return nil, fmt.Errorf("tables that wait: %w", err)
		}
		list = append(list, t)
	}
	return list, rows.Err()
}

// Uncounted gives the event of the newest table of working days by which the
// running limits have not been counted yet; 0 if there is none.
func (db *DB) Uncounted(ctx context.Context) (event int64, err error) {
	err = db.read(ctx, func(tx *Tx) error {
		return tx.tx.QueryRowContext(ctx, `
			select coalesce(max(e.seq), 0) from events e where e.stream = $1 and e.kind = 'calendar_imported' and e.seq > (
				select coalesce(max((p.body ->> 'table')::bigint), 0) from events d join payloads p using (stream, seq)
				where stream = $1 and d.kind = 'calendar_counted')`, desk).Scan(&event)
	})
	if err != nil {
		return 0, fmt.Errorf("tables not counted: %w", err)
	}
	return event, nil
}

// Counted says that every running limit has been counted by a table, and sends
// the mails that tell of it.
func (db *DB) Counted(ctx context.Context, event int64, mails []complaints.Mail, at time.Time) error {
	return db.Tx(ctx, func(tx *Tx) error {
		tx.at = micro(at)
		if err := tx.deskEvent(ctx, complaints.TheDesk, "calendar_counted", map[string]int64{"table": event}, at); err != nil {
			return err
		}
		return tx.send(ctx, nil, nil, mails)
	})
}

// RecordVerdict puts what was found out about the mail system in force, with
// the mails that tell of it.
func (db *DB) RecordVerdict(ctx context.Context, v *complaints.Verdict, by string, mails []complaints.Mail, at time.Time) error {
	return db.Tx(ctx, func(tx *Tx) error {
		tx.at = micro(at)
		if err := tx.deskEvent(ctx, by, "mail_judged", v, at); err != nil {
			return err
		}
		return tx.send(ctx, nil, nil, mails)
	})
}

// Verdict reads what was last found out about the mail system; nil if nobody
// has asked.
func (db *DB) Verdict(ctx context.Context) (v *complaints.Verdict, err error) {
	err = db.read(ctx, func(tx *Tx) error {
		var body []byte
		err := tx.tx.QueryRowContext(ctx, `
			select p.body from events e join payloads p using (stream, seq)
			where stream = $1 and e.kind = 'mail_judged' and p.body is not null order by seq desc limit 1`, desk).Scan(&body)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		v = &complaints.Verdict{}
		return json.Unmarshal(body, v)
	})
	if err != nil {
		return nil, fmt.Errorf("read the verdict on the mail system: %w", err)
	}
	return v, nil
}

// Send puts mails of the desk itself into the outbox; what is there under its
// key already is not said again.
func (db *DB) Send(ctx context.Context, mails []complaints.Mail, at time.Time) error {
	if len(mails) == 0 {
		return nil
	}
	return db.Tx(ctx, func(tx *Tx) error {
		tx.at = micro(at)
		return tx.send(ctx, nil, nil, mails)
	})
}
