package certs

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/serve/signer"
)

// A Pair is a certificate with its chain and its private key.
type Pair struct {
	Chain []*x509.Certificate // the certificate, then its issuers in order
	Key   crypto.Signer
}

// Leaf gives the certificate itself.
func (p *Pair) Leaf() *x509.Certificate { return p.Chain[0] }

// Certificate gives the pair as crypto/tls has it, with Leaf set.
func (p *Pair) Certificate() *tls.Certificate {
	c := &tls.Certificate{PrivateKey: p.Key, Leaf: p.Chain[0]}
	for _, x := range p.Chain {
		c.Certificate = append(c.Certificate, x.Raw)
	}
	return c
}

// Options are what judging a certificate depends on.
type Options struct {
	// Now gives the time; nil stands for time.Now.
	Now func() time.Time
	// Roots are the issuers that clients are taken to trust; nil stands for
	// those of this system.
	Roots *x509.CertPool
	// Password gives the password of an encrypted file, false if nobody knows one.
	// nil: there is nobody to ask.
	Password func(file string) (string, bool)
	// Issuers gives certificates with a subject (DER) that may complete a chain
	// which ends too early. nil: there are none.
	Issuers func(subject []byte) []*x509.Certificate
	// Signer is the program that signs, with its arguments, if the private key is
	// not in the files but held elsewhere: see package signer.
	Signer []string
}

func (o *Options) now() time.Time {
	if o.Now == nil {
		return time.Now()
	}
	return o.Now()
}

// ReadFiles reads a certificate, its chain and its private key from PEM files,
// in one or spread over several, in any order. The error is an *Error; notices
// come with a pair that can be used.
func ReadFiles(o Options, files ...string) (*Pair, []Notice, error) {
	m := material{password: o.Password}
	for _, name := range files {
		if err := m.readFile(name); err != nil {
			return nil, nil, err
		}
	}
	return m.pair(o, strings.Join(files, ", "))
}

// A Source is the contents of a file, under the name that messages call it by.
type Source struct {
	Name string `json:"name"`
	Data []byte `json:"data"`
}

// Read is ReadFiles for what is in memory.
func Read(o Options, sources ...Source) (*Pair, []Notice, error) {
	m := material{password: o.Password}
	var names []string
	for _, s := range sources {
		if err := m.read(s.Name, s.Data); err != nil {
			return nil, nil, err
		}
		names = append(names, s.Name)
	}
	return m.pair(o, strings.Join(names, ", "))
}

// ReadPEM is Read for one source.
func ReadPEM(o Options, name string, data []byte) (*Pair, []Notice, error) {
	return Read(o, Source{name, data})
}

// pair puts together what was found. files is for messages that concern all.
func (m *material) pair(o Options, files string) (*Pair, []Notice, error) {
	if err := m.heldElsewhere(o.Signer); err != nil {
		return nil, nil, err
	}
	if err := m.complete(files); err != nil {
		return nil, nil, err
	}
	key := m.keys[0]
	first := slices.IndexFunc(m.certs, func(c foundCert) bool { return fits(c.Certificate, key) })
	if first < 0 {
		return nil, nil, m.misfit(key)
	}
	if k, ok := key.Signer.(*rsa.PrivateKey); ok && k.N.BitLen() < 1024 {
		return nil, nil, key.at.fail(nil, fmt.Sprintf("is an RSA key of %d bits, which can be broken in hours", k.N.BitLen()),
			"make a new key: ECDSA P-256, or RSA of 2048 bits")
	}
	chain, notices := m.chain(first)
	chain, notices = o.extend(chain, notices)
	p := &Pair{Chain: chain, Key: key.Signer}
	return p, append(notices, Judge(o, chain)...), nil
}

// complete sees to it that there are a certificate and one key.
func (m *material) complete(files string) error {
	if len(m.certs) == 0 {
		e := &Error{File: files, What: "there is no certificate", Hint: "name the file with the certificate as well"}
		for _, at := range m.other {
			if strings.HasSuffix(at.kind, "CERTIFICATE REQUEST") {
				e.What = fmt.Sprintf("there is no certificate, only a request for one (block %d)", at.block)
				e.Hint = "the certificate is what the authority sends back for it"
			}
		}
		return e
	}
	if len(m.keys) == 0 {
		return &Error{File: files, What: fmt.Sprintf("there is no private key for %s", nameOfCert(m.certs[0].Certificate)),
			Hint: "name the file with the key as well: it was made together with the request for the certificate"}
	}
	for _, k := range m.keys[1:] {
		if !samePublic(k.Public(), m.keys[0].Public()) {
			return k.at.fail(nil, fmt.Sprintf("is a second private key, after %s", m.keys[0].at),
				"add each certificate with its own key, in a call of its own")
		}
	}
	return nil
}

// heldElsewhere takes a program in place of the private key, if there is one. It is
// for the first certificate that is not an authority's.
func (m *material) heldElsewhere(command []string) error {
	if len(command) == 0 || len(m.certs) == 0 {
		return nil
	}
	at := place{file: command[0]}
	if len(m.keys) > 0 {
		return m.keys[0].at.fail(nil, fmt.Sprintf("is a private key, and %s is to sign", command[0]), "leave out one of the two")
	}
	leaf := max(slices.IndexFunc(m.certs, func(c foundCert) bool { return !c.IsCA }), 0)
	held, err := signer.New(command, sign.PublicKey(m.certs[leaf].Certificate))
	if err != nil {
		return at.fail(err, "cannot sign for "+nameOfCert(m.certs[leaf].Certificate), "")
	}
	m.keys = []foundKey{{held, at}}
	return nil
}

