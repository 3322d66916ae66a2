// Package sign makes and checks the signatures of a handshake, and holds the
// credentials they are made with. RFC 9846, sections 4.3.3 and 4.5.2.
package sign

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"io"
	"slices"

	"github.com/cloudflare/circl/sign/mldsa/mldsa44"
	"github.com/cloudflare/circl/sign/mldsa/mldsa65"
	"github.com/cloudflare/circl/sign/mldsa/mldsa87"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// scheme says what a signature scheme consists of.
type scheme struct {
	id    iana.SignatureScheme
	kind  Kind
	hash  crypto.Hash    // 0: the scheme hashes by itself
	pss   bool           // of RSA
	curve elliptic.Curve // that TLS 1.3 wants; nil: none
	use   use
}

// use says which handshakes a scheme may sign.
type use uint8

const (
	in12       use = 1 << iota // TLS 1.2
	in13                       // TLS 1.3
	clientOnly                 // in TLS 1.3 a client only
)

// schemes are in the order in which a key is used, RFC 9846, section 4.3.3.
var schemes = [...]scheme{
	{iana.ECDSASecp256r1SHA256, ECDSA, crypto.SHA256, false, elliptic.P256(), in12 | in13},
	{iana.ECDSASecp384r1SHA384, ECDSA, crypto.SHA384, false, elliptic.P384(), in12 | in13},
	{iana.ECDSASecp521r1SHA512, ECDSA, crypto.SHA512, false, elliptic.P521(), in12 | in13},
	{iana.Ed25519, Ed25519, 0, false, nil, in12 | in13},
	{iana.RSAPSSRSAESHA256, RSA, crypto.SHA256, true, nil, in12 | in13},
	{iana.RSAPSSRSAESHA384, RSA, crypto.SHA384, true, nil, in12 | in13},
	{iana.RSAPSSRSAESHA512, RSA, crypto.SHA512, true, nil, in12 | in13},
	{iana.RSAPSSPSSSHA256, RSAPSS, crypto.SHA256, true, nil, in12 | in13},
	{iana.RSAPSSPSSSHA384, RSAPSS, crypto.SHA384, true, nil, in12 | in13},
	{iana.RSAPSSPSSSHA512, RSAPSS, crypto.SHA512, true, nil, in12 | in13},
	{iana.MLDSA44, MLDSA44, 0, false, nil, in13},
	{iana.MLDSA65, MLDSA65, 0, false, nil, in13},
	{iana.MLDSA87, MLDSA87, 0, false, nil, in13},
	{iana.RSAPKCS1SHA256, RSA, crypto.SHA256, false, nil, in12},
	{iana.RSAPKCS1SHA384, RSA, crypto.SHA384, false, nil, in12},
	{iana.RSAPKCS1SHA512, RSA, crypto.SHA512, false, nil, in12},
	{iana.RSAPKCS1SHA256Legacy, RSA, crypto.SHA256, false, nil, in13 | clientOnly},
	{iana.RSAPKCS1SHA384Legacy, RSA, crypto.SHA384, false, nil, in13 | clientOnly},
	{iana.RSAPKCS1SHA512Legacy, RSA, crypto.SHA512, false, nil, in13 | clientOnly},
	{iana.ECDSASHA1, ECDSA, crypto.SHA1, false, nil, in12},
	{iana.RSAPKCS1SHA1, RSA, crypto.SHA1, false, nil, in12},
	{RSAMD5, RSA, crypto.MD5, false, nil, 0},
	{iana.DSASHA256, DSA, crypto.SHA256, false, nil, in12},
	{iana.DSASHA1, DSA, crypto.SHA1, false, nil, in12},
}

// ClientOnly reports whether only clients may sign with the scheme: those of
// PKCS #1 v1.5 in TLS 1.3, for keys that know nothing else (RFC 9963, section
// 3).
func ClientOnly(id iana.SignatureScheme) bool {
	s := find(id)
	return s != nil && s.use&clientOnly != 0
}

// OfServers gives the schemes of the list that can be verified here and that a
// server may sign with.
func OfServers(list []iana.SignatureScheme) []iana.SignatureScheme {
	return without(list, func(id iana.SignatureScheme) bool { return find(id) == nil || ClientOnly(id) })
}

// OfClients gives the schemes of the list that can be verified here.
func OfClients(list []iana.SignatureScheme) []iana.SignatureScheme {
	return without(list, func(id iana.SignatureScheme) bool { return find(id) == nil })
}

func without(list []iana.SignatureScheme, drop func(iana.SignatureScheme) bool) []iana.SignatureScheme {
	if !slices.ContainsFunc(list, drop) {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), drop)
}

func find(id iana.SignatureScheme) *scheme {
	for i := range schemes {
		if schemes[i].id == id {
			return &schemes[i]
		}
	}
	return nil
}

// maxRSA is the length in bits of the longest RSA key that is taken. A peer
// could keep this side busy with longer ones.
const maxRSA = 8192

