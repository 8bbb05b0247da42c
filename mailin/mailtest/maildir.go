package mailtest

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Delivered is a mail in a maildir.
type Delivered struct {
	Raw   []byte // as stored, with CRLF line ends
	Flags string // maildir flags: S seen, T deleted …; "" if none
	Path  string
}

// Mails returns what an account has in a folder ("" or "INBOX", "Processed" …),
// read from the disk, in order of arrival.
func (d *Dovecot) Mails(user, folder string) []Delivered {
	d.t.Helper()
	var mails []Delivered
	for path := range d.files(user, folder) {
		raw, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // moved or flagged since
		}
		if err != nil {
			d.t.Fatal(err)
		}
		_, flags, _ := strings.Cut(filepath.Base(path), ":2,")
		mails = append(mails, Delivered{Raw: crlf(raw), Flags: flags, Path: path})
	}
	slices.SortStableFunc(mails, func(a, b Delivered) int { return slices.Compare(arrival(a.Path), arrival(b.Path)) })
	return mails
}

// Names returns the file names of what an account has in a folder, without
// reading it.
func (d *Dovecot) Names(user, folder string) []string {
	d.t.Helper()
	var names []string
	for path := range d.files(user, folder) {
		names = append(names, filepath.Base(path))
	}
	return names
}

// Archive takes away what an account has in a folder, as somebody would who keeps
// old mail elsewhere.
func (d *Dovecot) Archive(user, folder string) {
	d.t.Helper()
	for path := range d.files(user, folder) {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) { // Dovecot renames new into cur
			d.t.Fatal(err)
		}
	}
}

// files are the paths of what an account has in a folder: what is in new first,
// so that what is moved on to cur meanwhile is not missed.
func (d *Dovecot) files(user, folder string) iter.Seq[string] {
	return func(yield func(string) bool) {
		d.t.Helper()
		for _, sub := range []string{"new", "cur"} {
			dir := filepath.Join(d.maildir(user, folder), sub)
			entries, err := os.ReadDir(dir)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				d.t.Fatal(err)
			}
			for _, e := range entries {
				if !yield(filepath.Join(dir, e.Name())) {
					return
				}
			}
		}
	}
}

// Fill puts n mails into an account's inbox, whose folder there must be, as if
// they had been copied there from another server: 1 to n, the oldest first.
func (d *Dovecot) Fill(user string, n int, mail func(n int) []byte) {
	d.t.Helper()
	dir := filepath.Join(d.maildir(user, ""), "new")
	st, err := os.Stat(dir)
	if err != nil {
		d.t.Fatal(err)
	}
	owner := st.Sys().(*syscall.Stat_t)
	for i := range n {
		path := filepath.Join(dir, strconv.Itoa(1_700_000_000+i)+".M1P1.firm.example")
		err := errors.Join(os.WriteFile(path, mail(i+1), 0o600), os.Chown(path, int(owner.Uid), int(owner.Gid)))
		if err != nil {
			d.t.Fatal(err)
		}
	}
}

// Wait returns the mails of a folder when there are at least n. The test fails
// if that takes longer than 20 s.
func (d *Dovecot) Wait(user, folder string, n int) []Delivered {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	for {
		mails := d.Mails(user, folder)
		if len(mails) >= n {
			return mails
		}
		select {
		case <-ctx.Done():
			d.t.Fatalf("%s has %d mails in folder %q, want %d", user, len(mails), folder, n)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// arrival reads the time from the name of a maildir file: seconds.Mµs….
func arrival(path string) []int {
	name := filepath.Base(path)
	sec, rest, _ := strings.Cut(name, ".")
	s, _ := strconv.Atoi(sec)
	us := 0
	if _, after, ok := strings.Cut(rest, "M"); ok {
		digits := after[:len(after)-len(strings.TrimLeft(after, "0123456789"))]
		us, _ = strconv.Atoi(digits)
	}
	return []int{s, us}
}

// crlf gives text the line ends it had on the wire; Dovecot may store LF.
func crlf(b []byte) []byte {
	b = bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))
}
