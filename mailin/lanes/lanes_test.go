package lanes

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"
)

// What shares a name is a group; what has none waits for all, and all for it.
func TestPlan(t *testing.T) {
	for _, c := range []struct {
		names [][]string
		want  string
	}{
		{nil, "[]"},
		{[][]string{{"a"}, {"b"}, {"c"}}, "[[[0] [1] [2]]]"},
		{[][]string{{"a"}, {"b"}, {"a"}}, "[[[0 2] [1]]]"},
		{[][]string{{"a"}, {"b"}, {"c"}, {"b", "a"}, {"b"}}, "[[[0 1 3 4] [2]]]"},
		{[][]string{{"a"}, {"b"}, {}, {"a"}}, "[[[0] [1]] [[2]] [[3]]]"},
		{[][]string{{}, {}}, "[[[0]] [[1]]]"},
	} {
		if got := fmt.Sprint(Of(c.names)); got != c.want {
			t.Errorf("%v\n got %s\nwant %s", c.names, got, c.want)
		}
	}
}

// Whatever is planned is done once, and two that share a name never at a time
// nor the later of them first; others do go side by side.
func TestRunKeepsTheOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	abreast := 0
	for range 50 {
		names := make([][]string, 40)
		for i := range names {
			for range random.IntN(20) / 7 {
				names[i] = append(names[i], fmt.Sprint(random.IntN(30)))
			}
		}
		var mu sync.Mutex
		var done, running []int
		Of(names).Run(3, func(i int) {
			mu.Lock()
			for _, j := range running {
				if len(names[i]) == 0 || len(names[j]) == 0 || share(names[i], names[j]) {
					t.Errorf("%d %v and %d %v are done at a time", i, names[i], j, names[j])
				}
			}
			running = append(running, i)
			abreast = max(abreast, len(running))
			mu.Unlock()
			time.Sleep(50 * time.Microsecond)
			mu.Lock()
			defer mu.Unlock()
			running = slices.DeleteFunc(running, func(j int) bool { return j == i })
			done = append(done, i)
		})
		if sorted := slices.Sorted(slices.Values(done)); len(slices.Compact(sorted)) != len(names) || len(done) != len(names) {
			t.Fatalf("done: %v", done)
		}
		for n, i := range done {
			for _, j := range done[:n] {
				if j > i && (len(names[i]) == 0 || len(names[j]) == 0 || share(names[i], names[j])) {
					t.Fatalf("%d %v was done before %d %v", j, names[j], i, names[i])
				}
			}
		}
	}
	if abreast < 2 || abreast > 3 {
		t.Errorf("%d at a time", abreast)
	}
}

func share(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}
