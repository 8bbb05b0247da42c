package mailin

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/charset"
)

// canonical names a charset as go-message/charset knows it. Unknown and empty
// labels, and those that say nothing, give "".
func canonical(label string) string {
	label = strings.ToLower(strings.Trim(label, " \t\"'`;,<>"))
	label = strings.TrimPrefix(label, "charset=")
	label, _, _ = strings.Cut(label, "*") // the language of RFC 2231
	// Families are read by their widest member: a program that says gb2312
	// writes GBK, and one that says iso-2022-jp-2 differs in nothing we see.
	switch strings.ReplaceAll(label, "_", "-") {
	case "", "default", "unknown", "x-unknown", "unknown-8bit", "ansi", "x-user-defined", "-autodetect", "none", "binary", "8bit", "7bit":
		return ""
	case "utf-8", "utf8", "utf", "uft-8", "utf-8mb4", "utf8mb4", "unicode-1-1-utf-8", "x-utf-8", "cp65001":
		return "utf-8"
	case "us-ascii", "ascii", "ansi-x3.4-1968", "iso-646", "iso646-us", "us":
		return "us-ascii"
	case "gb2312", "gb-2312", "gb-2312-80", "gb2312-80", "euc-cn", "euccn", "x-gb2312", "chinese", "hz-gb2312", "simplified-chinese", "iso-ir-58":
		return "gb2312"
	case "gbk", "x-gbk", "cp936", "ms936", "936", "windows-936":
		return "gbk"
	case "gb18030", "gb-18030", "gb18030-2000", "gb18030-2022", "cp54936":
		return "gb18030"
	case "big5", "big-5", "big5-hkscs", "big5hkscs", "cn-big5", "x-x-big5", "cp950", "ms950", "950", "windows-950", "big5-eten", "x-big5":
		return "big5"
	case "hz", "hz-gb-2312":
		return "hz-gb-2312"
	case "shift-jis", "shiftjis", "sjis", "x-sjis", "cp932", "ms932", "windows-31j", "ms-kanji":
		return "shift_jis"
	case "euc-jp", "eucjp", "x-euc-jp":
		return "euc-jp"
	case "iso-2022-jp", "iso-2022-jp-1", "iso-2022-jp-2", "iso-2022-jp-3", "iso-2022-jp-ms", "cp50220", "cp50221", "cp50222", "jis":
		return "iso-2022-jp"
	case "euc-kr", "euckr", "ks-c-5601-1987", "ks-c-5601", "ksc5601", "cp949", "ms949", "uhc", "windows-949":
		return "euc-kr"
	case "utf-7", "unicode-1-1-utf-7", "x-unicode-2-0-utf-7":
		return "utf-7"
	case "latin1", "latin-1", "iso8859-1", "iso-8859-1", "cp819", "8859-1":
		return "iso-8859-1"
	case "cp1252", "windows-1252", "win1252":
		return "windows-1252"
	case "utf-16", "utf-16le", "utf-16be", "unicode", "ucs-2":
		return "utf-16"
	}
	if _, err := charset.Reader(label, strings.NewReader("")); err != nil {
		return ""
	}
	return label
}

// decodeText gives bytes as UTF-8. The label is believed unless the bytes
// speak against it: many programs write UTF-8 or GBK under any name. used is
// the charset in fact; problem says what was wrong with the label.
func decodeText(b []byte, label string) (text, used, problem string) {
	name := canonical(label)
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		b, name = b[3:], "utf-8"
	case bytes.HasPrefix(b, []byte("\xff\xfe")), bytes.HasPrefix(b, []byte("\xfe\xff")), name == "utf-16" && bytes.IndexByte(b, 0) >= 0:
		return decodeUTF16(b, strings.HasSuffix(strings.ToLower(label), "be")), "utf-16", ""
	}
	if name == "" && strings.Trim(label, " \"'") != "" && !strings.EqualFold(label, "default") {
		problem = "unknown charset " + clean(label)
	}
	honest := name
	// ASCII is the same in all charsets but those that shift by escapes.
	switch plain := isASCII(b); {
	case name == "utf-7":
		return decodeUTF7(b), name, ""
	case plain && bytes.Contains(b, []byte("\x1b$")):
		if name == "" || name == "us-ascii" || name == "iso-8859-1" || name == "utf-8" {
			name = "iso-2022-jp"
		}
	case plain && name == "hz-gb-2312":
	case plain && name == "":
		return string(b), "us-ascii", problem
	case plain:
		return string(b), name, problem
	default:
		name = believe(b, name)
	}
	if honest != "" && name != honest && wider(honest) != name {
		problem = "the charset is " + name + ", not " + honest
	}
	// The decoders of golang.org/x/text put U+FFFD for what they do not know.
	switch name {
	case "utf-8":
		if !utf8.Valid(b) && problem == "" {
			problem = "invalid UTF-8"
		}
		return strings.ToValidUTF8(string(b), "\uFFFD"), name, problem
	case "gb2312", "gbk", "gb18030":
		name = usedGB(b, name)
		text = transcode(b, "gb18030")
	case "iso-8859-1":
		text = transcode(b, "windows-1252")
	default:
		text = transcode(b, name)
	}
	if problem == "" && strings.Contains(text, "\uFFFD") {
		problem = "bytes that are not " + name
	}
	return text, name, problem
}

