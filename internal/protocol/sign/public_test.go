package sign

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"testing"

	"github.com/cloudflare/circl/sign/mldsa/mldsa44"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// spki encodes a SubjectPublicKeyInfo.
func spki(alg asn1.ObjectIdentifier, params, key []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(alg)
			b.AddBytes(params)
		})
		b.AddASN1BitString(key)
	})
	return b.BytesOrPanic()
}

// pssParams encodes RSASSA-PSS-params. A nil OID leaves the field out.
func pssParams(hash, mgf, mgfHash asn1.ObjectIdentifier, salt, trailer int) []byte {
	var b cryptobyte.Builder
	id := func(b *cryptobyte.Builder, oid asn1.ObjectIdentifier, inner func(*cryptobyte.Builder)) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oid)
			inner(b)
		})
	}
	null := func(b *cryptobyte.Builder) { b.AddASN1NULL() }
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		if hash != nil {
			b.AddASN1(explicit(0), func(b *cryptobyte.Builder) { id(b, hash, null) })
		}
		if mgf != nil {
			b.AddASN1(explicit(1), func(b *cryptobyte.Builder) {
				id(b, mgf, func(b *cryptobyte.Builder) { id(b, mgfHash, null) })
			})
		}
		b.AddASN1(explicit(2), func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(salt)) })
		if trailer != 1 {
			b.AddASN1(explicit(3), func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(trailer)) })
		}
	})
	return b.BytesOrPanic()
}

// RFC 4055, section 3.1: what the parameters of an RSASSA-PSS key allow.
func TestPSSParameters(t *testing.T) {
	key := keys(t)["RSA"].Public().(*rsa.PublicKey)
	der := x509.MarshalPKCS1PublicKey(key)
	sha256, sha384, sha1 := hashes[0].oid, hashes[1].oid, asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}
	for _, c := range []struct {
		name   string
		params []byte
		hash   crypto.Hash
		bad    bool
	}{
		{"none", nil, 0, false},
		{"SHA-256", pssParams(sha256, oidMGF1, sha256, 32, 1), crypto.SHA256, false},
		{"SHA-384 with a short salt at least", pssParams(sha384, oidMGF1, sha384, 20, 1), crypto.SHA384, false},
		{"SHA-1 by default", pssParams(nil, nil, nil, 20, 1), 0, true},
		{"SHA-1 by name", pssParams(sha1, oidMGF1, sha1, 20, 1), 0, true},
		{"two hashes", pssParams(sha256, oidMGF1, sha384, 32, 1), 0, true},
		{"a salt that is too long", pssParams(sha256, oidMGF1, sha256, 33, 1), 0, true},
		{"another mask", pssParams(sha256, oidPSS, sha256, 32, 1), 0, true},
		{"another trailer", pssParams(sha256, oidMGF1, sha256, 32, 2), 0, true},
		{"no SEQUENCE", []byte{5, 0}, 0, true},
	} {
		got, err := ParsePublicKey(spki(oidPSS, c.params, der))
		if c.bad {
			if err == nil {
				t.Errorf("%s was taken", c.name)
			}
			continue
		}
		if pss, ok := got.(*PSSPublicKey); err != nil || !ok || pss.Hash != c.hash || !pss.Equal(key) || !pss.Equal(got) {
			t.Errorf("%s: %v, %v", c.name, got, err)
		}
	}
}

// A key that is for RSASSA-PSS signs with rsa_pss_pss and with nothing else.
func TestPSSKeySigns(t *testing.T) {
	key := keys(t)["RSA"]
	public := &PSSPublicKey{PublicKey: key.Public().(*rsa.PublicKey)}
	content := []byte("content")
	signature, err := Sign(iana.RSAPSSPSSSHA384, key, zeros{}, content)
	if err != nil {
		t.Fatal(err)
	}
	if err := Verify(iana.RSAPSSPSSSHA384, iana.TLS13, public, content, signature); err != nil {
		t.Error(err)
	}
	for _, id := range []iana.SignatureScheme{iana.RSAPSSRSAESHA384, iana.RSAPKCS1SHA256} {
		if err := Verify(id, iana.TLS12, public, content, signature); !errors.Is(err, fault.SignatureSchemeWrong) {
			t.Errorf("%v: %v", id, err)
		}
	}
	if err := Verify(iana.RSAPSSPSSSHA384, iana.TLS13, public.PublicKey, content, signature); !errors.Is(err, fault.SignatureSchemeWrong) {
		t.Errorf("rsa_pss_pss with a key of rsaEncryption: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// pkcs8 encodes a private key.
func pkcs8(alg asn1.ObjectIdentifier, key []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(alg) })
		b.AddASN1OctetString(key)
	})
	return b.BytesOrPanic()
}

