package letters

import (
	"fmt"
	"slices"
	"strings"
	"text/template"
	"time"

	complaints "complaints"
)

// functions are what the letters' texts call: how dates, amounts and the codes
// of the domain are written in a language.
func functions(lang string) template.FuncMap {
	word := func(words map[string][2]string) func(string) string {
		return func(key string) string {
			if w, ok := words[key]; ok {
				return pick(lang, w[0], w[1])
			}
			return key // the firm's own word
		}
	}
	issued := func(s string) string {
		if s == "" {
			return unissued(lang)
		}
		return s
	}
	return template.FuncMap{
		"date":     func(d complaints.Date) string { return date(lang, d) },
		"issued":   func(d complaints.Date) string { return issued(date(lang, d)) },
		"number":   func(n complaints.LetterNumber) string { return issued(n.String()) },
		"moment":   func(t time.Time) string { return moment(lang, t) },
		"money":    func(r complaints.Remedy) string { return money(lang, r) },
		"explain":  func(d complaints.Deadline) string { return d.Explain(lang) },
		"finding":  func(f complaints.Finding) string { return f.In(lang) },
		"order":    func(r complaints.Ruling) string { return word(orders)(string(r)) },
		"replaces": func(r complaints.Ruling) bool { return r == complaints.Vary || r == complaints.Quash },
		"remit":    func(r complaints.Ruling) bool { return r == complaints.Remit },
		"votes":    func(v map[complaints.Ruling]int) string { return votes(lang, v) },
		"channel":  word(channels),
		"missing":  word(missing),
		"sentence": func(s string) string { return sentence(lang, s) },
		"join":     func(s []string) string { return strings.Join(s, pick(lang, "、", ", ")) },
		"ground":   func(g string) string { return ground(lang, g) },
		"besides": func(g string, facts []string) []string {
			return slices.DeleteFunc(slices.Clone(facts), func(f string) bool { return sentence(lang, f) == sentence(lang, g) })
		},
		"closing": func(code string) string { return complaints.ClosingWords(code, lang) },
		"letter":  func(k complaints.LetterKind) string { return k.In(lang) },
		"clock":   func(t time.Time) string { return t.Format(pick(lang, "15时04分", "15:04")) },
		"sameday": func(a, b time.Time) bool { return complaints.DateOf(a) == complaints.DateOf(b) },
		"inc":     func(i int) int { return i + 1 },
		"cell": func(s string) string {
			if strings.TrimSpace(s) == "" {
				return "—" // an empty cell looks forgotten
			}
			return s
		},
		"bodies": func(l complaints.Letter) []complaints.Route {
			if l.Referral != nil {
				return l.Referral.Bodies
			}
			if l.Declined != nil {
				return l.Declined.Bodies
			}
			return nil
		},
		"approver": func(l complaints.Letter) *complaints.Contact {
			by := l.Signatory
			if l.Result != nil {
				by = l.Result.Signatory
			}
			if by.Name+by.Title == "" {
				return nil
			}
			return &by
		},
		"others": func(all, named []complaints.Route) []complaints.Route {
			return slices.DeleteFunc(slices.Clone(all), func(r complaints.Route) bool {
				return slices.ContainsFunc(named, func(n complaints.Route) bool { return n.Name == r.Name })
			})
		},
		"lines": func(s string) []string {
			return slices.DeleteFunc(strings.Split(s, "\n"), func(l string) bool { return strings.TrimSpace(l) == "" })
		},
		"count": func(n int, one, many string) string {
			if n == 1 {
				return "1 " + one
			}
			return fmt.Sprint(n, " ", many)
		},
	}
}

