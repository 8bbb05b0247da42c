package mailout

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The lengths of an encoded word (RFC 2047 section 2): 75 with its frame.
const (
	wordOpen  = "=?UTF-8?B?"
	wordClose = "?="
	wordMax   = 75
)

// encodeWords writes a text as encoded words of whole characters, parted by
// one space, at which the header is folded. A reader drops that space. The
// first word is at most first long, so that it stands on the line of the
// field's name: a line with nothing but the name is read wrongly here and there.
func encodeWords(s string, first int) string {
	var words []string
	room := min(first, wordMax)
	for s != "" {
		n := (room - len(wordOpen) - len(wordClose)) / 4 * 3
		end := 0
		for end < len(s) {
			_, size := utf8.DecodeRuneInString(s[end:])
			if end+size > n {
				break
			}
			end += size
		}
		words = append(words, wordOpen+base64.StdEncoding.EncodeToString([]byte(s[:end]))+wordClose)
		s, room = s[end:], wordMax
	}
	return strings.Join(words, " ")
}

// firstWord is the room that the line with a field's name leaves for a word.
func firstWord(field string) int { return 70 - len(field) }

// plain reports whether a text can stand in a header as it is. Runs of spaces
// cannot: the library folds between two of them, which loses some and can
// leave a line of nothing but spaces (forbidden by RFC 5322 section 3.2.2).
// Nor can what looks like an encoded word, or a word that is too long to fold.
func plain(s string) bool {
	if strings.Contains(s, "=?") || strings.Contains(s, "  ") || strings.TrimSpace(s) != s {
		return false
	}
	for _, r := range s {
		if r < ' ' || r > '~' {
			return false
		}
	}
	for _, w := range strings.Split(s, " ") {
		if len(w) > 60 {
			return false
		}
	}
	return true
}

// phrase writes a display name (RFC 5322 section 3.2.5) for a field.
func phrase(name, field string) string {
	switch {
	case !plain(name):
		return encodeWords(name, firstWord(field))
	case strings.ContainsFunc(name, func(r rune) bool { return r != ' ' && r != '-' && !isAlnum(r) }):
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
	}
	return name
}

// param writes a file's name as a parameter of a MIME field, each on a line of
// its own. Names beyond ASCII are written twice, since no one form is read by
// all: Content-Type carries name= as encoded words in quotes, which old
// Outlook, Foxmail, QQ and 163 read; Content-Disposition carries filename*= of
// RFC 2231, in numbered pieces if it is long, which all later programs prefer.
func param(key, name string) string {
	if plain(name) {
		return fmt.Sprintf(";\r\n %s=\"%s\"", key, name)
	}
	if key == "name" {
		return ";\r\n name=\"" + strings.ReplaceAll(encodeWords(name, 60), " ", "\r\n ") + `"`
	}
	coded := extValue(name)
	if one := strings.Join(coded, ""); len(one) <= 50 {
		return fmt.Sprintf(";\r\n %s*=UTF-8''%s", key, one)
	}
	var b strings.Builder
	piece, n := "UTF-8''", 0
	for _, c := range coded {
		if len(piece)+len(c) > 56 {
			fmt.Fprintf(&b, ";\r\n %s*%d*=%s", key, n, piece)
			piece, n = "", n+1
		}
		piece += c
	}
	fmt.Fprintf(&b, ";\r\n %s*%d*=%s", key, n, piece)
	return b.String()
}

// extValue gives each character of a text in the percent form of RFC 2231,
// so that no piece ends within one.
func extValue(s string) []string {
	var out []string
	for _, r := range s {
		if isAlnum(r) || strings.ContainsRune("-._~", r) {
			out = append(out, string(r))
			continue
		}
		var b strings.Builder
		for _, c := range []byte(string(r)) {
			fmt.Fprintf(&b, "%%%02X", c)
		}
		out = append(out, b.String())
	}
	return out
}
