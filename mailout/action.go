package mailout

import (
	"slices"
	"strings"

	"complaints"
)

// staffActions are the commands that a mail to staff offers: first those that
// its own subject asks for, then the reader's next ones. One of the first takes
// the place of every other of its verb, and is left out if the reader may no
// longer use that verb.
func (v View) staffActions(next []complaints.Action) []complaints.Action {
	switch v.Name {
	case "letter_in_doubt", "impersonated", "alert", "list", "digest", "held", "calendar_changed", "calendar_missing", "meeting_due", "meeting_missed", "term_ending": // not about what comes next
		return nil
	case "confirm", "unplaced", "followups": // nothing else may stand beside the code
		return v.asked()
	}
	var out, rest []complaints.Action
	for _, a := range v.asked() {
		if v.Name == "draft_approval" || v.Name == "measure" || v.Name == "calendar_proposed" || v.Name == "extension_asked" || slices.ContainsFunc(next, sameVerb(a)) {
			out = append(out, a)
		}
	}
	for _, a := range next {
		if !slices.ContainsFunc(out, sameVerb(a)) {
			rest = append(rest, a)
		}
	}
	return append(out, rest...)
}

func sameVerb(a complaints.Action) func(complaints.Action) bool {
	return func(b complaints.Action) bool { return verbOf(a.Line) == verbOf(b.Line) }
}

func verbOf(line string) string {
	verb, _, _ := strings.Cut(strings.TrimSpace(line), " ")
	return verb
}

// asked are the answers that the mail itself asks for. They hold no sample
// text: a reason that nobody wrote must be missed, not taken for one.
func (v View) asked() []complaints.Action {
	act := func(zhLabel, enLabel, zhLine, enLine string) complaints.Action {
		return complaints.Action{Label: v.tr(zhLabel, enLabel), Line: v.tr(zhLine, enLine)}
	}
	switch v.Name {
	case "assigned":
		return []complaints.Action{
			act("接受指派，担任本案责任人", "Accept and become the responsible person", "#接受", "#accept"),
			act("申请回避（请在命令后写明理由）", "Step aside (write the reason after the command)", "#回避", "#recuse"),
		}
	case "report_review":
		return []complaints.Action{
			act("批准报告", "Approve the report", strings.TrimSpace("#批准 "+v.Hash), strings.TrimSpace("#approve "+v.Hash)),
			act("退回报告（请在命令后写明理由）", "Return the report (write the reason after the command)", "#退回", "#return"),
		}
	case "draft_approval":
		return []complaints.Action{
			act("批准并签发附件中的草稿", "Approve the attached draft and issue it", "#批准 "+v.Hash, "#approve "+v.Hash),
			act("退回草稿（请在命令后写明理由）", "Return the draft (write the reason after the command)", "#退回", "#return"),
		}
	case "extension_asked":
		return []complaints.Action{
			act("同意延期", "Grant the extension", "#延期 同意", "#extend granted"),
			act("不同意延期（请在命令后写明理由）", "Refuse the extension (write the reason after the command)", "#延期 不同意", "#extend refused"),
		}
	case "measure":
		return []complaints.Action{act("报告已完成（请在命令后写明怎样完成的，并附证明材料）", "Report it as done (say after the command what was done, and attach what shows it)", "#完成 "+v.Facts.Level, "#completed "+v.Facts.Level)}
	case "followups":
		var out []complaints.Action
		for _, l := range v.Facts.Transcript {
			out = append(out, complaints.Action{Label: v.tr("补充后交办（"+l.Did+"）", "Complete it and hand it over ("+l.Did+")"), Line: l.Command})
		}
		return out
	case "confirm":
		return []complaints.Action{act("确认由本人发出，立即执行", "Confirm that they are mine and carry them out", "#确认 "+v.Facts.Hash, "#confirm "+v.Facts.Hash)}
	case "unplaced":
		if held := v.Facts.Held; len(held) > 0 && held[0].No > 0 {
			return v.decisions(held[0])
		}
		return []complaints.Action{act("查看暂存的邮件", "See the mails that are held", "#隔离", "#held")}
	case "letter_failed":
		if v.Number != "" && v.Letter.Letter.Kind != complaints.AckLetter {
			day := complaints.DateOf(v.now.In(v.location())).String()
			return []complaints.Action{act("记录已改以邮寄送达（请填上单号）", "Record that it has been sent by post (fill in the tracking number)",
				"#邮寄 函="+v.Number+" 承运=EMS 单号= 日期="+day, "#posted letter="+v.Number+" carrier=EMS tracking= date="+day)}
		}
	case "calendar_proposed":
		return []complaints.Action{act("批准工作日表", "Approve the table", "#批准 "+v.Hash, "#approve "+v.Hash)}
	case "committee_papers":
		out := []complaints.Action{act("提出意见（请在命令后写明）", "Give your opinion (write it after the command)", "#意见", "#opinion")}
		if v.Case != nil && v.Case.Docket != nil && v.Case.Docket.Ballot {
			out = nil
			for _, s := range []complaints.Stance{complaints.InFavour, complaints.Opposed, complaints.Abstains} {
				out = append(out, complaints.Action{Label: v.tr("表决：%s（请在命令后写明理由）", "Vote: %s (write the reasons after the command)", s.In(v.Lang)), Line: v.tr("#表决 ", "#vote ") + s.In(v.Lang)})
			}
		}
		return append(out, act("申请回避（请在命令后写明理由）", "Step aside (write the reason after the command)", "#回避", "#recuse"))
	case "appeal_papers":
		var out []complaints.Action
		for _, r := range rulings {
			out = append(out, complaints.Action{
				Label: v.tr("表决：%s（请在命令后写明理由）", "Vote: %s (write the reasons after the command)", r.In(v.Lang)),
				Line:  v.tr("#表决 ", "#vote ") + r.In(v.Lang),
			})
		}
		return append(out, act("申请回避（请在命令后写明理由）", "Step aside (write the reason after the command)", "#回避", "#recuse"))
	case "votes_in":
		order := slices.Clone(rulings)
		if t := v.Tally(); len(t) > 0 { // what most voted for stands first
			order = slices.DeleteFunc(order, func(r complaints.Ruling) bool { return r == t[0].Ruling })
			order = append([]complaints.Ruling{t[0].Ruling}, order...)
		}
		return []complaints.Action{{
			Label: v.tr("决定：%s（请在命令后写明决定理由）", "Decide: %s (write the reasons of the decision after the command)", order[0].In(v.Lang)),
			Line:  v.tr("#决定 ", "#decide ") + order[0].In(v.Lang),
		}}
	}
	return nil
}

