package certs

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"github.com/handsel-tls/handsel/internal/protocol/sign"
)

var (
	bucketCerts = []byte("certificates")      // SHA-256 -> stored
	bucketSHA1  = []byte("certificates-sha1") // SHA-1 -> SHA-256
)

// ErrNotFound is the cause of an error that says that no certificate of the
// store has a thumbprint.
var ErrNotFound = errors.New("no such certificate")

// stored is a certificate in the database, as JSON.
type stored struct {
	Chain [][]byte  `json:"chain"` // DER
	Key   []byte    `json:"key"`   // PKCS #8
	Added time.Time `json:"added"`
	From  string    `json:"from,omitempty"`
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
	Key        string     `json:"key"` // "ECDSA P-256", "RSA 2048", "Ed25519"
	Added      time.Time  `json:"added"`
	From       string     `json:"from,omitempty"` // the files it came from, or who issued it

	// Chain is the certificate and its issuers, in the order they are sent.
	Chain []*x509.Certificate `json:"-"`
}

// A Store keeps certificates with chains and private keys in a database that may
// hold other things as well. It may be used by several goroutines.
type Store struct {
	db      *bbolt.DB
	options Options

	mu    sync.RWMutex
	ready map[Thumbprint]*tls.Certificate // parsed, by SHA-256 and, once asked for, by SHA-1
}

// NewStore gives the store of a database, and makes its buckets.
func NewStore(db *bbolt.DB, o Options) (*Store, error) {
	err := db.Update(func(tx *bbolt.Tx) error {
		if _, err := tx.CreateBucketIfNotExists(bucketCerts); err != nil {
			return err
		}
		_, err := tx.CreateBucketIfNotExists(bucketSHA1)
		return err
	})
	if err != nil {
		return nil, &Error{File: db.Path(), What: "cannot hold certificates", Err: err}
	}
	return &Store{db: db, options: o, ready: map[Thumbprint]*tls.Certificate{}}, nil
}

// AddFiles adds a certificate with its chain and private key from PEM files, as
// ReadFiles reads them.
func (s *Store) AddFiles(files ...string) (Info, []Notice, error) {
	p, notices, err := ReadFiles(s.options, files...)
	if err != nil {
		return Info{}, nil, err
	}
	info, err := s.Add(p, strings.Join(files, ", "))
	return info, notices, err
}

// Add adds a pair, in place of what the same certificate had before: so a chain
// is put right. from says where it came from.
func (s *Store) Add(p *Pair, from string) (Info, error) {
	name := nameOfCert(p.Leaf())
	key, err := sign.MarshalPrivateKey(p.Key)
	if err != nil {
		return Info{}, &Error{What: fmt.Sprintf("the private key of %s cannot be stored", name), Err: err}
	}
	record := stored{Key: key, Added: s.options.now().UTC().Truncate(time.Second), From: from}
	for _, c := range p.Chain {
		record.Chain = append(record.Chain, c.Raw)
	}
	value, err := json.Marshal(record)
	if err != nil {
		return Info{}, err
	}
	info := describe(p.Chain, record)
	err = s.db.Update(func(tx *bbolt.Tx) error {
		if err := tx.Bucket(bucketCerts).Put(info.Thumbprint.bytes(), value); err != nil {
			return err
		}
		return tx.Bucket(bucketSHA1).Put(info.SHA1.bytes(), info.Thumbprint.bytes())
	})
	if err != nil {
		return Info{}, &Error{File: s.db.Path(), What: fmt.Sprintf("%s cannot be stored", name), Err: err}
	}
	s.forget(info)
	return info, nil
}

// Get gives the certificate of a thumbprint, SHA-256 or SHA-1, with its chain
// and private key. They are parsed when asked for first; the result is shared
// and must not be changed.
func (s *Store) Get(thumbprint string) (*tls.Certificate, error) {
	t, stripped, err := ParseThumbprint(thumbprint)
	if err != nil {
		return nil, err
	}
	s.mu.RLock()
	c := s.ready[t]
	s.mu.RUnlock()
	if c != nil {
		return c, nil
	}
	// The lock is held while reading, so that a certificate which is removed in
	// between does not come back.
	s.mu.Lock()
	defer s.mu.Unlock()
	record, chain, err := s.read(t, stripped)
	if err != nil {
		return nil, err
	}
	key, err := parsePKCS8(record.Key)
	if err != nil {
		return nil, &Error{File: s.db.Path(), What: fmt.Sprintf("the private key of %s (%s) is damaged", nameOfCert(chain[0]), t),
			Hint: "add the certificate again", Err: err}
	}
	c = (&Pair{Chain: chain, Key: key}).Certificate()
	s.ready[t] = c
	return c, nil
}

// Show describes the certificate of a thumbprint, with what clients may stumble
// over.
func (s *Store) Show(thumbprint string) (Info, []Notice, error) {
	t, stripped, err := ParseThumbprint(thumbprint)
	if err != nil {
		return Info{}, nil, err
	}
	record, chain, err := s.read(t, stripped)
	if err != nil {
		return Info{}, nil, err
	}
	return describe(chain, record), Judge(s.options, chain), nil
}

// List describes all certificates, those that expire first in front.
func (s *Store) List() ([]Info, error) {
	var list []Info
	err := s.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(bucketCerts).ForEach(func(key, value []byte) error {
			record, chain, err := decode(value)
			if err != nil {
				return &Error{File: s.db.Path(), What: fmt.Sprintf("certificate %x is damaged", key), Err: err,
					Hint: "remove it and add it again"}
			}
			list = append(list, describe(chain, record))
			return nil
		})
	})
	slices.SortStableFunc(list, func(a, b Info) int { return a.NotAfter.Compare(b.NotAfter) })
	return list, err
}

// Remove takes a certificate and its private key out of the store. Whether
// bindings still name it is for the caller to see to.
func (s *Store) Remove(thumbprint string) (Info, error) {
	t, stripped, err := ParseThumbprint(thumbprint)
	if err != nil {
		return Info{}, err
	}
	info := Info{Thumbprint: t}
	err = s.db.Update(func(tx *bbolt.Tx) error {
		all, short := tx.Bucket(bucketCerts), tx.Bucket(bucketSHA1)
		id := resolve(tx, t)
		value := all.Get(id)
		if value == nil {
			return s.notFound(t, stripped)
		}
		// What is damaged can still be removed.
		if record, chain, err := decode(value); err == nil {
			info = describe(chain, record)
			if err := short.Delete(info.SHA1.bytes()); err != nil {
				return err
			}
		}
		return all.Delete(id)
	})
	if err != nil {
		return Info{}, err
	}
	s.forget(info)
	return info, nil
}

// forget drops what was parsed of a certificate.
func (s *Store) forget(i Info) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.ready, i.Thumbprint)
	delete(s.ready, i.SHA1)
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
		NotBefore: c.NotBefore, NotAfter: c.NotAfter, Key: describeKey(sign.PublicKey(c)),
		Added: record.Added, From: record.From, Chain: chain,
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
