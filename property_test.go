package complaints

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// ways is the table of casework B.2: from each state, where a case may go.
// An end state of the list ends may be reached from every open one.
var ways = map[State][]State{
	Registered:     {Triage, Investigating, InRemedy},
	Triage:         {Investigating, InRemedy},
	Investigating:  {AwaitingClient, Suspended, ReportReview, InRemedy},
	AwaitingClient: {Investigating},
	Suspended:      {Investigating, AppealReview},
	ReportReview:   {Investigating, CommitteePre, DecisionDraft},
	CommitteePre:   {Investigating, DecisionDraft},
	DecisionDraft:  {Decided, CommitteePre},
	Decided:        {DecisionDraft, AppealLodged, AppealReview, InRemedy, Closed},
	AppealLodged:   {AppealReview, Decided, AppealDecided},
	AppealReview:   {AppealDecided, Suspended, Triage},
	AppealDecided:  {Triage, InRemedy, Closed},
	InRemedy:       {Triage, Investigating, AppealLodged, AppealReview, Closed},
	External:       {Registered, Triage, Investigating, ReportReview, DecisionDraft, Decided, AppealReview, AppealDecided, Closed, CommitteePre, InRemedy},
	Closed:         {Triage, Investigating, AppealLodged, AppealReview, Archived},
	NotComplaint:   again,
	Declined:       again,
	Referred:       again,
	Withdrawn:      again,
	NotPursued:     again,
}

// again is where a case goes on that was ended and is taken up again.
var again = []State{Triage, Investigating}

var ends = []State{NotComplaint, Declined, Referred, Merged, Withdrawn, NotPursued, External}

// lines are commands of every family, right and wrong ones.
var lines = []string{
	"#受理 类别=F6", "#受理", "#分类 A3", "#事项 收费过高", "#事项 被投诉人=王明 开庭未到场", "#事项 被投诉人=赵刚 态度恶劣", "#定级 重大 媒体关注", "#定级 一般 误定", "#弱势 情形=健康 请以书面联系", "#弱势 解除=是",
	"#指派 li@firm.example", "#指派 王明", "#接受", "#回避 与投诉人相识", "#询问 何时付款？", "#备注 已阅卷", "#访谈 对象=王明 承认", "#认定 1=成立 证据=庭审笔录 合同第三条写明须到庭，承办人未到。",
	"#认定 2=不成立 收费与合同第五条一致，有票据为证。", "#根因 P2", "#报告\n一、基本情况", "#批准", "#退回 请补充", "#措施 负责人=诉讼部主管 期限=2030-12-18 两人核对", "#补救 类型=退费 金额=100 期限=2030-12-10 退费",
	"#和解\n类型=退费 金额=100 期限=2030-12-10 退费", "#和解 同意=2026-11-25 方式=来电", "#和解", "#拟稿", "#批准 {hash}", "#退回 金额不对", "#补正\n付款凭证 | 核实金额", "#恢复 已电话答复", "#延期 天数=3 依据=鉴定 须等待鉴定意见", "#延期 同意", "#延期 不同意 理由不足", "#迟延 尚缺两张凭证待核对",
	"#中止 依据=诉讼 投诉人已起诉", "#恢复 判决已生效", "#申诉 来电不服", "#表决 维持 同意", "#表决 发回 事实不清", "#决定 维持 理由充分。", "#决定 发回 事实不清。", "#结案", "#结案 代码=撤回",
	"#重开 新证据", "#语言 en", "#查看", "#清单", "#帮助", "#无此命令", "#不予受理 依据=重复 同一事项已办结", "#非投诉 理由=咨询", "#外部 机构=律协", "#接受 处理方案",
	"#上会", "#上会 表决=是", "#意见 同意 适当", "#表决 同意 适当", "#表决 不同意 事实不清", "#决定 同意 按报告办理", "#决定 不同意 事实不清", "#受理申诉 有正当理由", "#不受理申诉 没有正当理由", "#代理主任 sun@firm.example",
}

var letters = []string{"付款凭证见附件。", "我要申诉。", "我接受处理方案。", "我接受和解办法。", "我要求撤回投诉。", "是的，我确认", "进度", "我不同意你们的意见，请重新处理。"}

