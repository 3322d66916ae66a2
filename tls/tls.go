// Package tls is TLS for programs that use crypto/tls: change the import to
// github.com/handsel-tls/handsel/tls and they compile and behave as before,
// with a protocol implementation of its own, and with the record of every
// handshake for those who want to see it.
//
// Certificate, ClientHelloInfo, CertificateRequestInfo, ConnectionState,
// CurveID, SignatureScheme, ClientAuthType and the errors are the standard
// library's own types, so that certmagic, autocert and handlers that read
// http.Request.TLS work untouched. FromStandard takes a *crypto/tls.Config.
//
// New are Config.OnHandshake, Config.KeepMessages and Conn.Record, which tell
// what was offered, what was chosen, each candidate that lost and why, and how
// the handshake ended;
// Config.Policy and Config.HandshakeTimeout; early data over TCP; another
// handshake, or a certificate of the client, when the program wants it
// (Conn.Renegotiate, Conn.RequestCertificate); compressed certificates, limits
// for records, delegated credentials, raw public keys, pre-shared keys and
// signature schemes as fields of Config; DHE, and keys of id-RSASSA-PSS and
// ML-DSA; SSL 3.0 and SSL 2.0 for those who have to speak to what is left of
// them; and Serve and NewTransport for net/http with HTTP/1.1 and HTTP/2.
//
// Without a word the versions are TLS 1.3 and 1.2, with forward secrecy and
// authenticated encryption. What is older or weaker is off until Config.Policy, or MinVersion and CipherSuites,
// name it, and what was weak in a handshake stands in its Record.
//
// # What is not taken over from crypto/tls
//
//   - QUIC: every name that begins so.
//   - Sessions that programs store themselves: SessionState,
//     ParseSessionState, NewResumptionState,
//     ClientSessionState.ResumptionState, Config.WrapSession,
//     Config.UnwrapSession, Config.EncryptTicket and Config.DecryptTicket.
//   - The choice of a certificate by a map: Config.NameToCertificate and
//     Config.BuildNameToCertificate. Config.Certificates does it.
//
// # What differs
//
//   - What takes a *crypto/tls.Config or gives a *crypto/tls.Conn knows nothing
//     of this package. For net/http there are Serve and NewTransport.
//   - A connection that ends without close_notify gives io.ErrUnexpectedEOF,
//     at the end of a record too, where crypto/tls gives io.EOF.
//   - The suites with CBC are off by default: Config.Policy "compatible" has them,
//     and they come with a MinVersion below TLS 1.2.
//   - A handshake takes at most Config.HandshakeTimeout, a minute if it is 0.
//   - The texts of errors. errors.As finds the types that crypto/tls has, and
//     AlertError besides.
//   - A client's ticket of TLS 1.3 is used once.
//   - Early data (0-RTT) over TCP, off by default: Config.MaxEarlyData,
//     Conn.SetEarlyData and Dialer.EarlyData.
//   - KeyLogWriter gets EXPORTER_SECRET as well, and its errors are passed
//     over.
//   - Config.Rand is used for randoms and key shares; signatures and Encrypted
//     Client Hello take their randomness from the standard library.
package tls

import (
	stdtls "crypto/tls"
	"os"
	"slices"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
)

// The standard library's own types.
type (
	Certificate                  = stdtls.Certificate
	CertificateRequestInfo       = stdtls.CertificateRequestInfo
	CertificateVerificationError = stdtls.CertificateVerificationError
	CipherSuite                  = stdtls.CipherSuite
	ClientAuthType               = stdtls.ClientAuthType
	ClientHelloInfo              = stdtls.ClientHelloInfo
	ConnectionState              = stdtls.ConnectionState
	CurveID                      = stdtls.CurveID
	RecordHeaderError            = stdtls.RecordHeaderError
	RenegotiationSupport         = stdtls.RenegotiationSupport
	SignatureScheme              = stdtls.SignatureScheme
	AlertError                   = stdtls.AlertError
)

// Versions.
const (
	VersionSSL30 = 0x0300 // off unless it is named; crypto/tls does not speak it
	VersionTLS10 = stdtls.VersionTLS10
	VersionTLS11 = stdtls.VersionTLS11
	VersionTLS12 = stdtls.VersionTLS12
	VersionTLS13 = stdtls.VersionTLS13
)

// Client authentication.
const (
	NoClientCert               = stdtls.NoClientCert
	RequestClientCert          = stdtls.RequestClientCert
	RequireAnyClientCert       = stdtls.RequireAnyClientCert
	VerifyClientCertIfGiven    = stdtls.VerifyClientCertIfGiven
	RequireAndVerifyClientCert = stdtls.RequireAndVerifyClientCert
)

// Renegotiation.
const (
	RenegotiateNever          = stdtls.RenegotiateNever
	RenegotiateOnceAsClient   = stdtls.RenegotiateOnceAsClient
	RenegotiateFreelyAsClient = stdtls.RenegotiateFreelyAsClient
)

// Groups.
const (
	CurveP256          = stdtls.CurveP256
	CurveP384          = stdtls.CurveP384
	CurveP521          = stdtls.CurveP521
	X25519             = stdtls.X25519
	X25519MLKEM768     = stdtls.X25519MLKEM768
	SecP256r1MLKEM768  = stdtls.SecP256r1MLKEM768
	SecP384r1MLKEM1024 = stdtls.SecP384r1MLKEM1024
)

