//go:build race

package mailin

// slower is how much longer code under the race detector may take.
const slower = 10
