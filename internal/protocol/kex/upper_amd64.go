package kex

import "golang.org/x/sys/cpu"

func vzeroupper()

// cleanUpper cleans the upper halves of the vector registers. circl's ML-KEM
// leaves them in use, and as long as they are, every SHA-256 that follows takes
// several times as long, because its instructions have to keep them (Intel's
// optimization manual on mixing SSE and AVX): a client's handshake lost a quarter
// of a millisecond to it.
func cleanUpper() {
	if cpu.X86.HasAVX {
		vzeroupper()
	}
}
