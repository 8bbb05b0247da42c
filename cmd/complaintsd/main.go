// Command complaintsd is a complaints desk that lives in a mailbox.
//
//  1. main turns SIGTERM and SIGINT into the end of a context; a second
//     signal ends the process at once.
//  2. run finds the row of the table whose name is the first argument and
//     calls its function with the rest.
//  3. The function reads its flags (newFlags, parseFlags) and, where it needs
//     one, the configuration (config.Load).
//  4. What went wrong is printed by fail: one line on stderr that says what to
//     do, and an exit code that scripts can rely on.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"complaints/cmd/complaintsd/config"
)

// The exit codes; 75 and 78 are EX_TEMPFAIL and EX_CONFIG of sysexits.h.
const (
	exitDone   = 0
	exitError  = 1
	exitUsage  = 2
	exitAway   = 75 // a server is away: try again
	exitConfig = 78
)

// command is one row of the table of subcommands.
type command struct {
	name     string
	synopsis string // its arguments
	about    string // one line
	run      func(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int
}

// commands is the table, in the order in which help lists it.
func commands() []command {
	return []command{
		{"serve", "-config FILE [-dry-run]", "the daemon: it hears, speaks and reminds until it is stopped", serve},
		{"demo", "[-out DIR] [-lang zh|en] [-keep]", "plays one complaint from the first mail to the committee's decision", demo},
		{"check", "-config FILE [-offline]", "finds every mistake in the configuration, tries the servers, says what staff may command by mail", check},
		{"doctor", "-config FILE [-mx HOST:PORT] [-wait TIME]", "sends forged mails through your MX and switches commands off while they are believed", examine},
		{"inspect", "[-config FILE] FILE…", "reads mails and prints how the desk reads them; touches nothing", plain(inspect)},
		{"case", "-config FILE [-json] list | show REF", "cases", cases},
		{"letter", "[-type T] [-lang L] [-png DPI] -in FILE.json -out FILE.pdf | -gallery DIR FILE.json…", "renders letters from data, with their checks", plain(letter)},
		{"outbox", "-config FILE list | show | hold | release | discard | resend | confirm-sent | reconcile", "outgoing mail", outbox},
		{"quarantine", "-config FILE list | show | retry | discard", "mail that was kept but not taken in", quarantine},
		{"staff", "-config FILE import FILE.csv", "the staff register", staff},
		{"calendar", "-config FILE import FILE.json", "the working-day table", calendar},
		{"keys", "-config FILE list | rotate | revoke", "the keys that sign reply addresses", keys},
		{"commands", "[-lang zh|en]", "prints the table of commands that staff send by mail", plain(mailCommands)},
		{"version", "", "prints the version", plain(version)},
	}
}

// plain adapts a function that needs no context.
func plain(f func(args []string, stdin io.Reader, stdout, stderr io.Writer) int) func(context.Context, []string, io.Reader, io.Writer, io.Writer) int {
	return func(_ context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
		return f(args, stdin, stdout, stderr)
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	context.AfterFunc(ctx, stop) // the default action is back for the second signal
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run carries out one subcommand and gives its exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		return fail(stderr, "", usagef("name a command; complaintsd -h lists them"))
	}
	switch args[0] {
	case "-h", "-help", "--help", "help":
		if len(args) == 1 {
			usage(stdout)
			return exitDone
		}
		args = []string{args[1], "-h"} // help check is check -h
	case "-version", "--version":
		args = []string{"version"}
	}
	var names []string
	for _, c := range commands() {
		if c.name == args[0] {
			return c.run(ctx, args[1:], stdin, stdout, stderr)
		}
		names = append(names, c.name)
	}
	hint := "complaintsd -h lists them"
	if near := config.Closest(args[0], names); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return fail(stderr, "", usagef("there is no command %q; %s", args[0], hint))
}

// usage prints the table.
func usage(w io.Writer) {
	fmt.Fprint(w, "complaintsd is a complaints desk that lives in a mailbox.\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  complaintsd %s\n      %s\n", strings.TrimSpace(c.name+" "+c.synopsis), c.about)
	}
	fmt.Fprint(w, "\ncomplaintsd COMMAND -h tells a command's flags.\n"+
		"Exit codes: 0 done, 1 error, 2 usage, 75 a server is away (try again), 78 configuration.\n")
}

// newFlags makes the flag set of a subcommand. It prints nothing by itself:
// parseFlags does.
func newFlags(name string) *flag.FlagSet {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	return fs
}

// parseFlags reads the arguments of a subcommand. When done is true the
// subcommand returns code at once: help was printed, or a mistake.
func parseFlags(fs *flag.FlagSet, args []string, stdout, stderr io.Writer) (code int, done bool) {
	err := fs.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		for _, c := range commands() {
			if c.name == fs.Name() {
				fmt.Fprintf(stdout, "usage: complaintsd %s\n\n%s.\n", strings.TrimSpace(c.name+" "+c.synopsis), c.about)
			}
		}
		fs.SetOutput(stdout)
		fs.PrintDefaults()
		return exitDone, true
	case err != nil:
		return fail(stderr, fs.Name(), usagef("%v; complaintsd %s -h tells the flags", err, fs.Name())), true
	}
	return exitDone, false
}

// usageError is a mistake in the command line.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// awayError is a server that does not answer: the same command may work later.
type awayError struct{ err error }

func (e *awayError) Error() string { return e.err.Error() }
func (e *awayError) Unwrap() error { return e.err }

// fail prints err as one line on stderr, a configuration's mistakes as one
// line each, and gives the exit code that belongs to it; no error is done.
func fail(stderr io.Writer, name string, err error) int {
	if err == nil {
		return exitDone
	}
	var (
		mistakes *config.Error
		bad      *usageError
		away     *awayError
	)
	if errors.As(err, &mistakes) {
		for _, m := range mistakes.All {
			fmt.Fprintln(stderr, m)
		}
		return exitConfig
	}
	text := strings.Join(strings.Fields(err.Error()), " ") // a server's words may hold line ends
	fmt.Fprintf(stderr, "%s: %s\n", strings.TrimSpace("complaintsd "+name), text)
	switch {
	case errors.As(err, &bad):
		return exitUsage
	case errors.As(err, &away):
		return exitAway
	}
	return exitError
}
