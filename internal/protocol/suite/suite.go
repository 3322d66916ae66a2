// Package suite says what a cipher suite consists of.
//
// Some kinds of suites are not here at all, under no policy. The export suites
// and those of single DES have keys that can be found by trying (FREAK, Logjam;
// RFC 4346, appendix A.5; RFC 5469); those of NULL encrypt nothing; anonymous
// ones say nothing of who the peer is. They would connect nobody whom 3DES or
// RC4 do not connect, and each has been the lower end of a downgrade.
package suite

import (
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
)

// KeyExchange is how the keys of a suite are agreed on.
type KeyExchange uint8

const (
	Separate KeyExchange = iota // TLS 1.3: the suite does not say
	ECDHE
	RSA
	DHE
	PSK      // RFC 4279
	ECDHEPSK // RFC 5489
)

// Auth is the key that a server of the suite has to have.
type Auth uint8

const (
	AnyKey   Auth = iota // TLS 1.3
	RSAKey               // RSA
	ECDSAKey             // ECDSA, or EdDSA (RFC 8422, section 5.10)
	DSSKey               // DSA
	NoKey                // none: a pre-shared key proves who both are
)

// Cipher is how the records of a suite are encrypted.
type Cipher uint8

const (
	AESGCM Cipher = iota
	ChaCha20Poly1305
	AESCBC
	TripleDESCBC
	RC4
)

// BlockSize is the length of a block of the CBC ciphers, in bytes.
func (c Cipher) BlockSize() int {
	switch c {
	case AESCBC:
		return 16
	case TripleDESCBC:
		return 8
	}
	return 0
}

// MAC is the message authentication code of a suite that is not AEAD.
type MAC uint8

const (
	NoMAC MAC = iota
	MD5
	SHA1
	SHA256
	SHA384
)

// Size is the MAC's length in bytes.
func (m MAC) Size() int { return [...]int{0, 16, 20, 32, 48}[m] }

// Params is what a suite consists of.
type Params struct {
	ID                     iana.Suite
	MinVersion, MaxVersion iana.Version
	KeyExchange            KeyExchange
	Auth                   Auth
	Cipher                 Cipher
	KeyLen                 int // bytes
	MAC                    MAC
	Hash                   schedule.Hash // of the key schedule or the PRF
}

// AEAD reports whether the suite encrypts and authenticates in one.
func (p *Params) AEAD() bool { return p.MAC == NoMAC }

// CBC reports whether the suite encrypts with a block cipher and has a MAC.
// encrypt_then_mac is for these.
func (p *Params) CBC() bool { return p.Cipher.BlockSize() > 0 }

const (
	v10 = iana.SSL30 // what the suites of old begin with
	e10 = iana.TLS10 // those of elliptic curves: SSL 3.0 has none
	v12 = iana.TLS12
	v13 = iana.TLS13
	s2  = schedule.SHA256
	s3  = schedule.SHA384
)

