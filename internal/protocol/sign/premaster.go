package sign

import (
	"crypto"
	"crypto/rsa"
	"io"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
)

// PremasterLen is the length of the premaster secret of RSA key exchange, in
// bytes.
const PremasterLen = 48

// DecryptPremaster decrypts a secret of n bytes: the premaster secret of RSA key
// exchange, or the master key of SSL 2.0. Whatever was sent, the outcome is n
// bytes after the same time: random ones if the padding or the length is wrong
// (RFC 5246, section 7.4.7.1). Only a key that cannot decrypt at all is an
// error.
func DecryptPremaster(key crypto.Signer, rand io.Reader, ciphertext []byte, n int) ([]byte, error) {
	d, ok := key.(crypto.Decrypter)
	if !ok {
		return nil, fault.With(fault.Internal, "keys of type %T cannot decrypt", key)
	}
	//lint:ignore SA1019 RSA key exchange is PKCS #1 v1.5; with SessionKeyLen it is decrypted in constant time
	b, err := d.Decrypt(rand, ciphertext, &rsa.PKCS1v15DecryptOptions{SessionKeyLen: n})
	if err != nil || len(b) != n {
		// The length of the ciphertext does not fit the key, which anybody
		// can see. The handshake goes on to fail at Finished.
		b = make([]byte, n)
		if _, err := io.ReadFull(rand, b); err != nil {
			return nil, fault.With(fault.Internal, "no randomness: %w", err)
		}
	}
	return b, nil
}
