package mailin

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

func encoded(t *testing.T, e encoding.Encoding, s string) string {
	t.Helper()
	b, err := e.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestAddresses: address lists as RFC 5322 has them and as people send them.
func TestAddresses(t *testing.T) {
	for in, want := range map[string]string{
		`a@b.example`:                                           `|a@b.example`,
		`A B <a@B.Example>`:                                     `A B|a@b.example`,
		`"B, A" <a@b.example>, c@d.example`:                     `B, A|a@b.example |c@d.example`,
		`a@b.example; c@d.example;`:                             `|a@b.example |c@d.example`,
		`a@b.example (Ann (the) Bee)`:                           `Ann (the) Bee|a@b.example`,
		`undisclosed-recipients:;`:                              ``,
		`staff: a@b.example, C <c@d.example>; e@f.example`:      `|a@b.example C|c@d.example |e@f.example`,
		`<<a@b.example>>`:                                       `|a@b.example`,
		`<a@b.example`:                                          `|a@b.example`,
		`Ann a@b.example`:                                       `Ann|a@b.example`,
		`<@x.example,@y.example:a@b.example>`:                   `|a@b.example`,
		`"a b"@c.example`:                                       `|"a b"@c.example`,
		`Ann <a(at home)@b.example(her firm)>`:                  `Ann|a@b.example`,
		`"post@" <client.example post@client.example>`:          `post@|post@client.example`,
		`<a @ b . example>`:                                     `|a@b.example`,
		`a@b(x).  example`:                                      `x|a@b.example`,
		`a@b   . example, <c(d@e.example>`:                      `|a@b.example |c(d@e.example`,
		`Ann <a@b.example> Bea <c@d.example>`:                   `Ann|a@b.example Bea|c@d.example`,
		`<Undisclosed-Recipients:@mx.example;>`:                 ``,
		`"a@b.example" <c@d.example>`:                           `a@b.example|c@d.example`,
		`'Ann' <a@b.example>`:                                   `Ann|a@b.example`,
		`"Ann <a@b.example>`:                                    `Ann|a@b.example`,
		`MAILER-DAEMON <>`:                                      `|MAILER-DAEMON`,
		`<>`:                                                    ``,
		`=?utf-8?Q?Li,_Ming?= <a@b.example>`:                    `Li, Ming|a@b.example`,
		`"=?gb2312?B?1cXI/Q==?=" <a@b.example>`:                 `张三|a@b.example`,
		`=?gb2312?B?1cXI/Q==?= <a@b.example>, <c@d>`:            `张三|a@b.example |c@d`,
		"<mailto:a@b.example>":                                  `|a@b.example`,
		encoded(t, simplifiedchinese.GBK, `"张三" <a@b.example>`): `张三|a@b.example`,
	} {
		var got []string
		for _, a := range parseAddresses(in, 100) {
			got = append(got, a.Name+"|"+a.Addr)
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("%q:\n got %s\nwant %s", in, text, want)
		}
	}
}

// TestHeaderText: encoded words as they should be and as they are.
func TestHeaderText(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                                          "plain",
		"=?utf-8?B?5oqV6K+J?=":                           "投诉",
		"=?UTF-8*zh?q?=E6=8A=95=E8=AF=89?= x":            "投诉 x",
		"=?utf-8?B?5oqV?= =?utf-8?B?6K+J?=":              "投诉",
		"=?utf-8?B?5oqV6A==?=\r\n =?utf-8?B?r4k=?=":      "投诉", // cut in a character
		"=?utf-8?B?5oqV6K?= =?utf-8?B?+J?=":              "投诉", // cut in the base64
		"=?utf-8?B?5oqV6K+J":                             "投诉", // not closed
		"=?utf-8?Q?a?==?utf-8?Q?b?=":                     "ab",
		"=?utf-8?Q?a b c?=":                              "a b c",
		"=?gb2312?B?zbbL3w==?= =?big5?B?p+u2RA==?=":      "投诉投訴",
		`"=?utf-8?B?5oqV6K+J?="`:                         `"投诉"`,
		"=?cp936?B?zbbL3w==?=":                           "投诉",
		"=?\"gb2312\"?B?zbbL3w==?=":                      "投诉",
		"=?default?B?zbbL3w==?=":                         "投诉",
		"=?utf-8?B?zbbL3w==?=":                           "投诉", // mislabelled
		"=?us-ascii?B?5oqV6K+J?=":                        "投诉",
		"=?iso-2022-jp?B?GyRCNmw+cBsoQg==?=":             "苦情",
		"a =?x?= b =? c ?= =?utf-8?X?abc?=":              "a =?x?= b =? c ?= =?utf-8?X?abc?=",
		"re\x00s\x1b\x7ful\tt":                           "resul t",
		encoded(t, simplifiedchinese.GBK, "投诉律师"):        "投诉律师",
		encoded(t, traditionalchinese.Big5, "申訴律師未依約出庭"): "申訴律師未依約出庭",
		"caf\xe9": "café",
	} {
		if got := decodeHeader(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// TestDecodeText: labels are believed unless the bytes speak against them.
func TestDecodeText(t *testing.T) {
	const han = "律师没有按时提交证据"
	gbk := encoded(t, simplifiedchinese.GBK, han)
	big5 := encoded(t, traditionalchinese.Big5, "律師沒有按時提交證據")
	for _, test := range []struct{ bytes, label, text, used string }{
		{gbk, "gb2312", han, "gb2312"},
		{gbk, " \"GB2312\"; ", han, "gb2312"},
		{gbk, "EUC-CN", han, "gb2312"},
		{gbk, "gb18030", han, "gb18030"},
		{gbk, "", han, "gb18030"},
		{gbk, "default", han, "gb18030"},
		{gbk, "utf-8", han, "gb18030"},
		{gbk, "iso-8859-1", han, "gb18030"},
		{gbk, "big5", han, "gb18030"},
		{big5, "cp950", "律師沒有按時提交證據", "big5"},
		{big5, "gb2312", "律師沒有按時提交證據", "big5"},
		{big5, "", "律師沒有按時提交證據", "big5"},
		{han, "gbk", han, "utf-8"},
		{han, "x-unheard-of", han, "utf-8"},
		{"\xef\xbb\xbf" + han, "iso-8859-1", han, "utf-8"},
		{encoded(t, simplifiedchinese.GB18030, "𬱖堃镕"), "gb2312", "𬱖堃镕", "gb18030"},
		{encoded(t, simplifiedchinese.HZGB2312, han), "hz-gb-2312", han, "hz-gb-2312"},
		{"M\xfcller \x80 5", "iso-8859-1", "Müller € 5", "iso-8859-1"},
		{"M\xfcller", "utf-8", "Müller", "windows-1252"},
		{"Die Gebühr \xff", "utf-8", "Die Gebühr \uFFFD", "utf-8"},
		{"Hi M+APw-ller +- x", "unicode-1-1-utf-7", "Hi Müller + x", "utf-7"},
		{"\xff\xfea\x00\x8bN", "utf-16", "a事", "utf-16"},
		{"plain", "gb2312", "plain", "gb2312"},
		{"plain", "", "plain", "us-ascii"},
	} {
		if text, used, _ := decodeText([]byte(test.bytes), test.label); text != test.text || used != test.used {
			t.Errorf("%q as %q: %q (%s), want %q (%s)", test.bytes, test.label, text, used, test.text, test.used)
		}
	}
}

// TestIDsAndDates: the forms of both that mail programs write.
func TestIDsAndDates(t *testing.T) {
	for in, want := range map[string]string{
		"<a@b>": "a@b", "a@b": "a@b", "<a@b> <c@d>": "a@b c@d", "<a@b>,<c@d>": "a@b c@d", "a@b c@d": "a@b c@d",
		"<a@b": "a@b", "<a\r\n @b>": "a@b", "": "", "<>": "", "your mail of <a@b> (x)": "a@b", "<a@b><a@b>": "a@b", "no-at": "no-at",
	} {
		if got := strings.Join(parseIDs(strings.ReplaceAll(in, "\r\n", "")), " "); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	want := time.Date(2026, 11, 3, 10, 21, 0, 0, time.FixedZone("", 8*3600))
	for _, in := range []string{
		"Tue, 3 Nov 2026 10:21:00 +0800", "Tue, 03 Nov 2026 10:21:00 +0800 (CST)", "3 Nov 2026 10:21 +0800", "Tue, 03 Nov 2026 02:21:00 GMT", "Tue, 3 Nov 2026 02:21:00 UT",
		"Tuesday, 3 Nov 2026 10:21:00 +0800", "Tue,3 Nov 2026 10:21:00 +0800", "Tue Nov 3 02:21:00 2026", "2026-11-03T10:21:00+0800", "2026-11-03 02:21:00", "Tue, 3 Nov 26 10:21:00 +0800",
		"Tue, 3 Nov 2026 10:21:00 +08:00", "2026/11/03 02:21:00",
	} {
		if got, ok := parseDate(in); !ok || !got.Equal(want) {
			t.Errorf("%q: %v %v", in, got, ok)
		}
	}
	for _, in := range []string{"", "yesterday", "Tue, 45 Nov 2026 10:21:00 +0800"} {
		if got, ok := parseDate(in); ok {
			t.Errorf("%q is %v", in, got)
		}
	}
}

// TestParams: parameters as RFC 2045 and 2231 have them and as they are sent.
func TestParams(t *testing.T) {
	for in, want := range map[string]string{
		`text/plain; charset=utf-8; format=flowed`:                                `text/plain charset=utf-8 format=flowed`,
		`TEXT/HTML;CHARSET="GB2312"`:                                              `text/html charset=GB2312`,
		`text/plain charset=us-ascii`:                                             `text/plain charset=us-ascii`,
		`attachment; filename=my file.pdf; size=3`:                                `attachment filename=my file.pdf size=3`,
		`attachment; filename="a;b.pdf"`:                                          `attachment filename=a;b.pdf`,
		`attachment; filename="a\"b\\c.pdf"`:                                      `attachment filename=a"b\c.pdf`,
		`attachment; filename="open.pdf; x=1`:                                     `attachment filename=open.pdf x=1`,
		`; filename=x.png`:                                                        ` filename=x.png`,
		`filename="x.png"`:                                                        ` filename=x.png`,
		`attachment; filename*=utf-8''%e6%8a%95.pdf`:                              `attachment filename=投.pdf`,
		`attachment; filename*=UTF-8'zh'%e6%8a%95.pdf; filename=x`:                `attachment filename=投.pdf`,
		`attachment; filename*0="a"; filename*1="b.pdf"`:                          `attachment filename=ab.pdf`,
		`attachment; filename*0*=utf-8''%e6; filename*1*=%8a%95; filename*2=.pdf`: `attachment filename=投.pdf`,
		`attachment; filename=first; filename=second`:                             `attachment filename=first`,
		`multipart/mixed; boundary=----=_Part_1; x`:                               `multipart/mixed boundary=----=_Part_1`,
		`attachment; filename=100%.pdf`:                                           `attachment filename=100%.pdf`,
		``:                                                                        ``,
	} {
		value, params := parseParams(in)
		var keys []string
		for k, v := range params {
			keys = append(keys, fmt.Sprintf("%s=%s", k, v))
		}
		slices.Sort(keys)
		if got := strings.TrimRight(value+" "+strings.Join(keys, " "), " "); got != want {
			t.Errorf("%s:\n got %s\nwant %s", in, got, want)
		}
	}
}