// Signature schemes.
const (
	PKCS1WithSHA256        = stdtls.PKCS1WithSHA256
	PKCS1WithSHA384        = stdtls.PKCS1WithSHA384
	PKCS1WithSHA512        = stdtls.PKCS1WithSHA512
	PSSWithSHA256          = stdtls.PSSWithSHA256
	PSSWithSHA384          = stdtls.PSSWithSHA384
	PSSWithSHA512          = stdtls.PSSWithSHA512
	ECDSAWithP256AndSHA256 = stdtls.ECDSAWithP256AndSHA256
	ECDSAWithP384AndSHA384 = stdtls.ECDSAWithP384AndSHA384
	ECDSAWithP521AndSHA512 = stdtls.ECDSAWithP521AndSHA512
	Ed25519                = stdtls.Ed25519
	PKCS1WithSHA1          = stdtls.PKCS1WithSHA1
	ECDSAWithSHA1          = stdtls.ECDSAWithSHA1
)

// Cipher suites.
const (
	TLS_RSA_WITH_RC4_128_SHA                      = stdtls.TLS_RSA_WITH_RC4_128_SHA
	TLS_RSA_WITH_3DES_EDE_CBC_SHA                 = stdtls.TLS_RSA_WITH_3DES_EDE_CBC_SHA
	TLS_RSA_WITH_AES_128_CBC_SHA                  = stdtls.TLS_RSA_WITH_AES_128_CBC_SHA
	TLS_RSA_WITH_AES_256_CBC_SHA                  = stdtls.TLS_RSA_WITH_AES_256_CBC_SHA
	TLS_RSA_WITH_AES_128_CBC_SHA256               = stdtls.TLS_RSA_WITH_AES_128_CBC_SHA256
	TLS_RSA_WITH_AES_128_GCM_SHA256               = stdtls.TLS_RSA_WITH_AES_128_GCM_SHA256
	TLS_RSA_WITH_AES_256_GCM_SHA384               = stdtls.TLS_RSA_WITH_AES_256_GCM_SHA384
	TLS_ECDHE_ECDSA_WITH_RC4_128_SHA              = stdtls.TLS_ECDHE_ECDSA_WITH_RC4_128_SHA
	TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA          = stdtls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA
	TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA          = stdtls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA
	TLS_ECDHE_RSA_WITH_RC4_128_SHA                = stdtls.TLS_ECDHE_RSA_WITH_RC4_128_SHA
	TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA           = stdtls.TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA
	TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA            = stdtls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA
	TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA            = stdtls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA
	TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256       = stdtls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256
	TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256         = stdtls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256
	TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256         = stdtls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
	TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256       = stdtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
	TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384         = stdtls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
	TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384       = stdtls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
	TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256   = stdtls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256
	TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 = stdtls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
	TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305          = stdtls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305
	TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305        = stdtls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305
	TLS_AES_128_GCM_SHA256                        = stdtls.TLS_AES_128_GCM_SHA256
	TLS_AES_256_GCM_SHA384                        = stdtls.TLS_AES_256_GCM_SHA384
	TLS_CHACHA20_POLY1305_SHA256                  = stdtls.TLS_CHACHA20_POLY1305_SHA256
	TLS_FALLBACK_SCSV                             = stdtls.TLS_FALLBACK_SCSV
)

// Cipher kinds of SSL 2.0. All but the first two are off unless Config.CipherSuites
// names them: their keys are found by trying.
const (
	SSL_CK_DES_192_EDE3_CBC_WITH_MD5 = uint16(iana.SSL_CK_DES_192_EDE3_CBC_WITH_MD5)
	SSL_CK_RC4_128_WITH_MD5          = uint16(iana.SSL_CK_RC4_128_WITH_MD5)
	SSL_CK_RC4_64_WITH_MD5           = uint16(iana.SSL_CK_RC4_64_WITH_MD5)
	SSL_CK_DES_64_CBC_WITH_MD5       = uint16(iana.SSL_CK_DES_64_CBC_WITH_MD5)
	SSL_CK_RC4_128_EXPORT40_WITH_MD5 = uint16(iana.SSL_CK_RC4_128_EXPORT40_WITH_MD5)
)

// X509KeyPair parses a certificate chain and its key, both in PEM. Beside the
// keys that crypto/tls knows it takes those of id-RSASSA-PSS (RFC 4055) and
// ML-DSA (RFC 9881).
func X509KeyPair(certPEM, keyPEM []byte) (Certificate, error) {
	cert, err := stdtls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		if uncommon, ok := uncommonKeyPair(certPEM, keyPEM); ok {
			return uncommon, nil
		}
	}
	return cert, err
}

// LoadX509KeyPair reads a certificate chain and its key from files in PEM.
func LoadX509KeyPair(certFile, keyFile string) (Certificate, error) {
	certPEM, err := os.ReadFile(certFile)
	if err != nil {
		return Certificate{}, err
	}
	keyPEM, err := os.ReadFile(keyFile)
	if err != nil {
		return Certificate{}, err
	}
	return X509KeyPair(certPEM, keyPEM)
}

// CipherSuites lists the suites that the standard library considers secure.
func CipherSuites() []*CipherSuite { return stdtls.CipherSuites() }

// InsecureCipherSuites lists the suites that it does not.
func InsecureCipherSuites() []*CipherSuite { return stdtls.InsecureCipherSuites() }

// CipherSuiteName gives the name of a suite.
func CipherSuiteName(id uint16) string {
	if slices.Contains(policy.SSL2Suites(), iana.Suite(id)) {
		return iana.Suite(id).String()
	}
	return stdtls.CipherSuiteName(id)
}

// VersionName gives the name of a version.
func VersionName(version uint16) string { return stdtls.VersionName(version) }
