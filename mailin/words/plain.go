package words

import (
	"regexp"
	"strings"
	"unicode"
)

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

var (
	fragmentEnd = regexp.MustCompile(`[.。!！]+(?:\s+|$)|\n`)
	mimeNotice  = regexp.MustCompile(`(?i)\bMIME\b|multi-?\s?part (?:\w+ )?(?:e-?mail|message|nachricht)|\bthis is (?:the|an?) (?:preamble|epilogue)\b|may not be legible|ignore this preamble|handy place for|to be ignored\b`)
	mailReader  = regexp.MustCompile(`(?i)(?:mail|news)[ -]?(?:reader|client|software|viewer|program|interface|system|agent|composer|tool)|\b(?:mailer|your viewer|your reader)\b`)
	beginsWrap  = regexp.MustCompile(`(?i)^\W*(?:if|since|it|this|you|your|as|some|because|the)\b`)
	readsFormat = regexp.MustCompile(`(?i)support|understand|display|format|capable|compatible|view`)
)

// Said reports whether a text outside of the parts of a mail says anything but
// the notices that programs put there for readers that do not know MIME. A
// sentence of these may be wrapped over three lines.
func Said(s string) bool {
	s = Plain(s)
	ends := append(fragmentEnd.FindAllStringIndex(s, 1000), []int{len(s), len(s)})
	from := 0
	for i := 0; i < len(ends); i++ {
		if !strings.ContainsFunc(s[from:ends[i][0]], func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
			from = ends[i][1]
			continue
		}
		for wrapped := 0; !isNotice(s[from:ends[i][0]]); wrapped++ {
			if wrapped == 2 || !beginsWrap.MatchString(s[from:]) || i+1 == len(ends) || s[ends[i][0]:ends[i][1]] != "\n" {
				return true
			}
			i++
		}
		from = ends[i][1]
	}
	return false
}

func isNotice(s string) bool {
	return len(s) <= 200 && (mimeNotice.MatchString(s) || mailReader.MatchString(s) && readsFormat.MatchString(s))
}
