package mailout

import (
	"bytes"
	"encoding/json"
	goimage "image"
	"image/png"
	"os"
	"reflect"
	"strings"
	"testing"

	"complaints"
	"complaints/letters"
)

// A letter's lines and those of its next draft: only what a reader would call
// a change is one.
func TestDifferences(t *testing.T) {
	before := []string{"投诉处理结果告知书", "尊敬的张堃：", "一、您反映的事项", "第1项：收费后未出庭。", "二、补救办法", "1.退还代理费。金额：人民币2,000.00元。履行期限：2026年12月18日前。",
		"2.由合伙人致歉。", "三、改进措施", "1.开庭排期由两人核对。责任岗位：诉讼部主任。"}
	now := []string{"投诉处理结果告知书", "尊敬的张堃：", "一、您反映的事项", "第1项：收费后未出庭。", "二、我们所做的工作", "1.查阅您提交的材料1件。", "三、补救办法",
		"1.退还代理费。金额：人民币3,000.00元。履行期限：2026年12月18日前。", "四、改进措施", "1.开庭排期由两人核对。责任岗位：诉讼部主任。"}
	want := []Change{
		{Where: "我们所做的工作", In: []string{"我们所做的工作", "查阅您提交的材料1件。"}},
		{Where: "补救办法", Out: []string{"金额：人民币2,000.00元。"}, In: []string{"金额：人民币3,000.00元。"}},
		{Where: "补救办法", Out: []string{"由合伙人致歉。"}},
	}
	if got := differences(before, now); !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
	if got := differences(now, now); got != nil {
		t.Errorf("a letter differs from itself: %q", got)
	}
	english := differences([]string{"4. Putting things right", "1. We refund the fee of RMB 5,000.50 by 18 December. We are sorry."},
		[]string{"4. Putting things right", "1. We refund the fee of RMB 5,000.50 by 28 December. We are sorry."})
	if want := []Change{{Where: "Putting things right", Out: []string{"We refund the fee of RMB 5,000.50 by 18 December."}, In: []string{"We refund the fee of RMB 5,000.50 by 28 December."}}}; !reflect.DeepEqual(english, want) {
		t.Errorf("got\n%q\nwant\n%q", english, want)
	}
}

