package letters

import (
	"bytes"
	"strings"
	"testing"
	"time"

	complaints "complaints"
)

// TestCheck has each fault once: a sample is sound, and one change to it makes
// exactly this fault, named in both languages.
func TestCheck(t *testing.T) {
	type L = complaints.Letter
	none := complaints.Date{}
	day := func(s string) complaints.Date { d, _ := complaints.ParseDate(s); return d }
	for _, tt := range []struct {
		name, sample string
		change       func(l *L)
		zh, en       string
	}{
		{"language", "ack.zh", func(l *L) { l.Lang = "fr" }, "语言“fr”没有信函文本", `no letters in the language "fr"`},
		{"kind without its facts", "ack.zh", func(l *L) { l.Kind = "result" }, "信函种类“result”与所给的事实不符", `The kind "result" does not fit`},
		{"two sets of facts", "ack.zh", func(l *L) { l.Result = &complaints.ResultFacts{} }, "恰有一项", "exactly one set"},
		{"case number", "ack.zh", func(l *L) { l.Ref = "" }, "缺少案号", "case number is missing"},
		{"firm", "ack.zh", func(l *L) { l.Firm.Name = "" }, "缺少本所名称", "firm's name is missing"},
		{"firm's address", "ack.zh", func(l *L) { l.Firm.Address = "" }, "缺少本所通信地址", "firm's address is missing"},
		{"policy", "ack.zh", func(l *L) { l.Policy = "" }, "缺少所依据的投诉处理制度版本", "complaints policy is missing"},
		{"addressee", "result.zh", func(l *L) { l.To.Name = "" }, "缺少收件人姓名", "addressee's name is missing"},
		{"contact", "ack.zh", func(l *L) { l.Contact.Phone, l.Contact.Email = "", "" }, "缺少责任人或其联系方式", "responsible person"},
		{"outside bodies", "result.zh", func(l *L) { l.Routes = nil }, "没有写明任何外部途径", "No body outside the firm"},
		{"an outside body's address", "result.zh", func(l *L) { l.Routes[1].Contact = "" }, "外部途径第2项缺少名称或联系方式", "Outside body 2 lacks its name"},
		{"an outside body's English name", "result.en", func(l *L) { l.Routes[0].NameEn = "" }, "外部途径第1项缺少英文名称", "Outside body 1 lacks its English name"},
		{"half a number", "result.zh", func(l *L) { l.Number.Firm = "" }, "文号不完整", "number is incomplete"},
		{"number without date", "result.zh", func(l *L) { l.Date = none }, "有文号而没有日期", "a number but no date"},
		{"another year's number", "result.zh", func(l *L) { l.Number.Year = 2025 }, "年份2025与日期2026-12-04不符", "year 2025"},

		{"receipt", "ack.zh", func(l *L) { l.Ack.Received = time.Time{} }, "缺少收到或登记的时间", "time of receipt"},
		{"registered before received", "ack.zh", func(l *L) { l.Ack.Registered = l.Ack.Received.Add(-time.Hour) }, "登记时间早于收到时间", "Registration comes before receipt"},
		{"channel", "ack.zh", func(l *L) { l.Ack.Channel = "" }, "缺少收到投诉的渠道", "How the complaint came in"},
		{"summary", "ack.zh", func(l *L) { l.Ack.Summary = " \n" }, "缺少投诉内容的摘要", "summary of the complaint"},
		{"reply address", "ack.zh", func(l *L) { l.Ack.ReplyTo = "" }, "缺少回复地址", "address for replies"},
		{"due date", "ack.zh", func(l *L) { l.Ack.Due.Due = none }, "缺少办理期限", "report is due is missing"},
		{"arithmetic", "ack.zh", func(l *L) { l.Ack.Due.Steps = nil }, "没有写明办理期限的计算方法", "How the due date was counted"},
		{"due before it starts", "ack.zh", func(l *L) { l.Ack.Due.Due = day("2026-11-20") }, "办理期限早于起算日", "due date comes before"},

		{"date of the complaint", "result.zh", func(l *L) { l.Result.Received = none }, "缺少收到投诉的日期", "date of the complaint"},
		{"no allegations", "result.zh", func(l *L) { l.Result.Allegations = nil }, "没有列明投诉事项", "No point of complaint"},
		{"numbers twice", "result.zh", func(l *L) { l.Result.Allegations[1].No = 1 }, "编号1重复", "number 1 of a point is used twice"},
		{"empty allegation", "result.zh", func(l *L) { l.Result.Allegations[1].Text = "" }, "第2项投诉事项没有写明内容", "Point 2 does not say"},
		{"unanswered", "result.zh", func(l *L) { l.Result.Allegations[1].Finding = "" }, "第2项投诉事项没有认定结论", "Point 2 has no finding"},
		{"no reason", "result.zh", func(l *L) { l.Result.Allegations[0].Reason = "经查，投诉不实。" }, "第1项的认定没有写明理由", "finding on point 1 gives no reason"},
		{"nothing done", "result.zh", func(l *L) { l.Result.Done = nil }, "没有写明调查所做的工作", "What was done to investigate"},
		{"remedy says nothing", "result.zh", func(l *L) { l.Result.Remedies[1].Text = "" }, "补救办法第2项没有写明内容", "Remedy 2 does not say"},
		{"negative amount", "result.zh", func(l *L) { l.Result.Remedies[0].Amount = -1 }, "金额为负数", "is negative"},
		{"amount without a date", "result.zh", func(l *L) { l.Result.Remedies[0].Due = none }, "有金额而没有履行期限", "no date by which it is paid"},
		{"remedy due too early", "result.zh", func(l *L) { l.Result.Remedies[1].Due = day("2026-12-04") }, "补救办法第2项的履行期限（2026-12-04）不晚于信函日期", "The date of remedy 2 (2026-12-04)"},
		{"how long to accept", "result.zh", func(l *L) { l.Result.AcceptBy = none }, "没有写明在什么日期前接受", "date by which to accept is missing"},
		{"acceptance too early", "result.zh", func(l *L) { l.Result.AcceptBy = day("2026-12-01") }, "接受补救办法的期限（2026-12-01）不晚于信函日期", "date by which to accept (2026-12-01)"},
		{"no measures", "result.zh", func(l *L) { l.Result.Measures = nil }, "没有写明任何改进措施", "No improvement is named"},
		{"undated measure", "result.zh", func(l *L) { l.Result.Measures[0].Due = none }, "改进措施第1项没有完成日期", "Improvement 1 has no date"},
		{"nobody's measure", "result.zh", func(l *L) { l.Result.Measures[0].Owner = "" }, "改进措施第1项没有责任岗位", "Improvement 1 names no post"},
		{"empty phrase", "result.zh", func(l *L) { l.Result.Measures[1].Text = "今后我们将进一步加强管理，提高服务质量" }, "改进措施第2项“今后我们将进一步加强管理，提高服务质量”是空话", "is an empty phrase"},
		{"empty phrase in English", "result.en", func(l *L) { l.Result.Measures[0].Text = "We will further improve the quality of our services" }, "是空话", "Improvement 1"},
		{"no appeal date", "result.zh", func(l *L) { l.Result.AppealUntil = none }, "没有写明申诉截止的日历日期", "calendar date until which"},
		{"appeal date past", "result.zh", func(l *L) { l.Result.AppealUntil = day("2026-12-04") }, "申诉截止日期（2026-12-04）不晚于", "until which an appeal may be made (2026-12-04)"},
		{"appeal to nowhere", "result.zh", func(l *L) { l.Result.AppealTo = "委员会" }, "没有写明申诉应当寄往的电子邮箱", "email address for an appeal"},
		{"signatory's post", "result.zh", func(l *L) { l.Result.Signatory.Title = "" }, "缺少签发人的职务", "signatory's post"},
		{"not approved", "result.zh", func(l *L) { l.Result.Signatory.Name = "" }, "缺少签发人姓名", "signatory's name"},

		{"date of the appeal", "decision.zh", func(l *L) { l.Decision.Appealed = none }, "缺少提出申诉的日期", "date of the appeal"},
		{"grounds", "decision.zh", func(l *L) { l.Decision.Grounds = "" }, "没有写明申诉理由", "grounds of appeal"},
		{"contested letter", "decision.zh", func(l *L) { l.Decision.Contested.N = 0 }, "没有写明所申诉的告知书的文号和日期", "contested letter"},
		{"composition", "decision.zh", func(l *L) { l.Decision.Members, l.Decision.Votes = nil, nil }, "没有写明委员会的组成", "composition of the committee"},
		{"a member's capacity", "decision.zh", func(l *L) { l.Decision.Members[1].Capacity = "" }, "委员第2人缺少姓名或身份", "Member 2 lacks"},
		{"why recused", "decision.zh", func(l *L) { l.Decision.Recused[0].Reason = "" }, "回避委员第1人缺少姓名或回避原因", "Member 1 who stood aside"},
		{"recused and present", "decision.zh", func(l *L) { l.Decision.Members[1].Name = "王敏" }, "王敏已经回避", "王敏 stood aside"},
		{"materials", "decision.zh", func(l *L) { l.Decision.Materials = nil }, "没有写明审查的材料", "What was considered"},
		{"findings on appeal", "decision.zh", func(l *L) { l.Decision.Allegation[0].Finding = "?" }, "第1项投诉事项没有认定结论", "Point 1 has no finding"},
		{"ruling", "decision.zh", func(l *L) { l.Decision.Decision, l.Decision.Votes = "", nil }, "缺少决定（维持、变更、撤销、发回）", "ruling (affirm"},
		{"reasons", "decision.zh", func(l *L) { l.Decision.Reasons = []string{" "} }, "没有写明决定的理由", "reasons for the decision"},
		{"too many votes", "decision.zh", func(l *L) { l.Decision.Votes[complaints.Vary] = 5 }, "票数6多于参加审查的委员3人", "6 votes but only 3 members"},
		{"nobody voted for it", "decision.zh", func(l *L) { l.Decision.Votes = map[complaints.Ruling]int{complaints.Affirm: 2} }, "决定“vary”没有得到任何一票", `Nobody voted for the ruling "vary"`},
		{"measures of a decision", "decision.zh", func(l *L) { l.Decision.Measures = nil }, "没有写明任何改进措施", "No improvement"},
		{"chair", "decision.zh", func(l *L) { l.Decision.Chair.Name = "" }, "缺少主任委员姓名", "chair's name"},
		{"chair recused", "decision.zh", func(l *L) { l.Decision.Chair.Name = "王敏" }, "主任委员王敏已经回避", "The chair 王敏 stood aside"},

		{"template field", "result.zh", func(l *L) { l.Result.Done[0] = "与{{client}}通话" }, "所做工作第1项有未填写的内容：“{{”", "“what was done 1” was left to be filled in"},
		{"left open", "result.zh", func(l *L) { l.Result.Remarks = "待填" }, "补充说明有未填写的内容：“待填”", "“remarks” was left to be filled in: “待填”"},
		{"last word", "result.zh", func(l *L) { l.Result.Remarks = "本所保留最终解释权" }, "请删改“最终解释权”", "no firm has the last word"},
		{"half an apology", "result.zh", func(l *L) { l.Result.Remarks = "如果给您带来不便，敬请谅解" }, "请删改“给您带来不便”", "without an “if”"},
		{"withdrawal as a condition", "result.zh", func(l *L) { l.Result.Remedies[2].Text = "以撤回投诉为条件，另行减免律师费" }, "不得以撤回投诉为条件", "Please reword “以撤回投诉为”"},

		{"a name no face has", "result.zh", func(l *L) { l.To.Name = "张𪨧" }, "收件人的姓名（名称）含有无法印出的字符：𪨧 U+2AA27", "The field “addressee name” holds characters that cannot be printed: 𪨧 U+2AA27"},
		{"emoji in a name", "result.zh", func(l *L) { l.Contact.Name = "李建国🌸" }, "联系人的姓名（名称）含有无法印出的字符：🌸 U+1F338", "🌸 U+1F338"},
		{"control in a fact", "result.zh", func(l *L) { l.Result.Measures[0].Text = "设置\x07收费系统的校验" }, "改进措施第1项的内容含有无法印出的字符：U+0007", "“measure 1 text”"},
		{"direction mark in a fact", "result.zh", func(l *L) { l.Result.Allegations[1].Reason += "\u202e" }, "投诉事项第2项的理由含有无法印出的字符：U+202E", "“point 2 reason”"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := sample(t, tt.sample)
			if err := Check(l); err != nil {
				t.Fatalf("the sample itself has faults: %v", err)
			}
			tt.change(&l)
			r := complaints.AsRefusal(Check(l))
			if r == nil {
				t.Fatal("not refused")
			}
			for _, text := range []struct{ got, want string }{{r.Zh, tt.zh}, {r.En, tt.en}} {
				if !strings.Contains(text.got, text.want) || strings.Count(text.got, "\n") != 1 {
					t.Errorf("%s\nwant one fault, %q", text.got, text.want)
				}
			}
			if err := Render(&bytes.Buffer{}, l); err == nil && l.Number.N != 0 {
				t.Error("rendered all the same")
			}
		})
	}
}

