package mailin

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
	"unicode/utf16"
)

// tnefMagic begins an application/ms-tnef part (MS-OXTNEF 2.1.3.1), which
// Outlook names winmail.dat.
const tnefMagic = 0x223e9f78

// The attributes that are read (MS-OXTNEF 2.1.3.3), without their type.
const (
	tnefBody       = 0x800c
	tnefFileData   = 0x800f
	tnefFileTitle  = 0x8010
	tnefFileBegins = 0x9002
	tnefMessage    = 0x9003
	tnefFile       = 0x9005
	tnefCodepage   = 0x9007
)

// The properties that are read (MS-OXPROPS), without their type.
const (
	mapiBody     = 0x1000
	mapiRTF      = 0x1009
	mapiHTML     = 0x1013
	mapiObject   = 0x3701
	mapiFileName = 0x3704
	mapiLongName = 0x3707
	mapiMIME     = 0x370e
	mapiCodepage = 0x3fde
)

// tnefFileOf is one file in a TNEF stream.
type tnefFileOf struct {
	name, media string
	data        []byte
}

// tnefMail is what is read of a TNEF stream: the files, and the body in the
// forms that it has.
type tnefMail struct {
	files           []tnefFileOf
	text, html, rtf []byte
	utf16           bool   // of text
	charset         string // of text and html
}

var errTNEF = errors.New("winmail.dat is damaged")

// readTNEF reads a stream as far as it is whole.
func readTNEF(b []byte, maxFiles int) (m tnefMail, err error) {
	if len(b) < 6 || binary.LittleEndian.Uint32(b) != tnefMagic {
		return m, errTNEF
	}
	var file *tnefFileOf
	for b = b[6:]; len(b) > 0; {
		if len(b) < 9 {
			return m, errTNEF
		}
		id, size := binary.LittleEndian.Uint32(b[1:])&0xffff, int64(binary.LittleEndian.Uint32(b[5:]))
		if b = b[9:]; size > int64(len(b)) {
			return m, errTNEF
		}
		data := b[:size]
		b = b[min(size+2, int64(len(b))):] // after the checksum, which some programs get wrong
		switch id {
		case tnefCodepage:
			if len(data) >= 4 {
				m.charset = codepage(int(binary.LittleEndian.Uint32(data)))
			}
		case tnefBody:
			m.text = bytes.TrimRight(data, "\x00")
		case tnefMessage:
			err = errors.Join(err, readMAPI(data, m.property))
		case tnefFileBegins:
			if len(m.files) > maxFiles {
				return m, nil // the caller holds the mail
			}
			m.files = append(m.files, tnefFileOf{})
			file = &m.files[len(m.files)-1]
		case tnefFileTitle, tnefFileData, tnefFile:
			if file == nil {
				return m, errTNEF
			}
			switch id {
			case tnefFileTitle:
				file.name, _, _ = decodeText(bytes.TrimRight(data, "\x00"), m.charset)
			case tnefFileData:
				file.data = data
			default:
				err = errors.Join(err, readMAPI(data, func(id, kind int, value []byte) { file.property(id, kind, value, m.charset) }))
			}
		}
	}
	return m, err
}

func (m *tnefMail) property(id, kind int, value []byte) {
	switch id {
	case mapiBody:
		m.text, m.utf16 = value, kind == 0x1f
	case mapiHTML:
		m.html = bytes.TrimRight(value, "\x00")
	case mapiRTF:
		m.rtf = value
	case mapiCodepage:
		if len(value) >= 4 {
			m.charset = codepage(int(binary.LittleEndian.Uint32(value)))
		}
	}
}

func (f *tnefFileOf) property(id, kind int, value []byte, charset string) {
	switch id {
	case mapiLongName:
		f.name = mapiString(value, kind, charset)
	case mapiFileName:
		if f.name == "" {
			f.name = mapiString(value, kind, charset)
		}
	case mapiMIME:
		f.media = strings.ToLower(clean(mapiString(value, kind, charset)))
	case mapiObject:
		if f.data == nil && len(value) > 16 {
			f.data, f.media = value[16:], "application/ms-tnef" // a mail within, after the name of its interface
		}
	}
}

