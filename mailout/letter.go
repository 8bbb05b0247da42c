package mailout

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"complaints"
	"complaints/letters"
	"complaints/store"
)

// printed is the letter that a mail carries; file is nil if it carries none.
type printed struct {
	file     *File
	hash     string            // SHA-256 of the PDF, hex
	facts    []complaints.Fact // to be recorded when the mail is frozen
	issued   bool              // the facts are about an issued letter, whose PDF is to be kept
	*preview                   // of a draft
}

// letter prints the letter that a mail carries, if any. An issued letter is
// printed once: after that its kept bytes go out.
func (s *Sender) letter(ctx context.Context, p *complaints.Policy, c *complaints.Case, m complaints.Mail) (*printed, error) {
	if m.LetterNo == 0 || c == nil || m.LetterNo > len(c.Letters) {
		return &printed{}, nil
	}
	r := c.Letters[m.LetterNo-1]
	l := r.Letter
	out := &printed{file: &File{Name: letterName(l, m.Draft, m.Lang), Type: "application/pdf"}, hash: r.Hash}
	if !m.Draft && r.Hash != "" {
		b, err := s.DB.BlobBytes(ctx, r.Hash)
		if !store.NotFound(err) {
			out.file.Content = b
			return out, err
		}
	}
	if m.Draft {
		l.Number.N, l.Date = 0, complaints.Date{}
	}
	var b bytes.Buffer
	if err := s.Printer.Render(&b, l); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b.Bytes())
	out.file.Content, out.hash = b.Bytes(), hex.EncodeToString(sum[:])
	var err error
	switch {
	case m.Draft:
		if !r.Issued && r.DraftHash != out.hash {
			out.facts = append(out.facts, &complaints.DraftRendered{No: m.LetterNo, Version: r.Version, SHA256: out.hash})
		}
		out.preview, err = previewOf(s.Printer, &s.painted, r, l, out.hash, p.Address, m.Lang)
		return out, err
	case !r.Issued || r.Hash != "":
		return out, nil
	}
	if r.DraftHash != "" {
		if proof, err := s.Printer.Proof(l); err != nil || proof != r.DraftHash {
			return nil, complaints.Refuse("函件与已批准的草稿（校验码 %.12s）不一致，没有发出。", "The letter is not what was approved as draft %.12s, and was not sent.", r.DraftHash)
		}
	}
	out.issued = true
	out.facts = append(out.facts, &complaints.Sealed{No: m.LetterNo, SHA256: out.hash})
	if image := s.Printer.Seal(); l.Seal && image != "" {
		out.facts = append(out.facts, &complaints.SealUsed{No: m.LetterNo, By: r.Approver, SHA256: out.hash, Image: image})
	}
	return out, nil
}

// keep records what printing a letter brought about, and keeps an issued PDF:
// whatever is sent of it later are these bytes.
func (s *Sender) keep(ctx context.Context, tx *store.Tx, p *complaints.Policy, o *store.Outgoing, l *printed) error {
	if l == nil || len(l.facts) == 0 {
		return nil
	}
	c, err := tx.LockRef(ctx, o.CaseRef)
	if err != nil {
		return err
	}
	if l.issued {
		switch was := c.Letters[o.Mail.LetterNo-1].Hash; was {
		case "":
		case l.hash: // another mail carries it too, and was faster
			return nil
		default:
			return fmt.Errorf("letter %d of %s was printed with other bytes meanwhile", o.Mail.LetterNo, o.CaseRef)
		}
		if _, _, err := tx.PutBlob(ctx, bytes.NewReader(l.file.Content)); err != nil {
			return err
		}
	}
	var out complaints.Outcome
	for i, f := range l.facts {
		out.Events = append(out.Events, complaints.Event{Seq: c.Seq + 1 + i, At: s.Now(), By: complaints.TheDesk, Fact: f})
	}
	return tx.Record(ctx, c, nil, out, p.NextAt)
}

// letterName is the file name of a letter: its title and its number.
func letterName(l complaints.Letter, draft bool, lang string) string {
	v := View{Lang: l.Lang}
	name := v.Title(l.Kind) + " " + l.Ref
	if draft {
		name = View{Lang: lang}.tr("草稿 ", "Draft ") + name
	}
	return name + ".pdf"
}

// Limits of what the mail of a draft shows beside the PDF, which is whole.
const (
	pageDPI      = 100
	maxPages     = 12
	maxPictures  = 1500 << 10 // octets of all page images
	maxChanges   = 30
	maxDifferent = 1500 // runes of what one change took out or put in
)

// preview is what the mail of a draft shows, so that it can be read on a
// telephone: its pages as images, and what is new in it.
type preview struct {
	pictures []Picture
	pages    []Page
	more     int // pages that are in the PDF only
	earlier  int // version of the draft before; 0: this is the first
	changes  []Change
	others   int // changes that are in the PDF only
}

// Page is a page of a draft that the mail shows.
type Page struct {
	ID  string // Content-ID
	Alt string
}

// Change is what a draft says otherwise than the one before it.
type Change struct {
	Where   string   // heading of the part, or ""
	Out, In []string // sentences that are gone, and that are new
}

// painted are the page images of the draft that was painted last: drafter and
// approver get the same.
type painted struct {
	hash   string // of the draft's PDF
	images [][]byte
	total  int // pages of the draft
}

