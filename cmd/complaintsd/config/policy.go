package config

import (
	"time"

	"complaints"
)

// Policy is every parameter that the policy leaves open ([P] in the
// design): those that the domain already decides by, and beside them those
// whose procedures are still to come, so that the file keeps its form. Days
// are working days unless the name says otherwise.
type Policy struct {
	complaints.Parameters

	Calendar string `toml:"calendar"` // jurisdiction whose days are counted: cn, en-gb …

	WebForm string `toml:"web_form"` // the address from which the firm's web form writes, or ""

	SuggestionDays int `toml:"suggestion_days"`
}

// policyDefaults are the values that the design proposes.
func policyDefaults() Policy {
	return Policy{
		Parameters: complaints.DefaultParameters(),
		Calendar:   "cn", SuggestionDays: 10,
	}
}

func (k *checker) policy() {
	p := &k.cfg.Policy
	k.required("policy.version", p.Version, "the version of the policy that letters name, such as \"V3\"")
	for _, n := range []struct {
		key         string
		value       int
		least, most int
	}{
		{"registration_hours", p.RegistrationHours, 1, 240},
		{"acknowledgement_days", p.AckDays, 0, 30},
		{"triage_days", p.TriageDays, 1, 60},
		{"acceptance_days", p.AcceptanceDays, 1, 60},
		{"investigation_days", p.InvestigationDays, 1, 250},
		{"result_days", p.ResultDays, 1, 60},
		{"early_resolution_days", p.EarlyResolution, 0, 60},
		{"progress_days", p.ProgressDays, 1, 60},
		{"long_stop_days", p.LongStopDays, 1, 730},
		{"supplement_days", p.SupplementDays, 1, 250},
		{"supplement_reminder_days", p.SupplementReminder, 1, 250},
		{"extension_first", p.ExtensionFirst, 0, 250},
		{"extension_second", p.ExtensionSecond, 0, 250},
		{"extension_cap", p.ExtensionCap, 0, 250},
		{"suspension_review_days", p.SuspensionReview, 1, 365},
		{"suspension_max_days", p.SuspensionMax, 1, 3650},
		{"appeal_days", p.AppealDays, 1, 730},
		{"appeal_ack_days", p.AppealAckDays, 0, 30},
		{"committee_days", p.CommitteeDays, 1, 250},
		{"committee_extension", p.CommitteeExtension, 0, 250},
		{"committee_vote_days", p.VoteDays, 1, 250},
		{"quorum", p.Quorum, 1, 25},
		{"meeting_months", p.MeetingMonths, 1, 12},
		{"meeting_monthly_above", p.MeetingMonthly, 1, 100_000},
		{"meeting_notice_days", p.MeetingNotice, 1, 60},
		{"minutes_days", p.MinutesDays, 1, 60},
		{"term_notice_days", p.TermNotice, 1, 365},
		{"major_loss_yuan", p.MajorLoss, 0, 1_000_000_000},
		{"major_complainants", p.MajorComplainants, 2, 10_000},
		{"major_upheld_in_year", p.MajorUpheld, 1, 1000},
		{"remind_at_percent", p.RemindPercent, 1, 99},
		{"escalate_days", p.EscalateDays, 1, 60},
		{"standing_item_days", p.StandingDays, 1, 60},
		{"survey_after_days", p.SurveyDays, 0, 60},
		{"survey_reminders", p.SurveyReminds, 0, 3},
		{"survey_close_days", p.SurveyClose, 1, 365},
		{"suggestion_days", p.SuggestionDays, 1, 250},
		{"retention_years", p.RetentionYears, 1, 100},
		{"automatic_per_day", p.AutomaticPerDay, 1, 50},
		{"automatic_per_hour", p.AutomaticPerHour, 1, 100_000},
		{"letters_per_staff_day", p.LettersPerStaffDay, 1, 10_000},
	} {
		k.within("policy."+n.key, n.value, n.least, n.most)
	}
	k.required("policy.calendar", p.Calendar, "whose working days are counted: \"cn\", or \"en-gb\" for England and Wales")
	if p.WebForm != "" {
		k.address("policy.web_form", p.WebForm)
	}
	if p.Currency != "" {
		k.oneOf("policy.currency", p.Currency, complaints.Currencies()...)
	}
	k.oneOf("policy.investigation_start", p.InvestigationStart, "registration", "receipt")
	for _, c := range []struct{ key, layout, value, want string }{
		{"remind_at", "15:04", p.RemindAt, "a time of day such as \"09:00\""},
		{"remind_head_at", "15:04", p.RemindHeadAt, "a time of day such as \"15:00\""},
		{"digest_at", "15:04", p.DigestAt, "a time of day such as \"08:30\""},
		{"calendar_reminder_from", "01-02", p.CalendarFrom, "month and day, such as \"10-25\""},
	} {
		if _, err := time.Parse(c.layout, c.value); err != nil {
			k.add("policy."+c.key, "is %q: write %s", c.value, c.want)
		}
	}
	for _, d := range p.RemindDays {
		k.within("policy.remind_days_before", d, 1, 60)
	}
	if p.SupplementReminder >= p.SupplementDays {
		k.add("policy.supplement_reminder_days", "is not before the end of supplement_days (%d): write less", p.SupplementDays)
	}
	if p.SuspensionReview > p.SuspensionMax {
		k.add("policy.suspension_review_days", "is longer than suspension_max_days (%d): write less", p.SuspensionMax)
	}
	if p.ExtensionCap < max(p.ExtensionFirst, p.ExtensionSecond) {
		k.add("policy.extension_cap", "is less than one extension (%d): write more", max(p.ExtensionFirst, p.ExtensionSecond))
	}
}
