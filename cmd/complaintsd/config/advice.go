package config

import (
	"fmt"
	"net/url"
	"os"
	"time"
)

// Advice lists what is no mistake and yet probably not meant, one sentence each. at is now.
func (c *Config) Advice(at time.Time) []string {
	var out []string
	for _, f := range []struct{ key, path string }{{"mailbox.password_file", c.Mailbox.PasswordPath}, {"submission.password_file", c.Submission.PasswordPath},
		{"database.password_file", c.Database.PasswordPath}, {"authentication.key_file", c.Authentication.KeyFile}, {"smime.key", c.SMIME.Key}, {"letters.seal", c.Letters.Seal}} {
		if f.path == "" {
			continue
		}
		if info, err := os.Stat(f.path); err == nil && info.Mode().Perm()&0o007 != 0 {
			out = append(out, fmt.Sprintf("%s: everybody on this machine may read it: chmod 600 %s", f.key, f.path))
		}
	}
	if u, err := url.Parse(c.Database.URL); err == nil && u.User != nil {
		if _, has := u.User.Password(); has {
			out = append(out, "database.url holds a password: put it into a file and name that as database.password_file")
		}
	}
	if c.Mailbox.Journal == "" {
		out = append(out, "mailbox.journal is not set: whether a letter left when the connection broke after its last line is for a person to find out")
	}
	if c.Policy.Quorum < 3 {
		out = append(out, "policy.quorum is less than 3: an appeal may be decided by one or two")
	}
	if s := c.SMIME.Signer; s != nil {
		if err := s.Fit(c.Submission.From, at); err != nil {
			out = append(out, fmt.Sprintf("smime.certificate: %v: letters go out without a signature", err))
		} else if left := s.Expires().Sub(at); left < 30*24*time.Hour {
			out = append(out, fmt.Sprintf("smime.certificate ends on %s: after that letters go out without a signature", s.Expires().Format(time.DateOnly)))
		}
	}
	if len(c.ExternalRoute) == 0 {
		out = append(out, "there is no [[external_route]]: letters name no body outside the firm")
	}
	for _, r := range c.ExternalRoute {
		if r.NameEn == "" {
			out = append(out, fmt.Sprintf("external route %s has no name_en: English letters name it in Chinese", r.Name))
		}
	}
	if len(c.Staff.Admins) == 0 {
		out = append(out, "staff.admins is empty: nobody is reminded to load next year's working days")
	}
	return out
}