// readMAPI calls f for each property of a list (MS-OXTNEF 2.1.3.4); of a
// property with many values for the first.
func readMAPI(b []byte, f func(id, kind int, value []byte)) error {
	short := false
	take := func(n int64) []byte {
		if short = short || n < 0 || n > int64(len(b)); short {
			return nil
		}
		v := b[:n:n]
		b = b[n:]
		return v
	}
	number := func() int64 {
		if v := take(4); v != nil {
			return int64(binary.LittleEndian.Uint32(v))
		}
		return 0
	}
	for count := number(); count > 0 && !short; count-- {
		tag := number()
		kind, id := int(tag&0xffff), int(tag>>16)
		if id >= 0x8000 { // a named one: its name is passed over
			take(16)
			if number() != 0 {
				n := number()
				take(n + -n&3)
			} else {
				take(4)
			}
		}
		many, kind := kind&0x1000 != 0, kind&^0x1000
		fixed := map[int]int64{2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 10: 4, 11: 4, 0x14: 8, 0x40: 8, 0x48: 16}[kind]
		values := int64(1)
		if many || fixed == 0 {
			values = number()
		}
		for i := int64(0); i < values && !short; i++ {
			n := fixed
			if fixed == 0 {
				n = number()
			}
			v := take(n)
			if pad := -n & 3; !short && pad <= int64(len(b)) {
				b = b[pad:]
			}
			if i == 0 && !short {
				f(id, kind, v)
			}
		}
	}
	if short {
		return errTNEF
	}
	return nil
}

func mapiString(b []byte, kind int, charset string) string {
	if kind == 0x1f {
		return strings.TrimRight(utf16le(b), "\x00")
	}
	s, _, _ := decodeText(bytes.TrimRight(b, "\x00"), charset)
	return s
}

func utf16le(b []byte) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units))
}

// codepage names a Windows code page as decodeText knows it.
func codepage(n int) string {
	if n >= 1250 && n <= 1258 {
		return "windows-" + strconv.Itoa(n)
	}
	if n > 28590 && n < 28606 {
		return "iso-8859-" + strconv.Itoa(n-28590)
	}
	if name := map[int]string{20127: "us-ascii", 20866: "koi8-r", 21866: "koi8-u", 51932: "euc-jp", 51936: "gb2312", 51949: "euc-kr", 52936: "hz-gb-2312"}[n]; name != "" {
		return name
	}
	return "cp" + strconv.Itoa(n)
}

// tnef takes the files out of a winmail.dat, and its body to read where the
// mail has none beside it.
func (r *reader) tnef(content []byte, t *texts) {
	m, err := readTNEF(content, r.Limits.Attachments)
	if err != nil {
		r.problem("%v", errTNEF)
	}
	for _, f := range m.files {
		if f.media == "" {
			f.media = "application/octet-stream"
		}
		if f.media == "application/ms-tnef" && f.name == "" {
			f.name = "message.dat"
		}
		if f.data == nil {
			continue
		}
		if r.keep(f.name, f.media, f.data); r.m.Hold != "" {
			return
		}
	}
	var pc piece
	max := 4 * r.Limits.Text
	switch text := bytes.TrimRight(m.text, "\x00 \r\n"); {
	case len(text) > 0 && m.utf16:
		pc = r.piece([]byte(utf16le(m.text[:min(len(m.text), max)])), "utf-8", false, t)
	case len(text) > 0:
		pc = r.piece(text[:min(len(text), max)], m.charset, false, t)
	case len(m.html) > 0:
		pc = r.piece(m.html, m.charset, true, t)
	case len(m.rtf) > 0:
		pc = r.piece([]byte(rtfText(unpackRTF(m.rtf, max))), "utf-8", false, t)
	}
	if len(pc.whole) > r.Limits.Text {
		r.hold("more than %d bytes of text in a part", r.Limits.Text)
		return
	}
	if !r.exchange {
		pc.own = "" // a file that is passed on is not the author's words
	}
	t.enclosed = append(t.enclosed, pc)
}

// rtfWords is what the dictionary of compressed RTF holds at the start
// (MS-OXRTFCP 2.1.2.1).
const rtfWords = `{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0` +
	"\r\n" + `\par \pard\plain\f0\fs20\b\i\u\tab\tx`

