package main

import (
	"context"
	"log/slog"
	"net"
	"os"
	"strconv"
	"time"
)

// supervisor tells systemd how the daemon is (sd_notify(3)). Where nobody
// listens (NOTIFY_SOCKET is not set) every method does nothing.
type supervisor struct{ log *slog.Logger }

// ready says that start-up is over: the unit of Type=notify is now active.
func (s supervisor) ready() { s.say("READY=1") }

// stopping says that the daemon is about to end by itself.
func (s supervisor) stopping() { s.say("STOPPING=1") }

// status sets the line that systemctl status shows.
func (s supervisor) status(text string) { s.say("STATUS=" + text) }

// say never stops the work: a notice that was lost is logged, and that is all.
// The protocol is one datagram of NAME=value lines; a leading @ names an
// abstract socket, which package net understands as well.
func (s supervisor) say(state string) {
	socket := os.Getenv("NOTIFY_SOCKET")
	if socket == "" {
		return
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err == nil {
		defer conn.Close()
		_, err = conn.Write([]byte(state))
	}
	if err != nil {
		s.log.Warn("systemd was not told", "state", state, "err", err)
	}
}

// watch feeds the watchdog at half of WatchdogSec as long as alive reports
// true; when it does not, nothing is sent and systemd restarts the daemon. It
// returns nil when ctx ends, or at once where no watchdog is set.
func (s supervisor) watch(ctx context.Context, alive func() bool) error {
	every := watchdogEvery()
	if every == 0 {
		return nil
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if alive() {
			s.say("WATCHDOG=1")
		} else {
			s.log.Error("a loop is stuck: the watchdog is not fed")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// watchdogEvery gives half of the watchdog's time (sd_watchdog_enabled(3)), or
// 0 where there is no watchdog or it is meant for another process.
func watchdogEvery() time.Duration {
	micros, err := strconv.ParseInt(os.Getenv("WATCHDOG_USEC"), 10, 64)
	if err != nil || micros < 2 {
		return 0
	}
	if pid := os.Getenv("WATCHDOG_PID"); pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return 0
	}
	return time.Duration(micros) * time.Microsecond / 2
}
