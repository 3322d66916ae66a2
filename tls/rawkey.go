package tls

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"slices"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/session"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
)

// A PublicKeyHash is the SHA-256 of a public key as it is shown: of its
// SubjectPublicKeyInfo in DER (RFC 5280, section 4.1).
type PublicKeyHash = [sha256.Size]byte

// HashPublicKey gives the hash of a public key. The error says that its type is
// unknown to crypto/x509.
func HashPublicKey(key crypto.PublicKey) (PublicKeyHash, error) {
	spki, err := x509.MarshalPKIXPublicKey(key)
	return sha256.Sum256(spki), err
}

// The forms in which a side can show who it is, as RFC 7250 numbers them.
var (
	rawOnly    = []iana.CertificateType{iana.CertRawPublicKey}
	rawAndX509 = []iana.CertificateType{iana.CertRawPublicKey, iana.CertX509}
)

// prepareRawKey makes the credential of RawPublicKey, and the settings of a
// server.
func (c *Config) prepareRawKey(p *prepared) (err error) {
	if c.RawPublicKey != nil {
		p.raw, err = sign.NewRawCredential(c.RawPublicKey, sign.Extra{})
	}
	switch {
	case len(c.PeerPublicKeys) == 0:
	case c.ClientCAs == nil && clientAuth[c.ClientAuth] == handshake.RequireClientAuth:
		p.server.PeerTypes = rawOnly
	default: // who need not show a key can be one who knows nothing of raw ones
		p.server.PeerTypes = rawAndX509
	}
	return err
}

// clientTypes sets the forms for a client.
func (c *Config) clientTypes(h *handshake.Config) {
	h.PeerTypes, h.OwnTypes = nil, nil
	switch {
	case len(c.PeerPublicKeys) == 0:
	case c.RootCAs == nil:
		h.PeerTypes = rawOnly
	default:
		h.PeerTypes = rawAndX509
	}
	switch {
	case c.RawPublicKey == nil:
	case len(c.Certificates) == 0 && c.GetClientCertificate == nil:
		h.OwnTypes = rawOnly
	default:
		h.OwnTypes = rawAndX509
	}
}

// takesCertificates reports whether the peer may show certificates: PeerPublicKeys
// leaves them out unless authorities are named beside them.
func (c *Config) takesCertificates(isClient bool) bool {
	if len(c.PeerPublicKeys) == 0 {
		return true
	}
	return isClient && c.RootCAs != nil || !isClient && c.ClientCAs != nil
}

// knows refuses raw public keys that PeerPublicKeys does not have. Nothing else
// can vouch for one: neither InsecureSkipVerify nor a ClientAuth without
// verification accepts it.
func (c *Config) knows(spki []byte) error {
	hash := sha256.Sum256(spki)
	if slices.Contains(c.PeerPublicKeys, hash) {
		return nil
	}
	return fault.With(fault.RawKeyUnknown, "its SHA-256 is %x", hash)
}

// formVerdict refuses the form in which the peer has shown who it is, or the raw
// public key.
func (h *host) formVerdict(peer *handshake.PeerCertificates) error {
	switch {
	case peer.RawPublicKey != nil:
		return h.config.knows(peer.RawPublicKey)
	case !h.config.takesCertificates(h.conn.isClient):
		return fault.With(fault.NoSharedCertificateType, "%v is not accepted: only raw public keys are", iana.CertX509)
	}
	return nil
}

// formAccepted reports whether the way in which the peer has proved who it is when
// the session was made would do now: by a certificate, which has to be verified
// yet, a raw public key, a pre-shared key, or not at all.
func (c *Config) formAccepted(s *session.State, isClient bool) bool {
	switch {
	case s.RawKey != nil:
		return c.knows(s.RawKey) == nil
	case s.PSK != nil:
		return c.stillHas(s)
	case c.needsPSK(isClient):
		return false
	}
	return !s.HasPeer() || c.takesCertificates(isClient)
}

// onlyRaw reports whether a raw public key is all that a server can show.
func (c *Config) onlyRaw() bool { return c.RawPublicKey != nil && c.noCertificates() }

// noCertificates reports whether there is none for any client.
func (c *Config) noCertificates() bool {
	return len(c.Certificates) == 0 && c.GetCertificate == nil && c.GetCertificates == nil
}

// PeerPublicKey gives the raw public key that the peer has shown in place of a
// certificate (RFC 7250), as a SubjectPublicKeyInfo in DER: nil if it has shown
// a certificate or nothing. It is one of PeerPublicKeys.
func (c *Conn) PeerPublicKey() []byte {
	return c.proof(func(e *handshake.Established) []byte {
		if e.Peer == nil {
			return nil
		}
		return e.Peer.RawPublicKey
	})
}

// proof gives something of what the handshake has established; nil if it is not
// complete.
func (c *Conn) proof(of func(*handshake.Established) []byte) []byte {
	if !c.complete.Load() {
		return nil
	}
	if c.half.Load() || c.again.possible.Load() { // a handshake may go on, and has this lock
		c.out.Lock()
		defer c.out.Unlock()
	}
	return slices.Clone(of(c.engine.Established()))
}
