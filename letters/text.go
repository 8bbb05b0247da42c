package letters

import (
	"reflect"
	"slices"
	"time"

	complaints "complaints"
	"fmt"
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
)

// joiner (U+2060 WORD JOINER) marks what came from data, so that no data can
// be taken for the markup of a letter's text. It never reaches a page.
const joiner = "\u2060"

// markup are the characters that mean something at the beginning of a line.
const markup = "=@#+>~*%|-"

var (
	guarded = strings.NewReplacer("**", "*"+joiner+"*", "|", joiner+"|")
	tidied  = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n", "\t", " ")
)

// guard makes a value safe to stand anywhere in a letter's text.
func guard(s string) string {
	s = guarded.Replace(s)
	if s != "" && strings.Contains(markup, s[:1]) {
		s = joiner + s
	}
	return s
}

// invisible reports whether a character has no width and no meaning of its own
// on paper: byte-order marks, zero-width spaces, direction marks. They come in
// with pasted text by the dozen. Direction marks among them could make a text
// read otherwise than it is stored: it is printed as stored.
func invisible(r rune) bool {
	return unicode.Is(unicode.Cf, r) || r == '\u034f' || unicode.Is(unicode.Variation_Selector, r)
}

// tidy gives a text one form of line end and of blank: \n and a plain space.
// The ideographic space stays, it is a character of Chinese typesetting.
func tidy(s string) string {
	s = tidied.Replace(s)
	return strings.Map(func(r rune) rune {
		if r != '\u3000' && unicode.Is(unicode.Zs, r) {
			return ' '
		}
		return r
	}, s)
}

// common are the characters of nearly all text: each is printed as it stands,
// and none joins the one before it.
var common = &unicode.RangeTable{R16: []unicode.Range16{
	{' ', '~', 1}, {'·', '·', 1}, {'—', '—', 1}, {'‘', '’', 1}, {'“', '”', 1}, {'…', '…', 1}, {'、', '】', 1}, {'〔', '〕', 1}, {'一', '鿯', 1}, {'！', '～', 1},
}, LatinOffset: 2}

// ordinary reports whether a text holds nothing but common characters, of which
// every face has all, and ends of lines: there is nothing to replace in it.
func (fs *faces) ordinary(s string) bool {
	for _, r := range s {
		if r != '\n' && (r < 0 || int(r) >= len(fs.common) || !fs.common[r]) {
			return false
		}
	}
	return true
}

// legible replaces what cannot be printed in a client's own words, visibly:
// emoji, controls, and characters that no face has.
func (fs *faces) legible(s, lang string) string {
	if fs.ordinary(s) {
		return s
	}
	var b strings.Builder
	for _, cluster := range fs.clusters(tidy(strings.ToValidUTF8(s, "\uFFFD"))) {
		if cluster.odd == "" {
			b.WriteString(cluster.text)
			continue
		}
		b.WriteString(pick(lang, "〔"+cluster.odd+"〕", "["+oddEn(cluster.odd)+"]"))
	}
	return b.String()
}

