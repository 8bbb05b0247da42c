package letters

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	complaints "complaints"
)

// kind checks what a letter of one kind must say (casework C.1).
func (c *checker) kind(l complaints.Letter) {
	switch l.Kind {
	case complaints.AckLetter:
		c.ack(*l.Ack)
	case complaints.DeclinedLetter:
		c.declined(l, *l.Declined)
	case complaints.ReferralLetter:
		c.declined(l, *l.Referral)
	case complaints.InformationLetter:
		c.information(l, *l.Information)
	case complaints.DelayLetter:
		c.delay(l, *l.Delay)
	case complaints.ResultLetter:
		c.result(l, *l.Result)
	case complaints.SettlementLetter:
		c.settlement(l, *l.Settlement)
	case complaints.DecisionLetter:
		c.decision(l, *l.Decision)
	case complaints.ClosureLetter:
		c.closure(*l.Closure)
	case complaints.NotPursuedLetter:
		c.notPursued(l, *l.NotPursued)
	case complaints.CorrectionLetter:
		c.correction(l, *l.Correction)
	case complaints.RespondentLetter:
		c.respondent(l, *l.Respondent)
	case complaints.ReportLetter:
		c.report(*l.Report)
	case complaints.PapersLetter:
		c.papers(*l.Papers)
	case complaints.MinutesLetter:
		c.minutes(l, *l.Minutes)
	case complaints.RegulatorLetter:
		c.regulator(l, *l.Regulator)
	}
}

func (c *checker) declined(l complaints.Letter, d complaints.DeclinedFacts) {
	c.received(d.Received)
	c.want(!bare(d.Complaint), "没有写明投诉人反映的事项。", "What the complainant told us is missing.")
	c.want(!thin(strings.Join(d.Facts, "")), "没有写明理由所依据的事实。", "The facts that the reason rests on are missing.")
	c.want(len(d.Bodies) > 0, "没有写明可以向哪个机构提出。", "The body to turn to is not named.")
	c.want(l.Kind != complaints.ReferralLetter || len(d.Bodies) <= 1, "转介函应当只写一个接收机构。", "A referral names one body only.")
	c.routes(l, d.Bodies, "可以受理的机构", "Body")
	c.want(len(d.Sent) == 0 || !d.Consented.IsZero(), "转交材料须经投诉人同意，缺少同意的日期。", "Nothing is sent on without the complainant’s consent: its date is missing.")
	c.want(d.SentOn.IsZero() || !d.SentOn.Before(d.Consented), "转交材料的日期早于投诉人同意的日期。", "The documents were sent on before the complainant consented.")
	c.want(!d.ContestUntil.IsZero(), "没有写明提出异议截止的日历日期。", "The calendar date until which the decision may be contested is missing.")
	c.after(l, d.ContestUntil, "提出异议的截止日期", "The date until which the decision may be contested")
	c.want(mailbox(d.ContestTo), "没有写明异议应当寄往的电子邮箱。", "The email address for contesting the decision is missing.")
	c.signed(l)
}

func (c *checker) information(l complaints.Letter, f complaints.InformationFacts) {
	c.received(f.Received)
	c.want(len(f.Items) > 0, "没有列明需要补充的材料。", "What is asked for is missing.")
	for i, it := range f.Items {
		c.want(!bare(it.Text), "需要补充的材料第%d项没有写明内容。", "Item %d does not say what is asked for.", i+1)
		c.want(!bare(it.Why), "需要补充的材料第%d项没有写明用来查清什么。", "Item %d does not say what it is needed for.", i+1)
	}
	c.due(l, f.Due, "提交材料的期限", "the date by which the client is to answer")
	c.want(!f.PausedFrom.IsZero() && !f.OldDue.IsZero(), "没有写明调查期限自何日起暂停，或者原定何日届满。", "From when the investigation’s time stands still, or when it was to end, is missing.")
	c.want(mailbox(f.ReplyTo), "缺少回复地址。", "The address for replies is missing.")
}

// busy is what the policy takes for no reason (casework E.7).
var busy = regexp.MustCompile(`(?i)(工作|业务|事务|案件)[太很较过]?(繁忙|忙|多|量大)|人手不足|\bbusy\b|workload|short[- ]staffed`)