// No sequence of mails, deliveries and days takes a case to a state or along a
// way that is not in the table; the events always fold to the case (the desk of
// these tests checks that after each step); no clock asks for what is past.
func TestNoWayOutsideTheTable(t *testing.T) {
	staff := []string{"kefu", "zhao", "li", "wang", "chen", "sun", "qian"}
	reached := map[State]int{}
	rapid.Check(t, func(r *rapid.T) {
		d := newDesk(t, "zh", "2026-11-24")
		d.deliver(d.client("收费不合理，请处理。").Mails)
		// Most walks begin some way along, or few would come far.
		d.now = at("2026-11-24", 11)
		for i := range rapid.IntRange(0, 4).Draw(r, "start") {
			switch i {
			case 0:
				d.staff("kefu", "#受理\n#事项 收费过高\n#指派 li@firm.example")
			case 1:
				d.staff("li", "#接受")
			case 2:
				d.staff("li", "#认定 1=成立 证据=庭审笔录 合同第三条写明须到庭，承办人未到。\n#报告\n一、基本情况")
			case 3:
				d.staff("zhao", "#批准")
			}
		}
		for range rapid.IntRange(1, 25).Draw(r, "steps") {
			before := d.c.State
			var o Outcome
			what := ""
			switch rapid.IntRange(0, 9).Draw(r, "kind") {
			case 0:
				d.now = d.now.Add(time.Duration(rapid.IntRange(1, 600).Draw(r, "hours")) * time.Hour)
				o, what = d.p.Remind(d.c, d.now), "time passes"
				d.record(d.c.Clone(), o)
			case 1:
				what = rapid.SampledFrom(letters).Draw(r, "letter")
				o = d.client(what)
			default:
				who := rapid.SampledFrom(staff).Draw(r, "who")
				what = rapid.SampledFrom(d.likely(who, rapid.IntRange(0, 7).Draw(r, "wild"))).Draw(r, "line")
				if x := d.c.pendingDraft(); x != nil && x.DraftHash != "" {
					what = strings.ReplaceAll(what, "{hash}", x.DraftHash[:12])
				}
				o = d.receive(d.message(who+"@firm.example", "Re: case", what))
			}
			for _, m := range o.Mails {
				for _, l := range m.Facts.Transcript {
					if strings.Contains(l.Did, "不符") {
						r.Fatalf("%s: %s in %s: an event did not fit", what, l.Did, before)
					}
				}
				if _, ok := stateWords[d.c.State]; !ok {
					r.Fatalf("%s led to %q", what, d.c.State)
				}
			}
			check(r, what, before, d.c.State)
			d.render()
			before = d.c.State
			d.deliver(o.Mails)
			check(r, "delivery", before, d.c.State)
			reached[d.c.State]++
			for _, x := range d.c.Pauses[:max(0, len(d.c.Pauses)-1)] {
				if x.To.IsZero() {
					r.Fatal("two pauses at once")
				}
			}
			if open := len(d.c.Pauses) > 0 && d.c.Pauses[len(d.c.Pauses)-1].To.IsZero(); open != (d.c.State == AwaitingClient || d.c.State == Suspended || d.c.State == External) && d.c.State.Open() {
				r.Fatalf("%s: the clocks stand still: %v, in %s", what, open, d.c.State)
			}
		}
	})
	steps := 0
	for _, n := range reached {
		steps += n
	}
	for _, s := range []State{Investigating, AwaitingClient, Suspended, ReportReview, DecisionDraft} {
		if reached[s] == 0 && steps > 10_000 {
			t.Errorf("no walk reached %s: %v", s, reached)
		}
	}
}

// likely are the lines that a person may use now, if there are any; seldom those
// that end the case, or any at all.
func (d *desk) likely(who string, wild int) []string {
	var out []string
	exits := []string{"not-complaint", "decline", "refer", "outside", "close"}
	for _, v := range d.p.possible(d.c, d.p.Register.Find(who+"@firm.example")) {
		if v.Layer == Reads || wild > 1 && slices.Contains(exits, v.En[0]) || slices.Contains([]string{"note", "language", "severity", "classify", "vulnerable"}, v.En[0]) {
			continue
		}
		for _, l := range lines {
			if verb, _, _ := strings.Cut(strings.ReplaceAll(l, "\n", " "), " "); verb == "#"+v.Zh[0] {
				out = append(out, l)
			}
		}
	}
	if wild == 0 || len(out) == 0 {
		return lines
	}
	return out
}

// check holds a change of state against the table; several steps of it may be
// taken in one mail.
func check(r *rapid.T, what string, from, to State) {
	seen := map[State]bool{from: true}
	for todo := []State{from}; len(todo) > 0; todo = todo[1:] {
		for _, s := range ways[todo[0]] {
			if !seen[s] && (todo[0] == from || fmt.Sprint(todo[0]) == string(AppealLodged) || todo[0] == Registered || todo[0] == AppealDecided || todo[0] == ReportReview) {
				seen[s] = true
				todo = append(todo, s)
			}
		}
	}
	if !seen[to] && !(from.Open() && slices.Contains(ends, to)) {
		r.Fatalf("%s took the case from %s to %s", what, from, to)
	}
}
