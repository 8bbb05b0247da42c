package mailin

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// A tnefWriter writes what Outlook does.
type tnefWriter struct{ bytes.Buffer }

func newTNEF() *tnefWriter {
	w := &tnefWriter{}
	w.number(tnefMagic)
	w.Write([]byte{1, 0})
	w.attribute(1, 0x00069007, binary.LittleEndian.AppendUint64(nil, 936)) // attOemCodepage
	return w
}

func (w *tnefWriter) number(n uint32) { w.Write(binary.LittleEndian.AppendUint32(nil, n)) }

func (w *tnefWriter) attribute(level byte, id uint32, data []byte) {
	w.WriteByte(level)
	w.number(id)
	w.number(uint32(len(data)))
	w.Write(data)
	var sum uint16
	for _, c := range data {
		sum += uint16(c)
	}
	w.Write(binary.LittleEndian.AppendUint16(nil, sum))
}

// mapiProperty is one of a list; text is written as UTF-16.
type mapiProperty struct {
	id    uint32
	value any // string, []byte or uint32
	name  string
}

func mapiList(all ...mapiProperty) []byte {
	w := &tnefWriter{}
	w.number(uint32(len(all)))
	for _, p := range all {
		kind, data := uint32(0x102), []byte(nil)
		switch v := p.value.(type) {
		case string:
			kind = 0x1f
			for _, u := range append(utf16.Encode([]rune(v)), 0) {
				data = binary.LittleEndian.AppendUint16(data, u)
			}
		case []byte:
			data = v
		case uint32:
			kind = 3
		}
		w.number(p.id<<16 | kind)
		if p.id >= 0x8000 {
			w.Write(make([]byte, 16))
			w.number(1)
			w.number(uint32(2 * len(p.name)))
			for _, u := range utf16.Encode([]rune(p.name)) {
				w.Write(binary.LittleEndian.AppendUint16(nil, u))
			}
			w.Write(make([]byte, -2*len(p.name)&3))
		}
		if n, ok := p.value.(uint32); ok {
			w.number(n)
			continue
		}
		w.number(1)
		w.number(uint32(len(data)))
		w.Write(data)
		w.Write(make([]byte, -len(data)&3))
	}
	return w.Bytes()
}

func (w *tnefWriter) file(title, long string, data []byte) {
	w.attribute(2, 0x00069002, make([]byte, 14))
	w.attribute(2, 0x00018010, append([]byte(title), 0))
	w.attribute(2, 0x0006800f, data)
	w.attribute(2, 0x00069005, mapiList(mapiProperty{id: mapiLongName, value: long}, mapiProperty{id: mapiMIME, value: "application/pdf"}))
}

// stored packs RTF without compressing it, and packed by literals and one
// reference to what was written before.
func stored(rtf string) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(rtf)+12))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(rtf)))
	return append(append(b, "MELA\x00\x00\x00\x00"...), rtf...)
}

func packed(rtf string) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 0)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(rtf)))
	b = append(b, "LZFu\x00\x00\x00\x00"...)
	for len(rtf) > 0 {
		n := min(8, len(rtf))
		b = append(append(b, 0), rtf[:n]...)
		rtf = rtf[n:]
	}
	return b
}

// winmail is a mail as an Exchange sends it to those outside.
func winmail(tnef []byte, text string, header ...string) []byte {
	part := ""
	if text != "" {
		part = "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text + "\r\n"
	}
	return rawMail(part+"--b\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=winmail.dat\r\n\r\n"+
		base64.StdEncoding.EncodeToString(tnef)+"\r\n--b--\r\n", append(header, "Content-Type: multipart/mixed; boundary=b")...)
}