// unpackRTF undoes the compression of MS-OXRTFCP, as far as the data are
// whole, up to max bytes.
func unpackRTF(b []byte, max int) []byte {
	if len(b) < 16 {
		return nil
	}
	kind := string(b[8:12])
	size := min(int(binary.LittleEndian.Uint32(b[4:])), max)
	b = b[16:]
	if kind != "LZFu" {
		return b[:min(size, len(b))]
	}
	var words [4096]byte
	at := copy(words[:], rtfWords)
	out := make([]byte, 0, min(size, 9*len(b)))
	put := func(c byte) {
		out, words[at] = append(out, c), c
		at = (at + 1) % len(words)
	}
	for len(b) > 0 && len(out) < size {
		control := b[0]
		b = b[1:]
		for bit := 0; bit < 8 && len(out) < size; bit++ {
			if control>>bit&1 == 0 {
				if len(b) < 1 {
					return out
				}
				put(b[0])
				b = b[1:]
				continue
			}
			if len(b) < 2 {
				return out
			}
			from, n := int(b[0])<<4|int(b[1])>>4, int(b[1]&15)+2
			if b = b[2:]; from == at {
				return out // the end mark
			}
			for range n {
				put(words[from])
				from = (from + 1) % len(words)
			}
		}
	}
	return out
}

// rtfText gives the words of RTF: the destinations that hold no text are
// passed over, and so is what stands there for HTML programs only.
func rtfText(b []byte) string {
	type group struct {
		silent bool // nothing in it is text
		skip   int  // characters that stand in for a \u
	}
	var out strings.Builder
	var run []byte // of the code page
	charset, left := "windows-1252", 0
	flush := func() {
		if len(run) > 0 {
			s, _, _ := decodeText(run, charset)
			out.WriteString(s)
			run = run[:0]
		}
	}
	stack := []group{{skip: 1}}
	for i := 0; i < len(b); i++ {
		top := &stack[len(stack)-1]
		switch c := b[i]; {
		case c == '{':
			flush()
			if len(stack) > 1000 {
				return out.String()
			}
			stack = append(stack, *top)
		case c == '}':
			flush()
			if len(stack) > 1 {
				stack = stack[:len(stack)-1]
			}
		case c == '\r' || c == '\n':
		case c != '\\' || i+1 >= len(b):
			if left > 0 {
				left--
			} else if !top.silent {
				run = append(run, c)
			}
		case b[i+1] == '\'' && i+3 < len(b):
			v, err := strconv.ParseUint(string(b[i+2:i+4]), 16, 8)
			i += 3
			if left > 0 {
				left--
			} else if !top.silent && err == nil {
				run = append(run, byte(v))
			}
		case b[i+1] == '*':
			top.silent = true
			i++
		case b[i+1] == '\\' || b[i+1] == '{' || b[i+1] == '}':
			if i++; !top.silent {
				run = append(run, b[i])
			}
		case b[i+1] == '~':
			if i++; !top.silent {
				run = append(run, ' ')
			}
		default:
			flush()
			end := i + 1
			for end < len(b) && (b[end]|0x20 >= 'a' && b[end]|0x20 <= 'z') {
				end++
			}
			word, digits := string(b[i+1:end]), end
			for end < len(b) && (b[end] >= '0' && b[end] <= '9' || end == digits && b[end] == '-') {
				end++
			}
			n, err := strconv.Atoi(string(b[digits:end]))
			if end < len(b) && b[end] == ' ' {
				end++
			}
			i = max(end-1, i+1)
			switch word {
			case "fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "header", "footer", "listtable", "listoverridetable", "generator":
				top.silent = true
			case "htmlrtf":
				top.silent = err != nil || n != 0
			case "ansicpg":
				charset = codepage(n)
			case "uc":
				top.skip = n
			case "u":
				if n < 0 {
					n += 1 << 16
				}
				if !top.silent && err == nil {
					out.WriteRune(rune(n))
				}
				left = top.skip
			case "par", "line", "sect", "page", "row":
				if !top.silent {
					out.WriteByte('\n')
				}
			case "tab", "cell":
				if !top.silent {
					out.WriteByte('\t')
				}
			}
		}
	}
	flush()
	return out.String()
}
