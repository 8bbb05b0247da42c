package mailin

import (
	"regexp"
	"strings"

	"complaints"
)

// parseAddresses reads an address list of RFC 5322 section 3.4 and what people
// send instead: “;” between addresses, missing or doubled angle brackets,
// names that are not quoted, comments as names, groups. Addresses beyond max
// are not read. A list that names nobody (undisclosed-recipients:;) is empty.
func parseAddresses(v string, max int) []complaints.Address {
	v = utf8Header(v)
	var out []complaints.Address
	var name, angle, comment strings.Builder
	inAngle, hadAngle, before := false, false, "" // before: the name as it was at the last “>”
	flush := func() {
		a := makeAddress(name.String(), angle.String(), comment.String(), hadAngle)
		name.Reset()
		angle.Reset()
		comment.Reset()
		inAngle, hadAngle, before = false, false, ""
		if a.Addr != "" && len(out) < max {
			out = append(out, a)
		}
	}
	for i := 0; i < len(v) && len(out) < max; {
		switch c := v[i]; {
		case c == '"':
			s, n := quoted(v[i:])
			if n == 0 { // never closed: a stray character
				i++
				continue
			}
			if inAngle {
				angle.WriteString(v[i : i+n])
			} else if n < len(v)-i && v[i+n] == '@' {
				name.WriteString(v[i : i+n]) // a quoted local part
			} else {
				name.WriteString(s)
			}
			i += n
		case c == '(' && (!inAngle || comments(v[i:])):
			s, n := skipComment(v[i:])
			if !inAngle {
				comment.WriteString(s)
			}
			i += n
		case c == '=' && strings.HasPrefix(v[i:], "=?"):
			n := 2
			if _, l, ok := cutWord(v[i:]); ok {
				n = l
			}
			if inAngle {
				angle.WriteString(v[i : i+n])
			} else {
				name.WriteString(v[i : i+n])
			}
			i += n
		case c == '<':
			if hadAngle && !inAngle && strings.Contains(angle.String(), "@") { // a forgotten comma
				next := strings.TrimPrefix(name.String(), before)
				name.Reset()
				name.WriteString(before)
				flush()
				name.WriteString(next)
			}
			inAngle, hadAngle = true, true
			angle.Reset()
			i++
		case c == '>':
			inAngle, before = false, name.String()
			i++
		case c == ':' && !inAngle && !strings.Contains(name.String(), "@"):
			name.Reset() // the name of a group
			i++
		case (c == ',' || c == ';') && !(inAngle && strings.HasPrefix(angle.String(), "@")):
			flush()
			i++
		default:
			if inAngle {
				angle.WriteByte(c)
			} else {
				name.WriteByte(c)
			}
			i++
		}
	}
	flush()
	return out
}

// comments reports whether a comment begins s and ends before the address
// around it does.
func comments(s string) bool {
	s = s[:min(len(s), 300)] // more is no comment, and every “(” asks
	_, n := skipComment(s)
	return n < len(s) && !strings.Contains(s[:n], ">") && strings.Contains(s[n:], ">")
}

// looseDots are blanks around the dots of a domain (RFC 5322 4.4).
var looseDots = regexp.MustCompile(`(@\S*?)(?:\s+\.\s*|\.\s+)([\w-]+)$`)

func makeAddress(name, angle, comment string, hadAngle bool) complaints.Address {
	spec := angle
	if !hadAngle {
		// no brackets: the word with the @ is the address, the rest a name
		name = looseDots.ReplaceAllString(strings.TrimSpace(name), "$1.$2")
		fields := strings.Fields(name)
		if strings.HasPrefix(name, `"`) && strings.Contains(name, `"@`) {
			fields = []string{name} // blanks stand in the quoted local part
		}
		spec, name = "", ""
		for _, f := range fields {
			if spec == "" && (strings.Contains(f, "@") || len(fields) == 1) {
				spec = f
			} else {
				name += " " + f
			}
		}
	}
	if i := strings.LastIndexByte(spec, ':'); strings.HasPrefix(spec, "@") && i > 0 {
		spec = spec[i+1:] // a source route
	}
	if strings.Contains(spec, ":@") {
		spec = "" // <Undisclosed-Recipients:@host;>: a group without members
	}
	if !strings.HasPrefix(spec, `"`) {
		spec = strings.Join(strings.Fields(spec), "")
	}
	spec = strings.Trim(decodeWords(strings.TrimSpace(spec)), "'`,;<>")
	spec = strings.TrimPrefix(spec, "mailto:")
	if at := strings.LastIndexByte(spec, '@'); at >= 0 {
		spec = spec[:at] + "@" + strings.ToLower(strings.TrimRight(spec[at+1:], "."))
	}
	name = decodeHeader(name)
	if name == "" {
		name = decodeHeader(comment)
	}
	if len(name) > 1 && name[0] == '\'' && name[len(name)-1] == '\'' {
		name = name[1 : len(name)-1]
	}
	if hadAngle && spec == "" && !strings.Contains(name, " ") {
		spec, name = name, "" // MAILER-DAEMON <>
	}
	return complaints.Address{Name: strings.TrimSpace(name), Addr: clean(spec)}
}

// quoted reads a quoted-string at the start of s: its content and its length,
// 0 if it is never closed.
// Only \" and \\ are escapes: paths of Windows stand in such strings.
func quoted(s string) (string, int) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return b.String(), i + 1
		case c == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", 0
}

// skipComment reads a comment, which may hold comments, at the start of s.
func skipComment(s string) (string, int) {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return s[1:i], i + 1
			}
		}
	}
	return s[1:], len(s)
}
