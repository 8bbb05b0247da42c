package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lib/pq"

	"complaints"
)

// FindMeeting locks the meeting that a message is about: by the token in its
// recipient address, by the UID that a calendar program answers, or by what it
// replies to. It is nil if there is none; what the sender may do with it is
// for the policy to say.
func (tx *Tx) FindMeeting(ctx context.Context, k complaints.CaseKeys, m *complaints.Message) (*complaints.Meeting, error) {
	ref := ""
	if k.Token != nil {
		ref = k.Token.Ref
	}
	if m.RSVP != nil && !strings.HasPrefix(ref, "M") {
		ref, _, _ = strings.Cut(strings.ToUpper(m.RSVP.UID), "@")
	}
	ids := []string{}
	for _, id := range k.MessageIDs {
		ids = append(ids, clean(id))
	}
	if !strings.HasPrefix(ref, "M") && len(ids) == 0 {
		return nil, nil
	}
	return tx.meeting(ctx, `
		select head, body from meetings
		where ref = $1 or $1 not like 'M%' and ref = (select mail ->> 'meeting' from outbox where message_id = any($2::text[]) and mail ->> 'meeting' <> '' limit 1)
		for update`, clean(ref), pq.Array(ids))
}

// meeting reads a row and remembers the end of its chain; nil if there is none.
func (tx *Tx) meeting(ctx context.Context, query string, args ...any) (*complaints.Meeting, error) {
	var head, body []byte
	err := tx.tx.QueryRowContext(ctx, query, args...).Scan(&head, &body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	m := &complaints.Meeting{}
	if err == nil {
		err = json.Unmarshal(body, m)
	}
	if err != nil {
		return nil, fmt.Errorf("find meeting: %w", err)
	}
	tx.heads[m.Ref] = head
	return m, nil
}

// Meeting reads a meeting as it stands. ErrNotFound if there is none.
func (db *DB) Meeting(ctx context.Context, ref string) (m *complaints.Meeting, err error) {
	err = db.read(ctx, func(tx *Tx) error {
		m, err = tx.meeting(ctx, `select head, body from meetings where ref = $1`, clean(ref))
		if err == nil && m == nil {
			err = ErrNotFound
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("meeting %.40s: %w", ref, err)
	}
	return m, nil
}

// recordMeeting writes what happened to a meeting and gives its reference; a
// new one gets its number.
func (tx *Tx) recordMeeting(ctx context.Context, part *complaints.MeetingPart, m *complaints.Message) (ref string, err error) {
	meeting := part.Meeting
	before := meeting.Seq
	taken, err := tx.numbers(ctx, part.Events)
	if err != nil {
		return "", err
	}
	for i := range part.Events {
		e := &part.Events[i]
		e.Seq, e.At, e.By = meeting.Seq+1, micro(e.At), clean(e.By)
		if e.Message == 0 && m != nil {
			e.Message = m.ID
		}
		if err := e.Number(taken); err != nil {
			return "", err
		}
		if err := meeting.Apply(*e); err != nil {
			return "", err
		}
		kind, body, err := complaints.EncodeFact(e.Fact)
		if err != nil {
			return "", fmt.Errorf("event %d: %w", e.Seq, err)
		}
		en := &entry{stream: meeting.Ref, seq: e.Seq, at: e.At, by: e.By, kind: kind, message: e.Message, body: cleanJSON(body)}
		en.link(tx.heads[meeting.Ref])
		tx.heads[meeting.Ref] = en.digest
		if err := tx.add(ctx, en); err != nil {
			return "", err
		}
	}
	body, err := json.Marshal(meeting)
	if err != nil {
		return "", err
	}
	done, err := tx.tx.ExecContext(ctx, `
		insert into meetings as old (ref, seq, head, starts, body) values ($1, $2, $4, $5, $6)
		on conflict (ref) do update set seq = excluded.seq, head = excluded.head, starts = excluded.starts, body = excluded.body where old.seq = $3`,
		meeting.Ref, meeting.Seq, before, tx.heads[meeting.Ref], micro(meeting.From), string(cleanJSON(body)))
	if err != nil {
		return "", fmt.Errorf("meeting %s: %w", meeting.Ref, err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return "", errors.Join(ErrConflict, err)
	}
	for _, e := range part.Events {
		f, ok := e.Fact.(*complaints.MinutesIssued)
		if !ok {
			continue
		}
		_, err := tx.tx.ExecContext(ctx, `
			insert into letters (series, year, number, meeting, no, kind, issued_at, draft_hash) values ($1, $2, $3, $4, 1, $5, $6, $7)`,
			clean(f.Number.Kind), f.Number.Year, f.Number.N, meeting.Ref, string(complaints.MinutesLetter), e.At, meeting.Minutes.Hash)
		if err != nil {
			return "", fmt.Errorf("minutes %s: %w", meeting.Ref, err)
		}
	}
	return meeting.Ref, nil
}

// SealMinutes notes the hash of the issued PDF (SHA-256, hex) of a meeting's
// minutes; one that is noted stays.
func (db *DB) SealMinutes(ctx context.Context, ref string, sum []byte) error {
	return db.Tx(ctx, func(tx *Tx) error {
		_, err := tx.tx.ExecContext(ctx, `update letters set pdf_sha256 = $2 where meeting = $1 and pdf_sha256 is null`, clean(ref), sum)
		if err != nil {
			return fmt.Errorf("minutes of %.40s: %w", ref, err)
		}
		return nil
	})
}

// Committee gathers what is known of the committee's meetings. Cases that are
// before it, graded major, or overdue for long are on the agenda of the next.
func (tx *Tx) Committee(ctx context.Context, p *complaints.Policy, at time.Time) (*complaints.Committee, error) {
	k, loc := &complaints.Committee{}, p.Location
	today := complaints.DateOf(at.In(loc))
	standing := p.Standing(today)
	rows, err := tx.tx.QueryContext(ctx, `
		select body from meetings where body -> 'cancelled' is null order by starts desc limit 50`)
	if err != nil {
		return nil, fmt.Errorf("meetings: %w", err)
	}
	err = each(rows, func() error {
		var body []byte
		m := &complaints.Meeting{}
		if err := rows.Scan(&body); err != nil {
			return err
		}
		if err := json.Unmarshal(body, m); err != nil {
			return err
		}
		switch day := complaints.DateOf(m.From.In(loc)); {
		case m.Minutes == nil:
			k.Pending = append(k.Pending, m)
		case !m.Special && k.Held.Before(day):
			k.Held = day
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("meetings: %w", err)
	}
	var first sql.NullTime
	if err := tx.tx.QueryRowContext(ctx, `select min(registered_at) from cases`).Scan(&first); err != nil {
		return nil, fmt.Errorf("first case: %w", err)
	}
	if first.Valid {
		k.Since = complaints.DateOf(first.Time.In(loc))
	}
	if k.Asked, k.Missed, err = tx.meetingsDue(ctx); err != nil {
		return nil, err
	}
	rows, err = tx.tx.QueryContext(ctx, `
		select ref from cases where open and (state in ('COMMITTEE_PRE', 'APPEAL_LODGED', 'APPEAL_REVIEW') or body ->> 'severity' in ('major', 'critical')
			or due < nullif($1, '')::date and state in ('REGISTERED', 'TRIAGE', 'INVESTIGATING', 'REPORT_REVIEW'))
		order by state in ('COMMITTEE_PRE', 'APPEAL_LODGED', 'APPEAL_REVIEW') desc, ref limit 50`, standing.String())
	if err != nil {
		return nil, fmt.Errorf("docket: %w", err)
	}
	err = each(rows, func() error {
		var ref string
		err := rows.Scan(&ref)
		k.Docket = append(k.Docket, ref)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("docket: %w", err)
	}
	k.Figures.Since = k.Held
	if k.Held.IsZero() {
		k.Figures.Since = k.Since
	}
	return k, tx.figures(ctx, &k.Figures, today, loc)
}

// meetingsDue reads from the desk's log by when meetings were asked for, and
// which were missed.
func (tx *Tx) meetingsDue(ctx context.Context) (asked, missed []complaints.MeetingDue, err error) {
	rows, err := tx.tx.QueryContext(ctx, `
		select e.kind, p.body from events e join payloads p using (stream, seq)
		where stream = $1 and e.kind in ('meeting_due', 'meeting_missed') and p.body is not null order by seq desc limit 20`, desk)
	if err != nil {
		return nil, nil, fmt.Errorf("meetings due: %w", err)
	}
	err = each(rows, func() error {
		var kind string
		var body []byte
		var x complaints.MeetingDue
		if err := rows.Scan(&kind, &body); err != nil {
			return err
		}
		if err := json.Unmarshal(body, &x); err != nil {
			return err
		}
		if kind == "meeting_due" {
			asked = append(asked, x)
		} else {
			missed = append(missed, x)
		}
		return nil
	})
	return asked, missed, err
}

// figures counts what has happened since a day.
func (tx *Tx) figures(ctx context.Context, f *complaints.Figures, today complaints.Date, loc *time.Location) error {
	since := f.Since.Midnight(loc)
	err := tx.tx.QueryRowContext(ctx, `
		with c as (select *, body -> 'appeal' as appeal from cases where open or registered_at >= $1 or closed_at >= $1)
		select count(*) filter (where registered_at >= $1), count(*) filter (where closed_at >= $1), count(*) filter (where open),
			count(*) filter (where open and due < $2::date and state in ('REGISTERED', 'TRIAGE', 'INVESTIGATING', 'REPORT_REVIEW')),
			count(*) filter (where (appeal ->> 'at')::timestamptz >= $1),
			count(*) filter (where (appeal ->> 'at')::timestamptz >= $1 and appeal ->> 'ruling' in ('vary', 'quash', 'remit')),
			coalesce(sum((select count(*) from jsonb_path_query(body, '$.allegations[*].finding') x where x #>> '{}' <> '')) filter (where closed_at >= $1), 0),
			coalesce(sum((select count(*) from jsonb_path_query(body, '$.allegations[*].finding') x where x #>> '{}' in ('upheld', 'partly'))) filter (where closed_at >= $1), 0),
			(select count(*) from events where kind = 'breached' and at >= $1),
			count(*) filter (where registered_at >= $1 and body ? 'support'), count(*) filter (where registered_at >= $1 and body @> '{"support": {"cause": true}}')
		from c`, since, today.String()).
		Scan(&f.Received, &f.Closed, &f.Open, &f.Overdue, &f.Appeals, &f.Changed, &f.Found, &f.Upheld, &f.Breaches, &f.Vulnerable, &f.Unheeded)
	if err != nil {
		return fmt.Errorf("figures: %w", err)
	}
	rows, err := tx.tx.QueryContext(ctx, `
		select coalesce(nullif(body ->> 'category', ''), '-'), count(*) from cases where registered_at >= $1 group by 1 order by 2 desc, 1 limit 10`, since)
	if err != nil {
		return fmt.Errorf("figures: %w", err)
	}
	return each(rows, func() error {
		var c complaints.Category
		err := rows.Scan(&c.Code, &c.N)
		f.Categories = append(f.Categories, c)
		return err
	})
}

// each calls f for each row, and closes them.
func each(rows *sql.Rows, f func() error) error {
	defer rows.Close()
	for rows.Next() {
		if err := f(); err != nil {
			return err
		}
	}
	return rows.Err()
}

// CommitteeDay records what a day brings to the committee, in one transaction.
func (db *DB) CommitteeDay(ctx context.Context, p *complaints.Policy, at time.Time) error {
	return db.Tx(ctx, func(tx *Tx) error {
		k, err := tx.Committee(ctx, p, at)
		if err != nil {
			return err
		}
		mails, asked, missed := p.CommitteeDay(k, at)
		tx.at = micro(at)
		if asked != nil {
			if err := tx.deskEvent(ctx, complaints.TheDesk, "meeting_due", asked, at); err != nil {
				return err
			}
		}
		if missed != nil {
			if err := tx.deskEvent(ctx, complaints.TheDesk, "meeting_missed", missed, at); err != nil {
				return err
			}
		}
		return tx.send(ctx, nil, nil, mails)
	})
}
