package session

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// How long a ticket key seals, and for how long after its making it opens.
const (
	keyRotation = 24 * time.Hour
	keyLifetime = 7 * 24 * time.Hour // RFC 9846, section 4.7.1: the longest lifetime of a ticket
)

// Lengths of a ticket's parts in bytes: the key's name, the nonce, the tag.
const (
	nameLen  = 16
	nonceLen = 12
)

// Keys are the keys that tickets are sealed with. Their zero value makes a key
// when one is needed and a new one every day. They are safe for concurrent use.
type Keys struct {
	current atomic.Pointer[[]ticketKey] // newest first
	mu      sync.Mutex                  // of whoever changes it, and of what follows
	set     bool                        // the keys are not ours alone
	seen    *Register
}

type ticketKey struct {
	name    [nameLen]byte
	aead    cipher.AEAD
	created time.Time
}

func newTicketKey(secret [32]byte, now time.Time) ticketKey {
	// The name and the key come from one secret, so that servers that share
	// the secret share both.
	sum := sha256.Sum256(append([]byte("handsel ticket key name"), secret[:]...))
	key := sha256.Sum256(append([]byte("handsel ticket key"), secret[:]...))
	k := ticketKey{created: now}
	copy(k.name[:], sum[:])
	block, err := aes.NewCipher(key[:])
	if err == nil {
		k.aead, err = cipher.NewGCM(block)
	}
	if err != nil {
		panic("session: " + err.Error()) // a key of 32 bytes is right
	}
	return k
}

// Set fixes the keys: the first seals, all open. They do not rotate by
// themselves.
func (k *Keys) Set(secrets [][32]byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.set = true
	keys := make([]ticketKey, len(secrets))
	for i, s := range secrets {
		keys[i] = newTicketKey(s, time.Time{})
	}
	k.current.Store(&keys)
}

// registerLimit is how many marks the register of ticket keys holds.
const registerLimit = 1 << 16

// Register gives the register of what came with tickets of these keys; nil if
// the keys were set, because others may have them. It knows of everything that
// ever came: nobody else had the keys, and it is as old as they are.
func (k *Keys) Register() *Register {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.seen == nil && !k.set {
		k.seen = NewRegister(registerLimit, time.Time{})
	}
	if k.set {
		return nil
	}
	return k.seen
}

// Clone gives keys that are the same now, and change apart from then on.
func (k *Keys) Clone() *Keys {
	c := new(Keys)
	c.current.Store(k.current.Load())
	c.set = true
	return c
}

// newest gives the key to seal with.
func (k *Keys) newest(rand io.Reader, now time.Time) (*ticketKey, error) {
	if keys := k.current.Load(); k.fresh(keys, now) {
		return &(*keys)[0], nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	old := k.current.Load()
	if k.fresh(old, now) {
		return &(*old)[0], nil
	}
	var secret [32]byte
	if _, err := io.ReadFull(rand, secret[:]); err != nil {
		return nil, err
	}
	keys := []ticketKey{newTicketKey(secret, now)}
	if old != nil {
		for _, o := range *old {
			if now.Sub(o.created) < keyLifetime {
				keys = append(keys, o)
			}
		}
	}
	k.current.Store(&keys)
	return &keys[0], nil
}

func (k *Keys) fresh(keys *[]ticketKey, now time.Time) bool {
	if keys == nil || len(*keys) == 0 {
		return false
	}
	return (*keys)[0].created.IsZero() || now.Sub((*keys)[0].created) < keyRotation
}

// Seal makes a ticket of a state.
func (k *Keys) Seal(rand io.Reader, now time.Time, s *State) ([]byte, error) {
	key, err := k.newest(rand, now)
	if err != nil {
		return nil, err
	}
	b := make([]byte, nameLen+nonceLen, nameLen+nonceLen+s.size()+key.aead.Overhead())
	copy(b, key.name[:])
	if _, err := io.ReadFull(rand, b[nameLen:]); err != nil {
		return nil, err
	}
	b = s.Append(b)
	state := b[nameLen+nonceLen:]
	return key.aead.Seal(b[:nameLen+nonceLen], b[nameLen:nameLen+nonceLen], state, b[:nameLen]), nil
}

// Open gives the state of a ticket, nil if it was not sealed here or its key
// has gone. renew says that the key is no longer the newest.
func (k *Keys) Open(now time.Time, ticket []byte) (s *State, renew bool) {
	keys := k.current.Load()
	if keys == nil || len(ticket) < nameLen+nonceLen {
		return nil, false
	}
	for i := range *keys {
		key := &(*keys)[i]
		if !bytes.Equal(key.name[:], ticket[:nameLen]) || !key.created.IsZero() && now.Sub(key.created) > keyLifetime {
			continue
		}
		nonce := ticket[nameLen : nameLen+nonceLen]
		b, err := key.aead.Open(nil, nonce, ticket[nameLen+nonceLen:], ticket[:nameLen])
		if err != nil {
			return nil, false
		}
		if s, err = parse(b); err != nil {
			return nil, false
		}
		return s, i > 0
	}
	return nil, false
}
