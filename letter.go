package complaints

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
)

// LetterKind names a kind of formal letter.
type LetterKind string

// The kinds of letter that the desk issues (casework C.1). The last five stay
// within the firm or go to a regulator; all others are for the complainant.
const (
	AckLetter         LetterKind = "acknowledgement" // 投诉受理告知书
	DeclinedLetter    LetterKind = "declined"        // 不予受理告知书
	ReferralLetter    LetterKind = "referral"        // 投诉转介函
	InformationLetter LetterKind = "information"     // 补充材料通知书
	DelayLetter       LetterKind = "delay"           // 延期、中止、恢复办理告知书: DelayFacts.What
	ResultLetter      LetterKind = "result"          // 投诉处理结果告知书
	SettlementLetter  LetterKind = "settlement"      // 投诉和解（即时处理）确认书
	DecisionLetter    LetterKind = "decision"        // 申诉决定书
	ClosureLetter     LetterKind = "closure"         // 结案确认书, 撤回投诉确认书: ClosureFacts.Withdrawn
	NotPursuedLetter  LetterKind = "not_pursued"     // 因未补充材料结案告知书
	CorrectionLetter  LetterKind = "correction"      // 更正函

	RespondentLetter LetterKind = "respondent" // 投诉事项告知及答辩通知书
	ReportLetter     LetterKind = "report"     // 调查报告
	PapersLetter     LetterKind = "papers"     // 委员会审议材料
	MinutesLetter    LetterKind = "minutes"    // 会议纪要
	RegulatorLetter  LetterKind = "regulator"  // 关于…情况的报告
)

// series is the 代字 of each kind, after the firm's short name.
var series = map[LetterKind]string{
	AckLetter: "律投受", DeclinedLetter: "律投不", ReferralLetter: "律投转", InformationLetter: "律投补", DelayLetter: "律投延",
	ResultLetter: "律投告", SettlementLetter: "律投和", DecisionLetter: "律投决", ClosureLetter: "律投结", NotPursuedLetter: "律投终",
	CorrectionLetter: "律投更", RespondentLetter: "律投辩", ReportLetter: "律投查", PapersLetter: "律投议", MinutesLetter: "律投纪", RegulatorLetter: "律投报",
}

// seriesEn are the same for a firm whose short name is in Latin letters.
var seriesEn = map[LetterKind]string{
	AckLetter: "ACK", DeclinedLetter: "DEC", ReferralLetter: "REF", InformationLetter: "INF", DelayLetter: "DEL", ResultLetter: "RES",
	SettlementLetter: "SET", DecisionLetter: "APP", ClosureLetter: "CLO", NotPursuedLetter: "NPU", CorrectionLetter: "COR",
	RespondentLetter: "RSP", ReportLetter: "REP", PapersLetter: "PAP", MinutesLetter: "MIN", RegulatorLetter: "REG",
}

// Series gives the series in which the firm numbers its letters of a kind.
func (f Firm) Series(k LetterKind) string {
	if f.Short != "" && !strings.ContainsFunc(f.Short, func(r rune) bool { return r > unicode.MaxASCII }) {
		return seriesEn[k]
	}
	return series[k]
}

// kindWords are the names of the kinds, as titles and files bear them.
var kindWords = map[LetterKind][2]string{
	AckLetter: {"投诉受理告知书", "Acknowledgement of Complaint"}, DeclinedLetter: {"不予受理告知书", "Complaint Not Accepted"},
	ReferralLetter: {"投诉转介函", "Referral of Complaint"}, InformationLetter: {"补充材料通知书", "Request for Information"},
	DelayLetter: {"延期（中止）告知书", "Change of Due Date"}, ResultLetter: {"投诉处理结果告知书", "Result of Complaint"},
	SettlementLetter: {"投诉和解确认书", "Confirmation of Settlement"}, DecisionLetter: {"申诉决定书", "Decision on Appeal"},
	ClosureLetter: {"结案（撤回）确认书", "Confirmation of Closure"}, NotPursuedLetter: {"因未补充材料结案告知书", "Closure Without Further Information"},
	CorrectionLetter: {"更正函", "Correction of Letter"}, RespondentLetter: {"投诉事项告知及答辩通知书", "Notice to Respondent"},
	ReportLetter: {"调查报告", "Investigation Report"}, PapersLetter: {"委员会审议材料", "Committee Papers"},
	MinutesLetter: {"会议纪要", "Minutes"}, RegulatorLetter: {"情况报告", "Report to the Regulator"},
}

