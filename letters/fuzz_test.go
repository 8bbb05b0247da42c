package letters

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"testing"

	complaints "complaints"
)

// FuzzLetter puts any text into any field of a letter: it is refused with a
// reason, or printed, the same bytes each time; nothing makes it fail.
func FuzzLetter(f *testing.F) {
	names := []string{"result.zh", "result.en", "decision.zh", "ack.zh", "ack.en", "closure.zh", "information.en", "declined.zh"}
	for i, s := range []string{
		"退费三千元", "a word", "𬱖𫖯👨‍👩‍👧 مرحبا שלום", "\u202e反\u2066x\u2069\x00\x07", "一二三四五六七八九十，。、；：？！“”（）《》……——", "\xff\xfe", "<b>&amp;</b> {nb} {{.}} %s\n\n\n\ttab", "", "0123456789 0123456789\u00a0\u200b\u3000",
	} {
		f.Add(byte(i), uint16(i*7), s)
	}
	f.Fuzz(func(t *testing.T, which byte, field uint16, text string) {
		if len(text) > 4000 {
			t.Skip("long texts are measured elsewhere")
		}
		b, err := json.Marshal(sample(t, names[int(which)%len(names)]))
		if err != nil {
			t.Fatal(err)
		}
		var tree any
		if err := json.Unmarshal(b, &tree); err != nil {
			t.Fatal(err)
		}
		n := 0
		count(tree, &n)
		at := int(field) % n
		tree = put(tree, &at, text)
		if b, err = json.Marshal(tree); err != nil {
			t.Fatal(err)
		}
		var l complaints.Letter
		if json.Unmarshal(b, &l) != nil {
			t.Skip("a date or the like that can be nothing else")
		}
		checked := Check(l)
		if checked != nil && complaints.AsRefusal(checked) == nil {
			t.Fatalf("check: %v", checked)
		}
		var one, two bytes.Buffer
		err = Render(&one, l)
		switch {
		case err != nil && complaints.AsRefusal(err) == nil:
			t.Fatalf("render: %v", err)
		case err != nil:
			return
		case !bytes.HasPrefix(one.Bytes(), []byte("%PDF-")) || !bytes.HasSuffix(bytes.TrimSpace(one.Bytes()), []byte("%%EOF")):
			t.Fatal("no PDF")
		}
		if err := Render(&two, l); err != nil || !bytes.Equal(one.Bytes(), two.Bytes()) {
			t.Fatalf("the second printing differs: %v", err)
		}
	})
}

// count counts the texts of a JSON tree.
func count(v any, n *int) {
	switch v := v.(type) {
	case string:
		*n++
	case []any:
		for _, x := range v {
			count(x, n)
		}
	case map[string]any:
		for _, k := range keys(v) {
			count(v[k], n)
		}
	}
}

// put replaces the text number at of a tree.
func put(v any, at *int, text string) any {
	switch v := v.(type) {
	case string:
		if *at--; *at == -1 {
			return text
		}
	case []any:
		for i, x := range v {
			v[i] = put(x, at, text)
		}
	case map[string]any:
		for _, k := range keys(v) {
			v[k] = put(v[k], at, text)
		}
	}
	return v
}

func keys(m map[string]any) []string {
	return slices.Sorted(maps.Keys(m))
}
