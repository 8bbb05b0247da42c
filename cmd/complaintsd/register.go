package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"complaints"
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

// keys lists the keys that sign reply addresses, makes a new one, or ends one
// that has become known to somebody.
func keys(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	fs := newFlags("keys")
	file := fs.String("config", "", "the configuration `file`")
	why := fs.String("why", "", "revoke: the reason; it is kept")
	if code, done := parseFlags(fs, args, stdout, stderr); done {
		return code
	}
	rest, n := fs.Args(), 0
	switch {
	case len(rest) == 1 && (rest[0] == "list" || rest[0] == "rotate"):
	case len(rest) == 2 && rest[0] == "revoke":
		var err error
		if n, err = strconv.Atoi(rest[1]); err != nil {
			return fail(stderr, "keys", usagef("%q is no number of a key", rest[1]))
		}
		if *why == "" {
			return fail(stderr, "keys", usagef("say why: -why TEXT"))
		}
	default:
		return fail(stderr, "keys", usagef("complaintsd keys -config FILE list | rotate | -why TEXT revoke N"))
	}
	return withDesk(ctx, "keys", *file, stderr, func(k *office) error {
		if f := k.cfg.Authentication.KeyFile; f != "" {
			return fmt.Errorf("the keys stand in %s: write a new line (openssl rand -hex 32) above the others and start the daemon again; "+
				"a line may go %d weeks after another was put above it, or at once if somebody else knows it", f, int(complaints.TokenLife/(7*24*time.Hour)))
		}
		switch rest[0] {
		case "rotate":
			if _, err := k.db.TokenKeys(ctx); err != nil { // the first, if there is none
				return err
			}
			if err := k.db.AddTokenKey(ctx, operator(), time.Now()); err != nil {
				return err
			}
		case "revoke":
			if err := k.db.RevokeTokenKey(ctx, n, operator(), *why, time.Now()); err != nil {
				return err
			}
		}
		return k.listKeys(ctx, stdout)
	})
}

func (k *office) listKeys(ctx context.Context, stdout io.Writer) error {
	list, err := k.db.TokenKeyList(ctx)
	if err != nil {
		return err
	}
	for _, key := range list {
		day := func(t time.Time) string { return t.In(k.cfg.Location).Format(time.DateOnly) }
		state := "signs"
		switch {
		case !key.Revoked.IsZero():
			state = "revoked " + day(key.Revoked)
		case !key.Until.IsZero():
			state = "verifies until " + day(key.Until)
		}
		fmt.Fprintf(stdout, "%d  made %s  %s\n", key.N, day(key.Made), state)
	}
	return nil
}