// LetterKinds gives every kind, in alphabetical order.
func LetterKinds() []LetterKind { return slices.Sorted(maps.Keys(series)) }

// In names the kind in a language.
func (k LetterKind) In(lang string) string { return inWords(k, lang, kindWords) }

// Internal reports whether a letter of this kind never goes to a complainant.
func (k LetterKind) Internal() bool {
	return slices.Contains([]LetterKind{RespondentLetter, ReportLetter, PapersLetter, MinutesLetter, RegulatorLetter}, k)
}

// LetterNumber is a 发文字号: one series for each kind and year, without gaps.
// N is 0 until the letter is issued.
type LetterNumber struct {
	Firm string `json:"firm"` // the firm's short name
	Kind string `json:"kind"` // series, e.g. 律投告
	Year int    `json:"year"`
	N    int    `json:"n"`
}

// String gives 明律投告〔2026〕12号, or HM/RES/2026/12 in a Latin series; ""
// before issue.
func (n LetterNumber) String() string {
	if n.N == 0 {
		return ""
	}
	if n.Kind != "" && n.Kind[0] <= unicode.MaxASCII {
		return fmt.Sprintf("%s/%s/%d/%d", n.Firm, n.Kind, n.Year, n.N)
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
	return pick(lang, f.Name, cmp.Or(f.NameEn, f.Name))
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

// In gives the body with the words of a language, where it has them.
func (r Route) In(lang string) Route {
	if lang == "en" {
		r.Name, r.For, r.Limit = cmp.Or(r.NameEn, r.Name), cmp.Or(r.ForEn, r.For), cmp.Or(r.LimitEn, r.Limit)
	}
	return r
}

// Letter is a formal PDF: its kind, its language and everything it says.
// Exactly one of the pointers to facts is set, that of the kind. Number and
// Date are zero until it is issued; they alone differ between the approved
// draft and the issued letter.
type Letter struct {
	Kind   LetterKind   `json:"kind"`
	Lang   string       `json:"lang"` // zh or en
	Ref    string       `json:"ref"`  // case, e.g. T2026-0012; of minutes, the meeting
	No     int          `json:"no"`   // number of the letter within its case, from 1
	Number LetterNumber `json:"number"`
	Date   Date         `json:"date"`
	Firm   Firm         `json:"firm"`
	To     Address      `json:"to"` // addressee; the name stands in the salutation

	Subject     string            `json:"subject"` // the matter in a few words
	Ack         *AckFacts         `json:"ack,omitempty"`
	Declined    *DeclinedFacts    `json:"declined,omitempty"`
	Referral    *ReferralFacts    `json:"referral,omitempty"`
	Information *InformationFacts `json:"information,omitempty"`
	Delay       *DelayFacts       `json:"delay,omitempty"`
	Result      *ResultFacts      `json:"result,omitempty"`
	Settlement  *SettlementFacts  `json:"settlement,omitempty"`
	Decision    *DecisionFacts    `json:"decision,omitempty"`
	Closure     *ClosureFacts     `json:"closure,omitempty"`
	NotPursued  *NotPursuedFacts  `json:"not_pursued,omitempty"`
	Correction  *CorrectionFacts  `json:"correction,omitempty"`
	Respondent  *RespondentFacts  `json:"respondent,omitempty"`
	Report      *ReportFacts      `json:"report,omitempty"`
	Papers      *PapersFacts      `json:"papers,omitempty"`
	Minutes     *MinutesFacts     `json:"minutes,omitempty"`
	Regulator   *RegulatorFacts   `json:"regulator,omitempty"`

	Signatory   Contact  `json:"signatory,omitzero"`    // the approver, of kinds whose facts name nobody; name empty until approval
	Copies      []string `json:"copies,omitempty"`      // who else gets it
	Enclosures  []string `json:"enclosures,omitempty"`  // names of what comes with it
	Seal        bool     `json:"seal,omitempty"`        // the firm's seal is to stand on it
	Translation bool     `json:"translation,omitempty"` // of a letter of the same number, whose text prevails
	Contact     Contact  `json:"contact"`               // responsible person
	Routes      []Route  `json:"routes"`                // bodies outside the firm
	Policy      string   `json:"policy"`                // version of the complaints policy
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
	Grounds    string         `json:"grounds"`           // the appellant's words, shortened
	Contested  LetterNumber   `json:"contested"`         // the result letter
	IssuedOn   Date           `json:"issued_on"`         // its date
	Settled    bool           `json:"settled,omitempty"` // it confirmed a settlement: nothing was found
	Members    []PanelMember  `json:"members"`           // composition
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

// PanelMember is a member of the committee as a letter names them.
type PanelMember struct {
	Name     string `json:"name"`
	Capacity string `json:"capacity"` // 法律顾问, 客户服务部负责人, 部门代表 …
	Reason   string `json:"reason"`   // why recused or excused, or ""
}

// DeclinedFacts is what a complainant is told whose complaint is not accepted,
// or is referred to another body.
type DeclinedFacts struct {
	Received     Date     `json:"received"`
	Complaint    string   `json:"complaint"`          // in the client's words, shortened
	Ground       string   `json:"ground"`             // a code of declineGrounds in package letters, or words, or ""
	Facts        []string `json:"facts"`              // what the ground rests on, one paragraph each
	Bodies       []Route  `json:"bodies"`             // the right ones to turn to, by name; of a referral, the one
	Sent         []string `json:"sent"`               // what the firm sends on to them, or none
	Consented    Date     `json:"consented,omitzero"` // nothing is sent on before
	SentOn       Date     `json:"sent_on,omitzero"`
	Kept         []string `json:"kept"` // what the firm goes on dealing with itself, or none
	ContestUntil Date     `json:"contest_until"`
	ContestTo    string   `json:"contest_to"` // address
}

// ReferralFacts has the shape of DeclinedFacts.
type ReferralFacts = DeclinedFacts

// InformationFacts asks for what is missing: once and completely.
type InformationFacts struct {
	Received   Date       `json:"received"`
	Items      []InfoItem `json:"items"`
	Due        Deadline   `json:"due"`         // when the answer is asked for
	PausedFrom Date       `json:"paused_from"` // the investigation's clock stands still from here
	OldDue     Date       `json:"old_due"`     // the investigation's limit before the pause
	ReplyTo    string     `json:"reply_to"`
}

// InfoItem is one thing that is asked for, and why it is needed.
type InfoItem struct {
	Text string `json:"text"`
	Why  string `json:"why"`
}

// What a DelayLetter tells: the limit was extended before it ran out; the clock
// stands still; it runs again; the limit was missed.
const DelayExtension, DelayPause, DelayResume, DelayLate = "extension", "pause", "resume", "delay"

// DelayFacts is a change of the date that was promised.
type DelayFacts struct {
	What        string   `json:"what"` // DelayExtension …
	Received    Date     `json:"received"`
	OldDue      Date     `json:"old_due"`
	NewDue      Deadline `json:"new_due,omitzero"`   // zero for a pause
	From        Date     `json:"from,omitzero"`      // first day of the pause; day of resumption
	ReviewOn    Date     `json:"review_on,omitzero"` // when a pause is looked at again
	Ground      string   `json:"ground"`             // a code of delayGrounds in package letters, or words
	Reason      string   `json:"reason"`             // specific, a full sentence
	ApprovedBy  Contact  `json:"approved_by,omitzero"`
	Done        []string `json:"done"`             // what was done so far
	Interim     []string `json:"interim"`          // what is done meanwhile
	CommitteeTo string   `json:"committee_to"`     // address: the client may go to the committee now
	Appeal      bool     `json:"appeal,omitempty"` // it is the committee that needs more time: nobody is sent to it
}

// SettlementFacts is an early resolution that the client has agreed to.
type SettlementFacts struct {
	Received    Date         `json:"received"`
	Allegations []Allegation `json:"allegations"` // without findings
	AgreedOn    Date         `json:"agreed_on"`
	Agreed      []Remedy     `json:"agreed"` // each with the date of performance
	Measures    []Measure    `json:"measures"`
	AppealUntil Date         `json:"appeal_until"`
	AppealTo    string       `json:"appeal_to"`
}

// ClosureFacts ends a case: closed by the firm, or withdrawn by the client.
type ClosureFacts struct {
	Withdrawn bool     `json:"withdrawn"`
	Received  Date     `json:"received"`
	On        Date     `json:"on"`                 // day of closure; of the withdrawal's receipt
	Confirmed Date     `json:"confirmed,omitzero"` // withdrawn: when the client confirmed that it is voluntary
	Reason    string   `json:"reason"`             // why it is closed; the client's own reason, or ""
	Code      string   `json:"code,omitempty"`     // closing code (casework E.6)
	Continues []string `json:"continues"`          // what the firm goes on with by itself, or none
	Remedies  []Remedy `json:"remedies"`           // performed, Due being the day; or none
	ReopenTo  string   `json:"reopen_to"`
	SurveyOn  Date     `json:"survey_on,omitzero"` // when the client is asked what they think
}

// NotPursuedFacts ends a case whose complainant did not answer.
type NotPursuedFacts struct {
	Received    Date        `json:"received"`
	Requests    []LimitLine `json:"requests"` // and reminders: what, sent on (Start), answer asked for by (Due)
	Held        []string    `json:"held"`     // materials at hand
	Decision    []string    `json:"decision"` // on these materials, one paragraph each
	ReopenTo    string      `json:"reopen_to"`
	AppealUntil Date        `json:"appeal_until"`
	AppealTo    string      `json:"appeal_to"`
}

// CorrectionFacts mends a letter that was issued. That letter is never
// overwritten.
type CorrectionFacts struct {
	Of          LetterNumber `json:"of"`
	OfKind      LetterKind   `json:"of_kind"`
	IssuedOn    Date         `json:"issued_on"`
	Errata      []Erratum    `json:"errata"`
	Reason      string       `json:"reason"`                // how it came about
	AppealUntil Date         `json:"appeal_until,omitzero"` // the appeal window runs anew until this day; zero: untouched
}

// Erratum is one correction.
type Erratum struct {
	Where string `json:"where"`
	Was   string `json:"was"`
	Is    string `json:"is"`
}

// RespondentFacts tells a member of staff what is complained of, and their
// rights. Contact data of the complainant never stand in it.
type RespondentFacts struct {
	Complainant  string       `json:"complainant"` // the name, if it must be known; else ""
	Registered   Date         `json:"registered"`
	Allegations  []Allegation `json:"allegations"` // those against this person, without findings
	ReplyBy      Deadline     `json:"reply_by"`
	ReplyTo      string       `json:"reply_to"`
	Preserve     []string     `json:"preserve"`     // files to keep, beside the general duty
	Investigator Contact      `json:"investigator"` // responsible person
	RecusalTo    string       `json:"recusal_to"`   // post and address that decide on recusal
}

// ReportFacts is the written report of an investigation.
type ReportFacts struct {
	Complainant    string       `json:"complainant"`
	Received       Date         `json:"received"`
	Registered     Date         `json:"registered"`
	Channel        string       `json:"channel"`
	Category       string       `json:"category"`  // in words
	Severity       string       `json:"severity"`  // in words
	Complaint      string       `json:"complaint"` // in the client's words
	Sought         string       `json:"sought"`    // remedy sought, or ""
	Steps          []CaseStep   `json:"steps"`
	Statements     []CaseStep   `json:"statements"` // of the respondents at least
	Facts          []string     `json:"facts"`      // 查明事实, one paragraph each
	Allegations    []Allegation `json:"allegations"`
	Loss           string       `json:"loss"`           // loss and causation, or ""
	Responsibility []string     `json:"responsibility"` // one paragraph each
	Causes         []string     `json:"causes"`         // root causes in words
	Opinion        []string     `json:"opinion"`        // 处理意见, one paragraph each
	Remedies       []Remedy     `json:"remedies"`       // proposed
	Measures       []Measure    `json:"measures"`       // proposed
	Limits         []LimitLine  `json:"limits"`
	Author         Contact      `json:"author"`
	Version        int          `json:"version"`
}

// CaseStep is one thing that was done, or what somebody who was heard says.
type CaseStep struct {
	On   Date   `json:"on"`
	Text string `json:"text"`
	By   string `json:"by"` // name, and in what capacity
}

// LimitLine is a row of a table of limits.
type LimitLine struct {
	What  string `json:"what"`
	Start Date   `json:"start"`
	Due   Date   `json:"due"`
	Done  Date   `json:"done,omitzero"` // zero: open
	Note  string `json:"note"`
}

// PapersFacts is everything that the committee needs for one case.
type PapersFacts struct {
	Appeal     bool             `json:"appeal"`  // else a major case before its decision
	Meeting    time.Time        `json:"meeting"` // zero: in writing
	Place      string           `json:"place"`
	VoteBy     Date             `json:"vote_by,omitzero"`
	Secretary  Contact          `json:"secretary"`
	Members    []PanelMember    `json:"members"`
	Recused    []PanelMember    `json:"recused"`
	Quorum     int              `json:"quorum"`
	Questions  []string         `json:"questions"` // what is to be decided
	Grounds    string           `json:"grounds"`   // appeal: the appellant's words
	Contested  LetterNumber     `json:"contested,omitzero"`
	IssuedOn   Date             `json:"issued_on,omitzero"`
	Limits     []LimitLine      `json:"limits"`
	Report     *ReportFacts     `json:"report,omitempty"`     // first annex
	Result     *ResultFacts     `json:"result,omitempty"`     // second annex: the contested letter
	Settlement *SettlementFacts `json:"settlement,omitempty"` // instead of it, if it confirmed a settlement
}

// MinutesFacts are the minutes of one meeting of the committee.
type MinutesFacts struct {
	Title     string        `json:"title"` // e.g. 2026年第四季度例会
	From      time.Time     `json:"from"`
	To        time.Time     `json:"to"`
	Place     string        `json:"place"` // "": in writing
	Chair     Contact       `json:"chair"`
	Secretary Contact       `json:"secretary"`
	Present   []PanelMember `json:"present"`
	Excused   []PanelMember `json:"excused"` // 请假, with the reason
	Guests    []PanelMember `json:"guests"`  // 列席
	Quorum    int           `json:"quorum"`
	Items     []MinuteItem  `json:"items"`
	Actions   []Measure     `json:"actions"`
	Next      Date          `json:"next,omitzero"` // next meeting
}

// MinuteItem is one item of a meeting.
type MinuteItem struct {
	Title    string         `json:"title"`
	Ref      string         `json:"ref,omitempty"` // case
	Recused  []PanelMember  `json:"recused,omitempty"`
	Said     []string       `json:"said"`            // discussion, one paragraph each
	Votes    map[Ruling]int `json:"votes,omitempty"` // on an appeal
	For      int            `json:"for,omitempty"`   // on anything else
	Against  int            `json:"against,omitempty"`
	Abstain  int            `json:"abstain,omitempty"`
	Resolved string         `json:"resolved"` // "": for information only
}

// RegulatorFacts is a report to a body that supervises the firm.
type RegulatorFacts struct {
	Asked     string      `json:"asked"` // number or name of its own letter, or ""
	AskedOn   Date        `json:"asked_on,omitzero"`
	Case      ReportFacts `json:"case"`     // only what Steps, Facts, Allegations, Remedies, Measures and Limits say
	Proposal  string      `json:"proposal"` // what the firm asks or proposes, or ""
	Materials []string    `json:"materials"`
}

// Measure is one improvement: what, by whom (a post, not a name), until when.
type Measure struct {
	Text  string `json:"text"`
	Owner string `json:"owner"`
	Due   Date   `json:"due"`

	Person  string `json:"person,omitempty"`  // address of who carries it out; no letter names them
	Inner   bool   `json:"inner,omitempty"`   // a follow-up that is promised to nobody: letters to the client leave it out
	Meeting string `json:"meeting,omitempty"` // of the committee that resolved it
	Case    string `json:"case,omitempty"`    // in minutes: that of the item under which it stands
}

// Allegation is one point of a complaint, in the client's terms.
type Allegation struct {
	No         int      `json:"no"`
	Text       string   `json:"text"`
	Respondent string   `json:"respondent,omitempty"` // address or name of who is complained of
	Finding    Finding  `json:"finding,omitempty"`
	Reason     string   `json:"reason,omitempty"`   // fact, basis, conclusion, why
	Evidence   []string `json:"evidence,omitempty"` // what the finding rests on

	Upheld int `json:"upheld,omitempty"` // cases in which a complaint against the respondent was upheld in the twelve months before
}

// Against reports whether an allegation is about a person.
func (a *Allegation) Against(p *Person) bool {
	return a.Respondent != "" && (SameAddr(a.Respondent, p.Address) || a.Respondent == p.Name)
}

// inWords gives the word for a code, "" for an unknown one.
func inWords[K ~string](k K, lang string, words map[K][2]string) string {
	return pick(lang, words[k][0], words[k][1])
}
