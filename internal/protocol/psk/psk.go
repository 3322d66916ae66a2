// Package psk is pre-shared keys that two sides have agreed on by other means:
// external ones, in TLS 1.3 (RFC 9846, section 4.3.11) as they are or imported
// (RFC 9258), and below (RFC 4279).
package psk

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
)

// MaxIdentity is how long an identity may be, in bytes.
const MaxIdentity = 1<<16 - 1

// MinSecret is how short a secret may be, in bytes: one that can be guessed is
// open to whoever sees a handshake (RFC 9257, section 6).
const MinSecret = 16

// An External is a key that two sides have agreed on. It holds a secret.
type External struct {
	Identity []byte
	Secret   []byte
	Hash     schedule.Hash // that the key goes with in TLS 1.3; SHA-256 unless both sides know better
	// Import has TLS 1.3 derive a key for each hash and protocol of this one,
	// so that it is safe to use the same one elsewhere. Both sides have to. RFC
	// 9258.
	Import  bool
	Context []byte // of what is imported: what both sides want it bound to
	// Old has the key be for TLS 1.2 and below (RFC 4279), and not for TLS 1.3:
	// no key may be for both (RFC 9846, appendix E.7).
	Old bool

	once   sync.Once
	keys   []Key
	tagged sync.Once
	tag    Tag
}

// Check says what is wrong with a key.
func (e *External) Check() error {
	switch {
	case len(e.Identity) == 0:
		return errors.New("a pre-shared key has no identity")
	case len(e.Identity) > MaxIdentity, e.Import && len(e.importedIdentity(schedule.SHA256)) > MaxIdentity:
		return fmt.Errorf("the identity of a pre-shared key is longer than %d bytes", MaxIdentity)
	case len(e.Secret) < MinSecret:
		return fmt.Errorf("the pre-shared key %q has %d bytes; it needs %d at least", e.Identity, len(e.Secret), MinSecret)
	case e.Old && e.Import:
		return fmt.Errorf("the pre-shared key %q is for TLS 1.2 and below, where none is imported", e.Identity)
	case e.Hash != schedule.SHA256 && e.Hash != schedule.SHA384:
		return fmt.Errorf("the pre-shared key %q goes with neither SHA-256 nor SHA-384", e.Identity)
	}
	return nil
}

// A Tag tells keys apart that have the same identity: one may take the place of
// another that has become known. It is kept in sessions and not sent.
type Tag [16]byte

// Tag gives the tag of the key.
func (e *External) Tag() Tag {
	e.tagged.Do(func() {
		mac := hmac.New(sha256.New, e.Secret)
		mac.Write([]byte("handsel psk tag"))
		mac.Write(e.Identity)
		copy(e.tag[:], mac.Sum(nil))
	})
	return e.tag
}

// A Key is a pre-shared key as TLS 1.3 offers it.
type Key struct {
	Identity []byte
	Secret   []byte
	Hash     schedule.Hash
	Binder   schedule.Binder
	Age      uint32    // obfuscated_ticket_age, of a session's
	From     *External // nil: it is a session's
}

// Keys gives what TLS 1.3 makes of the key, for each hash it can be used with.
// From the first call on, the key must not change.
func (e *External) Keys() []Key {
	e.once.Do(func() { e.keys = e.derive() })
	return e.keys
}

func (e *External) derive() []Key {
	if e.Old {
		return nil
	}
	if !e.Import {
		return []Key{{Identity: e.Identity, Secret: e.Secret, Hash: e.Hash, Binder: schedule.ExternalBinder, From: e}}
	}
	var keys []Key
	for _, h := range []schedule.Hash{schedule.SHA256, schedule.SHA384} {
		id := e.importedIdentity(h)
		keys = append(keys, Key{
			Identity: id, Secret: schedule.ImportedPSK(e.Hash, e.Secret, id, h.Size()), Hash: h, Binder: schedule.ImportedBinder, From: e,
		})
	}
	return keys
}

// importedIdentity is ImportedIdentity of RFC 9258, section 5.1:
//
//	struct {
//	    opaque external_identity<1...2^16-1>;
//	    opaque context<0..2^16-1>;
//	    uint16 target_protocol;
//	    uint16 target_kdf;
//	} ImportedIdentity;
func (e *External) importedIdentity(target schedule.Hash) []byte {
	b := binary.BigEndian.AppendUint16(nil, uint16(len(e.Identity)))
	b = append(b, e.Identity...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(e.Context)))
	b = append(b, e.Context...)
	b = binary.BigEndian.AppendUint16(b, uint16(iana.TLS13))
	return binary.BigEndian.AppendUint16(b, kdfs[target])
}

// kdfs are the numbers of HKDF with a hash. RFC 9258, section 10.
var kdfs = map[schedule.Hash]uint16{schedule.SHA256: 1, schedule.SHA384: 2}

// ExternalIdentity gives the identity that a client's identity was imported
// from; the identity itself if it does not look imported.
func ExternalIdentity(identity []byte) []byte {
	b, ok := vector(identity)
	if !ok || len(b) == 0 {
		return identity
	}
	context, ok := vector(identity[2+len(b):])
	if rest := 2 + len(b) + 2 + len(context); !ok || len(identity) != rest+4 ||
		binary.BigEndian.Uint16(identity[rest:]) != uint16(iana.TLS13) {
		return identity
	}
	return b
}

func vector(b []byte) ([]byte, bool) {
	if len(b) < 2 {
		return nil, false
	}
	n := int(binary.BigEndian.Uint16(b))
	if len(b) < 2+n {
		return nil, false
	}
	return b[2 : 2+n], true
}