func (c *checker) delay(l complaints.Letter, f complaints.DelayFacts) {
	known := []string{complaints.DelayExtension, complaints.DelayPause, complaints.DelayResume, complaints.DelayLate}
	c.want(slices.Contains(known, f.What), "没有写明是延期、中止、恢复办理还是逾期。", "Whether the case is extended, suspended, resumed or late is missing.")
	c.received(f.Received)
	c.want(!f.OldDue.IsZero(), "缺少原定的日期。", "The date that was given before is missing.")
	if f.What == complaints.DelayPause {
		c.want(!f.ReviewOn.IsZero() && f.From.Before(f.ReviewOn), "没有写明何日复核中止的原因，或者复核不晚于中止之日。", "When the suspension will be reviewed is missing, or not later than its first day.")
	} else {
		c.due(l, f.NewDue, "新的日期", "the new date")
		c.want(f.NewDue.Due.IsZero() || f.What == complaints.DelayResume || f.OldDue.Before(f.NewDue.Due), "新的日期（%s）不晚于原定的日期（%s）。", "The new date (%s) is not later than the one given before (%s).", f.NewDue.Due, f.OldDue)
	}
	c.want(!f.From.IsZero() || f.What != complaints.DelayPause && f.What != complaints.DelayResume, "没有写明自何日起中止或者恢复。", "From when the case stands still, or goes on, is missing.")
	c.want(!empty(f.Reason) && !busy.MatchString(f.Reason+f.Ground), "没有写明具体原因：“工作繁忙”一类的话不是原因。", "The specific reason is missing: that there is much to do is none.")
	c.want(f.What == complaints.DelayLate || f.ApprovedBy.Title != "" || f.ApprovedBy.Name != "", "没有写明由谁批准。", "Who approved it is missing.")
	c.want(len(f.Done) > 0, "没有写明已经完成的工作。", "What has been done so far is missing.")
	c.want(mailbox(f.CommitteeTo), "没有写明请委员会审查时应当寄往的电子邮箱。", "The email address for turning to the committee is missing.")
}

func (c *checker) settlement(l complaints.Letter, f complaints.SettlementFacts) {
	c.received(f.Received)
	c.points(f.Allegations)
	c.want(!f.AgreedOn.IsZero(), "没有写明双方何日达成一致。", "The day of the agreement is missing.")
	c.want(len(f.Agreed) > 0, "没有写明商定的处理办法。", "What was agreed is missing.")
	c.remedies(l, f.Agreed, "商定的办法", "step")
	for i, m := range f.Agreed {
		c.want(!m.Due.IsZero(), "商定的办法第%d项没有履行期限。", "Agreed step %d has no date.", i+1)
	}
	c.improvements(f.Measures)
	c.appeal(l, f.AppealUntil, f.AppealTo)
}

func (c *checker) closure(f complaints.ClosureFacts) {
	c.received(f.Received)
	c.want(!f.On.IsZero(), "缺少结案或者撤回的日期。", "The day of the closure, or of the withdrawal, is missing.")
	c.want(!f.Withdrawn || !f.Confirmed.IsZero(), "没有写明投诉人何日确认撤回出于自愿。", "The day on which the complainant confirmed that the withdrawal is voluntary is missing.")
	c.want(f.Withdrawn || !bare(f.Reason) || f.Code != "not_complaint" && complaints.ClosingWords(f.Code, "zh") != "", "没有写明结案的原因。", "Why the case is closed is missing.")
	for i, m := range f.Remedies {
		c.want(!bare(m.Text) && !m.Due.IsZero(), "已经履行的事项第%d项没有写明内容或者履行的日期。", "What was done, item %d, lacks its words or its day.", i+1)
	}
	c.want(mailbox(f.ReopenTo), "没有写明请求重新办理应当寄往的电子邮箱。", "The email address for having the case taken up again is missing.")
}

func (c *checker) notPursued(l complaints.Letter, f complaints.NotPursuedFacts) {
	c.received(f.Received)
	c.want(len(f.Requests) > 0, "没有写明向投诉人发出过哪些通知。", "What the complainant was asked for is missing.")
	for i, r := range f.Requests {
		c.want(!bare(r.What) && !r.Start.IsZero() && !r.Due.IsZero(), "通知第%d项缺少内容、发出日期或者答复期限。", "Request %d lacks its words, its day, or the day by which to answer.", i+1)
		c.want(l.Date.IsZero() || r.Due.Before(l.Date), "通知第%d项的答复期限（%s）在本函日期之前尚未届满。", "The time to answer request %d (%s) has not run out by the date of this letter.", i+1, r.Due)
	}
	c.want(!thin(strings.Join(f.Decision, "")), "没有写明根据现有材料如何处理及其理由。", "What was decided on the material at hand, and why, is missing.")
	c.want(mailbox(f.ReopenTo), "没有写明请求重新办理应当寄往的电子邮箱。", "The email address for having the case taken up again is missing.")
	c.appeal(l, f.AppealUntil, f.AppealTo)
}

