package words

import "strings"

// Plain normalises line ends and drops the control characters.
func Plain(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	for strings.Contains(s, "\r\r\n") {
		s = strings.ReplaceAll(s, "\r\r\n", "\r\n")
	}
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r == 0xfeff {
			return -1
		}
		return r
	}, s)
}

// Unflow joins the lines of format=flowed (RFC 3676): a line that ends in a
// space goes on in the next of the same quote depth. The signature line “-- ”
// does not.
func Unflow(s string, delSp bool) string {
	var out strings.Builder
	last, flowing := 0, false
	for line := range strings.SplitSeq(s, "\n") {
		depth := len(line) - len(strings.TrimLeft(line, ">"))
		text := strings.TrimPrefix(line[depth:], " ") // space-stuffing
		flows := strings.HasSuffix(text, " ") && text != "-- "
		if flows && delSp {
			text = text[:len(text)-1]
		}
		if flowing && depth == last && text != "-- " {
			out.WriteString(text)
		} else {
			if out.Len() > 0 || flowing {
				out.WriteByte('\n')
			}
			if depth > 0 {
				out.WriteString(strings.Repeat(">", depth) + " ")
			}
			out.WriteString(text)
		}
		last, flowing = depth, flows
	}
	return out.String()
}
