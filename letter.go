package complaints

import (
	"fmt"
	"strings"
	"time"
)

// LetterKind names a kind of formal letter.
type LetterKind string

// The kinds of letter that the desk issues.
const (
	AckLetter      LetterKind = "acknowledgement" // 投诉受理告知书
	ResultLetter   LetterKind = "result"          // 投诉处理结果告知书
	DecisionLetter LetterKind = "decision"        // 申诉决定书
)

// series is the 代字 of each kind, after the firm's short name.
var series = map[LetterKind]string{AckLetter: "律投受", ResultLetter: "律投告", DecisionLetter: "律投决"}

// LetterNumber is a 发文字号: one series for each kind and year, without gaps.
// N is 0 until the letter is issued.
type LetterNumber struct {
	Firm string `json:"firm"` // the firm's short name
	Kind string `json:"kind"` // series, e.g. 律投告
	Year int    `json:"year"`
	N    int    `json:"n"`
}

// String gives 明律投告〔2026〕12号, or "" before issue.
func (n LetterNumber) String() string {
	if n.N == 0 {
		return ""
	}
	return fmt.Sprintf("%s%s〔%d〕%d号", n.Firm, n.Kind, n.Year, n.N)
}

// Firm is the letterhead and the signature.
type Firm struct {
	Name     string `json:"name" toml:"name"`
	NameEn   string `json:"name_en" toml:"name_en"`
	Short    string `json:"short" toml:"short"` // for letter numbers, e.g. 明
	Address  string `json:"address" toml:"address"`
	Postcode string `json:"postcode" toml:"postcode"`
	Phone    string `json:"phone" toml:"phone"`
	Email    string `json:"email" toml:"email"`
}

// In gives the firm's name in a language.
func (f Firm) In(lang string) string {
	if lang == "en" && f.NameEn != "" {
		return f.NameEn
	}
	return f.Name
}

// Route is a body outside the firm that a client may turn to.
type Route struct {
	Name    string `json:"name" toml:"name"`
	NameEn  string `json:"name_en" toml:"name_en"`
	For     string `json:"for" toml:"for"`       // what it is for, in the firm's language
	ForEn   string `json:"for_en" toml:"for_en"` // the same in English
	Contact string `json:"contact" toml:"contact"`
	Limit   string `json:"limit" toml:"limit"`       // time limit in words, or ""
	LimitEn string `json:"limit_en" toml:"limit_en"` // the same in English
}

// Letter is a formal PDF: its kind, its language and everything it says.
// Exactly one of Ack, Result and Decision is set. Number and Date are zero
// until it is issued; they alone differ between the approved draft and the
// issued letter.
type Letter struct {
	Kind   LetterKind   `json:"kind"`
	Lang   string       `json:"lang"` // zh or en
	Ref    string       `json:"ref"`  // case, e.g. T2026-0012
	No     int          `json:"no"`   // number of the letter within its case, from 1
	Number LetterNumber `json:"number"`
	Date   Date         `json:"date"`
	Firm   Firm         `json:"firm"`
	To     Address      `json:"to"` // addressee; the name stands in the salutation

	Subject  string         `json:"subject"` // the matter in a few words
	Ack      *AckFacts      `json:"ack,omitempty"`
	Result   *ResultFacts   `json:"result,omitempty"`
	Decision *DecisionFacts `json:"decision,omitempty"`
	Contact  Contact        `json:"contact"` // responsible person
	Routes   []Route        `json:"routes"`  // bodies outside the firm
	Policy   string         `json:"policy"`  // version of the complaints policy
}

// Contact is a person the client may turn to.
type Contact struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	Phone string `json:"phone"`
	Email string `json:"email"`
}

// AckFacts is what an acknowledgement says (casework C.1).
type AckFacts struct {
	Received    time.Time `json:"received"` // actual receipt
	Registered  time.Time `json:"registered"`
	Channel     string    `json:"channel"`     // email, phone …
	Summary     string    `json:"summary"`     // the complaint in the client's words, shortened
	Attachments []string  `json:"attachments"` // names of what came with it
	Missing     []string  `json:"missing"`     // of the five fields: name, contact, matter, time, evidence
	Due         Deadline  `json:"due"`         // investigation and written report
	ReplyTo     string    `json:"reply_to"`    // where to write about this case
}

// ResultFacts is what a result letter says: the nine blocks of casework A Ch.6.
type ResultFacts struct {
	Received    Date         `json:"received"`
	Allegations []Allegation `json:"allegations"` // ① what was complained of, ③ finding and reasons
	Done        []string     `json:"done"`        // ② what was done, one sentence each
	Remedies    []Remedy     `json:"remedies"`    // ④ offer; empty: none, and Reason says why
	AcceptBy    Date         `json:"accept_by"`   // until when an offer may be accepted
	Measures    []Measure    `json:"measures"`    // ⑤ improvement, with owner's post and date
	AppealUntil Date         `json:"appeal_until"`
	AppealTo    string       `json:"appeal_to"` // address for the appeal
	Remarks     string       `json:"remarks"`   // what the drafter wishes to add, or ""
	Signatory   Contact      `json:"signatory"` // the approver; name empty until approval
}