// plain leaves out emoji, controls and invisible characters, for the name that
// a client's mail program gave them.
func (fs *faces) plain(s string) string {
	var b strings.Builder
	for _, cluster := range fs.clusters(tidy(strings.ToValidUTF8(s, ""))) {
		if cluster.odd == emoji || cluster.odd == control {
			continue
		}
		b.WriteString(cluster.text)
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// cluster is what a reader takes for one character; odd says why it cannot be
// printed, "" if it can.
type cluster struct{ text, odd string }

const (
	emoji   = "表情"
	control = "控制符"
)

// oddEn puts the reason of a cluster into English.
func oddEn(odd string) string {
	return strings.NewReplacer(emoji, "emoji", control, "control character", "缺字", "character ").Replace(odd)
}

// clusters cuts a text into what can and what cannot be printed. Invisible
// characters are dropped unless they hold an emoji together.
func (fs *faces) clusters(s string) []cluster {
	var out []cluster
	state := -1
	for s != "" {
		var c string
		c, s, _, state = uniseg.FirstGraphemeClusterInString(s, state)
		var kept, odd strings.Builder
		pictures, missing := false, rune(0)
		for _, r := range c {
			switch {
			case r == '\n' || r != '\u00ad' && fs.has(r) && !invisible(r):
				kept.WriteRune(r)
			case invisible(r):
			case unicode.IsControl(r):
				odd.WriteString(control)
			case pictorial(r):
				pictures = true
			case missing == 0:
				missing = r
			}
		}
		switch {
		case pictures:
			out = append(out, cluster{c, emoji})
		case missing != 0:
			out = append(out, cluster{c, fmt.Sprintf("缺字%U", missing)})
		case odd.Len() > 0:
			out = append(out, cluster{c, control})
		case kept.Len() > 0:
			out = append(out, cluster{kept.String(), ""})
		}
	}
	return out
}

// pictorial reports whether r is a picture rather than a letter: emoji and
// the other symbols of the supplementary symbol blocks and of the dingbats.
func pictorial(r rune) bool {
	return r >= 0x1F000 && r <= 0x1FAFF || r >= 0x2600 && r <= 0x27BF || r >= 0x2B00 && r <= 0x2BFF ||
		r >= 0x2300 && r <= 0x23FF || r >= 0xE0000 && r <= 0xE007F || unicode.Is(unicode.So, r) && r > 0x2000 && r != unicode.ReplacementChar
}

// unprintable gives what a name or a fact holds that cannot be printed as it
// is, each character once: 🌸（U+1F338）.
func (fs *faces) unprintable(s string) []string {
	if fs.ordinary(s) {
		return nil
	}
	var out []string
	seen := map[rune]bool{}
	for _, r := range s {
		bad := r != '\n' && r != '\t' && r != '\r' && (unicode.IsControl(r) || invisible(r) || r == unicode.ReplacementChar) ||
			!unicode.IsControl(r) && !unicode.Is(unicode.Zs, r) && !fs.has(r)
		if !bad || seen[r] {
			continue
		}
		seen[r] = true
		if unicode.IsGraphic(r) {
			out = append(out, fmt.Sprintf("%c U+%04X", r, r))
		} else {
			out = append(out, fmt.Sprintf("U+%04X", r))
		}
	}
	return out
}

func pick(lang, zh, en string) string {
	if lang == "en" {
		return en
	}
	return zh
}

// The fields that quote a client, or another who was heard, those that hold a
// name as a client's mail program gave it, and those that may have several
// paragraphs. Indexes are left out of the paths.
var (
	quoted = []string{
		"subject", "ack.summary", "ack.attachments", "declined.complaint", "declined.sent", "referral.complaint", "referral.sent", "decision.grounds", "not_pursued.held",
		"report.complaint", "report.steps.text", "report.statements.text", "report.statements.by", "papers.grounds", "regulator.materials", "enclosures",
	}
	givenNames = []string{"to.name", "respondent.complainant", "report.complainant"}
	paragraphs = []string{
		"ack.summary", "declined.complaint", "declined.facts", "referral.complaint", "referral.facts", "delay.reason", "result.remarks", "result.allegations.reason",
		"decision.grounds", "decision.reasons", "decision.minority", "decision.allegations.reason", "closure.reason", "not_pursued.decision", "correction.reason",
		"report.complaint", "report.statements.text", "report.allegations.reason", "report.responsibility", "report.opinion", "papers.grounds",
		"minutes.items.said", "regulator.proposal",
	}
)

// field names a text by its path. A report or a result within another letter
// counts as itself.
func field(path []string) string {
	f := withoutIndexes(path)
	for _, within := range [][2]string{{"papers.report.", "report."}, {"papers.result.", "result."}, {"regulator.case.", "report."}} {
		if rest, ok := strings.CutPrefix(f, within[0]); ok {
			return within[1] + rest
		}
	}
	return f
}

// quotes reports whether a text of the letter is somebody's own: a client's, or
// a paper's that has been approved already and is only laid before others.
func quotes(l complaints.Letter, path []string) bool {
	return slices.Contains(quoted, field(path)) ||
		len(path) > 1 && path[0] == "papers" && (path[1] == "report" || path[1] == "result") ||
		l.Closure != nil && l.Closure.Withdrawn && field(path) == "closure.reason"
}

// safe gives the letter with every text made fit to be printed: the client's
// own words made legible, everything guarded against being read as markup.
// Faults name the characters of names and facts that cannot be printed, and
// their places.
func (fs *faces) safe(l complaints.Letter) (complaints.Letter, []fault) {
	var faults []fault
	l = rewritten(reflect.ValueOf(l), nil, func(path []string, s string) string {
		field := field(path)
		if slices.Contains(givenNames, field) {
			s = fs.plain(s)
		}
		if !quotes(l, path) {
			if bad := fs.unprintable(s); bad != nil {
				faults = append(faults, fault{
					fmt.Sprintf("%s含有无法印出的字符：%s。请改写或者更换字体。", place(path, "zh"), strings.Join(bad, "、")),
					fmt.Sprintf("%s holds characters that cannot be printed: %s. Write it otherwise or choose another typeface.", place(path, "en"), strings.Join(bad, ", ")),
				})
			}
		}
		s = fs.legible(s, l.Lang)
		if !slices.Contains(paragraphs, field) {
			return guard(strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' }), " "))
		}
		lines := strings.Split(s, "\n")
		for i := range lines {
			lines[i] = guard(strings.TrimLeft(lines[i], " "))
		}
		return strings.Join(lines, "\n")
	}).Interface().(complaints.Letter)
	return l, faults
}

// rewritten copies a value, deeply, with f applied to its free texts: strings
// of the plain type string (codes have types of their own), in structs, slices
// and behind pointers. The path is made of the fields' JSON names.
func rewritten(v reflect.Value, path []string, f func(path []string, s string) string) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() {
			out.SetString(f(path, v.String()))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			out.Set(reflect.New(v.Type().Elem()))
			out.Elem().Set(rewritten(v.Elem(), path, f))
		}
	case reflect.Slice:
		if v.IsNil() {
			break
		}
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			out.Index(i).Set(rewritten(v.Index(i), append(slices.Clip(path), fmt.Sprint(i+1)), f))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			// Times and dates have no words; a deadline's reasons are codes
			// and names of holidays, which its own Explain puts into words.
			if !field.IsExported() || field.Type == reflect.TypeFor[time.Time]() || field.Type == reflect.TypeFor[complaints.Deadline]() {
				continue
			}
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			out.Field(i).Set(rewritten(v.Field(i), append(slices.Clip(path), name), f))
		}
	}
	return out
}

