// Package limits says what one mail may cost, and measures it.
package limits

import (
	"syscall"
	"time"
)

// Limits bound what one mail may cost. Zero fields take the default.
type Limits struct {
	Parsed      int           // bytes of a mail that is read beyond its header; 50 MB
	Header      int           // bytes of a header block; 1 MiB
	Depth       int           // nesting of multiparts; 20
	Parts       int           // parts in all; 1,000
	Addresses   int           // addresses in one field; 500
	Attachments int           // 200
	Decoded     int           // bytes of all decoded parts; 100 MB
	Text        int           // bytes of text taken from one part; 1 MB
	Hops        int           // Received fields; 50
	Time        time.Duration // of the processor; 5 s
}

// WithDefaults fills in the limits that are not set.
func (l Limits) WithDefaults() Limits {
	for _, d := range []struct {
		field *int
		value int
	}{
		{&l.Parsed, 50_000_000}, {&l.Header, 1 << 20}, {&l.Depth, 20}, {&l.Parts, 1000}, {&l.Addresses, 500},
		{&l.Attachments, 200}, {&l.Decoded, 100_000_000}, {&l.Text, 1_000_000}, {&l.Hops, 50},
	} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	if l.Time <= 0 {
		l.Time = 5 * time.Second
	}
	return l
}

// ThreadTime is the processor time that this thread has used. Neither a busy
// machine nor a clock that is set makes a mail take long.
func ThreadTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_THREAD, &u) // cannot fail: getrusage(2)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
