package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"
	"testing"
)

// TestMain lets the test binary be the daemon: with COMPLAINTSD_RUN=1 in its
// environment it is complaintsd, with the arguments it was given.
func TestMain(m *testing.M) {
	if os.Getenv("COMPLAINTSD_RUN") == "1" {
		main()
	}
	os.Exit(m.Run())
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

// The exit code of run is that of the process.
func TestProcess(t *testing.T) {
	for _, tt := range []struct {
		args []string
		code int
	}{{[]string{"version"}, exitDone}, {[]string{"nothing"}, exitUsage}, {[]string{"check", "-config", "/nonexistent/complaintsd.toml"}, exitConfig}} {
		cmd := exec.Command(os.Args[0], tt.args...)
		cmd.Env = append(os.Environ(), "COMPLAINTSD_RUN=1")
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != tt.code {
			t.Errorf("%q: exit %d, want %d\n%s", tt.args, code, tt.code, out)
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
