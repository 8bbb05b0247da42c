package main

import (
	"fmt"
	"io"
	"runtime/debug"
)

// version prints what was built: the module's version or the commit, as the
// Go tool recorded it in the binary.
func version(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	fs := newFlags("version")
	if code, done := parseFlags(fs, args, stdout, stderr); done {
		return code
	}
	if fs.NArg() > 0 {
		return fail(stderr, "version", usagef("takes no arguments"))
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		fmt.Fprintln(stdout, "complaintsd, built without version information")
		return exitDone
	}
	fmt.Fprintln(stdout, versionLine(info))
	return exitDone
}

// versionLine gives complaintsd v1.2.3 (commit 0123456789ab of 2026-11-24, changed, go1.26.8).
func versionLine(info *debug.BuildInfo) string {
	v := info.Main.Version
	if v == "" || v == "(devel)" {
		v = "development"
	}
	var commit, day, changed string
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			commit = "commit " + s.Value[:min(12, len(s.Value))]
		case "vcs.time":
			day = " of " + s.Value[:min(10, len(s.Value))]
		case "vcs.modified":
			if s.Value == "true" {
				changed = ", changed"
			}
		}
	}
	if commit == "" {
		return fmt.Sprintf("complaintsd %s (%s)", v, info.GoVersion)
	}
	return fmt.Sprintf("complaintsd %s (%s%s%s, %s)", v, commit, day, changed, info.GoVersion)
}
