package complaints

import "time"

// Policy decides what the desk does: the firm's complaints policy with its
// parameters, who the staff are, and which days are worked. Its methods are
// pure; a Policy never changes once made.
type Policy struct {
	Parameters
	Firm     Firm
	Address  string // the desk's address, without detail
	Security string // who is told of forged or held mail
	Language string // for clients who show no preference
	Location *time.Location
	Calendar *Calendar
	Register *Register
	Routes   []Route
	Keys     Keyring

	Management []string // addresses
	Admins     []string
}

// Parameters are the settings that the policy leaves open, marked [P] in the
// desk's specification. Days are working days unless the name says otherwise.
type Parameters struct {
	Version            string `toml:"version"`               // of the policy in force
	RegistrationHours  int    `toml:"registration_hours"`    // C1
	TriageDays         int    `toml:"triage_days"`           // C3
	InvestigationDays  int    `toml:"investigation_days"`    // C4
	ResultDays         int    `toml:"result_days"`           // C5
	SupplementDays     int    `toml:"supplement_days"`       // C6
	ExtensionFirst     int    `toml:"extension_first"`       // C7, at most
	ExtensionSecond    int    `toml:"extension_second"`      // C7, at most
	ExtensionCap       int    `toml:"extension_cap"`         // C7, both together
	AppealDays         int    `toml:"appeal_days"`           // C8, calendar days
	AppealAckDays      int    `toml:"appeal_ack_days"`       // C9
	CommitteeDays      int    `toml:"committee_days"`        // C10
	CommitteeExtension int    `toml:"committee_extension"`   // C10, at most
	ProgressDays       int    `toml:"progress_days"`         // C14
	LongStopDays       int    `toml:"long_stop_days"`        // C15, calendar days
	Quorum             int    `toml:"quorum"`                // and a majority of those not recused
	AutomaticPerDay    int    `toml:"automatic_per_day"`     // automatic mails to one correspondent in 24 hours
	AutomaticPerHour   int    `toml:"automatic_per_hour"`    // automatic mails in all
	LettersPerStaffDay int    `toml:"letters_per_staff_day"` // letters that one member of staff may issue a day
	DigestAt           string `toml:"digest_at"`             // 08:30, on working days
	RetentionYears     int    `toml:"retention_years"`       // C18
}

// DefaultParameters are the values of the specification.
func DefaultParameters() Parameters {
	return Parameters{
		Version: "V3", RegistrationHours: 24, TriageDays: 2, InvestigationDays: 7, ResultDays: 2, SupplementDays: 10,
		ExtensionFirst: 7, ExtensionSecond: 7, ExtensionCap: 15, AppealDays: 30, AppealAckDays: 1, CommitteeDays: 15,
		CommitteeExtension: 10, ProgressDays: 5, LongStopDays: 56, Quorum: 3, AutomaticPerDay: 3, AutomaticPerHour: 200,
		LettersPerStaffDay: 50, DigestAt: "08:30", RetentionYears: 10,
	}
}

// Row is one case in a list.
type Row struct {
	Ref     string
	State   State
	Name    string // complainant
	Subject string
	Handler string
	Due     Date
	Overdue bool
}