func (c *checker) correction(l complaints.Letter, f complaints.CorrectionFacts) {
	c.want(f.Of.N > 0 && !f.IssuedOn.IsZero() && f.OfKind.In("zh") != "", "没有写明所更正函件的种类、文号和日期。", "The kind, number and date of the letter that is corrected are missing.")
	c.want(len(f.Errata) > 0, "没有写明更正的内容。", "What is corrected is missing.")
	for i, e := range f.Errata {
		c.want(!bare(e.Where) && !bare(e.Was) && !bare(e.Is), "更正第%d项缺少位置、原文或者更正后的内容。", "Correction %d lacks the place, the old words or the new ones.", i+1)
		c.want(bare(e.Is) || e.Was != e.Is, "更正第%d项前后相同。", "Correction %d changes nothing.", i+1)
	}
	c.want(!bare(f.Reason), "没有写明差错的原因。", "How the mistake came about is missing.")
	c.after(l, f.AppealUntil, "申诉截止日期", "The date until which an appeal may be made")
}

func (c *checker) respondent(l complaints.Letter, f complaints.RespondentFacts) {
	c.want(!f.Registered.IsZero(), "缺少登记的日期。", "The day of registration is missing.")
	c.points(f.Allegations)
	c.want(!f.ReplyBy.Due.IsZero(), "没有写明陈述的期限。", "The date by which to answer is missing.")
	c.after(l, f.ReplyBy.Due, "陈述的期限", "The date by which to answer")
	c.want(mailbox(f.ReplyTo), "缺少回复地址。", "The address for replies is missing.")
	c.want(f.Investigator.Name != "", "缺少调查责任人。", "The investigator is missing.")
	c.want(f.Investigator.Name != l.To.Name || f.Investigator.Email != l.To.Addr, "调查责任人不能是被投诉人本人。", "The investigator cannot be the respondent.")
}

// report checks the written report of an investigation.
func (c *checker) report(f complaints.ReportFacts) {
	c.received(f.Received)
	c.want(!f.Registered.IsZero(), "缺少登记的日期。", "The day of registration is missing.")
	c.want(!bare(f.Complaint), "没有写明投诉人反映的事项。", "What the complainant told us is missing.")
	c.want(len(f.Steps) > 0, "没有写明调查经过。", "The course of the investigation is missing.")
	c.want(!thin(strings.Join(f.Facts, "")), "没有写明查明的事实。", "The facts that were established are missing.")
	c.allegations(f.Allegations)
	c.want(len(f.Responsibility)+len(f.Causes) > 0, "没有写明责任与根因。", "Responsibility and root causes are missing.")
	c.want(len(f.Opinion)+len(f.Remedies) > 0, "没有写明处理意见。", "The proposed outcome is missing.")
	c.improvements(f.Measures)
	c.want(f.Author.Name != "", "缺少报告人姓名。", "The author's name is missing.")
}

func (c *checker) papers(f complaints.PapersFacts) {
	c.want(!bare(strings.Join(f.Questions, "")), "没有写明请委员会决定的事项。", "What the committee is to decide is missing.")
	c.want(!f.Meeting.IsZero() || !f.VoteBy.IsZero(), "没有写明会议时间或者表决期限。", "The time of the meeting, or the date by which to vote, is missing.")
	c.want(f.Secretary.Name != "", "缺少委员会秘书。", "The committee's secretary is missing.")
	c.panel(f.Members, f.Recused)
	c.want(!f.Appeal || f.Contested.N > 0 && !f.IssuedOn.IsZero(), "没有写明所申诉的告知书的文号和日期。", "The number and date of the contested letter are missing.")
}

