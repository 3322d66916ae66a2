package certs

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"github.com/handsel-tls/handsel/internal/protocol/sign"
	"github.com/handsel-tls/handsel/internal/serve/signer"
)

var (
	bucketCerts = []byte("certificates")       // SHA-256 -> stored
	bucketSHA1  = []byte("certificates-sha1")  // SHA-1 -> SHA-256
	bucketInfos = []byte("certificates-infos") // SHA-256 -> Info, so that a list needs to parse no certificate

	bucketVerdicts = []byte("certificates-verdicts") // SHA-256 -> noted: see verdict.go

	bucketIssuers = []byte("certificates-issuers") // SHA-256 of the subject and of the certificate -> DER
)

// stored is a certificate in the database, as JSON.
type stored struct {
	Chain  [][]byte  `json:"chain"`         // DER
	Key    []byte    `json:"key,omitempty"` // PKCS #8: as it was stored before there was a master key
	Sealed []byte    `json:"sealed_key,omitempty"`
	Signer []string  `json:"signer,omitempty"` // in place of a key: who holds it
	Added  time.Time `json:"added"`
	From   string    `json:"from,omitempty"`
}

// An Info describes a certificate of a store, without its private key.
type Info struct {
	Thumbprint Thumbprint `json:"thumbprint"` // SHA-256
	SHA1       Thumbprint `json:"sha1"`
	Subject    string     `json:"subject"`
	Issuer     string     `json:"issuer"`
	Names      []string   `json:"names"` // DNS names, then IP addresses
	NotBefore  time.Time  `json:"not_before"`
	NotAfter   time.Time  `json:"not_after"`
	Key        string     `json:"key"`            // "ECDSA P-256", "RSA 2048", "Ed25519"
	OCSP       []string   `json:"ocsp,omitempty"` // responders that the certificate names
	Added      time.Time  `json:"added"`
	From       string     `json:"from,omitempty"`   // the files it came from, or who issued it
	Signer     []string   `json:"signer,omitempty"` // the program that signs, if it holds the key

	// Chain is the certificate and its issuers, in the order they are sent.
	Chain []*x509.Certificate `json:"-"`
}

// Sealed reports whether a database has private keys that need a master key.
func Sealed(db *bbolt.DB) (sealed bool) {
	db.View(func(tx *bbolt.Tx) error {
		all := tx.Bucket(bucketCerts)
		if all == nil {
			return nil
		}
		c := all.Cursor()
		for k, v := c.First(); k != nil && !sealed; k, v = c.Next() {
			var record stored
			sealed = json.Unmarshal(v, &record) == nil && len(record.Sealed) > 0
		}
		return nil
	})
	return sealed
}

// renew brings what an older version has stored into the form of this one.
func (s *Store) renew(tx *bbolt.Tx) error {
	all, infos := tx.Bucket(bucketCerts), tx.Bucket(bucketInfos)
	old := map[string][]byte{}
	c, noted := all.Cursor(), infos.Cursor()
	at, _ := noted.First()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		if string(at) == string(k) { // both are in the order of their keys
			at, _ = noted.Next()
			continue
		}
		old[string(k)] = bytes.Clone(v) // what is put may move it
	}
	for k, v := range old {
		record, chain, err := decode(v)
		if err != nil {
			continue // who asks for it is told
		}
		if len(record.Key) > 0 {
			record.Sealed, record.Key = s.seal.seal(record.Key, []byte(k)), nil
		}
		text, err := json.Marshal(record)
		if err != nil {
			return err
		}
		if err := errors.Join(all.Put([]byte(k), text), putInfo(tx, describe(chain, record)), putIssuers(tx, chain[1:])); err != nil {
			return err
		}
	}
	return nil
}

func putInfo(tx *bbolt.Tx, info Info) error {
	text, err := json.Marshal(info)
	if err != nil {
		return err
	}
	return tx.Bucket(bucketInfos).Put(info.Thumbprint.bytes(), text)
}

