package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"complaints/mailin/mailtest"
	"complaints/store/cluster"
)

// A command that is given beside the daemon uses the daemon's private database
// and leaves it running; without a daemon it starts the database and stops it.
func TestCommandsLeaveTheDaemonsDatabase(t *testing.T) {
	mailtest.Need(t)
	dir, err := os.MkdirTemp("", "desk")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "c.toml")
	text := fmt.Sprintf("state_dir = %q\n[firm]\nname = \"明律\"\nname_en = \"Minglv\"\nshort = \"明\"\naddress = \"北京\"\npostcode = \"100020\"\nphone = \"1\"\nemail = \"complaints@firm.example\"\n"+
		"[mailbox]\nserver = \"127.0.0.1:9\"\ntls = \"none\"\nuser = \"u\"\npassword_file = \"pw\"\n[submission]\nserver = \"127.0.0.1:9\"\ntls = \"none\"\nfrom = \"complaints@firm.example\"\n"+
		"[staff]\nsecurity = \"it@firm.example\"\n[[external_route]]\nname = \"律协\"\nname_en = \"Bar\"\nfor = \"纪律\"\nfor_en = \"conduct\"\ncontact = \"1\"\n", dir)
	for name, content := range map[string]string{"c.toml": text, "pw": "x\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if code, _, stderr := complaintsd(t, "case", "-config", config, "list"); code != exitDone {
		t.Fatalf("without a daemon: %d %s", code, stderr)
	}
	if _, err := os.Stat(filepath.Join(dir, "postgres", "data", "postmaster.pid")); !os.IsNotExist(err) {
		t.Error("the command left a database running that it had started")
	}
	c, err := cluster.Start(context.Background(), cluster.Options{Dir: filepath.Join(dir, "postgres"), Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	pid := c.Pid()
	if code, _, stderr := complaintsd(t, "outbox", "-config", config, "list"); code != exitDone || strings.Contains(stderr, "ERROR") {
		t.Fatalf("beside a daemon: %d %s", code, stderr)
	}
	if c.Pid() != pid || pid == 0 {
		t.Error("the command stopped the daemon's database")
	}
}
