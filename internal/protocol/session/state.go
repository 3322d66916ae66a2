// Package session is what is kept of a connection so that another can resume
// it: the state itself, the keys of tickets, and a cache for session IDs. RFC
// 9846, section 4.7.1; RFC 5077; RFC 5246, section 7.4.1.2.
package session

import (
	"bytes"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/psk"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
	"github.com/handsel-tls/handsel/internal/protocol/suite"
)

// State is what a session needs to be resumed. It holds a secret.
type State struct {
	Version    iana.Version
	Suite      iana.Suite
	Group      iana.Group           // of the key exchange; 0: there was none
	Secret     []byte               // the pre-shared key in TLS 1.3, else the master secret
	EMS        bool                 // made with extended_master_secret
	EtM        bool                 // made with encrypt_then_mac
	OwnType    iana.CertificateType // of the certificate that this side showed: X.509 or a raw public key
	ALPN       string
	ServerName string
	Created    time.Time            // to the millisecond
	Began      int64                // when the peer last showed who it is, before any resumption, in seconds since 1970
	Lifetime   uint32               // seconds
	AgeAdd     uint32               // ticket_age_add
	MaxEarly   uint32               // bytes of 0-RTT data that may be sent; 0: none
	Chain      [][]byte             // the peer's certificates, DER, its own first; to be verified again
	Leaf       *x509.Certificate    // the first of Chain, parsed; nil if it is still to be. It is not encoded
	OCSPStaple []byte               // of the peer
	RawKey     []byte               // of the peer, in place of Chain: a SubjectPublicKeyInfo
	SCTs       [][]byte             // of the peer
	PeerScheme iana.SignatureScheme // with which the peer has signed; 0: it has not
	PSK        []byte               // identity of the external pre-shared key that the session began with; nil: none
	PSKTag     psk.Tag              // of that key
	ID         []byte               // under which a server keeps it; nil: it is in a ticket
}

// Hash gives the hash of the session's suite.
func (s *State) Hash() schedule.Hash {
	p, _ := suite.Of(s.Suite)
	return p.Hash
}

// longest is for how long sessions may be made of sessions, in seconds: seven
// days after the peer has last shown who it is. RFC 9846, section 4.7.1, wants
// such a limit.
const longest = 7 * 24 * 60 * 60

// Expired reports whether the session is too old, or from the future.
func (s *State) Expired(now time.Time) bool {
	age := now.Sub(s.Created)
	return age > time.Duration(s.Lifetime)*time.Second || age < -time.Minute || s.Began != 0 && now.Unix()-s.Began > longest
}

// HasPeer reports whether the peer had shown who it is.
func (s *State) HasPeer() bool { return len(s.Chain) > 0 || s.RawKey != nil }

// Left gives for how many seconds a session may live that is made of one that
// began then, at most as many as wanted.
func Left(began int64, wanted uint32, now time.Time) uint32 {
	return uint32(max(0, min(int64(wanted), began+longest-now.Unix())))
}

// Skew gives by how much the age of a ticket that a client tells, obfuscated,
// exceeds its age here. RFC 9846, section 8.3.
func (s *State) Skew(obfuscated uint32, now time.Time) time.Duration {
	told := time.Duration(obfuscated-s.AgeAdd) * time.Millisecond
	return told - now.Sub(s.Created)
}

const format = 8 // of the encoding; another is not read

// Append appends the encoded state, without its ID.
func (s *State) Append(b []byte) []byte {
	var flags byte
	for i, set := range []bool{s.EMS, s.EtM, s.OwnType == iana.CertRawPublicKey} {
		if set {
			flags |= 1 << i
		}
	}
	b = append(b, format, flags)
	b = binary.BigEndian.AppendUint16(b, uint16(s.Version))
	b = binary.BigEndian.AppendUint16(b, uint16(s.Suite))
	b = binary.BigEndian.AppendUint16(b, uint16(s.Group))
	b = binary.BigEndian.AppendUint16(b, uint16(s.PeerScheme))
	b = binary.BigEndian.AppendUint64(b, uint64(s.Created.UnixMilli()))
	b = binary.BigEndian.AppendUint64(b, uint64(s.Began))
	b = binary.BigEndian.AppendUint32(b, s.Lifetime)
	b = binary.BigEndian.AppendUint32(b, s.AgeAdd)
	b = binary.BigEndian.AppendUint32(b, s.MaxEarly)
	b = field(b, s.Secret)
	b = field(b, []byte(s.ALPN))
	b = field(b, []byte(s.ServerName))
	b = field(b, s.OCSPStaple)
	b = field(b, s.RawKey)
	if b = field(b, s.PSK); s.PSK != nil {
		b = append(b, s.PSKTag[:]...)
	}
	b = fields(b, s.Chain)
	return fields(b, s.SCTs)
}

