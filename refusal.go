package complaints

import (
	"errors"
	"fmt"
)

// Refusal is an error that a person reads: what was not done and what is
// possible instead, in both languages of the desk. Any other error is logged
// and not shown.
type Refusal struct {
	Line int // line of the mail, from 1; 0 if it is about no line
	Zh   string
	En   string
}

// Error gives the English text.
func (r *Refusal) Error() string { return r.En }

// In gives the text in a language: zh or en.
func (r *Refusal) In(lang string) string { return pick(lang, r.Zh, r.En) }

// Refuse makes a Refusal from two formats with the same arguments.
func Refuse(zh, en string, args ...any) *Refusal {
	return &Refusal{Zh: fmt.Sprintf(zh, args...), En: fmt.Sprintf(en, args...)}
}

// AsRefusal finds the Refusal in an error's chain, or gives nil.
func AsRefusal(err error) *Refusal {
	var r *Refusal
	if errors.As(err, &r) {
		return r
	}
	return nil
}

// pick chooses between the two languages of the desk.
func pick(lang, zh, en string) string {
	if lang == "en" {
		return en
	}
	return zh
}