func (c *checker) minutes(l complaints.Letter, f complaints.MinutesFacts) {
	c.want(!bare(f.Title), "没有写明是哪次会议。", "Which meeting it was is missing.")
	c.want(!f.From.IsZero(), "没有写明会议时间。", "The time of the meeting is missing.")
	c.want(!f.To.Before(f.From) || f.To.IsZero(), "会议结束早于开始。", "The meeting ends before it begins.")
	c.want(f.Chair.Name != "" && f.Secretary.Name != "", "缺少主持人或者记录人。", "The chair or the secretary is missing.")
	c.want(len(f.Present) > 0, "没有写明出席人员。", "Who was present is missing.")
	c.want(len(f.Items) > 0, "没有写明议题。", "There are no items.")
	for i, it := range f.Items {
		c.want(!bare(it.Title), "议题第%d项没有写明标题。", "Item %d has no title.", i+1)
		able := slices.DeleteFunc(slices.Clone(f.Present), func(m complaints.PanelMember) bool {
			return slices.ContainsFunc(it.Recused, func(r complaints.PanelMember) bool { return r.Name == m.Name })
		})
		n := it.For + it.Against + it.Abstain + total(it.Votes)
		c.want(n <= len(able), "议题第%d项的票数%d多于出席而没有回避的委员%d人。", "Item %d has %d votes but only %d members were present and did not stand aside.", i+1, n, len(able))
		c.want(bare(it.Resolved) || f.Quorum == 0 || len(f.Present) >= f.Quorum, "议题第%d项不足规定人数，不能作出决议。", "Item %d: the meeting was not quorate and cannot resolve anything.", i+1)
	}
	for i, m := range f.Actions {
		c.want(!bare(m.Text), "后续工作第%d项没有写明要做的事。", "Action %d does not say what is to be done.", i+1) // post and day may be left open: the desk asks for them
	}
	c.after(l, f.Next, "下次会议的日期", "The date of the next meeting")
}

func (c *checker) regulator(l complaints.Letter, f complaints.RegulatorFacts) {
	c.received(f.Case.Received)
	c.want(!bare(f.Case.Complaint), "没有写明投诉人反映的事项。", "What the complainant told us is missing.")
	c.want(len(f.Case.Facts)+len(f.Case.Allegations) > 0 || !bare(f.Proposal), "没有写明查明的情况，也没有写明请示事项或者建议。", "Neither facts nor what the firm asks or proposes are there.")
	c.signed(l)
}

func (c *checker) ack(a complaints.AckFacts) {
	c.want(!a.Received.IsZero() && !a.Registered.IsZero(), "缺少收到或登记的时间。", "The time of receipt or of registration is missing.")
	c.want(!a.Registered.Before(a.Received), "登记时间早于收到时间。", "Registration comes before receipt.")
	c.want(a.Channel != "", "缺少收到投诉的渠道。", "How the complaint came in is missing.")
	c.want(!bare(a.Summary), "缺少投诉内容的摘要。", "The summary of the complaint is missing.")
	c.want(a.ReplyTo != "", "缺少回复地址。", "The address for replies is missing.")
	c.want(!a.Due.Due.IsZero() && a.Due.Limit > 0, "缺少办理期限。", "The date by which the report is due is missing.")
	c.want(len(a.Due.Steps) > 0, "没有写明办理期限的计算方法。", "How the due date was counted is missing.")
	c.want(a.Due.Due.IsZero() || !a.Due.Due.Before(a.Due.Start), "办理期限早于起算日。", "The due date comes before the starting day.")
}

func (c *checker) result(l complaints.Letter, r complaints.ResultFacts) {
	c.received(r.Received)
	c.allegations(r.Allegations)
	c.want(len(r.Done) > 0, "没有写明调查所做的工作。", "What was done to investigate is missing.")
	c.remedies(l, r.Remedies, "补救办法", "remedy")
	for i, m := range r.Remedies {
		c.want(m.Amount == 0 || !r.AcceptBy.IsZero(), "补救办法第%d项涉及金额，但没有写明在什么日期前接受。", "Remedy %d offers money, but the date by which to accept is missing.", i+1)
	}
	c.after(l, r.AcceptBy, "接受补救办法的期限", "The date by which to accept")
	c.measures(r.Measures)
	c.appeal(l, r.AppealUntil, r.AppealTo)
	c.want(r.Signatory.Title != "", "缺少签发人的职务。", "The signatory's post is missing.")
	c.want(l.Number.N == 0 || r.Signatory.Name != "", "缺少签发人姓名：经批准后才能签发。", "The signatory's name is missing: a letter is issued only once it is approved.")
}

