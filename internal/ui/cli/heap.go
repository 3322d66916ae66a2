package cli

import (
	"os"
	"runtime/debug"
)

// leastGarbage is how much a server allocates at least before its garbage is
// collected, in bytes. What it holds is a few megabytes unless there are very many
// bindings, and GOGC would have it collected after as much again: hundreds of
// times a second under load, at a tenth of the processor time.
const leastGarbage = 32 << 20

// ballast counts among what is held, so that GOGC counts from there. Nobody
// writes to it: it takes addresses, and no memory.
var ballast []byte

// spareCollections has garbage collected less often while little is held.
func spareCollections() {
	if ballast == nil {
		ballast = make([]byte, leastGarbage)
	}
}

// halveCollections has garbage collected half as often, unless GOGC says otherwise,
// until it is undone: most of what a capture takes is garbage soon, and half of the
// collections are a tenth of the time.
func halveCollections() (undo func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	before := debug.SetGCPercent(200)
	return func() { debug.SetGCPercent(before) }
}
