// Package lastwill runs a shell script when this process is gone, however it
// went: a return from main, a panic, a test's time limit, kill -9. Private
// servers that must not outlive the process that started them are ended so.
//
//  1. Leave starts a shell that reads a pipe whose only writer is this process.
//  2. The kernel closes the pipe when the process ends; the shell reads the end
//     of the file and runs the script.
//  3. Revoke ends the shell before that, and the script never runs.
//
// PR_SET_PDEATHSIG would be shorter, but it is bound to the thread that started
// the child, and the Go runtime may end that thread at any time.
package lastwill

import (
	"fmt"
	"io"
	"os/exec"
	"syscall"
)

// Will is a script that waits for the end of this process.
type Will struct {
	cmd *exec.Cmd
	end io.Closer
}

// Leave arranges for the script to be run by /bin/sh with args as $1, $2, …
// once this process has ended. The script's output is thrown away: it must hold
// no file of the process open, or "go test" would wait for it.
func Leave(script string, args ...string) (*Will, error) {
	argv := append([]string{"-c", "while read -r _; do :; done; " + script, "sh"}, args...)
	cmd := exec.Command("/bin/sh", argv...)
	cmd.Dir = "/"
	// A session of its own: Ctrl-C at a terminal must not reach the shell.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	end, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("leave a will: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("leave a will: %w", err)
	}
	return &Will{cmd: cmd, end: end}, nil
}

// Revoke takes the will back: the script does not run. A nil Will is allowed.
func (w *Will) Revoke() {
	if w == nil {
		return
	}
	w.cmd.Process.Kill() // before the pipe is closed, or the script would start
	w.cmd.Wait()
	w.end.Close()
}