func (c *checker) decision(l complaints.Letter, d complaints.DecisionFacts) {
	c.want(!d.Appealed.IsZero(), "缺少提出申诉的日期。", "The date of the appeal is missing.")
	c.want(strings.TrimSpace(d.Grounds) != "", "没有写明申诉理由。", "The grounds of appeal are missing.")
	c.want(d.Contested.N > 0 && !d.IssuedOn.IsZero(), "没有写明所申诉的告知书的文号和日期。", "The number and date of the contested letter are missing.")
	recused := c.panel(d.Members, d.Recused)
	c.want(len(d.Materials) > 0, "没有写明审查的材料。", "What was considered is missing.")
	if c.points(d.Allegation); !d.Settled || d.Decision != complaints.Affirm && d.Decision != complaints.Remit {
		c.findings(d.Allegation) // a settlement has found nothing: it stands, or is investigated
	}
	c.want(d.Decision.In("zh") != "", "缺少决定（维持、变更、撤销、发回）。", "The ruling (affirm, vary, quash, remit) is missing.")
	c.want(len(d.Reasons) > 0 && strings.TrimSpace(strings.Join(d.Reasons, "")) != "", "没有写明决定的理由。", "The reasons for the decision are missing.")
	votes := total(d.Votes)
	c.want(votes <= len(d.Members), "票数%d多于参加审查的委员%d人。", "There are %d votes but only %d members took part.", votes, len(d.Members))
	c.want(votes == 0 || d.Votes[d.Decision] > 0, "决定“%s”没有得到任何一票。", "Nobody voted for the ruling %q.", string(d.Decision))
	c.measures(d.Measures)
	c.want(d.Chair.Name != "", "缺少主任委员姓名。", "The chair's name is missing.")
	c.want(!recused[d.Chair.Name] || d.Chair.Name == "", "主任委员%s已经回避，不能署名。", "The chair %s stood aside and cannot sign.", d.Chair.Name)
}

// panel checks who sits and who stands aside, and gives the names of these.
func (c *checker) panel(members, out []complaints.PanelMember) map[string]bool {
	c.want(len(members) > 0, "没有写明委员会的组成。", "The composition of the committee is missing.")
	recused := map[string]bool{}
	for i, m := range out {
		c.want(m.Name != "" && m.Reason != "", "回避委员第%d人缺少姓名或回避原因。", "Member %d who stood aside lacks the name or the reason.", i+1)
		recused[m.Name] = true
	}
	for i, m := range members {
		c.want(m.Name != "" && m.Capacity != "", "委员第%d人缺少姓名或身份。", "Member %d lacks the name or the capacity.", i+1)
		c.want(!recused[m.Name], "%s已经回避，不能同时列为参加审查的委员。", "%s stood aside and cannot be a member who took part.", m.Name)
	}
	return recused
}

func total(votes map[complaints.Ruling]int) (n int) {
	for _, v := range votes {
		n += v
	}
	return n
}

// points checks the points of a complaint as far as they are told; allegations
// their findings too.
func (c *checker) points(as []complaints.Allegation) {
	c.want(len(as) > 0, "没有列明投诉事项。", "No point of complaint is listed.")
	seen := map[int]bool{}
	for _, a := range as {
		c.want(a.No > 0 && !seen[a.No], "投诉事项的编号%d重复或者无效。", "The number %d of a point is used twice or not valid.", a.No)
		seen[a.No] = true
		c.want(!bare(a.Text), "第%d项投诉事项没有写明内容。", "Point %d does not say what was complained of.", a.No)
	}
}

func (c *checker) allegations(as []complaints.Allegation) {
	c.points(as)
	c.findings(as)
}

func (c *checker) findings(as []complaints.Allegation) {
	for _, a := range as {
		c.want(a.Finding.In("zh") != "", "第%d项投诉事项没有认定结论，等于没有答复。", "Point %d has no finding: it is left unanswered.", a.No)
		c.want(!thin(a.Reason), "第%d项的认定没有写明理由：应有事实、依据和结论，不能只写“经查，投诉不实”一类的话。", "The finding on point %d gives no reason: it needs the facts, what they rest on and what follows.", a.No)
	}
}

