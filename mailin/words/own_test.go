package words

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// ownTests are texts in the forms of the mail programs, and their author's share.
var ownTests = []struct{ name, text, want string }{
	{"nothing quoted", "One.\n\nTwo.\n", "One.\n\nTwo."},
	{"Apple Mail", "Yes.\n\n> On 3 Nov 2026, at 10:21, Desk <d@f.example> wrote:\n> \n> Do you?\n", "Yes."},
	{"Gmail, folded", "Yes.\n\nOn Tue, Nov 3, 2026 at 10:21 AM Complaints Desk of the Firm <\ncomplaints@firm.example> wrote:\n\n> Do you?\n", "Yes."},
	{"Outlook", "Yes.\n\nFrom: Desk <d@f.example>\nSent: Tuesday, 3 November 2026 10:21\nTo: Zhou\nSubject: x\n\nDo you?\n", "Yes."},
	{"Outlook, original message", "Yes.\n\n-----Original Message-----\nFrom: Desk\n\nDo you?", "Yes."},
	{"Outlook zh", "同意。\n\n-----邮件原件-----\n发件人: 投诉受理\n发送时间: 2026年11月3日\n收件人: 周\n主题: x\n\n是否同意？", "同意。"},
	{"Coremail", "同意。\n\n-----原始邮件-----\n发件人:投诉受理\n发送时间:2026-11-03 10:21:00 (星期二)\n收件人:周\n主题:x", "同意。"},
	{"Yahoo, traditional", "同意。\n\n在 2026年11月3日 星期二 10:21:00 [GMT+8]，投訴<d@f.example> 寫道：\n\n是否同意？", "同意。"},
	{"Gmail, traditional", "同意。\n\n投訴 <d@f.example> 於 2026年11月3日 週二 上午10:21寫道：\n\n> 是否同意？", "同意。"},
	{"iPhone zh, not quoted", "同意。\n\n发自我的 iPhone\n\n在 2026年11月3日，10:21，投诉受理 <d@f.example> 写道：\n\n是否同意？", "同意。"},
	{"Windows Mail zh", "同意。\n\n从 Windows 版邮件发送\n\n发件人: 投诉受理\n发送时间: 2026年11月3日 10:21\n收件人: 周\n主题: x", "同意。"},
	{"Outlook for iOS zh", "同意。\n\n获取 Outlook for iOS\n________________________________\n发件人: 投诉受理 <d@f.example>\n发送时间: Tuesday, November 3, 2026 10:21:00 AM\n收件人: 周\n主题: x\n", "同意。"},
	{"German", "Ja.\n\nAm 03.11.2026 um 10:21 schrieb Desk:\n> Stimmen Sie zu?", "Ja."},
	{"French", "Oui.\n\nLe mar. 3 nov. 2026 à 10:21, Desk <d@f.example> a écrit :\n> D'accord ?", "Oui."},
	{"Spanish", "Sí.\n\nEl mar, 3 nov 2026 a las 10:21, Desk (<d@f.example>) escribió:\n> ¿De acuerdo?", "Sí."},
	{"answers between", "On 3 Nov 2026, at 10:21, Desk wrote:\n> One?\nYes.\n> Two?\nNo.\n", "> One?\nYes.\n> Two?\nNo."},
	{"answers between, after a greeting", "Hello,\n\nOn 3 Nov 2026, at 10:21, Desk wrote:\n> One?\nYes.\n> Two?\nNo.\n", "Hello,\n\n> One?\nYes.\n> Two?\nNo."},
	{"answer below", "On 3 Nov 2026, at 10:21, Desk wrote:\n> One?\n\nYes.\n", "Yes."},
	{"a signature", "Yes.\n\n-- \nZhou Min\nTel. 5550 0142\n", "Yes."},
	{"a signature below a rule", "同意。\n\n------------------\n周敏\n电话：5550 0142\n", "同意。"},
	{"a rule that divides", "Facts\n------\nIn May I paid.\nIn June again.\n\nDemands\n------\nA refund.\n", "Facts\n------\nIn May I paid.\nIn June again.\n\nDemands\n------\nA refund."},
	{"a rule above a list", "诉求\n--------\n1. 退费\n2. 道歉\n", "诉求\n--------\n1. 退费\n2. 道歉"},
	{"headings that are the author's", "From: the second meeting I have no minutes.\nTo: nobody were they sent.\n\nPlease send them.", "From: the second meeting I have no minutes.\nTo: nobody were they sent.\n\nPlease send them."},
	{"facts in the form of headings", "姓名：周敏\n电话：5550 0142\n主题：收费\n诉求：退费", "姓名：周敏\n电话：5550 0142\n主题：收费\n诉求：退费"},
	{"a device in the middle", "来自我的律师的信\n他说已经上诉。", "来自我的律师的信\n他说已经上诉。"},
	{"a sentence that wrote", "On 3 May he wrote that he had filed the appeal.\nHe had not.", "On 3 May he wrote that he had filed the appeal.\nHe had not."},
	{"a sentence that ends in wrote:", "This is what your lawyer wrote:\nWe cannot lose.\n", "This is what your lawyer wrote:\nWe cannot lose."},
	{"a table", "| May | 100 |\n| June | 100 |\n", "| May | 100 |\n| June | 100 |"},
	{"commands above a rule", "#note one\n--------\n#note two\n", "#note one\n--------\n#note two"},
	{"a forwarded mail only", "---------- Forwarded message ---------\nFrom: A <a@b.example>\n\n#close\n", ""},
	{"a quotation only", "> #close\n", ""},
	{"Apple forward", "See below.\n\nBegin forwarded message:\n\nFrom: A <a@b.example>\n", "See below."},
	{"code", "Run:\n```\n> x\n# y\n-----\n```\nThen answer.", "Run:\n```\n> x\n# y\n-----\n```\nThen answer."},
	{"line ends and controls", "a\r\nb\x00\rc\r\r\nd", "a\nb\nc\nd"},
	{"one answer within the quotation", "Le 2026-11-16 02:22, Desk a écrit\u00a0:\n> One?\n\nOui.\n>\n> Two?\n", "Oui."},
	{"Swedish Outlook", "Ja.\n\nFrån: Desk [mailto:d@f.example]\nSkickat: den 5 juni 2026 12:22\nTill: Zhou\nÄmne: x\n\nDo you?", "Ja."},
	{"Danish", "Ja.\n\n-------- Oprindelig besked --------\nFra: Desk\nDato: 04.07.2026 17.45\n\nDo you?", "Ja."},
	{"Polish Outlook", "Tak.\n\nOd: Desk <d@f.example>\nWysłano: środa, 1 marca 2026 12:00\nDo: Zhou\nTemat: x\n\nDo you?", "Tak."},
	{"Norwegian, folded", "Ja.\n\ntir. 18. apr. 2026 kl. 13:09 skrev Desk <d@f.example\n>:\n\nDo you?", "Ja."},
	{"Finnish, folded", "Kyllä.\n\npe 20. lokakuuta 2026 klo 17.50 Desk\n<d@f.example> kirjoitti:\n\nDo you?", "Kyllä."},
	{"Russian, without a verb", "Да.\n\nср, 30 апр. 2026 г. в 15:19, Desk <d@f.example>:\n\nDo you?", "Да."},
	{"time before the date", "Yes.\n\n11:00 AM, November 17, 2026, \"Desk\" <d@f.example>:\n\nDo you?", "Yes."},
	{"no colon", "Yes.\n\nOn Wed, 14 Nov 2026 08:14:43 -0200 Desk <d@f.example> wrote\n\nDo you?", "Yes."},
	{"a sentence about a desk", "Here it is.\n\nSent from my desk, it is quicker than by telephone.", "Here it is.\n\nSent from my desk, it is quicker than by telephone."},
	{"an address to write to", "On 3 May 2026 I asked, at 10:21, and was told to write to the desk <d@f.example>.\nNobody answered.", "On 3 May 2026 I asked, at 10:21, and was told to write to the desk <d@f.example>.\nNobody answered."},
	{"a telephone's rule", "是的，同意。\n\n---- 投诉受理 写道 ----\n\n是否同意？", "是的，同意。"},
	{"a telephone's rule, in English", "Yes.\n\n---- Complaints Desk wrote ----\n\nDo you?", "Yes."},
	{"Norwegian, the date first", "Ja.\n\nPå 3 november 2026 på 10:21:18, Desk (d@f.example) skrev:\n\nDo you?", "Ja."},
	{"French, of a web mail", "Oui.\n\n====\n\nMessage du : 03/11/2026 10:21\nDe : \"Desk\" <d@f.example>\nA : zhou@client.example\nCopie à :\nSujet : votre plainte\n\nD'accord ?", "Oui."},
	{"the foot of a mailing list", "Yes.\n\n__\ncomplainants mailing list\ncomplainants@lists.example\nhttps://lists.example/complainants\n", "Yes."},
	{"a quotation wrapped on the way", "Yes.\n\n> We have read the papers which you have sent us and ask you to tell us,\nwhether you still hold to it.\n> Please answer within seven days of this letter and name the number of your\ncase.\n", "Yes."},
	{"an answer below a full line", "> We have read the papers which you have sent us; do you still hold to them?\nyes, to all of them.\n", "> We have read the papers which you have sent us; do you still hold to them?\nyes, to all of them."},
	{"an answer below an open line", "> Tell us the day and the sum of the payment that you have made to our firm\nThe third of May, 400.\n", "> Tell us the day and the sum of the payment that you have made to our firm\nThe third of May, 400."},
	{"nothing", "", ""},
	{"rules only", "-----\n\n*****\n", ""},
}

