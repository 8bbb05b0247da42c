package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// chunk is how many bytes one row of a blob holds.
const chunk = 1 << 20

// PutBlob keeps the bytes of r, from its beginning, and gives their SHA-256 in
// hex. Bytes that are kept already are not kept twice. It reads r twice and
// never holds more than one chunk of 1 MiB.
func (tx *Tx) PutBlob(ctx context.Context, r io.ReadSeeker) (sum string, size int64, err error) {
	h := sha256.New()
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return "", 0, fmt.Errorf("keep blob: %w", err)
	}
	if size, err = io.Copy(h, r); err != nil {
		return "", 0, fmt.Errorf("keep blob: %w", err)
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return "", 0, fmt.Errorf("keep blob: %w", err)
	}
	key := h.Sum(nil)
	return hex.EncodeToString(key), size, tx.writeBlob(ctx, key, size, r)
}

// putBytes is PutBlob for bytes at hand.
func (tx *Tx) putBytes(ctx context.Context, b []byte) (key []byte, err error) {
	sum := sha256.Sum256(b)
	return sum[:], tx.writeBlob(ctx, sum[:], int64(len(b)), bytes.NewReader(b))
}

func (tx *Tx) writeBlob(ctx context.Context, key []byte, size int64, r io.Reader) error {
	buf := make([]byte, min(size, chunk))
	for n := 0; n == 0 || int64(n)*chunk < size; n++ {
		got, err := io.ReadFull(r, buf[:min(size-int64(n)*chunk, chunk)])
		if err != nil && size > 0 {
			return fmt.Errorf("keep blob: %w", err)
		}
		if n == 0 {
			var isNew bool
			err := tx.tx.QueryRowContext(ctx, `
				with b as (insert into blobs (sha256, size) values ($1, $2) on conflict do nothing returning sha256),
				c as (insert into chunks (sha256, n, bytes) select sha256, 0, $3::bytea from b)
				select exists (select from b)`, key, size, buf[:got]).Scan(&isNew)
			if err != nil {
				return fmt.Errorf("keep blob: %w", err)
			}
			if !isNew {
				return nil
			}
			continue
		}
		if _, err := tx.tx.ExecContext(ctx, `insert into chunks (sha256, n, bytes) values ($1, $2, $3)`, key, n, buf[:got]); err != nil {
			return fmt.Errorf("keep blob: %w", err)
		}
	}
	return nil
}

// Blob opens kept bytes by their SHA-256 in hex. The reader fetches a chunk at
// a time, each in a transaction of its own, and fails at the end if the bytes
// are not those of the hash. ErrNotFound if there are none.
func (db *DB) Blob(ctx context.Context, sum string) (r io.Reader, size int64, err error) {
	key, err := hex.DecodeString(sum)
	if err != nil || len(key) != sha256.Size {
		return nil, 0, fmt.Errorf("blob %.80q: %w", sum, ErrNotFound)
	}
	err = db.read(ctx, func(tx *Tx) error {
		return tx.tx.QueryRowContext(ctx, `select size from blobs where sha256 = $1`, key).Scan(&size)
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return nil, 0, fmt.Errorf("blob %.12s: %w", sum, err)
	}
	fetch := func(n int) (b []byte, err error) {
		err = db.read(ctx, func(tx *Tx) error {
			return tx.tx.QueryRowContext(ctx, `select bytes from chunks where sha256 = $1 and n = $2`, key, n).Scan(&b)
		})
		return b, err
	}
	return &blobReader{key: key, left: size, fetch: fetch}, size, nil
}

// BlobBytes reads kept bytes whole.
func (db *DB) BlobBytes(ctx context.Context, sum string) ([]byte, error) {
	r, size, err := db.Blob(ctx, sum)
	if err != nil {
		return nil, err
	}
	b := bytes.NewBuffer(make([]byte, 0, size+bytes.MinRead))
	if _, err := b.ReadFrom(r); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

type blobReader struct {
	key   []byte
	left  int64 // bytes not fetched yet
	n     int   // next chunk
	buf   []byte
	fetch func(n int) ([]byte, error)
	hash  interface {
		io.Writer
		Sum([]byte) []byte
	}
}

func (r *blobReader) Read(p []byte) (int, error) {
	if r.hash == nil {
		r.hash = sha256.New()
	}
	if len(r.buf) == 0 {
		if r.left == 0 {
			if !bytes.Equal(r.hash.Sum(nil), r.key) {
				return 0, fmt.Errorf("blob %x: the kept bytes are damaged", r.key[:6])
			}
			return 0, io.EOF
		}
		b, err := r.fetch(r.n)
		if err == nil && (len(b) == 0 || int64(len(b)) > r.left) {
			err = errors.New("the kept bytes are damaged")
		}
		if err != nil {
			return 0, fmt.Errorf("blob %x, chunk %d: %w", r.key[:6], r.n, err)
		}
		r.buf, r.n, r.left = b, r.n+1, r.left-int64(len(b))
		r.hash.Write(b)
	}
	n := copy(p, r.buf)
	r.buf = r.buf[n:]
	return n, nil
}

// clean makes a text fit for PostgreSQL: valid UTF-8 without NUL.
func clean(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

// cleanJSON takes \u0000, which jsonb refuses, out of JSON that encoding/json
// wrote. That encoder never writes invalid UTF-8.
func cleanJSON(b []byte) []byte {
	nul := []byte(`\u0000`)
	if !bytes.Contains(b, nul) {
		return b
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '\\' {
			if bytes.HasPrefix(b[i:], nul) {
				i += len(nul) - 1
				continue
			}
			if i+1 < len(b) { // an escape: what follows the backslash is not the start of one
				out = append(out, b[i])
				i++
			}
		}
		out = append(out, b[i])
	}
	return out
}

// micro gives a time as the database keeps it: UTC, microseconds.
func micro(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// null gives nil for a zero time, so that the column is null.
func null(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return micro(t)
}