// fixed is the length of what has always the same, in bytes.
const fixed = 2 + 4*2 + 2*8 + 3*4

// size gives the length of the encoded state in bytes.
func (s *State) size() int {
	n := fixed + 6*4 + 2*2 + len(s.PSK) + len(s.Secret) + len(s.ALPN) + len(s.ServerName) + len(s.OCSPStaple) + len(s.RawKey)
	if s.PSK != nil {
		n += len(s.PSKTag)
	}
	for _, list := range [][][]byte{s.Chain, s.SCTs} {
		for _, v := range list {
			n += 4 + len(v)
		}
	}
	return n
}

func field(b, v []byte) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(v))), v...)
}

func fields(b []byte, list [][]byte) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(list)))
	for _, v := range list {
		b = field(b, v)
	}
	return b
}

// Parse reads an encoded state. It does not keep b.
func Parse(b []byte) (*State, error) { return parse(bytes.Clone(b)) }

// parse is Parse, of bytes that the state then shares.
func parse(b []byte) (*State, error) {
	if len(b) < fixed || b[0] != format {
		return nil, fmt.Errorf("session: %d bytes of an unknown form", len(b))
	}
	s := &State{
		EMS: b[1]&1 != 0, EtM: b[1]&2 != 0,
		Version:    iana.Version(binary.BigEndian.Uint16(b[2:])),
		Suite:      iana.Suite(binary.BigEndian.Uint16(b[4:])),
		Group:      iana.Group(binary.BigEndian.Uint16(b[6:])),
		PeerScheme: iana.SignatureScheme(binary.BigEndian.Uint16(b[8:])),
		Created:    time.UnixMilli(int64(binary.BigEndian.Uint64(b[10:]))),
		Began:      int64(binary.BigEndian.Uint64(b[18:])),
		Lifetime:   binary.BigEndian.Uint32(b[26:]),
		AgeAdd:     binary.BigEndian.Uint32(b[30:]),
		MaxEarly:   binary.BigEndian.Uint32(b[34:]),
	}
	if b[1]&4 != 0 {
		s.OwnType = iana.CertRawPublicKey
	}
	r := reader{b: b[fixed:]}
	s.Secret = r.field()
	alpn, name := r.field(), r.field()
	text := string(alpn) + string(name) // one allocation for both
	s.ALPN, s.ServerName = text[:len(alpn)], text[len(alpn):]
	s.OCSPStaple, s.RawKey, s.PSK = r.field(), r.field(), r.field()
	if s.PSK != nil {
		copy(s.PSKTag[:], r.take(len(s.PSKTag)))
	}
	s.Chain, s.SCTs = r.fields(), r.fields()
	if r.short || len(r.b) > 0 {
		return nil, errors.New("session: the lengths do not fit")
	}
	return s, nil
}

type reader struct {
	b     []byte
	short bool
}

func (r *reader) take(n int) []byte {
	if n > len(r.b) || n < 0 {
		r.short, r.b = true, nil
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) field() []byte {
	n := r.take(4)
	if n == nil {
		return nil
	}
	if v := r.take(int(binary.BigEndian.Uint32(n))); len(v) > 0 {
		return v
	}
	return nil
}

func (r *reader) fields() (list [][]byte) {
	b := r.take(2)
	if b == nil {
		return nil
	}
	n := int(binary.BigEndian.Uint16(b))
	if n > len(r.b)/4 { // each has a length
		r.short = true
		return nil
	}
	if n > 0 {
		list = make([][]byte, 0, n)
	}
	for range n {
		list = append(list, r.field())
	}
	return list
}
