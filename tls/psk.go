package tls

import (
	"crypto"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/psk"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// A PreSharedKey is a key that both sides have by other means than TLS: it proves
// to either who the other is, without certificates. It holds a secret.
type PreSharedKey struct {
	// Identity names the key to the peer. Whoever sees the handshake can read
	// it, unless Encrypted Client Hello is used.
	Identity []byte
	// Key is of 16 bytes at least, and random: what can be guessed is no key
	// (RFC 9257, section 6).
	Key []byte
	// Hash is what the key goes with in TLS 1.3: crypto.SHA256, which 0 stands
	// for, or crypto.SHA384. RFC 9846, section 4.3.11.
	Hash crypto.Hash
	// Import has TLS 1.3 derive keys for each hash from this one, with Context.
	// Both sides have to do it. RFC 9258.
	Import  bool
	Context []byte
	// TLS12 has the key be for TLS 1.2 and below, and not for TLS 1.3: a key must
	// not be for both. RFC 4279, RFC 5489.
	TLS12 bool
}

func (k *PreSharedKey) external() (*psk.External, error) {
	e := &psk.External{Identity: k.Identity, Secret: k.Key, Import: k.Import, Context: k.Context, Old: k.TLS12}
	switch k.Hash {
	case 0, crypto.SHA256:
	case crypto.SHA384:
		e.Hash = schedule.SHA384
	default:
		return nil, fmt.Errorf("tls: the pre-shared key %q goes with %v: it has to be SHA-256 or SHA-384", k.Identity, k.Hash)
	}
	if err := e.Check(); err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	return e, nil
}

func externals(keys []PreSharedKey) (list []*psk.External, err error) {
	for i := range keys {
		e, err := keys[i].external()
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}

// preparePSKs takes over what the config says of pre-shared keys.
func (c *Config) preparePSKs(h *handshake.Config) (err error) {
	if h.PSKs, err = externals(c.PreSharedKeys); err != nil {
		return err
	}
	h.RequirePSK, h.AskPSKs, h.PSKHint = c.RequirePreSharedKey, c.GetPreSharedKeys != nil, []byte(c.PreSharedKeyHint)
	if c.RequirePreSharedKey && len(c.PreSharedKeys) == 0 {
		return errors.New("tls: RequirePreSharedKey without PreSharedKeys")
	}
	if c.RequirePreSharedKey { // a version without a key would end in a certificate
		old := slices.ContainsFunc(h.PSKs, func(e *psk.External) bool { return e.Old })
		newer := slices.ContainsFunc(h.PSKs, func(e *psk.External) bool { return !e.Old })
		switch {
		case !newer:
			h.Policy = h.Policy.Between(0, iana.TLS12)
		case !old:
			h.Policy = h.Policy.Between(iana.TLS13, 0)
		}
	}
	if c.CipherSuites == nil && slices.ContainsFunc(h.PSKs, func(e *psk.External) bool { return e.Old }) {
		h.Policy = h.Policy.WithPSK()
	}
	return nil
}

// psks gives the keys that there are for the client's identities.
func (h *host) psks(a *handshake.Ask) handshake.Answer {
	var ids [][]byte
	if a.Offer.Has(iana.ExtPreSharedKey) && a.Identity == nil {
		for i := range mostIdentities {
			id, ok := a.Offer.PSK.Identity(i)
			if !ok {
				break
			}
			if id := psk.ExternalIdentity(id.Identity); !slices.ContainsFunc(ids, func(b []byte) bool { return string(b) == string(id) }) {
				ids = append(ids, slices.Clone(id))
			}
		}
	} else {
		ids = [][]byte{slices.Clone(a.Identity)}
	}
	found, err := h.config.GetPreSharedKeys(h.helloInfo(a.Offer), ids)
	if err != nil {
		return h.failed(fault.ConfigFailed, err)
	}
	keys, err := externals(append(slices.Clone(h.config.PreSharedKeys), found...))
	if err != nil {
		return h.failed(fault.ConfigFailed, err)
	}
	return handshake.Answer{PSKs: keys}
}

// mostIdentities is how many identities of a client are looked at.
const mostIdentities = 32

// stillHas reports whether the key is there with which the session began: else it
// is not resumed. Another of the same identity is not that key.
func (c *Config) stillHas(s *session.State) bool {
	same := func(e *psk.External) bool {
		return string(e.Identity) == string(s.PSK) && e.Tag() == s.PSKTag
	}
	if slices.ContainsFunc(c.prepare().server.PSKs, same) {
		return true
	}
	if c.GetPreSharedKeys == nil {
		return false
	}
	found, err := c.GetPreSharedKeys(&ClientHelloInfo{}, [][]byte{s.PSK})
	if err != nil {
		return false
	}
	keys, err := externals(found)
	return err == nil && slices.ContainsFunc(keys, same)
}

// PreSharedKeyIdentity gives the identity of the pre-shared key that proves who
// both are, on this connection or when the session that it resumes began; nil if
// there is none.
func (c *Conn) PreSharedKeyIdentity() []byte {
	return c.proof(func(e *handshake.Established) []byte { return e.PSK })
}

// usesPSKs reports whether a server may have pre-shared keys.
func (c *Config) usesPSKs() bool { return len(c.PreSharedKeys) > 0 || c.GetPreSharedKeys != nil }

// needsPSK reports whether nothing but a pre-shared key proves who the peer is: a
// server has nothing else to show, a client takes nothing else.
func (c *Config) needsPSK(isClient bool) bool {
	if isClient {
		return c.RequirePreSharedKey
	}
	return c.usesPSKs() && c.noCertificates() && c.RawPublicKey == nil
}

// identitiesOf names the pre-shared keys that a client of TLS 1.3 has offered, as
// far as they can be read and the first ClientHello is the one that counted. Some
// may be tickets of sessions, which have no name.
func identitiesOf(t *trace.Record) (names []string) {
	if t.Retried || t.ECH != 0 || len(t.ClientHello) < wire.HeaderLen {
		return nil
	}
	o, err := negotiate.ReadOffer(t.ClientHello[wire.HeaderLen:])
	if err != nil || !o.Has(iana.ExtPreSharedKey) {
		return nil
	}
	for i := range mostIdentities {
		id, ok := o.PSK.Identity(i)
		if !ok {
			break
		}
		name := string(psk.ExternalIdentity(id.Identity))
		if !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
			name = trace.PSK.Value(uint16(i))
		}
		names = append(names, name)
	}
	return names
}
