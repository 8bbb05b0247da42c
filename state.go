package complaints

// State is where a case stands (casework B.1).
type State string

// The states. The main path comes first, then the side exits.
const (
	Registered     State = "REGISTERED"
	Triage         State = "TRIAGE"
	Investigating  State = "INVESTIGATING"
	AwaitingClient State = "AWAITING_CLIENT"
	Suspended      State = "SUSPENDED"
	ReportReview   State = "REPORT_REVIEW"
	CommitteePre   State = "COMMITTEE_PRE"
	DecisionDraft  State = "DECISION_DRAFT"
	Decided        State = "DECIDED"
	AppealLodged   State = "APPEAL_LODGED"
	AppealReview   State = "APPEAL_REVIEW"
	AppealDecided  State = "APPEAL_DECIDED"
	InRemedy       State = "REMEDY"
	External       State = "EXTERNAL"
	Closed         State = "CLOSED"
	Archived       State = "ARCHIVED"
	NotComplaint   State = "NOT_COMPLAINT"
	Declined       State = "DECLINED"
	Referred       State = "REFERRED"
	Merged         State = "MERGED"
	Withdrawn      State = "WITHDRAWN"
	NotPursued     State = "NOT_PURSUED"
)

var stateWords = map[State][2]string{
	Registered: {"已登记", "registered"}, Triage: {"初审", "under initial review"},
	Investigating: {"调查中", "under investigation"}, AwaitingClient: {"待投诉人补充", "waiting for the complainant"},
	Suspended: {"中止", "suspended"}, ReportReview: {"报告审核", "report under review"},
	CommitteePre: {"重大案件审议", "before the committee"}, DecisionDraft: {"拟文", "result being drafted"},
	Decided: {"已答复", "result sent"}, AppealLodged: {"申诉受理审查", "appeal lodged"},
	AppealReview: {"委员会审查", "appeal before the committee"}, AppealDecided: {"申诉已决定", "appeal decided"},
	InRemedy: {"履行中", "remedy being carried out"}, External: {"外部处理", "with an outside body"},
	Closed: {"已结案", "closed"}, Archived: {"已归档", "archived"}, NotComplaint: {"非投诉", "not a complaint"},
	Declined: {"不予受理", "not accepted"}, Referred: {"已转介", "referred"}, Merged: {"已合并", "merged"},
	Withdrawn: {"已撤回", "withdrawn"}, NotPursued: {"投诉人未配合", "not pursued"},
}

// In gives the state in words.
func (s State) In(lang string) string {
	w := stateWords[s]
	return pick(lang, w[0], w[1])
}

// Open reports whether work remains: no end state has been reached.
func (s State) Open() bool {
	switch s {
	case Closed, Archived, NotComplaint, Declined, Referred, Merged, Withdrawn, NotPursued:
		return false
	}
	return true
}