// transcode decodes by go-message/charset, or leaves what is valid UTF-8.
func transcode(b []byte, name string) string {
	rd, err := charset.Reader(name, bytes.NewReader(b))
	if err != nil {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	var out strings.Builder
	out.Grow(len(b) + len(b)/2) // what two bytes of Chinese take
	if _, err := io.Copy(&out, rd); err != nil && out.Len() == 0 {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	return strings.ToValidUTF8(out.String(), "\uFFFD")
}

// believe decides whether bytes with the high bit are what their label says.
// Each label is doubted only for a reason: UTF-8 is hardly ever valid by chance,
// and Chinese text is mostly made of the few thousand common characters.
func believe(b []byte, name string) string {
	valid := utf8.Valid(b)
	gb, big5 := commonGB(b), commonBig5(b)
	switch name {
	case "", "us-ascii":
		return guess(b)
	case "utf-8":
		if good, bad := countUTF8(b); !valid && (good == 0 || max(gb, big5) >= 0.7 && good <= 2*bad) {
			return guess(b)
		}
	case "iso-8859-1", "windows-1252", "iso-8859-15":
		if valid {
			return "utf-8"
		}
		if gb >= 0.8 {
			return "gb18030"
		}
	case "gb2312", "gbk", "gb18030":
		if valid && gb < 0.6 {
			return "utf-8"
		}
		if big5 >= 0.85 && gb < 0.5 {
			return "big5"
		}
	case "big5":
		if valid && big5 < 0.6 {
			return "utf-8"
		}
		if gb >= 0.9 && big5 < 0.75 {
			return "gb18030"
		}
	case "iso-2022-jp", "hz-gb-2312", "utf-16":
		return guess(b) // these have no high bit, or no text without NUL
	default:
		if valid {
			return "utf-8"
		}
	}
	return name
}

// guess names the charset of bytes that carry no label worth believing.
func guess(b []byte) string {
	if utf8.Valid(b) {
		return "utf-8"
	}
	if name := neighbour(b); name != "" {
		return name
	}
	gb, big5 := commonGB(b), commonBig5(b)
	switch {
	case gb >= 0.7 && gb >= big5:
		return "gb18030"
	case big5 >= 0.7:
		return "big5"
	}
	if good, bad := countUTF8(b); good > 2*bad {
		return "utf-8"
	}
	return "windows-1252"
}

// neighbour names the charset of a text in the languages around, if it has a
// trait that Chinese text never has: kana in every sentence, nothing but
// syllables of the first rows, words of an odd number of bytes.
func neighbour(b []byte) string {
	b = b[:min(len(b), 64<<10)]
	var pairs, kana, hangul, shifted, shiftedKana, runs, odd, high, small, low int
	for i := 0; i < len(b); {
		if b[i] < 0x80 {
			i++
			continue
		}
		start := i
		for ; i < len(b) && b[i] >= 0x80; i++ {
			switch c := b[i]; {
			case c < 0xc0 && c != 0xa3 && c != 0xb3 && c != 0xa8 && c != 0xb8:
				low++
			case c >= 0xc0 && c < 0xe0:
				small++ // of KOI8-R, where windows-1251 has the capitals
			}
			high++
			if i+1 < len(b) && (i-start)%2 == 0 && b[i+1] >= 0xa1 {
				pairs++
				if b[i] == 0xa4 || b[i] == 0xa5 {
					kana++
				} else if b[i] >= 0xb0 && b[i] <= 0xc8 {
					hangul++
				}
			}
		}
		if runs++; (i-start)%2 == 1 {
			odd++
		}
	}
	for i := 0; i+1 < len(b); i++ {
		if c, d := b[i], b[i+1]; c >= 0x81 && c <= 0x9f || c >= 0xe0 && c <= 0xef {
			shifted++
			if c == 0x82 && d >= 0x9f && d <= 0xf1 || c == 0x83 && d >= 0x40 && d <= 0x96 {
				shiftedKana++
			}
			i++
		}
	}
	// Words, unlike the single letters of German or French.
	cyrillic := runs >= 6 && odd*4 >= runs && low*50 <= high && high*2 >= runs*5
	switch {
	case shifted >= 8 && shiftedKana*5 >= shifted*2:
		return "shift_jis"
	case pairs >= 8 && kana*4 >= pairs && odd*20 <= runs:
		return "euc-jp"
	case cyrillic && small*2 > high:
		return "koi8-r"
	case cyrillic:
		return "windows-1251"
	case hangul >= 20 && hangul*20 >= pairs*19 && odd == 0:
		return "euc-kr"
	}
	return ""
}

// countUTF8 counts the characters beyond ASCII, and the bytes that are none.
func countUTF8(b []byte) (good, bad int) {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && n == 1:
			bad++
		case n > 1:
			good++
		}
		b = b[n:]
	}
	return good, bad
}