// TestTNEF: the files and the body of a winmail.dat are read, and the original
// is kept.
func TestTNEF(t *testing.T) {
	gbk := func(s string) []byte {
		b, _ := simplifiedchinese.GBK.NewEncoder().Bytes([]byte(s))
		return b
	}
	const exchange = "X-MS-TNEF-Correlator: <f1@client.example>"
	const rtf = `{\rtf1\ansi\ansicpg936\deff0{\fonttbl{\f0 SimSun;}}{\colortbl;\red0;}\uc2 {\*\generator x;}\'b7\'d1\'d3\'c3 was\par charged \u20004\'a3\'bf twice.\{ok\}}`
	body := func(p ...mapiProperty) []byte {
		w := newTNEF()
		w.attribute(1, 0x00069003, mapiList(p...))
		return w.Bytes()
	}
	files := newTNEF()
	files.file("CONTRA~1.PDF", "委托合同.pdf", []byte("%PDF-1.4"))
	files.file("a.pdf", "../../etc/passwd", []byte("x"))
	old := newTNEF()
	old.attribute(1, 0x0002800c, append(gbk("收费不合理。\r\n请退还。"), 0))
	tests := []struct {
		name      string
		mail      []byte
		text, own string
		files     []string
	}{
		{"files beside a text", winmail(files.Bytes(), "See the contract."), "See the contract.", "See the contract.", []string{"winmail.dat", "委托合同.pdf", "passwd"}},
		{"a body of the old form", winmail(old.Bytes(), "", exchange), "收费不合理。\n请退还。", "收费不合理。\n请退还。", []string{"winmail.dat"}},
		{"a body in Unicode", winmail(body(mapiProperty{id: mapiBody, value: "Charged twice."}), "", exchange), "Charged twice.", "Charged twice.", []string{"winmail.dat"}},
		{"a body in HTML", winmail(body(mapiProperty{id: 0x8001, name: "odd", value: uint32(7)}, mapiProperty{id: mapiCodepage, value: uint32(65001)}, mapiProperty{id: mapiHTML, value: []byte("<html><p>多收了</p></html>")}), "", exchange), "多收了", "多收了", []string{"winmail.dat"}},
		{"a body in RTF", winmail(body(mapiProperty{id: mapiRTF, value: stored(rtf)}), "", exchange), "费用 was\ncharged 两 twice.{ok}", "费用 was\ncharged 两 twice.{ok}", []string{"winmail.dat"}},
		{"packed RTF", winmail(body(mapiProperty{id: mapiRTF, value: packed(rtf)}), "", exchange), "费用 was\ncharged 两 twice.{ok}", "费用 was\ncharged 两 twice.{ok}", []string{"winmail.dat"}},
		{"a text beside a body: shown once", winmail(body(mapiProperty{id: mapiBody, value: "Charged twice."}), "Charged twice!", exchange), "Charged twice!", "Charged twice!", []string{"winmail.dat"}},
		{"a winmail.dat that was passed on", winmail(body(mapiProperty{id: mapiBody, value: "#close"}), ""), "#close", "", []string{"winmail.dat"}},
		{"HTML inside RTF", winmail(body(mapiProperty{id: mapiRTF, value: stored(`{\rtf1\ansi\fromhtml1{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 Charged twice.\htmlrtf\par}\htmlrtf0 {\*\htmltag72 </p>}}`)}), "", exchange), "Charged twice.", "Charged twice.", []string{"winmail.dat"}},
	}
	for _, test := range tests {
		m := Parse(test.mail, Desk{})
		var names []string
		for _, a := range m.Attachments {
			names = append(names, a.Name)
		}
		if m.Text != test.text || m.OwnWords != test.own || !slices.Equal(names, test.files) || m.Hold != "" || len(m.Problems) > 0 && strings.Contains(m.Problems[0], "winmail") {
			t.Errorf("%s: text %q, own words %q, files %q, hold %q, problems %q", test.name, m.Text, m.OwnWords, names, m.Hold, m.Problems)
		}
		checkClean(t, m)
	}
	if len(rtfWords) != 207 {
		t.Errorf("the dictionary has %d bytes", len(rtfWords))
	}
	// A reference into the dictionary: \f0\fnil stands there at byte 68.
	if got := string(unpackRTF(append([]byte("\x00\x00\x00\x00\x08\x00\x00\x00LZFu\x00\x00\x00\x00\x01"), 68>>4, 68&15<<4|6), 100)); got != rtfWords[68:76] {
		t.Errorf("a reference gives %q", got)
	}
	// Cut anywhere it is kept, said, and no panic.
	whole := files.Bytes()
	for n := range whole {
		if m := Parse(winmail(whole[:n], "See."), Desk{}); m.Text != "See." || len(m.Attachments) == 0 || m.Hold != "" {
			t.Fatalf("cut at %d: %q, %d attachments, hold %q", n, m.Text, len(m.Attachments), m.Hold)
		}
	}
	if m := Parse(winmail(whole[:40], "See."), Desk{}); !slices.Contains(m.Problems, errTNEF.Error()) {
		t.Errorf("damaged: %q", m.Problems)
	}
}

