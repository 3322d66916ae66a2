package verify

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
)

// longKey gives a certificate with an RSA key of so many bits, which nobody can
// sign with.
func longKey(t *testing.T, name string, issuer *entity, bits int) *entity {
	t.Helper()
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
	key := public{&rsa.PublicKey{N: n.SetBit(n, 0, 1), E: 65537}}
	return issueFor(t, name, issuer, key, both(leaf, func(c *x509.Certificate) { c.IsCA = true }))
}

// TestHugeRSAKeys is CVE-2023-29409: a signature is checked with a key that the
// peer has sent, and RSA keys can be so long that this takes seconds. They are
// refused before anything is verified, wherever they stand in the chain.
func TestHugeRSAKeys(t *testing.T) {
	root := issue(t, "root", nil, ca)
	good := issue(t, "a.example", root, leaf)
	for _, bits := range []int{8192, 8193, 1 << 17} {
		long := longKey(t, "long", root, bits)
		for place, sent := range [][][]byte{chain(long), chain(good, long)} {
			_, err := Chain(Request{Chain: sent, Roots: pool(root), Now: now})
			_, parsed := Certificates(sent)
			if bits <= 8192 {
				if err != nil || parsed != nil {
					t.Errorf("%d bits: %v, %v", bits, err, parsed)
				}
				continue
			}
			var failed *Error
			if !errors.As(err, &failed) || failed.Check != Key || failed.Index != place || !errors.Is(err, fault.BadCertificate) || parsed == nil {
				t.Errorf("%d bits at place %d: %v, %v", bits, place, err, parsed)
			}
		}
	}
}

// public is a key of which only the public half is there.
type public struct{ key *rsa.PublicKey }

func (p public) Public() crypto.PublicKey { return p.key }

func (public) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("there is no private key")
}