// TestCheckNamesAll wants every fault of a letter at once.
func TestCheckNamesAll(t *testing.T) {
	l := sample(t, "result.zh")
	l.Ref, l.Routes, l.Result.Measures, l.Result.AppealTo = "", nil, nil, ""
	r := complaints.AsRefusal(Check(l))
	if r == nil || !strings.Contains(r.Zh, "有4处需要改正") || strings.Count(r.En, "\n") != 4 {
		t.Errorf("%v", r)
	}
}

// TestAckNeverStops sends an acknowledgement whatever a client's mail program
// calls them and whatever they wrote.
func TestAckNeverStops(t *testing.T) {
	l := sample(t, "ack.zh")
	l.To.Name = "🌸张堃\u200b🌸"
	l.Subject = "😡"
	l.Ack.Summary = "# 太过分了😡\x00\n한국 {{.}} 你们说“最终解释权”归你们，待填？"
	l.Ack.Attachments = []string{"合同\u202efdp.exe", "🎁.jpg"}
	if text := extracted(t, l); !strings.HasPrefix(text, "投诉受理告知书尊敬的张堃：") || !strings.Contains(text, "太过分了〔表情〕〔控制符〕〔缺字U+D55C〕") {
		t.Error(text)
	}
	l.To.Name = "🌸"
	if text := extracted(t, l); !strings.Contains(text, "尊敬的客户：") {
		t.Error(text[:60])
	}
}