// DecisionFacts is what the committee's decision on an appeal says.
type DecisionFacts struct {
	Appealed   Date           `json:"appealed"`
	Grounds    string         `json:"grounds"`   // the appellant's words, shortened
	Contested  LetterNumber   `json:"contested"` // the result letter
	IssuedOn   Date           `json:"issued_on"` // its date
	Members    []PanelMember  `json:"members"`   // composition
	Recused    []PanelMember  `json:"recused"`
	Materials  []string       `json:"materials"` // what was considered
	Allegation []Allegation   `json:"allegations"`
	Decision   Ruling         `json:"decision"`
	Reasons    []string       `json:"reasons"` // paragraphs
	Votes      map[Ruling]int `json:"votes"`
	Minority   []string       `json:"minority"` // minority opinions, without names
	Measures   []Measure      `json:"measures"`
	Chair      Contact        `json:"chair"`
}

// PanelMember is a member of the committee as the decision names them.
type PanelMember struct {
	Name     string `json:"name"`
	Capacity string `json:"capacity"` // 法律顾问, 客户服务部负责人, 部门代表 …
	Reason   string `json:"reason"`   // why recused, or ""
}

// Remedy is one thing the firm offers or does for this client (casework E.5).
type Remedy struct {
	Kind   string `json:"kind"`             // apology, refund, reduction, compensation, correction …; "" if only words
	Amount int64  `json:"amount,omitempty"` // fen (1/100 yuan); 0 if none
	Text   string `json:"text"`
	Due    Date   `json:"due,omitzero"`
}

// Measure is one improvement: what, by whom (a post, not a name), until when.
type Measure struct {
	Text  string `json:"text"`
	Owner string `json:"owner"`
	Due   Date   `json:"due"`
}

// Allegation is one point of a complaint, in the client's terms.
type Allegation struct {
	No         int      `json:"no"`
	Text       string   `json:"text"`
	Respondent string   `json:"respondent,omitempty"` // address or name of who is complained of
	Finding    Finding  `json:"finding,omitempty"`
	Reason     string   `json:"reason,omitempty"`   // fact, basis, conclusion, why
	Evidence   []string `json:"evidence,omitempty"` // what the finding rests on
}

// Against reports whether an allegation is about a person.
func (a *Allegation) Against(p *Person) bool {
	return a.Respondent != "" && (SameAddr(a.Respondent, p.Address) || a.Respondent == p.Name)
}

// Finding is the result on one allegation.
type Finding string

// The findings of casework E.5.
const (
	Upheld       Finding = "upheld"       // 成立
	PartlyUpheld Finding = "partly"       // 部分成立
	NotUpheld    Finding = "not_upheld"   // 不成立
	Undetermined Finding = "undetermined" // 无法查实
)

// In gives the finding in words.
func (f Finding) In(lang string) string {
	w, ok := findingWords[f]
	if !ok {
		return ""
	}
	return pick(lang, w[0], w[1])
}

var findingWords = map[Finding][2]string{
	Upheld: {"成立", "upheld"}, PartlyUpheld: {"部分成立", "partly upheld"},
	NotUpheld: {"不成立", "not upheld"}, Undetermined: {"无法查实", "could not be established"},
}

// ParseFinding reads a finding in either language.
func ParseFinding(s string) (Finding, bool) { return parseWord(s, findingWords) }

// Ruling is what the committee decides on an appeal (casework A Ch.7).
type Ruling string

// The rulings.
const (
	Affirm Ruling = "affirm" // 维持
	Vary   Ruling = "vary"   // 变更
	Quash  Ruling = "quash"  // 撤销
	Remit  Ruling = "remit"  // 发回重查
)

var rulingWords = map[Ruling][2]string{
	Affirm: {"维持", "affirm"}, Vary: {"变更", "vary"}, Quash: {"撤销", "quash"}, Remit: {"发回", "remit"},
}

// In gives the ruling in words.
func (r Ruling) In(lang string) string {
	w, ok := rulingWords[r]
	if !ok {
		return ""
	}
	return pick(lang, w[0], w[1])
}

// ParseRuling reads a ruling in either language.
func ParseRuling(s string) (Ruling, bool) { return parseWord(s, rulingWords) }

// parseWord finds the key whose Chinese or English word, or own code, is s.
func parseWord[K ~string](s string, words map[K][2]string) (K, bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	for k, w := range words {
		if s == string(k) || s == w[0] || s == w[1] {
			return k, true
		}
	}
	var none K
	return none, false
}