// commonGB gives the share of two-byte characters that are common in Chinese
// text (level 1 of GB 2312, punctuation), -1 if the bytes are no GB 18030.
// Latin text with accents has none: its high bytes rarely come in pairs.
func commonGB(b []byte) float64 {
	return common(b, func(c, d byte) (valid, common bool, n int) {
		if d >= 0x30 && d <= 0x39 {
			return true, false, 4
		}
		return c > 0x80 && c < 0xff && d >= 0x40 && d != 0x7f && d != 0xff, d >= 0xa1 && (c >= 0xb0 && c <= 0xd7 || c >= 0xa1 && c <= 0xa3), 2
	})
}

// commonBig5 is the same for Big5, whose common characters come first.
func commonBig5(b []byte) float64 {
	return common(b, func(c, d byte) (valid, common bool, n int) {
		valid = c >= 0x81 && c < 0xff && (d >= 0x40 && d < 0x7f || d >= 0xa1 && d < 0xff)
		return valid, c >= 0xa4 && c <= 0xc6 || c == 0xa1, 2
	})
}

// common counts characters by a judge, in the first 64 kB. A few invalid ones
// are allowed: one broken character must not hide what the text is.
func common(b []byte, judge func(c, d byte) (valid, common bool, n int)) float64 {
	b = b[:min(len(b), 64<<10)]
	var all, good, bad int
	for i := 0; i < len(b); {
		if b[i] < 0x80 {
			i++
			continue
		}
		all++
		if i+1 >= len(b) {
			break
		}
		valid, common, n := judge(b[i], b[i+1])
		if !valid {
			bad++
			n = 1
		} else if common {
			good++
		}
		i += n
	}
	if all == 0 || bad*20 > all {
		return -1
	}
	return float64(good) / float64(all)
}

// usedGB names the smallest of the three GB charsets that holds the text.
func usedGB(b []byte, name string) string {
	for i := 0; i+1 < len(b); i++ {
		if b[i] < 0x80 {
			continue
		}
		if c, d := b[i], b[i+1]; d >= 0x30 && d <= 0x39 {
			return "gb18030"
		} else if name == "gb2312" && (c < 0xa1 || c > 0xf7 || d < 0xa1) {
			name = "gbk"
		}
		i++
	}
	return name
}

// wider gives the charset by which a family is decoded.
func wider(name string) string {
	switch name {
	case "gb2312", "gbk":
		return "gb18030"
	}
	return name
}

// isASCII reports that no byte has the high bit.
func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// decodeUTF16 reads code units, little-endian unless a mark or label says not.
func decodeUTF16(b []byte, big bool) string {
	var order binary.ByteOrder = binary.LittleEndian
	if bytes.HasPrefix(b, []byte("\xfe\xff")) || big {
		order = binary.BigEndian
	}
	u := make([]uint16, 0, len(b)/2)
	for ; len(b) >= 2; b = b[2:] {
		u = append(u, order.Uint16(b))
	}
	return strings.TrimPrefix(string(utf16.Decode(u)), "\uFEFF")
}

