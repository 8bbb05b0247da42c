package words

import "regexp"

// kind is what a line of a mail is.
type kind byte

const (
	text kind = iota
	empty
	quote     // begins with > or the like
	delimiter // nothing but -, =, _, * …
	original  // -----Original Message----- and the like: what follows is not the author's
	wrote     // On … X wrote: the introduction of a quotation
	heading   // From: … Sent: … To: … of a quoted mail
	device    // Sent from my iPhone
)

// maxMarkLine is the length in bytes up to which a line can be a mark.
const maxMarkLine = 500

var (
	// an optional name of up to four letters stands before > in some programs
	quoteLine     = regexp.MustCompile(`^\s{0,3}(?:[A-Za-z]{1,4})?>|^\|(?:\s.*[^|\s]\s*)?$`)
	delimiterLine = regexp.MustCompile(`^\s*(?:[-_=*#~+–—―─━]{2,}|ᐧ|—|\|\s+\|)\s*$`)
	originalLine  = regexp.MustCompile(`(?i)^[\s*>]*[-_—─]{2,}[\s*]*(?:(?:begin )?forwarded message|original(?: message| appointment)?|replied message|reply message|forwarded by .*|` +
		`原始邮件|原始郵件|邮件原件|原邮件|回复的原邮件|回复邮件|转发的?邮件(?:信息)?|转发邮件信息|转发的郵件|轉寄郵件|原始信件|原訊息|原始消息|` +
		`元のメッセージ|オリジナルメッセージ|転送メッセージ|원본 메일|邮件原文|郵件原文|original[- ]nachricht|message d'origine|message transféré|ursprüngliche nachricht|originalnachricht|weitergeleitete nachricht|` +
		`mensaje original|mensagem original|messaggio originale|oorspronkelijk bericht|oprindelig (?:meddelelse|besked)|opprinnelig melding|ursprungligt meddelande|исходное сообщение|пересылаемое сообщение)[\s*]*(?:[-_—─]{2,}[\s*]*|$)`)
	// the same without its rules, above the head of the mail
	bareOriginal = regexp.MustCompile(`(?i)^[\s*]*(?:原始邮件|原始郵件|原邮件|邮件原件|转发邮件|original message|ursprüngliche nachricht|message d'origine|mensaje original|messaggio originale|исходное сообщение|元のメッセージ|원본 메일)\s*[:：]?[\s*]*$`)
	begunForward = regexp.MustCompile(`(?i)^(?:begin forwarded message|开始转发的邮件|下面是被转发的邮件|以下是转发的邮件|轉寄的郵件|転送されたメッセージ)\s*[:：]\s*$`)
	deviceLine   = regexp.MustCompile(`(?i)^[^\pL\pN]*(?:sent (?:from|with|via|using) (?:my |yahoo|outlook|mail for|the |samsung|proton|aol|sparrow|a |an |gmail|iphone|ipad|android|blackberry|windows|mobile|zoho|spark|superhuman|edison|canary|missive|newton|airmail|mailbird|fastmail|tuta|k-9|fairemail|huawei|xiaomi|redmi|honor|oppo|vivo|pixel|galaxy|nokia|sony|ios|ipod|mac|webmail|hey|typeapp|mobiltelefon|htc|cell|phone|mailbox|ti-|\[?mail\b)|get \[?(?:outlook|bluemail) for |(?:\pL+ )?from (?:my )?(?:mobile|iphone|ipad|android|phone)\b[ \w]{0,12}$|<<sent by \w+>>|diese nachricht wurde von meinem .*gesendet|` +
		`envoyé (?:de|depuis|à partir) |von meine[mr] .*gesendet|gesendet (?:von|mit) |enviado (?:desde|do|a partir) |inviato da |verzonden (?:vanaf|met) |отправлено (?:с|из) |wysłane z |skickat från |sendt fra |lähetetty |(?:obtenir|télécharge[rz]) outlook|(?:obtener|descargar) outlook|ottieni outlook|obter o outlook|(?:holen sie sich|laden sie) outlook|скачать outlook|(?:나의|내) .{1,20}에서 보냄|iPhone에서 보냄|` +
		`发自我的|发送自|发自 ?\S{2,20}$|从我的.{1,20}发送|来自我的|来自(?:华为|小米|荣耀|网易|QQ)\S*(?:手机|邮箱|邮件).{0,12}$|(?:签名)?由? ?网易(?:邮箱|邮件)大师|(?:获取|取得|下载).{0,14}outlook|来自钉钉.{0,12}(?:邮箱|邮件)|[自从] ?(?:windows|outlook|yahoo).{0,20}(?:发送|邮件)|` +
		`從我的.{1,20}傳送|傳送自|寄自我的|從 ?(?:yahoo|outlook).{0,20}傳送|iPhoneから送信|iPadから送信|androidから送信)`)

	// “Sent from my desk, it is quicker” says something
	sentence = regexp.MustCompile(`(?i)^sent (?:from|with|via|using) .*\b(?:is|was|are|were|has|had|it)\b`)

	// the introduction of a quotation, by its last words
	wroteEnd = regexp.MustCompile(`(?i)(?:\bwrote|\bwrites|写道|寫道|写到|(?:のメール|さんは|が)?(?:書きました|さんが書いた)|님이 작성|작성|a écrit|schrieb(?:.{0,80})?|schreef(?:.{0,200})?|het volgende geschreven|` +
		`escribió|escreveu|ha scritto|skrev(?:.{0,80})?|napisał(?:\(a\))?|написал(?:\(а\)|а)?|kirjoitti|írta|пишет|пользователь.{0,120}написал)\s*[:：]?\s*-*\s*$`)
	wroteStems = []string{"wrote", "writes", "写", "寫", "書", "작성", "crit", "schr", "escri", "escrev", "skrev", "napisa", "написал", "пишет", "kirjoit", "rta"}
	wroteStart = regexp.MustCompile(`(?i)^[\s>*-]*(?:on|at|in|på|le|op|am|el|il|em|den|dnia|w dniu|on behalf|在|于|於|\d{1,4}[-/.年년]|\d{1,2}[. ]|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,|(?:понедельник|вторник|среда|четверг|пятница|суббота|воскресенье|пн|вт|ср|чт|пт|сб|вс)[.,])\s*.*\d`)
	// programs that write no verb: a date, a time and who it was
	dateWho   = regexp.MustCompile(`^\s*(?:\d{4}[-/]\d{1,2}[-/]\d{1,2}(?:\s+\d{1,2}:\d{2}(?::\d{2})?)?(?:\s+(?:GMT|UTC|[+-])\S*)\s+\S|\d{4}[-/]\d{1,2}[-/]\d{1,2}\s+\S.*<[^<>\s]+@[^<>\s]+>\s*[:：]?\s*$|\d{4}年\d{1,2}月\d{1,2}日.{0,80}<[^<>\s]+@[^<>\s]+>\s*[:：]\s*$)`)
	timeOfDay = regexp.MustCompile(`\d{1,2}(?:[:：.]|h ?|時|点|시 ?)\d{2}`)
	someone   = regexp.MustCompile(`(?i)^.{0,120}<[^<>\s]+@[^<>\s]+>.{0,60}(?:wrote|写道|寫道|escribió|a écrit|schrieb)\s*[:：]\s*$`)

	headingLine = regexp.MustCompile(`(?i)^[\s*>|]*(from|sent|to|subject|date|cc|bcc|reply-to|importance|attachments?|` +
		`发件人|发送人|发信人|寄件者|寄件人|发送时间|发送日期|发件时间|寄件日期|傳送時間|日期|时间|時間|收件人|收件者|抄送|副本|密送|主[\s　]*题|主[\s　]*旨|主題|标题|回复|重要性|附件|` +
		`差出人|送信者|送信日時|日時|宛先|件名|보낸 사람|보낸 날짜|받는 사람|제목|von|gesendet|an|betreff|datum|` +
		`de|envoyé|message du|à|copie(?: à)?|objet|sujet|enviado(?: el)?|para|asunto|assunto|da|inviato|a|oggetto|data|risposta|van|verzonden|aan|onderwerp|от|отправлено|кому|тема|дата|` +
		`från|skickat|till|ämne|kopia|fra|sendt|til|emne|dato|lähettäjä|lähetetty|vastaanottaja|aihe|od|wysłano|do|temat|data|dw|odesláno|komu|předmět|kimden|gönderildi|gönderme tarihi|kime|konu|feladó|elküldve|címzett|tárgy)[\s*]*(?:[:：]|\s\|)`)
)
