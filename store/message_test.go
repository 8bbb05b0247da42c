package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"complaints"
)

func add(t testing.TB, db *DB, m *complaints.Message, raw []byte, a Arrival, at time.Time) (isNew bool) {
	t.Helper()
	must(t, db.Tx(t.Context(), func(tx *Tx) (err error) {
		isNew, err = tx.AddMessage(t.Context(), m, raw, a, at)
		return err
	}))
	return isNew
}

// The same mail in all the ways in which it comes twice (C-3, C-8, C-11).
func TestDuplicates(t *testing.T) {
	db := open(t)
	first, raw := letterFrom("client@mail.example", "a@mail.example", "退费")
	if !add(t, db, first, raw, Arrival{"INBOX", 1, 10}, noon) || first.ID == 0 {
		t.Fatal("the first mail was not new")
	}
	other := func(id, text string) (*complaints.Message, []byte) {
		return letterFrom("client@mail.example", id, text)
	}
	// Another copy: the trace fields differ, Message-ID and content do not.
	copied, _ := other("a@mail.example", "退费")
	copiedRaw := append([]byte("Received: by mx2\r\n"), raw...)
	sum := sha256.Sum256(copiedRaw)
	copied.SHA256 = hex.EncodeToString(sum[:])
	sameBytes, _ := other("a@mail.example", "退费")
	again, _ := other("a@mail.example", "退费")
	changed, changedRaw := other("a@mail.example", "另一件事")
	renamed, renamedRaw := other("b@mail.example", "退费")
	anonymous, anonymousRaw := other("", "退费")
	reused, reusedRaw := other("c@mail.example", "第三件事")

	for _, c := range []struct {
		what    string
		m       *complaints.Message
		raw     []byte
		a       Arrival
		isNew   bool
		problem string
	}{
		{"fetched again after a crash", again, raw, Arrival{"INBOX", 1, 10}, false, ""},
		{"same bytes under a new UIDVALIDITY", sameBytes, raw, Arrival{"INBOX", 2, 1}, false, ""},
		{"another copy of it", copied, copiedRaw, Arrival{"INBOX", 2, 2}, false, ""},
		{"same Message-ID, other content", changed, changedRaw, Arrival{"INBOX", 2, 3}, true, "both are kept"},
		{"same content, other Message-ID", renamed, renamedRaw, Arrival{"INBOX", 2, 4}, true, "probably a duplicate"},
		{"same content, no Message-ID", anonymous, anonymousRaw, Arrival{"INBOX", 2, 5}, true, "probably a duplicate"},
		{"another mail under a UID given twice", reused, reusedRaw, Arrival{"INBOX", 1, 10}, true, ""},
	} {
		isNew := add(t, db, c.m, c.raw, c.a, noon)
		if isNew != c.isNew || (c.m.ID == first.ID) == c.isNew {
			t.Errorf("%s: new %v, message %d", c.what, isNew, c.m.ID)
		}
		if got := strings.Join(c.m.Problems, "; "); !strings.Contains(got, c.problem) || (c.problem == "" && got != "") {
			t.Errorf("%s: problems %q", c.what, got)
		}
		if seen, err := db.Seen(t.Context(), c.a); err != nil || !seen {
			t.Errorf("%s: its arrival is not known: %v", c.what, err)
		}
		stored, err := db.Message(t.Context(), c.m.ID)
		must(t, err)
		if c.isNew && asJSON(t, stored) != asJSON(t, c.m) {
			t.Errorf("%s: stored is %s", c.what, asJSON(t, stored))
		}
		kept, err := db.BlobBytes(t.Context(), stored.SHA256)
		if err != nil || (c.isNew && !bytes.Equal(kept, c.raw)) {
			t.Errorf("%s: kept bytes %q, %v", c.what, kept, err)
		}
	}
	if seen, err := db.Seen(t.Context(), Arrival{"INBOX", 1, 11}); err != nil || seen {
		t.Errorf("an arrival that never was: %v %v", seen, err)
	}
}

// Two daemons take the same mail at once: one is first, the other links.
func TestSameMailAtOnce(t *testing.T) {
	db := open(t)
	news := make(chan bool, 8)
	errs := make(chan error, 8)
	for i := range 8 {
		go func() {
			m, raw := letterFrom("client@mail.example", "a@mail.example", "退费")
			isNew := false
			err := db.Tx(t.Context(), func(tx *Tx) (err error) {
				isNew, err = tx.AddMessage(t.Context(), m, raw, Arrival{"INBOX", 1, uint32(i)}, noon)
				return err
			})
			news <- isNew
			errs <- err
		}()
	}
	count := 0
	for range 8 {
		must(t, <-errs)
		if <-news {
			count++
		}
	}
	if count != 1 {
		t.Errorf("new %d times", count)
	}
}

