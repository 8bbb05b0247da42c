package mailin

import (
	"testing"
	"time"
)

// Answers to a backlog wait until after its end at the pace at which it goes;
// a clock that is set does not put them off for days.
func TestPace(t *testing.T) {
	var none *pace
	now := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	if d := none.wait(10_000, now); d != 0 {
		t.Errorf("without a pace: %v", d)
	}
	p := &pace{}
	if d := p.wait(0, now); d != 0 {
		t.Errorf("no backlog: %v", d)
	}
	after := func(each time.Duration) (d time.Duration) {
		for range moveMails + 1 {
			d = p.wait(10_000, now)
			now = now.Add(each)
		}
		return d
	}
	for _, c := range []struct{ each, want time.Duration }{
		{time.Millisecond, 62500 * time.Millisecond}, // as fast as usual
		{10 * time.Millisecond, 125 * time.Second},
		{time.Hour, 625 * time.Second},
		{-time.Hour, 62500 * time.Millisecond},
	} {
		if d := after(c.each); d != c.want {
			t.Errorf("%v a mail: an answer waits for %v, want %v", c.each, d, c.want)
		}
	}
}
