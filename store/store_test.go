package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"complaints"
	"complaints/store/cluster/clustertest"
)

// noon is when these tests begin.
var noon = time.Date(2026, 11, 24, 4, 0, 0, 0, time.UTC)

// url gives the connection string of a fresh database with the schema in it.
func url(t testing.TB) string {
	return clustertest.Filled(t, "store", func(url string) error {
		db, err := Open(context.Background(), url, nil)
		if err != nil {
			return err
		}
		defer db.Close()
		return db.Migrate(context.Background())
	})
}

// open opens a fresh database.
func open(t testing.TB) *DB {
	t.Helper()
	return openURL(t, url(t))
}

func openURL(t testing.TB, url string) *DB {
	t.Helper()
	db, err := Open(t.Context(), url, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// letterFrom is a mail as the parser would give it, with its bytes.
func letterFrom(from, messageID, text string) (*complaints.Message, []byte) {
	raw := fmt.Appendf(nil, "From: %s\r\nMessage-ID: <%s>\r\nSubject: 投诉\r\n\r\n%s\r\n", from, messageID, text)
	sum := sha256.Sum256(raw)
	content := sha256.Sum256([]byte(from + text))
	return &complaints.Message{
		SHA256: hex.EncodeToString(sum[:]), ContentHash: hex.EncodeToString(content[:]), Size: len(raw), Class: complaints.Public,
		From: complaints.Address{Addr: from}, Subject: "投诉", MessageID: messageID, Text: text, OwnWords: text, Date: noon,
	}, raw
}

// opening is the outcome that registers a complaint and answers it.
func opening(m *complaints.Message) complaints.Outcome {
	return complaints.Outcome{
		Events: []complaints.Event{{At: noon, By: complaints.TheDesk, Fact: &complaints.Opened{
			Year: 2026, Complainant: complaints.Complainant{Name: "张堃", Addr: m.From.Addr}, Channel: "email", Subject: m.Subject,
			Matter: m.OwnWords, Received: noon, Lang: "zh", Policy: "V3", MessageID: m.MessageID,
			Due: complaints.Deadline{Due: complaints.Date{Year: 2026, Month: 12, Day: 3}},
		}}},
		Mails: []complaints.Mail{
			{Key: m.SHA256 + "/ack", To: complaints.Address{Addr: m.From.Addr}, Lang: "zh", Template: "ack", Auto: true},
			{Key: m.SHA256 + "/notice", To: complaints.Address{Addr: "kefu@firm.example"}, Lang: "zh", Template: "notice", Staff: true},
		},
	}
}

// register takes a complaint in and gives its case.
func register(t testing.TB, db *DB, m *complaints.Message, raw []byte, uid uint32) *complaints.Case {
	t.Helper()
	c := &complaints.Case{}
	must(t, db.Tx(t.Context(), func(tx *Tx) error {
		isNew, err := tx.AddMessage(t.Context(), m, raw, Arrival{"INBOX", 1, uid}, noon)
		if err != nil {
			return err
		}
		if !isNew {
			return fmt.Errorf("message %d was known", m.ID)
		}
		c = &complaints.Case{}
		return tx.Record(t.Context(), c, m, opening(m), func(*complaints.Case) time.Time { return noon.Add(24 * time.Hour) })
	}))
	return c
}

// complaint registers the n-th complaint of a test.
func complaint(t testing.TB, db *DB, n int) *complaints.Case {
	t.Helper()
	m, raw := letterFrom(fmt.Sprintf("client%d@mail.example", n), fmt.Sprintf("c%d@mail.example", n), fmt.Sprintf("第%d件投诉", n))
	return register(t, db, m, raw, uint32(n))
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	must(t, err)
	return string(b)
}