func withoutIndexes(path []string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(path), func(s string) bool { return s[0] >= '1' && s[0] <= '9' }), ".")
}

// place tells a person where in a letter a text stands: 投诉事项第2项的理由.
func place(path []string, lang string) string {
	var b strings.Builder
	for _, p := range path {
		w, known := places[p]
		switch {
		case known && w[0] == "":
		case known && lang == "en":
			b.WriteString(sep(&b, " ") + w[1])
		case known:
			b.WriteString(sep(&b, "的") + w[0])
		case lang == "en":
			b.WriteString(" " + p)
		default:
			b.WriteString("第" + p + "项")
		}
	}
	return pick(lang, b.String(), "The field “"+b.String()+"”")
}

func sep(b *strings.Builder, s string) string {
	if b.Len() == 0 {
		return ""
	}
	return s
}

var places = map[string][2]string{
	"ack": {}, "declined": {}, "referral": {}, "information": {}, "delay": {}, "result": {}, "settlement": {}, "closure": {}, "not_pursued": {}, "correction": {},
	"papers": {}, "minutes": {}, "regulator": {}, "case": {}, "ref": {"案号", "case number"}, "subject": {"事由", "subject"}, "policy": {"制度版本", "policy"},
	"number": {"文号", "number"}, "kind": {"代字", "series"}, "firm": {"本所", "firm"}, "name": {"姓名（名称）", "name"}, "name_en": {"英文名称", "English name"},
	"short": {"简称", "short name"}, "address": {"地址", "address"}, "postcode": {"邮政编码", "postcode"}, "phone": {"电话", "telephone"}, "email": {"电子邮箱", "email"},
	"to": {"收件人", "addressee"}, "addr": {"电子邮箱", "email"}, "contact": {"联系人", "contact"}, "title": {"职务", "post"}, "routes": {"外部途径", "outside body"},
	"for": {"用途", "purpose"}, "for_en": {"英文用途", "English purpose"}, "limit": {"期限", "limit"}, "limit_en": {"英文期限", "English limit"},
	"channel": {"渠道", "channel"}, "summary": {"投诉内容", "summary"}, "attachments": {"材料", "attachment"}, "missing": {"待补充内容", "missing"}, "reply_to": {"回复地址", "reply address"},
	"allegations": {"投诉事项", "point"}, "text": {"内容", "text"}, "respondent": {"被投诉人", "respondent"}, "finding": {"认定", "finding"}, "reason": {"理由", "reason"},
	"evidence": {"依据", "evidence"}, "done": {"所做工作", "what was done"}, "remedies": {"补救办法", "remedy"}, "measures": {"改进措施", "measure"}, "owner": {"责任岗位", "post responsible"},
	"appeal_to": {"申诉地址", "appeal address"}, "remarks": {"补充说明", "remarks"}, "signatory": {"签发人", "signatory"}, "grounds": {"申诉理由", "grounds"},
	"contested": {"原告知书文号", "contested letter"}, "members": {"委员", "member"}, "recused": {"回避委员", "member who stood aside"}, "capacity": {"身份", "capacity"},
	"materials": {"材料", "document"}, "reasons": {"决定理由", "reason"}, "minority": {"少数意见", "minority opinion"}, "chair": {"主任委员", "chair"},
	"decision": {"处理决定", "decision"}, "complaint": {"投诉内容", "complaint"}, "ground": {"理由类别", "ground"}, "facts": {"事实", "fact"}, "bodies": {"受理机构", "body"},
	"sent": {"转交的材料", "document sent on"}, "kept": {"继续办理的事项", "matter kept"}, "contest_to": {"异议地址", "address for contesting"}, "items": {"项目", "item"}, "why": {"用途", "purpose"},
	"approved_by": {"批准人", "approver"}, "interim": {"目前的安排", "interim step"}, "committee_to": {"委员会地址", "committee's address"}, "agreed": {"商定的办法", "agreed step"},
	"continues": {"继续办理的事项", "matter that goes on"}, "reopen_to": {"重新办理的地址", "address for reopening"}, "code": {"结案类别", "closing code"}, "requests": {"通知", "request"},
	"held": {"现有材料", "document held"}, "what": {"事项", "words"}, "note": {"说明", "note"}, "of": {"所更正函件", "corrected letter"}, "errata": {"更正", "correction"}, "where": {"位置", "place"},
	"was": {"原文", "old words"}, "is": {"更正后的内容", "new words"}, "complainant": {"投诉人", "complainant"}, "preserve": {"应当保存的材料", "file to keep"}, "investigator": {"调查责任人", "investigator"},
	"recusal_to": {"回避的决定人", "who decides on recusal"}, "category": {"类别", "category"}, "severity": {"级别", "grade"}, "sought": {"投诉人的要求", "remedy sought"}, "steps": {"调查经过", "step"},
	"statements": {"陈述", "statement"}, "by": {"人员", "person"}, "loss": {"损失", "loss"}, "responsibility": {"责任", "responsibility"}, "causes": {"根因", "root cause"}, "opinion": {"处理意见", "proposed outcome"},
	"limits": {"期限", "time limit"}, "author": {"报告人", "author"}, "place": {"地点", "place"}, "secretary": {"秘书", "secretary"}, "questions": {"请委员会决定的事项", "question"},
	"report": {"调查报告", "report"}, "present": {"出席人员", "member present"}, "excused": {"请假人员", "member excused"}, "guests": {"列席人员", "guest"}, "said": {"讨论", "discussion"}, "resolved": {"决议", "resolution"},
	"actions": {"后续工作", "action"}, "asked": {"来函", "letter received"}, "proposal": {"请示事项和建议", "proposal"}, "copies": {"抄送", "copy"}, "enclosures": {"附件", "enclosure"},
}