// declineGrounds are the grounds on which a complaint is not accepted, or is
// referred (casework A Ch.2): the word by which a person names each, and what
// the letter says.
var declineGrounds = map[string]struct{ word, letter [2]string }{
	"question": {[2]string{"咨询", "question"}, [2]string{"您来信是咨询法律问题或者了解业务情况，没有对本所的服务、人员或者收费提出不满",
		"What you sent us is a question about the law or about our work; it does not express dissatisfaction with our service, our people or our fees"}},
	"invoice": {[2]string{"开票", "invoice"}, [2]string{"您反映的是开具发票或者核对付款的日常事务，由财务部门直接办理",
		"What you ask for is an invoice, or a check of a payment, which our finance department deals with directly"}},
	"instruction": {[2]string{"新委托", "new instruction"}, [2]string{"您提出的是新的法律服务需求，应当另行办理委托手续",
		"What you ask for is a new legal service, for which a separate engagement is needed"}},
	"employment": {[2]string{"劳动争议", "employment"}, [2]string{"您反映的是本所与员工之间的劳动人事事项，不属于客户投诉的范围",
		"What you raise is a matter of employment between the firm and a member of its staff, which complaints by clients do not cover"}},
	"court": {[2]string{"诉讼", "court"}, [2]string{"您反映的事项已经由人民法院或者仲裁机构审理，应当以其裁判为准",
		"The matter is before a court or an arbitral tribunal, and it is for them to decide it"}},
	"other_firm": {[2]string{"他所", "other firm"}, [2]string{"您反映的服务由其他律师事务所或者其他单位提供，本所和本所人员没有参与",
		"The service that you complain of was given by another firm or body; neither our firm nor our people took part in it"}},
	"decided": {[2]string{"已答复", "decided"}, [2]string{"同一事项本所已经作出最终答复，您没有提出新的事实或者证据",
		"We have given you our final answer on the same matter, and there are no new facts or evidence"}},
	"authority": {[2]string{"主管机关", "authority"}, [2]string{"您要求对律师或者律师事务所给予处分、处罚，这只能由律师协会或者司法行政机关决定",
		"You ask for a disciplinary or administrative sanction, which only the bar association or the justice authorities can impose"}},
}

// ground gives a ground in words; the firm's own words stay.
func ground(lang, g string) string {
	for code, w := range declineGrounds {
		if g == code || strings.EqualFold(g, w.word[0]) || strings.EqualFold(g, w.word[1]) {
			return pick(lang, w.letter[0], w.letter[1])
		}
	}
	if w := complaints.GroundWords(g, lang); w != "" {
		return w
	}
	return g
}

// channels are the ways in which a complaint comes in.
var channels = map[string][2]string{
	"email": {"电子邮件", "email"}, "phone": {"电话", "telephone"}, "web": {"网站", "web form"},
	"visit": {"来访", "personal visit"}, "letter": {"信函", "letter"}, "regulator": {"监管机关转办", "referral from a regulator"},
}

// missing are the five fields of a complaint (policy, chapter 4), as asked of a
// client.
var missing = map[string][2]string{
	"name":     {"您的姓名", "Your name"},
	"contact":  {"除电子邮箱以外的联系方式，例如电话号码", "Another way to reach you, such as a telephone number"},
	"matter":   {"投诉事项的具体情况，包括委托的事务、经办人员和您希望如何解决", "The particulars of your complaint: the matter, who handled it, and what you would like us to do"},
	"time":     {"事情发生的时间", "When it happened"},
	"evidence": {"有关的证据材料，例如委托合同、付款凭证、往来信函", "Any supporting documents, such as the engagement letter, receipts or correspondence"},
}

// orders are the committee's rulings as a decision words them.
var orders = map[string][2]string{
	"affirm": {"维持原处理结果", "uphold the original outcome"},
	"vary":   {"变更原处理结果", "change the original outcome"},
	"quash":  {"撤销原处理结果", "set the original outcome aside"},
	"remit":  {"撤销原处理结果，发回重新调查", "set the original outcome aside and have the complaint investigated afresh"},
}

// votes tells a vote: 维持2票，变更1票.
func votes(lang string, v map[complaints.Ruling]int) string {
	var parts []string
	for _, r := range []complaints.Ruling{complaints.Affirm, complaints.Vary, complaints.Quash, complaints.Remit} {
		if n := v[r]; n > 0 {
			parts = append(parts, pick(lang, fmt.Sprintf("%s%d票", r.In("zh"), n), fmt.Sprintf("%d to %s", n, r.In("en"))))
		}
	}
	return strings.Join(parts, pick(lang, "，", ", "))
}

