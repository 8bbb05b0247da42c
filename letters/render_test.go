package letters

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	complaints "complaints"
)

// sample reads a letter of testdata.
func sample(t testing.TB, name string) complaints.Letter {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var l complaints.Letter
	if err := d.Decode(&l); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return l
}

// rendered gives a letter's PDF.
func rendered(t testing.TB, l complaints.Letter) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Render(&b, l); err != nil {
		if r := complaints.AsRefusal(err); r != nil {
			t.Fatalf("refused:\n%s\n%s", r.Zh, r.En)
		}
		t.Fatal(err)
	}
	return b.Bytes()
}

var samples = strings.Fields("ack.zh ack.en result.zh result.en decision.zh decision.en")

func TestLook(t *testing.T) {
	dir := os.Getenv("LOOK")
	for _, s := range samples {
		b := rendered(t, sample(t, s))
		if dir != "" {
			os.WriteFile(filepath.Join(dir, s+".pdf"), b, 0o644)
		}
	}
}

func BenchmarkResultLetter(b *testing.B) {
	l := sample(b, "result.zh")
	var out bytes.Buffer
	rendered(b, l)
	b.ReportAllocs()
	for b.Loop() {
		out.Reset()
		if err := Render(&out, l); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(out.Len()), "bytes/letter")
}
