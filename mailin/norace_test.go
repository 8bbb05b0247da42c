//go:build !race

package mailin

const slower = 1
