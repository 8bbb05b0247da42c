package store

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"complaints"
)

// bulky is a mail of 20 kB with one attachment, different each time.
func bulky(n int) (*complaints.Message, []byte) {
	content := make([]byte, 12_000)
	rand.Read(content)
	text := fmt.Sprintf("第%d件投诉。%s", n, bytes.Repeat([]byte("贵所律师未按约定时间提交材料，请予核查。"), 40))
	m, raw := letterFrom(fmt.Sprintf("client%d@mail.example", n), fmt.Sprintf("b%d@mail.example", n), text)
	raw = append(raw, base64.StdEncoding.EncodeToString(content)...)
	file := sha256.Sum256(content)
	whole := sha256.Sum256(raw)
	m.SHA256, m.Size = hex.EncodeToString(whole[:]), len(raw)
	m.Attachments = []complaints.Attachment{{Name: "证据.pdf", Type: "application/pdf", Size: len(content), SHA256: hex.EncodeToString(file[:]), Content: content}}
	return m, raw
}

// BenchmarkRecordNewCase takes in one complaint of 20 kB: bytes, attachment,
// case, log and two outgoing mails, committed.
func BenchmarkRecordNewCase(b *testing.B) {
	db := open(b)
	ctx := b.Context()
	n := 0
	for b.Loop() {
		n++
		m, raw := bulky(n)
		err := db.Tx(ctx, func(tx *Tx) error {
			if _, err := tx.AddMessage(ctx, m, raw, Arrival{"INBOX", 1, uint32(n)}, noon); err != nil {
				return err
			}
			c, _, err := tx.LockCase(ctx, complaints.KeysOf(m, "complaints@firm.example"), m, nil, noon)
			if err != nil {
				return err
			}
			if c == nil {
				c = &complaints.Case{}
			}
			return tx.Record(ctx, c, m, opening(m), func(*complaints.Case) time.Time { return noon })
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
}

// BenchmarkPlainInsert puts the same bytes into a table of its own, one row a
// transaction: what the server can do at best.
func BenchmarkPlainInsert(b *testing.B) {
	db := open(b)
	ctx := b.Context()
	if err := db.Tx(ctx, func(tx *Tx) error {
		_, err := tx.tx.ExecContext(ctx, `create table plain (id bigint generated always as identity primary key, raw bytea not null)`)
		return err
	}); err != nil {
		b.Fatal(err)
	}
	n := 0
	for b.Loop() {
		n++
		_, raw := bulky(n)
		if err := db.Tx(ctx, func(tx *Tx) error {
			_, err := tx.tx.ExecContext(ctx, `insert into plain (raw) values ($1)`, raw)
			return err
		}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
}

// BenchmarkClaimToAccepted takes one outgoing mail from claim over freezing to
// its result.
func BenchmarkClaimToAccepted(b *testing.B) {
	db := open(b)
	ctx := b.Context()
	mails(b, db, 20_000)
	raw := make([]byte, 60_000)
	for b.Loop() {
		o, err := db.Claim(ctx, "w", 0)
		must(b, err)
		if o == nil {
			b.Skip("the outbox is empty")
		}
		m := composed(o)
		m.Raw = append(m.Raw, raw...)
		must(b, db.Freeze(ctx, o.ID, o.Epoch, m, nil))
		o, err = db.Claim(ctx, "w", 0)
		must(b, err)
		must(b, db.Mark(ctx, o.ID, o.Epoch, Result{State: Accepted, Code: 250}, nil))
	}
}