// uuencode writes what old programs put into their texts.
func uuencode(name string, data []byte) string {
	var b strings.Builder
	fmt.Fprintf(&b, "begin 644 %s\r\n", name)
	for len(data) > 0 {
		line := data[:min(45, len(data))]
		data = data[len(line):]
		b.WriteByte(byte(len(line)) + ' ')
		padded := append(bytes.Clone(line), 0, 0)
		for i := 0; i < len(line); i += 3 {
			v := uint32(padded[i])<<16 | uint32(padded[i+1])<<8 | uint32(padded[i+2])
			for shift := 18; shift >= 0; shift -= 6 {
				c := byte(v>>shift)&63 + ' '
				if c == ' ' {
					c = '`'
				}
				b.WriteByte(c)
			}
		}
		b.WriteString("\r\n")
	}
	b.WriteString("`\r\nend\r\n")
	return b.String()
}

// TestUUInText: a file in a text is a file, and is gone from the text; words
// that only begin like one stay.
func TestUUInText(t *testing.T) {
	file := bytes.Repeat([]byte("receipt\x00\xff"), 50)
	m := Parse(rawMail("The receipt:\r\n\r\n"+uuencode("收据.pdf", file)+"\r\nAnd the second:\r\n"+uuencode("b.pdf", file[:7])+"Thank you.\r\n", "Content-Type: text/plain; charset=utf-8"), Desk{})
	if m.OwnWords != "The receipt:\n\n\nAnd the second:\nThank you." || len(m.Attachments) != 2 {
		t.Fatalf("%q, %d attachments", m.OwnWords, len(m.Attachments))
	}
	if a := m.Attachments[0]; a.Name != "收据.pdf" || !bytes.Equal(a.Content, file) {
		t.Errorf("%s: %q", a.Name, a.Content)
	}
	if a := m.Attachments[1]; a.Name != "b.pdf" || !bytes.Equal(a.Content, file[:7]) {
		t.Errorf("%s: %q", a.Name, a.Content)
	}
	tencent := strings.ReplaceAll("The receipt:\r\n\r\n"+uuencode("b.pdf", file)+"Thank you.\r\n", "\r\n", "\r\r\n")
	if m := Parse(rawMail(tencent), Desk{}); m.OwnWords != "The receipt:\n\nThank you." || len(m.Attachments) != 1 || m.Attachments[0].Name != "b.pdf" || !bytes.Equal(m.Attachments[0].Content, file) {
		t.Errorf("CR CR LF: %q, %d attachments", m.OwnWords, len(m.Attachments))
	}
	for _, words := range []string{"begin 644 the list\r\nwe met in May\r\nend\r\n", "begin 644 x\r\n", "Please\r\nbegin 2026 with a refund.\r\nend\r\n"} {
		if m := Parse(rawMail(words), Desk{}); len(m.Attachments) > 0 || m.OwnWords != strings.TrimSpace(strings.ReplaceAll(words, "\r\n", "\n")) {
			t.Errorf("%q: %q, %d attachments", words, m.OwnWords, len(m.Attachments))
		}
	}
}

