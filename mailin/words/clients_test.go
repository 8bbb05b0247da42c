package words

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// reply is what a mail program makes of an answer, and what its author wrote.
type reply struct{ name, text, want string }

// textReplies are answers in plain text, as the programs of the world write
// them.
var textReplies = []reply{
	// Chinese programs
	{"QQ 邮箱网页版", "同意退款方案。\n\n\n\n\n------------------&nbsp;原始邮件&nbsp;------------------\n发件人: \"投诉受理\" <complaints@firm.example>;\n发送时间: 2026年11月3日(星期二) 上午10:21\n收件人: \"周敏\"<zhou@qq.example>;\n主题: [T2026-0012] 补充材料\n\n请补充材料。", "同意退款方案。"},
	{"QQ 邮箱，带签名", "同意退款方案。\n\n\n周敏\n13800000000\n\n\n\n\n\n\n---Original---\nFrom: \"投诉受理\"<complaints@firm.example>\nDate: Tue, Nov 3, 2026 10:21 AM\nTo: \"周敏\"<zhou@qq.example>;\nSubject: [T2026-0012] 补充材料\n\n请补充。", "同意退款方案。\n\n\n周敏\n13800000000"},
	{"QQ 邮箱手机版", "同意。\n\n\n\n---原始邮件---\n发件人: \"投诉受理\"<complaints@firm.example>\n发送时间: 2026年11月3日(周二) 上午10:21\n收件人: \"周敏\"<zhou@qq.example>;\n主题: 补充材料\n\n请补充。", "同意。"},
	{"QQ 邮箱，发自iPhone", "同意。\n\n\n发自我的iPhone\n\n\n------------------ Original ------------------\nFrom: 投诉受理 <complaints@firm.example>\nDate: 周二,11月 3,2026 10:21 上午\nTo: 周敏 <zhou@qq.example>\nSubject: Re: 补充材料\n\n请补充。", "同意。"},
	{"Foxmail", "同意。\n\n\n\n周敏\nzhou@client.example\n \n发件人： 投诉受理\n发送时间： 2026-11-03 10:21\n收件人： zhou\n主题： 补充材料\n请补充。", "同意。\n\n\n\n周敏\nzhou@client.example"},
	{"Foxmail，带横线", "同意。\n\n________________________________\nzhou@client.example\n\n发件人： 投诉受理\n发送时间： 2026-11-03 10:21\n收件人： zhou\n抄送： 李\n主题： 补充材料\n\n请补充。", "同意。"},
	{"网易邮箱大师", "同意。\n\n| |\n周敏\n|\n|\nzhou@163.example\n|\n签名由网易邮箱大师定制\n\n\n---- 回复的原邮件 ----\n| 发件人 | 投诉受理<complaints@firm.example> |\n| 发送日期 | 2026年11月3日 10:21 |\n| 收件人 | 周敏<zhou@163.example> |\n| 主题 | 补充材料 |\n请补充。", "同意。"},
	{"网易邮箱大师，旧版", "同意。\n\n\n| |\n周敏\n邮箱：zhou@163.example\n|\n\n签名由 网易邮箱大师 定制\n\n在2026年11月03日 10:21，投诉受理 写道：\n请补充。", "同意。"},
	{"网易网页版", "同意。\n\n\n\n\n\n\n\n\nAt 2026-11-03 10:21:00, \"投诉受理\" <complaints@firm.example> wrote:\n>请补充。\n", "同意。"},
	{"网易网页版，中文", "同意。\n\n\n\n\n\n\n\n在 2026-11-03 10:21:00，\"投诉受理\" <complaints@firm.example> 写道：\n>请补充。\n", "同意。"},
	{"网易手机版", "同意。\n\n\n\n发自我的手机\n\n\n-------- 原始邮件 --------\n发件人：投诉受理 <complaints@firm.example>\n日期：2026年11月3日周二 上午10:21\n收件人：周敏 <zhou@163.example>\n主题：补充材料\n请补充。", "同意。"},
	{"阿里邮箱", "同意。\n------------------------------------------------------------------\n发件人：投诉受理 <complaints@firm.example>\n发送时间：2026年11月3日(星期二) 10:21\n收件人：周敏 <zhou@aliyun.example>\n主　题：补充材料\n\n请补充。", "同意。"},
	{"新浪邮箱", "同意。\n\n----- 原始邮件 -----\n发件人：投诉受理 <complaints@firm.example>\n收件人：zhou@sina.example\n主题：补充材料\n日期：2026年11月03日 10点21分\n\n请补充。", "同意。"},
	{"139 邮箱", "同意。\n\n\n----邮件原文----\n发件人：\"投诉受理\" <complaints@firm.example>\n收件人：zhou <zhou@139.example>\n抄 送： (无)\n发送时间：2026-11-03 10:21:00\n主题：补充材料\n\n请补充。", "同意。"},
	{"Coremail", "同意。\n\n\n> -----原始邮件-----\n> 发件人: 投诉受理 <complaints@firm.example>\n> 发送时间: 2026-11-03 10:21:00 (星期二)\n> 收件人: zhou@univ.example\n> 主题: 补充材料\n> \n> 请补充。\n", "同意。"},
	{"飞书邮箱", "同意。\n\n发件人: \"投诉受理\"<complaints@firm.example>\n日期: 2026年11月3日 (周二) 10:21\n主题: 补充材料\n收件人: \"周敏\"<zhou@client.example>\n请补充。", "同意。"},
	{"钉钉邮箱", "同意。\n\n来自钉钉专属商务邮箱\n------------------------------------------------------------------\n发件人：投诉受理<complaints@firm.example>\n日　期：2026年11月03日 10:21:00\n收件人：周敏<zhou@client.example>\n主　题：补充材料\n\n请补充。", "同意。"},
	{"企业微信邮箱", "同意。\n\n\n\n\n\n\n\n周敏\n\n\n\n\n\n\n\n原始邮件\n\n\n\n发件人：\"投诉受理\"< complaints@firm.example >;\n\n发件时间：2026年11月3日(星期二) 10:21\n\n收件人：\"周敏\"< zhou@client.example >;\n\n主题：补充材料\n\n请补充。", "同意。\n\n\n\n\n\n\n\n周敏"},
	{"华为手机", "同意。\n\n发自我的华为手机\n\n\n-------- 原始邮件 --------\n发件人： 投诉受理 <complaints@firm.example>\n日期： 2026年11月3日周二 10:21\n收件人： 周敏 <zhou@client.example>\n主 题： 补充材料\n请补充。", "同意。"},
	{"小米手机", "同意。\n来自小米手机\n\n在 投诉受理 <complaints@firm.example>，2026年11月3日 10:21写道：\n\n请补充。", "同意。"},
	{"Outlook 中文", "同意。\n\n周敏\n\n \n\n发件人: 投诉受理 <complaints@firm.example> \n发送时间: 2026年11月3日 10:21\n收件人: 周敏 <zhou@client.example>\n抄送: 李四 <li@client.example>\n主题: RE: 补充材料\n\n \n\n请补充。", "同意。\n\n周敏"},
	{"Outlook 中文，繁体", "同意。\n\n寄件者: 投訴受理 <complaints@firm.example>\n寄件日期: 2026年11月3日 上午 10:21\n收件者: 周敏\n主旨: 補充材料\n\n請補充。", "同意。"},
	{"Outlook 手机版", "同意。\n\n获取 适用于 iOS 的 Outlook<https://aka.ms/o0ukef>\n________________________________\n发件人: 投诉受理 <complaints@firm.example>\n发送时间: Tuesday, November 3, 2026 10:21:33 AM\n收件人: 周敏 <zhou@client.example>\n主题: 补充材料\n\n请补充。", "同意。"},
	{"Windows 邮件", "同意。\n\n从 Windows 10 版邮件<https://go.microsoft.example/fwlink/?LinkId=550986>应用发送\n\n发件人: 投诉受理<mailto:complaints@firm.example>\n发送时间: 2026年11月3日 10:21\n收件人: 周敏<mailto:zhou@client.example>\n主题: 补充材料\n\n请补充。", "同意。"},
	{"苹果邮件", "同意。\n\n> 2026年11月3日 上午10:21，投诉受理 <complaints@firm.example> 写道：\n> \n> 请补充。\n", "同意。"},
	{"苹果邮件，无标记", "同意。\n\n发自我的 iPad\n\n> 在 2026年11月3日，上午10:21，投诉受理 <complaints@firm.example> 写道：\n> \n> \ufeff请补充。", "同意。"},
	{"Gmail 中文", "同意。\n\n投诉受理 <complaints@firm.example> 于2026年11月3日周二 10:21写道：\n\n> 请补充。\n>\n", "同意。"},
	{"Gmail 中文，折行", "同意。\n\n投诉受理（客户服务部） <complaints@firm.example>\n于2026年11月3日周二 10:21写道：\n\n> 请补充。\n", "同意。"},
	{"Thunderbird 中文", "同意。\n\n在 2026/11/3 10:21, 投诉受理 写道:\n> 请补充。\n", "同意。"},
	{"Thunderbird 中文，下方作答", "在 2026/11/3 10:21, 投诉受理 写道:\n> 请补充材料。\n> 是否同意延期？\n\n材料明日寄出，同意延期。\n", "材料明日寄出，同意延期。"},
	{"Thunderbird 中文，逐条作答", "在 2026/11/3 10:21, 投诉受理 写道:\n> 一、请补充合同。\n明日寄出。\n> 二、是否同意延期？\n同意。\n", "> 一、请补充合同。\n明日寄出。\n> 二、是否同意延期？\n同意。"},
	{"邮件中写“写道”", "律师在微信中写道：\n这个案子稳赢。\n\n结果败诉。", "律师在微信中写道：\n这个案子稳赢。\n\n结果败诉。"},
	{"以“发件人”陈述事实", "附上我方收到的邮件截图，发件人：王律师。\n时间：2026年5月。\n请核实。", "附上我方收到的邮件截图，发件人：王律师。\n时间：2026年5月。\n请核实。"},
	{"说到 iPhone", "合同照片是发自我的iPhone的，原件在律所。\n请核实。", "合同照片是发自我的iPhone的，原件在律所。\n请核实。"},
	{"讲述对方某日所写", "贵所律师于2026年5月3日写道：\n此案稳赢。\n结果败诉，请退费。", "贵所律师于2026年5月3日写道：\n此案稳赢。\n结果败诉，请退费。"},
	{"讲述之后才是引文", "2026年5月我付了三万元。\n在 2026年11月3日 10:21，投诉受理 <complaints@firm.example> 写道：\n> 请补充。", "2026年5月我付了三万元。"},
	// Western programs
	{"what the lawyer wrote on a day", "On 5 May 2026 your lawyer wrote:\n\"We cannot lose.\"\nWe lost.", "On 5 May 2026 your lawyer wrote:\n\"We cannot lose.\"\nWe lost."},
	{"a sentence above the introduction", "In May 2026 I paid 300.\nOn 3 Nov 2026, at 10:21, Desk wrote:\n> Please.", "In May 2026 I paid 300."},
	{"two lines above the introduction", "On 3 May I paid.\nAgreed at 10:30.\nDesk <complaints@firm.example> schrieb am 03.11.2026 um 10:21:\n> Bitte.", "On 3 May I paid.\nAgreed at 10:30."},
	{"Outlook, English", "Agreed.\n\nKind regards,\nJane\n\nFrom: Complaints Desk <complaints@firm.example>\nSent: 03 November 2026 10:21\nTo: Jane Hart <jane@client.example>\nCc: Tom <tom@client.example>\nSubject: RE: [T2026-0012] documents\n\nPlease send them.", "Agreed.\n\nKind regards,\nJane"},
	{"Outlook, bold headings", "Agreed.\n\n*From:* Complaints Desk <complaints@firm.example>\n*Sent:* Tuesday, November 3, 2026 10:21 AM\n*To:* Jane\n*Subject:* documents\n\nPlease send them.", "Agreed."},
	{"Outlook, underscores", "Agreed.\n\n________________________________________\nFrom: Complaints Desk\nSent: Tuesday, November 3, 2026 10:21:00 AM\nTo: Jane\nSubject: documents\n\nPlease.", "Agreed."},
	{"Outlook for Android", "Agreed.\n\nGet Outlook for Android<https://aka.ms/AAb9ysg>\n________________________________\nFrom: Complaints Desk <complaints@firm.example>\nSent: Tuesday, November 3, 2026 10:21:33 AM\nTo: Jane <jane@client.example>\nSubject: documents\n\nPlease.", "Agreed."},
	{"Gmail", "Agreed.\n\nOn Tue, 3 Nov 2026 at 10:21, Complaints Desk <complaints@firm.example>\nwrote:\n\n> Please send them.\n>\n> --\n> Desk\n", "Agreed."},
	{"Gmail, signature", "Agreed.\n\n--\nJane Hart\nDirector\n\nOn Tue, 3 Nov 2026 at 10:21, Desk <complaints@firm.example> wrote:\n> Please.\n", "Agreed."},
	{"Apple Mail", "Agreed.\n\n> On 3 Nov 2026, at 10:21, Complaints Desk <complaints@firm.example> wrote:\n> \n> Please send them.\n> \n", "Agreed."},
	{"iPhone", "Agreed.\n\nSent from my iPhone\n\n> On 3 Nov 2026, at 10:21, Complaints Desk <complaints@firm.example> wrote:\n> \n> \ufeffPlease send them.\n", "Agreed."},
	{"Samsung", "Agreed.\n\n\nSent from my Galaxy\n\n\n-------- Original message --------\nFrom: Complaints Desk <complaints@firm.example>\nDate: 03/11/2026 10:21 (GMT+00:00)\nTo: jane@client.example\nSubject: documents\n\nPlease.", "Agreed."},
	{"Yahoo", "Agreed.\n\nSent from Yahoo Mail for iPhone\n\nOn Tuesday, November 3, 2026, 10:21 AM, Complaints Desk <complaints@firm.example> wrote:\n\nPlease send them.", "Agreed."},
	{"Yahoo, web", "Agreed.\n\n    On Tuesday, November 3, 2026 at 10:21:33 AM GMT+1, Desk <complaints@firm.example> wrote:  \n \n Please send them.  ", "Agreed."},
	{"Thunderbird", "Agreed.\n\nOn 11/3/2026 10:21 AM, Complaints Desk wrote:\n> Please send them.\n>\n", "Agreed."},
	{"Proton", "Agreed.\n\nSent with Proton Mail secure email.\n\nOn Tuesday, November 3rd, 2026 at 10:21, Desk <complaints@firm.example> wrote:\n\n> Please send them.\n", "Agreed."},
	{"Lotus Notes", "Agreed.\n\n\n\n\nFrom:   \"Complaints Desk\" <complaints@firm.example>\nTo:     \"Jane Hart\" <jane@client.example>\nDate:   03/11/2026 10:21\nSubject:        documents\n\n\n\nPlease.", "Agreed."},
	{"Zimbra", "Agreed.\n\n----- Original Message -----\nFrom: \"Desk\" <complaints@firm.example>\nTo: \"Jane\" <jane@client.example>\nSent: Tuesday, November 3, 2026 10:21:33 AM\nSubject: documents\n\nPlease.", "Agreed."},
	{"Zoho", "Agreed.\n\n\n\n---- On Tue, 03 Nov 2026 10:21:33 +0800 Desk <complaints@firm.example> wrote ----\n\nPlease.", "Agreed."},
	{"Superhuman, Spark", "Agreed.\n\nSent via Superhuman\n\nOn Tue, Nov 03, 2026 at 10:21 AM, Desk < complaints@firm.example > wrote:\n\n> Please.\n", "Agreed."},
	{"BlackBerry", "Agreed.\n\nSent from my BlackBerry 10 smartphone.\nFrom: Desk\nSent: Tuesday, November 3, 2026 10:21\nTo: Jane\nSubject: documents\n\nPlease.", "Agreed."},
	{"mutt", "On Tue, Nov 03, 2026 at 10:21:33AM +0800, Desk wrote:\n> Please send them.\n\nAgreed, they follow.\n\n-- \nJane", "Agreed, they follow."},
	// other languages
	{"Outlook, deutsch", "Einverstanden.\n\nVon: Beschwerdestelle <complaints@firm.example>\nGesendet: Dienstag, 3. November 2026 10:21\nAn: Jane Hart\nBetreff: Unterlagen\n\nBitte.", "Einverstanden."},
	{"Gmail, deutsch", "Einverstanden.\n\nAm Di., 3. Nov. 2026 um 10:21 Uhr schrieb Desk <\ncomplaints@firm.example>:\n\n> Bitte.\n", "Einverstanden."},
	{"Apple, deutsch", "Einverstanden.\n\nVon meinem iPhone gesendet\n\n> Am 03.11.2026 um 10:21 schrieb Desk <complaints@firm.example>:\n> \n> Bitte.", "Einverstanden."},
	{"GMX", "Einverstanden.\n\nGesendet: Dienstag, 03. November 2026 um 10:21 Uhr\nVon: \"Desk\" <complaints@firm.example>\nAn: jane@gmx.example\nBetreff: Unterlagen\nBitte.", "Einverstanden."},
	{"T-Online", "Einverstanden.\n\n-----Original-Nachricht-----\nBetreff: Unterlagen\nDatum: 2026-11-03T10:21:33+0100\nVon: \"Desk\" <complaints@firm.example>\nAn: \"jane@t-online.example\" <jane@t-online.example>\n\nBitte.", "Einverstanden."},
	{"Thunderbird, deutsch", "Einverstanden.\n\nAm 03.11.2026 um 10:21 schrieb Desk:\n> Bitte.\n", "Einverstanden."},
	{"Outlook, français", "D'accord.\n\nDe : Réclamations <complaints@firm.example>\nEnvoyé : mardi 3 novembre 2026 10:21\nÀ : Jeanne\nObjet : pièces\n\nMerci.", "D'accord."},
	{"Gmail, français", "D'accord.\n\nLe mar. 3 nov. 2026 à 10:21, Desk <complaints@firm.example> a\nécrit :\n\n> Merci.\n", "D'accord."},
	{"Orange", "D'accord.\n\n> Message du 03/11/26 10:21\n> De : \"Desk\" <complaints@firm.example>\n> A : jeanne@orange.example\n> Copie à : \n> Objet : pièces\n> \n> Merci.\n", "D'accord."},
	{"Outlook, español", "De acuerdo.\n\nDe: Reclamaciones <complaints@firm.example>\nEnviado el: martes, 3 de noviembre de 2026 10:21\nPara: Juana\nAsunto: documentos\n\nGracias.", "De acuerdo."},
	{"Gmail, español", "De acuerdo.\n\nEl mar, 3 nov 2026 a las 10:21, Desk (<complaints@firm.example>)\nescribió:\n\n> Gracias.\n", "De acuerdo."},
	{"Outlook, italiano", "D'accordo.\n\nDa: Reclami <complaints@firm.example>\nInviato: martedì 3 novembre 2026 10:21\nA: Giovanna\nOggetto: documenti\n\nGrazie.", "D'accordo."},
	{"Gmail, italiano", "D'accordo.\n\nIl giorno mar 3 nov 2026 alle ore 10:21 Desk <complaints@firm.example>\nha scritto:\n\n> Grazie.\n", "D'accordo."},
	{"Outlook, português", "De acordo.\n\nDe: Reclamações <complaints@firm.example>\nEnviada em: terça-feira, 3 de novembro de 2026 10:21\nPara: Joana\nAssunto: documentos\n\nObrigado.", "De acordo."},
	{"Gmail, português", "De acordo.\n\nEm ter., 3 de nov. de 2026 às 10:21, Desk <complaints@firm.example>\nescreveu:\n\n> Obrigado.\n", "De acordo."},
	{"Outlook, по-русски", "Согласна.\n\nОт: Жалобы <complaints@firm.example>\nОтправлено: 3 ноября 2026 г. 10:21\nКому: Анна\nТема: документы\n\nСпасибо.", "Согласна."},
	{"Gmail, по-русски", "Согласна.\n\nвт, 3 нояб. 2026 г. в 10:21, Desk <complaints@firm.example>:\n\n> Спасибо.\n", "Согласна."},
	{"Mail.ru", "Согласна.\n\n--\nАнна\n\n\n>Вторник, 3 ноября 2026, 10:21 +03:00 от Desk <complaints@firm.example>:\n>\n>Спасибо.\n", "Согласна."},
	{"Yandex", "Согласна.\n\n03.11.2026, 10:21, \"Desk\" <complaints@firm.example>:\n> Спасибо.\n", "Согласна."},
	{"Outlook, 日本語", "同意します。\n\n差出人: 苦情窓口 <complaints@firm.example>\n送信日時: 2026年11月3日 10:21\n宛先: 山田\n件名: 書類\n\nお願いします。", "同意します。"},
	{"Gmail, 日本語", "同意します。\n\n2026年11月3日(火) 10:21 苦情窓口 <complaints@firm.example>:\n\n> お願いします。\n", "同意します。"},
	{"Apple, 日本語", "同意します。\n\niPhoneから送信\n\n2026/11/03 10:21、苦情窓口 <complaints@firm.example>のメール:\n\n> お願いします。\n", "同意します。"},
	{"Outlook, 한국어", "동의합니다.\n\n보낸 사람: 민원 <complaints@firm.example>\n보낸 날짜: 2026년 11월 3일 화요일 오전 10:21\n받는 사람: 김\n제목: 서류\n\n보내 주세요.", "동의합니다."},
	{"Gmail, 한국어", "동의합니다.\n\n2026년 11월 3일 (화) 오전 10:21, 민원 <complaints@firm.example>님이 작성:\n\n> 보내 주세요.\n", "동의합니다."},
	{"Naver", "동의합니다.\n\n-----Original Message-----\nFrom: \"민원\" <complaints@firm.example>\nTo: \"김\" <kim@naver.example>;\nCc:\nSent: 2026-11-03 (화) 10:21:33 (GMT+09:00)\nSubject: 서류\n\n보내 주세요.", "동의합니다."},
	{"Outlook, nederlands", "Akkoord.\n\nVan: Klachten <complaints@firm.example>\nVerzonden: dinsdag 3 november 2026 10:21\nAan: Jan\nOnderwerp: stukken\n\nGraag.", "Akkoord."},
	{"Gmail, nederlands", "Akkoord.\n\nOp di 3 nov 2026 om 10:21 schreef Desk <complaints@firm.example>:\n\n> Graag.\n", "Akkoord."},
	{"Gmail, polski", "Zgadzam się.\n\nwt., 3 lis 2026 o 10:21 Desk <complaints@firm.example> napisał(a):\n\n> Prosimy.\n", "Zgadzam się."},
	{"Gmail, svenska", "Godkänt.\n\nDen tis 3 nov. 2026 kl 10:21 skrev Desk <complaints@firm.example>:\n\n> Tack.\n", "Godkänt."},
	{"Gmail, türkçe", "Kabul.\n\nDesk <complaints@firm.example>, 3 Kas 2026 Sal, 10:21 tarihinde şunu yazdı:\n\n> Lütfen.\n", "Kabul."},
	{"Gmail, tiếng Việt", "Đồng ý.\n\nVào Th 3, 3 thg 11, 2026 vào lúc 10:21 Desk <complaints@firm.example> đã viết:\n\n> Xin gửi.\n", "Đồng ý."},
}