func printedSample(t *testing.T, name string) (*letters.Printer, complaints.Letter) {
	t.Helper()
	p, err := letters.New(letters.Fonts{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile("../letters/testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var l complaints.Letter
	if err := json.Unmarshal(b, &l); err != nil {
		t.Fatal(err)
	}
	l.Number.N, l.Date = 0, complaints.Date{}
	return p, l
}

// What the mail of a second draft shows: every page, and the one amount that
// was changed. The first draft is compared with nothing.
func TestPreview(t *testing.T) {
	p, l := printedSample(t, "result.zh")
	before := l
	facts := *l.Result
	facts.Remedies = append([]complaints.Remedy{}, facts.Remedies...)
	facts.Remedies[0].Amount = 400_000
	before.Result = &facts
	v, err := previewOf(p, &painted{}, complaints.LetterRecord{Letter: l, Version: 2, Previous: &before}, l, strings.Repeat("5d", 32), "complaints@firm.example", "zh")
	if err != nil {
		t.Fatal(err)
	}
	if len(v.pages) < 2 || v.more != 0 || len(v.pictures) != len(v.pages) {
		t.Errorf("%d pages, %d pictures, %d more", len(v.pages), len(v.pictures), v.more)
	}
	seen := map[string]bool{}
	for i, pic := range v.pictures {
		if pic.ID != v.pages[i].ID || seen[pic.ID] || msgID(pic.ID) == "" || !bytes.HasPrefix(pic.Content, []byte("\x89PNG")) {
			t.Errorf("picture %d is %q, %.8q", i+1, pic.ID, pic.Content)
		}
		seen[pic.ID] = true
	}
	want := []Change{{Where: "补救办法", Out: []string{"金额：人民币4,000.00元（大写：肆仟元整）。"}, In: []string{"金额：人民币5,000.00元（大写：伍仟元整）。"}}}
	if v.earlier != 1 || !reflect.DeepEqual(v.changes, want) {
		t.Errorf("since version %d: %q", v.earlier, v.changes)
	}
	if v, err = previewOf(p, &painted{}, complaints.LetterRecord{Letter: l, Version: 1}, l, strings.Repeat("5d", 32), "complaints@firm.example", "en"); err != nil || v.earlier != 0 || v.changes != nil {
		t.Errorf("the first draft differs from version %d: %q, %v", v.earlier, v.changes, err)
	}
}

// A letter of twenty pages is shown in part, and the mail says so.
func TestPreviewOfALongLetter(t *testing.T) {
	p, l := printedSample(t, "result.zh")
	for range 4 {
		l.Result.Remarks += strings.Repeat("本所就此作出进一步说明，并将有关材料一并附上，供您核对。", 100) + "\n"
	}
	v, err := previewOf(p, &painted{}, complaints.LetterRecord{Letter: l, Version: 1}, l, strings.Repeat("5d", 32), "complaints@firm.example", "zh")
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, pic := range v.pictures {
		total += len(pic.Content)
	}
	if len(v.pages) > maxPages || total > maxPictures || v.more == 0 {
		t.Errorf("%d pages of %d octets are shown, %d are not", len(v.pages), total, v.more)
	}
}

// The seal stands on the issued letter alone, and its use is recorded with who
// approved the letter, on which PDF. A letter that is not what was approved is
// not printed.
func TestSealIsUsedOnceAndOnRecord(t *testing.T) {
	p, l := printedSample(t, "result.zh")
	var image bytes.Buffer
	seal := goimage.NewNRGBA(goimage.Rect(0, 0, 400, 400))
	for i := range seal.Pix {
		seal.Pix[i] = byte(i * 7)
	}
	if err := png.Encode(&image, seal); err != nil {
		t.Fatal(err)
	}
	p, err := p.WithSeal(image.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	l.No, l.Seal = 1, true
	s, policy := &Sender{Printer: p}, &complaints.Policy{Address: "complaints@firm.example"}
	c := &complaints.Case{Ref: l.Ref, Letters: []complaints.LetterRecord{{Letter: l, Version: 1, Drafter: "kefu@firm.example"}}}
	hold := func(b []byte) bool { return bytes.Contains(b, []byte("/Subtype /Image")) }
	draft, err := s.letter(t.Context(), policy, c, complaints.Mail{LetterNo: 1, Draft: true, Lang: "zh"})
	if err != nil {
		t.Fatal(err)
	}
	if hold(draft.file.Content) || len(draft.facts) != 1 || draft.facts[0].Kind() != "draft_rendered" {
		t.Errorf("the draft bears the seal, or records %v", draft.facts)
	}
	r := &c.Letters[0]
	r.DraftHash, r.Issued, r.Approver = draft.hash, true, "zhao@firm.example"
	r.Letter.Number = complaints.LetterNumber{Firm: "明", Kind: "律投告", Year: 2026, N: 9}
	r.Letter.Date = complaints.Date{Year: 2026, Month: 12, Day: 4}
	issued, err := s.letter(t.Context(), policy, c, complaints.Mail{LetterNo: 1, Lang: "zh"})
	if err != nil {
		t.Fatal(err)
	}
	want := []complaints.Fact{&complaints.Sealed{No: 1, SHA256: issued.hash}, &complaints.SealUsed{No: 1, By: "zhao@firm.example", SHA256: issued.hash, Image: p.Seal()}}
	if !hold(issued.file.Content) || !reflect.DeepEqual(issued.facts, want) {
		t.Errorf("image %v, recorded %v", hold(issued.file.Content), issued.facts)
	}
	r.Letter.Subject += "（改）"
	if _, err := s.letter(t.Context(), policy, c, complaints.Mail{LetterNo: 1, Lang: "zh"}); complaints.AsRefusal(err) == nil {
		t.Errorf("a letter that nobody approved is printed: %v", err)
	}
}