// RFC 9881, section 6: the three forms of an ML-DSA key are one key.
func TestMLDSAKeys(t *testing.T) {
	seed := bytes.Repeat([]byte{7}, 32)
	for _, alg := range []struct {
		oid    asn1.ObjectIdentifier
		scheme iana.SignatureScheme
	}{{oidMLDSA44, iana.MLDSA44}, {oidMLDSA65, iana.MLDSA65}, {oidMLDSA87, iana.MLDSA87}} {
		first, err := ParsePrivateKey(pkcs8(alg.oid, append([]byte{0x80, 32}, seed...)))
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := first.(interface{ MarshalBinary() ([]byte, error) }).MarshalBinary()
		public, _ := first.Public().(interface{ MarshalBinary() ([]byte, error) }).MarshalBinary()
		parsed, err := ParsePublicKey(spki(alg.oid, nil, public))
		if err != nil {
			t.Fatal(err)
		}
		var both cryptobyte.Builder
		both.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1OctetString(seed); b.AddASN1OctetString(raw) })
		var expanded cryptobyte.Builder
		expanded.AddASN1OctetString(raw)
		for _, form := range [][]byte{expanded.BytesOrPanic(), both.BytesOrPanic()} {
			key, err := ParsePrivateKey(pkcs8(alg.oid, form))
			if err != nil {
				t.Fatal(err)
			}
			signature, err := Sign(alg.scheme, key, nil, []byte("content"))
			if err != nil || Verify(alg.scheme, iana.TLS13, parsed, []byte("content"), signature) != nil {
				t.Errorf("%v: %v", alg.scheme, err)
			}
			if !errors.Is(Verify(alg.scheme, iana.TLS13, parsed, []byte("other"), signature), fault.SignatureWrong) ||
				!errors.Is(Verify(alg.scheme, iana.TLS12, parsed, []byte("content"), signature), fault.SignatureSchemeWrong) {
				t.Errorf("%v: what is wrong was taken", alg.scheme)
			}
		}
		for _, key := range []crypto.Signer{first, onlyExpanded(t, alg.oid, raw)} {
			der, err := MarshalPrivateKey(key)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := ParsePrivateKey(der); err != nil || KindOf(again.Public()) != KindOf(parsed) {
				t.Errorf("%v, written and read: %v", alg.scheme, err)
			}
		}
		for _, bad := range [][]byte{nil, {0x80, 1, 0}, {4, 1, 0}, {5, 0}} {
			if _, err := ParsePrivateKey(pkcs8(alg.oid, bad)); err == nil {
				t.Errorf("%x was taken for a key", bad)
			}
		}
		if _, err := ParsePublicKey(spki(alg.oid, nil, public[1:])); err == nil {
			t.Error("a short public key was taken")
		}
	}
	if KindOf(new(mldsa44.PublicKey)) != MLDSA44 {
		t.Error("the kind of ML-DSA-44")
	}
}

// onlyExpanded gives a key that has lost its seed.
func onlyExpanded(t *testing.T, alg asn1.ObjectIdentifier, raw []byte) crypto.Signer {
	t.Helper()
	var b cryptobyte.Builder
	b.AddASN1OctetString(raw)
	key, err := ParsePrivateKey(pkcs8(alg, b.BytesOrPanic()))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// FuzzParsePublicKey: whatever a certificate holds in place of a key.
func FuzzParsePublicKey(f *testing.F) {
	der := x509.MarshalPKCS1PublicKey(keys(f)["RSA"].Public().(*rsa.PublicKey))
	f.Add(spki(oidPSS, nil, der))
	f.Add(spki(oidPSS, pssParams(hashes[0].oid, oidMGF1, hashes[0].oid, 32, 1), der))
	f.Add(spki(oidMLDSA44, nil, make([]byte, mldsa44.PublicKeySize)))
	f.Fuzz(func(t *testing.T, der []byte) {
		if key, err := ParsePublicKey(der); err == nil {
			SchemesFor(key, iana.TLS13)
		}
		ParsePrivateKey(der)
	})
}
