package playground

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// A second program sees the numbers of a MOVE as they are.
func TestMoveIsSeenByOthers(t *testing.T) {
	s := start(t)
	for i := range 3 {
		if err := send(s, "", client, []string{li}, fmt.Sprintf("Subject: %d\r\n\r\n", i)); err != nil {
			t.Fatal(err)
		}
	}
	var gone []uint32
	var mu sync.Mutex
	watching, err := imapclient.DialInsecure(s.IMAP, &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Expunge: func(n uint32) { mu.Lock(); gone = append(gone, n); mu.Unlock() },
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer watching.Close()
	watching.Login(li, "demo").Wait()
	watching.Select("INBOX", nil).Wait()
	c := dial(t, s, li, nil)
	c.Select("INBOX", nil).Wait()
	if _, err := c.Move(imap.UIDSetNum(1, 3), "Nowhere").Wait(); err == nil || !strings.Contains(err.Error(), "TRYCREATE") {
		t.Errorf("MOVE to nowhere: %v", err)
	}
	if _, err := c.Move(imap.UIDSetNum(1, 3, 99), "Trash").Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Move(imap.UIDSetNum(99), "Trash").Wait(); err != nil {
		t.Errorf("MOVE of nothing: %v", err)
	}
	if err := watching.Noop().Wait(); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if !slices.Equal(gone, []uint32{3, 1}) || watching.Mailbox().NumMessages != 1 || c.Mailbox().NumMessages != 1 {
		t.Errorf("expunged %v, left %d and %d", gone, watching.Mailbox().NumMessages, c.Mailbox().NumMessages)
	}
}

// IDLE tells at once, also of what came just before it began.
func TestIdle(t *testing.T) {
	s := start(t)
	news := make(chan uint32, 10)
	c := dial(t, s, li, news)
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	for i := range uint32(3) {
		if err := send(s, "", client, []string{li}, "Subject: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		idle, err := c.Idle()
		if err != nil {
			t.Fatal(err)
		}
		select {
		case n := <-news:
			if n != i+1 {
				t.Errorf("%d mails", n)
			}
		case <-time.After(2 * time.Second):
			t.Fatal("IDLE tells nothing")
		}
		if err := idle.Close(); err != nil {
			t.Fatal(err)
		}
		if err := idle.Wait(); err != nil {
			t.Fatal(err)
		}
	}
}

// A line of HTML that a program never broke is taken, as real servers take it.
func TestLongLine(t *testing.T) {
	s := start(t)
	if err := send(s, "", client, []string{desk}, "Subject: x\r\n\r\n"+strings.Repeat("y", 500_000)+"\r\n"); err != nil {
		t.Error(err)
	}
}