// TestOwnWords: quotation and signature are cut in the forms of the mail
// programs, and nothing that the author said is.
func TestOwnWords(t *testing.T) {
	for _, test := range ownTests {
		if got := Own(test.text); got != test.want {
			t.Errorf("%s:\n got %q\nwant %q", test.name, got, test.want)
		}
	}
}

// TestHTMLText: what a reader sees as text, and what in it is not the author's.
func TestHTMLText(t *testing.T) {
	tests := []struct{ html, whole, own string }{
		{"<p>One</p><p>Two<br>three</p>", "One\n\nTwo\nthree", ""},
		{"<div>One</div><div><br></div><div>Two</div>", "One\n\nTwo", ""},
		{"a  b\n\n c&nbsp;d &lt;e&gt; &amp; &#25237;", "a b c d <e> & 投", ""},
		{"<ol><li>a<li>b</ol><ul><li>c</ul>", "1. a\n2. b\n- c", ""},
		{"<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc", ""},
		{"<pre>a\n  b\n</pre>c", "a\n  b\nc", ""},
		{"a<hr>b", "a\n--------\nb", ""},
		{"<style>x</style><script>y</script><title>z</title>a<!-- b -->", "a", ""},
		{`a<span style="DISPLAY: none">b</span><i style="font-size:0">c</i><i style="font-size:0.9em">d</i>`, "ad", ""},
		{`a<font color="x"><span style="color: #FFFFFF">b</span></font>`, "ab", "a"},
		{"a<blockquote>b<br>c<blockquote>d</blockquote></blockquote>e", "a\n> b\n> c\n>> d\ne", ""},
		{`a<blockquote style="margin:0 0 0 40px; border: none">b</blockquote>`, "a\nb", ""},
		{`a<div id="divRplyFwdMsg">From: b</div>c`, "a\nFrom: b\nc", "a\n-----Original Message-----\nFrom: b\nc"},
		{`a<div class="gmail_signature">b<div>c</div></div>d`, "a\nb\nc\nd", "a\nd"},
		{`<img alt="😀" src="x"><img alt="a long description">b`, "😀b", ""},
		{"<p class=MsoNormal>a<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p><p class=MsoNormal>b</p>", "a\n\nb", ""},
		{"<b>a</i></b></div></p>b", "a\nb", ""},
		{"a<", "a<", ""},
		{"", "", ""},
	}
	for _, test := range tests {
		whole, own := FromHTML(test.html, 1000)
		if test.own == "" {
			test.own = test.whole
		}
		if whole != test.whole || own != test.own {
			t.Errorf("%s:\nwhole %q, want %q\nown %q, want %q", test.html, whole, test.whole, own, test.own)
		}
	}
}