// date writes a day; in English the day does not part from its month.
func date(lang string, d complaints.Date) string {
	return strings.Replace(d.In(lang), " ", noBreak, 1)
}

// moment writes a point in time in its own zone: 2026年11月24日10时32分.
func moment(lang string, t time.Time) string {
	d := complaints.DateOf(t)
	return pick(lang, d.In("zh")+t.Format("15时04分"), date(lang, d)+" at "+t.Format("15:04"))
}

// sentence gives a text the full stop that it lacks.
func sentence(lang, s string) string {
	s = strings.TrimRight(s, " \n；;，,")
	if s == "" || strings.HasSuffix(s, "。") || strings.ContainsAny(s[len(s)-1:], ".!?") {
		return s
	}
	for _, end := range []string{"！", "？", "。”", "！”", "？”", "……"} {
		if strings.HasSuffix(s, end) {
			return s
		}
	}
	return s + pick(lang, "。", ".")
}

// noBreak is a blank at which no line may end.
const noBreak = "\u00a0"

// yuan writes an amount of fen (1/100 yuan) as 5,000.00.
func yuan(fen int64) string {
	sign := ""
	if fen < 0 {
		sign, fen = "-", -fen
	}
	whole := fmt.Sprint(fen / 100)
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return fmt.Sprintf("%s%s.%02d", sign, whole, fen%100)
}

// money writes an amount as a letter does: 人民币5,000.00元（大写：伍仟元整）,
// RMB 5,000.00; £5,000.00 where the office pays in pounds. Only the yuan has
// capital numerals.
func money(lang string, r complaints.Remedy) string {
	switch {
	case r.Currency != "" && r.Currency != "CNY":
		return r.Sum(lang)
	case lang == "en":
		return "RMB" + noBreak + yuan(r.Amount)
	}
	return "人民币" + yuan(r.Amount) + "元（大写：" + capital(r.Amount) + "）"
}

// capital writes an amount of fen in the capital numerals of bills and
// receipts, after 《正确填写票据和结算凭证的基本规定》: 整 after 元 or 角, no 整
// after 分; one 零 for any run of zeros between digits, and one where the
// 角 are zero and the 分 are not. An amount must lie below 10^16 yuan.
func capital(fen int64) string {
	if fen == 0 {
		return "零元整"
	}
	var b strings.Builder
	if fen < 0 {
		b.WriteString("负")
		fen = -fen
	}
	whole, jiao, cent := fen/100, fen/10%10, fen%10
	if whole > 0 {
		b.WriteString(capitalWhole(whole) + "元")
	}
	switch {
	case jiao == 0 && cent == 0:
		b.WriteString("整")
	case cent == 0:
		b.WriteString(digit(jiao) + "角整")
	case jiao == 0 && whole > 0:
		b.WriteString("零" + digit(cent) + "分")
	case jiao == 0:
		b.WriteString(digit(cent) + "分")
	default:
		b.WriteString(digit(jiao) + "角" + digit(cent) + "分")
	}
	return b.String()
}

// capitalWhole writes a whole number in groups of four digits: 万, 亿, 万亿.
func capitalWhole(n int64) string {
	var groups []int64
	for ; n > 0; n /= 10000 {
		groups = append(groups, n%10000)
	}
	var b strings.Builder
	zero := false // digits were skipped: 零 before the next one
	for i := len(groups) - 1; i >= 0; i-- {
		for j, unit := 1000, 0; j > 0; j, unit = j/10, unit+1 {
			d := groups[i] / int64(j) % 10
			if d == 0 {
				zero = zero || b.Len() > 0
				continue
			}
			if zero {
				b.WriteString("零")
				zero = false
			}
			b.WriteString(digit(d) + []string{"仟", "佰", "拾", ""}[unit])
		}
		switch {
		case i%2 == 1 && groups[i] > 0:
			b.WriteString("万")
		case i == 2 && b.Len() > 0:
			b.WriteString("亿")
		}
	}
	return b.String()
}

func digit(d int64) string { return string([]rune("零壹贰叁肆伍陆柒捌玖")[d]) }
