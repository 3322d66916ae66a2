package bench

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	_ "embed"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"sync"

	proto "github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/protocol/verify"
	"github.com/handsel-tls/handsel/internal/tlstest"
)

// How a connection of a capture fails.
type failure uint8

const (
	succeeds failure = iota
	byAlert
	byReset
	bySilence
	byLeaving
)

// A talk is a kind of connection in a capture.
type talk struct {
	name       string
	share      int // of a thousand
	version    iana.Version
	suites     []iana.Suite // nil: those of the policy
	groups     []iana.Group // likewise
	shares     []iana.Group // that the client sends key shares for
	rsa        bool         // the certificate's key
	clientAuth bool
	resume     bool
	ids        bool // sessions are resumed by their IDs, not with tickets
	failure    failure
	change     func(client, server *tlstest.Host)
}

func (t *talk) fails() bool { return t.failure != succeeds }

var (
	x25519 = []iana.Group{iana.X25519, iana.Secp256r1}
	static = []iana.Suite{iana.TLS_RSA_WITH_AES_128_CBC_SHA}
	rc4    = []iana.Suite{iana.TLS_RSA_WITH_RC4_128_SHA}
)

// talks is the mix: of a thousand connections 900 succeed.
var talks = []talk{
	{name: "TLS 1.3", share: 250, version: iana.TLS13, groups: x25519},
	{name: "TLS 1.3, ML-KEM", share: 120, version: iana.TLS13},
	{name: "TLS 1.3, RSA", share: 60, version: iana.TLS13, groups: x25519, rsa: true},
	{name: "TLS 1.3, HelloRetryRequest", share: 40, version: iana.TLS13, groups: x25519, shares: []iana.Group{}},
	{name: "TLS 1.3, resumed", share: 100, version: iana.TLS13, groups: x25519, resume: true},
	{name: "TLS 1.3, client certificate", share: 20, version: iana.TLS13, groups: x25519, clientAuth: true},
	{name: "TLS 1.2", share: 100, version: iana.TLS12, groups: x25519},
	{name: "TLS 1.2, RSA", share: 50, version: iana.TLS12, groups: x25519, rsa: true},
	{name: "TLS 1.2, RSA key exchange", share: 20, version: iana.TLS12, suites: static, rsa: true},
	{name: "TLS 1.2, resumed with ticket", share: 40, version: iana.TLS12, groups: x25519, resume: true},
	{name: "TLS 1.2, resumed by ID", share: 20, version: iana.TLS12, groups: x25519, resume: true, ids: true},
	{name: "TLS 1.2, client certificate", share: 20, version: iana.TLS12, groups: x25519, clientAuth: true},
	{name: "TLS 1.1", share: 20, version: iana.TLS11, suites: static, rsa: true},
	{name: "TLS 1.0", share: 30, version: iana.TLS10, suites: static, rsa: true},
	{name: "SSL 3.0", share: 10, version: iana.SSL30, suites: rc4, rsa: true},

	{name: "no common version", share: 15, version: iana.TLS12, failure: byAlert, change: func(c, s *tlstest.Host) {
		s.Config.Policy = s.Config.Policy.Between(iana.TLS13, iana.TLS13)
	}},
	{name: "no common suite", share: 15, version: iana.TLS12, failure: byAlert, change: func(c, s *tlstest.Host) {
		p := *s.Config.Policy
		p.Suites = []iana.Suite{iana.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA}
		c.Config.Policy = without(c.Config.Policy, p.Suites[0])
		s.Config.Policy = &p
	}},
	{name: "unknown authority, TLS 1.3", share: 15, version: iana.TLS13, groups: x25519, failure: byAlert, change: distrust},
	{name: "unknown authority, TLS 1.2", share: 15, version: iana.TLS12, groups: x25519, failure: byAlert, change: distrust},
	{name: "no common protocol", share: 10, version: iana.TLS13, groups: x25519, failure: byAlert, change: func(c, s *tlstest.Host) {
		s.Config.Protocols = []string{"smb"}
	}},
	{name: "no client certificate", share: 10, version: iana.TLS12, groups: x25519, failure: byAlert, change: func(c, s *tlstest.Host) {
		s.Config.ClientAuth = proto.RequireClientAuth
	}},
	{name: "reset by the server", share: 10, version: iana.TLS13, groups: x25519, failure: byReset},
	{name: "silence", share: 5, version: iana.TLS13, groups: x25519, failure: bySilence},
	{name: "left by the client", share: 5, version: iana.TLS12, groups: x25519, failure: byLeaving},
}

