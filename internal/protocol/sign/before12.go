package sign

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/md5"
	"crypto/rsa"
	"crypto/sha1"
	"io"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// Digested stands for the signatures of SSL 3.0's CertificateVerify: the content
// is the two digests, which are signed as they are. It is in no message, and no
// peer can name it.
const Digested iana.SignatureScheme = 0xffff

// Before12 reports whether a key can sign in TLS 1.1 and below, whose
// signatures name no scheme: RSA signs MD5 and SHA-1 of the content one after
// the other, ECDSA and DSA sign its SHA-1. RFC 4346, section 7.4.3; RFC 8422, section
// 5.4.
func Before12(public crypto.PublicKey) bool {
	switch KindOf(public) {
	case RSA, ECDSA, DSA:
		return true
	}
	return false
}

// digestBefore12 gives what a key of the kind signs.
func digestBefore12(k Kind, content []byte, digested bool) (digest []byte, h crypto.Hash) {
	switch {
	case digested && k == RSA:
		return content, crypto.MD5SHA1
	case digested:
		return content[md5.Size:], crypto.SHA1
	}
	s := sha1.Sum(content)
	if k != RSA {
		return s[:], crypto.SHA1
	}
	m := md5.Sum(content)
	return append(m[:], s[:]...), crypto.MD5SHA1
}

func signBefore12(key crypto.Signer, rand io.Reader, content []byte, digested bool) ([]byte, error) {
	if !Before12(key.Public()) {
		return nil, fault.With(fault.SigningFailed, "keys of type %T cannot sign before TLS 1.2", key)
	}
	digest, h := digestBefore12(KindOf(key.Public()), content, digested)
	if _, ok := key.(*ecdsa.PrivateKey); ok {
		rand = nil // see Sign
	}
	signature, err := key.Sign(rand, digest, h)
	if err != nil {
		return nil, fault.With(fault.SigningFailed, "%w", err)
	}
	return signature, nil
}

func verifyBefore12(public crypto.PublicKey, content, signature []byte, digested bool) error {
	digest, h := digestBefore12(KindOf(public), content, digested)
	good := false
	switch k := public.(type) {
	case *rsa.PublicKey:
		good = k.N.BitLen() <= maxRSA && rsa.VerifyPKCS1v15(k, h, digest, signature) == nil
	case *ecdsa.PublicKey:
		good = ecdsa.VerifyASN1(k, digest, signature)
	case *DSAPublicKey:
		good = k.verify(digest, signature)
	default:
		return fault.With(fault.SignatureSchemeWrong, "a key of type %T before TLS 1.2", public)
	}
	if !good {
		return fault.SignatureWrong
	}
	return nil
}

// RSAMD5 is how clients of SSL 2.0 sign. No version of TLS takes it (SLOTH,
// CVE-2015-7575).
const RSAMD5 iana.SignatureScheme = 0x0101

// VerifyMD5 checks a signature of RSAMD5.
func VerifyMD5(public crypto.PublicKey, content, signature []byte) error {
	k, ok := public.(*rsa.PublicKey)
	if !ok || k.N.BitLen() > maxRSA {
		return fault.With(fault.SignatureSchemeWrong, "a key of type %T in SSL 2.0", public)
	}
	digest := md5.Sum(content)
	if rsa.VerifyPKCS1v15(k, crypto.MD5, digest[:], signature) != nil {
		return fault.SignatureWrong
	}
	return nil
}
