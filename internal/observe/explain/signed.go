package explain

import (
	"crypto/sha256"
	"crypto/x509"
	"sync"
)

// checked remembers which signatures were looked at: a server that fails often shows the
// same chain every time, and a check takes longer than all else of an explanation.
var checked = struct {
	sync.Mutex
	right map[[sha256.Size]byte]bool
}{right: map[[sha256.Size]byte]bool{}}

// mostChecked is how many are remembered. When there are more, all are forgotten.
const mostChecked = 1024

// signedBy reports whether the key of a certificate has signed another one.
func signedBy(child, parent *x509.Certificate) bool {
	h := sha256.New()
	h.Write(child.Raw)
	h.Write(parent.RawSubjectPublicKeyInfo)
	key := [sha256.Size]byte(h.Sum(nil))
	checked.Lock()
	right, known := checked.right[key]
	checked.Unlock()
	if known {
		return right
	}
	right = parent.CheckSignature(child.SignatureAlgorithm, child.RawTBSCertificate, child.Signature) == nil
	checked.Lock()
	defer checked.Unlock()
	if len(checked.right) >= mostChecked {
		checked.right = map[[sha256.Size]byte]bool{}
	}
	checked.right[key] = right
	return right
}