var table = [...]Params{
	{iana.TLS_AES_128_GCM_SHA256, v13, v13, Separate, AnyKey, AESGCM, 16, NoMAC, s2},
	{iana.TLS_AES_256_GCM_SHA384, v13, v13, Separate, AnyKey, AESGCM, 32, NoMAC, s3},
	{iana.TLS_CHACHA20_POLY1305_SHA256, v13, v13, Separate, AnyKey, ChaCha20Poly1305, 32, NoMAC, s2},

	{iana.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, v12, v12, ECDHE, ECDSAKey, AESGCM, 16, NoMAC, s2},
	{iana.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, v12, v12, ECDHE, ECDSAKey, AESGCM, 32, NoMAC, s3},
	{iana.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, v12, v12, ECDHE, ECDSAKey, ChaCha20Poly1305, 32, NoMAC, s2},
	{iana.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, v12, v12, ECDHE, RSAKey, AESGCM, 16, NoMAC, s2},
	{iana.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, v12, v12, ECDHE, RSAKey, AESGCM, 32, NoMAC, s3},
	{iana.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, v12, v12, ECDHE, RSAKey, ChaCha20Poly1305, 32, NoMAC, s2},

	{iana.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, e10, v12, ECDHE, ECDSAKey, AESCBC, 16, SHA1, s2},
	{iana.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, e10, v12, ECDHE, ECDSAKey, AESCBC, 32, SHA1, s2},
	{iana.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, e10, v12, ECDHE, RSAKey, AESCBC, 16, SHA1, s2},
	{iana.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA, e10, v12, ECDHE, RSAKey, AESCBC, 32, SHA1, s2},
	{iana.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, v12, v12, ECDHE, ECDSAKey, AESCBC, 16, SHA256, s2},
	{iana.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384, v12, v12, ECDHE, ECDSAKey, AESCBC, 32, SHA384, s3},
	{iana.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256, v12, v12, ECDHE, RSAKey, AESCBC, 16, SHA256, s2},
	{iana.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384, v12, v12, ECDHE, RSAKey, AESCBC, 32, SHA384, s3},

	{iana.TLS_RSA_WITH_AES_128_GCM_SHA256, v12, v12, RSA, RSAKey, AESGCM, 16, NoMAC, s2},
	{iana.TLS_RSA_WITH_AES_256_GCM_SHA384, v12, v12, RSA, RSAKey, AESGCM, 32, NoMAC, s3},
	{iana.TLS_RSA_WITH_AES_128_CBC_SHA, v10, v12, RSA, RSAKey, AESCBC, 16, SHA1, s2},
	{iana.TLS_RSA_WITH_AES_256_CBC_SHA, v10, v12, RSA, RSAKey, AESCBC, 32, SHA1, s2},
	{iana.TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA, e10, v12, ECDHE, ECDSAKey, TripleDESCBC, 24, SHA1, s2},
	{iana.TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA, e10, v12, ECDHE, RSAKey, TripleDESCBC, 24, SHA1, s2},
	{iana.TLS_RSA_WITH_3DES_EDE_CBC_SHA, v10, v12, RSA, RSAKey, TripleDESCBC, 24, SHA1, s2},
	{iana.TLS_RSA_WITH_AES_128_CBC_SHA256, v12, v12, RSA, RSAKey, AESCBC, 16, SHA256, s2},
	{iana.TLS_RSA_WITH_AES_256_CBC_SHA256, v12, v12, RSA, RSAKey, AESCBC, 32, SHA256, s2},

	{iana.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, v12, v12, DHE, RSAKey, AESGCM, 16, NoMAC, s2},
	{iana.TLS_DHE_RSA_WITH_AES_256_GCM_SHA384, v12, v12, DHE, RSAKey, AESGCM, 32, NoMAC, s3},
	{iana.TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256, v12, v12, DHE, RSAKey, ChaCha20Poly1305, 32, NoMAC, s2},
	{iana.TLS_DHE_RSA_WITH_AES_128_CBC_SHA, v10, v12, DHE, RSAKey, AESCBC, 16, SHA1, s2},
	{iana.TLS_DHE_RSA_WITH_AES_256_CBC_SHA, v10, v12, DHE, RSAKey, AESCBC, 32, SHA1, s2},
	{iana.TLS_DHE_RSA_WITH_AES_128_CBC_SHA256, v12, v12, DHE, RSAKey, AESCBC, 16, SHA256, s2},
	{iana.TLS_DHE_RSA_WITH_AES_256_CBC_SHA256, v12, v12, DHE, RSAKey, AESCBC, 32, SHA256, s2},
	{iana.TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA, v10, v12, DHE, RSAKey, TripleDESCBC, 24, SHA1, s2},
	{iana.TLS_DHE_DSS_WITH_AES_128_CBC_SHA, v10, v12, DHE, DSSKey, AESCBC, 16, SHA1, s2},
	{iana.TLS_DHE_DSS_WITH_AES_256_CBC_SHA, v10, v12, DHE, DSSKey, AESCBC, 32, SHA1, s2},
	{iana.TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA, v10, v12, DHE, DSSKey, TripleDESCBC, 24, SHA1, s2},

	{iana.TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256, v12, v12, ECDHEPSK, NoKey, AESGCM, 16, NoMAC, s2},
	{iana.TLS_ECDHE_PSK_WITH_AES_256_GCM_SHA384, v12, v12, ECDHEPSK, NoKey, AESGCM, 32, NoMAC, s3},
	{iana.TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256, v12, v12, ECDHEPSK, NoKey, ChaCha20Poly1305, 32, NoMAC, s2},
	{iana.TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA, e10, v12, ECDHEPSK, NoKey, AESCBC, 16, SHA1, s2},
	{iana.TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA, e10, v12, ECDHEPSK, NoKey, AESCBC, 32, SHA1, s2},
	{iana.TLS_PSK_WITH_AES_128_GCM_SHA256, v12, v12, PSK, NoKey, AESGCM, 16, NoMAC, s2},
	{iana.TLS_PSK_WITH_AES_256_GCM_SHA384, v12, v12, PSK, NoKey, AESGCM, 32, NoMAC, s3},
	{iana.TLS_PSK_WITH_CHACHA20_POLY1305_SHA256, v12, v12, PSK, NoKey, ChaCha20Poly1305, 32, NoMAC, s2},
	{iana.TLS_PSK_WITH_AES_128_CBC_SHA, e10, v12, PSK, NoKey, AESCBC, 16, SHA1, s2},
	{iana.TLS_PSK_WITH_AES_256_CBC_SHA, e10, v12, PSK, NoKey, AESCBC, 32, SHA1, s2},

	{iana.TLS_ECDHE_ECDSA_WITH_RC4_128_SHA, e10, v12, ECDHE, ECDSAKey, RC4, 16, SHA1, s2},
	{iana.TLS_ECDHE_RSA_WITH_RC4_128_SHA, e10, v12, ECDHE, RSAKey, RC4, 16, SHA1, s2},
	{iana.TLS_RSA_WITH_RC4_128_SHA, v10, v12, RSA, RSAKey, RC4, 16, SHA1, s2},
	{iana.TLS_RSA_WITH_RC4_128_MD5, v10, v12, RSA, RSAKey, RC4, 16, MD5, s2},
}

// Of gives what a suite consists of, if it is implemented.
func Of(id iana.Suite) (Params, bool) {
	for i := range table {
		if table[i].ID == id {
			return table[i], true
		}
	}
	return Params{}, false
}

// All gives every suite that is implemented.
func All() []Params { return table[:] }