// Attachments are kept beside the mail; large ones in chunks.
func TestBytes(t *testing.T) {
	db := open(t)
	for _, size := range []int{0, 1, chunk - 1, chunk, chunk + 1, 3*chunk + 7} {
		content := bytes.Repeat([]byte("证据\x00\xff"), size/8+1)[:size]
		sum := sha256.Sum256(content)
		m, raw := letterFrom("client@mail.example", "big@mail.example", string(rune('a'+size%7))+"x")
		raw = append(raw, content...)
		m.SHA256, m.ContentHash, m.MessageID = "", "", ""
		m.Attachments = []complaints.Attachment{{Name: "证据.bin", Size: size, SHA256: hex.EncodeToString(sum[:]), Content: content}}
		if !add(t, db, m, raw, Arrival{"INBOX", 1, uint32(size)}, noon) {
			t.Fatalf("%d bytes: not new", size)
		}
		got, err := db.BlobBytes(t.Context(), m.Attachments[0].SHA256)
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%d bytes: got %d, %v", size, len(got), err)
		}
		got, err = db.BlobBytes(t.Context(), m.SHA256)
		if err != nil || !bytes.Equal(got, raw) {
			t.Errorf("mail with %d bytes: got %d, %v", size, len(got), err)
		}
	}
	if _, _, err := db.Blob(t.Context(), strings.Repeat("0", 64)); !errors.Is(err, ErrNotFound) {
		t.Errorf("no such bytes: %v", err)
	}
	if _, _, err := db.Blob(t.Context(), "x' or 1=1"); !errors.Is(err, ErrNotFound) {
		t.Errorf("no hash: %v", err)
	}
}

// Several attachments of one mail, one of them twice, one known before.
func TestAttachments(t *testing.T) {
	db := open(t)
	for i, names := range [][]string{{"a"}, {"b", "", "a", "b", "c"}} {
		m, raw := letterFrom("client@mail.example", fmt.Sprint(i), fmt.Sprint(i))
		for _, name := range names {
			content := []byte(strings.Repeat(name, 100))
			sum := sha256.Sum256(content)
			m.Attachments = append(m.Attachments, complaints.Attachment{Name: name, Content: content, SHA256: hex.EncodeToString(sum[:])})
		}
		add(t, db, m, raw, Arrival{"INBOX", 1, uint32(i)}, noon)
		for _, f := range m.Attachments {
			if got, err := db.BlobBytes(t.Context(), f.SHA256); err != nil || !bytes.Equal(got, f.Content) {
				t.Errorf("file %q: %q, %v", f.Name, got, err)
			}
		}
	}
}

// Damaged bytes are found when they are read.
func TestDamagedBlob(t *testing.T) {
	db := open(t)
	var sum string
	must(t, db.Tx(t.Context(), func(tx *Tx) (err error) {
		if sum, _, err = tx.PutBlob(t.Context(), strings.NewReader("letter")); err == nil {
			_, err = tx.tx.ExecContext(t.Context(), `update chunks set bytes = 'lettre'`)
		}
		return err
	}))
	r, _, err := db.Blob(t.Context(), sum)
	must(t, err)
	if _, err := io.ReadAll(r); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("%v", err)
	}
}

// The parser's hash must be that of the bytes.
func TestWrongHash(t *testing.T) {
	db := open(t)
	m, raw := letterFrom("client@mail.example", "a@mail.example", "退费")
	err := db.Tx(t.Context(), func(tx *Tx) error {
		_, err := tx.AddMessage(t.Context(), m, raw[:len(raw)-1], Arrival{"INBOX", 1, 1}, noon)
		return err
	})
	if err == nil {
		t.Fatal("a short mail was stored under the hash of the whole")
	}
}

