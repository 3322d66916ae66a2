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
	"github.com/handsel-tls/handsel/internal/serve/signer"
)

// ErrNotFound is the cause of an error that says that no certificate of the
// store has a thumbprint.
var ErrNotFound = errors.New("no such certificate")

// A Store keeps certificates with chains and private keys in a database that may
// hold other things as well. It may be used by several goroutines.
type Store struct {
	db      *bbolt.DB
	seal    *Seal
	options Options

	mu    sync.RWMutex
	ready map[Thumbprint]*tls.Certificate // parsed, by SHA-256 and, once asked for, by SHA-1
}

// NewStore gives the store of a database, and makes its buckets. Private keys are
// encrypted with the seal; those that are not yet, are now.
func NewStore(db *bbolt.DB, seal *Seal, o Options) (*Store, error) {
	s := &Store{db: db, seal: seal, options: o, ready: map[Thumbprint]*tls.Certificate{}}
	err := db.Update(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{bucketCerts, bucketSHA1, bucketInfos, bucketIssuers, bucketVerdicts} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return s.renew(tx)
	})
	if err != nil {
		return nil, &Error{File: db.Path(), What: "cannot hold certificates", Err: err}
	}
	return s, nil
}

// AddFiles adds a certificate with its chain and private key from files, as
// ReadFiles reads them.
func (s *Store) AddFiles(files ...string) (Info, []Notice, error) {
	o := s.options
	o.Issuers = s.issuers
	p, notices, err := ReadFiles(o, files...)
	if err != nil {
		return Info{}, nil, err
	}
	info, err := s.Add(p, strings.Join(files, ", "))
	return info, notices, err
}

// Import adds a certificate with its chain and private key from files that
// somebody has read, and completes the chain with what the store has. password
// gives those of encrypted files; command is the program that signs, if the key is
// held elsewhere, and has to work now.
func (s *Store) Import(password func(file string) (string, bool), command []string, from string, sources ...Source) (Info, []Notice, error) {
	o := s.options
	o.Issuers, o.Password, o.Signer = s.issuers, password, command
	p, notices, err := Read(o, sources...)
	if err == nil {
		err = p.CheckSigner()
	}
	if err != nil {
		return Info{}, nil, err
	}
	info, err := s.Add(p, from)
	return info, notices, err
}

// Add adds a pair, in place of what the same certificate had before: so a chain
// is put right. from says where it came from.
func (s *Store) Add(p *Pair, from string) (Info, error) {
	infos, err := s.AddAll([]From{{p, from}})
	if err != nil {
		return Info{}, err
	}
	return infos[0], nil
}

// From is a pair with where it came from.
type From struct {
	Pair *Pair
	From string
}

// AddAll adds all pairs or none, as Add does.
func (s *Store) AddAll(pairs []From) ([]Info, error) {
	infos := make([]Info, len(pairs))
	err := s.db.Update(func(tx *bbolt.Tx) (err error) {
		for i, p := range pairs {
			if infos[i], err = s.put(tx, p.Pair, p.From); err != nil {
				return &Error{File: s.db.Path(), What: fmt.Sprintf("%s cannot be stored", nameOfCert(p.Pair.Leaf())), Err: err}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, info := range infos {
		s.forget(info)
	}
	return infos, nil
}

// put writes a pair.
func (s *Store) put(tx *bbolt.Tx, p *Pair, from string) (info Info, err error) {
	id := ThumbprintOf(p.Leaf()).bytes()
	record := stored{Added: s.options.now().UTC().Truncate(time.Second), From: from}
	if held, ok := p.Key.(*signer.Signer); ok {
		record.Signer = held.Command()
	} else {
		key, err := sign.MarshalPrivateKey(p.Key)
		if err != nil {
			return info, fmt.Errorf("its private key: %w", err)
		}
		record.Sealed = s.seal.seal(key, id)
	}
	for _, c := range p.Chain {
		record.Chain = append(record.Chain, c.Raw)
	}
	value, err := json.Marshal(record)
	if err != nil {
		return info, err
	}
	info = describe(p.Chain, record)
	return info, errors.Join(tx.Bucket(bucketCerts).Put(id, value), tx.Bucket(bucketSHA1).Put(info.SHA1.bytes(), id), putInfo(tx, info),
		putNoted(tx, info.Thumbprint, s.judge(record, p.Chain)), putIssuers(tx, p.Chain[1:]))
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
	key, err := s.key(record, chain)
	if err != nil {
		return nil, &Error{File: s.db.Path(), What: fmt.Sprintf("the private key of %s (%s) is damaged", nameOfCert(chain[0]), t),
			Hint: "add the certificate again", Err: err}
	}
	c = (&Pair{Chain: chain, Key: key}).Certificate()
	s.ready[t] = c
	return c, nil
}

// Pair gives a certificate with its private key, for somebody who may have it.
func (s *Store) Pair(thumbprint string) (*Pair, error) {
	c, err := s.Get(thumbprint)
	if err != nil {
		return nil, err
	}
	_, chain, err := s.read(ThumbprintOf(c.Leaf), nil)
	if err != nil {
		return nil, err
	}
	signer, err := asSigner(c.PrivateKey)
	return &Pair{Chain: chain, Key: signer}, err
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
	return describe(chain, record), s.notices(record, chain), nil
}

// notices says what clients may stumble over in a chain of the store.
func (s *Store) notices(record stored, chain []*x509.Certificate) []Notice {
	notices := Judge(s.options, chain)
	if record.From == issuedFrom { // whoever wants that CA knows where it is
		notices = slices.DeleteFunc(notices, func(n Notice) bool { return n.Code == MissingIntermediate })
	}
	return notices
}

// List describes all certificates, those that expire first in front, without
// their chains: these would have to be parsed.
func (s *Store) List() ([]Info, error) {
	var list []Info
	err := s.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(bucketInfos).ForEach(func(key, value []byte) error {
			var info Info
			if err := json.Unmarshal(value, &info); err != nil {
				return &Error{File: s.db.Path(), What: fmt.Sprintf("what is noted of certificate %x is damaged", key), Err: err,
					Hint: "remove it and add it again"}
			}
			list = append(list, info)
			return nil
		})
	})
	slices.SortStableFunc(list, func(a, b Info) int { return a.NotAfter.Compare(b.NotAfter) })
	return list, err
}

// NamingResponders gives those of some certificates that name an OCSP responder.
func (s *Store) NamingResponders(of []string) (found []string) {
	s.db.View(func(tx *bbolt.Tx) error {
		infos := tx.Bucket(bucketInfos)
		for _, thumbprint := range of {
			var info struct{ OCSP []string }
			value := infos.Get(Thumbprint(thumbprint).bytes())
			if value != nil && json.Unmarshal(value, &info) == nil && len(info.OCSP) > 0 { // who opens one that is damaged is told
				found = append(found, thumbprint)
			}
		}
		return nil
	})
	return found
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
		return errors.Join(tx.Bucket(bucketInfos).Delete(id), tx.Bucket(bucketVerdicts).Delete(id), all.Delete(id))
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
