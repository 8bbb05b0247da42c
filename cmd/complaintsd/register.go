package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"complaints/cmd/complaintsd/config"
)

// staff makes a file the staff register.
func staff(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	fs := newFlags("staff")
	file := fs.String("config", "", "the configuration `file`")
	if code, done := parseFlags(fs, args, stdout, stderr); done {
		return code
	}
	rest := fs.Args()
	if len(rest) != 2 || rest[0] != "import" {
		return fail(stderr, "staff", usagef("complaintsd staff -config FILE import FILE.csv"))
	}
	people, err := config.ReadRegister(rest[1])
	if err != nil {
		return fail(stderr, "staff", err)
	}
	return withDesk(ctx, "staff", *file, stderr, func(k *office) error {
		if _, err := k.db.ReplaceRegister(ctx, people, operator(), time.Now()); err != nil {
			return err
		}
		reg, _, err := k.db.Register(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(stdout, "%d people are in the register.\n", len(people))
		for _, gap := range config.Gaps(reg, k.cfg.Policy.Parameters) {
			fmt.Fprintln(stdout, gap)
		}
		return nil
	})
}

// calendar loads a table of working days.
func calendar(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	fs := newFlags("calendar")
	file := fs.String("config", "", "the configuration `file`")
	jurisdiction := fs.String("jurisdiction", "", "whose working days they are (default: that of the configuration)")
	if code, done := parseFlags(fs, args, stdout, stderr); done {
		return code
	}
	rest := fs.Args()
	if len(rest) != 2 || rest[0] != "import" {
		return fail(stderr, "calendar", usagef("complaintsd calendar -config FILE import FILE.json"))
	}
	body, err := os.ReadFile(rest[1])
	if err != nil {
		return fail(stderr, "calendar", err)
	}
	return withDesk(ctx, "calendar", *file, stderr, func(k *office) error {
		if *jurisdiction == "" {
			*jurisdiction = k.cfg.Policy.Calendar
		}
		years, err := k.db.ImportCalendar(ctx, *jurisdiction, body, operator(), time.Now())
		if err == nil {
			fmt.Fprintf(stdout, "years loaded: %v\n", years)
		}
		return err
	})
}
