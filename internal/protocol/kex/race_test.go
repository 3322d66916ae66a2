//go:build race

package kex

// raceEnabled: the race detector empties pools at random.
const raceEnabled = true