func TestTextReplies(t *testing.T) {
	for _, r := range textReplies {
		for _, end := range []string{"\n", "\r\n"} {
			if got := Own(strings.ReplaceAll(r.text, "\n", end)); got != r.want {
				t.Errorf("%s:\n got %q\nwant %q", r.name, got, r.want)
				break
			}
		}
	}
}

// htmlReplies are answers in HTML.
var htmlReplies = []reply{
	{"QQ 邮箱", `<div>同意退款方案。</div><div><br></div><div><!--emptysign--></div><div><br></div><div style="font-size: 12px;font-family: Arial Narrow;padding:2px 0 2px 0;">------------------&nbsp;原始邮件&nbsp;------------------</div><div style="font-size: 12px;background:#efefef;padding:8px;"><div><b>发件人:</b> "投诉受理" &lt;complaints@firm.example&gt;;</div><div><b>发送时间:</b>&nbsp;2026年11月3日(星期二) 上午10:21</div><div><b>收件人:</b>&nbsp;"周敏"&lt;zhou@qq.example&gt;;</div><div><b>主题:</b>&nbsp;补充材料</div></div><div><br></div><div>请补充。</div>`, "同意退款方案。"},
	{"QQ 邮箱，includetail", `<div>同意。</div><div class="xmail_sign"><div><br></div><div>周敏</div></div><includetail><!--<![endif]--></includetail><div><br></div><div style="font-size:12px">---原始邮件---<br><b>发件人:</b> "投诉受理"<br><b>发送时间:</b> 2026年11月3日<br><b>主题:</b> x<br></div>请补充。`, "同意。"},
	{"QQ 邮箱新版", `<div class="xmail-cmp-first-line"><div>同意。</div></div><div class="xm_compose_sign">周敏</div><div class="xm_compose_origin_mail_container"><div class="xm_write_script">原始邮件</div><div>发件人：投诉受理</div><div>请补充。</div></div>`, "同意。"},
	{"网易网页版", `<div style="line-height:1.7;color:#000000;font-size:14px;font-family:Arial">同意。<br><br><div style="position:relative;zoom:1"></div><div id="divNeteaseMailCard"></div><p><br></p>At 2026-11-03 10:21:00, "投诉受理" &lt;complaints@firm.example&gt; wrote:<br> <blockquote id="isReplyContent" style="PADDING-LEFT: 1ex; MARGIN: 0px 0px 0px 0.8ex; BORDER-LEFT: #ccc 1px solid"><div>请补充。</div></blockquote></div>`, "同意。"},
	{"网易邮箱大师", `<html><head></head><body><div id="content"><div id="contentDescription" style="line-height:1.5">同意。</div></div><div id="ntes-pcmac-signature"><div>周敏</div><div>zhou@163.example</div></div><!--😀--><div style="margin-top:2em">---- 回复的原邮件 ----</div><blockquote class="mcntmcnt"><table><tr><td>发件人</td><td>投诉受理&lt;complaints@firm.example&gt;</td></tr></table>请补充。</blockquote></body></html>`, "同意。"},
	{"阿里邮箱", `<div class="__aliyun_email_body_block"><div>同意。</div><div><br></div><blockquote style="margin-right:0;margin-top:0;margin-bottom:0"><div>------------------------------------------------------------------</div><div>发件人：投诉受理 &lt;complaints@firm.example&gt;</div><div>发送时间：2026年11月3日(星期二) 10:21</div><div>收件人：周敏</div><div>主　题：补充材料</div><div>请补充。</div></blockquote></div>`, "同意。"},
	{"Foxmail", `<html><body><div><span></span>同意。</div><div><br></div><hr style="width: 210px; height: 1px;" color="#b5c4df" size="1" align="left"><div><span><div>周敏</div><div>zhou@client.example</div></span></div><blockquote style="margin-Top: 0px; margin-Bottom: 0px; margin-Left: 0.5em; margin-Right: inherit"><div>&nbsp;</div><div style="border:none;border-top:solid #B5C4DF 1.0pt;padding:3.0pt 0cm 0cm 0cm"><div style="font-size:12px"><div><b>发件人：</b>&nbsp;<a href="mailto:complaints@firm.example">投诉受理</a></div><div><b>发送时间：</b>&nbsp;2026-11-03&nbsp;10:21</div><div><b>收件人：</b>&nbsp;zhou</div><div><b>主题：</b>&nbsp;补充材料</div></div></div><div>请补充。</div></blockquote></body></html>`, "同意。"},
	{"飞书邮箱", `<div><p>同意。</p></div><div class="history-quote-wrapper"><div data-html-block="quote"><div><div class="adit-html-block adit-html-block--collapsed"><div><div id="lark-mail-quote-1"><div>发件人: 投诉受理&lt;complaints@firm.example&gt;</div><div>日期: 2026年11月3日</div><div>主题: 补充材料</div><div>收件人: 周敏</div></div>请补充。</div></div></div></div></div>`, "同意。"},
	{"企业微信邮箱", `<div>同意。</div><div><br></div><div id="original-content"><div style="font-size:12px"><div>&nbsp;</div><div>原始邮件</div><div><hr></div><div><b>发件人：</b>"投诉受理"</div><div><b>发件时间：</b>2026年11月3日</div><div><b>收件人：</b>"周敏"</div><div><b>主题：</b>补充材料</div></div><div>请补充。</div></div>`, "同意。"},
	{"Outlook", `<div class="WordSection1"><p class="MsoNormal">Agreed.<o:p></o:p></p><p class="MsoNormal"><o:p>&nbsp;</o:p></p><p class="MsoNormal">Jane<o:p></o:p></p><div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal"><b>From:</b> Desk &lt;complaints@firm.example&gt; <br><b>Sent:</b> 03 November 2026 10:21<br><b>To:</b> Jane<br><b>Subject:</b> documents<o:p></o:p></p></div></div><p class="MsoNormal">Please.</p></div>`, "Agreed.\n\nJane"},
	{"Outlook on the web", `<div class="elementToProof">Agreed.</div><div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><font face="Calibri"><b>From:</b> Desk<br><b>Sent:</b> Tuesday<br></font><div>&nbsp;</div></div><div>Please.</div>`, "Agreed."},
	{"Outlook, mobile", `<div>Agreed.</div><div id="ms-outlook-mobile-signature">Get <a>Outlook for iOS</a></div><hr><div id="divRplyFwdMsg"><b>From:</b> Desk</div><div>Please.</div>`, "Agreed."},
	{"Gmail", `<div dir="ltr">Agreed.</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Tue, 3 Nov 2026 at 10:21, Desk &lt;<a href="mailto:complaints@firm.example">complaints@firm.example</a>&gt; wrote:<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex">Please.</blockquote></div>`, "Agreed."},
	{"Gmail, with a signature", `<div dir="ltr">Agreed.<br clear="all"><div><br></div>-- <br><div dir="ltr" class="gmail_signature"><div>Jane Hart</div></div></div><br><div class="gmail_quote"><div class="gmail_attr">On Tue, Desk wrote:<br></div><blockquote class="gmail_quote">Please.</blockquote></div>`, "Agreed."},
	{"Gmail 中文", `<div dir="ltr">同意。</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">投诉受理 &lt;<a>complaints@firm.example</a>&gt; 于2026年11月3日周二 10:21写道：<br></div><blockquote class="gmail_quote">请补充。</blockquote></div>`, "同意。"},
	{"Gmail, answers between", `<div dir="ltr"><div class="gmail_quote"><div class="gmail_attr">On Tue, 3 Nov 2026 at 10:21, Desk &lt;complaints@firm.example&gt; wrote:<br></div><blockquote class="gmail_quote">One?</blockquote><div>Yes.</div><blockquote class="gmail_quote">Two?</blockquote><div>No.</div></div></div>`, "> One?\nYes.\n> Two?\nNo."},
	{"Apple Mail", `<html><body style="overflow-wrap: break-word;">Agreed.<br id="lineBreakAtBeginningOfMessage"><div><br><blockquote type="cite"><div>On 3 Nov 2026, at 10:21, Desk &lt;complaints@firm.example&gt; wrote:</div><br class="Apple-interchange-newline"><div>Please.</div></blockquote></div><br></body></html>`, "Agreed."},
	{"iPhone 中文", `<html><body dir="auto">同意。<div><br><div id="AppleMailSignature" dir="ltr">发自我的 iPhone</div><div dir="ltr"><br><blockquote type="cite">在 2026年11月3日，上午10:21，投诉受理 &lt;complaints@firm.example&gt; 写道：<br><br></blockquote></div><blockquote type="cite"><div dir="ltr">请补充。</div></blockquote></div></body></html>`, "同意。"},
	{"iPhone, new", `<html><body dir="auto">Agreed.<br id="lineBreakAtBeginningOfSignature"><div dir="ltr">Sent from my iPhone</div><div dir="ltr"><br><blockquote type="cite">On 3 Nov 2026, at 10:21, Desk wrote:<br><br></blockquote></div><blockquote type="cite"><div dir="ltr">Please.</div></blockquote></body></html>`, "Agreed."},
	{"Thunderbird", `<html><body><p>Agreed.<br></p><div class="moz-cite-prefix">On 11/3/2026 10:21 AM, Desk wrote:<br></div><blockquote type="cite" cite="mid:x"><p>Please.</p></blockquote><div class="moz-signature">-- <br>Jane</div></body></html>`, "Agreed."},
	{"Thunderbird, below", `<html><body><div class="moz-cite-prefix">On 11/3/2026 10:21 AM, Desk wrote:<br></div><blockquote type="cite" cite="mid:x"><p>Please.</p></blockquote><p>Agreed.</p></body></html>`, "Agreed."},
	{"Yahoo", `<div class="ydp1yahoo-style-wrap"><div dir="ltr">Agreed.</div></div><div id="yahoo_quoted_1" class="yahoo_quoted"><div><div>On Tuesday, 3 November 2026, Desk wrote: </div><div>Please.</div></div></div>`, "Agreed."},
	{"Proton", `<div>Agreed.</div><div class="protonmail_signature_block"><div class="protonmail_signature_block-user">Jane</div></div><div class="protonmail_quote">On Tuesday, November 3rd, 2026 at 10:21, Desk &lt;x@y.example&gt; wrote:<br><blockquote class="protonmail_quote" type="cite">Please.</blockquote></div>`, "Agreed."},
	{"Zimbra", `<html><body><div>Agreed.<br><br><hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__"><b>From: </b>"Desk"<br><b>To: </b>"Jane"<br><b>Sent: </b>Tuesday<br><b>Subject: </b>documents<br></div><div data-marker="__QUOTED_TEXT__">Please.</div></div></body></html>`, "Agreed."},
	{"Zoho", `<div>Agreed.</div><div class="zmail_extra_hr" style="border-top: 1px solid"></div><div class="zmail_extra"><div>---- On Tue, 03 Nov 2026 10:21:33 +0800 <b>Desk</b> wrote ---</div><div><blockquote id="blockquote_zmail">Please.</blockquote></div></div>`, "Agreed."},
	{"GMX", `<html><body><div>Einverstanden.</div><div name="quote" style="margin:10px 5px 5px 10px; padding: 10px 0 10px 10px; border-left:2px solid #C3D9E5;"><div><b>Gesendet:</b>&nbsp;Dienstag<br/><b>Von:</b>&nbsp;Desk<br/><b>An:</b>&nbsp;jane<br/><b>Betreff:</b>&nbsp;x</div><div>Bitte.</div></div></body></html>`, "Einverstanden."},
	{"Outlook 中文", `<div class=WordSection1><p class=MsoNormal><span>同意。</span><span lang=EN-US><o:p></o:p></span></p><p class=MsoNormal><span lang=EN-US><o:p>&nbsp;</o:p></span></p><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p class=MsoNormal><b><span>发件人<span lang=EN-US>:</span></span></b><span lang=EN-US> </span><span>投诉受理</span><span lang=EN-US> &lt;complaints@firm.example&gt; <br></span><b><span>发送时间<span lang=EN-US>:</span></span></b><span lang=EN-US> 2026</span><span>年</span><span lang=EN-US>11</span><span>月</span><br><b>收件人<span>:</span></b> 周敏<br><b>主题<span>:</span></b> 补充</p></div><p>请补充。</p></div>`, "同意。"},
	{"a table that the author made", `<p>Payments:</p><table><tr><td>May</td><td>100</td></tr><tr><td>June</td><td>200</td></tr></table><p>Refund please.</p>`, "Payments:\nMay 100\nJune 200\n\nRefund please."},
}