// fits reports whether a key can be used with the scheme in the version. TLS
// 1.3 ties a hash to a curve and forbids PKCS #1 v1.5 and SHA-1.
func (s *scheme) fits(public crypto.PublicKey, v iana.Version) bool {
	in := in12
	if v >= iana.TLS13 {
		in = in13
	}
	if KindOf(public) != s.kind || s.use&in == 0 {
		return false
	}
	switch k := public.(type) {
	case *ecdsa.PublicKey:
		return v < iana.TLS13 || k.Curve == s.curve
	case *rsa.PublicKey:
		return s.hasRoom(k)
	case *PSSPublicKey:
		return (k.Hash == 0 || k.Hash == s.hash) && s.hasRoom(k.PublicKey)
	}
	return true
}

// hasRoom reports whether an RSA key is long enough for the hash and the salt
// (RFC 8017, section 9.1.1), and not too long.
func (s *scheme) hasRoom(k *rsa.PublicKey) bool {
	return k.N.BitLen() <= maxRSA && (!s.pss || (k.N.BitLen()+6)/8 >= 2*s.hash.Size()+2)
}

// SchemesFor gives the schemes that a key can sign with in the version, in
// order of preference.
func SchemesFor(public crypto.PublicKey, v iana.Version) []iana.SignatureScheme {
	var ids []iana.SignatureScheme
	for i := range schemes {
		if schemes[i].fits(public, v) {
			ids = append(ids, schemes[i].id)
		}
	}
	return ids
}

// Fits reports whether a key can be used with the scheme in the version.
func Fits(id iana.SignatureScheme, public crypto.PublicKey, v iana.Version) bool {
	s := find(id)
	return s != nil && s.fits(public, v)
}

// Sign signs the content, which is hashed here.
func Sign(id iana.SignatureScheme, key crypto.Signer, rand io.Reader, content []byte) ([]byte, error) {
	if id == 0 || id == Digested {
		return signBefore12(key, rand, content, id == Digested)
	}
	s := find(id)
	if s == nil {
		return nil, fault.With(fault.SigningFailed, "%v is not implemented", id)
	}
	digest, opts := content, crypto.SignerOpts(crypto.Hash(0))
	var buf [64]byte
	if s.hash != 0 {
		digest, opts = s.digest(buf[:0], content), s.hash
	}
	if s.pss {
		opts = pssOptions[s.hash]
	}
	if _, ok := key.(*ecdsa.PrivateKey); ok {
		// Deterministic (RFC 6979): a fifth faster than with randomness, and
		// a handshake of given randomness can be repeated byte for byte.
		rand = nil
	}
	signature, err := key.Sign(rand, digest, opts)
	if err != nil {
		return nil, fault.With(fault.SigningFailed, "%v: %w", id, err)
	}
	return signature, nil
}

// pssOptions are the options of RSASSA-PSS: the salt is as long as the hash.
var pssOptions = map[crypto.Hash]*rsa.PSSOptions{
	crypto.SHA256: {SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256},
	crypto.SHA384: {SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA384},
	crypto.SHA512: {SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA512},
}

func (s *scheme) digest(dst, content []byte) []byte {
	h := s.hash.New()
	h.Write(content)
	return h.Sum(dst)
}

// Verify checks a signature over the content. A scheme that does not fit the
// key in the version is fault.SignatureSchemeWrong, a wrong signature
// fault.SignatureWrong.
func Verify(id iana.SignatureScheme, v iana.Version, public crypto.PublicKey, content, signature []byte) error {
	if (id == 0 || id == Digested) && v < iana.TLS12 {
		return verifyBefore12(public, content, signature, id == Digested)
	}
	s := find(id)
	if s == nil || !s.fits(public, v) {
		return fault.With(fault.SignatureSchemeWrong, "%v with a key of type %T", id, public)
	}
	digest := content
	var buf [64]byte
	if s.hash != 0 {
		digest = s.digest(buf[:0], content)
	}
	if !s.verify(public, digest, signature) {
		return fault.SignatureWrong
	}
	return nil
}

func (s *scheme) verify(public crypto.PublicKey, digest, signature []byte) bool {
	switch k := public.(type) {
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(k, digest, signature)
	case ed25519.PublicKey:
		return ed25519.Verify(k, digest, signature)
	case *rsa.PublicKey:
		if !s.pss {
			return rsa.VerifyPKCS1v15(k, s.hash, digest, signature) == nil
		}
		return rsa.VerifyPSS(k, s.hash, digest, signature, pssOptions[s.hash]) == nil
	case *PSSPublicKey:
		return rsa.VerifyPSS(k.PublicKey, s.hash, digest, signature, pssOptions[s.hash]) == nil
	case *DSAPublicKey:
		return k.verify(digest, signature)
	case *mldsa44.PublicKey: // RFC 9881: the context is empty
		return mldsa44.Verify(k, digest, nil, signature)
	case *mldsa65.PublicKey:
		return mldsa65.Verify(k, digest, nil, signature)
	case *mldsa87.PublicKey:
		return mldsa87.Verify(k, digest, nil, signature)
	}
	return false
}

// AppendContent13 appends what a CertificateVerify of TLS 1.3 signs. RFC 9846,
// section 4.5.2.
func AppendContent13(b []byte, server bool, transcript []byte) []byte {
	for range 64 {
		b = append(b, ' ')
	}
	if server {
		b = append(b, "TLS 1.3, server CertificateVerify\x00"...)
	} else {
		b = append(b, "TLS 1.3, client CertificateVerify\x00"...)
	}
	return append(b, transcript...)
}
