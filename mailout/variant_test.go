package mailout

import (
	"strings"
	"testing"

	"complaints"
)

// What a client reads fits what has happened: of an appeal that sends the case
// back, of a case that goes on, of a settlement that is carried out.
func TestVariants(t *testing.T) {
	set := mails(t)
	type doctor func(*complaints.Case, *complaints.Mail)
	because := func(why, of string) doctor {
		return func(_ *complaints.Case, m *complaints.Mail) {
			m.Facts.Reason, m.Facts.Of, m.Facts.Level = why, of, ""
		}
	}
	remit := func(c *complaints.Case, m *complaints.Mail) {
		c.Letters[m.LetterNo-1].Letter.Decision.Decision = complaints.Remit
	}
	appeal := func(c *complaints.Case, m *complaints.Mail) { c.Letters[m.LetterNo-1].Letter.Delay.Appeal = true }
	settled := func(c *complaints.Case, _ *complaints.Mail) {
		l := &c.Answer().Letter
		l.Kind, l.Settlement, l.Result = complaints.SettlementLetter, &complaints.SettlementFacts{}, nil
	}
	state := func(s complaints.State) doctor { return func(c *complaints.Case, _ *complaints.Mail) { c.State = s } }
	for _, x := range []struct {
		name, at string
		alter    doctor
		zh, en   string // must be in it; what follows a ! must not
	}{
		{"decision", "decision", nil, "处理程序到此结束!重新调查", "ends our internal procedure!investigated again"},
		{"decision", "decision", remit, "由未参与原调查的人员重新调查!到此结束", "investigated again!ends our internal procedure"},
		{"resumed", "resumed", because("reopened", ""), "现重新办理!您的回复", "taken it up again!your reply"},
		{"resumed", "resumed", because("outside", "市律师协会"), "市律师协会已就您反映的事项作出处理!您的回复", "has now dealt with!your reply"},
		{"resumed", "resumed", because("continued", ""), "您撤回投诉之后!您的回复", "You withdrew your complaint!your reply"},
		{"delayed", "delayed", nil, "现在就请投诉处理委员会审查!转交", "ask the Complaints Committee to look at this now!pass it to the chair"},
		{"delayed", "delayed", appeal, "您的申诉需要延长审查期限!现在就请投诉处理委员会", "The committee needs more time for your appeal!look at this now"},
		{"performed", "performed", nil, "《投诉处理结果告知书》所列", "from our letter on the outcome"},
		{"performed", "performed", settled, "《投诉和解确认书》所列!告知书", "the letter that confirms what we agreed!outcome"},
		{"withdrawal", "withdrawal", nil, "不附带任何条件!不再履行", "subject to no condition!falls away"},
		{"withdrawal", "letter_sent", nil, "不再履行!只想撤回申诉", "falls away!only the appeal"},
		{"withdrawal", "letter_sent", state(complaints.AppealReview), "您的申诉也随之终止", "your appeal ends too"},
		{"unclear", "withdrawal", nil, "尚未作出处理结果", "no outcome of your complaint yet"},
		{"unclear", "withdrawal", state(complaints.NotPursued), "本案已经结束!尚未作出处理结果", "brought to an end!no outcome"},
		{"status", "status", state(complaints.CommitteePre), "正由投诉处理委员会审议!正在审核", "the Complaints Committee is considering it!under review"},
	} {
		for lang, words := range map[string]string{"zh": x.zh, "en": x.en} {
			w := newSample(lang)
			c, err := w.caseFor(x.at)
			if err != nil {
				t.Fatal(err)
			}
			m := w.mail(x.name, c)
			if x.alter != nil {
				x.alter(c, &m)
			}
			_, text, _, err := set.Render(lang, m.Template, NewView(w.policy, m, c, nil, nil, w.policy.Address, "", w.now))
			if err != nil {
				t.Fatal(err)
			}
			flat := strings.Join(strings.Fields(text), map[string]string{"zh": "", "en": " "}[lang])
			must, not, _ := strings.Cut(words, "!")
			if !strings.Contains(flat, must) || not != "" && strings.Contains(flat, not) {
				t.Errorf("%s/%s: want %q and not %q in\n%s", lang, x.name, must, not, text)
			}
		}
	}
}
