package mailout

import (
	"strings"
	"testing"

	"complaints"
)

// Whoever is complained of, and whoever may not read the case, gets no mail
// that passes on what it holds: neither in words nor as a file. What is
// addressed to them, and the desk's own sentences, they do get.
func TestNoCaseContentForWhoMayNotReadIt(t *testing.T) {
	w := newSample("zh")
	c, err := w.caseFor("new_case")
	if err != nil {
		t.Fatal(err)
	}
	c.Allegations = append(c.Allegations, complaints.Allegation{No: 9, Text: "态度恶劣", Respondent: "wang@firm.example"})
	facts := complaints.Facts{Text: "客户原话", Subject: "退费之争", From: complaints.Address{Addr: "zhou@firm.example"}, Attachments: []complaints.Attachment{{Name: "秘密.pdf"}}, Notes: []string{"建议"}}
	for _, who := range []string{"wang", "wu"} { // the respondent; a member without this case
		for _, template := range append([]string{"case_news"}, content...) {
			m := fit(w.policy, c, complaints.Mail{To: complaints.Address{Addr: who + "@firm.example"}, Staff: true, Template: template, LetterNo: 1, Draft: true, Facts: facts})
			if m.LetterNo != 0 || m.Draft || m.Facts.Text+m.Facts.Subject != "" || m.Facts.Attachments != nil || m.Facts.Notes != nil {
				t.Errorf("%s to %s: %+v", template, who, m)
			}
		}
	}
	for _, x := range []struct {
		to, template string
		staff        bool
		facts        complaints.Facts
	}{
		{"chen@firm.example", "new_case", true, facts},
		{"wang@firm.example", "respondent", true, facts},
		{"wang@firm.example", "transcript", true, facts},
		{"zhang.kun@client.example", "result", false, facts},
		{"wang@firm.example", "case_news", true, complaints.Facts{Text: "您回避本案"}},
	} {
		if m := fit(w.policy, c, complaints.Mail{To: complaints.Address{Addr: x.to}, Staff: x.staff, Template: x.template, LetterNo: 1, Facts: x.facts}); m.Facts.Text != x.facts.Text || m.LetterNo != 1 {
			t.Errorf("%s to %s lost what it says: %+v", x.template, x.to, m)
		}
	}
	// The whole mail, as it would be read.
	set := mails(t)
	m := complaints.Mail{To: complaints.Address{Name: "王明", Addr: "wang@firm.example"}, Lang: "zh", Staff: true, Template: "new_case", Facts: facts}
	subject, text, html, err := set.Render("zh", "new_case", NewView(w.policy, m, c, nil, nil, w.policy.Address, "", w.now))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"张堃", "客户原话", "退费", "秘密.pdf", "zhang.kun"} {
		if strings.Contains(subject+text+html, secret) {
			t.Errorf("the respondent reads %q in\n%s", secret, text)
		}
	}
}