// remedies checks what is offered or agreed; zh and en name it.
func (c *checker) remedies(l complaints.Letter, rs []complaints.Remedy, zh, en string) {
	for i, m := range rs {
		c.want(!bare(m.Text), "%[1]s第%[3]d项没有写明内容。", "%[2]s %[3]d does not say what it is.", zh, capitalised(en), i+1)
		c.want(m.Amount >= 0, "%[1]s第%[3]d项的金额为负数。", "The amount of %[2]s %[3]d is negative.", zh, en, i+1)
		c.want(m.Amount == 0 || !m.Due.IsZero(), "%[1]s第%[3]d项有金额而没有履行期限。", "%[2]s %[3]d has an amount but no date by which it is paid.", zh, capitalised(en), i+1)
		c.after(l, m.Due, zh+"第%d项的履行期限", "The date of "+en+" %d", i+1)
	}
}

func (c *checker) received(d complaints.Date) {
	c.want(!d.IsZero(), "缺少收到投诉的日期。", "The date of the complaint is missing.")
}

// due wants a date that is counted, with the arithmetic.
func (c *checker) due(l complaints.Letter, d complaints.Deadline, zh, en string) {
	c.want(!d.Due.IsZero(), "没有写明%[1]s。", "%[2]s is missing.", zh, capitalised(en))
	c.want(d.Due.IsZero() || len(d.Steps) > 0, "没有写明%[1]s的计算方法。", "How %[2]s was counted is missing.", zh, en)
	c.after(l, d.Due, zh, capitalised(en))
}

// appeal wants the way to the committee.
func (c *checker) appeal(l complaints.Letter, until complaints.Date, to string) {
	c.want(!until.IsZero(), "没有写明申诉截止的日历日期。", "The calendar date until which an appeal may be made is missing.")
	c.after(l, until, "申诉截止日期", "The date until which an appeal may be made")
	c.want(mailbox(to), "没有写明申诉应当寄往的电子邮箱。", "The email address for an appeal is missing.")
}

// signed wants who approved a letter that takes a second person.
func (c *checker) signed(l complaints.Letter) {
	if l.Kind == complaints.ReferralLetter {
		return
	}
	c.want(l.Signatory.Title != "", "缺少签发人的职务。", "The signatory's post is missing.")
	c.want(l.Number.N == 0 || l.Signatory.Name != "", "缺少签发人姓名：经批准后才能签发。", "The signatory's name is missing: a letter is issued only once it is approved.")
}

// routes checks bodies outside the firm.
func (c *checker) routes(l complaints.Letter, rs []complaints.Route, zh, en string) {
	for i, r := range rs {
		c.want(r.Name != "" && r.Contact != "", "%[1]s第%[3]d项缺少名称或联系方式。", "%[2]s %[3]d lacks its name or how to reach it.", zh, en, i+1)
		c.want(l.Lang == "zh" || r.NameEn != "", "%[1]s第%[3]d项缺少英文名称。", "%[2]s %[3]d lacks its English name.", zh, en, i+1)
	}
}

// after wants a date, if there is one, to come after the letter's own.
func (c *checker) after(l complaints.Letter, d complaints.Date, zh, en string, args ...any) {
	if d.IsZero() || l.Date.IsZero() || l.Date.Before(d) {
		return
	}
	c.want(false, zh+"（%s）不晚于信函日期。", en+" (%s) is not later than the letter's own.", append(args, d)...)
}

func (c *checker) measures(ms []complaints.Measure) {
	c.want(len(ms) > 0, "没有写明任何改进措施。", "No improvement is named.")
	c.improvements(ms)
}

func (c *checker) improvements(ms []complaints.Measure) {
	for i, m := range ms {
		c.want(!m.Due.IsZero(), "改进措施第%d项没有完成日期。", "Improvement %d has no date.", i+1)
		c.want(m.Owner != "", "改进措施第%d项没有责任岗位。", "Improvement %d names no post that is responsible.", i+1)
		c.want(!empty(m.Text), "改进措施第%d项“%s”是空话：请写明具体做什么。", "Improvement %d, “%s”, is an empty phrase: say what will be done.", i+1, m.Text)
	}
}

// thin reports whether a reason is too short to be one.
func thin(reason string) bool { return utf8.RuneCountInString(strings.TrimSpace(reason)) < 10 }

func bare(s string) bool { return strings.TrimSpace(s) == "" }

func mailbox(s string) bool { return strings.Contains(s, "@") }

func capitalised(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
