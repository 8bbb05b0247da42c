package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test binary be the daemon: with COMPLAINTSD_RUN=1 in its
// environment it is complaintsd, with the arguments it was given; with
// COMPLAINTSD_CRASH it is the daemon that kills itself at the point named.
func TestMain(m *testing.M) {
	if os.Getenv("COMPLAINTSD_RUN") == "1" {
		main()
	}
	if point := os.Getenv("COMPLAINTSD_CRASH"); point != "" {
		crashingDaemon(point)
	}
	testscript.Main(m, map[string]func(){"complaintsd": main})
}

// TestCommandLine runs the scripts in testdata/cli. Beside the commands of
// testscript they have “exits CODE PROGRAM ARGS…”.
func TestCommandLine(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/cli",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) < 2 {
					ts.Fatalf("usage: exits CODE PROGRAM ARGS…")
				}
				code, exit := 0, (*exec.ExitError)(nil)
				if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
					code = exit.ExitCode()
				} else if err != nil {
					ts.Fatalf("%v", err)
				}
				if strconv.Itoa(code) != args[0] {
					ts.Fatalf("exit code %d, want %s", code, args[0])
				}
			},
		},
	})
}

// complaintsd runs one command in this process.
func complaintsd(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(context.Background(), args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

func TestUsage(t *testing.T) {
	for _, tt := range []struct {
		args           string
		code           int
		stdout, stderr string // a part of each; "" is nothing at all
	}{
		{"", 2, "", "name a command; complaintsd -h lists them"},
		{"chek", 2, "", `there is no command "chek"; did you mean "check"?`},
		{"frobnicate", 2, "", "complaintsd -h lists them"},
		{"-h", 0, "complaintsd check -config FILE", ""},
		{"help", 0, "Exit codes: 0 done", ""},
		{"help check", 0, "usage: complaintsd check -config FILE [-offline]", ""},
		{"check", 2, "", "name the configuration: complaintsd check -config FILE"},
		{"check -config", 2, "", "flag needs an argument"},
		{"check -conf x", 2, "", "complaintsd check -h tells the flags"},
		{"check -config a b", 2, "", "name the configuration"},
		{"version", 0, "complaintsd ", ""},
		{"--version", 0, "complaintsd ", ""},
		{"version now", 2, "", "complaintsd version: takes no arguments"},
	} {
		code, stdout, stderr := complaintsd(t, strings.Fields(tt.args)...)
		if code != tt.code || !strings.Contains(stdout, tt.stdout) || !strings.Contains(stderr, tt.stderr) ||
			(tt.stdout == "") != (stdout == "") || (tt.stderr == "") != (stderr == "") {
			t.Errorf("%q: exit %d\nstdout: %s\nstderr: %s", tt.args, code, stdout, stderr)
		}
		if strings.Count(stderr, "\n") > 1 {
			t.Errorf("%q: more than one line on stderr:\n%s", tt.args, stderr)
		}
	}
}

// Every command tells its flags, and refuses one that it does not know.
func TestEveryCommandHelps(t *testing.T) {
	for _, c := range commands() {
		code, stdout, stderr := complaintsd(t, c.name, "-h")
		if code != exitDone || !strings.HasPrefix(stdout, "usage: complaintsd "+c.name) || stderr != "" {
			t.Errorf("%s -h: exit %d\n%s%s", c.name, code, stdout, stderr)
		}
		code, stdout, stderr = complaintsd(t, c.name, "-no-such-flag")
		if code != exitUsage || stdout != "" || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s -no-such-flag: exit %d\n%s%s", c.name, code, stdout, stderr)
		}
	}
}

func TestVersionLine(t *testing.T) {
	built := &debug.BuildInfo{GoVersion: "go1.26.8", Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123456789abcdef0123"}, {Key: "vcs.time", Value: "2026-11-24T08:30:00Z"}, {Key: "vcs.modified", Value: "true"}}}
	built.Main.Version = "v1.2.3"
	if got, want := versionLine(built), "complaintsd v1.2.3 (commit 0123456789ab of 2026-11-24, changed, go1.26.8)"; got != want {
		t.Errorf("got %s", got)
	}
	if got, want := versionLine(&debug.BuildInfo{GoVersion: "go1.26.8"}), "complaintsd development (go1.26.8)"; got != want {
		t.Errorf("got %s", got)
	}
}