// Hostile text: NUL, broken UTF-8, quotes, backslashes before what looks like
// an escape. It is stored without what PostgreSQL cannot hold.
func TestHostileText(t *testing.T) {
	db := open(t)
	text := "a\x00b\\u0000c\\\x00\xff\"';--{}"
	m, raw := letterFrom("o'client\x00@mail.example", "x\x00\xff@mail.example", text)
	m.Subject = text
	c := register(t, db, m, raw, 1)
	fold(t, db, c.Ref)
	stored, err := db.Message(t.Context(), m.ID)
	must(t, err)
	if want := "ab\\u0000c\\\uFFFD\"';--{}"; stored.Text != want {
		t.Errorf("text is %q, want %q", stored.Text, want)
	}
	rows, err := db.Rows(t.Context(), Filter{Complainant: "o'client@mail.example"})
	if err != nil || len(rows) != 1 || rows[0].Subject != "ab\\u0000c\\\uFFFD\"';--{}" {
		t.Errorf("%+v, %v", rows, err)
	}
}

// The damper's count: automatic mails to this sender within 24 hours.
func TestAutomaticCount(t *testing.T) {
	db := open(t)
	for i := range 3 {
		complaint(t, db, 1+i) // each acknowledged once
	}
	again := func(at time.Time, uid uint32) *complaints.Message {
		m, raw := letterFrom("Client2@Mail.example", "again"+at.String(), at.String())
		add(t, db, m, raw, Arrival{"INBOX", 1, 100 + uid}, at)
		return m
	}
	if n := again(noon.Add(time.Hour), 1).Automatic; n != 1 {
		t.Errorf("within the day: %d, want 1", n)
	}
	if n := again(noon.Add(25*time.Hour), 2).Automatic; n != 0 {
		t.Errorf("a day later: %d, want 0", n)
	}
}

func TestCleanJSON(t *testing.T) {
	for in, want := range map[string]string{
		`"a\u0000b"`: `"ab"`, `"\\u0000"`: `"\\u0000"`, `"\\\u0000"`: `"\\"`, `"\u0000\u0000"`: `""`, `"\n\"x"`: `"\n\"x"`, `{}`: `{}`,
	} {
		if got := string(cleanJSON([]byte(in))); got != want {
			t.Errorf("%s gives %s, want %s", in, got, want)
		}
	}
}

// A lazy commit is waited for before the mail may leave the inbox; what a
// crashed server has forgotten is asked for again.
func TestDurable(t *testing.T) {
	db := open(t)
	ctx := context.Background()
	m, raw := letterFrom("hart@client.example", "lazy@client.example", "My lawyer did not come.")
	must(t, db.Tx(ctx, func(tx *Tx) error {
		tx.CommitLazily()
		_, err := tx.AddMessage(ctx, m, raw, Arrival{"INBOX", 7, 1}, time.Now())
		return err
	}))
	must(t, db.Tx(ctx, func(tx *Tx) error {
		return tx.Quarantine(ctx, nil, []byte("broken"), Arrival{"INBOX", 7, 2}, "a test", time.Now())
	}))
	missing, err := db.Durable(ctx, "INBOX", 7, []uint32{1, 2, 3})
	must(t, err)
	if len(missing) != 1 || missing[0] != 3 {
		t.Errorf("missing: %v, want 3 alone", missing)
	}
	var setting string
	must(t, db.sql.QueryRow(`select current_setting('synchronous_commit')`).Scan(&setting))
	if setting != "on" {
		t.Errorf("the connection keeps synchronous_commit=%s", setting)
	}
}

// In a long backlog the answer to a mail that has just come does not wait
// behind those to the old ones.
func TestAnswersToABacklogArePutOff(t *testing.T) {
	db, ctx := open(t), t.Context()
	takeIn := func(n int, later time.Duration) string {
		m, raw := bulky(n)
		c := &complaints.Case{}
		must(t, db.Tx(ctx, func(tx *Tx) error {
			tx.Later(later)
			if _, err := tx.AddMessage(ctx, m, raw, Arrival{"INBOX", 1, uint32(n)}, noon); err != nil {
				return err
			}
			return tx.Record(ctx, c, m, opening(m), func(*complaints.Case) time.Time { return noon })
		}))
		return m.From.Addr
	}
	takeIn(1, time.Hour)
	if o, err := db.Claim(ctx, "w", 0); o != nil || err != nil {
		t.Errorf("an answer that was put off is sent: %v, %v", o, err)
	}
	fresh := takeIn(2, 0)
	o, err := db.Claim(ctx, "w", 0)
	must(t, err)
	if o == nil || o.Mail.To.Addr != fresh {
		t.Errorf("the answer to a new mail waits: %+v", o)
	}
}