// rulings in the order of the policy.
var rulings = []complaints.Ruling{complaints.Affirm, complaints.Vary, complaints.Quash, complaints.Remit}

// clientActions are sentences that a client may send as they stand. The desk
// reads each of them as a clear wish.
func (v View) clientActions() []complaints.Action {
	act := func(zhLabel, enLabel, zhLine, enLine string) complaints.Action {
		return complaints.Action{Label: v.tr(zhLabel, enLabel), Line: v.tr(zhLine, enLine)}
	}
	appeal := act("提出申诉", "Lodge an appeal", "我要申诉", "I wish to appeal")
	accept := act("接受处理方案", "Accept the offer", "我接受处理方案", "I accept the offer")
	withdraw := act("撤回投诉", "Withdraw the complaint", "我要求撤回投诉", "I wish to withdraw my complaint")
	progress := act("查询办理进度", "Ask how the matter stands", "进度", "Status")
	switch v.Name {
	case "ack", "received":
		return []complaints.Action{progress}
	case "result":
		if v.offers() {
			return []complaints.Action{appeal, accept}
		}
		return []complaints.Action{appeal}
	case "settlement_offer":
		return []complaints.Action{act("接受这些办法", "Accept the proposal", "我接受和解办法", "I accept the proposal")}
	case "settled":
		return []complaints.Action{appeal}
	case "unclear":
		var out []complaints.Action
		if v.Appealable() {
			out = append(out, appeal)
		}
		if v.Case != nil && v.Case.State == complaints.Decided && v.offers() {
			out = append(out, accept)
		}
		if v.Case != nil && v.Case.State.Open() {
			out = append(out, withdraw)
		}
		return out
	case "withdrawal":
		// The word itself would be read as the wish once more.
		return []complaints.Action{
			act("确认撤回", "Confirm the withdrawal", "是的，我确认", "Yes, I confirm"),
			act("不撤回", "Do not withdraw", "请继续办理", "Please go on with my case"),
		}
	}
	return nil
}

// offers reports whether the client has an offer to accept.
func (v View) offers() bool {
	if r := v.Result(); r != nil && r.Letter.Result != nil {
		return len(r.Letter.Result.Remedies) > 0
	}
	return false
}

// ready adds the link to an action. The hints below a command are shown, but in
// the mail a blank line stands in their place: who sends it unfilled must be
// told that words are missing, instead of having the hint on record as theirs.
func (v View) ready(a complaints.Action) Action {
	a.Label = v.First(a.Label)
	body := a.Line
	if a.Text != "" {
		for l := range strings.SplitSeq(a.Text, "\n") {
			if isHint(l) {
				l = ""
			}
			body += "\n" + l
		}
	}
	subject := strings.TrimSpace(v.Tag() + " " + verbless(a.Label))
	return Action{Label: a.Label, Line: a.Line, Text: a.Text, Href: MailTo(v.ReplyTo, subject, body)}
}

// isHint reports whether a line only says what is to be written there.
func isHint(l string) bool {
	l = strings.TrimSpace(l)
	return strings.HasPrefix(l, "（") && strings.HasSuffix(l, "）") || strings.HasPrefix(l, "(") && strings.HasSuffix(l, ")")
}

// verbless takes the note in brackets off a label.
func verbless(label string) string {
	if i := strings.IndexAny(label, "（("); i > 0 {
		label = label[:i]
	}
	return strings.TrimSpace(label)
}

// MailTo makes a mailto: link (RFC 6068): UTF-8 percent-encoded, lines of the
// body parted by %0D%0A. The + of an address with a detail is encoded too,
// since programs are about that read it as a space.
func MailTo(to, subject, body string) string {
	body = strings.ReplaceAll(strings.ReplaceAll(body, "\r\n", "\n"), "\n", "\r\n")
	return "mailto:" + percent(to, "@") + "?subject=" + percent(subject, "") + "&body=" + percent(body, "")
}

// percent encodes all but the unreserved characters of RFC 3986 and those in
// also.
func percent(s, also string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c < 0x80 && isAlnum(rune(c)) || strings.IndexByte("-._~"+also, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}