// putIssuers notes issuers, with which the chains of others may be completed.
func putIssuers(tx *bbolt.Tx, chain []*x509.Certificate) error {
	for _, c := range chain {
		subject, whole := sha256.Sum256(c.RawSubject), sha256.Sum256(c.Raw)
		if err := tx.Bucket(bucketIssuers).Put(append(subject[:], whole[:]...), c.Raw); err != nil {
			return err
		}
	}
	return nil
}

// issuers gives the certificates that were noted with a subject.
func (s *Store) issuers(subject []byte) (list []*x509.Certificate) {
	begin := sha256.Sum256(subject)
	s.db.View(func(tx *bbolt.Tx) error {
		c := tx.Bucket(bucketIssuers).Cursor()
		for k, der := c.Seek(begin[:]); bytes.HasPrefix(k, begin[:]); k, der = c.Next() {
			if found, err := x509.ParseCertificate(der); err == nil {
				list = append(list, found)
			}
		}
		return nil
	})
	return list
}

// key opens the private key of a certificate.
func (s *Store) key(record stored, chain []*x509.Certificate) (crypto.Signer, error) {
	if len(record.Signer) > 0 {
		return signer.New(record.Signer, sign.PublicKey(chain[0]))
	}
	der, err := s.seal.open(record.Sealed, ThumbprintOf(chain[0]).bytes())
	if err != nil {
		return nil, err
	}
	return sign.ParsePrivateKey(der)
}

// read gives what is stored under a thumbprint.
func (s *Store) read(t Thumbprint, stripped []string) (record stored, chain []*x509.Certificate, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		value := tx.Bucket(bucketCerts).Get(resolve(tx, t))
		if value == nil {
			return s.notFound(t, stripped)
		}
		record, chain, err = decode(value)
		if err != nil {
			return &Error{File: s.db.Path(), What: fmt.Sprintf("certificate %s is damaged", t), Err: err,
				Hint: "remove it and add it again"}
		}
		return nil
	})
	return record, chain, err
}

// resolve gives the key of a thumbprint in the bucket of certificates: nil,
// under which there is nothing, for an unknown one of SHA-1.
func resolve(tx *bbolt.Tx, t Thumbprint) []byte {
	if t.IsSHA1() {
		return tx.Bucket(bucketSHA1).Get(t.bytes())
	}
	return t.bytes()
}

func (s *Store) notFound(t Thumbprint, stripped []string) error {
	e := &Error{File: s.db.Path(), What: fmt.Sprintf("no certificate has the thumbprint %s", t), Err: ErrNotFound,
		Hint: "list the certificates to see which there are; a renewed certificate has a new thumbprint"}
	if len(stripped) > 0 {
		e.What += fmt.Sprintf(" (left out: %s)", strings.Join(stripped, ", "))
	}
	return e
}

func decode(value []byte) (stored, []*x509.Certificate, error) {
	var record stored
	if err := json.Unmarshal(value, &record); err != nil {
		return record, nil, err
	}
	var chain []*x509.Certificate
	for _, der := range record.Chain {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return record, nil, err
		}
		chain = append(chain, c)
	}
	if len(chain) == 0 {
		return record, nil, errors.New("its chain is empty")
	}
	return record, chain, nil
}

func describe(chain []*x509.Certificate, record stored) Info {
	c := chain[0]
	return Info{
		Thumbprint: ThumbprintOf(c), SHA1: SHA1Of(c),
		Subject: c.Subject.String(), Issuer: c.Issuer.String(), Names: namesOf(c),
		NotBefore: c.NotBefore, NotAfter: c.NotAfter, Key: describeKey(sign.PublicKey(c)), OCSP: c.OCSPServer,
		Added: record.Added, From: record.From, Signer: record.Signer, Chain: chain,
	}
}

// namesOf gives the names a certificate is for: DNS names, then addresses.
func namesOf(c *x509.Certificate) []string {
	names := slices.Clone(c.DNSNames)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}