// TestSMIME: what a signature encloses is read, and that nobody checked it is
// said; what is encrypted stays closed.
func TestSMIME(t *testing.T) {
	for file, want := range map[string][2]string{
		"smime-opaque":     {"贵所代理双方当事人，请说明。", "signed (S/MIME): the signature was not checked"},
		"smime-opaque-ber": {"贵所代理双方当事人，请说明。", "signed (S/MIME): the signature was not checked"},
		"smime-encrypted":  {"", "the mail is encrypted (S/MIME) and cannot be read here"},
	} {
		raw, err := os.ReadFile("testdata/" + file + ".eml")
		if err != nil {
			t.Fatal(err)
		}
		m := Parse(raw, Desk{})
		if m.OwnWords != want[0] || !slices.Contains(m.Problems, want[1]) {
			t.Errorf("%s: %q, problems %q", file, m.OwnWords, m.Problems)
		}
		if n := len(m.Attachments); want[0] != "" && (n != 2 || m.Attachments[0].Name != "contract.pdf" || m.Attachments[1].Name != "smime.p7m") {
			t.Errorf("%s: %d attachments", file, n)
		}
		// passed on as a file it is shown, and nobody's own words
		_, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
		on := rawMail("--b\r\n\r\nSee.\r\n--b\r\nContent-Type: application/pkcs7-mime; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n"+string(body)+"\r\n--b--\r\n", "Content-Type: multipart/mixed; boundary=b")
		if m := Parse(on, Desk{}); m.OwnWords != "See." || !strings.Contains(m.Text, want[0]) {
			t.Errorf("%s, passed on: %q of %q", file, m.OwnWords, m.Text)
		}
		der, err := base64.StdEncoding.DecodeString(strings.NewReplacer("\r", "", "\n", "").Replace(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		for n := range der {
			if c, err := signedContent(der[:n]); err == nil && len(c) == 0 && want[0] != "" {
				t.Errorf("%s cut at %d: no error", file, n)
			}
			other := bytes.Clone(der)
			other[n] ^= 0xff
			_, _ = signedContent(other) // no panic
		}
	}
	// signatures around signatures end
	inner := []byte("Content-Type: text/plain\r\n\r\nx\r\n")
	for range 8 {
		inner = []byte("Content-Type: application/pkcs7-mime; smime-type=signed-data\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString(signedOf(inner)))
	}
	if m := Parse(append([]byte("From: zhou@client.example\r\n"), inner...), Desk{}); m.Hold != "more than 5 signatures around each other" {
		t.Errorf("hold %q", m.Hold)
	}
}

// signedOf makes a SignedData without signers.
func signedOf(content []byte) []byte {
	der := func(tag byte, parts ...[]byte) []byte {
		body := bytes.Join(parts, nil)
		head := []byte{tag, 0x84}
		return append(binary.BigEndian.AppendUint32(head, uint32(len(body))), body...)
	}
	data := append(bytes.Clone(oidPKCS7), 1)
	return der(0x30, der(0x06, oidSigned), der(0xa0, der(0x30, der(0x02, []byte{1}), der(0x31), der(0x30, der(0x06, data), der(0xa0, der(0x04, content))), der(0x31))))
}

// TestClearSigned: the armour of PGP is no text, and what is not wholly signed
// is left alone.
func TestClearSigned(t *testing.T) {
	const signed = "-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\n#help\r\n- -- \r\n-----BEGIN PGP SIGNATURE-----\r\n\r\niQ==\r\n-----END PGP SIGNATURE-----\r\n"
	m := Parse(rawMail(signed), Desk{})
	if m.Text != "#help\n--" || m.OwnWords != "#help" || !slices.Contains(m.Problems, "signed (PGP): the signature was not checked") {
		t.Errorf("%q, own words %q, %q", m.Text, m.OwnWords, m.Problems)
	}
	for _, not := range []string{"Look:\r\n" + signed, signed + "#close\r\n", strings.Replace(signed, "-----END PGP SIGNATURE-----\r\n", "", 1)} {
		if m := Parse(rawMail(not), Desk{}); !strings.Contains(m.Text, "BEGIN PGP SIGNED") {
			t.Errorf("%q: %q", not, m.Text)
		}
	}
}

// TestInvitation: what a calendar part says stands in the text and is nobody's
// own words.
func TestInvitation(t *testing.T) {
	const ics = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VTIMEZONE\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nDTSTART;TZID=Asia/Shanghai:20261124T100000\r\n" +
		"SUMMARY:投诉面\r\n 谈\\, 第二次\r\nLOCATION:三号会议室\r\nORGANIZER;CN=Zhou:mailto:zhou@client.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	alternatives := "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n请来面谈。\r\n--b\r\nContent-Type: text/calendar; charset=utf-8; method=REQUEST\r\n\r\n" + ics + "--b--\r\n"
	const line = "[METHOD: REQUEST; SUMMARY: 投诉面谈, 第二次; DTSTART: 20261124T100000; LOCATION: 三号会议室; ORGANIZER: zhou@client.example]"
	for _, kind := range []string{"alternative", "mixed"} {
		m := Parse(rawMail(alternatives, "Content-Type: multipart/"+kind+"; boundary=b"), Desk{})
		if m.Text != "请来面谈。\n\n"+line || m.OwnWords != "请来面谈。" || len(m.Attachments) != 1 {
			t.Errorf("%s: %q, own words %q, %d attachments", kind, m.Text, m.OwnWords, len(m.Attachments))
		}
	}
	if m := Parse(rawMail(ics, "Content-Type: text/calendar; charset=utf-8"), Desk{}); m.Text != line || m.OwnWords != "" {
		t.Errorf("alone: %q, own words %q", m.Text, m.OwnWords)
	}
}

// TestSaidTwice: a text and its HTML side by side are shown once; two texts
// that differ are both.
func TestSaidTwice(t *testing.T) {
	mail := func(first, second string) string {
		return string(rawMail("--b\r\nContent-Type: text/"+first+"\r\n--b\r\nContent-Type: text/"+second+"\r\n--b--\r\n", "Content-Type: multipart/mixed; boundary=b"))
	}
	const plain, html = "plain; charset=utf-8\r\n\r\nCharged twice.\r\nPlease refund.\r\n", "html; charset=utf-8\r\n\r\n<p>Charged <b>twice</b>.</p><p>Please&nbsp;refund.</p>\r\n"
	for _, raw := range []string{mail(plain, html), mail(html, plain)} {
		if m := Parse([]byte(raw), Desk{}); m.Text != "Charged twice.\nPlease refund." || m.OwnWords != m.Text {
			t.Errorf("%q", m.Text)
		}
	}
	if m := Parse([]byte(mail(plain, strings.Replace(html, "refund", "refund 500", 1))), Desk{}); !strings.Contains(m.Text, "500") {
		t.Errorf("%q", m.Text)
	}
}

// TestNeighbours: texts in the charsets around, without a label, and Chinese
// ones that must not be taken for them.
func TestNeighbours(t *testing.T) {
	const (
		ja = "請求書の金額が二重になっています。至急ご確認の上、返金をお願いいたします。よろしくお願いします。"
		ko = "수임료가 두 번 청구되었습니다. 확인하여 주시기 바랍니다. 빠른 답변을 부탁드립니다."
		ru = "Здравствуйте. С меня дважды взяли плату за одну и ту же работу. Прошу вернуть деньги."
		zh = "贵所就同一事项向我收取了两次费用，我已多次联系承办律师，均未得到答复，请予核实并退还。"
		tw = "貴所就同一事項向我收取了兩次費用，我已多次聯繫承辦律師，均未得到答覆，請予核實並退還。"
	)
	for _, test := range []struct {
		text string
		as   encoding.Encoding
		name string
	}{
		{ja, japanese.EUCJP, "euc-jp"}, {ja, japanese.ShiftJIS, "shift_jis"}, {ko, korean.EUCKR, "euc-kr"},
		{ru, charmap.KOI8R, "koi8-r"}, {ru, charmap.Windows1251, "windows-1251"},
		{zh, simplifiedchinese.GBK, "gb18030"}, {zh + "（见「お知らせ」）", simplifiedchinese.GBK, "gb18030"},
	} {
		b, err := test.as.NewEncoder().Bytes([]byte(test.text))
		if err != nil {
			t.Fatal(err)
		}
		if got, used, _ := decodeText(b, ""); used != test.name && !(test.name == "gb18030" && strings.HasPrefix(used, "gb")) || got != test.text {
			t.Errorf("%s: taken for %s: %q", test.name, used, got)
		}
	}
	for _, text := range []string{"Ärger über die späte Rückzahlung: für März, für Jänner, fürs übrige Jahr. Grüße, Jörg Müller, Köln", "Après l'été où le dossier a été égaré, je réclame la décision. Rédigé à Évian, déjà payé."} {
		b, err := charmap.Windows1252.NewEncoder().Bytes([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got, used, _ := decodeText(b, ""); got != text {
			t.Errorf("%q is taken for %s: %q", text, used, got)
		}
	}
	// Every stretch of Chinese text stays Chinese.
	for _, text := range []string{zh, tw} {
		runes := []rune(text)
		for from := 0; from+10 <= len(runes); from++ {
			b, err := simplifiedchinese.GBK.NewEncoder().Bytes([]byte(string(runes[from:])))
			if err != nil {
				t.Fatal(err)
			}
			if name := neighbour(b); name != "" {
				t.Errorf("%q is taken for %s", string(runes[from:]), name)
			}
		}
	}
}
