package main

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// listen stands in systemd's place: it receives the datagrams on a socket.
func listen(t *testing.T) func() string {
	t.Helper()
	dir, err := os.MkdirTemp("", "sd") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "notify"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	t.Setenv("NOTIFY_SOCKET", conn.LocalAddr().String())
	return func() string {
		t.Helper()
		b := make([]byte, 1000)
		conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		n, err := conn.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		return string(b[:n])
	}
}

func TestSupervisorSays(t *testing.T) {
	next := listen(t)
	s := supervisor{slog.New(slog.DiscardHandler)}
	s.ready()
	s.status("3 open cases")
	s.stopping()
	for _, want := range []string{"READY=1", "STATUS=3 open cases", "STOPPING=1"} {
		if got := next(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// Without systemd nothing is said; a socket that is gone is logged.
func TestSupervisorAlone(t *testing.T) {
	var log bytes.Buffer
	s := supervisor{slog.New(slog.NewTextHandler(&log, nil))}
	t.Setenv("NOTIFY_SOCKET", "")
	s.ready()
	if log.Len() > 0 {
		t.Errorf("logged: %s", &log)
	}
	t.Setenv("NOTIFY_SOCKET", "/nonexistent/notify")
	s.ready()
	if !strings.Contains(log.String(), "systemd was not told") {
		t.Errorf("logged: %s", &log)
	}
}

// The watchdog is fed as long as the loops are alive, and no longer.
func TestWatchdog(t *testing.T) {
	next := listen(t)
	t.Setenv("WATCHDOG_USEC", "20000") // fed every 10 ms
	t.Setenv("WATCHDOG_PID", "")
	ctx, cancel := context.WithCancel(context.Background())
	var asked atomic.Int32
	stuck := make(chan struct{})
	done := make(chan error)
	go func() {
		done <- supervisor{slog.New(slog.DiscardHandler)}.watch(ctx, func() bool {
			if asked.Add(1) == 5 {
				close(stuck)
			}
			return asked.Load() <= 3
		})
	}()
	<-stuck
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	supervisor{slog.New(slog.DiscardHandler)}.stopping()
	for _, want := range []string{"WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"} {
		if got := next(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestNoWatchdog(t *testing.T) {
	for _, env := range [][2]string{{"", ""}, {"soon", ""}, {"20000", "1"}} {
		t.Setenv("WATCHDOG_USEC", env[0])
		t.Setenv("WATCHDOG_PID", env[1])
		if d := watchdogEvery(); d != 0 {
			t.Errorf("%q: every %s", env, d)
		}
	}
}
