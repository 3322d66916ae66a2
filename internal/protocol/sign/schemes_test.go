package sign

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"math/big"
	"slices"
	"testing"

	"github.com/cloudflare/circl/sign/mldsa/mldsa44"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// The example of RFC 8446, section 4.4.3, which RFC 9846 keeps: a hash of 32
// bytes of 1.
func TestContent13(t *testing.T) {
	want, _ := hex.DecodeString("2020202020202020202020202020202020202020202020202020202020202020" +
		"2020202020202020202020202020202020202020202020202020202020202020" +
		"544c5320312e332c207365727665722043657274696669636174655665726966" +
		"79" + "00" +
		"0101010101010101010101010101010101010101010101010101010101010101")
	hash := bytes.Repeat([]byte{1}, 32)
	if got := AppendContent13(nil, true, hash); !bytes.Equal(got, want) {
		t.Errorf("%x", got)
	}
	if AppendContent13(nil, false, hash)[73] != 'c' || bytes.Equal(AppendContent13(nil, false, hash), want) {
		t.Error("the client's content is the server's")
	}
}

// Ed25519 is deterministic: RFC 8032, section 7.1, test 1, an empty message.
func TestEd25519Vector(t *testing.T) {
	seed, _ := hex.DecodeString("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
	want, _ := hex.DecodeString("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")
	got, err := Sign(iana.Ed25519, ed25519.NewKeyFromSeed(seed), rand.Reader, nil)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%x, %v", got, err)
	}
}

// Which schemes a key has in a version is a table; so is this.
func TestSchemesOfKeys(t *testing.T) {
	pss := []iana.SignatureScheme{iana.RSAPSSRSAESHA256, iana.RSAPSSRSAESHA384, iana.RSAPSSRSAESHA512}
	legacy := []iana.SignatureScheme{iana.RSAPKCS1SHA256Legacy, iana.RSAPKCS1SHA384Legacy, iana.RSAPKCS1SHA512Legacy}
	old := append(slices.Clone(pss), iana.RSAPKCS1SHA256, iana.RSAPKCS1SHA384, iana.RSAPKCS1SHA512, iana.RSAPKCS1SHA1)
	pssOnly := []iana.SignatureScheme{iana.RSAPSSPSSSHA256, iana.RSAPSSPSSSHA384, iana.RSAPSSPSSSHA512}
	public := func(bits uint) *rsa.PublicKey {
		return &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), bits-1), E: 65537}
	}
	all := keys(t)
	for _, c := range []struct {
		name    string
		key     crypto.PublicKey
		in13    []iana.SignatureScheme
		in12    []iana.SignatureScheme
		ordered bool // in12 lists all, in order
	}{
		{"P-256", all["P-256"].Public(), []iana.SignatureScheme{iana.ECDSASecp256r1SHA256}, []iana.SignatureScheme{iana.ECDSASecp384r1SHA384, iana.ECDSASHA1}, false},
		{"P-384", all["P-384"].Public(), []iana.SignatureScheme{iana.ECDSASecp384r1SHA384}, []iana.SignatureScheme{iana.ECDSASecp256r1SHA256}, false},
		{"P-521", all["P-521"].Public(), []iana.SignatureScheme{iana.ECDSASecp521r1SHA512}, []iana.SignatureScheme{iana.ECDSASecp256r1SHA256}, false},
		{"Ed25519", all["Ed25519"].Public(), []iana.SignatureScheme{iana.Ed25519}, []iana.SignatureScheme{iana.Ed25519}, true},
		{"RSA 2048", public(2048), slices.Concat(pss, legacy), old, true},
		{"RSA 1024", public(1024), slices.Concat(pss[:2], legacy), slices.Concat(pss[:2], old[3:]), true},
		{"RSA 1034", public(1034), slices.Concat(pss, legacy), old, true}, // the shortest with room for SHA-512 and its salt
		{"RSA 1033", public(1033), slices.Concat(pss[:2], legacy), slices.Concat(pss[:2], old[3:]), true},
		{"RSA 8192", public(8192), slices.Concat(pss, legacy), old, true},
		{"RSA 8193", public(8193), nil, nil, true},
		{"RSA-PSS", &PSSPublicKey{public(2048), 0}, pssOnly, pssOnly, true},
		{"RSA-PSS with SHA-384", &PSSPublicKey{public(2048), crypto.SHA384}, pssOnly[1:2], pssOnly[1:2], true},
		{"RSA-PSS of 1024 bits", &PSSPublicKey{public(1024), 0}, pssOnly[:2], pssOnly[:2], true},
		{"ML-DSA-44", new(mldsa44.PublicKey), []iana.SignatureScheme{iana.MLDSA44}, nil, true},
		{"no key", nil, nil, nil, true},
	} {
		if got := SchemesFor(c.key, iana.TLS13); !slices.Equal(got, c.in13) {
			t.Errorf("%s in TLS 1.3: %v", c.name, got)
		}
		got := SchemesFor(c.key, iana.TLS12)
		if c.ordered && !slices.Equal(got, c.in12) {
			t.Errorf("%s in TLS 1.2: %v", c.name, got)
		}
		for _, s := range c.in12 {
			if !slices.Contains(got, s) {
				t.Errorf("%s lacks %v in TLS 1.2: %v", c.name, s, got)
			}
		}
	}
}

// Whatever a peer sends as a signature, the answer is a fault of the table.
func FuzzVerify(f *testing.F) {
	var public []crypto.PublicKey
	for _, name := range []string{"RSA", "P-256", "P-384", "P-521", "Ed25519"} {
		key := keys(f)[name]
		public = append(public, key.Public())
		for _, id := range SchemesFor(key.Public(), iana.TLS12) {
			signature, err := Sign(id, key, rand.Reader, []byte("content"))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(uint8(len(public)-1), uint16(id), []byte("content"), signature)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, id uint16, content, signature []byte) {
		key := public[int(which)%len(public)]
		for _, v := range []iana.Version{iana.TLS12, iana.TLS13} {
			err := Verify(iana.SignatureScheme(id), v, key, content, signature)
			if err != nil && !errors.Is(err, fault.SignatureWrong) && !errors.Is(err, fault.SignatureSchemeWrong) {
				t.Error(err)
			}
		}
	})
}

// A raw public key, or a delegated one, is not longer than one of a certificate.
func TestHugePublicKey(t *testing.T) {
	for bits, ok := range map[uint]bool{8192: true, 8193: false, 1 << 16: false} {
		n := new(big.Int).Lsh(big.NewInt(1), bits-1)
		der, err := x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: n.SetBit(n, 0, 1), E: 3})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParsePublicKey(der); (err == nil) != ok {
			t.Errorf("%d bits: %v", bits, err)
		}
	}
}
