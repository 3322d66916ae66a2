package handshake

import (
	"slices"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/prf"
	"github.com/handsel-tls/handsel/internal/protocol/psk"
	"github.com/handsel-tls/handsel/internal/protocol/schedule"
	"github.com/handsel-tls/handsel/internal/protocol/sign"
)

// Established is what a handshake agreed on. It outlives the handshake.
type Established struct {
	Version    iana.Version
	Suite      iana.Suite
	Group      iana.Group
	Scheme     iana.SignatureScheme // of the server
	PeerScheme iana.SignatureScheme // with which the peer has signed; 0: it has not

	PeerType, OwnType     iana.CertificateType // the forms of the certificates
	ReadLimit, WriteLimit uint16               // bytes of content in a record; 0: 2^14

	ALPN       string
	ServerName string // of the client's server_name
	PSK        []byte // the identity of the external pre-shared key that proves who both are; nil: there is none
	PSKTag     psk.Tag
	Resumed    bool
	Retried    bool
	EMS        bool // extended_master_secret, or TLS 1.3
	EtM        bool // encrypt_then_mac
	Secure     bool // secure renegotiation, before TLS 1.3
	FalseStart bool // a client may send data from its Finished on, though the server's has not come

	HelloVersion iana.Version // client_version of a client's first ClientHello

	ECH   *ECHOutcome // nil: Encrypted Client Hello was not offered
	Early *EarlyData  // nil: early data was not offered
	Began int64       // as session.State has it, of a session that was resumed

	Local *sign.Credential // what this side showed
	Peer  *PeerCertificates

	// TLS 1.3: the traffic secrets of both directions and those derived later.
	ReadTraffic, WriteTraffic schedule.Secret
	Exporter, Resumption      schedule.Secret
	// The transcript up to the client's Finished, as Transcript.Save gives it,
	// if the client may be asked for its certificate later.
	Transcript []byte

	ClientRandom, ServerRandom [32]byte

	*Legacy // TLS 1.2 and below; nil: it has not come to it
}

// Legacy is what only TLS 1.2 and below have to agree on.
type Legacy struct {
	SessionID                  []byte // under which the session can be kept
	Ticket                     []byte // that a client was given
	TicketLifetime             uint32 // seconds
	Master                     [48]byte
	ClientVerify, ServerVerify [prf.MaxFinishedLen]byte // verify_data, for renegotiation_info and tls-unique
	VerifyLen                  uint8                    // of either, in bytes
	Prime                      uint16                   // of DHE, its length in bits; 0: there was none
}

// VerifyData gives what renegotiation_info has to hold after this handshake, of
// a client or of a server; empty before the first. RFC 5746, section 3.2.
func (e *Established) VerifyData(server bool) []byte {
	switch {
	case e == nil || e.Legacy == nil:
		return nil
	case server:
		return slices.Concat(e.ClientVerify[:e.VerifyLen], e.ServerVerify[:e.VerifyLen])
	}
	return e.ClientVerify[:e.VerifyLen]
}

// TLSUnique gives the channel binding tls-unique, the first Finished of the
// handshake: nil where there is none that is unique, in TLS 1.3 and after a
// resumption without extended_master_secret. RFC 5929, section 3.1; RFC 7627,
// section 1.
func (e *Established) TLSUnique() []byte {
	if e.Legacy == nil || e.Resumed && !e.EMS {
		return nil
	}
	first := e.ClientVerify
	if e.Resumed {
		first = e.ServerVerify
	}
	if first == [len(first)]byte{} {
		return nil
	}
	return first[:e.VerifyLen]
}
