// Package lanes does things side by side that have nothing to do with each
// other, and those that have in their order.
package lanes

import "sync"

// Plan is what is done in rounds, one after the other; in a round the groups go
// side by side, and what is in a group in its order. Things are named by their
// place in the list that the plan was made of.
type Plan [][][]int

// Of plans things by the names of all that they touch: those that share a name,
// be it by way of others, are a group. One without a name may touch anything,
// and is a round of its own.
func Of(names [][]string) Plan {
	var plan Plan
	start := 0
	for i, of := range names {
		if len(of) == 0 {
			plan = append(plan, round(names, start, i)...)
			plan = append(plan, [][]int{{i}})
			start = i + 1
		}
	}
	return append(plan, round(names, start, len(names))...)
}

// Each plans n things that have nothing to do with each other.
func Each(n int) Plan {
	groups := make([][]int, n)
	for i := range groups {
		groups[i] = []int{i}
	}
	return Plan{groups}
}

// round groups the things from one place to before another.
func round(names [][]string, from, to int) Plan {
	if from == to {
		return nil
	}
	group := map[int]int{} // of each thing: another of its group that comes before it, or itself
	first := func(i int) int {
		for group[i] != i {
			i = group[i]
		}
		return i
	}
	holder := map[string]int{}
	for i := from; i < to; i++ {
		group[i] = i
		for _, name := range names[i] {
			if j, taken := holder[name]; taken {
				a, b := first(i), first(j)
				group[max(a, b)] = min(a, b)
			} else {
				holder[name] = i
			}
		}
	}
	var groups [][]int
	at := map[int]int{}
	for i := from; i < to; i++ {
		head := first(i)
		n, seen := at[head]
		if !seen {
			n = len(groups)
			at[head] = n
			groups = append(groups, nil)
		}
		groups[n] = append(groups[n], i)
	}
	return Plan{groups}
}

// Run does all that is planned, at most n groups at a time, and returns when
// everything is done.
func (p Plan) Run(n int, do func(i int)) {
	for _, groups := range p {
		next := make(chan []int)
		var wg sync.WaitGroup
		for range min(n, len(groups)) {
			wg.Go(func() {
				for group := range next {
					for _, i := range group {
						do(i)
					}
				}
			})
		}
		for _, group := range groups {
			next <- group
		}
		close(next)
		wg.Wait()
	}
}