// CheckSigner has the program that holds the key of a pair sign something, if it is
// held elsewhere.
func (p *Pair) CheckSigner() error {
	held, ok := p.Key.(*signer.Signer)
	if !ok {
		return nil
	}
	if err := held.Check(); err != nil {
		return &Error{What: fmt.Sprintf("nothing signs for %s", nameOfCert(p.Leaf())), Err: err}
	}
	return nil
}

// misfit says which certificates there are, as the key is for none of them.
func (m *material) misfit(key foundKey) error {
	var list []string
	for _, c := range m.certs {
		if !c.IsCA || len(m.certs) == 1 {
			list = append(list, fmt.Sprintf("%s (%s) has %s", nameOfCert(c.Certificate), c.at, describeKey(sign.PublicKey(c.Certificate))))
		}
	}
	what := fmt.Sprintf("the key, %s, does not fit the certificate", describeKey(key.Public()))
	if len(list) > 0 {
		what += ": " + strings.Join(list, ", ")
	}
	return key.at.fail(nil, what, "use the key that was made with the request for this certificate, or have the certificate reissued for this key")
}

// chain puts the certificates in order, from the one the key is for.
func (m *material) chain(first int) ([]*x509.Certificate, []Notice) {
	order := []int{first}
	for last := first; !selfIssued(m.certs[last].Certificate); {
		next := slices.IndexFunc(m.certs, func(c foundCert) bool { return issued(c.Certificate, m.certs[last].Certificate) })
		if next < 0 || slices.Contains(order, next) {
			break
		}
		order, last = append(order, next), next
	}
	var notices []Notice
	if !slices.IsSorted(order) {
		notices = append(notices, Notice{Reordered, fmt.Sprintf(
			"the chain of %s stood in another order in %s: it is sent in the right one, each certificate followed by its issuer",
			nameOfCert(m.certs[first].Certificate), m.certs[first].at.file)})
	}
	used := make([]*x509.Certificate, len(order))
	for i, n := range order {
		used[i] = m.certs[n].Certificate
	}
	for _, c := range m.certs {
		if !slices.ContainsFunc(used, c.Equal) {
			notices = append(notices, Notice{Unrelated, fmt.Sprintf(
				"%s: %s is not part of the chain of %s and is left out", c.at, nameOfCert(c.Certificate), nameOfCert(used[0]))})
		}
	}
	return used, notices
}

// extend adds issuers that are known from elsewhere to a chain that ends too
// early. A root is not needed: clients have it.
func (o *Options) extend(chain []*x509.Certificate, notices []Notice) ([]*x509.Certificate, []Notice) {
	for last := chain[len(chain)-1]; o.Issuers != nil && !selfIssued(last); last = chain[len(chain)-1] {
		known := o.Issuers(last.RawIssuer)
		next := slices.IndexFunc(known, func(c *x509.Certificate) bool { return !selfIssued(c) && issued(c, last) })
		if next < 0 || slices.ContainsFunc(chain, known[next].Equal) {
			break
		}
		chain = append(chain, known[next])
		notices = append(notices, Notice{Completed, fmt.Sprintf("the chain of %s was completed with %s, which the store has",
			nameOfCert(chain[0]), nameOfCert(known[next]))})
	}
	return chain, notices
}

// issued reports whether the first certificate is the issuer of the second. A
// signature that this library will not check, such as one with SHA-1, is
// believed: what is wrong with it is said elsewhere.
func issued(issuer, c *x509.Certificate) bool {
	if string(issuer.RawSubject) != string(c.RawIssuer) {
		return false
	}
	err := c.CheckSignatureFrom(issuer)
	var insecure x509.InsecureAlgorithmError
	return err == nil || errors.As(err, &insecure) || errors.Is(err, x509.ErrUnsupportedAlgorithm)
}

func selfIssued(c *x509.Certificate) bool { return string(c.RawSubject) == string(c.RawIssuer) }

func fits(c *x509.Certificate, key crypto.Signer) bool {
	return samePublic(sign.PublicKey(c), key.Public())
}

func samePublic(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
}

// describeKey names a public key: "RSA 2048", "ECDSA P-256", "Ed25519".
func describeKey(key crypto.PublicKey) string {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", k.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA " + k.Curve.Params().Name
	case ed25519.PublicKey:
		return "Ed25519"
	case *sign.PSSPublicKey:
		return fmt.Sprintf("RSA-PSS %d", k.N.BitLen())
	case nil:
		return "a key of an unknown kind"
	}
	if k := sign.KindOf(key); k != 0 {
		return k.String()
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", key), "*")
}

// nameOfCert names a certificate for a message: its first name, or its subject.
func nameOfCert(c *x509.Certificate) string {
	switch {
	case len(c.DNSNames) > 0:
		return c.DNSNames[0]
	case c.Subject.CommonName != "":
		return c.Subject.CommonName
	case len(c.IPAddresses) > 0:
		return c.IPAddresses[0].String()
	case len(c.Subject.Names) > 0:
		return c.Subject.String()
	}
	return "a certificate without a name"
}
