package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Secret is a password: it does not print.
type Secret string

// String keeps the password out of logs and of %v.
func (Secret) String() string { return "(secret)" }

// GoString keeps it out of %#v.
func (Secret) GoString() string { return "(secret)" }

// Duration is written "90s", "5m" or "1h30m". A bare number has no unit and
// is refused.
type Duration time.Duration

// UnmarshalText reads the form of time.ParseDuration.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	*d = Duration(v)
	return err
}

// Size is a number of bytes, written "50 MB", "1 MiB" or "256 kB".
type Size int64

var sizeUnits = map[string]float64{"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}

// UnmarshalText reads a number and a unit, with or without a space between.
func (s *Size) UnmarshalText(b []byte) error {
	text := strings.TrimSpace(string(b))
	i := strings.LastIndexAny(text, "0123456789") + 1
	unit, ok := sizeUnits[strings.TrimSpace(text[i:])]
	n, err := strconv.ParseFloat(text[:i], 64)
	if err != nil || !ok || strings.ContainsAny(text[:i], "+-eExXpP_") || n*unit > 1e12 {
		return fmt.Errorf("no size: %q", text)
	}
	*s = Size(n * unit)
	return nil
}