// decodeUTF7 undoes RFC 2152, which golang.org/x/text does not know.
func decodeUTF7(b []byte) string {
	var out strings.Builder
	for {
		i := bytes.IndexByte(b, '+')
		if i < 0 {
			out.Write(b)
			return strings.ToValidUTF8(out.String(), "\uFFFD")
		}
		out.Write(b[:i])
		b = b[i+1:]
		n := 0
		for n < len(b) && strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", b[n]) >= 0 {
			n++
		}
		if n == 0 {
			out.WriteByte('+')
		} else {
			raw, _ := base64.RawStdEncoding.DecodeString(string(b[:n]))
			out.WriteString(decodeUTF16(raw, true))
		}
		b = b[n:]
		if len(b) > 0 && b[0] == '-' {
			b = b[1:]
		}
	}
}

// decode undoes the transfer encoding of a part. What go-message's readers
// refuse is read leniently, with a problem.
func (r *reader) decode(p *part) []byte {
	enc, _, _ := strings.Cut(p.header.Get("Content-Transfer-Encoding"), ";")
	if i := strings.IndexByte(enc, '('); i >= 0 {
		enc = enc[:i]
	}
	enc = strings.ToLower(strings.Trim(enc, " \t\"'"))
	switch enc {
	case "base-64", "b64":
		enc = "base64"
	case "quoted_printable", "quoted-printeable", "qp":
		enc = "quoted-printable"
	case "8-bit", "8 bit", "8bits", "7-bit", "7 bit", "7bits", "utf-8", "none", "unknown":
		enc = "8bit"
	case "x-uuencode", "uuencode", "x-uue", "uue":
		return decodeUU(p.body)
	}
	if enc == "base64" && !looksBase64(p.body) {
		r.problem("a part called base64 is not")
		enc = "8bit"
	}
	var h message.Header
	h.Set("Content-Type", "application/octet-stream") // its charset is ours to judge
	h.Set("Content-Transfer-Encoding", enc)
	e, err := message.New(h, bytes.NewReader(p.body))
	if message.IsUnknownEncoding(err) {
		r.problem("unknown transfer encoding %.40q", enc)
		return p.body
	}
	if enc != "base64" && enc != "quoted-printable" {
		return p.body
	}
	size := len(p.body)
	if enc == "base64" {
		size = size / 4 * 3
	}
	out := bytes.NewBuffer(make([]byte, 0, size+bytes.MinRead))
	if _, err = io.Copy(out, e.Body); err == nil {
		return out.Bytes()
	}
	if enc == "base64" {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			r.problem("base64 ends too early")
		} else {
			r.problem("base64 with foreign characters")
		}
		return lenientBase64(p.body)
	}
	r.problem("quoted-printable with wrong escapes")
	return lenientQP(p.body)
}

// looksBase64 judges by the start of a body, and by whether there are words in
// its first line.
func looksBase64(b []byte) bool {
	alphabet, foreign := 0, 0
	for _, c := range b[:min(len(b), 4096)] {
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '+', c == '/', c == '=':
			alphabet++
		case c == '\r', c == '\n':
		default:
			foreign++
		}
	}
	line, _ := cutLine(bytes.TrimSpace(b))
	return foreign*10 <= alphabet && bytes.Count(line, []byte(" "))*20 <= len(line)
}

// lenientBase64 decodes what can be decoded: foreign characters, and whole
// lines of another text, are skipped; missing padding is no fault.
func lenientBase64(b []byte) []byte {
	data := make([]byte, 0, len(b))
	out := make([]byte, 0, len(b)/4*3+3)
	flush := func() {
		if len(data)%4 == 1 {
			data = data[:len(data)-1]
		}
		n := len(out)
		out = append(out, make([]byte, base64.RawStdEncoding.DecodedLen(len(data)))...)
		m, _ := base64.RawStdEncoding.Decode(out[n:], data)
		out, data = out[:n+m], data[:0]
	}
	for len(b) > 0 {
		var line []byte
		if line, b = cutLine(b); !looksBase64(line) {
			continue
		}
		for _, c := range line {
			switch {
			case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '+', c == '/':
				data = append(data, c)
			case c == '=' && len(data) > 0:
				flush()
			}
		}
	}
	flush()
	return out
}
