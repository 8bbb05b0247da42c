package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Mistake is one thing wrong with the configuration: where, and what to write
// instead.
type Mistake struct {
	File string
	Line int // from 1; 0 if it is not known
	Key  string
	Text string
}

// String gives file:line: key: text.
func (m Mistake) String() string {
	s := m.File
	if m.Line > 0 {
		s += fmt.Sprintf(":%d", m.Line)
	}
	if m.Key != "" {
		s += ": " + m.Key
	}
	return s + ": " + m.Text
}

// Error is every mistake of a configuration, in the order of its lines.
type Error struct{ All []Mistake }

// Error gives all of them; fail prints one a line.
func (e *Error) Error() string {
	var lines []string
	for _, m := range e.All {
		lines = append(lines, m.String())
	}
	return strings.Join(lines, "\n")
}

func sorted(all []Mistake) []Mistake {
	slices.SortStableFunc(all, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Key, b.Key))
	})
	return all
}

// add notes a mistake, one for each key: what follows from it is not told.
func (r *reader) add(key, format string, args ...any) {
	if slices.ContainsFunc(r.mistakes, func(m Mistake) bool { return m.Key == key }) {
		return
	}
	line := r.lines[key]
	if line == 0 { // a key that is missing, or stands in a list: the line of its table
		line = r.lines[strings.TrimRight(key[:max(0, strings.LastIndexAny(key, ".["))], ".")]
	}
	r.mistakes = append(r.mistakes, Mistake{File: r.file, Line: line, Key: key, Text: fmt.Sprintf(format, args...)})
}

// Closest gives the known name that is most like s, or "" if none is near: at
// most a third of its letters are wrong, missing, too many or changed places.
func Closest(s string, known []string) string {
	best, least := "", max(1, len(s)/3)+1
	for _, k := range known {
		if d := distance(strings.ToLower(s), k); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance counts the slips of a typist between two words (Levenshtein's
// distance, with neighbours that changed places as one slip).
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
