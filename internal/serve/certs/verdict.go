package certs

import (
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"github.com/handsel-tls/handsel/internal/protocol/sign"
)

// A Verdict is what a list has to say of a certificate of the store. It stands there
// beside the certificate: to parse very many, and to verify their chains, takes
// minutes.
type Verdict struct {
	Names   []string // host names that the certificate is for
	Staple  bool     // it asks for an OCSP response to be stapled
	Notices []Notice // what clients may stumble over
}

// errOld says that what is noted of a certificate does not hold any longer.
var errOld = errors.New("it is old")

// reviewAfter is how long a verdict is taken for what it is. What certificates say of
// themselves changes at a time that is known; the roots that this computer trusts may
// have changed.
const reviewAfter = 24 * time.Hour

// noted is a Verdict as it stands in the database.
type noted struct {
	Verdict
	made time.Time
	// until is when a date of the chain makes it another; zero: never.
	until time.Time
}

// judge gives the verdict of a chain, the certificate first. from is where it came
// from.
func (s *Store) judge(record stored, chain []*x509.Certificate) noted {
	now := s.options.now()
	v := noted{Verdict{slices.Clone(chain[0].DNSNames), sign.MustStaple(chain[0]), s.notices(record, chain)}, now, time.Time{}}
	for _, c := range chain {
		for _, at := range []time.Time{c.NotBefore, endsSoonAt(c.NotBefore, c.NotAfter), c.NotAfter} {
			if at.After(now) && (v.until.IsZero() || at.Before(v.until)) {
				v.until = at
			}
		}
	}
	return v
}

// Verdict gives what is to be said of the certificate of a SHA-256 thumbprint. It is
// read as it was noted, if that still holds.
func (s *Store) Verdict(t Thumbprint) (v Verdict, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		n, err := parseNoted(tx.Bucket(bucketVerdicts).Get(t.bytes()))
		if err == nil && !n.until.IsZero() && !s.options.now().Before(n.until) {
			err = errOld
		}
		v = n.Verdict
		return err
	})
	if err == nil {
		return v, nil
	}
	record, chain, err := s.read(t, nil)
	if err != nil {
		return v, err
	}
	return s.judge(record, chain).Verdict, nil
}

// Review looks at those of some certificates again of which nothing is noted, or what
// has grown old, and notes it.
func (s *Store) Review(of []Thumbprint) error {
	now := s.options.now()
	var old []Thumbprint
	s.db.View(func(tx *bbolt.Tx) error {
		for _, t := range of {
			n, err := parseNoted(tx.Bucket(bucketVerdicts).Get(t.bytes()))
			if err != nil || now.Sub(n.made) > reviewAfter || !n.until.IsZero() && !now.Before(n.until) {
				old = append(old, t)
			}
		}
		return nil
	})
	if len(old) == 0 {
		return nil
	}
	fresh := map[Thumbprint]noted{}
	for _, t := range old {
		if record, chain, err := s.read(t, nil); err == nil { // who asks for one that cannot be had is told
			fresh[t] = s.judge(record, chain)
		}
	}
	return s.db.Update(func(tx *bbolt.Tx) error {
		var errs []error
		for t, n := range fresh {
			if tx.Bucket(bucketCerts).Get(t.bytes()) != nil { // it may be gone
				errs = append(errs, putNoted(tx, t, n))
			}
		}
		return errors.Join(errs...)
	})
}

func putNoted(tx *bbolt.Tx, t Thumbprint, n noted) error {
	return tx.Bucket(bucketVerdicts).Put(t.bytes(), n.append(nil))
}

// verdictForm is the first byte: what an other version has written is made again.
const verdictForm = 1

// append writes: the form, a byte that is 1 if a staple is asked for, the times in
// seconds since 1970, and the names and notices, each list after its length and each
// text after its own.
func (n *noted) append(b []byte) []byte {
	text := func(s string) { b = append(binary.AppendUvarint(b, uint64(len(s))), s...) }
	b = append(b, verdictForm, 0)
	if n.Staple {
		b[len(b)-1] = 1
	}
	until := int64(0)
	if !n.until.IsZero() {
		until = n.until.Unix()
	}
	b = binary.AppendVarint(binary.AppendVarint(b, n.made.Unix()), until)
	b = binary.AppendUvarint(b, uint64(len(n.Names)))
	for _, name := range n.Names {
		text(name)
	}
	b = binary.AppendUvarint(b, uint64(len(n.Notices)))
	for _, notice := range n.Notices {
		text(string(notice.Code))
		text(notice.Text)
	}
	return b
}

// parseNoted reads what append wrote. The result does not share memory with b.
func parseNoted(b []byte) (n noted, err error) {
	if len(b) < 2 || b[0] != verdictForm {
		return n, fmt.Errorf("nothing of this version is noted")
	}
	n.Staple = b[1] == 1
	r := notedReader{rest: b[2:]}
	n.made = time.Unix(r.int(), 0)
	if until := r.int(); until != 0 {
		n.until = time.Unix(until, 0)
	}
	for range r.count() {
		n.Names = append(n.Names, r.text())
	}
	for range r.count() {
		n.Notices = append(n.Notices, Notice{NoticeCode(r.text()), r.text()})
	}
	if r.bad || len(r.rest) > 0 {
		return noted{}, errors.New("what is noted is damaged")
	}
	return n, nil
}

// notedReader reads until something is wrong, and zeros from then on.
type notedReader struct {
	rest []byte
	bad  bool
}

func (r *notedReader) skip(n int) {
	if n <= 0 {
		r.bad, n = true, len(r.rest)
	}
	r.rest = r.rest[n:]
}

func (r *notedReader) int() int64 {
	v, n := binary.Varint(r.rest)
	r.skip(n)
	return v
}

// count reads a length, which is not more than there are bytes.
func (r *notedReader) count() int {
	v, n := binary.Uvarint(r.rest)
	r.skip(n)
	if r.bad || v > uint64(len(r.rest)) {
		r.bad = true
		return 0
	}
	return int(v)
}

func (r *notedReader) text() string {
	n := r.count()
	s := string(r.rest[:n])
	r.rest = r.rest[n:]
	return s
}