func TestHTMLReplies(t *testing.T) {
	for _, r := range htmlReplies {
		whole, own := FromHTML(r.text, 10_000)
		if got := Own(own); got != r.want {
			t.Errorf("%s:\n got %q\nwant %q\nof %q", r.name, got, r.want, own)
		}
		if !strings.Contains(whole, strings.SplitN(r.want, "\n", 2)[0]) {
			t.Errorf("%s: the whole text is %q", r.name, whole)
		}
	}
}

// FuzzHTML: any markup gives clean lines within the limit; the author's share
// is no longer than the whole, but for the marks of quotations.
func FuzzHTML(f *testing.F) {
	for _, r := range htmlReplies {
		f.Add(r.text)
	}
	f.Add("<ol><li>a<li>b</ol><pre> x\n y</pre><img alt=\"😀\"><a hidden>z")
	f.Fuzz(func(t *testing.T, s string) {
		const limit = 10_000
		whole, own := FromHTML(s, limit)
		for _, text := range []string{whole, own, Own(own), Unflow(own, true)} {
			if !utf8.ValidString(text) || strings.ContainsAny(text, "\x00\r") {
				t.Fatalf("not clean: %q", text)
			}
		}
		if len(whole) > limit+4*len(s)+100 {
			t.Fatalf("%d bytes of text out of %d", len(whole), len(s))
		}
		if marks := strings.Count(own, originalMark) * (len(originalMark) + 2); len(own) > len(whole)+marks+2*strings.Count(s, "<") {
			t.Fatalf("own %q\nwhole %q", own, whole)
		}
		PassedOn(whole, "Fwd: x")
	})
}
