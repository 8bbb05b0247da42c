package main

import (
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"complaints"
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

// mailCommands prints the table of commands that staff send by mail.
func mailCommands(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	fs := newFlags("commands")
	lang := fs.String("lang", "zh", "zh or en")
	if code, done := parseFlags(fs, args, stdout, stderr); done {
		return code
	}
	fmt.Fprint(stdout, commandTable(*lang))
	return exitDone
}

// commandTable is the table in Markdown, from the vocabulary itself: usage, the
// same in the other language, who, where, effect.
func commandTable(lang string) string {
	other := map[string]string{"zh": "en", "en": "zh"}[lang]
	var b strings.Builder
	if lang == "en" {
		b.WriteString("| command | in Chinese | who | in which state | what it does |\n|---|---|---|---|---|\n")
	} else {
		b.WriteString("| 命令 | 英文 | 谁可用 | 何时可用 | 作用 |\n|---|---|---|---|---|\n")
	}
	code := func(s string) string { return "`" + strings.ReplaceAll(s, "|", "/") + "`" }
	for _, v := range complaints.Vocabulary() {
		var who, where []string
		for _, r := range v.Roles {
			who = append(who, r.In(lang))
		}
		for _, s := range v.States {
			where = append(where, s.In(lang))
		}
		all := map[string][2]string{"zh": {"未结案件", "任何时候"}, "en": {"any open case", "always"}}[lang]
		switch {
		case v.States == nil:
			where = all[:1]
		case len(v.States) > 15:
			where = all[1:]
		}
		does := v.Does[0]
		comma := "、"
		if lang == "en" {
			does, comma = v.Does[1], ", "
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", code(v.Usage(lang)), code(v.Usage(other)), strings.Join(who, comma), strings.Join(where, comma), does)
	}
	return b.String()
}
