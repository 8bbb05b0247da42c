package mailout

import (
	"strings"
	"testing"
	"time"

	"complaints"
)

// An auditor finds in the case file when a complaint came and who entered it,
// how it is graded, who else complains, what the committee had to say, and what
// a new table of working days has moved.
func TestCaseFile(t *testing.T) {
	set := mails(t)
	for lang, words := range map[string][]string{
		"zh": {"收到：2026年11月24日", "登记：2026年11月24日", "级别：重大", "其他投诉人：王林wanglin@client.example", "并入本案：T2026-0002", "委员会审议", "最长办理期（C15）", "按新的工作日表重算", "外部机构：市律师协会（17）"},
		"en": {"Received: 24 November 2026", "Registered: 24 November 2026", "Grade: Major", "Further complainants: 王林 wanglin@client.example", "Merged into this case: T2026-0002", "Before the committee", "long stop (C15)",
			"Counted anew by a new table", "Outside body: 市律师协会 (17)"},
	} {
		w := newSample(lang)
		c, err := w.caseFor("committee_opinion")
		if err != nil {
			t.Fatal(err)
		}
		c.Members = []complaints.Complainant{{Name: "王林", Addr: "wanglin@client.example"}}
		c.Merged, c.Outside = []string{"T2026-0002"}, &complaints.Outside{Body: "市律师协会", Number: "17"}
		day := complaints.Date{Year: 2026, Month: time.December, Day: 3}
		c.Recounts = []complaints.Recounted{{Clock: "C4", Old: day, New: day.Add(1), Due: complaints.Deadline{Due: day}}}
		m := complaints.Mail{Lang: lang, Template: "view"}
		_, text, _, err := set.Render(lang, "view", NewView(w.policy, m, c, nil, nil, "", "", w.now))
		if err != nil {
			t.Fatal(err)
		}
		flat := strings.Join(strings.Fields(text), map[string]string{"zh": "", "en": " "}[lang])
		for _, x := range words {
			if !strings.Contains(flat, x) {
				t.Errorf("%s: %q is not in\n%s", lang, x, text)
			}
		}
	}
}