func without(p *policy.Policy, s iana.Suite) *policy.Policy {
	q := *p
	q.Suites = slices.DeleteFunc(slices.Clone(p.Suites), func(o iana.Suite) bool { return o == s })
	return &q
}

// distrust has the client know no authority.
func distrust(c, _ *tlstest.Host) {
	c.Verify = func(peer *proto.PeerCertificates) error {
		_, err := verify.Chain(verify.Request{
			Chain: peer.Chain, Roots: x509.NewCertPool(), Name: c.Config.ServerName, Now: captureTime(), Usage: verify.Server,
		})
		return err
	}
}

// talkOf gives the kind of the connection of a number. A step that has no
// divisor in common with a thousand mixes them.
func talkOf(number int) *talk {
	n := number * 617 % 1000
	for i := range talks {
		if n -= talks[i].share; n < 0 {
			return &talks[i]
		}
	}
	panic("bench: the shares of the talks are no thousand")
}

func (t *talk) policy() *policy.Policy {
	p := policy.Modern()
	if t.version < iana.TLS12 {
		p = policy.Museum()
	} else if t.suites != nil {
		p = policy.Compatible()
	}
	p = p.Between(t.version, t.version)
	if t.suites != nil {
		p.Suites = t.suites
	}
	if t.groups != nil {
		p.Groups = t.groups
	}
	p.Shares = t.shares
	return p
}

// sites is how many servers there are.
const sites = 40

func siteName(n int) string { return fmt.Sprintf("site-%d.example", n) }

var ticketKeys = sync.OnceValue(func() *session.Keys {
	k := new(session.Keys)
	k.Set([][32]byte{sha256.Sum256([]byte("tickets of captures"))})
	return k
})

//go:embed testdata/rsa.pem
var rsaPEM []byte

// captureKeys are keys that are the same in every run.
var captureKeys = sync.OnceValues(func() (issuers [2]*ecdsa.PrivateKey, key *rsa.PrivateKey) {
	for i := range issuers {
		issuers[i] = curveKey(fmt.Sprintf("issuer %d", i))
	}
	block, _ := pem.Decode(rsaPEM)
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		panic(err)
	}
	return issuers, key
})

func curveKey(name string) *ecdsa.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:])
	if err != nil {
		panic(err)
	}
	return k
}

// captureChains are the chains of all sites, those with ECDSA and those with
// RSA: leaf and intermediate.
var captureChains = sync.OnceValue(func() (all [2][sites]*sign.Credential) {
	issuers, rsaKey := captureKeys()
	authority := func(n int64, name string) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(n), Subject: pkix.Name{CommonName: name, Organization: []string{"Handsel benchmark"}},
			NotBefore: captureTime().AddDate(-1, 0, 0), NotAfter: captureTime().AddDate(9, 0, 0),
			IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		}
	}
	root, middle := authority(1, "Root of captures"), authority(2, "Authority of captures")
	middleDER := certificateOf(middle, root, issuers[1].Public(), issuers[0])
	for i := range sites {
		for kind, key := range []crypto.Signer{curveKey(siteName(i)), rsaKey} {
			leaf := &x509.Certificate{
				SerialNumber: big.NewInt(int64(100 + 2*i + kind)), Subject: pkix.Name{CommonName: siteName(i), Organization: []string{"Example"}, Country: []string{"DE"}},
				NotBefore: captureTime().AddDate(0, -1, 0), NotAfter: captureTime().AddDate(1, 0, 0),
				KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
				ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
				DNSNames:    []string{siteName(i), "www." + siteName(i)},
			}
			der := certificateOf(leaf, middle, key.Public(), issuers[1])
			c, err := sign.NewCredential([][]byte{der, middleDER}, nil, key, sign.Extra{})
			if err != nil {
				panic(err)
			}
			all[kind][i] = c
		}
	}
	return all
})

// certificateOf issues a certificate. Without randomness the signature is that
// of RFC 6979.
func certificateOf(template, parent *x509.Certificate, public crypto.PublicKey, issuer *ecdsa.PrivateKey) []byte {
	der, err := x509.CreateCertificate(nil, template, parent, public, issuer)
	if err != nil {
		panic(err)
	}
	return der
}

func credential(site int, rsa bool) *sign.Credential {
	if rsa {
		return captureChains()[1][site]
	}
	return captureChains()[0][site]
}
