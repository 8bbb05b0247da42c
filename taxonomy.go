package complaints

import "strings"

// categories are the codes of casework E.1.
var categories = map[string][2]string{
	"Q1": {"未尽责或意见错误", "lack of care or wrong advice"}, "Q2": {"未按指示办理", "instructions not followed"},
	"Q3": {"拖延、未推进", "delay"}, "Q4": {"错过期限", "missed time limit"}, "Q5": {"文件遗失或未退还", "papers lost or kept"},
	"Q6": {"文书差错", "errors in documents"}, "Q7": {"未出庭或擅自终止", "absence from court or unauthorised termination"},
	"A1": {"未回复", "no reply"}, "A2": {"未告知进展", "not kept informed"}, "A3": {"态度恶劣", "rudeness"},
	"A4": {"未解释风险", "risks not explained"}, "A5": {"语言或无障碍", "language or accessibility"},
	"F1": {"收费过高", "excessive fee"}, "F2": {"费用信息不清", "unclear fee information"}, "F3": {"收费与合同不符", "fee not as agreed"},
	"F4": {"私自收费", "private charging"}, "F5": {"未开票", "no invoice"}, "F6": {"退费争议", "refund dispute"}, "F7": {"风险代理争议", "contingency-fee dispute"},
	"C1": {"利益冲突", "conflict of interest"}, "C2": {"泄密或个人信息", "confidentiality or personal data"}, "C3": {"虚假承诺或宣传", "false promises or advertising"},
	"C4": {"私自收案", "private instructions"}, "C5": {"不正当竞争", "unfair competition"}, "C6": {"妨碍司法", "obstruction of justice"}, "C7": {"不正当影响办案", "improper influence"},
	"M1": {"投诉未登记", "complaint not registered"}, "M2": {"投诉处理超期", "complaint handled late"}, "M3": {"投诉未答复", "complaint not answered"},
	"M4": {"处理不公或未回避", "unfair handling or no recusal"}, "M5": {"报复", "retaliation"},
	"O1": {"第三方投诉", "third-party complaint"}, "O2": {"制度或流程", "policy or process"}, "O3": {"其他", "other"},
}

// causes are the codes of casework E.4.
var causes = map[string][2]string{
	"P1": {"能力", "competence"}, "P2": {"疏忽", "oversight"}, "P3": {"态度", "attitude"}, "P4": {"负荷", "workload"}, "P5": {"操守", "integrity"},
	"R1": {"无流程", "no process"}, "R2": {"流程未执行", "process not followed"}, "R3": {"交接", "hand-over"}, "R4": {"期限管理", "time-limit control"}, "R5": {"复核缺失", "no second check"},
	"I1": {"未告知", "client not told"}, "I2": {"说明不清", "unclear explanation"}, "I3": {"预期管理", "expectations"}, "I4": {"记录缺失", "records missing"},
	"F1": {"合同条款", "contract terms"}, "F2": {"报价", "quotation"}, "F3": {"变更未确认", "change not confirmed"}, "S": {"系统", "systems"},
	"G1": {"监督", "supervision"}, "G2": {"培训", "training"}, "G3": {"资源", "resources"}, "G4": {"激励", "incentives"},
	"X1": {"法院或机关", "court or authority"}, "X2": {"客户配合", "client's cooperation"}, "X3": {"第三方", "third party"}, "N": {"无过错、期望落差", "no fault, expectation gap"},
}

// closingCodes are those of casework E.6.
var closingCodes = map[string][2]string{
	"settled": {"和解", "settled"}, "no_appeal": {"答复后未申诉", "no appeal"}, "appeal_decided": {"申诉决定后", "appeal decided"},
	"withdrawn": {"撤回", "withdrawn"}, "not_pursued": {"未配合", "not pursued"}, "referred": {"转介", "referred"}, "declined": {"不予受理", "declined"},
	"merged": {"合并", "merged"}, "external": {"外部结果", "external outcome"}, "not_complaint": {"非投诉", "not a complaint"},
}

// remedyKinds are the codes of casework E.5.
var remedyKinds = map[string][2]string{
	"apology": {"道歉", "apology"}, "explanation": {"解释", "explanation"}, "correction": {"更正", "correction"}, "papers": {"返还文件", "papers"},
	"lawyer": {"更换承办人", "lawyer"}, "reduction": {"减费", "reduction"}, "refund": {"退费", "refund"}, "compensation": {"赔偿损失", "compensation"},
	"distress": {"慰藉补偿", "distress"}, "review": {"第三方复核", "review"}, "process": {"流程改进", "process"}, "none": {"无", "none"},
}

// CategoryWords gives a category in words, or "" for an unknown code.
func CategoryWords(code, lang string) string {
	w := categories[code]
	return pick(lang, w[0], w[1])
}

// CauseWords gives a root cause in words, or "" for an unknown code.
func CauseWords(code, lang string) string {
	w := causes[code]
	return pick(lang, w[0], w[1])
}

// ClosingWords gives a closing code in words.
func ClosingWords(code, lang string) string {
	w := closingCodes[code]
	return pick(lang, w[0], w[1])
}

// readCode reads a code as a person types it: any case, with or without what
// follows a full stop (P2.1 is P2).
func readCode(s string, codes map[string][2]string) (string, bool) {
	s = strings.ToUpper(strings.TrimSpace(s))
	s, _, _ = strings.Cut(s, ".")
	_, ok := codes[s]
	return s, ok
}

// Severity is how grave a complaint is (casework E.3).
type Severity string

// The levels, from the least.
const (
	Normal   Severity = "normal"
	Elevated Severity = "elevated"
	Major    Severity = "major"    // goes before the committee before it is decided
	Critical Severity = "critical" // and management is told at once
)

var severityWords = map[Severity][2]string{
	Normal: {"一般", "normal"}, Elevated: {"较大", "elevated"}, Major: {"重大", "major"}, Critical: {"特别重大", "critical"},
}

var severityRank = map[Severity]int{Normal: 1, Elevated: 2, Major: 3, Critical: 4}

// Major reports whether a case of this level goes before the committee.
func (s Severity) Major() bool { return severityRank[s] >= severityRank[Major] }

// In gives the level in words; "" if none was set.
func (s Severity) In(lang string) string {
	w := severityWords[s]
	return pick(lang, w[0], w[1])
}