// of gives the images of a draft.
func (last *painted) of(p *letters.Printer, draft complaints.Letter, hash string) (images [][]byte, total int, err error) {
	if last.hash != hash {
		if images, total, err = p.FirstImages(draft, pageDPI, maxPages); err != nil {
			return nil, 0, err
		}
		*last = painted{hash, images, total}
	}
	return last.images, last.total, nil
}

// previewOf paints a draft and compares it with the version before it. hash is
// that of its PDF, desk the desk's address.
func previewOf(p *letters.Printer, last *painted, r complaints.LetterRecord, draft complaints.Letter, hash, desk, lang string) (*preview, error) {
	images, pages, err := last.of(p, draft, hash)
	if err != nil {
		return nil, err
	}
	v, w := &preview{}, View{Lang: lang}
	_, domain, _ := strings.Cut(desk, "@")
	total := 0
	for i, b := range images {
		if total += len(b); total > maxPictures {
			break
		}
		sum := sha256.Sum256(b)
		id := fmt.Sprintf("page%d.%.12s.%s@%s", i+1, hash, hex.EncodeToString(sum[:6]), domain)
		v.pages = append(v.pages, Page{id, w.tr("草稿第%d页（共%d页）", "Page %d of %d of the draft", i+1, pages)})
		v.pictures = append(v.pictures, Picture{id, File{Name: w.tr("草稿第%d页.png", "draft page %d.png", i+1), Type: "image/png", Content: b}})
	}
	v.more = pages - len(v.pages)
	if r.Previous == nil {
		return v, nil
	}
	before, err := p.Words(*r.Previous)
	if err != nil {
		return v, nil // it could not be printed, and nobody has seen it
	}
	now, err := p.Words(draft)
	if err != nil {
		return nil, err
	}
	v.earlier, v.changes = r.Version-1, differences(before, now)
	if n := len(v.changes) - maxChanges; n > 0 {
		v.others, v.changes = n, v.changes[:maxChanges]
	}
	for i := range v.changes {
		v.changes[i].cut()
	}
	return v, nil
}

func (c *Change) cut() {
	for _, list := range []*[]string{&c.Out, &c.In} {
		left := maxDifferent
		for i, s := range *list {
			if left -= utf8.RuneCountInString(s); left < 0 {
				*list = append((*list)[:i:i], "……")
				break
			}
		}
	}
}

var (
	// numbering begins a heading or an item; it moves when something is put in
	// above, which is no change of what the letter says.
	numbering = regexp.MustCompile(`^(?:\d{1,3}\.\s*|[一二三四五六七八九十]{1,3}、|（[一二三四五六七八九十]{1,3}）)`)
	headings  = regexp.MustCompile(`^(?:[一二三四五六七八九十]{1,3}、|\d{1,2}\. )[^。；;]{1,60}$`)
	// ending ends a sentence. In English a blank follows, so that no amount or
	// number is cut.
	ending = regexp.MustCompile(`[。！？；]+[”’）』」]*|[.!?;]["”’)]?\s`)
)

// sentence is the unit of comparison, and the heading it stands under.
type sentence struct{ text, key, where string }

// sentences parts the lines of a letter.
func sentences(lines []string) []sentence {
	var out []sentence
	where := ""
	for _, l := range lines {
		if headings.MatchString(l) && !strings.HasSuffix(l, ".") {
			where = numbering.ReplaceAllString(l, "")
		}
		l = numbering.ReplaceAllString(l, "")
		for l != "" {
			end := len(l)
			if m := ending.FindStringIndex(l); m != nil {
				end = m[1]
			}
			if s := strings.TrimSpace(l[:end]); s != "" {
				out = append(out, sentence{s, strings.Join(strings.Fields(s), " "), where})
			}
			l = l[end:]
		}
	}
	return out
}

// differences gives what two letters say differently, sentence by sentence, in
// the order of the letter: a longest common subsequence between what they
// have in common at both ends.
func differences(before, now []string) []Change {
	a, b := sentences(before), sentences(now)
	same := func(i, j int) bool { return a[i].key == b[j].key }
	head := 0
	for head < len(a) && head < len(b) && same(head, head) {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && same(len(a)-1-tail, len(b)-1-tail) {
		tail++
	}
	a, b = a[head:len(a)-tail], b[head:len(b)-tail]
	if len(a)*len(b) > 4_000_000 { // a letter of hundreds of pages: one change
		return []Change{change(a, b)}
	}
	// common[i][j] is the length of what a[i:] and b[j:] have in common.
	common := make([][]int32, len(a)+1)
	for i := range common {
		common[i] = make([]int32, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if same(i, j) {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out []Change
	for i, j := 0, 0; i < len(a) || j < len(b); {
		fromA, fromB := i, j
		for (i < len(a) || j < len(b)) && !(i < len(a) && j < len(b) && same(i, j)) {
			if j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1] {
				i++
			} else {
				j++
			}
		}
		if i > fromA || j > fromB {
			out = append(out, change(a[fromA:i], b[fromB:j]))
		}
		for i < len(a) && j < len(b) && same(i, j) {
			i, j = i+1, j+1
		}
	}
	return out
}

func change(out, in []sentence) Change {
	var c Change
	if all := slices.Concat(in, out); len(all) > 0 {
		c.Where = all[0].where
	}
	for _, s := range out {
		c.Out = append(c.Out, s.text)
	}
	for _, s := range in {
		c.In = append(c.In, s.text)
	}
	return c
}