// TestFlowed: RFC 3676, with quotation, stuffing, DelSp and the signature.
func TestFlowed(t *testing.T) {
	for _, test := range []struct {
		in, want string
		delSp    bool
	}{
		{"a \nb\nc", "a b\nc", false},
		{"a \nb", "ab", true},
		{"> a \n> b\nc", "> a b\nc", false},
		{"> a \n>> b", "> a \n>> b", false},
		{" From here\n-- \nx", "From here\n-- \nx", false},
		{"a \n\nb", "a \nb", false},
	} {
		if got := Unflow(test.in, test.delSp); got != test.want {
			t.Errorf("%q: %q, want %q", test.in, got, test.want)
		}
	}
}

// FuzzOwnWords: own words are clean lines of the text, in its order, and
// reading them again takes nothing away that was not below a new end.
func FuzzOwnWords(f *testing.F) {
	for _, test := range ownTests {
		f.Add(test.text)
	}
	f.Fuzz(func(t *testing.T, s string) {
		own := Own(s)
		if !utf8.ValidString(own) || strings.ContainsAny(own, "\x00\r") {
			t.Fatalf("not clean: %q", own)
		}
		if own == "" {
			return
		}
		all := strings.Split(Plain(s), "\n")
		for line := range strings.SplitSeq(own, "\n") {
			for len(all) > 0 && strings.TrimRight(all[0], " \t") != line {
				all = all[1:]
			}
			if len(all) == 0 {
				t.Fatalf("line %q of the own words is not in the text", line)
			}
			all = all[1:]
		}
	})
}
