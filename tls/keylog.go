package tls

import (
	"fmt"
	"io"
	"sync"
)

// keyLog writes secrets in the form of SSLKEYLOGFILE.
type keyLog struct{ w io.Writer }

// keyLogMu is of all key logs: several configs, such as clones, may share one
// writer.
var keyLogMu sync.Mutex

func (k keyLog) write(label string, clientRandom, secret []byte) {
	keyLogMu.Lock()
	defer keyLogMu.Unlock()
	// As crypto/tls does, but for the error: there is nobody to take it.
	fmt.Fprintf(k.w, "%s %x %x\n", label, clientRandom, secret)
}
