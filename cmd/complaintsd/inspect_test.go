package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// inspectLines runs inspect and gives its lines as maps.
func inspectLines(t *testing.T, stdin string, args ...string) (lines []map[string]any, code int, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = inspect(args, strings.NewReader(stdin), &out, &errs)
	for line := range strings.Lines(out.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		lines = append(lines, m)
	}
	return lines, code, errs.String()
}

// TestInspectGivesEveryField: the names of the interface are there whatever
// the mail, and no list is null.
func TestInspectGivesEveryField(t *testing.T) {
	files, err := filepath.Glob("../../mailin/testdata/*.eml")
	if err != nil || len(files) == 0 {
		t.Fatal(len(files), err)
	}
	bad, _ := filepath.Glob("../../mailin/testdata/bad/*.eml")
	files = append(files, bad...)
	lines, code, stderr := inspectLines(t, "", files...)
	if code != exitDone || stderr != "" || len(lines) != len(files) {
		t.Fatalf("code %d, %d lines of %d files, stderr %q", code, len(lines), len(files), stderr)
	}
	for i, m := range lines {
		if m["file"] != files[i] {
			t.Errorf("line %d is about %v, want %s", i, m["file"], files[i])
		}
		for _, name := range []string{"class", "why", "from", "reply_to", "subject", "message_id", "date", "charset", "text", "own_words", "case_keys", "auth"} {
			if m[name] == nil {
				t.Errorf("%s: no %s", files[i], name)
			}
		}
		lists := []any{m["to"], m["cc"], m["references"], m["attachments"], m["commands"], m["problems"]}
		lists = append(lists, m["auth"].(map[string]any)["dkim"], m["case_keys"].(map[string]any)["message_ids"])
		for n, l := range lists {
			if _, ok := l.([]any); !ok {
				t.Errorf("%s: list %d is %v", files[i], n, l)
			}
		}
	}
}

// TestInspectCommandsAndKeys: what a command mail to a case address says.
func TestInspectCommandsAndKeys(t *testing.T) {
	const mail = "From: li@firm.example\nTo: complaints+t2026-0001.s15d2345abcdefghijklmnopqrstuv@firm.example\nSubject: Re: [T2026-0001] x\nReferences: <a@firm.example> <b@firm.example>\nDate: Wed, 11 Nov 2026 10:00:00 +0800\n\n#备注 已致电客户。\n第二行\n\n> #结案\n"
	lines, code, _ := inspectLines(t, mail, "-")
	if code != exitDone || len(lines) != 1 {
		t.Fatal(code, lines)
	}
	m := lines[0]
	keys := m["case_keys"].(map[string]any)
	if keys["token"] != "t2026-0001.s15d2345abcdefghijklmnopqrstuv" || keys["ref"] != "T2026-0001" || !slices.Equal(keys["message_ids"].([]any), []any{"b@firm.example", "a@firm.example"}) {
		t.Errorf("keys %v", keys)
	}
	commands := m["commands"].([]any)
	if len(commands) != 1 {
		t.Fatalf("commands %v", commands)
	}
	c := commands[0].(map[string]any)
	if c["line"] != 1.0 || c["verb"] != "备注" || c["text"] != "已致电客户。\n第二行" {
		t.Errorf("command %v", c)
	}
	if m["date"] != "2026-11-11T10:00:00+08:00" || m["file"] != "-" {
		t.Errorf("date %v, file %v", m["date"], m["file"])
	}
	auto, _, _ := inspectLines(t, "Auto-Submitted: auto-replied\n"+mail, "-")
	if got := auto[0]["commands"].([]any); len(got) != 0 {
		t.Errorf("commands of an automatic mail: %v", got)
	}
}

// TestInspectUnreadable: a file that is not there is a line too, the others
// are read, and the exit code says it.
func TestInspectUnreadable(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.eml")
	lines, code, _ := inspectLines(t, "", missing, "../../mailin/testdata/foxmail.eml", t.TempDir())
	if code != exitError || len(lines) != 3 {
		t.Fatalf("code %d, lines %v", code, lines)
	}
	for _, i := range []int{0, 2} {
		if p := lines[i]["problems"].([]any); len(p) != 1 {
			t.Errorf("problems %v", p)
		}
	}
	if lines[1]["subject"] != "关于刘律师未通知开庭的投诉" {
		t.Errorf("the file after it: %v", lines[1]["subject"])
	}
	for _, args := range [][]string{nil, {"-config", missing, "-"}} {
		if _, code, stderr := inspectLines(t, "", args...); code == exitDone || stderr == "" {
			t.Errorf("%q: code %d, stderr %q", args, code, stderr)
		}
	}
}

// TestInspectHuge: of a mail beyond the limit only the header is read.
func TestInspectHuge(t *testing.T) {
	file := filepath.Join(t.TempDir(), "huge.eml")
	head := []byte("From: zhou@client.example\nSubject: huge\n\n")
	if err := os.WriteFile(file, head, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(file, 120_000_000); err != nil {
		t.Fatal(err)
	}
	lines, code, _ := inspectLines(t, "", file)
	if code != exitDone || lines[0]["subject"] != "huge" || lines[0]["text"] != "" || !strings.HasPrefix(lines[0]["hold"].(string), "larger than") {
		t.Errorf("code %d, %v", code, lines)
	}
}
